//! The Merkle tree of RFC 6962, section 2.1: its hashes, and the check of what others say of it.
//!
//! Subtrees and their proofs are those of draft-ietf-plants-merkle-tree-certs, section 4.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::TlogError;
use super::text::{base64, unbase64};
use crate::digest::{Sha256, to_hex};

/// The hash of a leaf, of a node or of a whole tree. Printed and serialised as base64, which is what logs write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY: Hash = Hash(
    *b"\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55",
);

/// The hash of a leaf: SHA-256(0x00 ‖ entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::of(&[&[0], entry]).0)
}

/// The hash of a node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::of(&[&[1], &left.0, &right.0]).0)
}

/// Checks that this leaf is at `index` in the tree of `size` leaves with this root (RFC 9162, section 2.1.3.2).
///
/// # Errors
/// [`TlogError::Inclusion`], also for an index that is not in the tree.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, root: &Hash, proof: &[Hash]) -> Result<(), TlogError> {
    if index >= size {
        return Err(TlogError::Inclusion);
    }
    // The path of the leaf, and of the last leaf: they show where the right edge of the tree leaves levels out.
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(TlogError::Inclusion);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(TlogError::Inclusion) }
}

/// Checks that the tree of `size1` leaves is the beginning of that of `size2` (RFC 9162, section 2.1.4.2).
///
/// # Errors
/// [`TlogError::Consistency`]; also for a first tree without leaves, of which there is nothing to prove.
pub fn verify_consistency(size1: u64, size2: u64, root1: &Hash, root2: &Hash, proof: &[Hash]) -> Result<(), TlogError> {
    if size1 == 0 {
        return Err(TlogError::Consistency);
    }
    verify_subtree_consistency(0, size1, size2, root1, root2, proof)
}

/// Checks that this leaf is at `index` (counted in the whole tree) of the subtree of the leaves `start..end`.
///
/// # Errors
/// [`TlogError::Inclusion`], also when there is no such subtree.
pub fn verify_subtree_inclusion(
    index: u64,
    start: u64,
    end: u64,
    leaf: &Hash,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), TlogError> {
    if !is_subtree(start, end) || index < start {
        return Err(TlogError::Inclusion);
    }
    verify_inclusion(index - start, end - start, leaf, root, proof)
}

/// Checks that the leaves `start..end` of the tree of `size` leaves with the root `tree` have the root `subtree`.
///
/// A subtree without leaves is in every tree that is large enough, whatever that tree's root.
///
/// # Errors
/// [`TlogError::Consistency`], also when there is no such subtree.
pub fn verify_subtree_consistency(
    start: u64,
    end: u64,
    size: u64,
    subtree: &Hash,
    tree: &Hash,
    proof: &[Hash],
) -> Result<(), TlogError> {
    if end > size {
        return Err(TlogError::Consistency);
    }
    if start == end {
        return if proof.is_empty() && *subtree == EMPTY { Ok(()) } else { Err(TlogError::Consistency) };
    }
    if !is_subtree(start, end) {
        return Err(TlogError::Consistency);
    }
    // The paths of the subtree's first leaf, its last leaf and the tree's last leaf.
    let mut paths = Paths { first: start, last: end - 1, tree: size - 1 };
    let flush = paths.last == paths.tree;
    while paths.first != paths.last && (flush || paths.last & 1 == 1) {
        paths.up();
    }
    let (seed, rest) = match proof.split_first() {
        _ if paths.first == paths.last => (*subtree, proof),
        Some((first, rest)) => (*first, rest),
        None => return Err(TlogError::Consistency),
    };
    // Both roots are built from one seed: the subtree's must come out as well as the tree's.
    let (mut inner, mut outer) = (seed, seed);
    for hash in rest {
        if paths.tree == 0 {
            return Err(TlogError::Consistency);
        }
        if paths.last & 1 == 1 || paths.last == paths.tree {
            if paths.first < paths.last {
                inner = node_hash(hash, &inner);
            }
            outer = node_hash(hash, &outer);
            while paths.last & 1 == 0 {
                paths.up();
            }
        } else {
            outer = node_hash(&outer, hash);
        }
        paths.up();
    }
    if paths.tree == 0 && inner == *subtree && outer == *tree { Ok(()) } else { Err(TlogError::Consistency) }
}

struct Paths {
    first: u64,
    last: u64,
    tree: u64,
}

impl Paths {
    const fn up(&mut self) {
        self.first >>= 1;
        self.last >>= 1;
        self.tree >>= 1;
    }
}

/// Whether some leaves `start..end` are all that is below one node of a large enough tree.
fn is_subtree(start: u64, end: u64) -> bool {
    let Some(count) = end.checked_sub(start).filter(|count| *count > 0) else { return false };
    // Without a next power of two, the leaves are more than half of all that can be counted.
    count.checked_next_power_of_two().map_or(start == 0, |step| start.is_multiple_of(step))
}

/// The root of a power of two of neighbours.
pub(super) fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row_above(&row);
    }
    row.first().copied().unwrap_or(EMPTY)
}

/// The parents of all pairs.
pub(super) fn row_above(row: &[Hash]) -> Vec<Hash> {
    row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect()
}

impl FromStr for Hash {
    type Err = TlogError;

    fn from_str(text: &str) -> Result<Self, TlogError> {
        // The length first: nobody needs to decode more than there can be.
        let bytes = if text.len() == 44 { unbase64(text) } else { None };
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(TlogError::Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().ok().ok_or_else(|| serde::de::Error::custom("expected 32 bytes in base64"))
    }
}

impl schemars::JsonSchema for Hash {
    fn schema_name() -> Cow<'static, str> {
        "LogHash".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(EMPTY.0, Sha256::of(&[]).0);
        // The leaf without content, from the vectors of Certificate Transparency.
        assert_eq!(format!("{:?}", leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let pair = node_hash(&leaf_hash(b""), &leaf_hash(b"\0"));
        assert_eq!(pair.to_string(), "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=");
    }

    #[test]
    fn a_hash_has_one_text() {
        let hash = leaf_hash(b"x");
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(serde_json::from_str::<Hash>(&serde_json::to_string(&hash).unwrap()).unwrap(), hash);
        let stray = format!("{}B=", text.get(..42).unwrap());
        for bad in ["", text.get(..43).unwrap(), &format!("{text} "), &stray, "AQI="] {
            assert_eq!(bad.parse::<Hash>(), Err(TlogError::Hash), "{bad:?}");
            assert!(serde_json::from_str::<Hash>(&format!("{bad:?}")).is_err());
        }
    }

    #[test]
    fn subtrees_are_aligned() {
        for (start, end) in [(0, 1), (5, 6), (4, 7), (8, 13), (0, u64::MAX), (1 << 63, u64::MAX), (6, 8)] {
            assert!(is_subtree(start, end), "{start}..{end}");
        }
        for (start, end) in [(0, 0), (2, 1), (1, 3), (2, 5), (3, 5), (1, u64::MAX)] {
            assert!(!is_subtree(start, end), "{start}..{end}");
        }
    }
}
