//! The store: opens it all.

use std::path::Path;
use std::sync::Arc;

use crypto::digest::to_hex;
use crypto::time::Timestamp;

use crate::catalogue::CatalogueTable;
use crate::certificates::Certificates;
use crate::engine::memory::Memory;
use crate::engine::options::Options;
use crate::engine::rocks::Rocks;
use crate::engine::{Engine, FreezeError, Frozen};
use crate::error::{StorageError, StoreError};
use crate::evidence::EvidenceTable;
use crate::gate::{Gate, Refusal, Room};
use crate::grants::Grants;
use crate::keys;
use crate::ledger::Ledger;
use crate::licences::Licences;
use crate::log::Logs;
use crate::objections::Objections;
use crate::records::{KeyCheck, Probe};
use crate::seals::Seals;
use crate::secret::Keys;
use crate::sequencer::Sequencer;
use crate::shelf::{Attempt, Committed, Shelf, repeat};
use crate::slots;
use crate::tokens::Tokens;
use crate::use_codes::UseCodes;
use crate::vault::{KeyId, Vault};
use crate::witnessing::Witnessing;

/// Everything that is kept. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    shelf: Arc<Shelf>,
    licences: Licences,
    seals: Seals,
    certificates: Certificates,
    evidence: EvidenceTable,
    grants: Grants,
    catalogue: CatalogueTable,
    logs: Logs,
    objections: Objections,
    witnessing: Witnessing,
    tokens: Tokens,
    use_codes: UseCodes,
    ledger: Ledger,
}

impl Store {
    /// Opens the store in `directory`, or makes it.
    ///
    /// # Errors
    /// [`StoreError`] when another process has it open, when it is not a store or of an unknown format, and when the keys are
    /// not those that it was made with.
    pub fn open(directory: &Path, keys: &Keys, options: &Options) -> Result<Self, StoreError> {
        Self::on(Arc::new(Rocks::open(directory, options)?), keys)
    }

    /// Opens the store in `directory` to look at it: nothing is written, and the logs need not be whole. For
    /// [`Logs::fsck`](crate::log::Logs::fsck), and for reading what is left of a damaged store.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn inspect(directory: &Path, keys: &Keys, options: &Options) -> Result<Self, StoreError> {
        Self::inspect_on(Arc::new(Rocks::open(directory, options)?), keys)
    }

    /// The store on this engine, to look at it.
    ///
    /// # Errors
    /// [`StoreError`] when the keys are not those that the store was made with.
    pub fn inspect_on(engine: Arc<dyn Engine>, keys: &Keys) -> Result<Self, StoreError> {
        let shelf = Shelf::new(engine, Vault::new(keys), true);
        let ours = key_check(&shelf);
        match shelf.read::<KeyCheck>(&keys::key_check()) {
            Ok(noted) => compare_keys(&shelf, &ours, Ok(noted.map_or_else(|| key_check(&shelf), |kept| kept.value)))?,
            Err(error) => compare_keys(&shelf, &ours, Err(error))?,
        }
        // Logs that are not whole count as empty here. What is wrong with them is for the check to say.
        shelf.board.reload(shelf.engine.as_ref(), &shelf.vault).unwrap_or_default();
        Ok(Self::of(Arc::new(shelf)))
    }

    /// A store in memory, gone when it is dropped.
    ///
    /// # Errors
    /// [`StoreError`] when the system gives no random bytes.
    pub fn memory(keys: &Keys) -> Result<Self, StoreError> {
        Self::on(Arc::new(Memory::new()), keys)
    }

    /// The store on this engine.
    ///
    /// # Errors
    /// [`StoreError`] when the keys are not those that the store was made with.
    pub fn on(engine: Arc<dyn Engine>, keys: &Keys) -> Result<Self, StoreError> {
        let shelf = Arc::new(Shelf::new(engine, Vault::new(keys), false));
        check_keys(&shelf)?;
        slots::backfill(&shelf)?;
        shelf.board.reload(shelf.engine.as_ref(), &shelf.vault)?;
        let sequencer = Sequencer::start(
            Arc::clone(&shelf.engine),
            Arc::clone(&shelf.vault),
            Arc::clone(&shelf.board),
            Arc::clone(&shelf.gate),
        )?;
        shelf.sequencer.set(sequencer).map_err(|_set| StorageError::Internal)?;
        Ok(Self::of(shelf))
    }

    fn of(shelf: Arc<Shelf>) -> Self {
        let licences = Licences::new(Arc::clone(&shelf));
        let seals = Seals::new(Arc::clone(&shelf));
        let certificates = Certificates::new(Arc::clone(&shelf));
        let evidence = EvidenceTable::new(Arc::clone(&shelf));
        let grants = Grants::new(Arc::clone(&shelf));
        let catalogue = CatalogueTable::new(Arc::clone(&shelf));
        let logs = Logs::new(Arc::clone(&shelf));
        let witnessing = Witnessing::new(Arc::clone(&shelf));
        let tokens = Tokens::new(Arc::clone(&shelf));
        let use_codes = UseCodes::new(Arc::clone(&shelf));
        let ledger = Ledger::new(Arc::clone(&shelf));
        let objections = Objections::new(Arc::clone(&shelf));
        Self {
            shelf,
            licences,
            seals,
            certificates,
            evidence,
            catalogue,
            grants,
            logs,
            objections,
            witnessing,
            tokens,
            use_codes,
            ledger,
        }
    }

    /// The licences.
    #[must_use]
    pub const fn licences(&self) -> &Licences {
        &self.licences
    }

    /// The seals on file.
    #[must_use]
    pub const fn seals(&self) -> &Seals {
        &self.seals
    }

    /// The certificates on file.
    #[must_use]
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Evidence of the status of certificates, old and new.
    #[must_use]
    pub const fn evidence(&self) -> &EvidenceTable {
        &self.evidence
    }

    /// Who may ask what, and who wants to.
    #[must_use]
    pub const fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The catalogue, in all of its versions.
    pub const fn catalogue(&self) -> &CatalogueTable {
        &self.catalogue
    }

    /// What happened, in two logs.
    #[must_use]
    pub const fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Objections against licences and against what resources say.
    #[must_use]
    pub const fn objections(&self) -> &Objections {
        &self.objections
    }

    /// What witnesses have signed of the logs, and what we have signed of others'.
    #[must_use]
    pub const fn witnessing(&self) -> &Witnessing {
        &self.witnessing
    }

    /// The tokens that were used.
    #[must_use]
    pub const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Codes that are good for one use of one licence.
    #[must_use]
    pub const fn use_codes(&self) -> &UseCodes {
        &self.use_codes
    }

    /// The figures and cards of supervision.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The name of the key that values are sealed under.
    #[must_use]
    pub fn value_key(&self) -> KeyId {
        self.shelf.vault.id()
    }

    /// Copies the files of the store as they are at one moment after everything that was acknowledged. The store may be in use.
    ///
    /// # Errors
    /// [`FreezeError`] when the engine cannot.
    pub fn freeze(&self) -> Result<Frozen, FreezeError> {
        self.shelf.engine.freeze()
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        self.shelf.engine.as_ref()
    }

    /// The gate in front of everything that writes.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.shelf.gate
    }

    /// How many reads found stored bytes damaged, since the store was opened.
    #[must_use]
    pub fn damaged_reads(&self) -> u64 {
        self.shelf.engine.damaged_reads()
    }

    /// Writes a small row the way every other row is written, and reads it back. Where there is only room for records, it is read.
    ///
    /// # Errors
    /// Why the store would not take a record now. After a failed write [`Store::trouble`] has the cause, before one the
    /// [gate](Store::gate).
    pub fn probe(&self, now: Timestamp) -> Result<(), StorageError> {
        let key = keys::probe();
        if self.gate().refusal(false) == Some(Refusal::Hangs) {
            // A read might hang as well.
            return Err(StorageError::Unavailable);
        }
        let version = || Ok::<_, StorageError>(self.shelf.read::<Probe>(&key)?.map_or(0, |kept| kept.version));
        let before = version()?;
        match self.gate().room() {
            Room::Ample => {}
            Room::Records => return Ok(()),
            Room::None => return Err(StorageError::Unavailable),
        }
        let mut change = self.shelf.change();
        change.put(key.clone(), &Probe { at: now })?;
        match change.commit()? {
            Committed::Yes => {}
            Committed::Conflict => return Err(StorageError::Internal),
            Committed::Unknown => return Err(StorageError::Unknown),
        }
        if version()? > before { Ok(()) } else { Err(StorageError::Corrupt { what: "probe" }) }
    }

    /// What the system said of the write that failed, after which none is made until a restart.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.shelf.engine.trouble()
    }
}

/// Checks the keys against those that the store was made with, or notes them in a new one.
fn check_keys(shelf: &Shelf) -> Result<(), StoreError> {
    let ours = key_check(shelf);
    let noted = repeat(|| attempt_note(shelf, &ours));
    compare_keys(shelf, &ours, noted)
}

/// What a store with these keys notes of them.
fn key_check(shelf: &Shelf) -> KeyCheck {
    KeyCheck { index: to_hex(&shelf.vault.blind(b"key check", b"")) }
}

fn compare_keys(shelf: &Shelf, ours: &KeyCheck, noted: Result<KeyCheck, StorageError>) -> Result<(), StoreError> {
    match noted {
        Ok(noted) if noted == *ours => Ok(()),
        Ok(_) => Err(StoreError::WrongIndexKey),
        Err(StorageError::WrongKey { sealed }) => Err(StoreError::WrongValueKey { expected: sealed, given: shelf.vault.id() }),
        Err(error) => Err(error.into()),
    }
}

/// What the store has noted of its keys; `ours` when it had noted nothing.
fn attempt_note(shelf: &Shelf, ours: &KeyCheck) -> Result<Attempt<KeyCheck>, StorageError> {
    let key = keys::key_check();
    if let Some(kept) = shelf.read::<KeyCheck>(&key)? {
        return Ok(Attempt::Done(kept.value));
    }
    let mut change = shelf.change();
    change.insert(key, ours)?;
    match change.commit()? {
        Committed::Yes | Committed::Conflict => Ok(Attempt::Again),
        Committed::Unknown => Ok(Attempt::Doubtful),
    }
}
