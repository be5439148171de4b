//! What proves to a source who asks.

use crypto::time::Timestamp;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue};

use super::client::Address;
use super::head::imf_date;
use super::message_signature::{SharedKey, content_digest};
use crate::broker::SourceFault;
use crate::config::{Faults, SourceAuth};
use crate::secrets::Secret;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// What proves to a source who asks, besides a certificate.
#[derive(Debug)]
pub(super) enum Auth {
    /// Nothing.
    None,
    /// A token in the head.
    Bearer(HeaderValue),
    /// A signature.
    Hmac(SharedKey),
    /// A secret in the body.
    Body(Secret),
}

impl Auth {
    /// Reads the files.
    pub(super) fn open(settings: Option<&SourceAuth>, at: &str) -> Result<Self, Faults> {
        let key = format!("{at}.auth.file");
        Ok(match settings {
            None => Self::None,
            Some(SourceAuth::Bearer { file }) => {
                let value = HeaderValue::try_from(format!("Bearer {}", Secret::read(&key, file)?.expose()));
                let mut value = value.map_err(|_error| Faults::one(&key, "holds no token"))?;
                value.set_sensitive(true);
                Self::Bearer(value)
            }
            Some(SourceAuth::Hmac { key_id, file }) => {
                let shared = SharedKey::new(key_id, Secret::read(&key, file)?.expose());
                let none =
                    || Faults::one(&key, "must hold base64 of at least 32 bytes, and key_id a visible name without quotes");
                Self::Hmac(shared.ok_or_else(none)?)
            }
            Some(SourceAuth::Body { file }) => Self::Body(Secret::read(&key, file)?),
        })
    }

    /// The secret for the body.
    pub(super) const fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Body(secret) => Some(secret),
            _ => None,
        }
    }

    /// Adds to the head what this kind needs. The body is signed as it stands.
    pub(super) fn seal(&self, head: &mut HeaderMap, url: &Address, body: &[u8], now: Timestamp) -> Result<(), SourceFault> {
        match self {
            Self::None | Self::Body(_) => {}
            Self::Bearer(value) => {
                head.insert(AUTHORIZATION, value.clone());
            }
            Self::Hmac(key) => sign(key, head, url, body, now)?,
        }
        Ok(())
    }
}

/// What is signed is all that says what is asked, of whom and when.
fn sign(key: &SharedKey, head: &mut HeaderMap, url: &Address, body: &[u8], now: Timestamp) -> Result<(), SourceFault> {
    let (date, digest) = (imf_date(now), content_digest(body));
    let content_type = head.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).ok_or(SourceFault::Failed)?;
    let components = [
        ("@method", "POST"),
        ("@authority", url.authority()),
        ("@path", url.path()),
        ("date", date.as_str()),
        ("content-type", content_type),
        ("content-digest", digest.as_str()),
    ];
    let signed = key.sign("licet", &components, now.unix(), true);
    let fields = [(DATE, date), (CONTENT_DIGEST, digest), (SIGNATURE_INPUT, signed.input), (SIGNATURE, signed.signature)];
    for (name, value) in fields {
        head.insert(name, HeaderValue::try_from(value).or(Err(SourceFault::Failed))?);
    }
    Ok(())
}
