//! Taking a presentation apart: the issuer's JWT, disclosures, and the holder's JWT, between tildes.

use serde_json::{Map, Value};

use crate::jws::{self, Jws, JwsError};
use crate::status_list::Reference;
use crate::status_list::token::moment;

/// Disclosures that a presentation may have.
const DISCLOSURES_MAX: usize = 1024;

/// A presentation, taken apart. Nothing about it is verified.
#[derive(Debug)]
pub struct SdJwt<'a> {
    pub(super) issued: Jws,
    pub(super) payload: Map<String, Value>,
    pub(super) disclosures: Vec<&'a str>,
    pub(super) holder: Option<Jws>,
    /// What the holder signs a digest of: everything up to the last tilde.
    pub(super) presented: &'a str,
}

/// Why bytes are not a presentation that licet reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdJwtError {
    /// A part that has to be a JWS is none.
    Jws(JwsError),
    /// Not parts between tildes.
    Malformed,
    /// The payload is not one JSON object without repeated names.
    Payload,
    /// More disclosures than a credential has.
    TooManyDisclosures,
}

impl std::fmt::Display for SdJwtError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jws(error) => return error.fmt(f),
            Self::Malformed => "not the parts of an SD-JWT",
            Self::Payload => "a payload that is not one JSON object without repeated names",
            Self::TooManyDisclosures => "too many disclosures",
        })
    }
}

impl std::error::Error for SdJwtError {}

/// Whether bytes look like an SD-JWT: like a compact JWS, with a tilde, which no JWS has.
#[must_use]
pub fn is_likely(bytes: &[u8]) -> bool {
    bytes.trim_ascii().starts_with(b"ey") && bytes.contains(&b'~')
}

impl<'a> SdJwt<'a> {
    /// Takes a presentation apart.
    ///
    /// # Errors
    /// [`SdJwtError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SdJwtError> {
        let text = std::str::from_utf8(bytes.trim_ascii()).or(Err(SdJwtError::Malformed))?;
        let (before, last) = text.rsplit_once('~').ok_or(SdJwtError::Malformed)?;
        let presented = text.strip_suffix(last).ok_or(SdJwtError::Malformed)?;
        let mut parts = before.split('~');
        let issued = parts.next().ok_or(SdJwtError::Malformed)?;
        let mut disclosures = Vec::new();
        for part in parts {
            if part.is_empty() {
                return Err(SdJwtError::Malformed);
            }
            if disclosures.len() >= DISCLOSURES_MAX {
                return Err(SdJwtError::TooManyDisclosures);
            }
            disclosures.push(part);
        }
        let mut issued = compact(issued)?;
        let payload = jws::object(issued.payload()).ok_or(SdJwtError::Payload)?;
        issued.claim(payload.get("iat").and_then(moment));
        let holder = if last.is_empty() { None } else { Some(compact(last)?) };
        Ok(Self { issued, payload, disclosures, holder, presented })
    }

    /// What the issuer signed.
    #[must_use]
    pub const fn issued(&self) -> &Jws {
        &self.issued
    }
}

fn compact(text: &str) -> Result<Jws, SdJwtError> {
    if text.starts_with('{') {
        return Err(SdJwtError::Malformed);
    }
    Jws::parse(text.as_bytes()).map_err(SdJwtError::Jws)
}

/// Where the status of a credential stands, for whoever has to fetch it first. Nothing about it is verified.
#[must_use]
pub fn status_reference(bytes: &[u8]) -> Option<Reference> {
    Reference::of_claims(&SdJwt::parse(bytes).ok()?.payload).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_compact_form_is_read() {
        let jwt = "eyJhIjoxfQ.e30.AAAA";
        let parse = |text: &str| SdJwt::parse(text.as_bytes()).map(|parsed| (parsed.disclosures.len(), parsed.holder.is_some()));
        assert_eq!(parse(&format!("{jwt}~")), Ok((0, false)));
        assert_eq!(parse(&format!("{jwt}~WzFd~WzJd~")), Ok((2, false)));
        assert_eq!(parse(&format!(" {jwt}~WzFd~{jwt}\n")), Ok((1, true)));
        for bad in
            [jwt.to_owned(), format!("{jwt}~~"), format!("~{jwt}~"), format!("{jwt}~WzFd"), format!("{jwt}~a~~{jwt}"), "~".into()]
        {
            assert!(parse(&bad).is_err(), "{bad}");
        }
        assert_eq!(parse("eyJhIjoxfQ.WzFd.AAAA~"), Err(SdJwtError::Payload));
        assert_eq!(parse(&format!("{jwt}~{}", "WzFd~".repeat(1024))), Ok((1024, false)));
        assert_eq!(parse(&format!("{jwt}~{}", "WzFd~".repeat(1025))), Err(SdJwtError::TooManyDisclosures));
    }
}
