//! What a seal says of its making, as the register keeps it: digests, never the picture itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::der;
use crate::digest::{Sha256, sm3, to_hex};
use crate::seal::{CertificateList, Seal};
use crate::time::Timestamp;
use crate::x509::Certificate;

/// What a seal says of its making.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// SM3 of the seal, 64 hexadecimal digits.
    pub sm3: String,
    /// When it was made, by its own word.
    pub created: Timestamp,
    /// Its picture.
    pub picture: Picture,
    /// Who made it.
    pub maker: Mention,
    /// Who may use it.
    pub signers: Vec<Mention>,
}

/// The picture of a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Its form, such as `png`, by the seal's own word.
    pub kind: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// SM3 of its bytes, 64 hexadecimal digits.
    pub sm3: String,
    /// Width in millimetres.
    pub width_mm: u32,
    /// Height in millimetres.
    pub height_mm: u32,
}

/// A certificate that a seal names. Names in it may be those of people and are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// The algorithm of the digest: `SHA-256` where the seal has the certificate, otherwise what the seal calls it.
    pub algorithm: String,
    /// The digest of the certificate, in hexadecimal digits.
    pub digest: String,
    /// Start of its validity, where the seal has the certificate and it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// End of its validity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Unified social credit code of its organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
}

impl Making {
    /// What this seal says.
    #[must_use]
    pub fn of(seal: &Seal<'_>) -> Self {
        let signers = match &seal.certificates {
            CertificateList::Certificates(list) => list.iter().map(|der| Mention::of(der)).collect(),
            CertificateList::Digests(list) => list.iter().map(|(algorithm, digest)| Mention::by(algorithm, digest)).collect(),
        };
        Self {
            sm3: to_hex(&sm3(&[seal.raw])),
            created: seal.created,
            picture: Picture {
                kind: String::from_utf8_lossy(seal.picture.kind).into_owned(),
                sha256: Sha256::of(&[seal.picture.data]),
                sm3: to_hex(&sm3(&[seal.picture.data])),
                width_mm: seal.picture.width,
                height_mm: seal.picture.height,
            },
            maker: Mention::of(seal.maker),
            signers,
        }
    }

    /// What the seal in these bytes says.
    ///
    /// # Errors
    /// The bytes are no seal.
    pub fn of_der(der: &[u8]) -> der::Result<Self> {
        Ok(Self::of(&Seal::from_der(der)?))
    }
}

impl Mention {
    fn of(der: &[u8]) -> Self {
        let certificate = Certificate::from_der(der).ok();
        Self {
            not_before: certificate.as_ref().map(Certificate::not_before),
            not_after: certificate.as_ref().map(Certificate::not_after),
            organisation: certificate.as_ref().and_then(Certificate::organisation_code),
            ..Self::by("SHA-256", &Sha256::of(&[der]).0)
        }
    }

    fn by(algorithm: &str, digest: &[u8]) -> Self {
        let (algorithm, digest) = (algorithm.to_owned(), to_hex(digest));
        Self { algorithm, digest, not_before: None, not_after: None, organisation: None }
    }
}
