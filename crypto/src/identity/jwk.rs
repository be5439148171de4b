//! The keys of an identity provider: a JWK Set (RFC 7517).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::jws::object;
use crate::sig::{Algorithm, KeyKind, PublicKey};

/// Keys that one set may hold.
const KEYS_MAX: usize = 32;
/// The longest name of a key, in bytes.
const ID_BYTES_MAX: usize = 256;
/// Sizes of RSA moduli that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The longest RSA exponent, in bytes.
const RSA_EXPONENT_BYTES_MAX: usize = 8;
/// Members that only private and symmetric keys have.
const SECRET: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// The keys with which one provider signs tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A key with the one algorithm that it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: PublicKey,
}

/// Why a file is no set of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// It is no JSON object with a list `keys` in it.
    Malformed,
    /// It has more keys than a provider needs.
    TooMany,
    /// A key in it is wrong.
    Key {
        /// Which one, counted from 0.
        index: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// No key in it can verify a token.
    Empty,
}

impl KeySet {
    /// Reads a JWK Set. Keys for encryption and of kinds that are not known are left out, as RFC 7517 says; a private or symmetric
    /// key is a fault of the whole set, because it has no business here.
    ///
    /// # Errors
    /// [`JwkError`].
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        let set = object(json).ok_or(JwkError::Malformed)?;
        let rows = set.get("keys").and_then(Value::as_array).ok_or(JwkError::Malformed)?;
        if rows.len() > KEYS_MAX {
            return Err(JwkError::TooMany);
        }
        let mut keys: Vec<Key> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let fault = |what| JwkError::Key { index, what };
            let row = row.as_object().ok_or_else(|| fault("is no object"))?;
            let Some(key) = read(row).map_err(fault)? else { continue };
            if key.id.is_some() && keys.iter().any(|other| other.id == key.id) {
                return Err(fault("has the kid of another one"));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(JwkError::Empty) } else { Ok(Self { keys }) }
    }

    /// The key that a token names; the only one where it names none.
    pub(super) fn named(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

fn read(row: &Map<String, Value>) -> Result<Option<Key>, &'static str> {
    if SECRET.iter().any(|name| row.contains_key(*name)) {
        return Err("is a private or symmetric key");
    }
    let text = |name: &str| match row.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err("has a member that is no text"),
    };
    if text("use")?.is_some_and(|usage| usage != "sig") || !verifies(row) {
        return Ok(None);
    }
    let (kind, default) = match (text("kty")?.ok_or("names no kty")?, text("crv")?) {
        ("EC", Some("P-256")) => (KeyKind::P256, Algorithm::EcdsaP256Sha256),
        ("EC", Some("P-384")) => (KeyKind::P384, Algorithm::EcdsaP384Sha384),
        ("EC", Some("SM2")) => (KeyKind::Sm2, Algorithm::Sm2Sm3),
        ("OKP", Some("Ed25519")) => (KeyKind::Ed25519, Algorithm::Ed25519),
        ("RSA", _) => (KeyKind::Rsa, Algorithm::RsaPkcs1Sha256),
        _ => return Ok(None),
    };
    // What signs with RSA and names no algorithm means RS256, the one that every OpenID provider has (OpenID Connect Core, 15.1).
    let algorithm = match text("alg")? {
        None => default,
        Some(name) => {
            Algorithm::from_jose(name).filter(|algorithm| algorithm.row().key == kind).ok_or("has an alg that does not fit")?
        }
    };
    let bytes =
        |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.unwrap_or_default()).or(Err("has a member that is not base64url"));
    let bits = match kind {
        KeyKind::Ed25519 => bytes("x").and_then(|x| fixed(x, 32))?,
        KeyKind::P256 | KeyKind::Sm2 => point(bytes("x")?, bytes("y")?, 32)?,
        KeyKind::P384 => point(bytes("x")?, bytes("y")?, 48)?,
        KeyKind::Rsa => rsa(&bytes("n")?, &bytes("e")?)?,
    };
    let id = text("kid")?.map(str::to_owned);
    if id.as_ref().is_some_and(|id| id.len() > ID_BYTES_MAX) {
        return Err("has a kid that is too long");
    }
    Ok(Some(Key { id, algorithm, key: PublicKey::new(kind, bits) }))
}

/// RFC 7517 4.3: where the operations are listed, verifying is among them.
fn verifies(row: &Map<String, Value>) -> bool {
    row.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|operations| operations.iter().any(|operation| operation.as_str() == Some("verify")))
    })
}

fn fixed(bytes: Vec<u8>, length: usize) -> Result<Vec<u8>, &'static str> {
    if bytes.len() == length { Ok(bytes) } else { Err("has a coordinate of a wrong length") }
}

/// An uncompressed point.
fn point(x: Vec<u8>, y: Vec<u8>, length: usize) -> Result<Vec<u8>, &'static str> {
    Ok([vec![4], fixed(x, length)?, fixed(y, length)?].concat())
}

/// `RSAPublicKey` (RFC 8017, A.1.1).
fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, &'static str> {
    if exponent.is_empty() || exponent.len() > RSA_EXPONENT_BYTES_MAX || modulus.len() > RSA_BITS.end() / 8 {
        return Err("has a modulus or exponent of a wrong length");
    }
    let bits = element(0x30, &[element(0x02, &integer(modulus)), element(0x02, &integer(exponent))].concat());
    let key = PublicKey::new(KeyKind::Rsa, bits);
    if RSA_BITS.contains(&key.size()) { Ok(key.bits().to_vec()) } else { Err("has a modulus of a wrong length") }
}

/// The content of a DER INTEGER that is not negative.
fn integer(magnitude: &[u8]) -> Vec<u8> {
    let start = magnitude.iter().position(|byte| *byte != 0).unwrap_or(magnitude.len());
    let (_, digits) = magnitude.split_at(start);
    let sign = if digits.first().is_none_or(|high| *high >= 0x80) { &[0][..] } else { &[] };
    [sign, digits].concat()
}

/// An element with a length of at most two bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head[..], content].concat()
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is no JWK Set"),
            Self::TooMany => write!(f, "it has more than {KEYS_MAX} keys"),
            Self::Key { index, what } => write!(f, "the key at {index} {what}"),
            Self::Empty => f.write_str("no key in it can verify a token"),
        }
    }
}

impl std::error::Error for JwkError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::{KeyType, SigningKey};

    fn encoded(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    #[test]
    fn every_kind_of_key_is_read() {
        let ec = |kind, curve: &str| {
            let key = SigningKey::from_label(kind, "a").public_key();
            let (x, y) = (encoded(&key.bits()[1..33]), encoded(&key.bits()[33..]));
            (format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}","kid":"{curve}"}}"#), key)
        };
        let ed = SigningKey::from_label(KeyType::Ed25519, "a").public_key();
        let (p256, p256_key) = ec(KeyType::P256, "P-256");
        let (sm2, sm2_key) = ec(KeyType::Sm2, "SM2");
        let okp = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","kid":"ed","use":"sig","key_ops":["verify"]}}"#,
            encoded(ed.bits())
        );
        let modulus = [&[0x80][..], &[7; 255]].concat();
        let rsa = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB","kid":"rsa","alg":"PS256"}}"#, encoded(&modulus));
        let others = r#"{"kty":"OKP","crv":"X25519","x":"AA"},{"kty":"new"},{"kty":"RSA","use":"enc"},{"kty":"RSA","key_ops":["wrapKey"]}"#;
        let set = KeySet::parse(format!(r#"{{"keys":[{p256},{sm2},{okp},{others},{rsa}]}}"#).as_bytes()).unwrap();
        let named = |id| set.named(Some(id)).map(|key| (key.algorithm, &key.key));
        assert_eq!(named("P-256"), Some((Algorithm::EcdsaP256Sha256, &p256_key)));
        assert_eq!(named("SM2"), Some((Algorithm::Sm2Sm3, &sm2_key)));
        assert_eq!(named("ed"), Some((Algorithm::Ed25519, &ed)));
        let (algorithm, key) = named("rsa").unwrap();
        assert_eq!((algorithm, key.size()), (Algorithm::RsaPssSha256, 2048));
        assert_eq!((named("other"), set.named(None)), (None, None));
        let one = KeySet::parse(format!(r#"{{"keys":[{p256}]}}"#).as_bytes()).unwrap();
        assert_eq!(one.named(None).map(|key| &key.key), Some(&p256_key));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fault = |keys: &str| KeySet::parse(format!(r#"{{"keys":[{keys}]}}"#).as_bytes()).unwrap_err();
        let key = |what| JwkError::Key { index: 0, what };
        assert_eq!(KeySet::parse(b"[]"), Err(JwkError::Malformed));
        assert_eq!(KeySet::parse(b"{}"), Err(JwkError::Malformed));
        assert_eq!(fault(""), JwkError::Empty);
        assert_eq!(fault(&vec!["{\"kty\":\"x\"}"; 33].join(",")), JwkError::TooMany);
        assert_eq!(fault(r#"{"kty":"oct","k":"AAAA"}"#), key("is a private or symmetric key"));
        assert_eq!(fault(r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#), key("is a private or symmetric key"));
        assert_eq!(fault(r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#), key("has a coordinate of a wrong length"));
        assert_eq!(fault(r#"{"kty":"OKP","crv":"Ed25519","alg":"ES256"}"#), key("has an alg that does not fit"));
        assert_eq!(fault(r#"{"kty":"RSA","alg":"none"}"#), key("has an alg that does not fit"));
        let short = encoded(&[0xff; 128]);
        assert_eq!(fault(&format!(r#"{{"kty":"RSA","n":"{short}","e":"AQAB"}}"#)), key("has a modulus of a wrong length"));
        let long = encoded(&[0xff; 2000]);
        assert_eq!(
            fault(&format!(r#"{{"kty":"RSA","n":"{long}","e":"AQAB"}}"#)),
            key("has a modulus or exponent of a wrong length")
        );
        let x = encoded(&[1; 32]);
        let twice = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"a"}}"#);
        assert_eq!(fault(&format!("{twice},{twice}")), JwkError::Key { index: 1, what: "has the kid of another one" });
    }
}
