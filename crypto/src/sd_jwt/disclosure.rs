//! Disclosures: what each says, and where the issuer signed its digest (RFC 9901, 7.1).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::claims::is_reserved;
use super::parts::SdJwt;
use crate::digest::DigestAlgorithm;
use crate::jws;

/// Bytes of all disclosures together, as text.
const DISCLOSED_BYTES_MAX: usize = 1 << 20;

/// How deep claims may stand within each other. JSON is read no deeper than 128, and disclosures could nest that many times over.
const DEPTH_MAX: usize = 64;

const DIGESTS: &str = "_sd";
const ALGORITHM: &str = "_sd_alg";
const ELEMENT: &str = "...";

/// What is wrong with the disclosures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisclosureError {
    /// `_sd_alg` names no digest algorithm that is taken.
    Algorithm,
    /// More bytes than a credential has.
    TooLong,
    /// Not base64url of a JSON array of two or three members that begins with a text.
    Malformed,
    /// The same disclosure, or the same digest, twice.
    Doubled,
    /// No signed digest is that of the disclosure.
    Unsigned,
    /// A member of an object where an element of a list belongs, or the other way round.
    Misplaced,
    /// A claim that has the name of another one, or one that is not for claims.
    Name,
    /// `_sd` or `...` not of their form.
    Digests,
    /// Claims within claims beyond the limit.
    TooDeep,
    /// A claim that must stand open was left to disclosure.
    Reserved,
}

/// The disclosed claims, and how many more were held back (or never were: decoys cannot be told apart).
#[derive(Debug)]
pub(crate) struct Disclosed {
    pub(crate) claims: Map<String, Value>,
    pub(crate) held_back: usize,
}

/// The digest algorithm of a credential.
pub(super) fn digest_algorithm(payload: &Map<String, Value>) -> Result<DigestAlgorithm, DisclosureError> {
    match payload.get(ALGORITHM).map(Value::as_str) {
        None | Some(Some("sha-256")) => Ok(DigestAlgorithm::Sha256),
        Some(Some("sha-384")) => Ok(DigestAlgorithm::Sha384),
        Some(Some("sha-512")) => Ok(DigestAlgorithm::Sha512),
        Some(_) => Err(DisclosureError::Algorithm),
    }
}

/// Puts every disclosed claim where the issuer signed its digest.
///
/// # Errors
/// [`DisclosureError`].
pub(crate) fn disclosed(presentation: &SdJwt<'_>) -> Result<Disclosed, DisclosureError> {
    let algorithm = digest_algorithm(&presentation.payload)?;
    if presentation.disclosures.iter().map(|text| text.len()).sum::<usize>() > DISCLOSED_BYTES_MAX {
        return Err(DisclosureError::TooLong);
    }
    let mut open = BTreeMap::new();
    for text in &presentation.disclosures {
        let digest = URL_SAFE_NO_PAD.encode(algorithm.hash(&[text.as_bytes()]));
        if open.insert(digest, Disclosure::read(text)?).is_some() {
            return Err(DisclosureError::Doubled);
        }
    }
    let mut resolver = Resolver { open, seen: BTreeSet::new(), held_back: 0 };
    let mut payload = presentation.payload.clone();
    payload.remove(ALGORITHM);
    let claims = resolver.object(payload, 0)?;
    if !resolver.open.is_empty() {
        return Err(DisclosureError::Unsigned);
    }
    let reserved = claims.iter().chain(&presentation.payload).filter(|(name, _)| is_reserved(name));
    for (name, _) in reserved {
        // Neither the claim nor anything within it may have been left to disclosure.
        if claims.get(name) != presentation.payload.get(name) {
            return Err(DisclosureError::Reserved);
        }
    }
    Ok(Disclosed { claims, held_back: resolver.held_back })
}

/// One disclosure. Salts only hide the values of what is held back.
enum Disclosure {
    Member(String, Value),
    Element(Value),
}

impl Disclosure {
    fn read(text: &str) -> Result<Self, DisclosureError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).or(Err(DisclosureError::Malformed))?;
        let Some(Value::Array(members)) = jws::value(&bytes) else { return Err(DisclosureError::Malformed) };
        let mut members = members.into_iter();
        let parts = (members.next(), members.next(), members.next(), members.next());
        match parts {
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self::Element(value)),
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                if [DIGESTS, ELEMENT, ALGORITHM].contains(&name.as_str()) {
                    return Err(DisclosureError::Name);
                }
                Ok(Self::Member(name, value))
            }
            _ => Err(DisclosureError::Malformed),
        }
    }
}

struct Resolver {
    /// Disclosures whose place was not found yet, by digest.
    open: BTreeMap<String, Disclosure>,
    /// Every digest that was met.
    seen: BTreeSet<String>,
    held_back: usize,
}

impl Resolver {
    fn value(&mut self, value: Value, depth: usize) -> Result<Value, DisclosureError> {
        if depth > DEPTH_MAX {
            return Err(DisclosureError::TooDeep);
        }
        Ok(match value {
            Value::Object(object) => Value::Object(self.object(object, depth)?),
            Value::Array(list) => Value::Array(self.list(list, depth)?),
            other => other,
        })
    }

    fn object(&mut self, mut object: Map<String, Value>, depth: usize) -> Result<Map<String, Value>, DisclosureError> {
        let digests = match object.remove(DIGESTS) {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(DisclosureError::Digests),
        };
        let mut resolved = Map::new();
        for (name, value) in object {
            if name == ELEMENT {
                return Err(DisclosureError::Digests);
            }
            resolved.insert(name, self.value(value, depth + 1)?);
        }
        for digest in digests {
            match self.opened(&digest)? {
                None => {}
                Some(Disclosure::Element(_)) => return Err(DisclosureError::Misplaced),
                Some(Disclosure::Member(name, _)) if resolved.contains_key(&name) => return Err(DisclosureError::Name),
                Some(Disclosure::Member(name, value)) => {
                    let value = self.value(value, depth + 1)?;
                    resolved.insert(name, value);
                }
            }
        }
        Ok(resolved)
    }

    fn list(&mut self, list: Vec<Value>, depth: usize) -> Result<Vec<Value>, DisclosureError> {
        let mut resolved = Vec::with_capacity(list.len());
        for element in list {
            let place = element.as_object().filter(|object| object.len() == 1).and_then(|object| object.get(ELEMENT)).cloned();
            let Some(digest) = place else {
                resolved.push(self.value(element, depth + 1)?);
                continue;
            };
            match self.opened(&digest)? {
                None => {}
                Some(Disclosure::Member(..)) => return Err(DisclosureError::Misplaced),
                Some(Disclosure::Element(value)) => resolved.push(self.value(value, depth + 1)?),
            }
        }
        Ok(resolved)
    }

    /// The disclosure with this digest, taken out; nothing for what is held back.
    fn opened(&mut self, digest: &Value) -> Result<Option<Disclosure>, DisclosureError> {
        let Value::String(digest) = digest else { return Err(DisclosureError::Digests) };
        let disclosure = self.open.remove(digest);
        if !self.seen.insert(digest.clone()) {
            return Err(DisclosureError::Doubled);
        }
        self.held_back += usize::from(disclosure.is_none());
        Ok(disclosure)
    }
}

impl std::fmt::Display for DisclosureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Algorithm => "the digest algorithm is not accepted",
            Self::TooLong => "the disclosures are too long",
            Self::Malformed => "a disclosure is malformed",
            Self::Doubled => "a disclosure or digest occurs twice",
            Self::Unsigned => "a disclosure is not among those that the issuer signed",
            Self::Misplaced => "a disclosure is not of the kind that its place needs",
            Self::Name => "a disclosed claim has the name of another one, or a forbidden one",
            Self::Digests => "digests are not where and what they have to be",
            Self::TooDeep => "claims stand too deep within each other",
            Self::Reserved => "a claim that must stand open was left to disclosure",
        })
    }
}

impl std::error::Error for DisclosureError {}
