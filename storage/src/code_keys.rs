//! The keys of use codes and of used tokens: the rows `U` of the table in [`keys`](crate::keys).

use crypto::time::Timestamp;

use crate::engine::Space;
use crate::keys::{Key, key, time};
use crate::vault::Blind;

/// The index of use codes by the time of their end.
pub(crate) const USE_CODES: &[u8] = b"Uc";

/// The index of used tokens by the time at which their rows end.
pub(crate) const TOKENS: &[u8] = b"Ut";

pub(crate) fn use_code(name: &Blind) -> Key {
    key(Space::Hot, &[USE_CODES, name])
}

pub(crate) fn token(name: &Blind) -> Key {
    key(Space::Hot, &[TOKENS, name])
}

/// The row of an index of what ends.
pub(crate) fn expiring(index: &[u8], ends: Timestamp, name: &Blind) -> Key {
    key(Space::Idx, &[index, &time(ends), name])
}

/// Where the rows begin that have not ended at this moment.
pub(crate) fn expiring_until(index: &[u8], now: Timestamp) -> Vec<u8> {
    [index, &time(now)].concat()
}
