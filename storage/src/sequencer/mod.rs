//! One thread for all that a store writes: callers submit, and who waits shares one synced write.
//!
//! The thread takes what waits in the queue, up to a bound, decides each submission against the disk, gives numbers to the
//! records that came with it, and commits one batch for all: what changed, what was put on record about it, and the rows of the
//! logs. Only then it answers. While the disk syncs, the next group gathers; nobody waits for a timer.
//!
//! A submission that touches a row which the group writes already waits for the next group, so that every decision is one
//! against the disk.

mod desk;
mod group;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::JoinHandle;

use crate::engine::{Batch, Caps, Engine};
use crate::error::StorageError;
use crate::gate::Gate;
use crate::log::{Board, Prepared, Recorded};
use crate::vault::Vault;

use desk::Desk;

/// How many submissions may wait. Beyond it the disk is too slow for the load, and waiting longer helps nobody.
const QUEUE_MAX: usize = 8192;

/// How many bytes may wait, beside the first submission: eight thousand large ones would take all the memory there is.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What one submission may hold: the rest of what a batch may is for the rows of the logs.
const SUBMISSION: Caps = Caps { writes: 4096, bytes: 64 * 1024 * 1024 };

/// Called once, with where the records came to stand. Must not block.
pub(crate) type Answer = Box<dyn FnOnce(Result<Vec<Recorded>, StorageError>) + Send>;

/// What somebody wants written, all or nothing.
pub(crate) struct Submission {
    /// The change, with what it expects.
    pub(crate) batch: Batch,
    /// What is put on record in the same batch.
    pub(crate) records: Vec<Prepared>,
    /// Hears [`StorageError::Contention`] when an expectation did not hold and [`StorageError::Unknown`] when nobody knows.
    pub(crate) answer: Answer,
}

impl Submission {
    /// Whether it is more than a record of what changed nothing. A record under a name of its caller's is what the caller asked for.
    fn is_change(&self) -> bool {
        !self.batch.writes().is_empty() || self.records.iter().any(|record| record.once.is_some())
    }
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

impl Submission {
    /// What it takes in memory, about.
    fn bytes(&self) -> usize {
        self.batch.bytes() + self.records.iter().map(Prepared::bytes).sum::<usize>()
    }
}

/// Bytes that wait in the queue, until this is dropped.
struct Waiting {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Waiting {
    /// Counts bytes, unless there would be too many. One submission may always wait.
    fn of(bytes: usize, all: &Arc<AtomicUsize>) -> Option<Self> {
        let before = all.fetch_add(bytes, Ordering::Relaxed);
        let waiting = Self { bytes, all: Arc::clone(all) };
        (before == 0 || before.saturating_add(bytes) <= QUEUE_BYTES_MAX).then_some(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

enum Job {
    Write {
        submission: Submission,
        _waiting: Waiting,
    },
    /// There is something to publish. Answered when it is.
    Publish(Option<SyncSender<()>>),
    /// To be done when no group is being worked out.
    Between(Between),
}

type Between = Box<dyn FnOnce(&Board) + Send>;

/// The handle of the thread. Dropping it ends the thread, after what is queued is written.
#[derive(Debug)]
pub(crate) struct Sequencer {
    gate: Arc<Gate>,
    queue: Option<SyncSender<Job>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Write { .. } => "Write",
            Self::Publish(_) => "Publish",
            Self::Between(_) => "Between",
        })
    }
}

impl Sequencer {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when the system gives no thread.
    pub(crate) fn start(
        engine: Arc<dyn Engine>,
        vault: Arc<Vault>,
        board: Arc<Board>,
        gate: Arc<Gate>,
    ) -> Result<Self, StorageError> {
        let (queue, jobs) = mpsc::sync_channel(QUEUE_MAX);
        let desk = Desk::new(engine, vault, board, Arc::clone(&gate), jobs);
        let thread = std::thread::Builder::new().name("sequencer".to_owned()).spawn(move || desk.run());
        let thread = thread.map_err(|_error| StorageError::Unavailable)?;
        Ok(Self { gate, queue: Some(queue), waiting: Arc::default(), thread: Some(thread) })
    }

    /// Puts a submission into the queue, if the [gate](Gate) is open. It is answered in any case.
    pub(crate) fn submit(&self, submission: Submission) {
        if self.gate.refusal(submission.is_change()).is_some() {
            return (submission.answer)(Err(StorageError::Unavailable));
        }
        if !submission.batch.writes().is_empty()
            && let Err(error) = submission.batch.check(SUBMISSION)
        {
            return (submission.answer)(Err(error.into()));
        }
        let Some(queue) = &self.queue else { return (submission.answer)(Err(StorageError::Unavailable)) };
        let Some(_waiting) = Waiting::of(submission.bytes(), &self.waiting) else {
            return (submission.answer)(Err(StorageError::Unavailable));
        };
        match queue.try_send(Job::Write { submission, _waiting }) {
            Ok(()) => {}
            Err(TrySendError::Full(Job::Write { submission, .. })) => (submission.answer)(Err(StorageError::Unavailable)),
            // The thread ends only with its handle, or by a fault of ours that leaves the disk in doubt.
            Err(TrySendError::Disconnected(Job::Write { submission, .. })) => (submission.answer)(Err(StorageError::Poisoned)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    /// Submits, and waits for the outcome.
    pub(crate) fn submit_and_wait(&self, batch: Batch, records: Vec<Prepared>) -> Result<Vec<Recorded>, StorageError> {
        let (reply, outcome) = mpsc::sync_channel(1);
        // The channel holds one answer, and there is one.
        let answer: Answer = Box::new(move |outcome| reply.try_send(outcome).unwrap_or_default());
        self.submit(Submission { batch, records, answer });
        // A thread that ended without an answer may have written.
        outcome.recv().unwrap_or(Err(StorageError::Unknown))
    }

    /// Says that somebody waits for a checkpoint. With a full queue there is a group to come, and it will be seen then.
    pub(crate) fn nudge(&self) {
        if let Some(queue) = &self.queue {
            queue.try_send(Job::Publish(None)).unwrap_or_default();
        }
    }

    /// Has something done between two groups, and waits for it. Nothing comes back when the thread has ended.
    pub(crate) fn between<T: Send + 'static>(&self, work: impl FnOnce(&Board) -> T + Send + 'static) -> Option<T> {
        let (reply, done) = mpsc::sync_channel(1);
        // The channel holds one answer, and there is one.
        let work: Between = Box::new(move |board| reply.try_send(work(board)).unwrap_or_default());
        self.queue.as_ref()?.send(Job::Between(work)).ok()?;
        done.recv().ok()
    }

    /// Publishes what there is to publish, and waits for it.
    pub(crate) fn publish(&self) {
        let (reply, done) = mpsc::sync_channel(1);
        if let Some(queue) = &self.queue
            && queue.send(Job::Publish(Some(reply))).is_ok()
        {
            // Without an answer the thread has ended, and nothing will be published.
            done.recv().unwrap_or_default();
        }
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            // An answer may have held the last handle of the store: then this is the thread itself.
            && thread.thread().id() != std::thread::current().id()
        {
            // A panic of the thread has been answered as `Unknown`; there is nobody left to tell.
            drop(thread.join());
        }
    }
}
