//! What is given out of a log: signed heads of its shards.

use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::Hash;

/// Who names the periods of a log and signs its checkpoints. It is asked by the thread that writes: it must not block, and must
/// not call the store.
pub trait Publisher: Send + Sync + std::fmt::Debug {
    /// The period of a moment: records of different periods are in different shards.
    fn period(&self, log: LogName, at: Timestamp) -> String;

    /// The signed note of a checkpoint, all lines. Nothing when there is no key.
    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String>;
}

/// A checkpoint that is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The log.
    pub log: LogName,
    /// The number of the shard.
    pub shard: u32,
    /// Its period.
    pub period: String,
    /// The number of the shard's first record, which is leaf 0 of its tree.
    pub first: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// Whether the shard will not grow any more.
    pub is_final: bool,
    /// The note, as the publisher signed it.
    pub note: String,
}

impl Published {
    /// Whether a record is in the tree.
    #[must_use]
    pub fn covers(&self, number: u64) -> bool {
        self.leaf(number).is_some()
    }

    /// The leaf of a record, if it is in the tree.
    #[must_use]
    pub fn leaf(&self, number: u64) -> Option<u64> {
        number.checked_sub(self.first).filter(|leaf| *leaf < self.size)
    }
}

/// Called when a checkpoint covers a record, or never will in this process. Must not block.
pub type Covered = Box<dyn FnOnce(Option<Arc<Published>>) + Send>;
