//! A signed status list: `statuslist+jwt`, read and written.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::list::{StatusList, StatusListError};
use crate::budget::Budget;
use crate::jws::{self, Jws, JwsError};
use crate::time::Timestamp;

/// The header parameter `typ` of a list.
pub const TYPE: &str = "statuslist+jwt";

/// Its media type.
pub const MEDIA_TYPE: &str = "application/statuslist+jwt";

/// A signed list split into its parts. Nothing about it is verified.
#[derive(Debug)]
pub struct StatusListToken {
    jws: Jws,
    uri: String,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    ttl_s: Option<i64>,
    list: StatusList,
}

/// Why bytes are not a signed list that licet reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not a JWS.
    Jws(JwsError),
    /// `typ` is not `statuslist+jwt`.
    Type,
    /// A claim is missing or not of its form; its name.
    Claim(&'static str),
    /// The list cannot be read.
    List(StatusListError),
}

impl StatusListToken {
    /// Splits a signed list.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn parse(bytes: &[u8], budget: &mut Budget) -> Result<Self, TokenError> {
        let mut jws = Jws::parse(bytes).map_err(TokenError::Jws)?;
        if !jws.is_typed(&[TYPE]) {
            return Err(TokenError::Type);
        }
        let claims = jws::object(jws.payload()).ok_or(TokenError::Claim("payload"))?;
        let moment = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => moment(value).ok_or(TokenError::Claim(name)).map(Some),
        };
        let uri = claims.get("sub").and_then(Value::as_str).ok_or(TokenError::Claim("sub"))?.to_owned();
        let issued_at = moment("iat")?.ok_or(TokenError::Claim("iat"))?;
        let expires_at = moment("exp")?;
        let ttl_s = match claims.get("ttl") {
            None => None,
            Some(value) => Some(value.as_i64().filter(|ttl| *ttl > 0).ok_or(TokenError::Claim("ttl"))?),
        };
        let list = claims.get("status_list").and_then(Value::as_object).ok_or(TokenError::Claim("status_list"))?;
        let bits = list.get("bits").and_then(Value::as_u64).ok_or(TokenError::Claim("bits"))?;
        let lst = list.get("lst").and_then(Value::as_str).ok_or(TokenError::Claim("lst"))?;
        let list = StatusList::read(bits, lst, budget).map_err(TokenError::List)?;
        jws.claim(Some(issued_at));
        Ok(Self { jws, uri, issued_at, expires_at, ttl_s, list })
    }

    /// Which list it is: what references to it name.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// When it was made.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// From when on it must not be used any more, by its own word.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// For how many seconds it may be kept.
    #[must_use]
    pub const fn ttl_s(&self) -> Option<i64> {
        self.ttl_s
    }

    /// The list.
    #[must_use]
    pub const fn list(&self) -> &StatusList {
        &self.list
    }

    /// The signature with its certificates.
    #[must_use]
    pub const fn jws(&self) -> &Jws {
        &self.jws
    }
}

/// A `NumericDate` (RFC 7519, 2): whole seconds or a fraction of them, which is cut off.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return Some(Timestamp::from_unix(seconds).plus(0));
    }
    // Cut in the text, as nothing else keeps every digit.
    let text = value.as_f64().filter(|seconds| seconds.is_finite()).map(|seconds| format!("{:.0}", seconds.floor()))?;
    text.parse().ok().map(|seconds| Timestamp::from_unix(seconds).plus(0))
}

impl std::fmt::Display for TokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Jws(error) => error.fmt(f),
            Self::Type => f.write_str("its type is not statuslist+jwt"),
            Self::Claim(name) => write!(f, "the claim {name} is missing or malformed"),
            Self::List(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TokenError {}

/// A list as it is to be signed: whoever holds the key signs [`Unsigned::signing_input`].
#[derive(Clone, Debug)]
pub struct Unsigned(String);

impl Unsigned {
    /// The list under this URI, made at this moment by the holder of `chain` (DER, its own certificate first), who signs with the
    /// JOSE algorithm `alg`. It may be kept for `ttl_s` seconds and is void after twice that.
    #[must_use]
    pub fn new(list: &StatusList, uri: &str, alg: &str, chain: &[&[u8]], (issued_at, ttl_s): (Timestamp, i64)) -> Self {
        let chain: Vec<String> = chain.iter().map(|certificate| STANDARD.encode(certificate)).collect();
        let header = json!({ "alg": alg, "typ": TYPE, "x5c": chain });
        let claims = json!({
            "sub": uri,
            "iat": issued_at.unix(),
            "exp": issued_at.plus(ttl_s.saturating_mul(2)).unix(),
            "ttl": ttl_s,
            "status_list": { "bits": list.bits().number(), "lst": list.lst() },
        });
        Self(format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string())))
    }

    /// What the signature is over.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token, with the signature in the fixed form of JWS.
    #[must_use]
    pub fn signed(self, signature: &[u8]) -> String {
        format!("{}.{}", self.0, URL_SAFE_NO_PAD.encode(signature))
    }
}
