//! Revocation lists as long as those of the largest authorities.

use crypto::issue::{CrlBuilder, KeyType, Name, Reason, SigningKey};
use crypto::time::Timestamp;

/// A revocation list with so many entries, not in the order of their numbers, DER.
#[must_use]
pub fn list(entries: u128) -> Vec<u8> {
    let (name, key) = (Name::new("licet benches", "root"), SigningKey::from_label(KeyType::P256, "root"));
    let made = Timestamp::from_unix(1_780_000_000);
    let revoke = |list: CrlBuilder, entry: u128| list.revoke((entry * 7919 % 1_250_003) << 64 | 5, made, Reason::Superseded);
    (0..entries).fold(CrlBuilder::new(1, made, None), revoke).issue(&name, &key)
}
