//! Whether the index of a log says what the records say.

use std::collections::BTreeMap;

use crypto::record::LogName;

use super::postings::block_of;
use super::tail::Tail;
use crate::engine::{Direction, Engine, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};

/// How many rows are read at once.
const PAGE: usize = 1000;

/// What is wrong with an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexFault {
    /// A row is missing: records of the block are not found by something that they have.
    Missing {
        /// The block.
        block: u64,
    },
    /// A row says something else than the records.
    Wrong {
        /// The block.
        block: u64,
    },
    /// There is a row that no record accounts for.
    Stray {
        /// The block that its key names, if it names one.
        block: Option<u64>,
    },
}

/// The check of one log's index: block by block, then what there is besides.
#[derive(Debug)]
pub(crate) struct IndexCheck {
    log: LogName,
    /// How many rows each block has.
    rows: BTreeMap<u64, u64>,
}

impl IndexCheck {
    pub(crate) const fn new(log: LogName) -> Self {
        Self { log, rows: BTreeMap::new() }
    }

    /// Compares the rows of a block with those that its records make: `tail` has all of them, and is full.
    pub(crate) fn block(&mut self, engine: &dyn Engine, tail: &Tail) -> Result<Vec<IndexFault>, StorageError> {
        let block = block_of(tail.start());
        let (mut faults, mut count) = (Vec::new(), 0);
        for (key, value) in tail.rows(self.log) {
            match engine.get(REGISTRY, key.space, &key.bytes)? {
                None => faults.push(IndexFault::Missing { block }),
                Some(row) => {
                    count += 1;
                    if row.value != value {
                        faults.push(IndexFault::Wrong { block });
                    }
                }
            }
        }
        self.rows.insert(block, count);
        Ok(faults)
    }

    /// Looks for rows of blocks that have not been compared, and for more rows in a block than were.
    pub(crate) fn end(mut self, engine: &dyn Engine) -> Result<Vec<IndexFault>, StorageError> {
        let mut faults = Vec::new();
        for prefix in [keys::log_times_of(self.log), keys::log_index(self.log)] {
            let mut range = Range::prefix(&prefix);
            loop {
                let rows = engine.scan(REGISTRY, Space::Idx, range.clone(), Direction::Ascending, PAGE)?;
                let Some((last, _)) = rows.last() else { break };
                range = range.resumed(Direction::Ascending, last.clone());
                faults.extend(rows.iter().filter_map(|(key, _)| self.account(key)));
            }
        }
        Ok(faults)
    }

    /// Takes a row off what its block should have.
    fn account(&mut self, key: &[u8]) -> Option<IndexFault> {
        let block = keys::log_block(key).filter(|_| keys::is_log_index(key));
        match block.and_then(|block| self.rows.get_mut(&block)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                None
            }
            _ => Some(IndexFault::Stray { block }),
        }
    }
}
