//! Rows that end: found by their time, and let go a few at a time by those who add others.

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

use crypto::time::Timestamp;

use crate::code_keys;
use crate::engine::{Direction, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, Key, REGISTRY};
use crate::shelf::Shelf;
use crate::vault::Blind;

/// Every so many additions there is a sweep.
const EVERY: usize = 64;
/// The most rows of one sweep of few additions: more than are added between two, so that what is over does not pile up.
const ROWS_MAX: usize = 256;

/// When rows of one kind are swept.
#[derive(Debug)]
pub(crate) struct Expiry {
    index: &'static [u8],
    additions: AtomicUsize,
}

impl Expiry {
    /// For the rows that this index finds by the time of their end.
    pub(crate) const fn new(index: &'static [u8]) -> Self {
        Self { index, additions: AtomicUsize::new(0) }
    }

    /// Notes additions, and lets go of what is over when it is time for that. `row` says where a row of the index stands. A sweep
    /// that fails is none of theirs: what is not gone now is found by the next one.
    pub(crate) fn sweep(&self, shelf: &Shelf, (added, now): (usize, Timestamp), row: fn(&Blind) -> Key) {
        let before = self.additions.fetch_add(added, Ordering::Relaxed);
        if before / EVERY != before.wrapping_add(added) / EVERY {
            self.let_go(shelf, (ROWS_MAX.max(added.saturating_mul(2)), now), row).unwrap_or_default();
        }
    }

    fn let_go(&self, shelf: &Shelf, (rows_max, now): (usize, Timestamp), row: fn(&Blind) -> Key) -> Result<(), StorageError> {
        let until = Bound::Excluded(code_keys::expiring_until(self.index, now));
        let range = Range { to: until, ..Range::prefix(self.index) };
        let over = shelf.engine.scan(REGISTRY, Space::Idx, range, Direction::Ascending, rows_max)?;
        if over.is_empty() {
            return Ok(());
        }
        let mut change = shelf.change();
        for (bytes, found) in over {
            let Some(name) = keys::last_digest(&bytes) else { continue };
            let key = row(&name);
            if let Some(kept) = shelf.engine.get(REGISTRY, key.space, &key.bytes)? {
                change.delete(key, kept.version);
            }
            change.delete(Key { space: Space::Idx, bytes }, found.version);
        }
        change.commit().map(|_outcome| ())
    }
}
