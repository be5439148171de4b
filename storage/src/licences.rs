//! Licences: ingested whole or not at all, found by identifier, digest, holder, issuer and type, changed only by legal steps.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::digest::{Sha256, to_hex};
use crypto::licence::{Decision, HolderNumber, Identifier, IllegalTransition, Operation, Reason, Record, RecordError};
use crypto::time::Timestamp;
use crypto::verify::Verified;

use crate::error::StorageError;
use crate::keys::{self, LicenceKey};
use crate::log::Pending;
use crate::page::{Cursor, Page};
use crate::records::Current;
use crate::shelf::{Attempt, Change, Committed, Kept, Shelf, repeat};
use crate::slots::{self, Placed, Slot};
use crate::stored::Stored;

/// What a damaged licence is called in errors.
const WHAT: &str = "licence";

/// The offset of China's legal time, in seconds.
const CHINA: i64 = 8 * 3600;

/// What came of an ingest.
pub type Ingested = Stored<Record>;

/// The circumstances of an ingest.
#[derive(Clone, Debug)]
pub struct Ingest {
    /// What made this version: `None` is [`Operation::Issue`] for version 001 and [`Operation::Change`] for a later one, for which
    /// [`Operation::Extend`] and [`Operation::Transfer`] are possible too.
    pub operation: Option<Operation>,
    /// The calling system, by its name in the configuration.
    pub actor: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// The present moment.
    pub now: Timestamp,
}

/// A change of a licence's state.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// What is done to the licence.
    pub operation: Operation,
    /// Why, in the words of who decided.
    pub reason: Option<Reason>,
    /// The calling system, by its name in the configuration.
    pub actor: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// From when it holds; the present moment when absent.
    pub effective_at: Option<Timestamp>,
    /// What takes the licence's place: only for [`Operation::Transfer`]. A later version takes its place by being ingested.
    pub successor: Option<Identifier>,
    /// The present moment.
    pub now: Timestamp,
}

/// The table of licences.
#[derive(Clone, Debug)]
pub struct Licences {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

impl Licences {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same table, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Puts a licence on record with its document, and moves the version before it out of force, all in one batch. Idempotent by
    /// type, issuer, serial and version: the same document again changes nothing.
    ///
    /// The licence counts as issued from its day of issue on, so that it can be judged at a time before it came in.
    ///
    /// # Errors
    /// [`StorageError::LicenceExists`] when another document has the identifier, [`StorageError::VersionGap`] when it does not
    /// follow the current version, [`StorageError::Refused`] when that version's state forbids a successor,
    /// [`StorageError::Holder`] when a holder's number is none, and those of a store that does not work.
    pub fn ingest(&self, verified: &Verified, how: &Ingest) -> Result<Ingested, StorageError> {
        repeat(|| self.attempt_ingest(verified, how))
    }

    fn attempt_ingest(&self, verified: &Verified, how: &Ingest) -> Result<Attempt<Ingested>, StorageError> {
        let identifier = &verified.metadata().identifier;
        let key = LicenceKey::of(&self.shelf.vault, identifier);
        if let Some(kept) = self.shelf.read::<Record>(&key.record())? {
            return if kept.value.sha256 == verified.sha256() {
                Ok(Attempt::Done(Stored::Unchanged(kept.value)))
            } else {
                Err(StorageError::LicenceExists)
            };
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        let mut record = new_record(verified, how);
        match self.shelf.read::<Current>(&key.current())? {
            None if key.version == 1 => change.insert(key.current(), &Current { version: 1 })?,
            Some(current) if current.value.version.checked_add(1) == Some(key.version) => {
                record.previous = Some(self.supersede(&mut change, key, identifier, verified, how)?);
                change.replace(key.current(), current.version, &Current { version: key.version })?;
            }
            current => return Err(StorageError::VersionGap { current: current.map(|kept| kept.value.version) }),
        }
        issue(&mut record, how)?;
        self.write_new(&mut change, key, verified, &record)?;
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(record))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Record>(&key.record())? {
                Some(kept) if kept.value == record => Ok(Attempt::Done(Stored::Created(record))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// Moves the version before `key` out of force, and says which it is.
    fn supersede(
        &self,
        change: &mut Change<'_>,
        key: LicenceKey,
        successor: &Identifier,
        verified: &Verified,
        how: &Ingest,
    ) -> Result<Identifier, StorageError> {
        let before = LicenceKey { version: key.version.saturating_sub(1), ..key };
        let corrupt = StorageError::Corrupt { what: WHAT };
        let Kept { version, value: mut previous } = self.shelf.read::<Record>(&before.record())?.ok_or(corrupt)?;
        let begins = issued_at(verified, how.now);
        let (effective_at, recorded_at) = previous
            .current()
            .map_or((begins, how.now), |(_, last)| (begins.max(last.effective_at), how.now.max(last.effective_at)));
        let decision = Decision {
            operation: how.operation.unwrap_or(Operation::Change),
            effective_at,
            recorded_at,
            reason: None,
            actor: how.actor.clone(),
            organisation: how.organisation.clone(),
            successor: Some(successor.clone()),
        };
        previous.apply(decision).map_err(StorageError::Refused)?;
        change.replace(before.record(), version, &previous)?;
        Ok(previous.metadata.identifier)
    }

    /// The record, the place in a status list, the document and the index rows of a new version.
    fn write_new(
        &self,
        change: &mut Change<'_>,
        key: LicenceKey,
        verified: &Verified,
        record: &Record,
    ) -> Result<(), StorageError> {
        change.insert(key.record(), record)?;
        slots::allocate(&self.shelf, change, key, &mut Vec::new())?;
        change.file(&record.sha256, verified.document())?;
        change.index(key.by_sha256(&record.sha256));
        change.index(key.by_sm3(&verified.sm3()));
        let today = record.received_at.plus(CHINA).date();
        let numbers = record.metadata.holders.iter().map(|holder| holder.number(today));
        let numbers: Vec<HolderNumber> = numbers.collect::<Result<_, _>>().map_err(StorageError::Holder)?;
        let mut indexes: BTreeSet<_> = numbers.iter().map(|number| keys::by_holder(&self.shelf.vault, number)).collect();
        indexes.insert(keys::by_issuer(&record.metadata.issuer_code));
        indexes.insert(keys::by_type(&record.metadata.type_code));
        for index in &indexes {
            change.index(key.in_index(index, record.received_at));
        }
        Ok(())
    }

    /// What is on record under an identifier. The check character is not compared.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn record(&self, identifier: &Identifier) -> Result<Option<Record>, StorageError> {
        self.by_key(LicenceKey::of(&self.shelf.vault, identifier))
    }

    /// The place of a licence in the status lists.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn slot(&self, identifier: &Identifier) -> Result<Option<Slot>, StorageError> {
        let key = LicenceKey::of(&self.shelf.vault, identifier).slot();
        Ok(self.shelf.read::<Slot>(&key)?.map(|kept| kept.value))
    }

    /// The licence that has this place in the status lists.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_slot(&self, slot: Slot) -> Result<Option<Record>, StorageError> {
        let Some(owner) = self.shelf.read::<slots::Owner>(&keys::owner(slot))? else { return Ok(None) };
        self.by_key(owner.value.into())
    }

    /// The licences with places in a list, in the order of the places, behind the place `after`: up to `limit` of them. Without
    /// any there is no such list yet, or no more of it.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn in_list(&self, list: u32, after: Option<u32>, limit: usize) -> Result<Vec<Placed>, StorageError> {
        let owners = slots::owners(&self.shelf, list, after, limit)?;
        let placed = |(slot, key)| {
            let record = self.by_key(key)?.ok_or(StorageError::Corrupt { what: WHAT })?;
            Ok(Placed { slot, record })
        };
        owners.into_iter().map(placed).collect()
    }

    /// The document under an identifier, as it came, checked against its digest.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] when it is not what was stored, and those of a store that does not work.
    pub fn file(&self, identifier: &Identifier) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(record) = self.record(identifier)? else { return Ok(None) };
        let file = self.shelf.file(&record.sha256, WHAT)?;
        file.map(Some).ok_or(StorageError::Corrupt { what: WHAT })
    }

    /// The latest version of a licence, by its [`Identifier::lineage`].
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn current(&self, lineage: &str) -> Result<Option<Record>, StorageError> {
        let lineage = keys::lineage(&self.shelf.vault, lineage);
        let Some(current) = self.shelf.read::<Current>(&keys::current(&lineage))? else { return Ok(None) };
        self.by_key(LicenceKey { lineage, version: current.value.version })
    }

    /// The licence whose document has this SHA-256.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_sha256(&self, digest: &Sha256) -> Result<Option<Record>, StorageError> {
        self.first(&keys::by_sha256(digest), |record| record.sha256 == *digest)
    }

    /// The licence whose document has this SM3 digest.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_sm3(&self, digest: &[u8; 32]) -> Result<Option<Record>, StorageError> {
        self.first(&keys::by_sm3(digest), |record| record.sm3 == to_hex(digest))
    }

    /// The licences of a holder, every version of them, the last to come in first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_holder(&self, number: &HolderNumber, after: Option<&Cursor>, limit: usize) -> Result<Page<Record>, StorageError> {
        let has = |record: &Record| {
            let day = record.received_at.plus(CHINA).date();
            record.metadata.holders.iter().any(|holder| holder.number(day).as_ref() == Ok(number))
        };
        self.page(&keys::by_holder(&self.shelf.vault, number), after, limit, has)
    }

    /// Those licences of a holder that one issuer has issued, as [`Licences::by_holder`] gives all. Neither the items nor the
    /// cursor tell whether others have issued any.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_holder_and_issuer(
        &self,
        (number, issuer_code): (&HolderNumber, &str),
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Record>, StorageError> {
        let mut own = Page { items: Vec::new(), next: None };
        let mut after = after.cloned();
        loop {
            // One row at a time, so that the cursor is always that of the row.
            let page = self.by_holder(number, after.as_ref(), 1)?;
            for record in page.items.into_iter().filter(|record| record.metadata.issuer_code == issuer_code) {
                if own.items.len() >= limit.max(1) {
                    return Ok(own);
                }
                own.items.push(record);
                own.next.clone_from(&page.next);
            }
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        own.next = None;
        Ok(own)
    }

    /// The licences that an issuer, by its code, has issued, the last to come in first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_issuer(&self, issuer_code: &str, after: Option<&Cursor>, limit: usize) -> Result<Page<Record>, StorageError> {
        self.page(&keys::by_issuer(issuer_code), after, limit, |record| record.metadata.issuer_code == issuer_code)
    }

    /// The licences of a type, by its code, the last to come in first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn by_type(&self, type_code: &str, after: Option<&Cursor>, limit: usize) -> Result<Page<Record>, StorageError> {
        self.page(&keys::by_type(type_code), after, limit, |record| record.metadata.type_code == type_code)
    }

    /// Changes the state of a licence. Returns only when the change is durable, and every later read shows it.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Refused`] when the licence's state forbids it, and those of a store that does
    /// not work.
    pub fn change_status(&self, identifier: &Identifier, change: &StatusChange) -> Result<Record, StorageError> {
        repeat(|| self.attempt_change(identifier, change))
    }

    fn attempt_change(&self, identifier: &Identifier, asked: &StatusChange) -> Result<Attempt<Record>, StorageError> {
        let key = LicenceKey::of(&self.shelf.vault, identifier).record();
        let Some(kept) = self.shelf.read::<Record>(&key)? else { return Err(StorageError::NotFound { what: WHAT }) };
        if asked.operation.supersedes() {
            // A successor that is not on record would leave the licence with none: it comes by ingest.
            return Err(StorageError::Refused(RecordError::Successor));
        }
        let mut record = kept.value;
        // What was on record before this came before it, also when the clock was set back or an older request got here later.
        let now = record.current().map_or(asked.now, |(_, last)| asked.now.max(last.effective_at));
        let decision = Decision {
            operation: asked.operation,
            effective_at: asked.effective_at.unwrap_or(now),
            recorded_at: now,
            reason: asked.reason.clone(),
            actor: asked.actor.clone(),
            organisation: asked.organisation.clone(),
            successor: asked.successor.clone(),
        };
        record.apply(decision).map_err(StorageError::Refused)?;
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.replace(key.clone(), kept.version, &record)?;
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(record)),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Record>(&key)? {
                Some(kept) if kept.value == record => Ok(Attempt::Done(record)),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    fn by_key(&self, key: LicenceKey) -> Result<Option<Record>, StorageError> {
        Ok(self.shelf.read::<Record>(&key.record())?.map(|kept| kept.value))
    }

    /// The licence that the first index key with this beginning names.
    fn first(&self, prefix: &[u8], agrees: impl Fn(&Record) -> bool) -> Result<Option<Record>, StorageError> {
        self.shelf.first(prefix)?.map(|row| agreeing(self.by_row(&row)?, &agrees)).transpose()
    }

    fn by_row(&self, row: &[u8]) -> Result<Record, StorageError> {
        let corrupt = || StorageError::Corrupt { what: "index row" };
        self.by_key(LicenceKey::from_suffix(row).ok_or_else(corrupt)?)?.ok_or_else(corrupt)
    }

    fn page(
        &self,
        index: &[u8],
        after: Option<&Cursor>,
        limit: usize,
        agrees: impl Fn(&Record) -> bool,
    ) -> Result<Page<Record>, StorageError> {
        let (rows, next) = self.shelf.page(index, after, limit)?;
        let items = rows.iter().map(|row| agreeing(self.by_row(row)?, &agrees)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}

/// Index rows are not sealed: what they lead to must agree with them.
fn agreeing(record: Record, agrees: impl Fn(&Record) -> bool) -> Result<Record, StorageError> {
    if agrees(&record) { Ok(record) } else { Err(StorageError::Corrupt { what: "index row" }) }
}

/// From when the licence counts as issued: its day of issue in China, but never the future.
fn issued_at(verified: &Verified, now: Timestamp) -> Timestamp {
    verified.metadata().issued.start_in_china().min(now)
}

/// The record of a new version, to which nothing was done yet.
fn new_record(verified: &Verified, how: &Ingest) -> Record {
    Record {
        metadata: verified.metadata().clone(),
        format: verified.format().name().to_owned(),
        sha256: verified.sha256(),
        sm3: to_hex(&verified.sm3()),
        size: u64::try_from(verified.document().len()).unwrap_or(u64::MAX),
        received_at: how.now,
        events: Vec::new(),
        previous: None,
        next: None,
    }
}

/// Puts the issue itself on record.
fn issue(record: &mut Record, how: &Ingest) -> Result<(), StorageError> {
    if let Some(operation) = how.operation.filter(|operation| record.previous.is_none() && *operation != Operation::Issue) {
        return Err(StorageError::Refused(RecordError::Illegal(IllegalTransition { from: None, operation })));
    }
    let decision = Decision {
        operation: Operation::Issue,
        effective_at: record.metadata.issued.start_in_china().min(how.now),
        recorded_at: how.now,
        reason: None,
        actor: how.actor.clone(),
        organisation: how.organisation.clone(),
        successor: None,
    };
    record.apply(decision).map_err(StorageError::Refused)?;
    Ok(())
}
