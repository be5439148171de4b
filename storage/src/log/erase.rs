//! Erasing what the logs say about a person: the texts go, what they were committed to stays, so that every proof holds.

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use crypto::licence::HolderNumber;
use crypto::record::{KeyKind, Link, LogName, Opening, Stamp};

use super::Logs;
use super::postings::{self, block_of, offset_of};
use super::rows::Pseudonym;
use super::term::{Term, Terms};
use crate::engine::Space;
use crate::error::StorageError;
use crate::keys::{self, Key};
use crate::shelf::{Attempt, Change, Committed, repeat};

/// How many records are changed together.
const TOGETHER: usize = 64;

/// What an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many records say less than before.
    pub records: u64,
}

impl Logs {
    /// Erases what both logs say about a person: in each record that concerns them, the part about the citizen and the link to
    /// them, in the index what led from there to the record, and in the end the pseudonym that stood for them. Records, numbers and
    /// proofs stay. Erasing again does nothing more; broken off, it is finished by calling it again. In the end what was there before
    /// is removed from the disk as well.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn erase(&self, holder: &HolderNumber) -> Result<Erased, StorageError> {
        let (mut erased, mut touched) = (Erased::default(), Vec::new());
        repeat(|| self.attempt_erase(holder, &mut erased, &mut touched))?;
        for space in Space::ALL {
            let rows = touched.iter().filter(|key| key.space == space);
            let rows: Vec<_> = rows.map(|key| key.bytes.clone()..=key.bytes.clone()).collect();
            if !rows.is_empty() {
                self.shelf.engine.forget(keys::REGISTRY, space, rows)?;
            }
        }
        Ok(erased)
    }

    /// Tells which rows were changed.
    fn attempt_erase(
        &self,
        holder: &HolderNumber,
        erased: &mut Erased,
        touched: &mut Vec<Key>,
    ) -> Result<Attempt<()>, StorageError> {
        let row = keys::pseudonym(&keys::subject(&self.shelf.vault, holder));
        let Some(pseudonym) = self.shelf.read::<Pseudonym>(&row)? else { return Ok(Attempt::Done(())) };
        let mut change = self.shelf.change();
        for log in LogName::ALL {
            let chain = keys::chain(log, KeyKind::Subject, &pseudonym.value.key);
            if let Some(kept) = self.shelf.read::<Link>(&chain)? {
                let numbers = self.linked(log, &kept.value)?;
                // The oldest first: whoever finishes this work later finds what is left by walking down from the newest.
                for group in numbers.rchunks(TOGETHER) {
                    erased.records += self.close(log, &pseudonym.value.key, group, touched)?;
                }
                // A record that came in meanwhile has moved the chain on.
                touched.push(chain.clone());
                change.delete(chain, kept.version);
            }
        }
        touched.push(row.clone());
        change.delete(row, pseudonym.version);
        Ok(match change.commit()? {
            Committed::Yes => Attempt::Done(()),
            Committed::Conflict => Attempt::Again,
            Committed::Unknown => Attempt::Doubtful,
        })
    }

    /// The records of a chain that still say whom they concern, newest first.
    fn linked(&self, log: LogName, chain: &Link) -> Result<Vec<u64>, StorageError> {
        let (mut numbers, mut next) = (Vec::new(), chain.previous);
        while let Some(Stamp { number, .. }) = next {
            let opening = match self.record(log, number) {
                Ok(opening) => opening.ok_or(StorageError::Corrupt { what: "chain of a log" })?,
                // What is older is gone altogether.
                Err(StorageError::Retired { .. }) => break,
                Err(error) => return Err(error),
            };
            let Some(link) = link_of(&opening, &chain.key) else { break };
            numbers.push(number);
            next = link.previous;
        }
        Ok(numbers)
    }

    /// Closes what these records say about a person. Says how many there were.
    fn close(&self, log: LogName, key: &Sha256, numbers: &[u64], touched: &mut Vec<Key>) -> Result<u64, StorageError> {
        repeat(|| {
            let mut change = self.shelf.change();
            let mut gone: Vec<(u64, Vec<Term>)> = Vec::new();
            for number in numbers {
                let row = keys::log_row(log, *number);
                let Some(kept) = self.shelf.read::<Opening>(&row)? else { continue };
                let closed = closed(&kept.value, key);
                let after = Terms::of_opening(&closed, &self.shelf.vault);
                let before = Terms::of_opening(&kept.value, &self.shelf.vault);
                gone.push((*number, before.iter().filter(|term| !after.has(term)).copied().collect()));
                touched.push(row.clone());
                change.replace(row, kept.version, &closed)?;
            }
            let count = u64::try_from(gone.len()).unwrap_or(u64::MAX);
            if count == 0 {
                return Ok(Attempt::Done(0));
            }
            let on_disk = self.forget(log, gone)?;
            touched.extend(self.remove_postings(log, &on_disk, &mut change)?);
            Ok(match change.commit()? {
                Committed::Yes => Attempt::Done(count),
                Committed::Conflict => Attempt::Again,
                Committed::Unknown => Attempt::Doubtful,
            })
        })
    }

    /// Takes records out of the index as far as that is in memory. Gives back those of blocks that are on the disk.
    fn forget(&self, log: LogName, gone: Vec<(u64, Vec<Term>)>) -> Result<Vec<(u64, Vec<Term>)>, StorageError> {
        self.shelf.between(move |board| {
            let mut live = board.live_mut(log);
            let start = live.tail.start();
            let (in_memory, on_disk): (Vec<_>, Vec<_>) = gone.into_iter().partition(|(number, _)| *number >= start);
            for (number, terms) in in_memory {
                live.tail.remove(number, &terms);
            }
            on_disk
        })
    }

    /// Says which rows it changes.
    fn remove_postings(
        &self,
        log: LogName,
        gone: &[(u64, Vec<Term>)],
        change: &mut Change<'_>,
    ) -> Result<Vec<Key>, StorageError> {
        let mut rows: BTreeMap<(Term, u64), Vec<u16>> = BTreeMap::new();
        for (number, terms) in gone {
            for term in terms {
                rows.entry((*term, block_of(*number))).or_default().push(offset_of(*number));
            }
        }
        let mut touched = Vec::new();
        for ((term, block), offsets) in rows {
            let key = keys::log_postings(log, &term, block);
            if let Some(row) = self.shelf.engine.get(keys::REGISTRY, key.space, &key.bytes)? {
                touched.push(key.clone());
                match postings::without(&row.value, &offsets)? {
                    Some(left) => change.replace_plain(key, row.version, left),
                    None => change.delete(key, row.version),
                }
            }
        }
        Ok(touched)
    }
}

/// The open link of a record to a key.
fn link_of(opening: &Opening, key: &Sha256) -> Option<Link> {
    (Opening::LINKS..opening.parts.len()).find_map(|place| opening.read(place).filter(|link: &Link| link.key == *key))
}

/// The record without what it says about a citizen, and without the link to this one.
fn closed(opening: &Opening, key: &Sha256) -> Opening {
    let is_gone = |place| {
        place == Opening::SUBJECT || (place >= Opening::LINKS && opening.read(place).is_some_and(|link: Link| link.key == *key))
    };
    let parts = opening.parts.iter().enumerate();
    Opening { parts: parts.map(|(place, part)| if is_gone(place) { part.closed() } else { part.clone() }).collect() }
}
