//! What the thread that writes and those who read share: the ends of the logs, and what is published of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crypto::record::LogName;
use crypto::time::Timestamp;

use super::Grown;
use super::live::Live;
use super::publish::{Covered, Published, Publisher};
use super::recovery;
use super::rows::{Closed, Pair, Signed};
use super::stage::Staged;
use super::tiles;
use crate::engine::Engine;
use crate::error::StorageError;
use crate::vault::Vault;

/// A head that is going to be signed: its row is made durable first.
#[derive(Clone, Debug)]
pub(crate) struct Signing {
    pub(crate) log: LogName,
    pub(crate) row: Signed,
    /// The version of the row on disk, if there is one.
    pub(crate) version: Option<u64>,
    /// Whether the row on disk says something else.
    pub(crate) is_new: bool,
    period: String,
    first: u64,
}

/// The rows of a log whose versions are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// How far it has come.
    Head(LogName),
    /// What was signed last.
    Signed(LogName),
}

/// Somebody who waits for a checkpoint that covers a record.
struct Waiting {
    log: LogName,
    number: u64,
    done: Covered,
}

/// What is known to be signed.
#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    /// The row on disk, and its version.
    row: Option<(Signed, u64)>,
    /// What was given to the publisher last.
    given: Option<Signed>,
}

/// See the [module](self).
pub(crate) struct Board {
    lives: Pair<RwLock<Live>>,
    publisher: RwLock<Option<Arc<dyn Publisher>>>,
    noted: Pair<Mutex<Noted>>,
    published: Pair<RwLock<Option<Arc<Published>>>>,
    finals: Mutex<BTreeMap<(LogName, u32), Arc<Published>>>,
    waiting: Mutex<Vec<Waiting>>,
    grown: RwLock<Option<Grown>>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is replaced whole: a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reading<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn writing<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// Of two logs without records: what [`Self::reload`] is for.
    pub(crate) fn empty() -> Self {
        Self {
            lives: Pair::new(|_| RwLock::new(Live::empty())),
            publisher: RwLock::default(),
            noted: Pair::default(),
            published: Pair::default(),
            finals: Mutex::default(),
            waiting: Mutex::default(),
            grown: RwLock::default(),
        }
    }

    /// The end of a log. Held for as short as possible: the thread that writes waits for it.
    pub(crate) fn live(&self, log: LogName) -> RwLockReadGuard<'_, Live> {
        reading(self.lives.of(log))
    }

    /// Changes the end of a log. For the thread that writes alone.
    pub(crate) fn live_mut(&self, log: LogName) -> RwLockWriteGuard<'_, Live> {
        writing(self.lives.of(log))
    }

    /// Reads what is on disk.
    pub(crate) fn reload(&self, engine: &dyn Engine, vault: &Vault) -> Result<(), StorageError> {
        for log in LogName::ALL {
            let live = recovery::live(engine, vault, log)?;
            let signed = recovery::signed(engine, vault, log, &live.head)?;
            *self.live_mut(log) = live;
            locked(self.noted.of(log)).row = signed;
        }
        Ok(())
    }

    /// A row of the end of a log was written anew, and says the same as before.
    pub(crate) fn rewritten(&self, end: End) {
        match end {
            End::Head(log) => {
                let mut live = self.live_mut(log);
                live.version = live.version.map(|version| version.saturating_add(1));
            }
            End::Signed(log) => {
                let mut noted = locked(self.noted.of(log));
                noted.row = noted.row.map(|(row, version)| (row, version.saturating_add(1)));
            }
        }
    }

    /// Makes what has become durable visible.
    pub(crate) fn apply(&self, mut staged: Staged) -> Result<(), StorageError> {
        LogName::ALL.into_iter().try_for_each(|log| {
            if let Some(row) = staged.first_signed(log) {
                locked(self.noted.of(log)).row = Some((row, 1));
            }
            staged.apply(log, &mut self.live_mut(log))?;
            if let Some(grown) = reading(&self.grown).as_ref() {
                grown(log, self.live(log).head.size);
            }
            Ok(())
        })
    }

    pub(crate) fn set_grown(&self, grown: Grown) {
        *writing(&self.grown) = Some(grown);
    }

    /// Whether it is on disk what was signed last of a log.
    pub(crate) fn has_noted(&self, log: LogName) -> bool {
        locked(self.noted.of(log)).row.is_some()
    }

    pub(crate) fn set_publisher(&self, publisher: Arc<dyn Publisher>) {
        *writing(&self.publisher) = Some(publisher);
        locked(&self.finals).clear();
        for log in LogName::ALL {
            // Another publisher has not signed this yet.
            locked(self.noted.of(log)).given = None;
        }
    }

    fn publisher(&self) -> Option<Arc<dyn Publisher>> {
        reading(&self.publisher).clone()
    }

    pub(crate) fn has_publisher(&self) -> bool {
        reading(&self.publisher).is_some()
    }

    /// The period of a moment, if anybody says.
    pub(crate) fn period(&self, log: LogName, at: Timestamp) -> Option<String> {
        reading(&self.publisher).as_ref().map(|publisher| publisher.period(log, at))
    }

    /// Whether a log has come further than what was signed last.
    pub(crate) fn has_unpublished(&self) -> bool {
        self.has_publisher() && LogName::ALL.into_iter().any(|log| self.signing(log).is_some())
    }

    /// Whether anybody waits for a checkpoint.
    pub(crate) fn is_awaited(&self) -> bool {
        !locked(&self.waiting).is_empty()
    }

    /// What can be signed once the next batch is durable.
    pub(crate) fn to_sign(&self) -> Vec<Signing> {
        let logs = LogName::ALL.into_iter().filter(|_| self.has_publisher());
        logs.filter_map(|log| self.signing(log)).collect()
    }

    fn signing(&self, log: LogName) -> Option<Signing> {
        let (live, noted) = (self.live(log), *locked(self.noted.of(log)));
        let row = live.head.signed();
        if row.size == 0 || noted.given == Some(row) {
            return None;
        }
        let is_new = noted.row.is_none_or(|(there, _)| there != row);
        let version = noted.row.map(|(_, version)| version);
        Some(Signing { log, row, version, is_new, period: live.head.period.clone(), first: live.head.first })
    }

    /// Signs and gives out what is durable.
    pub(crate) fn publish(&self, signings: Vec<Signing>) {
        for signing in signings {
            let Signing { log, row, version, is_new, period, first } = signing;
            let version = version.unwrap_or(0).saturating_add(u64::from(is_new));
            *locked(self.noted.of(log)) = Noted { row: Some((row, version)), given: Some(row) };
            let shard = Closed { period, first, size: row.size, root: row.root };
            if let Some(published) = self.sign(log, row.shard, shard, false) {
                *writing(self.published.of(log)) = Some(published);
            }
        }
    }

    fn sign(&self, log: LogName, shard: u32, tree: Closed, is_final: bool) -> Option<Arc<Published>> {
        let Closed { period, first, size, root } = tree;
        let note = self.publisher()?.sign(log, &period, size, &root)?;
        Some(Arc::new(Published { log, shard, period, first, size, root, is_final, note }))
    }

    /// The newest checkpoint of a log.
    pub(crate) fn published(&self, log: LogName) -> Option<Arc<Published>> {
        reading(self.published.of(log)).clone()
    }

    /// The last checkpoint of a closed shard.
    pub(crate) fn last_of(
        &self,
        log: LogName,
        shard: u32,
        engine: &dyn Engine,
        vault: &Vault,
    ) -> Result<Option<Arc<Published>>, StorageError> {
        if let Some(published) = locked(&self.finals).get(&(log, shard)) {
            return Ok(Some(Arc::clone(published)));
        }
        let Some(closed) = tiles::closed(engine, vault, log, shard)? else { return Ok(None) };
        let published = self.sign(log, shard, closed, true);
        if let Some(published) = &published {
            locked(&self.finals).insert((log, shard), Arc::clone(published));
        }
        Ok(published)
    }

    /// The checkpoint to show for a record: that of its shard.
    pub(crate) fn covering(
        &self,
        log: LogName,
        number: u64,
        engine: &dyn Engine,
        vault: &Vault,
    ) -> Result<Option<Arc<Published>>, StorageError> {
        if let Some(published) = self.published(log).filter(|published| published.covers(number)) {
            return Ok(Some(published));
        }
        if number >= self.live(log).head.first {
            return Ok(None);
        }
        match tiles::shard_of(engine, vault, log, number)? {
            Some((shard, _)) => self.last_of(log, shard, engine, vault),
            None => Ok(None),
        }
    }

    /// Has `done` called when the record is covered.
    pub(crate) fn wait(&self, log: LogName, number: u64, done: Covered) {
        locked(&self.waiting).push(Waiting { log, number, done });
    }

    /// Answers those whose records are covered by what has been given to the publisher.
    pub(crate) fn answer(&self, engine: &dyn Engine, vault: &Vault) {
        for log in LogName::ALL {
            let covered = |live: &Live, given: Signed| match given.shard == live.head.shard {
                true => live.head.first.saturating_add(given.size),
                // The growing shard has nothing out yet, and what is before it is closed.
                false => live.head.first,
            };
            let given = locked(self.noted.of(log)).given;
            let Some(end) = given.map(|given| covered(&self.live(log), given)) else { continue };
            let waiting = std::mem::take(&mut *locked(&self.waiting));
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|one| one.log == log && one.number < end);
            locked(&self.waiting).extend(rest);
            for Waiting { number, done, .. } in ready {
                done(self.covering(log, number, engine, vault).unwrap_or_default());
            }
        }
    }

    /// Tells all who wait that nothing will come.
    pub(crate) fn give_up(&self) {
        let waiting = std::mem::take(&mut *locked(&self.waiting));
        waiting.into_iter().for_each(|one| (one.done)(None));
    }
}
