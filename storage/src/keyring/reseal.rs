//! Re-encryption: every row that is sealed under an older key is sealed under the current one, stretch by stretch, while the store
//! is in use. Where it stands is a row, so that a restart goes on from there.
//!
//! A stretch is one batch, conditional on the versions that were read, and the thread that writes commits it between two groups: a
//! row that somebody changed meanwhile is under the current key already.

use std::sync::Arc;

use crypto::digest::{from_hex, to_hex};
use crypto::record::LogName;
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Keyring, SEALED, is_ring};
use crate::engine::{Batch, CommitError, Direction, FORMAT_KEY, Range, Row, Space};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};
use crate::log::End;
use crate::records::Layout;
use crate::sealing::{KeyId, Place, sealed_under};
use crate::shelf::{Attempt, repeat, seal};

/// Rows of one stretch, of small ones and of pieces of files: a moment's work each.
const ROWS: usize = 512;
const PIECES: usize = 32;

/// How far re-encryption has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resealing {
    /// The key that everything is sealed under in the end.
    pub to: KeyId,
    /// When it began; not known of one that an older licet began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Timestamp>,
    /// When the end was reached; not known of one that an older licet ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Whether the end is reached.
    pub is_done: bool,
    /// Rows that were looked at.
    pub seen: u64,
    /// Rows that were sealed anew.
    pub resealed: u64,
    /// Rows that do not open: they stay as they are, and keep their key from being retired.
    pub damaged: u64,
    /// Which of the sealed spaces is walked, from 0.
    space: usize,
    /// The last key that was looked at there, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Layout for Resealing {
    const WHAT: &'static str = "note of re-encryption";
}

impl Resealing {
    const fn to(to: KeyId, now: Timestamp) -> Self {
        Self { to, began_at: Some(now), ended_at: None, is_done: false, seen: 0, resealed: 0, damaged: 0, space: 0, after: None }
    }

    /// How much of the store has been looked at, in thousandths, if it has about so many sealed rows.
    #[must_use]
    pub fn permille(&self, rows: u64) -> u64 {
        if self.is_done { 1000 } else { self.seen.saturating_mul(1000).checked_div(rows).unwrap_or(0).min(999) }
    }
}

/// What one stretch would write.
#[derive(Default)]
struct Stretch {
    batch: Batch,
    /// The rows of the ends of the logs in it: their versions are in memory.
    ends: Vec<End>,
}

impl Keyring {
    /// Where re-encryption stands; nothing before the first one.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn resealing(&self) -> Result<Option<Resealing>, StorageError> {
        Ok(self.shelf.read::<Resealing>(&keys::resealing())?.map(|kept| kept.value))
    }

    /// About how many sealed rows there are, where the engine can say.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        SEALED.iter().map(|space| self.shelf.engine.estimate(*space)).sum()
    }

    /// Seals the next stretch of rows under the current key. Says where it stands afterwards; with only one key there is nothing to do.
    ///
    /// # Errors
    /// Those of a store that does not work. What was done stays done.
    pub fn reseal(&self, now: Timestamp) -> Result<Option<Resealing>, StorageError> {
        let current = self.shelf.vault.id();
        let noted = self.resealing()?.filter(|noted| noted.to == current);
        match noted {
            Some(noted) if noted.is_done => return Ok(Some(noted)),
            None if self.list()?.len() < 2 => return Ok(None),
            _ => {}
        }
        if self.shelf.gate.refusal(true).is_some() {
            // The disk is for others now.
            return Err(StorageError::Unavailable);
        }
        let before = noted.unwrap_or_else(|| Resealing::to(current, now));
        repeat(|| self.attempt_stretch(before.clone(), now)).map(Some)
    }

    fn attempt_stretch(&self, mut at: Resealing, now: Timestamp) -> Result<Attempt<Resealing>, StorageError> {
        let mut stretch = Stretch::default();
        match SEALED.get(at.space) {
            None => (at.is_done, at.ended_at) = (true, Some(now)),
            Some(space) => {
                let rows = self.page(*space, &at)?;
                match rows.last() {
                    None => (at.space, at.after) = (at.space + 1, None),
                    Some((last, _)) => at.after = Some(to_hex(last)),
                }
                for row in &rows {
                    self.take(*space, row, &mut at, &mut stretch)?;
                }
            }
        }
        let (key, noted) = (keys::resealing(), self.shelf.engine.get(REGISTRY, Space::Hot, &keys::resealing().bytes)?);
        let sealed = seal(&self.shelf.vault, &key, &at.encode()?)?;
        match noted {
            Some(row) => stretch.batch.replace(key.space, key.bytes, row.version, sealed),
            None => stretch.batch.insert(key.space, key.bytes, sealed),
        }
        match self.commit(stretch)? {
            Ok(()) => Ok(Attempt::Done(at)),
            Err(CommitError::Conflict) => Ok(Attempt::Again),
            Err(CommitError::Unknown) => Ok(Attempt::Doubtful),
            Err(error) => Err(error.into()),
        }
    }

    fn page(&self, space: Space, at: &Resealing) -> Result<Vec<Row>, StorageError> {
        let mut range = Range::prefix(&[]);
        if let Some(after) = &at.after {
            let last = from_hex(after).ok_or(StorageError::Corrupt { what: Resealing::WHAT })?;
            range = range.resumed(Direction::Ascending, last);
        }
        let limit = if space == Space::Obj { PIECES } else { ROWS };
        Ok(self.shelf.engine.scan(REGISTRY, space, range, Direction::Ascending, limit)?)
    }

    /// Seals a row anew, if it is not under the current key.
    fn take(&self, space: Space, row: &Row, at: &mut Resealing, stretch: &mut Stretch) -> Result<(), StorageError> {
        let (key, stored) = row;
        if is_ring(space, key) || is_own(space, key) {
            return Ok(());
        }
        at.seen += 1;
        if sealed_under(&stored.value) == Some(at.to) {
            return Ok(());
        }
        let place = Place { part: REGISTRY, space, key };
        let Ok(value) = self.shelf.vault.open(place, &stored.value) else {
            at.damaged += 1;
            return Ok(());
        };
        let sealed = self.shelf.vault.seal(place, &value).map_err(|error| StorageError::of_vault(error, "value"))?;
        stretch.batch.replace(space, key.clone(), stored.version, sealed);
        stretch.ends.extend(end(space, key));
        at.resealed += 1;
        Ok(())
    }

    /// Commits a stretch when no group is being worked out.
    fn commit(&self, stretch: Stretch) -> Result<Result<(), CommitError>, StorageError> {
        let (engine, vault) = (Arc::clone(&self.shelf.engine), Arc::clone(&self.shelf.vault));
        self.shelf.between(move |board| {
            let outcome = engine.commit(REGISTRY, stretch.batch);
            match outcome {
                Ok(()) => stretch.ends.into_iter().for_each(|end| board.rewritten(end)),
                // What cannot be read now shows at the next write, which then begins by reading it.
                Err(CommitError::Unknown) => board.reload(engine.as_ref(), &vault).unwrap_or_default(),
                Err(_) => {}
            }
            outcome
        })
    }
}

/// Rows that are not re-encrypted: the format is plain, and the note of it all is written anew each time.
fn is_own(space: Space, key: &[u8]) -> bool {
    space == Space::Hot && (key == FORMAT_KEY || key == keys::resealing().bytes)
}

/// Which row of the end of a log it is, if any.
fn end(space: Space, key: &[u8]) -> Option<End> {
    let is = |row: keys::Key| (space, key) == (row.space, &row.bytes);
    LogName::ALL.into_iter().find_map(|log| {
        let head = is(keys::log_head(log)).then_some(End::Head(log));
        head.or_else(|| is(keys::log_signed(log)).then_some(End::Signed(log)))
    })
}
