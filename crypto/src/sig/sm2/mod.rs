//! SM2 with SM3 (GB/T 32918.2): verification.
//!
//! A signature is read and its `equation` checked: by `cold` for a key seen for the first time, by a `comb` for one that
//! [`tables`] has kept something of. Below are `point`s over a `field` and numbers modulo the order (`scalar`). All of it
//! is about public data, and takes a time that depends on the data. Keys that sign are not here.

mod base;
mod cold;
mod comb;
mod equation;
mod field;
mod limbs;
mod point;
mod pool;
#[cfg(test)]
mod reference;
mod scalar;
mod seen;
pub mod tables;

pub use pool::PoolStatistics;

use std::sync::LazyLock;

use ::sm3::{Digest, Sm3};

use super::{BadSignature, PublicKey};
use crate::der::{self, tag};
use crate::digest::sm3;

/// A key by its coordinates x ‖ y.
pub type Point = [u8; 64];

/// The identity that everybody signs under unless agreed otherwise (GM/T 0009, section 10).
pub const DEFAULT_ID: &str = "1234567812345678";

/// a, b, Gx and Gy of the recommended curve (GB/T 32918.5), as they enter Z.
const CURVE: [u8; 128] = *b"\
    \xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFC\
    \x28\xE9\xFA\x9E\x9D\x9F\x5E\x34\x4D\x5A\x9E\x4B\xCF\x65\x09\xA7\xF3\x97\x89\xF5\x15\xAB\x8F\x92\xDD\xBC\xBD\x41\x4D\x94\x0E\x93\
    \x32\xC4\xAE\x2C\x1F\x19\x81\x19\x5F\x99\x04\x46\x6A\x39\xC9\x94\x8F\xE3\x0B\xBF\xF2\x66\x0B\xE1\x71\x5A\x45\x89\x33\x4C\x74\xC7\
    \xBC\x37\x36\xA2\xF4\xF6\x77\x9C\x59\xBD\xCE\xE3\x6B\x69\x21\x53\xD0\xA9\x87\x7C\xC6\x2A\x47\x40\x02\xDF\x32\xE5\x21\x39\xF0\xA0";

/// Z, the digest that binds identity, curve and key into every signature (GB/T 32918.2, 5.5), under the default identity.
///
/// `point` is the 65-octet uncompressed point.
#[must_use]
pub fn z(point: &[u8]) -> [u8; 32] {
    z_of(point.get(1..).unwrap_or_default())
}

fn z_of(coordinates: &[u8]) -> [u8; 32] {
    BEFORE_KEY.clone().chain_update(coordinates).finalize().into()
}

/// What enters every Z before the key: half of the work.
static BEFORE_KEY: LazyLock<Sm3> =
    LazyLock::new(|| Sm3::new().chain_update([0x00, 0x80]).chain_update(DEFAULT_ID).chain_update(CURVE));

/// Checks a signature of the form `SEQUENCE { r INTEGER, s INTEGER }` over SM3(Z ‖ message).
///
/// # Errors
/// [`BadSignature`], also for a key off the curve and for any other encoding.
pub fn verify_der(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    verify(key, message, parse_der(signature).ok_or(BadSignature)?)
}

/// Checks a signature of the form r ‖ s, 32 octets each, over SM3(Z ‖ message).
///
/// # Errors
/// As [`verify_der`].
pub fn verify_raw(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    verify(key, message, signature.try_into().or(Err(BadSignature))?)
}

fn verify(key: &PublicKey, message: &[u8], signature: [u8; 64]) -> Result<(), BadSignature> {
    let Some((4, coordinates)) = key.bits().split_first() else { return Err(BadSignature) };
    let point = coordinates.try_into().or(Err(BadSignature))?;
    tables::shared().verify(point, &signature, |z| sm3(&[z, message]))
}

/// Strict DER: two positive, minimal integers of at most 32 octets and nothing else.
fn parse_der(signature: &[u8]) -> Option<[u8; 64]> {
    let mut fields = der::single(signature, tag::SEQUENCE).ok()?.reader();
    let r = fields.read(tag::INTEGER).ok()?.unsigned().ok()?;
    let s = fields.read(tag::INTEGER).ok()?.unsigned().ok()?;
    fields.end().ok()?;
    let mut out = [0; 64];
    let (r_out, s_out) = out.split_at_mut(32);
    for (half, value) in [(r_out, r), (s_out, s)] {
        let start = 32usize.checked_sub(value.len())?;
        half.get_mut(start..)?.copy_from_slice(value);
    }
    Some(out)
}
