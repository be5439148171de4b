//! The two logs: what happened, in order and without gaps, in the same batch as what it changed.

mod draft;
mod pending;
mod publisher;

use std::sync::{Arc, Mutex, PoisonError};

use crypto::record::{Entry, LogName, Opening, Part, Salt, Stamp};
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::shelf::{Attempt, Change, Committed, Shelf, repeat};

pub use draft::{Draft, Once};
pub use pending::Pending;
pub use publisher::{Published, Publisher, Shard};

/// The most links of one record: seals and subjects together.
pub const LINKS_MAX: usize = Opening::PARTS_MAX - Opening::LINKS;

/// Where a record came to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// In which log.
    pub log: LogName,
    /// Under which number.
    pub number: u64,
    /// With which time: that of the draft, or that of the record before where that is later.
    pub at: Timestamp,
    /// What the tree holds of it.
    pub entry: Entry,
    /// Whether it stood there already, from an earlier request of the same name.
    pub is_repeat: bool,
}

/// What is called when records are durable, or will not be.
pub type Done = Box<dyn FnOnce(Result<Vec<Recorded>, StorageError>) + Send>;

/// How far a log has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) size: u64,
    pub(crate) at: Timestamp,
}

/// The logs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Logs {
    shelf: Arc<Shelf>,
    turn: Arc<Mutex<()>>,
}

impl Logs {
    pub(crate) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, turn: Arc::default() }
    }

    /// Puts on record what changed nothing in the registry. `done` is called from another thread, soon; it must not block.
    pub fn append(&self, drafts: Vec<Draft>, done: Done) {
        done(self.append_and_wait(&drafts));
    }

    /// The same, and waits until the records are durable.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn append_and_wait(&self, drafts: &[Draft]) -> Result<Vec<Recorded>, StorageError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        repeat(|| {
            let pending = Pending::new(drafts.to_vec());
            Ok(match self.shelf.change().recording(Some(&pending)).commit()? {
                Committed::Yes => Attempt::Done(pending.recorded().unwrap_or_default().to_vec()),
                Committed::Conflict => Attempt::Again,
                Committed::Unknown => Attempt::Doubtful,
            })
        })
    }

    /// A record, as far as it is kept.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn record(&self, log: LogName, number: u64) -> Result<Option<Opening>, StorageError> {
        Ok(self.shelf.read::<Opening>(&keys::log_row(log, number))?.map(|kept| kept.value))
    }

    /// How many records a log has.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn size(&self, log: LogName) -> Result<u64, StorageError> {
        Ok(self.shelf.read::<Head>(&keys::log_head(log))?.map_or(0, |kept| kept.value.size))
    }
}

/// Adds records to a change.
pub(crate) fn add(change: &mut Change<'_>, drafts: &[Draft]) -> Result<Vec<Recorded>, StorageError> {
    let mut recorded = Vec::new();
    for log in LogName::ALL {
        let key = keys::log_head(log);
        let kept = change.shelf.read::<Head>(&key)?;
        let (version, mut head) =
            kept.map_or((None, Head { size: 0, at: Timestamp::MIN }), |kept| (Some(kept.version), kept.value));
        let before = head.size;
        for draft in drafts.iter().filter(|draft| draft.log == log) {
            head.at = head.at.max(draft.at);
            let stamp = Stamp { number: head.size, at: head.at };
            let opening = opening(draft, stamp)?;
            change.insert(keys::log_row(log, stamp.number), &opening)?;
            recorded.push(Recorded { log, number: stamp.number, at: stamp.at, entry: opening.entry(), is_repeat: false });
            head.size += 1;
        }
        match version {
            _ if head.size == before => {}
            None => change.insert(key, &head)?,
            Some(version) => change.replace(key, version, &head)?,
        }
    }
    Ok(recorded)
}

fn opening(draft: &Draft, stamp: Stamp) -> Result<Opening, StorageError> {
    let texts = [serde_json::to_string(&stamp), serde_json::to_string(&draft.facts), serde_json::to_string(&draft.subject)];
    let parts = texts.into_iter().map(|text| {
        let text = text.map_err(|_error| StorageError::Internal)?;
        Ok(Part::Open { salt: Salt([0; 16]), text })
    });
    Ok(Opening { parts: parts.collect::<Result<_, StorageError>>()? })
}
