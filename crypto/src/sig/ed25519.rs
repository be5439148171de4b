//! Ed25519 (RFC 8032), verified strictly: canonical encodings alone, no points of small order.

use ed25519_dalek::{Signature, VerifyingKey};

use super::{BadSignature, PublicKey};

/// Checks a 64-octet signature.
///
/// # Errors
/// [`BadSignature`], also for weak keys and for encodings that are not canonical.
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let bits = key.bits().try_into().or(Err(BadSignature))?;
    let key = VerifyingKey::from_bytes(bits).or(Err(BadSignature))?;
    let signature = Signature::from_slice(signature).or(Err(BadSignature))?;
    key.verify_strict(message, &signature).or(Err(BadSignature))
}
