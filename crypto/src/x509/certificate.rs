//! A certificate, read lazily: its frame is checked, its contents are looked at when a decision needs them.
//!
//! Real certificates of the SM2 world break rules that no decision depends on (names with odd string types, NULL parameters).
//! The raw bytes are kept, and signatures are checked over them.

use std::ops::Range;

use super::extension::{self, Extensions};
use super::name::Name;
use crate::der::{self, DerError, Reader, tag};
use crate::digest::{Sha256, to_hex};
use crate::oid::Oid;
use crate::report::CertificateSummary;
use crate::sig::{Algorithm, BadSignature, PublicKey};
use crate::time::Timestamp;

/// The largest certificate that is read, in octets.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// A certificate whose frame is well formed. Nothing about it is verified.
#[derive(Clone)]
pub struct Certificate {
    raw: Vec<u8>,
    sha256: Sha256,
    tbs: Range<usize>,
    version: u32,
    serial: Range<usize>,
    inner_algorithm: Range<usize>,
    issuer: Range<usize>,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Range<usize>,
    spki: Range<usize>,
    key: Option<PublicKey>,
    extensions: Vec<extension::Place>,
    algorithm: Range<usize>,
    signature: Range<usize>,
}

impl Certificate {
    /// Reads the DER form.
    ///
    /// # Errors
    /// [`DerError`] when the frame is malformed. A key of an unknown kind is no error here: see [`Certificate::key`].
    pub fn from_der(raw: &[u8]) -> der::Result<Self> {
        if raw.len() > CERTIFICATE_BYTES_MAX {
            return Err(DerError::BadLength);
        }
        let mut outer = Reader::new(raw);
        let mut fields = outer.sequence()?;
        outer.end()?;
        let tbs = fields.read(tag::SEQUENCE)?;
        let algorithm = fields.read(tag::SEQUENCE)?.range();
        let signature = fields.read(tag::BIT_STRING)?;
        fields.end()?;
        signature.octets()?;

        let mut inner = tbs.reader();
        let version = match inner.optional(tag::context(0))? {
            Some(element) => element.reader().read(tag::INTEGER)?.small()?,
            None => 0,
        };
        let serial = inner.read(tag::INTEGER)?.content_range();
        let inner_algorithm = inner.read(tag::SEQUENCE)?.range();
        let issuer = inner.read(tag::SEQUENCE)?.range();
        let mut validity = inner.sequence()?;
        let not_before = validity.any()?.time()?;
        let not_after = validity.any()?.time()?;
        validity.end()?;
        let subject = inner.read(tag::SEQUENCE)?.range();
        let spki = inner.read(tag::SEQUENCE)?;
        inner.optional(tag::implicit(1))?;
        inner.optional(tag::implicit(2))?;
        let extensions = match inner.optional(tag::context(3))? {
            Some(element) if version == 2 => extension::places(&mut element.reader())?,
            Some(_) => return Err(DerError::BadValue), // RFC 5280 4.1.2.1: extensions demand version 3.
            None => Vec::new(),
        };
        inner.end()?;
        if version > 2 {
            return Err(DerError::BadValue);
        }
        Ok(Self {
            sha256: Sha256::of(&[raw]),
            tbs: tbs.range(),
            version,
            serial,
            inner_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            spki: spki.range(),
            key: PublicKey::from_spki(spki.raw).ok(),
            extensions,
            algorithm,
            signature: signature.content_range(),
            raw: raw.to_vec(),
        })
    }

    /// The bytes as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// SHA-256 of the bytes as received: the certificate's name in reports, configuration and keys.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The subject's name.
    #[must_use]
    pub fn subject(&self) -> Name<'_> {
        Name(self.slice(&self.subject))
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> Name<'_> {
        Name(self.slice(&self.issuer))
    }

    /// The content octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.slice(&self.serial)
    }

    /// Start of validity.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// End of validity, included.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The version as encoded: 0 for version 1, 2 for version 3.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The subject's public key, unless its kind is unknown.
    #[must_use]
    pub const fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// The whole `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        self.slice(&self.spki)
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'_> {
        Extensions::new(&self.raw, &self.extensions)
    }

    /// Whether subject and issuer carry the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject().matches(self.issuer())
    }

    /// The algorithm of the certificate's own signature, for an issuer with this key; the two places that name it must agree.
    #[must_use]
    pub fn signature_algorithm(&self, issuer: &PublicKey) -> Option<Algorithm> {
        let outer = self.slice(&self.algorithm);
        if outer != self.slice(&self.inner_algorithm) {
            return None; // RFC 5280 4.1.1.2
        }
        Algorithm::from_identifier(outer, issuer.kind()).ok()
    }

    /// Checks the certificate's signature with the issuer's key.
    ///
    /// # Errors
    /// [`BadSignature`], also when the algorithm does not fit the key.
    pub fn verify_signature(&self, issuer: &PublicKey) -> Result<Algorithm, BadSignature> {
        let algorithm = self.signature_algorithm(issuer).ok_or(BadSignature)?;
        let signature = self.slice(&self.signature).split_first().map_or(&[][..], |(_, octets)| octets);
        algorithm.verify(issuer, self.slice(&self.tbs), signature)?;
        Ok(algorithm)
    }

    /// The unified social credit code of the organisation that the certificate was issued to, if it names one.
    ///
    /// Looked for in the extension that GB/T 20518 gives it, then in the attributes of the subject name that authorities in
    /// fact use: organisation identifier, organisation, unit, serial number. Only codes whose check characters are right count.
    #[must_use]
    pub fn organisation_code(&self) -> Option<String> {
        if let Some(extension) = self.extensions().find(Oid::GM_ORGANISATION_CODE) {
            let text = Reader::new(extension.value).any().ok().and_then(|element| std::str::from_utf8(element.content).ok());
            if let Some(code) = text.and_then(find_code) {
                return Some(code);
            }
        }
        let holders = [Oid::ORGANISATION_IDENTIFIER, Oid::ORGANISATION, Oid::ORGANISATIONAL_UNIT, Oid::SERIAL_NUMBER];
        holders.iter().find_map(|oid| self.subject().attribute(*oid).and_then(|text| find_code(&text)))
    }

    /// What reports say of the certificate.
    #[must_use]
    pub fn summary(&self) -> CertificateSummary {
        CertificateSummary {
            sha256: self.sha256,
            subject: self.subject().to_string(),
            common_name: self.subject().shown(Oid::COMMON_NAME),
            organisation: self.subject().shown(Oid::ORGANISATION),
            organisation_code: self.organisation_code(),
            issuer: self.issuer().to_string(),
            serial: to_hex(self.serial()),
            key: self.key.as_ref().map_or("unknown", |key| key.kind().name()).to_owned(),
            not_before: self.not_before,
            not_after: self.not_after,
        }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.raw.get(range.clone()).unwrap_or_default()
    }
}

/// The first run of 18 characters in `text` that is a right unified social credit code.
fn find_code(text: &str) -> Option<String> {
    // A run of exactly that length: within a longer one anybody could hide somebody else's code.
    let runs = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.len() == 18);
    runs.map(str::to_ascii_uppercase).find(|code| crate::licence::number::uscc(code).is_ok())
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.subject())
    }
}
