//! Proofs by the checkpoint that is asked about most: the newest.

use std::sync::{Mutex, PoisonError};

use crypto::tlog::{Hash, ProveError, Prover};

use super::publish::Published;
use super::tiles::ShardTiles;
use crate::error::StorageError;

/// So many tiles are kept at most, 16 KiB each with the nodes above their hashes.
const TILES_MAX: usize = 64;

/// What was read for proofs by one checkpoint. Records that were written together are proven together, and their paths differ in
/// the lowest tile alone: who keeps the tiles pays for 750 hashes once, and not for each receipt.
#[derive(Debug, Default)]
pub(crate) struct Proofs(Mutex<Option<Prover<ShardTiles>>>);

impl Proofs {
    /// The proof of a leaf by this checkpoint.
    pub(crate) fn inclusion(
        &self,
        published: &Published,
        leaf: u64,
        tiles: impl FnOnce() -> ShardTiles,
    ) -> Result<Vec<Hash>, ProveError<StorageError>> {
        // What a panic leaves behind is whole: a tile is put away when all of it was read.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of = |prover: &Prover<ShardTiles>| {
            let tiles = prover.tiles();
            (tiles.log, tiles.shard, prover.size()) == (published.log, published.shard, published.size)
        };
        if !kept.as_ref().is_some_and(|prover| is_of(prover) && prover.tiles_kept() < TILES_MAX) {
            *kept = None;
        }
        kept.get_or_insert_with(|| Prover::new(published.size, tiles())).inclusion(leaf)
    }
}
