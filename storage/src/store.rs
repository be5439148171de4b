//! The store: opens it all.

use std::path::Path;
use std::sync::Arc;

use crypto::time::Timestamp;

use crate::catalogue::CatalogueTable;
use crate::certificates::Certificates;
use crate::engine::memory::Memory;
use crate::engine::options::Options;
use crate::engine::rocks::Rocks;
use crate::engine::{Engine, Format, FreezeError, Frozen, Tap};
use crate::error::{StorageError, StoreError};
use crate::evidence::EvidenceTable;
use crate::gate::{Gate, Refusal, Room};
use crate::grants::Grants;
use crate::keyring::Keyring;
use crate::keyring::row::Ring;
use crate::keys;
use crate::ledger::Ledger;
use crate::licences::Licences;
use crate::log::Logs;
use crate::migrate::{self, By, Migrated, Progress};
use crate::objections::Objections;
use crate::records::Probe;
use crate::seals::Seals;
use crate::secret::Keys;
use crate::sequencer::Sequencer;
use crate::shelf::{Committed, Shelf};
use crate::tokens::Tokens;
use crate::use_codes::UseCodes;
use crate::vault::Vault;
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
    keyring: Keyring,
}

impl Store {
    /// Opens the store in `directory`, or makes it.
    ///
    /// # Errors
    /// [`StoreError`] when another process has it open, when it is not a store or of an unknown format, when it must be migrated
    /// first, and when the keys are not those that it opens with.
    pub fn open(directory: &Path, keys: &Keys, options: &Options) -> Result<Self, StoreError> {
        Self::on(Arc::new(Rocks::open(directory, options)?), keys)
    }

    /// Brings the store in `directory` to the newest format, whatever that takes.
    ///
    /// # Errors
    /// As for [`Store::open`]. What was done of a step stays done, and is not done again.
    pub fn migrate(
        directory: &Path,
        keys: &Keys,
        options: &Options,
        told: &mut dyn FnMut(Progress),
    ) -> Result<Migrated, StoreError> {
        let engine: Arc<dyn Engine> = Arc::new(Rocks::open(directory, options)?);
        migrate::to_newest(&engine, keys, By::Operator, told)
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
        let is_first = migrate::format(engine.as_ref())?.0.format == 1;
        let ring = if is_first { Ring::of_given(keys)? } else { Ring::read(engine.as_ref(), keys)? };
        let shelf = Shelf::new(engine, Vault::new(&ring, keys), true);
        if is_first {
            migrate::check_given(&shelf)?;
        }
        // Logs that are not whole count as empty here. What is wrong with them is for the check to say.
        shelf.board.reload(shelf.engine.as_ref(), &shelf.vault).unwrap_or_default();
        Ok(Self::of(Arc::new(shelf), keys))
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
        migrate::to_newest(&engine, keys, By::Start, &mut |_progress| ())?;
        let ring = Ring::read(engine.as_ref(), keys)?;
        let shelf = Arc::new(Shelf::new(engine, Vault::new(&ring, keys), false));
        shelf.board.reload(shelf.engine.as_ref(), &shelf.vault)?;
        let sequencer = Sequencer::start(
            Arc::clone(&shelf.engine),
            Arc::clone(&shelf.vault),
            Arc::clone(&shelf.board),
            Arc::clone(&shelf.gate),
        )?;
        shelf.sequencer.set(sequencer).map_err(|_set| StorageError::Internal)?;
        Ok(Self::of(shelf, keys))
    }

    fn of(shelf: Arc<Shelf>, keys: &Keys) -> Self {
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
        let keyring = Keyring::new(Arc::clone(&shelf), keys.clone());
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
            keyring,
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

    /// The keys of the store.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Its format, and the program that wrote it.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn format(&self) -> Result<Format, StoreError> {
        Ok(migrate::format(self.shelf.engine.as_ref())?.0)
    }

    /// Copies the files of the store as they are at one moment after everything that was acknowledged. The store may be in use.
    ///
    /// # Errors
    /// [`FreezeError`] when the engine cannot.
    pub fn freeze(&self) -> Result<Frozen, FreezeError> {
        self.shelf.engine.freeze()
    }

    /// Where the commits that become durable are heard; a store in memory has none.
    #[must_use]
    pub fn tap(&self) -> Option<&Arc<Tap>> {
        self.shelf.engine.tap()
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
