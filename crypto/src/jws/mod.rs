//! Licences as JSON Web Signatures (RFC 7515), compact or in the flattened JSON form, with the signer's chain in `x5c`.

mod json;
mod verify;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

pub use json::{object, value};
pub use verify::verify;

use crate::sig::{Algorithm, PublicKey};
use crate::time::Timestamp;
use crate::x509::Certificate;

/// Certificates that `x5c` may carry.
const CHAIN_MAX: usize = 8;
/// The parameters that `crit` may name, because they are read here.
const UNDERSTOOD: [&str; 2] = ["sigT", "sigPId"];

/// A JWS split into its parts. Nothing about it is verified.
#[derive(Debug)]
pub struct Jws {
    signing_input: String,
    header: Map<String, Value>,
    /// The unprotected header of the flattened form. Nobody vouches for it.
    unprotected: Map<String, Value>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    /// The signature as it stands in the document: time stamps are made over its text (ETSI TS 119 182-1, 5.3.4).
    signature_text: String,
    claimed: Option<Timestamp>,
}

/// Why bytes are not a JWS that licet reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsError {
    /// Not three base64url parts, nor the flattened JSON form of them.
    Malformed,
    /// The general JSON form with several signatures.
    Unsupported,
}

impl std::fmt::Display for JwsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a JWS in compact or flattened form",
            Self::Unsupported => "a JSON object that is not a JWS in flattened form",
        })
    }
}

impl std::error::Error for JwsError {}

/// Whether bytes look like a JWS: the first character of a compact one is that of `{"` in base64url.
#[must_use]
pub fn is_likely(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    bytes.starts_with(b"ey") || bytes.starts_with(b"{")
}

impl Jws {
    /// Splits a JWS.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let text = std::str::from_utf8(bytes.trim_ascii()).or(Err(JwsError::Malformed))?;
        if text.starts_with('{') {
            return Self::flattened(object(text.as_bytes()).ok_or(JwsError::Unsupported)?);
        }
        let mut parts = text.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(header), Some(payload), Some(signature), None) => Self::from_parts([header, payload, signature], Map::new()),
            _ => Err(JwsError::Malformed),
        }
    }

    /// RFC 7515 7.2.2, with the unprotected header that time stamps need.
    fn flattened(mut members: Map<String, Value>) -> Result<Self, JwsError> {
        let mut text = |name| match members.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(JwsError::Unsupported),
        };
        let (protected, payload, signature) = (text("protected")?, text("payload")?, text("signature")?);
        let unprotected = match members.remove("header") {
            None => Map::new(),
            Some(Value::Object(header)) => header,
            Some(_) => return Err(JwsError::Unsupported),
        };
        if !members.is_empty() {
            return Err(JwsError::Unsupported);
        }
        Self::from_parts([&protected, &payload, &signature], unprotected)
    }

    fn from_parts([header, payload, signature]: [&str; 3], unprotected: Map<String, Value>) -> Result<Self, JwsError> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).or(Err(JwsError::Malformed));
        let jws = Self {
            signing_input: format!("{header}.{payload}"),
            header: object(&decode(header)?).ok_or(JwsError::Malformed)?,
            unprotected,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signature_text: signature.to_owned(),
            claimed: None,
        };
        // RFC 7515 7.2.1: the two headers have no name in common.
        let is_shared = jws.unprotected.keys().any(|name| jws.header.contains_key(name));
        if is_shared { Err(JwsError::Malformed) } else { Ok(jws) }
    }

    /// Notes a claimed time that stands in the payload, for headers that name none.
    pub(crate) const fn claim(&mut self, at: Option<Timestamp>) {
        self.claimed = at;
    }

    /// Whether the header's `typ` is one of these media types, whose `application/` may be left out (RFC 7515, 4.1.9).
    #[must_use]
    pub fn is_typed(&self, types: &[&str]) -> bool {
        let Some(typ) = self.text("typ") else { return false };
        let short = typ.split_at_checked(12).filter(|(start, _)| start.eq_ignore_ascii_case("application/"));
        let short = short.map_or(typ, |(_, rest)| rest);
        types.iter().any(|known| known.eq_ignore_ascii_case(short))
    }

    /// What the header says that this is, in `typ`.
    #[must_use]
    pub fn type_name(&self) -> Option<&str> {
        self.text("typ")
    }

    /// The name of the key (RFC 7515, 4.1.4). The protected header alone counts.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.text("kid")
    }

    /// The algorithm, unless the header names an unknown one or something critical of which nothing is known.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.text("alg").and_then(Algorithm::from_jose).filter(|_| self.is_understood())
    }

    /// RFC 7515 4.1.11: every name in `crit` must be understood and present, once. RFC 7797 `b64` is not.
    fn is_understood(&self) -> bool {
        if self.header.contains_key("b64") || ["b64", "crit"].iter().any(|name| self.unprotected.contains_key(*name)) {
            return false;
        }
        let Some(critical) = self.header.get("crit") else { return true };
        let names: Option<Vec<&str>> = critical.as_array().and_then(|names| names.iter().map(Value::as_str).collect());
        names.is_some_and(|names| {
            let is_known = |name: &&str| UNDERSTOOD.contains(name) && self.header.contains_key(*name);
            let is_once = UNDERSTOOD.iter().all(|known| names.iter().filter(|name| *name == known).count() <= 1);
            !names.is_empty() && is_once && names.iter().all(is_known)
        })
    }

    /// Whether this key made the signature.
    pub(crate) fn is_by(&self, key: &PublicKey, algorithm: Algorithm) -> bool {
        algorithm.verify_fixed(key, self.signing_input.as_bytes(), &self.signature).is_ok()
    }

    /// Whether the key of this certificate made the signature, with the algorithm that the header names. Trust is not asked.
    #[must_use]
    pub fn is_signed_by(&self, signer: &Certificate) -> bool {
        signer.key().is_some_and(|key| self.is_made_with(key))
    }

    /// Whether this key made the signature, with the algorithm that the header names.
    #[must_use]
    pub fn is_made_with(&self, key: &PublicKey) -> bool {
        self.algorithm().is_some_and(|algorithm| self.is_by(key, algorithm))
    }

    /// The signed payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signer's certificate, the first of `x5c`.
    #[must_use]
    pub fn signer(&self) -> Option<Certificate> {
        self.chain()?.into_iter().next()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    fn chain(&self) -> Option<Vec<Certificate>> {
        let list = self.header.get("x5c")?.as_array().filter(|list| !list.is_empty() && list.len() <= CHAIN_MAX)?;
        let read = |value: &Value| Certificate::from_der(&STANDARD.decode(value.as_str()?).ok()?).ok();
        list.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_forms_are_read() {
        for bad in [&b"a.b"[..], b"a.b.c.d", b"e30.e30.", b"e30=.e30.e30", b"\xff"] {
            let parsed = Jws::parse(bad);
            assert!(matches!(parsed, Err(JwsError::Malformed)) || bad == b"e30.e30.", "{bad:?}");
        }
        assert_eq!(Jws::parse(br#"{"payload":"","signatures":[]}"#).err(), Some(JwsError::Unsupported));
        let flattened =
            |more: &str| Jws::parse(format!(r#"{{"payload":"","protected":"eyJhIjoxfQ","signature":""{more}}}"#).as_bytes());
        assert!(flattened("").is_ok());
        assert!(flattened(r#","header":{"etsiU":[]}"#).is_ok());
        assert_eq!(flattened(r#","header":[]"#).err(), Some(JwsError::Unsupported));
        assert_eq!(flattened(r#","other":1"#).err(), Some(JwsError::Unsupported));
        assert_eq!(flattened(r#","header":{"a":2}"#).err(), Some(JwsError::Malformed), "a name in both headers");
    }
}
