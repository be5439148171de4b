//! The trees as they are in a store that is only looked at: whatever was signed, and by nobody.

use crypto::tlog::{Hash, TilePath};

use super::Logs;
use super::rows::Shard;
use super::tiles::closed;
use crate::error::StorageError;

impl Logs {
    /// The root of a shard's tree as it is now.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] without such a shard; those of a store that does not work.
    pub fn root(&self, shard: &Shard) -> Result<Hash, StorageError> {
        let live = self.shelf.board.live(shard.log);
        if live.head.shard == shard.shard {
            return Ok(live.tree.root());
        }
        let closed = closed(self.shelf.engine.as_ref(), &self.shelf.vault, shard.log, shard.shard)?;
        closed.map(|closed| closed.root).ok_or(StorageError::NotFound { what: "shard" })
    }

    /// A tile of a shard's tree as it is now, of any width that it has, also where no checkpoint covers it.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn tile_of(&self, shard: &Shard, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        if path.width_at(shard.size).is_none_or(|width| path.width() > width) {
            return Ok(None);
        }
        self.tiles(shard.log, shard.shard).bytes(*path).map(Some)
    }
}
