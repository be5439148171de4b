//! Evidence of the status of certificates: revocation lists and OCSP responses as they came. What was once known stays known, so
//! that "was it revoked then" has its answer when the newest list no longer says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::page::PAGE_MAX;
use crate::shelf::{Attempt, Committed, Shelf, repeat};
use crate::stored::Stored;

/// What damaged evidence is called in errors.
const WHAT: &str = "evidence";

/// The longest piece of evidence, in bytes: the longest list that is read.
pub const BYTES_MAX: usize = 128 << 20;

/// Rows that are looked at to choose what is read: how much memory choosing takes.
const ROWS_MAX: usize = 100_000;

/// What a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A revocation list, full or delta.
    List,
    /// An OCSP response.
    Response,
}

/// A piece of evidence. Serialised without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// The digest of the DER: its name.
    pub sha256: Sha256,
    /// What it is.
    pub kind: EvidenceKind,
    /// SHA-256 of the DER of the name of the authority whose certificates it speaks of.
    pub issuer: Sha256,
    /// When it was made, by its own word.
    pub this_update: Timestamp,
    /// Its length in bytes.
    pub bytes: u64,
    /// When the gateway first had it.
    pub received_at: Timestamp,
    /// The evidence as it came, DER.
    #[serde(skip)]
    pub der: Vec<u8>,
}

impl EvidenceRecord {
    /// The record of these bytes.
    #[must_use]
    pub fn new(kind: EvidenceKind, issuer: Sha256, this_update: Timestamp, der: Vec<u8>, received_at: Timestamp) -> Self {
        let bytes = u64::try_from(der.len()).unwrap_or(u64::MAX);
        Self { sha256: Sha256::of(&[&der]), kind, issuer, this_update, bytes, received_at, der }
    }
}

/// The table of evidence.
#[derive(Clone, Debug)]
pub struct EvidenceTable {
    shelf: Arc<Shelf>,
}

impl EvidenceTable {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf }
    }

    /// Keeps a piece of evidence. The same again changes nothing.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] beyond [`BYTES_MAX`], and those of a store that does not work.
    pub fn put(&self, record: &EvidenceRecord) -> Result<Stored<()>, StorageError> {
        if record.der.len() > BYTES_MAX {
            return Err(StorageError::TooLarge);
        }
        let key = keys::evidence(&record.sha256);
        if self.shelf.read::<EvidenceRecord>(&key)?.is_some() {
            return Ok(Stored::Unchanged(()));
        }
        self.shelf.rest_of_file(&record.sha256, &record.der)?;
        repeat(|| self.attempt(record))
    }

    fn attempt(&self, record: &EvidenceRecord) -> Result<Attempt<Stored<()>>, StorageError> {
        let key = keys::evidence(&record.sha256);
        if self.shelf.read::<EvidenceRecord>(&key)?.is_some() {
            return Ok(Attempt::Done(Stored::Unchanged(())));
        }
        let mut change = self.shelf.change();
        change.front_of_file(&record.sha256, &record.der)?;
        change.insert(key.clone(), record)?;
        change.index(keys::evidence_in_list(record.this_update, &record.sha256));
        change.index(keys::evidence_of_issuer(&record.issuer, record.this_update, &record.sha256));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(()))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<EvidenceRecord>(&key)? {
                Some(_) => Ok(Attempt::Done(Stored::Created(()))),
                None => Ok(Attempt::Doubtful),
            },
        }
    }

    /// What fits into `bytes_max`: the newest list of every issuer first, so that no large one crowds out another issuer, then
    /// everything else, newest first. Newest first in the answer, too.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn newest(&self, bytes_max: u64) -> Result<Vec<EvidenceRecord>, StorageError> {
        self.choose(self.records(keys::EVIDENCE)?, bytes_max)
    }

    /// What is kept of one issuer, by the SHA-256 of its name, newest first, as far as it fits into `bytes_max`.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn of_issuer(&self, issuer: &Sha256, bytes_max: u64) -> Result<Vec<EvidenceRecord>, StorageError> {
        self.choose(self.records(&keys::evidence_of(issuer))?, bytes_max)
    }

    /// How many pieces are kept.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn count(&self) -> Result<u64, StorageError> {
        let (mut count, mut after) = (0_u64, None);
        loop {
            let (rows, next) = self.shelf.page(keys::EVIDENCE, after.as_ref(), PAGE_MAX)?;
            count = count.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
            let Some(next) = next else { return Ok(count) };
            after = Some(next);
        }
    }

    /// The records of an index without their bytes, newest first.
    fn records(&self, index: &[u8]) -> Result<Vec<EvidenceRecord>, StorageError> {
        let (mut records, mut after) = (Vec::new(), None);
        loop {
            let (rows, next) = self.shelf.page(index, after.as_ref(), PAGE_MAX)?;
            for row in rows {
                let sha256 = keys::last_digest(&row).map(Sha256).ok_or(StorageError::Corrupt { what: WHAT })?;
                let kept = self.shelf.read::<EvidenceRecord>(&keys::evidence(&sha256))?;
                records.push(kept.ok_or(StorageError::Corrupt { what: WHAT })?.value);
            }
            match next {
                Some(next) if records.len() < ROWS_MAX => after = Some(next),
                _ => return Ok(records),
            }
        }
    }

    fn choose(&self, records: Vec<EvidenceRecord>, bytes_max: u64) -> Result<Vec<EvidenceRecord>, StorageError> {
        let mut issuers = BTreeSet::new();
        let is_first = |record: &&EvidenceRecord| record.kind == EvidenceKind::List && issuers.insert(record.issuer);
        let (first, rest): (Vec<_>, Vec<_>) = records.iter().partition(is_first);
        let (mut left, mut chosen) = (bytes_max, BTreeSet::new());
        for record in first.into_iter().chain(rest) {
            if let Some(less) = left.checked_sub(record.bytes) {
                left = less;
                chosen.insert(record.sha256);
            }
        }
        let read = |record: EvidenceRecord| {
            let der = self.shelf.file(&record.sha256, WHAT)?.ok_or(StorageError::Corrupt { what: WHAT })?;
            Ok(EvidenceRecord { der, ..record })
        };
        records.into_iter().filter(|record| chosen.contains(&record.sha256)).map(read).collect()
    }
}
