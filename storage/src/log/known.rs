//! What somebody outside of the store knows of a log: a store that was put back to an earlier state cannot have forgotten it.

use crypto::record::LogName;
use crypto::tlog::Hash;
use serde::{Deserialize, Serialize};

use super::publish::Published;
use super::{Logs, unproven};
use crate::error::StorageError;

/// A head of a log that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownHead {
    /// The log.
    pub log: LogName,
    /// The period of the shard.
    pub period: String,
    /// The number of the shard's first record, where that is known: a checkpoint does not say.
    pub first: Option<u64>,
    /// How many leaves the shard's tree had.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The note as it was signed; empty, where nobody signed it.
    pub note: String,
}

/// What a log is to a head that was published of it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has that head, or grew from it.
    Holds,
    /// It has not come so far: its shard has only so many records, none where it has no such shard.
    Behind {
        /// How many.
        size: u64,
    },
    /// It has another tree of that size.
    Differs,
}

impl From<&Published> for KnownHead {
    fn from(published: &Published) -> Self {
        Self {
            log: published.log,
            period: published.period.clone(),
            first: Some(published.first),
            size: published.size,
            root: published.root,
            note: published.note.clone(),
        }
    }
}

impl Logs {
    /// The newest published head of each log, as far as anything was published.
    #[must_use]
    pub fn known_heads(&self) -> Vec<KnownHead> {
        LogName::ALL.into_iter().filter_map(|log| self.published(log)).map(|published| KnownHead::from(&*published)).collect()
    }

    /// The newest head of each log that has records: what was published, and in a store that publishes nothing, as one that is only
    /// looked at, how far the log has come.
    pub(crate) fn heads(&self) -> Vec<KnownHead> {
        let unpublished = |log| {
            let live = self.shelf.board.live(log);
            let (head, root) = (&live.head, live.tree.root());
            let (period, first, note) = (head.period.clone(), Some(head.first), String::new());
            (head.leaves() > 0).then(|| KnownHead { log, period, first, size: head.leaves(), root, note })
        };
        let newest = |log| self.published(log).map(|published| KnownHead::from(&*published)).or_else(|| unpublished(log));
        LogName::ALL.into_iter().filter_map(newest).collect()
    }

    /// Compares a log with a head that was published of it. Also right for a store that is only looked at.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn standing(&self, known: &KnownHead) -> Result<Standing, StorageError> {
        if known.size == 0 {
            return Ok(Standing::Holds);
        }
        let Some(shard) = self.shards(known.log)?.into_iter().find(|shard| shard.period == known.period) else {
            return Ok(Standing::Behind { size: 0 });
        };
        if known.first.is_some_and(|first| first != shard.first) {
            return Ok(Standing::Differs);
        }
        if shard.size < known.size {
            return Ok(Standing::Behind { size: shard.size });
        }
        let root = if shard.size == known.size {
            self.root(&shard)?
        } else {
            crypto::tlog::prove::root(known.size, &self.tiles(known.log, shard.shard)).map_err(unproven)?
        };
        Ok(if root == known.root { Standing::Holds } else { Standing::Differs })
    }
}
