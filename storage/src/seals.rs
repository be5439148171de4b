//! The seals on file (印章备案): which seal stands behind an identifier.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::log::Pending;
use crate::page::{Cursor, Page};
use crate::shelf::{Attempt, Committed, Shelf, repeat};
use crate::stored::Stored;

/// What a damaged seal is called in errors.
const WHAT: &str = "seal";

/// A seal on file. Serialised without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SealRecord {
    /// Its identifier (`esID`).
    pub id: String,
    /// The seal as it came, DER.
    #[serde(skip)]
    pub der: Vec<u8>,
    /// The digest of the DER.
    pub sha256: Sha256,
    /// Its name.
    pub name: String,
    /// The version of its format: 1, 4 or 5.
    pub version: u8,
    /// The digest of the maker's certificate.
    pub maker_sha256: Sha256,
    /// From when it may be used.
    pub valid_from: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// The organisation that put it on file.
    pub organisation: String,
    /// When it was put on file.
    pub registered_at: Timestamp,
    /// The caller that put it on file.
    pub registered_by: String,
}

/// The table of seals.
#[derive(Clone, Debug)]
pub struct Seals {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
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

    /// Puts a seal on file. Its digest is computed here. The same seal again changes nothing.
    ///
    /// # Errors
    /// [`StorageError::SealExists`] when another seal has the identifier, and those of a store that does not work.
    pub fn register(&self, mut seal: SealRecord) -> Result<Stored<SealRecord>, StorageError> {
        seal.sha256 = Sha256::of(&[&seal.der]);
        repeat(|| self.attempt(&seal))
    }

    fn attempt(&self, seal: &SealRecord) -> Result<Attempt<Stored<SealRecord>>, StorageError> {
        let id = keys::seal_id(&self.shelf.vault, &seal.id);
        if let Some(kept) = self.shelf.read::<SealRecord>(&keys::seal(&id))? {
            let same = kept.value.sha256 == seal.sha256;
            let there = SealRecord { der: seal.der.clone(), ..kept.value };
            return if same { Ok(Attempt::Done(Stored::Unchanged(there))) } else { Err(StorageError::SealExists) };
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.file(&seal.sha256, &seal.der)?;
        change.insert(keys::seal(&id), seal)?;
        change.index(keys::seal_in_list(seal.registered_at, &id));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(seal.clone()))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => {
                let kept = self.shelf.settle::<SealRecord>(&keys::seal(&id))?;
                let ours = kept.is_some_and(|kept| SealRecord { der: seal.der.clone(), ..kept.value } == *seal);
                Ok(if ours { Attempt::Done(Stored::Created(seal.clone())) } else { Attempt::Doubtful })
            }
        }
    }

    /// The seal with this identifier.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn seal(&self, id: &str) -> Result<Option<SealRecord>, StorageError> {
        self.by_blind(&keys::seal_id(&self.shelf.vault, id))
    }

    /// The seals on file, newest first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn list(&self, after: Option<&Cursor>, limit: usize) -> Result<Page<SealRecord>, StorageError> {
        let (rows, next) = self.shelf.page(keys::SEALS, after, limit)?;
        let corrupt = StorageError::Corrupt { what: WHAT };
        let seal = |row: Vec<u8>| {
            let id = keys::last_digest(&row).ok_or_else(|| corrupt.clone())?;
            self.by_blind(&id)?.ok_or_else(|| corrupt.clone())
        };
        Ok(Page { items: rows.into_iter().map(seal).collect::<Result<_, _>>()?, next })
    }

    fn by_blind(&self, id: &[u8; 32]) -> Result<Option<SealRecord>, StorageError> {
        let Some(kept) = self.shelf.read::<SealRecord>(&keys::seal(id))? else { return Ok(None) };
        let der = self.shelf.file(&kept.value.sha256, WHAT)?.ok_or(StorageError::Corrupt { what: WHAT })?;
        Ok(Some(SealRecord { der, ..kept.value }))
    }
}
