//! Searching a log.

use crypto::digest::Sha256;
use crypto::licence::HolderNumber;
use crypto::record::{LogName, Opening, Stamp};

use super::Logs;
use super::postings::WHAT;
use super::query::{Hits, Order, Query, Row, Selection};
use super::question::{Question, READ_MAX};
use super::rows::Pseudonym;
use super::term::Terms;
use super::walk::{Glance, Walk};
use crate::error::StorageError;
use crate::keys;
use crate::page::PAGE_MAX;

impl Logs {
    /// A page of the records that have all that the query asks for, at most [`PAGE_MAX`]: those behind the number `after`, in this
    /// order. What is older than what the log keeps is not found.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] when the index names a record that is not what it says, and those of a store that does not work.
    pub fn search(
        &self,
        log: LogName,
        query: &Query,
        order: Order,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Hits, StorageError> {
        let limit = limit.clamp(1, PAGE_MAX);
        self.gather(log, query, (order, after), (limit, usize::MAX), &|_| true)
    }

    /// The numbers alone, oldest first, as many as `limit` at most. No record is read.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn numbers(&self, log: LogName, query: &Query, after: Option<u64>, limit: usize) -> Result<Vec<u64>, StorageError> {
        let Some(selection) = self.selection(query)? else { return Ok(Vec::new()) };
        let mut walk = self.walk(log, &selection, (Order::OldestFirst, after))?;
        let mut numbers = Vec::new();
        while numbers.len() < limit
            && let Some(number) = walk.next()?
        {
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// A page of the uses of seals that are an answer, of those that `scope` asks for. It ends after so many records were read,
    /// with or without a hit: then `next` says where to go on.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn ask(
        &self,
        question: &Question,
        scope: &Query,
        order: Order,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Hits, StorageError> {
        let limits = (limit.clamp(1, PAGE_MAX), READ_MAX);
        let is_answer = |opening: &Opening| question.is_answered_by(opening);
        self.gather(LogName::Seal, &question.query(scope), (order, after), limits, &is_answer)
    }

    fn gather(
        &self,
        log: LogName,
        query: &Query,
        place: (Order, Option<u64>),
        (rows_max, read_max): (usize, usize),
        is_wanted: &dyn Fn(&Opening) -> bool,
    ) -> Result<Hits, StorageError> {
        let mut hits = Hits::default();
        let Some(selection) = self.selection(query)? else { return Ok(hits) };
        let mut walk = self.walk(log, &selection, place)?;
        let (mut last, mut read) = (None, 0);
        while let Some(number) = walk.next()? {
            if hits.rows.len() >= rows_max || read >= read_max {
                hits.next = last;
                break;
            }
            (last, read) = (Some(number), read + 1);
            if let Some(opening) = self.found(log, number, &selection)?
                && is_wanted(&opening)
            {
                hits.rows.push(Row { number, opening });
            }
        }
        Ok(hits)
    }

    /// The query as the index takes it; nothing when it asks for somebody of whom the logs know nothing.
    pub(super) fn selection(&self, query: &Query) -> Result<Option<Selection>, StorageError> {
        let vault = &self.shelf.vault;
        let Some(holder) = &query.subject else { return Ok(Some(query.selection(vault, None))) };
        Ok(self.pseudonym(holder)?.map(|pseudonym| query.selection(vault, Some(&pseudonym))))
    }

    /// What stands for a person, if the logs have met that person.
    pub(super) fn pseudonym(&self, holder: &HolderNumber) -> Result<Option<Sha256>, StorageError> {
        let row = keys::pseudonym(&keys::subject(&self.shelf.vault, holder));
        Ok(self.shelf.read::<Pseudonym>(&row)?.map(|kept| kept.value.key))
    }

    pub(super) fn walk(
        &self,
        log: LogName,
        selection: &Selection,
        place: (Order, Option<u64>),
    ) -> Result<Walk<'_>, StorageError> {
        // The tail first: what leaves it is on disk by then.
        let glance = Glance::at(&self.shelf.board.live(log).tail, selection);
        Walk::new(self.shelf.engine.as_ref(), log, selection, &glance, self.kept_from(log)?, place)
    }

    /// A record that the index named. Nothing when it has gone since, or what it was found by was erased since.
    pub(super) fn found(&self, log: LogName, number: u64, selection: &Selection) -> Result<Option<Opening>, StorageError> {
        let opening = match self.record(log, number) {
            Ok(opening) => opening.ok_or(StorageError::Corrupt { what: WHAT })?,
            Err(StorageError::Retired { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let stamp: Option<Stamp> = opening.read(Opening::STAMP);
        if !stamp.is_some_and(|stamp| stamp.number == number && selection.is_when(stamp.at)) {
            return Err(StorageError::Corrupt { what: WHAT });
        }
        let terms = Terms::of_opening(&opening, &self.shelf.vault);
        let missing: Vec<_> = selection.terms.iter().filter(|term| !terms.has(term)).collect();
        if missing.is_empty() {
            Ok(Some(opening))
        } else if is_erased(&opening) && missing.iter().all(|term| term.is_about_a_person()) {
            Ok(None)
        } else {
            Err(StorageError::Corrupt { what: WHAT })
        }
    }
}

/// Whether something that a record said about a person is gone.
fn is_erased(opening: &Opening) -> bool {
    opening.parts.iter().skip(Opening::SUBJECT).any(|part| part.text().is_none())
}
