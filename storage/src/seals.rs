//! The seals on file (印章备案): which seal stands behind an identifier, and what became of it.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::seal_register::{Applied, Change, Making, Operation, Record, RecordError, Status};
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::log::Pending;
use crate::page::{Cursor, Page};
use crate::shelf::{self, Attempt, Committed, Shelf, repeat};
use crate::stored::Stored;
use crate::vault::Blind;

pub use crypto::seal_register::Record as SealRecord;

/// What a damaged seal is called in errors.
const WHAT: &str = "seal";

/// The table of seals, and of the applications for them.
#[derive(Clone, Debug)]
pub struct Seals {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) pending: Option<Arc<Pending>>,
}

/// A seal as it was put on file before the register knew what became of seals.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FirstRecord {
    id: String,
    sha256: Sha256,
    name: String,
    version: u8,
    maker_sha256: Sha256,
    valid_from: Timestamp,
    valid_until: Timestamp,
    organisation: String,
    registered_at: Timestamp,
    registered_by: String,
}

/// A record with the version of its row; `None` where it has none yet, because it is from before.
struct Row {
    version: Option<u64>,
    record: Record,
}

impl FirstRecord {
    /// The same as it is kept now. Who put it on file spoke for its owner, as far as is known.
    fn continued(self, making: Making) -> Record {
        let mut record = Record {
            id: self.id,
            sha256: self.sha256,
            name: self.name,
            version: self.version,
            maker_sha256: self.maker_sha256,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            organisation: self.organisation,
            registered_at: self.registered_at,
            registered_by: self.registered_by,
            filing: None,
            application: None,
            making,
            events: Vec::new(),
            previous: None,
            next: None,
        };
        record.events.push(record.filed(&record.organisation));
        record
    }
}

impl Seals {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same table, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Puts a seal on file, and uses up the application that it names. The same seal again changes nothing.
    ///
    /// # Errors
    /// [`StorageError::SealExists`] when another seal has the identifier, [`StorageError::NotFound`] and
    /// [`StorageError::Application`] when there is no such application or it is not for this seal, [`StorageError::Internal`] when
    /// the record is not that of these bytes, and those of a store that does not work.
    pub fn register(&self, seal: &Record, der: &[u8]) -> Result<Stored<Record>, StorageError> {
        if seal.sha256 != Sha256::of(&[der]) {
            return Err(StorageError::Internal);
        }
        repeat(|| self.attempt_register(seal, der))
    }

    fn attempt_register(&self, seal: &Record, der: &[u8]) -> Result<Attempt<Stored<Record>>, StorageError> {
        let id = keys::seal_id(&self.shelf.vault, &seal.id);
        if let Some(kept) = self.row(&id)? {
            let same = kept.record.sha256 == seal.sha256;
            return if same { Ok(Attempt::Done(Stored::Unchanged(kept.record))) } else { Err(StorageError::SealExists) };
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        if let Some(application) = &seal.application {
            self.use_application(&mut change, application, seal)?;
        }
        change.file(&seal.sha256, der)?;
        change.insert(keys::seal(&id), seal)?;
        change.index(keys::seal_in_list(seal.registered_at, &id));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(seal.clone()))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Record>(&keys::seal(&id))? {
                Some(kept) if kept.value == *seal => Ok(Attempt::Done(Stored::Created(seal.clone()))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// Changes what has become of a seal. Returns only when the change is durable, and every later read shows it. The same request
    /// again, by its name, changes nothing.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Seal`] when the seal's state forbids it, and those of a store that does not work.
    pub fn change_status(&self, id: &str, asked: &Change) -> Result<Stored<Record>, StorageError> {
        repeat(|| self.attempt_change(id, asked))
    }

    fn attempt_change(&self, id: &str, asked: &Change) -> Result<Attempt<Stored<Record>>, StorageError> {
        let id = keys::seal_id(&self.shelf.vault, id);
        let Some(Row { version, mut record }) = self.row(&id)? else { return Err(StorageError::NotFound { what: WHAT }) };
        if record.apply(asked.clone()).map_err(StorageError::Seal)? == Applied::Repeated {
            return Ok(Attempt::Done(Stored::Unchanged(record)));
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        write(&mut change, &id, version, &record)?;
        if asked.operation == Operation::Remake {
            self.succeed(&mut change, &record, asked.now)?;
        }
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(record))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Record>(&keys::seal(&id))? {
                Some(kept) if kept.value == record => Ok(Attempt::Done(Stored::Created(record))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// Notes with the successor of a seal whose place it took. It has to be on file, of the same owner, fit for use, and nobody
    /// else's successor.
    fn succeed(&self, change: &mut shelf::Change<'_>, before: &Record, now: Timestamp) -> Result<(), StorageError> {
        let refused = StorageError::Seal(RecordError::Successor);
        let next = before.next.as_ref().ok_or_else(|| refused.clone())?;
        let id = keys::seal_id(&self.shelf.vault, next);
        let Some(Row { version, mut record }) = self.row(&id)? else { return Err(refused) };
        let now = record.current().map_or(now, |(_, last)| now.max(last.effective_at));
        let is_usable = record.standing_at(now).is_some_and(Status::is_usable);
        if !is_usable || record.organisation != before.organisation || record.previous.is_some() {
            return Err(refused);
        }
        record.previous = Some(before.id.clone());
        write(change, &id, version, &record)
    }

    /// What is on file about the seal with this identifier.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn seal(&self, id: &str) -> Result<Option<Record>, StorageError> {
        Ok(self.row(&keys::seal_id(&self.shelf.vault, id))?.map(|row| row.record))
    }

    /// The seal of a record as it came, DER, checked against its digest.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] when it is not what was stored, and those of a store that does not work.
    pub fn file(&self, record: &Record) -> Result<Vec<u8>, StorageError> {
        self.der(&record.sha256)
    }

    /// The seals on file, newest first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn list(&self, after: Option<&Cursor>, limit: usize) -> Result<Page<Record>, StorageError> {
        let (rows, next) = self.shelf.page(keys::SEALS, after, limit)?;
        let corrupt = StorageError::Corrupt { what: WHAT };
        let seal = |row: Vec<u8>| {
            let id = keys::last_digest(&row).ok_or_else(|| corrupt.clone())?;
            self.row(&id)?.map(|row| row.record).ok_or_else(|| corrupt.clone())
        };
        Ok(Page { items: rows.into_iter().map(seal).collect::<Result<_, _>>()?, next })
    }

    fn row(&self, id: &Blind) -> Result<Option<Row>, StorageError> {
        if let Some(kept) = self.shelf.read::<Record>(&keys::seal(id))? {
            return Ok(Some(Row { version: Some(kept.version), record: kept.value }));
        }
        let Some(first) = self.shelf.read::<FirstRecord>(&keys::first_seal(id))? else { return Ok(None) };
        let making = Making::of_der(&self.der(&first.value.sha256)?).map_err(|_error| StorageError::Corrupt { what: WHAT })?;
        Ok(Some(Row { version: None, record: first.value.continued(making) }))
    }

    fn der(&self, sha256: &Sha256) -> Result<Vec<u8>, StorageError> {
        self.shelf.file(sha256, WHAT)?.ok_or(StorageError::Corrupt { what: WHAT })
    }
}

/// Writes a record over its row; one from before gets a row of its own then.
fn write(change: &mut shelf::Change<'_>, id: &Blind, version: Option<u64>, record: &Record) -> Result<(), StorageError> {
    match version {
        Some(version) => change.replace(keys::seal(id), version, record),
        None => change.insert(keys::seal(id), record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Keys, Store};
    use crypto::issue::{CertificateBuilder, KeyType, Name, SealBuilder, SealVersion, Signer, SigningKey};

    #[test]
    fn a_seal_from_before_lives_on() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let (seals, now) = (store.seals(), "2026-03-01T00:00:00Z".parse::<Timestamp>().unwrap());
        let key = SigningKey::from_label(KeyType::Sm2, "maker");
        let maker = CertificateBuilder::new(&Name::new("licet tests", "maker"), &key, 1).self_signed(&key);
        let builder = SealBuilder::new(SealVersion::V4, "3301", "某某局", now, now.plus(86_400));
        let der = builder.user(&maker).picture("png", b"picture", (40, 40)).build(Signer::new(&maker, &key));
        let sha256 = Sha256::of(&[&der]);
        let first = FirstRecord {
            id: "3301".to_owned(),
            sha256,
            name: "某某局".to_owned(),
            version: 4,
            maker_sha256: Sha256::of(&[&maker]),
            valid_from: now,
            valid_until: now.plus(86_400),
            organisation: "11330105002500287C".to_owned(),
            registered_at: now,
            registered_by: "issuing-system".to_owned(),
        };
        let id = keys::seal_id(&seals.shelf.vault, "3301");
        let mut change = seals.shelf.change();
        change.file(&sha256, &der).unwrap();
        change.insert(keys::first_seal(&id), &first).unwrap();
        change.index(keys::seal_in_list(now, &id));
        assert!(matches!(change.commit(), Ok(Committed::Yes)));

        let record = seals.seal("3301").unwrap().unwrap();
        assert_eq!(record.making.picture.sha256, Sha256::of(&[b"picture"]));
        assert_eq!(record.standing_at(now), Some(Status::Filed));
        assert_eq!(seals.register(&record, &der), Ok(Stored::Unchanged(record.clone())));
        let stop = Change {
            operation: Operation::Stop,
            effective_at: None,
            now: now.plus(60),
            reason: None,
            evidence: Vec::new(),
            actor: "issuing-system".to_owned(),
            organisation: "11330105002500287C".to_owned(),
            successor: None,
            delivery: None,
            request: None,
        };
        assert!(seals.change_status("3301", &stop).unwrap().is_new());
        let restore = Change { operation: Operation::Restore, ..stop };
        assert!(seals.change_status("3301", &restore).unwrap().is_new(), "its own row is changed now");
        let page = seals.list(None, 10).unwrap();
        assert_eq!(page.items.iter().map(|seal| seal.events.len()).collect::<Vec<_>>(), [3]);
    }
}
