//! Public keys, read from a `SubjectPublicKeyInfo`.

use crate::der::{self, DerError, Reader, tag};
use crate::oid::Oid;

/// The kinds of key that licet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum KeyKind {
    Ed25519,
    P256,
    P384,
    Rsa,
    Sm2,
}

/// A public key: its kind and its bits. Whether a point lies on its curve is decided by whoever computes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    bits: Vec<u8>,
}

impl KeyKind {
    /// Stable name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa => "rsa",
            Self::Sm2 => "sm2",
        }
    }
}

impl PublicKey {
    /// A key from its kind and bits: an uncompressed point, 32 octets for Ed25519, `RSAPublicKey` for RSA.
    #[must_use]
    pub const fn new(kind: KeyKind, bits: Vec<u8>) -> Self {
        Self { kind, bits }
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7, RFC 5480, RFC 8410, GB/T 20518).
    ///
    /// # Errors
    /// [`DerError`] when it is malformed; [`DerError::BadValue`] when the kind of key is not known.
    pub fn from_spki(spki: &[u8]) -> der::Result<Self> {
        let mut fields = der::single(spki, tag::SEQUENCE)?.reader();
        let mut algorithm = fields.sequence()?;
        let oid = Oid(algorithm.read(tag::OID)?.content);
        let bits = fields.read(tag::BIT_STRING)?.octets()?;
        fields.end()?;
        let kind = match oid {
            Oid::ED25519 if algorithm.is_empty() && bits.len() == 32 => KeyKind::Ed25519,
            Oid::RSA => KeyKind::Rsa,
            // Some authorities name the curve where the type of key belongs (Tongsuo writes such certificates).
            Oid::SM2_CURVE if bits.len() == 65 => KeyKind::Sm2,
            Oid::EC_PUBLIC_KEY => match Oid(algorithm.read(tag::OID)?.content) {
                Oid::SM2_CURVE if bits.len() == 65 => KeyKind::Sm2,
                Oid::P256 if bits.len() == 65 => KeyKind::P256,
                Oid::P384 if bits.len() == 97 => KeyKind::P384,
                _ => return Err(DerError::BadValue),
            },
            _ => return Err(DerError::BadValue),
        };
        if kind != KeyKind::Ed25519 && kind != KeyKind::Rsa && bits.first() != Some(&4) {
            return Err(DerError::BadValue); // Compressed points occur in none of the certificate profiles.
        }
        Ok(Self { kind, bits: bits.to_vec() })
    }

    /// The kind of key.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key's bits, as in the BIT STRING of its `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The size that policies speak of, in bits: the modulus for RSA, the field for curves.
    #[must_use]
    pub fn size(&self) -> usize {
        match self.kind {
            KeyKind::Ed25519 | KeyKind::P256 | KeyKind::Sm2 => 256,
            KeyKind::P384 => 384,
            KeyKind::Rsa => rsa_modulus(&self.bits).map_or(0, |modulus| {
                modulus.len() * 8 - modulus.first().map_or(0, |high| usize::try_from(high.leading_zeros()).unwrap_or(0))
            }),
        }
    }
}

fn rsa_modulus(bits: &[u8]) -> der::Result<&[u8]> {
    Reader::new(bits).sequence()?.read(tag::INTEGER)?.unsigned()
}
