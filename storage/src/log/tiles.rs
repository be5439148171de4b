//! The tiles of the logs: full ones from the disk, the last of the growing shard from memory.

use std::sync::Arc;

use crypto::record::{Entry, LogName};
use crypto::tlog::tile::{TILE_HEIGHT, decode_hashes, encode_entries, encode_hashes};
use crypto::tlog::{Hash, HashTiles, TileKind, TilePath, Tree};

use super::board::Board;
use super::rows::Closed;
use crate::engine::{Direction, Engine, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};
use crate::records::Layout;
use crate::shelf::open;
use crate::vault::Vault;

/// What a damaged tile is called in errors.
pub(crate) const WHAT: &str = "tile of a log";

/// The bytes of one entry in a bundle: its length, and itself.
const ENTRY_BYTES: usize = 34;

/// Where the tiles of a shard are read.
#[derive(Debug)]
pub(crate) struct ShardTiles {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) board: Arc<Board>,
    pub(crate) log: LogName,
    pub(crate) shard: u32,
}

impl ShardTiles {
    /// The bytes of a tile, which the shard must have.
    pub(crate) fn bytes(&self, path: TilePath) -> Result<Vec<u8>, StorageError> {
        let width = usize::from(path.width());
        let (mut bytes, each) = match path.kind() {
            TileKind::Entries => (self.partial_bundle(path.index()).transpose()?, ENTRY_BYTES),
            TileKind::Hashes { level } => (self.partial_hashes(level, path.index()), 32),
        };
        if bytes.is_none() {
            // What was full a moment ago is on the disk: it was there before it left memory.
            let key = keys::log_tile(self.log, self.shard, path.kind(), path.index());
            bytes = self.engine.get(REGISTRY, key.space, &key.bytes)?.map(|row| row.value);
        }
        let mut bytes = bytes.filter(|bytes| bytes.len() >= width * each).ok_or(StorageError::Corrupt { what: WHAT })?;
        bytes.truncate(width * each);
        Ok(bytes)
    }

    fn partial_hashes(&self, level: u8, index: u64) -> Option<Vec<u8>> {
        let live = self.board.live(self.log);
        let is_last = live.head.shard == self.shard && last_index(live.tree.size(), level) == index;
        is_last.then(|| encode_hashes(live.tree.partial(level)))
    }

    fn partial_bundle(&self, index: u64) -> Option<Result<Vec<u8>, StorageError>> {
        let live = self.board.live(self.log);
        let is_last = live.head.shard == self.shard && last_index(live.tree.size(), 0) == index;
        is_last.then(|| encode_bundle(&live.bundle))
    }
}

impl HashTiles for ShardTiles {
    type Error = StorageError;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, StorageError> {
        let corrupt = StorageError::Corrupt { what: WHAT };
        let path = TilePath::new(TileKind::Hashes { level }, index, width).ok_or(StorageError::Internal)?;
        decode_hashes(&self.bytes(path)?, width).map_err(|_error| corrupt)
    }
}

/// The place of the tile of a level that is not full yet.
pub(crate) fn last_index(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(TILE_HEIGHT) * (u32::from(level) + 1)).unwrap_or(0)
}

/// The tiles of a tree that are not full, but for those without hashes.
pub(crate) fn partial_of(tree: &Tree) -> Vec<(u8, u64)> {
    let levels = (0..).take(tree.levels()).filter(|level| !tree.partial(*level).is_empty());
    levels.map(|level| (level, last_index(tree.size(), level))).collect()
}

/// The bytes of a bundle.
pub(crate) fn encode_bundle(entries: &[Entry]) -> Result<Vec<u8>, StorageError> {
    let entries: Vec<[u8; 32]> = entries.iter().map(|entry| entry.0).collect();
    encode_entries(&entries).map_err(|_error| StorageError::Internal)
}

/// A closed shard.
pub(crate) fn closed(engine: &dyn Engine, vault: &Vault, log: LogName, shard: u32) -> Result<Option<Closed>, StorageError> {
    let key = keys::log_shard(log, shard);
    let Some(row) = engine.get(REGISTRY, key.space, &key.bytes)? else { return Ok(None) };
    Closed::decode(&open(vault, key.space, &key.bytes, &row.value, Closed::WHAT)?).map(Some)
}

/// All closed shards of a log, in order.
pub(crate) fn all_closed(engine: &dyn Engine, vault: &Vault, log: LogName) -> Result<Vec<(u32, Closed)>, StorageError> {
    let rows = engine.scan(REGISTRY, Space::Hot, Range::prefix(&keys::log_shards(log)), Direction::Ascending, usize::MAX)?;
    let read = |(key, row): (Vec<u8>, crate::engine::Versioned)| {
        let corrupt = StorageError::Corrupt { what: Closed::WHAT };
        let shard = key.last_chunk::<4>().map(|shard| u32::from_be_bytes(*shard)).ok_or(corrupt)?;
        let closed = Closed::decode(&open(vault, Space::Hot, &key, &row.value, Closed::WHAT)?)?;
        Ok((shard, closed))
    };
    rows.into_iter().map(read).collect()
}

/// The closed shard that a record is in.
pub(crate) fn shard_of(
    engine: &dyn Engine,
    vault: &Vault,
    log: LogName,
    number: u64,
) -> Result<Option<(u32, Closed)>, StorageError> {
    let holds = |(_, closed): &(u32, Closed)| number.checked_sub(closed.first).is_some_and(|leaf| leaf < closed.size);
    Ok(all_closed(engine, vault, log)?.into_iter().find(holds))
}
