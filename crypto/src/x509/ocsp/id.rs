//! How a certificate is named in requests and responses (RFC 6960, 4.1.1).

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::der::{self, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::x509::Certificate;

/// The digest in a [`CertId`]. It tells issuers apart and protects nothing, so SHA-1 will do: most responders know no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdDigest {
    /// SHA-1, which every responder knows.
    Sha1,
    /// A digest of today.
    Modern(DigestAlgorithm),
}

impl IdDigest {
    /// SHA-256.
    pub const SHA256: Self = Self::Modern(DigestAlgorithm::Sha256);
    /// SM3.
    pub const SM3: Self = Self::Modern(DigestAlgorithm::Sm3);

    fn from_oid(oid: Oid<'_>) -> Option<Self> {
        if oid == Oid::SHA1 { Some(Self::Sha1) } else { DigestAlgorithm::from_oid(oid).map(Self::Modern) }
    }

    /// Its object identifier.
    #[must_use]
    pub const fn oid(self) -> Oid<'static> {
        match self {
            Self::Sha1 => Oid::SHA1,
            Self::Modern(DigestAlgorithm::Sha256) => Oid::SHA256,
            Self::Modern(DigestAlgorithm::Sha384) => Oid::SHA384,
            Self::Modern(DigestAlgorithm::Sha512) => Oid::SHA512,
            Self::Modern(DigestAlgorithm::Sm3) => Oid::SM3,
        }
    }

    /// The digest of these octets.
    #[must_use]
    pub fn hash(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => digest(&SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec(),
            Self::Modern(algorithm) => algorithm.hash(&[octets]),
        }
    }
}

/// Which certificate is meant: its serial number, and digests of its issuer's name and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertId {
    /// The digest; `None` for one that is unknown, which names nothing.
    digest: Option<IdDigest>,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: Vec<u8>,
}

impl CertId {
    /// The name of this certificate of this issuer.
    #[must_use]
    pub fn new(certificate: &Certificate, issuer: &Certificate, digest: IdDigest) -> Self {
        Self {
            digest: Some(digest),
            name_hash: digest.hash(certificate.issuer().0),
            key_hash: digest.hash(key_bits(issuer)),
            serial: certificate.serial().to_vec(),
        }
    }

    pub(super) fn read(fields: &mut Reader<'_>) -> der::Result<Self> {
        let mut algorithm = fields.sequence()?;
        let digest = IdDigest::from_oid(Oid(algorithm.read(tag::OID)?.content));
        algorithm.optional(tag::NULL)?;
        algorithm.end()?;
        let name_hash = fields.read(tag::OCTET_STRING)?.content.to_vec();
        let key_hash = fields.read(tag::OCTET_STRING)?.content.to_vec();
        let serial = fields.read(tag::INTEGER)?.content.to_vec();
        fields.end()?;
        Ok(Self { digest, name_hash, key_hash, serial })
    }

    /// The digest; `None` when it is unknown.
    #[must_use]
    pub const fn digest(&self) -> Option<IdDigest> {
        self.digest
    }

    /// The digest of the issuer's name.
    #[must_use]
    pub fn name_hash(&self) -> &[u8] {
        &self.name_hash
    }

    /// The digest of the issuer's key.
    #[must_use]
    pub fn key_hash(&self) -> &[u8] {
        &self.key_hash
    }

    /// The content octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Whether this certificate of this issuer is meant.
    #[must_use]
    pub fn names(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let Some(digest) = self.digest else { return false };
        self.serial == certificate.serial() && *self == Self::new(certificate, issuer, digest)
    }
}

/// The bits of the subject's public key, without the algorithm around them.
pub(in crate::x509) fn key_bits(certificate: &Certificate) -> &[u8] {
    fn read(spki: &[u8]) -> der::Result<&[u8]> {
        let mut fields = Reader::new(spki).sequence()?;
        fields.read(tag::SEQUENCE)?;
        fields.read(tag::BIT_STRING)?.octets()
    }
    read(certificate.spki()).unwrap_or_default()
}
