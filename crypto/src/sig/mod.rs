//! Signature algorithms: one row each in [`TABLE`].
//!
//! Adding an algorithm is adding a row, the function it names and a vector in the tests.

pub mod ecdsa_rsa;
pub mod ed25519;
pub mod key;
pub mod sm2;

use std::fmt;

pub use key::{KeyKind, PublicKey};

use crate::der::{self, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;

/// A signature algorithm with all its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Algorithm {
    Sm2Sm3,
    Ed25519,
    EcdsaP256Sha256,
    EcdsaP256Sha384,
    EcdsaP384Sha256,
    EcdsaP384Sha384,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
    RsaPssSha256,
    RsaPssSha384,
    RsaPssSha512,
}

/// The signature is not one that this key made over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

/// What a row of the table says of an algorithm.
#[derive(Clone, Copy)]
pub struct Row {
    /// Which one.
    pub algorithm: Algorithm,
    /// Stable name in configuration and reports.
    pub name: &'static str,
    /// Kind of key that it needs.
    pub key: KeyKind,
    /// Its digest.
    pub digest: DigestAlgorithm,
    /// `alg` value of RFC 7518, RFC 8037, or our private name for SM2, if it may sign a JWS.
    pub jose: Option<&'static str>,
    /// Checks the ASN.1 or plain form used in certificates, CMS and seals.
    verify: Verify,
    /// Checks the form used in JWS: fixed width for elliptic curves.
    verify_fixed: Verify,
}

type Verify = fn(&PublicKey, &[u8], &[u8]) -> Result<(), BadSignature>;

/// Every algorithm that licet can check.
pub static TABLE: [Row; 12] = {
    use DigestAlgorithm::{Sha256, Sha384, Sha512, Sm3};
    use ecdsa_rsa as er;
    const fn row(
        algorithm: Algorithm,
        name: &'static str,
        key: KeyKind,
        digest: DigestAlgorithm,
        jose: Option<&'static str>,
        verify: Verify,
        verify_fixed: Verify,
    ) -> Row {
        Row { algorithm, name, key, digest, jose, verify, verify_fixed }
    }
    use Algorithm as A;
    use KeyKind as K;
    [
        row(A::Sm2Sm3, "sm2-sm3", K::Sm2, Sm3, Some("SM2-SM3"), sm2::verify_der, sm2::verify_raw),
        row(A::Ed25519, "ed25519", K::Ed25519, Sha512, Some("EdDSA"), ed25519::verify, ed25519::verify),
        row(A::EcdsaP256Sha256, "ecdsa-p256-sha256", K::P256, Sha256, Some("ES256"), er::p256_sha256, er::p256_sha256_fixed),
        row(A::EcdsaP256Sha384, "ecdsa-p256-sha384", K::P256, Sha384, None, er::p256_sha384, er::never),
        row(A::EcdsaP384Sha256, "ecdsa-p384-sha256", K::P384, Sha256, None, er::p384_sha256, er::never),
        row(A::EcdsaP384Sha384, "ecdsa-p384-sha384", K::P384, Sha384, Some("ES384"), er::p384_sha384, er::p384_sha384_fixed),
        row(A::RsaPkcs1Sha256, "rsa-pkcs1-sha256", K::Rsa, Sha256, Some("RS256"), er::pkcs1_sha256, er::pkcs1_sha256),
        row(A::RsaPkcs1Sha384, "rsa-pkcs1-sha384", K::Rsa, Sha384, Some("RS384"), er::pkcs1_sha384, er::pkcs1_sha384),
        row(A::RsaPkcs1Sha512, "rsa-pkcs1-sha512", K::Rsa, Sha512, Some("RS512"), er::pkcs1_sha512, er::pkcs1_sha512),
        row(A::RsaPssSha256, "rsa-pss-sha256", K::Rsa, Sha256, Some("PS256"), er::pss_sha256, er::pss_sha256),
        row(A::RsaPssSha384, "rsa-pss-sha384", K::Rsa, Sha384, Some("PS384"), er::pss_sha384, er::pss_sha384),
        row(A::RsaPssSha512, "rsa-pss-sha512", K::Rsa, Sha512, Some("PS512"), er::pss_sha512, er::pss_sha512),
    ]
};

impl Algorithm {
    /// This algorithm's row of the table.
    #[must_use]
    pub fn row(self) -> &'static Row {
        let [first, ..] = &TABLE;
        TABLE.iter().find(|row| row.algorithm == self).unwrap_or(first)
    }

    /// The algorithm with this stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.algorithm)
    }

    /// The algorithm with this JOSE `alg` value.
    #[must_use]
    pub fn from_jose(alg: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.jose == Some(alg)).map(|row| row.algorithm)
    }

    /// The algorithm that a signature `AlgorithmIdentifier` (whole element) names, for a key of this kind.
    ///
    /// The kind settles what the identifier leaves open: ECDSA names no curve, and CMS may name the bare RSA key type.
    ///
    /// # Errors
    /// [`Unsupported`] when it is unknown, does not fit the key or has parameters that it must not have.
    pub fn from_identifier(identifier: &[u8], key: KeyKind) -> Result<Self, Unsupported> {
        let mut fields = Reader::new(identifier).sequence().map_err(Unsupported::malformed)?;
        let oid = Oid(fields.read(tag::OID).map_err(Unsupported::malformed)?.content);
        let parameters = if fields.is_empty() { None } else { Some(fields.any().map_err(Unsupported::malformed)?) };
        fields.end().map_err(Unsupported::malformed)?;
        if oid == Oid::RSA_PSS {
            let parameters = parameters.ok_or_else(|| Unsupported::of(oid))?;
            return pss(parameters.raw).ok_or_else(|| Unsupported::of(oid));
        }
        // RFC 5280 demands absent parameters for ECDSA and NULL for RSA; real SM2 authorities write NULL. Both carry nothing.
        if parameters.is_some_and(|element| element.raw != [tag::NULL, 0]) {
            return Err(Unsupported::of(oid));
        }
        Self::from_oid(oid, key)
    }

    /// The algorithm that an object identifier without parameters names, for a key of this kind.
    ///
    /// # Errors
    /// [`Unsupported`] when it is unknown or does not fit the key.
    pub fn from_oid(oid: Oid<'_>, key: KeyKind) -> Result<Self, Unsupported> {
        let algorithm = match (oid, key) {
            (Oid::SM2_SM3, KeyKind::Sm2) => Self::Sm2Sm3,
            (Oid::ED25519, KeyKind::Ed25519) => Self::Ed25519,
            (Oid::ECDSA_SHA256, KeyKind::P256) => Self::EcdsaP256Sha256,
            (Oid::ECDSA_SHA384, KeyKind::P256) => Self::EcdsaP256Sha384,
            (Oid::ECDSA_SHA256, KeyKind::P384) => Self::EcdsaP384Sha256,
            (Oid::ECDSA_SHA384, KeyKind::P384) => Self::EcdsaP384Sha384,
            (Oid::RSA_SHA256, KeyKind::Rsa) => Self::RsaPkcs1Sha256,
            (Oid::RSA_SHA384, KeyKind::Rsa) => Self::RsaPkcs1Sha384,
            (Oid::RSA_SHA512, KeyKind::Rsa) => Self::RsaPkcs1Sha512,
            _ => return Err(Unsupported::of(oid)),
        };
        Ok(algorithm)
    }

    /// The algorithm of a CMS `SignerInfo`, which may name only the key type and leave the digest to its own field.
    ///
    /// # Errors
    /// As [`Algorithm::from_identifier`].
    pub fn from_cms(identifier: &[u8], digest: DigestAlgorithm, key: KeyKind) -> Result<Self, Unsupported> {
        let mut fields = Reader::new(identifier).sequence().map_err(Unsupported::malformed)?;
        let oid = Oid(fields.read(tag::OID).map_err(Unsupported::malformed)?.content);
        match (oid, digest, key) {
            (Oid::SM2_SIGN, DigestAlgorithm::Sm3, KeyKind::Sm2) => Ok(Self::Sm2Sm3),
            (Oid::RSA, DigestAlgorithm::Sha256, KeyKind::Rsa) => Ok(Self::RsaPkcs1Sha256),
            (Oid::RSA, DigestAlgorithm::Sha384, KeyKind::Rsa) => Ok(Self::RsaPkcs1Sha384),
            (Oid::RSA, DigestAlgorithm::Sha512, KeyKind::Rsa) => Ok(Self::RsaPkcs1Sha512),
            _ => {
                let algorithm = Self::from_identifier(identifier, key)?;
                // RFC 8419 fixes SHA-512 for Ed25519; for all others the two fields must agree.
                if algorithm.row().digest == digest { Ok(algorithm) } else { Err(Unsupported::of(oid)) }
            }
        }
    }

    /// Checks a signature in the form used in certificates, CMS and seals.
    ///
    /// # Errors
    /// [`BadSignature`], also when the key is of another kind or not a valid key.
    pub fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.check(key, self.row().verify, message, signature)
    }

    /// Checks a signature in the form used in JWS, where elliptic-curve values have a fixed width.
    ///
    /// # Errors
    /// As [`Algorithm::verify`].
    pub fn verify_fixed(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.check(key, self.row().verify_fixed, message, signature)
    }

    fn check(self, key: &PublicKey, verify: Verify, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if key.kind() == self.row().key { verify(key, message, signature) } else { Err(BadSignature) }
    }
}

/// `RSASSA-PSS-params` (RFC 4055 3.1) as everybody writes them: one digest throughout, its length as salt, trailer field 1.
fn pss(parameters: &[u8]) -> Option<Algorithm> {
    fn read(parameters: &[u8]) -> der::Result<Option<Algorithm>> {
        let mut fields = Reader::new(parameters).sequence()?;
        let hash = digest_of(&mut fields.read(tag::context(0))?.reader())?;
        let mut mask = fields.read(tag::context(1))?.reader().sequence()?;
        let mask_oid = Oid(mask.read(tag::OID)?.content);
        let mask_hash = digest_of(&mut mask)?;
        let salt = fields.read(tag::context(2))?.reader().read(tag::INTEGER)?.small()?;
        if let Some(trailer) = fields.optional(tag::context(3))?
            && trailer.reader().read(tag::INTEGER)?.small()? != 1
        {
            return Ok(None);
        }
        fields.end()?;
        Ok(match (hash, salt) {
            _ if mask_oid != Oid::MGF1 || mask_hash != hash => None,
            (Some(DigestAlgorithm::Sha256), 32) => Some(Algorithm::RsaPssSha256),
            (Some(DigestAlgorithm::Sha384), 48) => Some(Algorithm::RsaPssSha384),
            (Some(DigestAlgorithm::Sha512), 64) => Some(Algorithm::RsaPssSha512),
            _ => None,
        })
    }
    read(parameters).ok().flatten()
}

fn digest_of(reader: &mut Reader<'_>) -> der::Result<Option<DigestAlgorithm>> {
    Ok(DigestAlgorithm::from_oid(Oid(reader.sequence()?.read(tag::OID)?.content)))
}

/// An algorithm identifier that is not in the table or does not fit the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The object identifier, in dotted form; empty when there was none to read.
    pub oid: String,
}

impl Unsupported {
    fn of(oid: Oid<'_>) -> Self {
        Self { oid: oid.to_string() }
    }

    const fn malformed(_: der::DerError) -> Self {
        Self { oid: String::new() }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signature algorithm {:?} is not supported for this key", self.oid)
    }
}

impl std::error::Error for Unsupported {}

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not fit the key and the message")
    }
}

impl std::error::Error for BadSignature {}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}
