//! Objections: filed, dealt with, and what is disputed because of them.
//!
//! Every change of an objection is one batch with its record and with the rows by which it is found: what counts as disputed is
//! right at every moment.

mod rows;

use std::ops::Bound;
use std::sync::Arc;

use crypto::licence::{HolderNumber, Identifier};
use crypto::objection::{Event, Objection, ObjectionError};
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Direction, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};
use crate::log::Pending;
use crate::page::{Cursor, Page};
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, Shelf, repeat};
use crate::stored::Stored;

/// What a missing or damaged objection is called in errors.
const WHAT: &str = "objection";

/// The most open objections against one licence, or against what one resource says of one person.
pub const OPEN_MAX: usize = 128;

/// The most of them that one calling system has filed: nobody takes the places of everybody else.
pub const OPEN_OF_CALLER_MAX: usize = 4;

/// The table of objections.
#[derive(Clone, Debug)]
pub struct Objections {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

/// That something is disputed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Dispute {
    /// Since when.
    pub since: Timestamp,
    /// The objection, by its identifier.
    pub id: String,
    /// The licence that is disputed, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<Identifier>,
    /// The resource whose record is disputed, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The field of it; the whole record when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Which objections are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed<'a> {
    /// All.
    All,
    /// Those that a calling system filed.
    FiledBy(&'a str),
    /// Those that an organisation has to answer, or has answered.
    Responsible(&'a str),
    /// Those that an organisation still has to answer.
    ToAnswer(&'a str),
}

impl Layout for Objection {
    const WHAT: &'static str = WHAT;
}

impl Dispute {
    fn of(one: &Objection) -> Self {
        let attribute = one.about.attribute();
        Self {
            since: one.filed_at,
            id: one.id.clone(),
            licence: one.about.licence().cloned(),
            resource: attribute.map(|about| about.resource.clone()),
            field: attribute.and_then(|about| about.field.clone()),
        }
    }
}

impl Objections {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same table, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Files an objection: from then on what it is against is disputed. The same request again, under the same identifier, changes
    /// nothing.
    ///
    /// # Errors
    /// [`StorageError::Objection`] when something else was filed under the identifier, or too many are open, and those of a store
    /// that does not work.
    pub fn file(&self, objection: &Objection) -> Result<Stored<Objection>, StorageError> {
        repeat(|| self.attempt_file(objection))
    }

    fn attempt_file(&self, objection: &Objection) -> Result<Attempt<Stored<Objection>>, StorageError> {
        let vault = &self.shelf.vault;
        let key = rows::objection(&rows::id(vault, &objection.id));
        if let Some(kept) = self.shelf.read::<Objection>(&key)? {
            let other = StorageError::Objection(ObjectionError::OtherRequest);
            let is_same = kept.value.is_same_request(objection);
            return if is_same { Ok(Attempt::Done(Stored::Unchanged(kept.value))) } else { Err(other) };
        }
        self.demand_room(objection)?;
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.insert(key.clone(), objection)?;
        rows::index(vault, objection).into_iter().for_each(|row| change.index(rows::row(row)));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(objection.clone()))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Objection>(&key)? {
                Some(kept) if kept.value == *objection => Ok(Attempt::Done(Stored::Created(kept.value))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    fn demand_room(&self, objection: &Objection) -> Result<(), StorageError> {
        let open = self.keys_of(&rows::disputes(&self.shelf.vault, &objection.about), OPEN_MAX)?;
        let mut own = 0;
        for key in &open {
            own += usize::from(self.of_index(key)?.filed_by == objection.filed_by);
        }
        let is_full = open.len() >= OPEN_MAX || own >= OPEN_OF_CALLER_MAX;
        if is_full { Err(StorageError::Objection(ObjectionError::TooMany)) } else { Ok(()) }
    }

    /// Does something about an objection. What was done last, done again, changes nothing.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Objection`] when it cannot be done, and those of a store that does not work.
    pub fn change(&self, id: &str, event: &Event) -> Result<Stored<Objection>, StorageError> {
        repeat(|| self.attempt_change(id, event))
    }

    fn attempt_change(&self, id: &str, event: &Event) -> Result<Attempt<Stored<Objection>>, StorageError> {
        let vault = &self.shelf.vault;
        let key = rows::objection(&rows::id(vault, id));
        let kept = self.shelf.read::<Objection>(&key)?.ok_or(StorageError::NotFound { what: WHAT })?;
        let before = rows::index(vault, &kept.value);
        let mut objection = kept.value;
        if !objection.apply(event.clone()).map_err(StorageError::Objection)? {
            return Ok(Attempt::Done(Stored::Unchanged(objection)));
        }
        let after = rows::index(vault, &objection);
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.replace(key.clone(), kept.version, &objection)?;
        // Rows of an index are written once, so that one that is there has been written once since it was last taken away.
        before.difference(&after).for_each(|row| change.delete(rows::row(row.clone()), 1));
        after.difference(&before).for_each(|row| change.index(rows::row(row.clone())));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(objection))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Objection>(&key)? {
                Some(kept) if kept.value == objection => Ok(Attempt::Done(Stored::Created(objection))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// The objection with this identifier.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn objection(&self, id: &str) -> Result<Option<Objection>, StorageError> {
        let key = rows::objection(&rows::id(&self.shelf.vault, id));
        Ok(self.shelf.read::<Objection>(&key)?.map(|kept| kept.value))
    }

    /// A page of objections, the newest first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn list(&self, which: Listed<'_>, after: Option<&Cursor>, limit: usize) -> Result<Page<Objection>, StorageError> {
        let index = match which {
            Listed::All => rows::ALL.to_vec(),
            Listed::FiledBy(caller) => rows::filed_by(&self.shelf.vault, caller),
            Listed::Responsible(organisation) => rows::responsible(organisation),
            Listed::ToAnswer(organisation) => rows::to_answer(organisation),
        };
        let (keys, next) = self.shelf.page(&index, after, limit)?;
        let items = keys.iter().map(|key| self.of_index(key)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// What is disputed at present, the oldest first: of these licences, and of what these resources say of this person.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn disputes(
        &self,
        subject: &HolderNumber,
        licences: &[Identifier],
        resources: &[&str],
    ) -> Result<Vec<Dispute>, StorageError> {
        let vault = &self.shelf.vault;
        let of_licences = licences.iter().map(|licence| rows::against_licence(vault, licence));
        let of_resources = resources.iter().map(|resource| rows::against_resource(vault, subject, resource));
        self.disputes_in(of_licences.chain(of_resources))
    }

    /// The same of one licence.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn disputes_of_licence(&self, licence: &Identifier) -> Result<Vec<Dispute>, StorageError> {
        self.disputes_in(std::iter::once(rows::against_licence(&self.shelf.vault, licence)))
    }

    /// Open objections that are due before a moment, at most so many, the most urgent first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn due_before(&self, at: Timestamp, limit: usize) -> Result<Vec<Objection>, StorageError> {
        let range = Range { to: Bound::Excluded(rows::due_before(at)), ..Range::prefix(rows::DUE) };
        let rows = self.shelf.engine.scan(REGISTRY, Space::Idx, range, Direction::Ascending, limit)?;
        rows.iter().map(|(key, _)| self.of_index(key)).collect()
    }

    fn disputes_in(&self, indexes: impl Iterator<Item = Vec<u8>>) -> Result<Vec<Dispute>, StorageError> {
        let mut found = Vec::new();
        for index in indexes {
            for key in self.keys_of(&index, OPEN_MAX * 2)? {
                let one = self.of_index(&key)?;
                // It may have been closed since.
                if one.is_open() {
                    found.push(Dispute::of(&one));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn keys_of(&self, index: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, StorageError> {
        let rows = self.shelf.engine.scan(REGISTRY, Space::Idx, Range::prefix(index), Direction::Ascending, limit)?;
        Ok(rows.into_iter().map(|(key, _)| key).collect())
    }

    /// The objection that a row of the index leads to.
    fn of_index(&self, key: &[u8]) -> Result<Objection, StorageError> {
        let corrupt = StorageError::Corrupt { what: WHAT };
        let id = keys::last_digest(key).ok_or_else(|| corrupt.clone())?;
        self.shelf.read::<Objection>(&rows::objection(&id))?.map(|kept| kept.value).ok_or(corrupt)
    }
}
