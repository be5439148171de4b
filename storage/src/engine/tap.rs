//! What an engine tells of its commits as they become durable, in their order, for whoever keeps a journal of them.
//!
//! The engine numbers its writes; a commit leads from one number to the next, so that it is seen whether two of them join. What is heard
//! waits in bounded memory. If it is not taken in time it is dropped, and the tap is silent from then on: there is a gap, and whoever takes
//! is told.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crypto::digest::{from_hex, to_hex};
use serde::{Deserialize, Serialize};

use super::{Batch, Part, Space};

/// What a write takes beside its key and its value, about.
const WRITE_BYTES: usize = 96;

/// The name of a run of commits without a gap. Random, so that two histories of one store never share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line([u8; 8]);

/// A commit that is durable.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Where it was made.
    pub part: Part,
    /// The number of the last write of the engine after it.
    pub to: u64,
    /// What was written.
    pub batch: Batch,
}

/// Commits in their order, without a gap. They count as held in memory until this is dropped.
#[derive(Debug)]
pub struct Taken {
    /// The number of the last write before them.
    pub from: u64,
    /// The number of the last write after them.
    pub to: u64,
    /// What was heard; perhaps nothing.
    pub commits: Vec<Commit>,
    _held: Held,
}

/// Bytes that count until this is dropped.
#[derive(Debug)]
struct Held {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Where commits are heard.
#[derive(Debug)]
pub struct Tap {
    bytes_max: usize,
    /// The bytes of all commits that wait, or were taken and are still held.
    held: Arc<AtomicUsize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The number of the last write.
    at: u64,
    /// What is heard; nothing when nobody listens, or there was a gap.
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    line: Option<Line>,
    /// Whether something was taken.
    is_begun: bool,
    from: u64,
    commits: Vec<Commit>,
    bytes: usize,
}

impl Run {
    const fn new(at: u64) -> Self {
        Self { line: None, is_begun: false, from: at, commits: Vec::new(), bytes: 0 }
    }
}

impl Tap {
    /// A tap on an engine whose last write has this number. It listens from the first, unless nothing may wait.
    pub(super) fn new(at: u64, bytes_max: usize) -> Self {
        let run = (bytes_max > 0).then(|| Run::new(at));
        Self { bytes_max, held: Arc::default(), state: Mutex::new(State { at, run }) }
    }

    /// A commit has become durable, and led from one number to the other. Called in the order of the commits.
    pub(super) fn hear(&self, from: u64, to: u64, part: Part, batch: &Batch) {
        let mut state = self.state();
        let joins = std::mem::replace(&mut state.at, to) == from;
        let Some(run) = &mut state.run else { return };
        let bytes = batch.bytes().saturating_add(batch.writes().len().saturating_mul(WRITE_BYTES));
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        run.bytes = run.bytes.saturating_add(bytes);
        // One may always wait.
        if joins && (before == 0 || before.saturating_add(bytes) <= self.bytes_max) {
            run.commits.push(Commit { part, to, batch: batch.clone() });
        } else {
            self.forget(&mut state);
        }
    }

    /// The number of the last write.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.state().at
    }

    /// The number of the last write before everything that was heard, since the engine was opened or since the last gap. Nothing when
    /// there is a gap, or something of it was taken.
    #[must_use]
    pub fn began(&self) -> Option<u64> {
        self.state().run.as_ref().filter(|run| !run.is_begun).map(|run| run.from)
    }

    /// The line of what is heard, and the number of the last write. Nothing when there is a gap, or no name yet.
    #[must_use]
    pub fn line(&self) -> Option<(Line, u64)> {
        let state = self.state();
        state.run.as_ref().and_then(|run| run.line).map(|line| (line, state.at))
    }

    /// Gives what is heard its name, as long as there is no gap.
    pub fn name(&self, line: Line) {
        if let Some(run) = &mut self.state().run {
            run.line = Some(line);
        }
    }

    /// Listens from now on, and forgets what was not taken. Says the number of the last write.
    pub fn listen(&self) -> u64 {
        let mut state = self.state();
        self.forget(&mut state);
        state.run = Some(Run::new(state.at));
        state.at
    }

    /// Listens no more.
    pub fn hush(&self) {
        self.forget(&mut self.state());
    }

    /// How many bytes wait to be taken. Nothing when there is a gap.
    #[must_use]
    pub fn waiting(&self) -> Option<usize> {
        self.state().run.as_ref().map(|run| run.bytes)
    }

    /// Takes what was heard. Nothing when there is a gap: then what was heard before it is gone.
    #[must_use]
    pub fn take(&self) -> Option<Taken> {
        let mut state = self.state();
        let to = state.at;
        let run = state.run.as_mut()?;
        run.is_begun = true;
        let from = std::mem::replace(&mut run.from, to);
        let held = Held { bytes: std::mem::take(&mut run.bytes), all: Arc::clone(&self.held) };
        Some(Taken { from, to, commits: std::mem::take(&mut run.commits), _held: held })
    }

    /// Whether something that waits wrote this key.
    #[must_use]
    pub fn has_written(&self, part: Part, space: Space, key: &[u8]) -> bool {
        let state = self.state();
        let commits = state.run.iter().flat_map(|run| &run.commits).filter(|commit| commit.part == part);
        commits.flat_map(|commit| commit.batch.writes()).any(|write| write.space == space && write.key == key)
    }

    fn forget(&self, state: &mut State) {
        if let Some(run) = state.run.take() {
            self.held.fetch_sub(run.bytes, Ordering::Relaxed);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// The line with these bytes, which are random.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Line {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_hex(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("is not the name of a line")
    }
}

impl TryFrom<String> for Line {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part(0);

    fn batch(key: u8, bytes: usize) -> Batch {
        let mut batch = Batch::new();
        batch.put(Space::Hot, vec![key], vec![0; bytes]);
        batch
    }

    #[test]
    fn what_is_heard_is_taken_once_and_in_order() {
        let tap = Tap::new(7, 1000);
        assert_eq!(tap.began(), Some(7));
        tap.hear(7, 8, PART, &batch(1, 10));
        tap.hear(8, 10, PART, &batch(2, 10));
        assert!(tap.has_written(PART, Space::Hot, &[2]) && !tap.has_written(PART, Space::Idx, &[2]));
        let taken = tap.take().unwrap();
        assert_eq!((taken.from, taken.to, taken.commits.len()), (7, 10, 2));
        assert_eq!(taken.commits.iter().map(|commit| commit.to).collect::<Vec<_>>(), [8, 10]);
        let nothing = tap.take().unwrap();
        assert_eq!((nothing.from, nothing.to, nothing.commits.len()), (10, 10, 0));
        assert_eq!((tap.began(), tap.line()), (None, None));
        tap.name(Line::new([1; 8]));
        assert_eq!(tap.line(), Some((Line::new([1; 8]), 10)));
        // Nobody has to take, where nobody listens.
        let deaf = Tap::new(7, 0);
        deaf.hear(7, 9, PART, &batch(1, 10));
        assert_eq!((deaf.at(), deaf.waiting(), deaf.take().is_none()), (9, None, true));
    }

    #[test]
    fn what_does_not_fit_makes_a_gap_and_what_is_held_counts() {
        let tap = Tap::new(0, 1000);
        // One may always wait; a second one finds no room.
        tap.hear(0, 1, PART, &batch(1, 5000));
        let large = tap.take().unwrap();
        tap.hear(1, 2, PART, &batch(2, 10));
        assert!(tap.take().is_none() && tap.line().is_none(), "what was taken is still in memory");
        assert_eq!(tap.listen(), 2);
        drop(large);
        tap.hear(2, 3, PART, &batch(3, 10));
        let taken = tap.take().unwrap();
        assert_eq!((taken.from, taken.to), (2, 3));
        drop(taken);
        assert_eq!(tap.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn numbers_that_do_not_join_make_a_gap() {
        let tap = Tap::new(0, 1000);
        tap.hear(0, 1, PART, &batch(1, 10));
        tap.hear(2, 3, PART, &batch(2, 10));
        assert!(tap.take().is_none());
        assert_eq!((tap.at(), tap.held.load(Ordering::Relaxed)), (3, 0));
        tap.listen();
        tap.hush();
        tap.hear(3, 4, PART, &batch(3, 10));
        assert!(tap.take().is_none());
    }
}
