//! What witnesses have signed of our logs, and what we have signed of the logs of others as their witness.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::Hash;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::log::Pending;
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, Shelf, repeat};

/// What the witnesses of one shard have signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosigned {
    /// By the verifier key of a witness what it signed last.
    pub lines: BTreeMap<String, CosignedLine>,
    /// The newest checkpoint that as many witnesses signed as the policy demands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<WitnessedNote>,
}

/// What one witness has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignedLine {
    /// The size of the tree.
    pub size: u64,
    /// When the witness says that it signed.
    pub at: Timestamp,
    /// Its line, as it stands below the checkpoint.
    pub line: String,
}

/// A checkpoint with enough lines of witnesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessedNote {
    /// The size of the tree.
    pub size: u64,
    /// When there were enough.
    pub at: Timestamp,
    /// The signed note, with the lines of the log and of the witnesses.
    pub note: String,
}

/// The checkpoint of another log that we signed last as its witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// Which log.
    pub origin: String,
    /// The size of its tree.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
    /// When we signed.
    pub at: Timestamp,
}

/// What [`Vouched`] was when it was read: the next one replaces this one and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before(Option<u64>);

/// Both tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Witnessing {
    shelf: Arc<Shelf>,
}

impl Layout for Cosigned {
    const WHAT: &'static str = "lines of witnesses";
}

impl Layout for Vouched {
    const WHAT: &'static str = "checkpoint of another log";
}

impl Witnessing {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf }
    }

    /// What the witnesses of a shard have signed; nothing yet where nothing is kept.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn cosigned(&self, log: LogName, shard: u32) -> Result<Cosigned, StorageError> {
        let kept = self.shelf.read::<Cosigned>(&keys::log_cosigned(log, shard))?;
        Ok(kept.map(|kept| kept.value).unwrap_or_default())
    }

    /// Keeps what the witnesses of a shard have signed, in place of what was kept.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn keep_cosigned(&self, log: LogName, shard: u32, cosigned: &Cosigned) -> Result<(), StorageError> {
        repeat(|| {
            let mut change = self.shelf.change();
            change.put(keys::log_cosigned(log, shard), cosigned)?;
            Ok(match change.commit()? {
                Committed::Yes => Attempt::Done(()),
                Committed::Conflict => Attempt::Again,
                Committed::Unknown => Attempt::Doubtful,
            })
        })
    }

    /// What we signed last of this log.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn vouched(&self, origin: &str) -> Result<(Before, Option<Vouched>), StorageError> {
        Ok(match self.shelf.settle::<Vouched>(&keys::vouched(origin))? {
            None => (Before(None), None),
            Some(kept) => (Before(Some(kept.version)), Some(kept.value)),
        })
    }

    /// Keeps what is about to be signed, with its record in the same batch, unless another request came first: then `false`, and
    /// nothing may be signed.
    ///
    /// # Errors
    /// Those of a store that does not work; [`StorageError::Unknown`] when nobody knows whether it is kept: then too nothing may
    /// be signed, and the size may show in the next answer all the same.
    pub fn vouch(&self, before: Before, next: &Vouched, pending: &Arc<Pending>) -> Result<bool, StorageError> {
        let key = keys::vouched(&next.origin);
        let mut change = self.shelf.change().recording(Some(pending));
        match before.0 {
            None => change.insert(key, next)?,
            Some(version) => change.replace(key, version, next)?,
        }
        match change.commit()? {
            Committed::Yes => Ok(true),
            Committed::Conflict => Ok(false),
            Committed::Unknown => Err(StorageError::Unknown),
        }
    }
}
