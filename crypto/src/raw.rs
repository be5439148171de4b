//! A bare signature: key, message and value, as other engines and test suites hand them over. Nothing is said about whose key
//! it is, nor whether anybody trusts it.

use std::fmt;

use crate::der::{self, DerError};
use crate::digest::from_hex;
use crate::sig::{Algorithm, BadSignature, KeyKind, PublicKey};
use crate::x509::pem;

/// How the value of a signature is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As in certificates and CMS: DER for elliptic curves.
    #[default]
    Der,
    /// As in JWS: the pair r ‖ s of fixed width for elliptic curves. The same as the other for RSA and Ed25519.
    Fixed,
}

/// A signature to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// How it was made. SM2 is taken with the default user identifier of GB/T 35276, `1234567812345678`.
    pub algorithm: Algorithm,
    /// The public key: see [`public_key`].
    pub key: &'a [u8],
    /// The message as it was signed.
    pub message: &'a [u8],
    /// The value.
    pub signature: &'a [u8],
    /// How the value is written.
    pub form: Form,
}

/// Why a signature is not known to be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawError {
    /// The key cannot be read.
    Key(DerError),
    /// The key is not of the kind that the algorithm needs.
    OtherKey(KeyKind),
    /// The algorithm has no fixed form here.
    NoFixedForm,
    /// The value does not fit key and message.
    Bad,
}

impl Raw<'_> {
    /// Checks the signature.
    ///
    /// # Errors
    /// [`RawError`]; only [`RawError::Bad`] says that the signature was looked at and is bad.
    pub fn verify(&self) -> Result<(), RawError> {
        let row = self.algorithm.row();
        let key = public_key(self.key, row.key).map_err(RawError::Key)?;
        if key.kind() != row.key {
            return Err(RawError::OtherKey(key.kind()));
        }
        let bad = |BadSignature| RawError::Bad;
        match self.form {
            Form::Der => self.algorithm.verify(&key, self.message, self.signature).map_err(bad),
            Form::Fixed if row.jose.is_none() => Err(RawError::NoFixedForm),
            Form::Fixed => self.algorithm.verify_fixed(&key, self.message, self.signature).map_err(bad),
        }
    }
}

/// Reads a public key: a `SubjectPublicKeyInfo` or a certificate, PEM or DER; or hexadecimal digits of a bare key of this kind,
/// which are an elliptic curve's point with or without its leading 04, the 32 octets of Ed25519, or `RSAPublicKey`.
///
/// # Errors
/// [`DerError`] when it is none of these, or of a kind that is not known.
pub fn public_key(bytes: &[u8], kind: KeyKind) -> der::Result<PublicKey> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if let Some(spki) = pem::blocks(text, "PUBLIC KEY")?.first() {
        return PublicKey::from_spki(spki);
    }
    if let Some(bare) = from_hex(&text.split_ascii_whitespace().collect::<String>()).filter(|bare| !bare.is_empty()) {
        return bare_key(bare, kind);
    }
    PublicKey::from_spki(bytes).or_else(|error| {
        let certificates = pem::certificates(bytes).map_err(|_other| error)?;
        certificates.first().and_then(|certificate| certificate.key().cloned()).ok_or(error)
    })
}

fn bare_key(bits: Vec<u8>, kind: KeyKind) -> der::Result<PublicKey> {
    let point = |octets: usize| match bits.len() {
        length if length == octets => Ok([&[4], bits.as_slice()].concat()),
        length if length == octets + 1 && bits.first() == Some(&4) => Ok(bits.clone()),
        _ => Err(DerError::BadLength),
    };
    let bits = match kind {
        KeyKind::Sm2 | KeyKind::P256 => point(64)?,
        KeyKind::P384 => point(96)?,
        KeyKind::Ed25519 if bits.len() == 32 => bits,
        KeyKind::Ed25519 => return Err(DerError::BadLength),
        KeyKind::Rsa => bits,
    };
    Ok(PublicKey::new(kind, bits))
}

impl fmt::Display for RawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => write!(f, "the key cannot be read: {error}"),
            Self::OtherKey(kind) => write!(f, "the key is of the kind {}, which is not the algorithm's", kind.name()),
            Self::NoFixedForm => f.write_str("the algorithm has no fixed form"),
            Self::Bad => f.write_str("the signature does not fit key and message"),
        }
    }
}

impl std::error::Error for RawError {}
