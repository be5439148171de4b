//! Proofs made from hash tiles.

use std::collections::BTreeMap;
use std::fmt;

use super::merkle::{EMPTY, Hash, node_hash, row_above};
use super::tile::{TILE_HEIGHT, width_at};

/// Where hash tiles come from.
pub trait HashTiles {
    /// Why a tile cannot be had.
    type Error;

    /// The first `width` hashes of a tile. A tree that has grown since may have more of them: they are cut off here.
    ///
    /// # Errors
    /// The tile cannot be had.
    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Self::Error>;
}

impl<T: HashTiles> HashTiles for &T {
    type Error = T::Error;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, T::Error> {
        T::tile(self, level, index, width)
    }
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProveError<E> {
    /// There is no such leaf or no such earlier tree.
    OutOfRange,
    /// Another number of hashes came than the tree has there.
    Width {
        /// The level of the tile.
        level: u8,
        /// Its place in the level.
        index: u64,
    },
    /// A tile cannot be had.
    Tiles(E),
}

/// Makes proofs for one size of a tree. Every tile is read once, however many proofs are made, and kept as long as this lives.
#[derive(Debug)]
pub struct Prover<T> {
    size: u64,
    tiles: T,
    /// By level and index: the tile's hashes, and above them the rows of parents.
    read: BTreeMap<(u8, u64), Vec<Vec<Hash>>>,
}

/// The proof that the leaf `index` is in the tree of `size` leaves, from the bottom up.
///
/// # Errors
/// As [`ProveError`] says.
pub fn inclusion<T: HashTiles>(size: u64, index: u64, tiles: &T) -> Result<Vec<Hash>, ProveError<T::Error>> {
    Prover::new(size, tiles).inclusion(index)
}

/// The proof that the tree of `size1` leaves is the beginning of that of `size2`.
///
/// # Errors
/// As [`ProveError`] says; there is no proof about a first tree without leaves.
pub fn consistency<T: HashTiles>(size1: u64, size2: u64, tiles: &T) -> Result<Vec<Hash>, ProveError<T::Error>> {
    Prover::new(size2, tiles).consistency(size1)
}

/// The root of the tree of `size` leaves.
///
/// # Errors
/// As [`ProveError`] says.
pub fn root<T: HashTiles>(size: u64, tiles: &T) -> Result<Hash, ProveError<T::Error>> {
    Prover::new(size, tiles).root()
}

impl<T: HashTiles> Prover<T> {
    /// Makes proofs for the tree of `size` leaves.
    #[must_use]
    pub const fn new(size: u64, tiles: T) -> Self {
        Self { size, tiles, read: BTreeMap::new() }
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Where the tiles come from.
    #[must_use]
    pub const fn tiles(&self) -> &T {
        &self.tiles
    }

    /// How many tiles are kept: each takes 16 KiB with the rows of parents.
    #[must_use]
    pub fn tiles_kept(&self) -> usize {
        self.read.len()
    }

    /// The root of the tree.
    ///
    /// # Errors
    /// As [`ProveError`] says.
    pub fn root(&mut self) -> Result<Hash, ProveError<T::Error>> {
        self.range(0, self.size)
    }

    /// The proof that the leaf `index` is in the tree, from the bottom up (RFC 6962, section 2.1.1).
    ///
    /// # Errors
    /// As [`ProveError`] says.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, ProveError<T::Error>> {
        if index >= self.size {
            return Err(ProveError::OutOfRange);
        }
        let (mut start, mut end, mut siblings) = (0, self.size, Vec::new());
        while end - start > 1 {
            let middle = start + left_width(end - start);
            if index < middle {
                siblings.push((middle, end));
                end = middle;
            } else {
                siblings.push((start, middle));
                start = middle;
            }
        }
        self.bottom_up(&siblings)
    }

    /// The proof that the tree of `size1` leaves is the beginning of this one (RFC 6962, section 2.1.2).
    ///
    /// # Errors
    /// As [`ProveError`] says.
    pub fn consistency(&mut self, size1: u64) -> Result<Vec<Hash>, ProveError<T::Error>> {
        if size1 == 0 || size1 > self.size {
            return Err(ProveError::OutOfRange);
        }
        let (mut start, mut end, mut siblings) = (0, self.size, Vec::new());
        while end != size1 {
            let middle = start + left_width(end - start);
            if size1 <= middle {
                siblings.push((middle, end));
                end = middle;
            } else {
                siblings.push((start, middle));
                start = middle;
            }
        }
        // Who checks knows the root of the first tree. Where it is no node of this one, its last part is named as well.
        if start != 0 {
            siblings.push((start, end));
        }
        self.bottom_up(&siblings)
    }

    fn bottom_up(&mut self, ranges: &[(u64, u64)]) -> Result<Vec<Hash>, ProveError<T::Error>> {
        ranges.iter().rev().map(|(start, end)| self.range(*start, *end)).collect()
    }

    /// The root of the leaves `start..end`, which are all that is below one node: perfect trees, joined from the right.
    fn range(&mut self, start: u64, end: u64) -> Result<Hash, ProveError<T::Error>> {
        let (mut left, mut root) = (end, None);
        while left > start {
            let height = (left - start).trailing_zeros();
            left -= 1 << height;
            let hash = self.perfect(height, left >> height)?;
            root = Some(root.map_or(hash, |right| node_hash(&hash, &right)));
        }
        Ok(root.unwrap_or(EMPTY))
    }

    /// The node `number` of those that have 2^height leaves below them.
    fn perfect(&mut self, height: u32, number: u64) -> Result<Hash, ProveError<T::Error>> {
        let (above, inside) = (height / u32::from(TILE_HEIGHT), height % u32::from(TILE_HEIGHT));
        let level = u8::try_from(above).or(Err(ProveError::OutOfRange))?;
        let index = number >> (u32::from(TILE_HEIGHT) - inside);
        let first = index << (u32::from(TILE_HEIGHT) - inside);
        let width = ProveError::Width { level, index };
        if !self.read.contains_key(&(level, index)) {
            let rows = self.rows(level, index)?;
            self.read.insert((level, index), rows);
        }
        let row = self.read.get(&(level, index)).and_then(|rows| rows.get(usize::try_from(inside).ok()?));
        row.and_then(|row| row.get(usize::try_from(number - first).ok()?)).copied().ok_or(width)
    }

    fn rows(&self, level: u8, index: u64) -> Result<Vec<Vec<Hash>>, ProveError<T::Error>> {
        let width = width_at(self.size, level, index).ok_or(ProveError::OutOfRange)?;
        let mut row = self.tiles.tile(level, index, width).map_err(ProveError::Tiles)?;
        if row.len() != usize::from(width) {
            return Err(ProveError::Width { level, index });
        }
        let mut rows = Vec::with_capacity(usize::from(TILE_HEIGHT));
        for _ in 0..TILE_HEIGHT {
            let above = row_above(&row);
            rows.push(row);
            row = above;
        }
        Ok(rows)
    }
}

/// How many of `count` leaves, which are two at least, are below the left child: the largest power of two below `count`.
fn left_width(count: u64) -> u64 {
    1 << count.saturating_sub(1).checked_ilog2().unwrap_or(0)
}

impl<E: fmt::Display> fmt::Display for ProveError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange => f.write_str("the tree has no such leaf or no such beginning"),
            Self::Width { level, index } => write!(f, "tile {index} of level {level} has not the width that the tree gives it"),
            Self::Tiles(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for ProveError<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::merkle::{verify_consistency, verify_inclusion};
    use crate::tlog::testing::{Kept, leaves, naive_root};

    #[test]
    fn every_proof_of_small_trees_is_right() {
        let leaves = leaves(80);
        let kept = Kept::of(&leaves);
        for size in 0..=80 {
            let mut prover = Prover::new(size, &kept);
            let root = prover.root().unwrap();
            assert_eq!(root, naive_root(&leaves[..usize::try_from(size).unwrap()]), "{size}");
            for index in 0..size {
                let proof = prover.inclusion(index).unwrap();
                let leaf = &leaves[usize::try_from(index).unwrap()];
                assert_eq!(verify_inclusion(index, size, leaf, &root, &proof), Ok(()), "{index} in {size}");
            }
            for earlier in 1..=size {
                let first = naive_root(&leaves[..usize::try_from(earlier).unwrap()]);
                let proof = prover.consistency(earlier).unwrap();
                assert_eq!(verify_consistency(earlier, size, &first, &root, &proof), Ok(()), "{earlier} in {size}");
            }
            assert_eq!(prover.inclusion(size), Err(ProveError::OutOfRange));
            assert_eq!(prover.consistency(size + 1), Err(ProveError::OutOfRange));
            assert_eq!(prover.consistency(0), Err(ProveError::OutOfRange));
        }
    }

    #[test]
    fn earlier_trees_are_proven_from_the_tiles_of_a_later_one() {
        let leaves = leaves(66_000);
        let kept = Kept::of(&leaves);
        let root_of = |size: u64| naive_root(&leaves[..usize::try_from(size).unwrap()]);
        for size in [255, 256, 257, 511, 65_535, 65_536, 65_537, 65_800, 66_000] {
            let root = root_of(size);
            for index in [0, 1, 254, 255, 256, 257, size / 2, size - 2, size - 1].into_iter().filter(|index| *index < size) {
                let proof = inclusion(size, index, &kept).unwrap();
                let leaf = leaves[usize::try_from(index).unwrap()];
                assert_eq!(verify_inclusion(index, size, &leaf, &root, &proof), Ok(()), "{index} in {size}");
            }
            for earlier in [1, 2, 255, 256, 257, size - 1, size].into_iter().filter(|earlier| *earlier <= size) {
                let proof = consistency(earlier, size, &kept).unwrap();
                assert_eq!(verify_consistency(earlier, size, &root_of(earlier), &root, &proof), Ok(()), "{earlier} in {size}");
            }
        }
        assert_eq!(root(66_000, &kept).unwrap(), root_of(66_000));
    }

    #[test]
    fn a_tile_is_read_once() {
        let leaves = leaves(66_000);
        let kept = Kept::of(&leaves);
        let mut prover = Prover::new(66_000, &kept);
        for index in 0..600 {
            prover.inclusion(index).unwrap();
        }
        prover.consistency(300).unwrap();
        prover.root().unwrap();
        let asked = kept.asked();
        // Three tiles with the leaves, those on the right edge of each level, and their parents.
        assert_eq!(asked, [(0, 0), (0, 1), (0, 2), (0, 257), (1, 0), (1, 1), (2, 0)], "in whatever order, none twice");
    }

    #[test]
    fn tiles_of_another_width_are_refused() {
        struct Short;
        impl HashTiles for Short {
            type Error = &'static str;
            fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, &'static str> {
                if level > 0 { Err("no such tile") } else { Ok(vec![EMPTY; usize::from(width) - usize::from(index == 1)]) }
            }
        }
        assert!(inclusion(300, 0, &Short).is_err_and(|error| error == ProveError::Width { level: 0, index: 1 }));
        assert!(root(1000, &Short).is_err_and(|error| error == ProveError::Tiles("no such tile")));
        assert!(inclusion(256, 0, &Short).is_ok());
    }
}
