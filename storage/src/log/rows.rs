//! What the rows of the logs hold, but for the records.

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::{Hash, Tree};
use serde::{Deserialize, Serialize};

/// How far a log has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// How many records it has, over all shards.
    pub(crate) size: u64,
    /// When the last of them happened.
    pub(crate) at: Timestamp,
    /// The shard that grows.
    pub(crate) shard: u32,
    /// Its period.
    pub(crate) period: String,
    /// The number of its first record.
    pub(crate) first: u64,
    /// The root of its tree.
    pub(crate) root: Hash,
}

impl Head {
    /// Of a log without records.
    pub(crate) fn empty() -> Self {
        Self { size: 0, at: Timestamp::MIN, shard: 0, period: String::new(), first: 0, root: Tree::default().root() }
    }

    /// How many records the shard has.
    pub(crate) const fn leaves(&self) -> u64 {
        self.size.saturating_sub(self.first)
    }

    /// Whether the store says what was signed last of it: so it is from the first record on whose period somebody named.
    pub(crate) const fn has_signed(&self) -> bool {
        self.size > 0 && !self.period.is_empty()
    }

    /// What is signed of it.
    pub(crate) const fn signed(&self) -> Signed {
        Signed { shard: self.shard, size: self.leaves(), root: self.root }
    }
}

/// What may be signed, or has been, as the last of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    /// The shard.
    pub(crate) shard: u32,
    /// How many leaves its tree has.
    pub(crate) size: u64,
    /// The root of the tree.
    pub(crate) root: Hash,
}

/// A shard that will not grow any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// Its period.
    pub(crate) period: String,
    /// The number of its first record.
    pub(crate) first: u64,
    /// How many records it has.
    pub(crate) size: u64,
    /// The root of its tree.
    pub(crate) root: Hash,
}

/// What stands for a person in the logs: random, so that nothing is left of the person when this row is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pseudonym {
    pub(crate) key: crypto::digest::Sha256,
}

/// From where on the records of a log are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptFrom {
    pub(crate) number: u64,
}

/// A shard of a log: its records from `first` on, in a tree of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The log.
    pub log: LogName,
    /// The number of the shard, from 0.
    pub shard: u32,
    /// Its period, as in the origin of its checkpoints.
    pub period: String,
    /// The number of its first record.
    pub first: u64,
    /// How many records it has.
    pub size: u64,
    /// Whether it has its final size.
    pub is_closed: bool,
}

/// One of something for each log.
#[derive(Debug, Default)]
pub(crate) struct Pair<T> {
    seal: T,
    access: T,
}

impl<T> Pair<T> {
    pub(crate) fn new(mut make: impl FnMut(LogName) -> T) -> Self {
        Self { seal: make(LogName::Seal), access: make(LogName::Access) }
    }

    pub(crate) const fn of(&self, log: LogName) -> &T {
        match log {
            LogName::Seal => &self.seal,
            LogName::Access => &self.access,
        }
    }

    pub(crate) const fn of_mut(&mut self, log: LogName) -> &mut T {
        match log {
            LogName::Seal => &mut self.seal,
            LogName::Access => &mut self.access,
        }
    }
}
