//! That a store was put back to an earlier state: it stays on file until somebody says that what was lost has been entered again.

use crypto::record::LogName;
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, repeat};
use crate::store::Store;

/// What is known of the state that was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoration {
    /// When the store was taken into use again.
    pub at: Timestamp,
    /// The records that are known to be lost.
    pub lost: Vec<Lost>,
}

/// Records of a log that were published, and are not in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The log.
    pub log: LogName,
    /// The period under which they were published.
    pub period: String,
    /// The place of the first of them in the tree of that period.
    pub from: u64,
    /// The place behind the last of them.
    pub until: u64,
}

impl Layout for Restoration {
    const WHAT: &'static str = "note of a restoration";
}

impl Store {
    /// The restoration that nobody has dealt with yet.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn restoration(&self) -> Result<Option<Restoration>, StorageError> {
        Ok(self.shelf().read::<Restoration>(&keys::restoration())?.map(|kept| kept.value))
    }

    /// Notes a restoration, together with what is not dealt with of an earlier one.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn note_restoration(&self, restoration: &Restoration) -> Result<(), StorageError> {
        repeat(|| {
            let key = keys::restoration();
            let before = self.shelf().read::<Restoration>(&key)?;
            let mut change = self.shelf().change();
            match before {
                Some(before) if before.value.at == restoration.at => return Ok(Attempt::Done(())),
                Some(before) => {
                    let mut all = restoration.clone();
                    all.lost.extend(before.value.lost);
                    change.replace(key, before.version, &all)?;
                }
                None => change.insert(key, restoration)?,
            }
            Ok(attempt(&change.commit()?))
        })
    }

    /// Notes that the restoration has been dealt with.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn settle_restoration(&self) -> Result<(), StorageError> {
        repeat(|| {
            let key = keys::restoration();
            let Some(before) = self.shelf().read::<Restoration>(&key)? else { return Ok(Attempt::Done(())) };
            let mut change = self.shelf().change();
            change.delete(key, before.version);
            Ok(attempt(&change.commit()?))
        })
    }
}

/// Whatever came of it, the next look at the row tells.
const fn attempt(committed: &Committed) -> Attempt<()> {
    match committed {
        Committed::Yes => Attempt::Done(()),
        Committed::Conflict => Attempt::Again,
        Committed::Unknown => Attempt::Doubtful,
    }
}
