//! Tiles (C2SP tlog-tiles): how the pieces of a tree are named and packed.

use std::fmt;
use std::str::FromStr;

use super::text::decimal;
use super::{Hash, TlogError};

/// How many hashes a full tile has, and how many entries a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// How many levels of the tree one level of tiles stands for.
pub const TILE_HEIGHT: u8 = 8;

/// The longest entry, in bytes: its length is written in two.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// The highest level that a path may name. Trees of 64 bits have no tiles above level 7.
const LEVEL_MAX: u8 = 63;

/// What is in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// The entries themselves, of which the leaves are hashes.
    Entries,
    /// Hashes of subtrees of 256^level leaves.
    Hashes {
        /// From 0, at the leaves.
        level: u8,
    },
}

/// The name of a tile: `tile/0/x001/x234/067` or `tile/entries/000.p/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl TilePath {
    /// A tile of this kind, or the part of one that has these many hashes or entries. `None` when there is no such tile.
    #[must_use]
    pub const fn new(kind: TileKind, index: u64, width: u16) -> Option<Self> {
        let level_exists = match kind {
            TileKind::Entries => true,
            TileKind::Hashes { level } => level <= LEVEL_MAX,
        };
        if level_exists && width >= 1 && width <= TILE_WIDTH { Some(Self { kind, index, width }) } else { None }
    }

    /// What is in it.
    #[must_use]
    pub const fn kind(self) -> TileKind {
        self.kind
    }

    /// Its place among the tiles of its level, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes or entries it has: 256 unless it is partial.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// How wide it is in a tree of `size` leaves; `None` when that tree has no part of it.
    #[must_use]
    pub fn width_at(self, size: u64) -> Option<u16> {
        let level = match self.kind {
            TileKind::Entries => 0,
            TileKind::Hashes { level } => level,
        };
        width_at(size, level, self.index)
    }
}

/// How many hashes the tile `index` of a level has in a tree of `size` leaves; `None` when it has none.
#[must_use]
pub fn width_at(size: u64, level: u8, index: u64) -> Option<u16> {
    let hashes = size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level))?;
    let left = hashes.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?;
    u16::try_from(left.min(u64::from(TILE_WIDTH))).ok().filter(|width| *width > 0)
}

/// The bytes of a hash tile.
#[must_use]
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile of this width.
///
/// # Errors
/// [`TlogError::Tile`] when there are more or fewer.
pub fn decode_hashes(bytes: &[u8], width: u16) -> Result<Vec<Hash>, TlogError> {
    let (hashes, []) = bytes.as_chunks::<32>() else { return Err(TlogError::Tile) };
    if hashes.len() == usize::from(width) { Ok(hashes.iter().map(|hash| Hash(*hash)).collect()) } else { Err(TlogError::Tile) }
}

/// The bytes of an entry bundle: each entry behind its length.
///
/// # Errors
/// [`TlogError::Tile`] when an entry is longer than [`ENTRY_BYTES_MAX`], or when there are more than 256.
pub fn encode_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TlogError> {
    if entries.len() > usize::from(TILE_WIDTH) {
        return Err(TlogError::Tile);
    }
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| 2 + entry.as_ref().len()).sum());
    for entry in entries {
        let length = u16::try_from(entry.as_ref().len()).or(Err(TlogError::Tile))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry.as_ref());
    }
    Ok(bytes)
}

/// The entries of a bundle of this width.
///
/// # Errors
/// [`TlogError::Tile`] when there are more or fewer, or when one is cut off.
pub fn decode_entries(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, TlogError> {
    let mut entries = Vec::with_capacity(usize::from(width.min(TILE_WIDTH)));
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let (entry, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(TlogError::Tile)?;
        if entries.len() == usize::from(width) {
            return Err(TlogError::Tile);
        }
        entries.push(entry);
        rest = behind;
    }
    if rest.is_empty() && entries.len() == usize::from(width) { Ok(entries) } else { Err(TlogError::Tile) }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries")?,
            TileKind::Hashes { level } => write!(f, "tile/{level}")?,
        }
        // Three digits for each part of the path, so that no folder gets more than a thousand names.
        let mut power = 1;
        while self.index / power >= 1000 {
            power *= 1000;
        }
        while power > 1 {
            write!(f, "/x{:03}", self.index / power % 1000)?;
            power /= 1000;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = TlogError;

    fn from_str(text: &str) -> Result<Self, TlogError> {
        // Nothing that is named here needs a longer path.
        let read = if text.len() <= 64 { read_path(text) } else { None };
        // Printing again refuses all that has a second form, such as `x000/001`.
        read.filter(|path| path.to_string() == text).ok_or(TlogError::TilePath)
    }
}

fn read_path(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes { level: u8::try_from(decimal(level)?).ok()? },
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, u16::try_from(decimal(width)?).ok()?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0u64;
    for part in number.split('/') {
        let digits = part.strip_prefix('x').unwrap_or(part);
        if digits.len() != 3 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    TilePath::new(kind, index, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::leaf_hash;

    #[test]
    fn paths_are_those_of_the_specification() {
        let hashes = |level, index, width| TilePath::new(TileKind::Hashes { level }, index, width).unwrap();
        let entries = |index, width| TilePath::new(TileKind::Entries, index, width).unwrap();
        for (path, text) in [
            (hashes(0, 1_234_067, 8), "tile/0/x001/x234/067.p/8"),
            (hashes(5, 0, 256), "tile/5/000"),
            (hashes(63, 999, 255), "tile/63/999.p/255"),
            (entries(0, 256), "tile/entries/000"),
            (entries(1000, 1), "tile/entries/x001/000.p/1"),
            (hashes(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
        ] {
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path), "{text}");
        }
        for bad in [
            "",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/x/000",
            "tile/data/000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/x000/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/08",
            "tile/0/000.p/",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/+01",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/8/0/000",
        ] {
            assert_eq!(bad.parse::<TilePath>(), Err(TlogError::TilePath), "{bad:?}");
        }
        assert!(TilePath::new(TileKind::Entries, 0, 257).is_none());
    }

    #[test]
    fn widths_follow_from_the_size() {
        // The example of the specification: a tree of 70,000 leaves.
        for (level, index, width) in
            [(0, 272, Some(256)), (0, 273, Some(112)), (0, 274, None), (1, 0, Some(256)), (1, 1, Some(17)), (2, 0, Some(1))]
        {
            assert_eq!(width_at(70_000, level, index), width, "{level} {index}");
        }
        for (level, index) in [(3, 0), (8, 0), (63, 0), (0, u64::MAX)] {
            assert_eq!(width_at(70_000, level, index), None, "{level} {index}");
        }
        assert_eq!(width_at(256, 1, 0), Some(1));
        assert_eq!(width_at(u64::MAX, 7, 0), Some(255));
        assert_eq!(TilePath::new(TileKind::Entries, 273, 1).unwrap().width_at(70_000), Some(112));
    }

    #[test]
    fn tiles_and_bundles_are_read_as_they_are_written() {
        let hashes: Vec<Hash> = (0..9u8).map(|n| leaf_hash(&[n])).collect();
        let bytes = encode_hashes(&hashes);
        assert_eq!(decode_hashes(&bytes, 9), Ok(hashes));
        for (end, width) in [(bytes.len(), 8), (bytes.len(), 10), (bytes.len() - 1, 9), (0, 1)] {
            assert_eq!(decode_hashes(&bytes[..end], width), Err(TlogError::Tile));
        }

        let entries = [&b"first"[..], b"", &[7; ENTRY_BYTES_MAX]];
        let bytes = encode_entries(&entries).unwrap();
        assert_eq!(bytes.len(), 6 + 5 + ENTRY_BYTES_MAX);
        assert_eq!(decode_entries(&bytes, 3).unwrap(), entries);
        for (end, width) in [(bytes.len(), 2), (bytes.len(), 4), (bytes.len() - 1, 3), (1, 0), (1, 1)] {
            assert_eq!(decode_entries(&bytes[..end], width), Err(TlogError::Tile), "{end} {width}");
        }
        assert_eq!(encode_entries(&[[7; ENTRY_BYTES_MAX + 1]]), Err(TlogError::Tile));
        assert_eq!(encode_entries(&[[0; 1]; 257]), Err(TlogError::Tile));
    }
}
