//! Rows that end: found by their time, and let go in the background.

use std::ops::Bound;

use crypto::time::Timestamp;

use crate::code_keys;
use crate::engine::{Direction, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, Key, REGISTRY};
use crate::shelf::{Committed, Shelf};
use crate::vault::Blind;

/// The most rows that are let go in one batch.
const ROWS_MAX: usize = 256;

/// The rows of one kind that end.
#[derive(Debug)]
pub(crate) struct Expiry {
    index: &'static [u8],
}

impl Expiry {
    /// The rows that this index finds by the time of their end.
    pub(crate) const fn new(index: &'static [u8]) -> Self {
        Self { index }
    }

    /// Lets go of everything that is over, a batch at a time, and says how many rows that was. `row` says where a row of the index
    /// stands.
    pub(crate) fn sweep(&self, shelf: &Shelf, now: Timestamp, row: fn(&Blind) -> Key) -> Result<usize, StorageError> {
        let mut rows = 0;
        loop {
            let gone = self.let_go(shelf, now, row)?;
            rows += gone;
            if gone < ROWS_MAX {
                return Ok(rows);
            }
        }
    }

    fn let_go(&self, shelf: &Shelf, now: Timestamp, row: fn(&Blind) -> Key) -> Result<usize, StorageError> {
        let until = Bound::Excluded(code_keys::expiring_until(self.index, now));
        let range = Range { to: until, ..Range::prefix(self.index) };
        let over = shelf.engine.scan(REGISTRY, Space::Idx, range, Direction::Ascending, ROWS_MAX)?;
        let (mut change, mut gone) = (shelf.change(), 0);
        for (bytes, found) in over {
            let Some(name) = keys::last_digest(&bytes) else { continue };
            let key = row(&name);
            if let Some(kept) = shelf.engine.get(REGISTRY, key.space, &key.bytes)? {
                change.delete(key, kept.version);
            }
            change.delete(Key { space: Space::Idx, bytes }, found.version);
            gone += 1;
        }
        if gone == 0 {
            return Ok(0);
        }
        match change.commit()? {
            Committed::Yes => Ok(gone),
            // Somebody changed one of them meanwhile, or it is not known: the next sweep finds what is left.
            Committed::Conflict | Committed::Unknown => Ok(0),
        }
    }
}
