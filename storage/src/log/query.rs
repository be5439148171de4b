//! What an auditor asks for.

use crypto::digest::Sha256;
use crypto::licence::HolderNumber;
use crypto::record::{Ending, EventKind, Facts, LogName, Opening, Stamp, SubjectPart};
use crypto::time::Timestamp;

use super::Logs;
use crate::error::StorageError;

/// What records are asked for: those of which all that is given is true.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// They concern this seal.
    pub seal: Option<String>,
    /// They concern this document.
    pub document: Option<Sha256>,
    /// They concern this licence.
    pub licence: Option<String>,
    /// They concern a licence of this issuer.
    pub issuer: Option<String>,
    /// This caller or operator acted.
    pub actor: Option<String>,
    /// A caller of this organisation acted.
    pub organisation: Option<String>,
    /// They concern this person.
    pub subject: Option<HolderNumber>,
    /// They served this item.
    pub item: Option<String>,
    /// They served this case.
    pub case: Option<String>,
    /// This happened.
    pub event: Option<EventKind>,
    /// It ended so.
    pub outcome: Option<Ending>,
    /// At this moment or later.
    pub from: Option<Timestamp>,
    /// At this moment or earlier.
    pub until: Option<Timestamp>,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A record that was found.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// The record.
    pub opening: Opening,
}

/// A page of records.
#[derive(Clone, Debug)]
pub struct Hits {
    /// The records.
    pub rows: Vec<Row>,
    /// The number of the last record, if there are more.
    pub next: Option<u64>,
}

impl Logs {
    /// Finds records.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn search(
        &self,
        log: LogName,
        query: &Query,
        order: Order,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Hits, StorageError> {
        let size = self.size(log)?;
        let numbers: Box<dyn Iterator<Item = u64>> = match order {
            Order::OldestFirst => Box::new(after.map_or(0, |after| after + 1)..size),
            Order::NewestFirst => Box::new((0..after.unwrap_or(size)).rev()),
        };
        let mut rows: Vec<Row> = Vec::new();
        for number in numbers {
            let Some(opening) = self.record(log, number)? else { continue };
            if !matches(query, &opening) {
                continue;
            }
            if rows.len() == limit {
                return Ok(Hits { next: rows.last().map(|row| row.number), rows });
            }
            rows.push(Row { number, opening });
        }
        Ok(Hits { rows, next: None })
    }
}

fn matches(query: &Query, opening: &Opening) -> bool {
    fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
        wanted.is_none_or(|wanted| found == Some(wanted))
    }
    let (Some(stamp), Some(facts)) = (opening.read::<Stamp>(Opening::STAMP), opening.read::<Facts>(Opening::FACTS)) else {
        return false;
    };
    let subject = opening.read::<SubjectPart>(Opening::SUBJECT).unwrap_or_default();
    query.seal.as_ref().is_none_or(|seal| facts.seals.iter().any(|mention| mention.id == *seal))
        && is(query.document.as_ref(), facts.document.as_ref().and_then(|document| document.sha256.as_ref()))
        && is(query.licence.as_ref(), subject.licence.as_ref())
        && is(query.case.as_ref(), subject.case.as_ref())
        && is(query.issuer.as_ref(), facts.issuer.as_ref())
        && is(query.organisation.as_ref(), facts.organisation.as_ref())
        && is(query.item.as_ref(), facts.item.as_ref())
        && query.actor.as_ref().is_none_or(|actor| facts.caller == *actor || facts.operator.as_ref() == Some(actor))
        && query.subject.is_none()
        && query.event.is_none_or(|event| facts.event == event)
        && query.outcome.is_none_or(|outcome| facts.outcome == outcome)
        && query.from.is_none_or(|from| stamp.at >= from)
        && query.until.is_none_or(|until| stamp.at <= until)
}

/// Interim.
#[derive(Clone, Copy, Debug)]
pub struct Erased {
    /// How many.
    pub records: u64,
}

/// Interim.
#[derive(Clone, Copy, Debug)]
pub struct Retired {
    /// How many.
    pub records: u64,
    /// From where.
    pub kept_from: u64,
}

impl Logs {
    /// Interim.
    ///
    /// # Errors
    /// Interim.
    pub fn erase(&self, _holder: &HolderNumber) -> Result<Erased, StorageError> {
        Err(StorageError::Internal)
    }

    /// Interim.
    ///
    /// # Errors
    /// Interim.
    pub fn retire(&self, _log: LogName, _before: Timestamp) -> Result<Retired, StorageError> {
        Err(StorageError::Internal)
    }
}
