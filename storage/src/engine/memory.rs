//! An engine in memory, with faults on command: for tests, and for a gateway that keeps nothing.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Batch, CAPS, Caps, CommitError, Direction, Engine, Part, Range, ReadError, Row, Space, Versioned};

/// How a commit goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not written, and said so: [`CommitError::Unavailable`].
    Refused,
    /// Not written, and not known: [`CommitError::Unknown`].
    Lost,
    /// Written, and not known: [`CommitError::Unknown`].
    Kept,
}

/// Which commits go wrong, counted from 0 from the moment the plan is set.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    faults: BTreeMap<u64, Fault>,
    poisoning: bool,
}

impl FaultPlan {
    /// No fault.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The commit number `n` goes wrong like this.
    #[must_use]
    pub fn at(mut self, n: u64, fault: Fault) -> Self {
        self.faults.insert(n, fault);
        self
    }

    /// After an unknown outcome every commit is refused until [`Memory::restart`], as on a local disk. Without it the engine goes
    /// on, as a database server does that was out of reach for a moment.
    #[must_use]
    pub fn poisoning(mut self) -> Self {
        self.poisoning = true;
        self
    }
}

/// The engine in memory. It keeps the same promises as the others, but for durability.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
    /// What the next commit tells that it has come, and waits for.
    hold: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<(Part, Space, Vec<u8>), Versioned>,
    plan: FaultPlan,
    commits: u64,
    poisoned: bool,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the faults to come, and counts commits from 0 again.
    pub fn plan(&self, plan: FaultPlan) {
        let mut state = self.state();
        state.plan = plan;
        state.commits = 0;
    }

    /// Holds the next commit before it looks at anything, as a disk that hangs does; reads go on. The receiver hears when it has come, and
    /// it goes on when the sender says so, or is dropped.
    #[must_use]
    pub fn hold(&self) -> (Receiver<()>, Sender<()>) {
        let ((come, has_come), (go, goes)) = (channel(), channel());
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some((come, goes));
        (has_come, go)
    }

    /// The commits since the plan was set: those that came as far as being written or failing.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.state().commits
    }

    /// What a restart of the process does: reads what there is, and takes writes again. No more faults.
    pub fn restart(&self) {
        let mut state = self.state();
        state.poisoned = false;
        state.plan = FaultPlan::new();
        state.commits = 0;
    }

    /// Every row there is, in order: for comparing whole stores.
    #[must_use]
    pub fn rows(&self) -> Vec<(Part, Space, Vec<u8>, Versioned)> {
        let state = self.state();
        state.rows.iter().map(|((part, space, key), row)| (*part, *space, key.clone(), row.clone())).collect()
    }

    /// Puts bytes under a key, past every rule: damage, for tests of those who must notice.
    pub fn overwrite(&self, part: Part, space: Space, key: &[u8], row: Versioned) {
        self.state().rows.insert((part, space, key.to_vec()), row);
    }

    /// Takes a key away, past every rule.
    pub fn remove(&self, part: Part, space: Space, key: &[u8]) {
        self.state().rows.remove(&(part, space, key.to_vec()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held cannot leave a batch half applied: a commit only inserts and removes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Memory {
    fn get(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        Ok(self.state().rows.get(&(part, space, key.to_vec())).cloned())
    }

    fn scan(&self, part: Part, space: Space, range: Range, direction: Direction, limit: usize) -> Result<Vec<Row>, ReadError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let from = match range.from {
            Bound::Unbounded => Bound::Included((part, space, Vec::new())),
            bound => bound.map(|key| (part, space, key)),
        };
        let to = range.to.map(|key| (part, space, key));
        let state = self.state();
        let rows = state.rows.range((from, to)).filter(|(place, _)| (place.0, place.1) == (part, space));
        let rows = rows.map(|(place, row)| (place.2.clone(), row.clone()));
        Ok(match direction {
            Direction::Ascending => rows.take(limit).collect(),
            Direction::Descending => rows.rev().take(limit).collect(),
        })
    }

    fn commit(&self, part: Part, batch: Batch) -> Result<(), CommitError> {
        let hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((come, goes)) = hold
            && come.send(()).is_ok()
        {
            goes.recv().unwrap_or_default();
        }
        batch.check(self.caps())?;
        let mut state = self.state();
        if state.poisoned {
            return Err(CommitError::Poisoned);
        }
        let mut decided = Vec::with_capacity(batch.writes().len());
        for write in batch.into_writes() {
            let place = (part, write.space, write.key);
            let version = state.rows.get(&place).map(|row| row.version);
            if write.expect.is_some_and(|expect| !expect.holds(version)) {
                return Err(CommitError::Conflict);
            }
            let version = version.unwrap_or(0).checked_add(1).ok_or(CommitError::Corrupt)?;
            decided.push((place, write.value.map(|value| Versioned { version, value })));
        }
        let fault = state.plan.faults.get(&state.commits).copied();
        state.commits += 1;
        if matches!(fault, None | Some(Fault::Kept)) {
            for (place, row) in decided {
                match row {
                    Some(row) => state.rows.insert(place, row),
                    None => state.rows.remove(&place),
                };
            }
        }
        match fault {
            None => Ok(()),
            Some(Fault::Refused) => Err(CommitError::Unavailable),
            Some(Fault::Lost | Fault::Kept) => {
                state.poisoned = state.plan.poisoning;
                Err(CommitError::Unknown)
            }
        }
    }

    fn settle(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        // Whoever commits holds the lock, so that whoever reads comes after.
        self.get(part, space, key)
    }

    fn barrier(&self, _part: Part) -> Result<(), ReadError> {
        Ok(())
    }

    fn caps(&self) -> Caps {
        CAPS
    }

    fn estimate(&self, space: Space) -> Option<u64> {
        let state = self.state();
        u64::try_from(state.rows.keys().filter(|(_, of, _)| *of == space).count()).ok()
    }
}
