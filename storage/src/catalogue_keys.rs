//! The keys of the catalogue: the rows `K` and `k` of the table in [`keys`](crate::keys).

use crypto::digest::Sha256;

use crate::engine::Space;
use crate::keys::{Key, key};

/// How far the catalogue has come.
pub(crate) fn head() -> Key {
    key(Space::Hot, &[b"K"])
}

/// What made a version of the catalogue.
pub(crate) fn change(version: u64) -> Key {
    key(Space::Obj, &[b"K", &version.to_be_bytes()])
}

/// The beginning of the keys of whole catalogues.
pub(crate) const WHOLES: &[u8] = b"k";

/// A whole version of the catalogue.
pub(crate) fn whole(version: u64) -> Key {
    key(Space::Obj, &[WHOLES, &version.to_be_bytes()])
}

/// The beginning of the key of the change whose request had this name.
pub(crate) fn names(name: &Sha256) -> Vec<u8> {
    [&b"K"[..], &name.0].concat()
}

/// The same, with the version that it made.
pub(crate) fn named(name: &Sha256, version: u64) -> Key {
    key(Space::Idx, &[&names(name), &version.to_be_bytes()])
}

/// The version at the end of a key of the catalogue.
pub(crate) fn version(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|version| u64::from_be_bytes(*version))
}
