//! Licences as JSON Web Signatures (RFC 7515), compact or in the flattened JSON form, with the signer's chain in `x5c`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::budget::Exhausted;
use crate::context::{Context, signature_report};
use crate::report::checks::{JWS_HEADER, SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT, SIGNATURE_VALUE};
use crate::report::{Scope, SignatureReport};
use crate::sig::{Algorithm, PublicKey};
use crate::signer;
use crate::time::Timestamp;
use crate::x509::Certificate;

/// Certificates that `x5c` may carry.
const CHAIN_MAX: usize = 8;
/// Values in one JSON object, at all depths: each takes many times its text in memory.
const VALUES_MAX: usize = 65_536;

/// A JWS split into its parts. Nothing about it is verified.
#[derive(Debug)]
pub struct Jws {
    signing_input: String,
    header: Map<String, Value>,
    payload: Vec<u8>,
    signature: Vec<u8>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flattened {
    payload: String,
    protected: String,
    signature: String,
}

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
            let parts: Flattened = serde_json::from_str(text).or(Err(JwsError::Unsupported))?;
            return Self::from_parts(&parts.protected, &parts.payload, &parts.signature);
        }
        let mut parts = text.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(header), Some(payload), Some(signature), None) => Self::from_parts(header, payload, signature),
            _ => Err(JwsError::Malformed),
        }
    }

    fn from_parts(header: &str, payload: &str, signature: &str) -> Result<Self, JwsError> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).or(Err(JwsError::Malformed));
        Ok(Self {
            signing_input: format!("{header}.{payload}"),
            header: object(&decode(header)?).ok_or(JwsError::Malformed)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
            claimed: None,
        })
    }

    /// Notes a claimed time that stands in the payload, for headers that name none.
    pub(crate) const fn claim(&mut self, at: Option<Timestamp>) {
        self.claimed = at;
    }

    /// Whether the header's `typ` is one of these media types, whose `application/` may be left out (RFC 7515, 4.1.9).
    pub(crate) fn is_typed(&self, types: &[&str]) -> bool {
        let Some(typ) = self.text("typ") else { return false };
        let short = typ.split_at_checked(12).filter(|(start, _)| start.eq_ignore_ascii_case("application/"));
        let short = short.map_or(typ, |(_, rest)| rest);
        types.iter().any(|known| known.eq_ignore_ascii_case(short))
    }

    /// The algorithm, unless the header names an unknown one or something critical, of which nothing is known.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        // RFC 7515 4.1.11: every name in `crit` must be understood; none is. RFC 7797 `b64` may only come with `crit`.
        let understood = !self.header.contains_key("crit") && !self.header.contains_key("b64");
        self.text("alg").and_then(Algorithm::from_jose).filter(|_| understood)
    }

    /// Whether this key made the signature.
    pub(crate) fn is_by(&self, key: &PublicKey, algorithm: Algorithm) -> bool {
        algorithm.verify_fixed(key, self.signing_input.as_bytes(), &self.signature).is_ok()
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

/// Reads a JSON object in which no name occurs twice, at any depth: readers differ in which one they take. `None` also when it
/// has more values than any licence does.
#[must_use]
pub fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match value(bytes)? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Reads any JSON value within the rules of [`object`].
pub(crate) fn value(bytes: &[u8]) -> Option<Value> {
    if !has_few_values(bytes) {
        return None;
    }
    serde_json::from_slice::<Unique>(bytes).ok().map(|unique| unique.0)
}

/// Whether JSON keeps within [`VALUES_MAX`], counted without building anything: each value but the first follows a comma or an
/// opening bracket outside the texts.
fn has_few_values(bytes: &[u8]) -> bool {
    let (mut in_text, mut escaped, mut values) = (false, false, 0usize);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b',' | b'[' | b'{') => values += 1,
            _ => {}
        }
    }
    values <= VALUES_MAX
}

/// A JSON value in which no name of an object occurs twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> serde::de::Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique(Value::Null))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(value)) = access.next_element()? {
            list.push(value);
        }
        Ok(Unique(Value::Array(list)))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unique(value))) = access.next_entry::<String, Unique>()? {
            if map.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("a name occurs twice"));
            }
        }
        Ok(Unique(Value::Object(map)))
    }
}

/// Verifies the signature of a JWS.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub fn verify(jws: &Jws, context: &mut Context<'_>) -> Result<SignatureReport, Exhausted> {
    let mut report = signature_report("1", "jws");
    report.scope = Some(Scope::WHOLE);
    report.checks.push(SIGNATURE_FORMAT.pass());
    let Some(algorithm) = jws.algorithm() else {
        report
            .checks
            .push(JWS_HEADER.fail().with("alg", &jws.text("alg").unwrap_or("absent").chars().take(32).collect::<String>()));
        report.conclude();
        return Ok(report);
    };
    report.checks.push(JWS_HEADER.pass().with("alg", &algorithm.row().name));
    let chain = jws.chain().unwrap_or_default();
    let Some((signer, companions)) = chain.split_first() else {
        report.checks.push(SIGNATURE_CERTIFICATE.fail());
        report.conclude();
        return Ok(report);
    };
    signer::accept(signer, Some(algorithm), context, &mut report);
    context.budget.spend_signature()?;
    let verified = signer.key().is_some_and(|key| jws.is_by(key, algorithm));
    report.checks.push(SIGNATURE_VALUE.test(verified));
    context.with_certificates(companions, |context| signer::judge(signer, claimed_time(jws), None, context, &mut report))?;
    report.conclude();
    Ok(report)
}

/// The claimed time: `sigT` of ETSI TS 119 182-1, or `iat` in seconds, in the header or noted from the payload.
fn claimed_time(jws: &Jws) -> Option<Timestamp> {
    let from_text = jws.text("sigT").and_then(|text| text.parse().ok());
    let from_header = || jws.header.get("iat").and_then(Value::as_i64).map(Timestamp::from_unix);
    from_text.or_else(from_header).or(jws.claimed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_forms_are_read() {
        assert_eq!(object(br#"{"a":1,"b":{"c":[1,null,true,"x",-2,0.5]}}"#).unwrap().len(), 2);
        assert_eq!(object(br#"{"a":1,"a":2}"#), None);
        assert_eq!(object(br#"{"b":{"a":1,"a":2}}"#), None);
        assert_eq!(object(b"[1]"), None);
        let list = |count: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(count));
        assert!(object(list(60_000).as_bytes()).is_some());
        assert_eq!(object(list(70_000).as_bytes()), None, "too many values");
        assert!(object(format!("{{\"a\":\"\\\"{}\"}}", ",[{".repeat(70_000)).as_bytes()).is_some(), "marks within a text");
        for bad in [&b"a.b"[..], b"a.b.c.d", b"e30.e30.", b"e30=.e30.e30", b"\xff"] {
            let parsed = Jws::parse(bad);
            assert!(matches!(parsed, Err(JwsError::Malformed)) || bad == b"e30.e30.", "{bad:?}");
        }
        assert_eq!(Jws::parse(br#"{"payload":"","signatures":[]}"#).err(), Some(JwsError::Unsupported));
    }
}
