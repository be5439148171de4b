//! A growing tree: its right edge, which is all that appending needs.

use super::TlogError;
use super::merkle::{EMPTY, Hash, node_hash, perfect_root};
use super::tile::{TILE_HEIGHT, TILE_WIDTH};

/// The most leaves. Other readers count with 63 bits.
const SIZE_MAX: u64 = i64::MAX.unsigned_abs();

/// A tree of which only the partial tiles of the right edge are kept: some kilobytes, whatever its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// For every level of tiles the hashes of the last tile as long as it is partial.
    edge: Vec<Vec<Hash>>,
    /// The tree is made of perfect trees that get smaller from left to right: their roots, one for each bit of the size that is
    /// set. They follow from the edge, and save hashing it for every root.
    peaks: Vec<Hash>,
}

/// A hash tile that has just become full and never changes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// From 0, at the leaves.
    pub level: u8,
    /// Its place in the level.
    pub index: u64,
    /// All 256 hashes.
    pub hashes: Vec<Hash>,
}

impl Tree {
    /// The tree of this size with this edge: for each level from 0 the hashes of the partial tile, as [`Tree::partial`] shows them.
    ///
    /// # Errors
    /// [`TlogError::Tree`] when a level has not the number of hashes that follows from the size.
    pub fn from_edge(size: u64, edge: Vec<Vec<Hash>>) -> Result<Self, TlogError> {
        let mut expected = Vec::new();
        let mut hashes = size;
        while hashes > 0 {
            expected.push(hashes % u64::from(TILE_WIDTH));
            hashes >>= TILE_HEIGHT;
        }
        let fits = |(row, count): (&Vec<Hash>, &u64)| u64::try_from(row.len()) == Ok(*count);
        if size > SIZE_MAX || edge.len() != expected.len() || !edge.iter().zip(&expected).all(fits) {
            return Err(TlogError::Tree);
        }
        let peaks = peaks(&edge);
        Ok(Self { size, edge, peaks })
    }

    /// How many leaves it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the last tile of a level; none when that tile is full or there is no such level.
    #[must_use]
    pub fn partial(&self, level: u8) -> &[Hash] {
        self.edge.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// How many levels of tiles it has.
    #[must_use]
    pub const fn levels(&self) -> usize {
        self.edge.len()
    }

    /// Adds a leaf. Gives the tiles that became full, lowest level first.
    ///
    /// # Errors
    /// [`TlogError::Tree`] when the tree has 2^63 - 1 leaves.
    pub fn append(&mut self, leaf: Hash) -> Result<Vec<FullTile>, TlogError> {
        if self.size >= SIZE_MAX {
            return Err(TlogError::Tree);
        }
        let (mut hash, mut full, mut height) = (leaf, Vec::new(), 0u8);
        self.push(0, leaf);
        // Two perfect trees of the same height become one, as when one is added to a binary number.
        while self.size >> height & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = node_hash(&left, &hash);
            height += 1;
            if height.is_multiple_of(TILE_HEIGHT) {
                let level = height / TILE_HEIGHT;
                let hashes = self.edge.get_mut(usize::from(level - 1)).map(std::mem::take).unwrap_or_default();
                full.push(FullTile { level: level - 1, index: self.size >> height, hashes });
                self.push(level, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        Ok(full)
    }

    /// Adds a hash to the last tile of a level.
    fn push(&mut self, level: u8, hash: Hash) {
        match self.edge.get_mut(usize::from(level)) {
            Some(row) => row.push(hash),
            // Levels begin one after the other.
            None => self.edge.push(vec![hash]),
        }
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.peaks.iter().copied().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY)
    }
}

/// The roots of the perfect trees of which a tree with this edge is made, from left to right.
fn peaks(edge: &[Vec<Hash>]) -> Vec<Hash> {
    let mut peaks = Vec::new();
    for row in edge.iter().rev() {
        let mut right = row.as_slice();
        for width in (0..TILE_HEIGHT).rev().map(|height| 1usize << height).filter(|width| row.len() & width != 0) {
            let (first, rest) = right.split_at(width.min(right.len()));
            peaks.push(perfect_root(first));
            right = rest;
        }
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::leaf_hash;
    use crate::tlog::testing::{leaves, naive_root};

    #[test]
    fn the_root_is_that_of_the_definition() {
        let leaves = leaves(700);
        let mut tree = Tree::default();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), naive_root(&leaves[..count]), "{count}");
            tree.append(*leaf).unwrap();
        }
        assert_eq!((tree.size(), tree.root()), (700, naive_root(&leaves)));
    }

    #[test]
    fn full_tiles_come_out_once_and_in_order() {
        let mut tree = Tree::default();
        let mut tiles = Vec::new();
        for n in 0..65_536u32 + 300 {
            tiles.extend(tree.append(leaf_hash(&n.to_be_bytes())).unwrap());
        }
        let names: Vec<(u8, u64)> = tiles.iter().map(|tile| (tile.level, tile.index)).collect();
        let mut expected: Vec<(u8, u64)> = (0..256).map(|index| (0, index)).collect();
        expected.extend([(1, 0), (0, 256)]);
        assert_eq!(names, expected);
        assert!(tiles.iter().all(|tile| tile.hashes.len() == 256));
        assert_eq!([0, 1, 2, 3].map(|level| tree.partial(level).len()), [44, 1, 1, 0]);
        assert_eq!(tree.partial(2), [perfect_root(&tiles[256].hashes)]);
        assert_eq!(tiles[256].hashes[7], perfect_root(&tiles[7].hashes));
        assert_eq!(tiles[1].hashes[2], leaf_hash(&258u32.to_be_bytes()));
    }

    #[test]
    fn an_edge_must_fit_the_size() {
        let mut tree = Tree::default();
        for leaf in leaves(600) {
            tree.append(leaf).unwrap();
        }
        let edge = vec![tree.partial(0).to_vec(), tree.partial(1).to_vec()];
        assert_eq!((edge[0].len(), edge[1].len(), tree.levels()), (88, 2, 2));
        let mut again = Tree::from_edge(600, edge.clone()).unwrap();
        assert_eq!(again, tree);
        assert_eq!(again.append(EMPTY), tree.append(EMPTY));
        assert_eq!(again.root(), tree.root());
        for (size, edge) in [
            (601, edge.clone()),
            (0, edge.clone()),
            (600, vec![edge[0].clone()]),
            (600, vec![edge[0].clone(), edge[1].clone(), Vec::new()]),
            (600, vec![edge[0].clone(), vec![EMPTY]]),
            (u64::MAX, vec![vec![EMPTY; 255]; 8]),
        ] {
            assert_eq!(Tree::from_edge(size, edge), Err(TlogError::Tree), "{size}");
        }
        assert_eq!(Tree::from_edge(0, Vec::new()), Ok(Tree::default()));
        let mut last = vec![vec![EMPTY; 255]; 7];
        last.push(vec![EMPTY; 127]);
        assert_eq!(Tree::from_edge(SIZE_MAX, last).unwrap().append(EMPTY), Err(TlogError::Tree), "there is no place left");
    }
}
