//! A log in memory: what is durable of it, and nothing more.

use crypto::record::Entry;
use crypto::tlog::Tree;

use super::rows::Head;
use super::tail::Tail;

/// The end of a log.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) head: Head,
    /// The version of the head's row, if there is one.
    pub(crate) version: Option<u64>,
    /// The tree of the growing shard.
    pub(crate) tree: Tree,
    /// The entries of its last bundle, as long as that is not full.
    pub(crate) bundle: Vec<Entry>,
    /// What the records of the last block can be found by.
    pub(crate) tail: Tail,
}

impl Live {
    /// A log without records.
    pub(crate) fn empty() -> Self {
        Self { head: Head::empty(), version: None, tree: Tree::default(), bundle: Vec::new(), tail: Tail::new(0) }
    }
}
