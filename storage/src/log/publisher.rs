//! What a log says of itself to others, and who signs it.

use std::fmt::Debug;
use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::{Hash, TilePath};

use super::Logs;
use crate::error::StorageError;

/// Signs checkpoints, and says when a shard of a log ends.
pub trait Publisher: Send + Sync + Debug {
    /// The period that a record of this moment belongs to.
    fn period(&self, log: LogName, at: Timestamp) -> String;

    /// A checkpoint as a signed note, with all its lines. `None` when it cannot be signed now.
    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String>;
}

/// A checkpoint that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Of which log.
    pub log: LogName,
    /// Of which of its shards.
    pub shard: u32,
    /// The period of the shard.
    pub period: String,
    /// The number of the shard's first record.
    pub first: u64,
    /// How many records the tree of the shard has.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// Whether the shard has ended with it.
    pub is_final: bool,
    /// The signed note.
    pub note: String,
}

/// A part of a log with a tree of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Of which log.
    pub log: LogName,
    /// Its place among them, from 0.
    pub shard: u32,
    /// Its period.
    pub period: String,
    /// The number of its first record.
    pub first: u64,
    /// How many records it has.
    pub size: u64,
    /// Whether it has ended.
    pub is_closed: bool,
}

impl Logs {
    /// Says who signs. Once, right after opening.
    pub fn publish_with(&self, publisher: Arc<dyn Publisher>) {
        drop(publisher);
    }

    /// The shards of a log.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn shards(&self, _log: LogName) -> Result<Vec<Shard>, StorageError> {
        Ok(Vec::new())
    }

    /// The newest checkpoint of the current shard.
    #[must_use]
    pub fn published(&self, _log: LogName) -> Option<Arc<Published>> {
        None
    }

    /// The final checkpoint of a shard that has ended.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn published_of(&self, _log: LogName, _shard: u32) -> Result<Option<Arc<Published>>, StorageError> {
        Ok(None)
    }

    /// A tile, of any width that the published size has.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn tile(&self, _log: LogName, _shard: u32, _path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(None)
    }

    /// The proof that the tree of `from` records is the beginning of a checkpoint's.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn consistency(&self, _published: &Published, _from: u64) -> Result<Vec<Hash>, StorageError> {
        Ok(Vec::new())
    }
}
