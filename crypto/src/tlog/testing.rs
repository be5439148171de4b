//! What the tests of this folder share: leaves, a tree by the letter of the definition, tiles in memory, keys that sign.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use super::merkle::{EMPTY, Hash, leaf_hash, node_hash};
use super::{HashTiles, KeyType, NoteSigner, Tree, VerifierKey};
use crate::issue;

/// Leaves that differ.
pub(super) fn leaves(count: u32) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// The root by the definition of RFC 6962, section 2.1.
pub(super) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// All tiles of a tree. Notes what it is asked for.
pub(super) struct Kept {
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
    asked: RefCell<Vec<(u8, u64)>>,
}

impl Kept {
    pub(super) fn of(leaves: &[Hash]) -> Self {
        let (mut tree, mut tiles) = (Tree::default(), BTreeMap::new());
        for leaf in leaves {
            for tile in tree.append(*leaf).unwrap() {
                tiles.insert((tile.level, tile.index), tile.hashes);
            }
        }
        for level in 0..u8::try_from(tree.levels()).unwrap() {
            let index = tree.size() >> (8 * (u32::from(level) + 1));
            tiles.insert((level, index), tree.partial(level).to_vec());
        }
        Self { tiles, asked: RefCell::default() }
    }

    /// Sorted, with repetitions.
    pub(super) fn asked(&self) -> Vec<(u8, u64)> {
        let mut asked = self.asked.borrow().clone();
        asked.sort_unstable();
        asked
    }
}

impl HashTiles for Kept {
    type Error = Infallible;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Infallible> {
        self.asked.borrow_mut().push((level, index));
        Ok(self.tiles[&(level, index)].iter().take(usize::from(width)).copied().collect())
    }
}

/// A key of the issuing kit under a name.
pub(super) struct Kit {
    key: VerifierKey,
    signing: issue::SigningKey,
}

impl Kit {
    pub(super) fn new(name: &str, kind: KeyType) -> Self {
        let kit = if kind == KeyType::Sm2 { issue::KeyType::Sm2 } else { issue::KeyType::Ed25519 };
        let signing = issue::SigningKey::from_label(kit, name);
        Self { key: VerifierKey::new(name, kind, signing.public_key().bits()).unwrap(), signing }
    }
}

impl NoteSigner for Kit {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.signing.sign_fixed(message))
    }
}
