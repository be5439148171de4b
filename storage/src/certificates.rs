//! Certificates that callers have deposited.

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

/// What a damaged certificate is called in errors.
const WHAT: &str = "certificate";

/// A certificate on file. Serialised without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateRecord {
    /// The digest of the DER: the name of the certificate.
    pub sha256: Sha256,
    /// The certificate as it came, DER.
    #[serde(skip)]
    pub der: Vec<u8>,
    /// When it was deposited.
    pub added_at: Timestamp,
    /// The caller that deposited it.
    pub added_by: String,
}

/// The table of certificates.
#[derive(Clone, Debug)]
pub struct Certificates {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

impl Certificates {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same table, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Deposits a certificate. The same again changes nothing.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn add(&self, der: &[u8], added_by: &str, now: Timestamp) -> Result<Stored<CertificateRecord>, StorageError> {
        let sha256 = Sha256::of(&[der]);
        let record = CertificateRecord { sha256, der: der.to_vec(), added_at: now, added_by: added_by.to_owned() };
        repeat(|| self.attempt(&record))
    }

    fn attempt(&self, record: &CertificateRecord) -> Result<Attempt<Stored<CertificateRecord>>, StorageError> {
        let key = keys::certificate(&record.sha256);
        if let Some(kept) = self.shelf.read::<CertificateRecord>(&key)? {
            return Ok(Attempt::Done(Stored::Unchanged(CertificateRecord { der: record.der.clone(), ..kept.value })));
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.file(&record.sha256, &record.der)?;
        change.insert(key.clone(), record)?;
        change.index(keys::certificate_in_list(record.added_at, &record.sha256));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(record.clone()))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<CertificateRecord>(&key)? {
                Some(kept) if (&kept.value.added_by, kept.value.added_at) == (&record.added_by, record.added_at) => {
                    Ok(Attempt::Done(Stored::Created(record.clone())))
                }
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// The certificate with this digest.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn certificate(&self, sha256: &Sha256) -> Result<Option<CertificateRecord>, StorageError> {
        let Some(kept) = self.shelf.read::<CertificateRecord>(&keys::certificate(sha256))? else { return Ok(None) };
        let der = self.shelf.file(sha256, WHAT)?.ok_or(StorageError::Corrupt { what: WHAT })?;
        Ok(Some(CertificateRecord { der, ..kept.value }))
    }

    /// The certificates on file, newest first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn list(&self, after: Option<&Cursor>, limit: usize) -> Result<Page<CertificateRecord>, StorageError> {
        let (rows, next) = self.shelf.page(keys::CERTIFICATES, after, limit)?;
        let corrupt = StorageError::Corrupt { what: WHAT };
        let certificate = |row: Vec<u8>| {
            let sha256 = keys::last_digest(&row).map(Sha256).ok_or_else(|| corrupt.clone())?;
            self.certificate(&sha256)?.ok_or_else(|| corrupt.clone())
        };
        Ok(Page { items: rows.into_iter().map(certificate).collect::<Result<_, _>>()?, next })
    }
}
