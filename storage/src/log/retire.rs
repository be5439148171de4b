//! Letting old records go: what they said goes, what the tree holds of them stays, so that every proof holds.

use std::collections::BTreeSet;

use crypto::record::{LogName, Opening};
use crypto::time::Timestamp;

use super::Logs;
use super::postings::{BLOCK, block_of, start_of};
use super::rows::KeptFrom;
use super::term::{Term, Terms};
use super::times;
use crate::engine::{Direction, KEY_BYTES_MAX, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, Key, REGISTRY};
use crate::shelf::{Attempt, Committed, repeat};

/// How many rows are deleted together.
const TOGETHER: usize = 1024;

/// What was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The number of the first record that is kept.
    pub kept_from: u64,
    /// How many records went.
    pub records: u64,
}

impl Logs {
    /// The number of the first record that is kept.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn kept_from(&self, log: LogName) -> Result<u64, StorageError> {
        Ok(self.shelf.read::<KeptFrom>(&keys::log_kept(log))?.map_or(0, |kept| kept.value.number))
    }

    /// Lets go the records from before a moment, in whole blocks of 1,024, with what the index leads to them by. What the tree
    /// holds of them stays, and so do the chains. Broken off, it is finished by calling it again. In the end what was there before is
    /// removed from the disk as well.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn retire(&self, log: LogName, before: Timestamp) -> Result<Retired, StorageError> {
        let mut kept_from = self.kept_from(log)?;
        while self.may_go(log, kept_from, before)? {
            kept_from = kept_from.saturating_add(u64::from(BLOCK));
        }
        repeat(|| self.note_kept(log, kept_from))?;
        let mut records = 0;
        while let Some(number) = self.oldest(log)?.filter(|number| *number < kept_from) {
            records += self.let_go(log, block_of(number))?;
        }
        if records > 0 {
            let rows = keys::log_row(log, 0).bytes..=keys::log_row(log, kept_from).bytes;
            self.shelf.engine.forget(REGISTRY, Space::Log, vec![rows])?;
            let mut last = keys::log_index(log).to_vec();
            last.resize(KEY_BYTES_MAX, 0xff);
            self.shelf.engine.forget(REGISTRY, Space::Idx, vec![keys::log_index(log).to_vec()..=last])?;
        }
        Ok(Retired { kept_from, records })
    }

    /// Whether the block that begins here is over, and older than the moment. What a start needs stays in any case.
    fn may_go(&self, log: LogName, start: u64, before: Timestamp) -> Result<bool, StorageError> {
        let end = start.saturating_add(u64::from(BLOCK));
        let is_over = {
            let live = self.shelf.board.live(log);
            let bundle = live.head.first.saturating_add(live.head.leaves() & !0xff);
            end <= bundle.min(live.tail.start())
        };
        if !is_over {
            return Ok(false);
        }
        let key = keys::log_times(log, block_of(start));
        let Some(row) = self.shelf.engine.get(REGISTRY, key.space, &key.bytes)? else { return Ok(false) };
        Ok(times::decode(&row.value)?.last().is_some_and(|last| *last < before))
    }

    /// Notes what is kept before anything goes, so that what is missing is never taken for lost.
    fn note_kept(&self, log: LogName, number: u64) -> Result<Attempt<()>, StorageError> {
        let key = keys::log_kept(log);
        let mut change = self.shelf.change();
        match self.shelf.read::<KeptFrom>(&key)? {
            Some(kept) if kept.value.number >= number => return Ok(Attempt::Done(())),
            None if number == 0 => return Ok(Attempt::Done(())),
            Some(kept) => change.replace(key, kept.version, &KeptFrom { number })?,
            None => change.insert(key, &KeptFrom { number })?,
        }
        Ok(match change.commit()? {
            Committed::Yes => Attempt::Done(()),
            Committed::Conflict => Attempt::Again,
            Committed::Unknown => Attempt::Doubtful,
        })
    }

    /// The oldest record that is there.
    fn oldest(&self, log: LogName) -> Result<Option<u64>, StorageError> {
        let range = Range::prefix(&[log.number()]);
        let rows = self.shelf.engine.scan(REGISTRY, Space::Log, range, Direction::Ascending, 1)?;
        Ok(rows.first().and_then(|(key, _)| keys::log_number(key)))
    }

    /// Deletes the records of a block. First what leads to them, as that is found through them.
    fn let_go(&self, log: LogName, block: u64) -> Result<u64, StorageError> {
        let (mut terms, mut rows): (BTreeSet<Term>, Vec<Key>) = (BTreeSet::new(), Vec::new());
        for number in (start_of(block)..).take(usize::from(BLOCK)) {
            let row = keys::log_row(log, number);
            if let Some(kept) = self.shelf.read::<Opening>(&row)? {
                terms.extend(Terms::of_opening(&kept.value, &self.shelf.vault).iter().copied());
                rows.push(row);
            }
        }
        let postings: Vec<Key> = terms.iter().map(|term| keys::log_postings(log, term, block)).collect();
        for group in postings.chunks(TOGETHER).chain(rows.chunks(TOGETHER)) {
            repeat(|| self.delete(group))?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    fn delete(&self, rows: &[Key]) -> Result<Attempt<()>, StorageError> {
        let (mut change, mut is_empty) = (self.shelf.change(), true);
        for key in rows {
            if let Some(row) = self.shelf.engine.get(REGISTRY, key.space, &key.bytes)? {
                change.delete(key.clone(), row.version);
                is_empty = false;
            }
        }
        if is_empty {
            return Ok(Attempt::Done(()));
        }
        Ok(match change.commit()? {
            Committed::Yes => Attempt::Done(()),
            Committed::Conflict => Attempt::Again,
            Committed::Unknown => Attempt::Doubtful,
        })
    }
}
