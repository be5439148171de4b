//! The thread: gathers, has the group worked out, commits it, and says how it went.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use super::group::{Group, Taken};
use super::{Answer, Between, Job, Submission};
use crate::engine::{Batch, CommitError, Engine, Write};
use crate::error::StorageError;
use crate::gate::Gate;
use crate::keys::REGISTRY;
use crate::log::{Board, Prepared, Recorded, Signing};
use crate::vault::Vault;

/// How many submissions share one sync at most.
const GROUP_MAX: usize = 1024;

/// How many writes share one sync at most, tiles and indexes of the logs not counted. One submission always fits.
const GROUP_WRITES_MAX: usize = 8192;

/// How many bytes share one sync at most: bounds the memory of a group and the time of a write. One submission always fits.
const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// So many groups go by without a new checkpoint at most.
const GROUPS_UNPUBLISHED_MAX: u32 = 32;

/// How often a batch that was lost is written again.
const ATTEMPTS: usize = 4;

pub(super) struct Desk {
    engine: Arc<dyn Engine>,
    vault: Arc<Vault>,
    board: Arc<Board>,
    gate: Arc<Gate>,
    jobs: Receiver<Job>,
    /// Submissions that wait for a row of the group before, in order.
    deferred: VecDeque<Submission>,
    /// Whether what is in memory may not be what is on disk.
    is_stale: bool,
    groups_unpublished: u32,
    /// Whether the last attempt to publish failed: the next is made with the next group, not at once.
    is_quiet: bool,
}

/// What one turn of the thread deals with.
#[derive(Default)]
struct Round {
    submissions: Vec<Submission>,
    publish: Vec<SyncSender<()>>,
    between: Vec<Between>,
    writes: usize,
    bytes: usize,
    is_last: bool,
}

impl Desk {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        vault: Arc<Vault>,
        board: Arc<Board>,
        gate: Arc<Gate>,
        jobs: Receiver<Job>,
    ) -> Self {
        let deferred = VecDeque::new();
        Self { engine, vault, board, gate, jobs, deferred, is_stale: false, groups_unpublished: 0, is_quiet: false }
    }

    pub(super) fn run(mut self) {
        while let Some(round) = self.gather() {
            self.work(round);
        }
        self.board.give_up();
    }

    /// What waits now, up to the bounds of a group. Nothing when the store is closed.
    fn gather(&mut self) -> Option<Round> {
        let mut round = Round::default();
        while !round.is_full()
            && let Some(submission) = self.deferred.pop_front()
        {
            round.add(submission);
        }
        if round.submissions.is_empty() && (self.is_stale || self.is_quiet || !self.board.has_unpublished()) {
            round.take(self.jobs.recv().ok()?);
        }
        self.is_quiet = false;
        while !round.is_full() {
            match self.jobs.try_recv() {
                Ok(job) => round.take(job),
                Err(_) => {
                    round.is_last = true;
                    break;
                }
            }
        }
        Some(round)
    }

    /// Works out, writes, answers and publishes one group.
    fn work(&mut self, round: Round) {
        let gate = Arc::clone(&self.gate);
        let turn = gate.begin();
        if self.is_stale {
            match self.board.reload(self.engine.as_ref(), &self.vault) {
                Ok(()) => self.is_stale = false,
                Err(_) => {
                    self.board.give_up();
                    return refuse(round.submissions.into_iter().map(|submission| submission.answer), &StorageError::Unavailable);
                }
            }
        }
        round.between.into_iter().for_each(|work| work(&self.board));
        let mut group = Group::new(self.engine.as_ref(), &self.vault, &self.board);
        for submission in round.submissions {
            if let Some(later) = group.take(submission) {
                self.deferred.push_back(later);
            }
        }
        let publishes = round.is_last
            || !round.publish.is_empty()
            || self.groups_unpublished >= GROUPS_UNPUBLISHED_MAX
            || self.board.is_awaited();
        let signings = if publishes { self.board.to_sign() } else { Vec::new() };
        match group.finish(&signings) {
            Ok((batch, witness, taken, staged)) => {
                let outcome = self.commit(&batch, witness);
                let (submissions, writes, bytes) = (taken.len(), batch.writes().len(), batch.bytes());
                match &outcome {
                    Ok(()) => tracing::trace!(submissions, writes, bytes, signed = signings.len(), "a group is written"),
                    Err(error) => tracing::debug!(submissions, writes, bytes, code = error.code(), "a group is not written"),
                }
                // Over before anybody hears of it, so that who asks again finds the gate as it is.
                drop(turn);
                if outcome.is_ok() {
                    // What does not fit together in memory is read anew.
                    self.is_stale |= self.board.apply(staged).is_err();
                }
                answer(taken, &outcome);
                self.publish(signings, &outcome);
            }
            Err((error, answers)) => refuse(answers.into_iter(), &error),
        }
        if self.board.is_awaited() {
            // Also those who came when what they wait for had just been published.
            self.board.answer(self.engine.as_ref(), &self.vault);
        }
        for reply in round.publish {
            // Whoever asked may have gone away.
            reply.try_send(()).unwrap_or_default();
        }
    }

    fn publish(&mut self, signings: Vec<Signing>, outcome: &Result<(), StorageError>) {
        self.groups_unpublished = self.groups_unpublished.saturating_add(1);
        match outcome {
            Ok(()) if !signings.is_empty() => {
                self.groups_unpublished = 0;
                self.board.publish(signings);
            }
            Ok(()) => {}
            Err(_) => {
                self.is_quiet = true;
                // Nobody knows when it will work again.
                self.board.give_up();
            }
        }
    }

    /// Writes a batch, and where the engine cannot say whether it did, finds out: `witness` is a write of the batch whose value
    /// no other batch has.
    fn commit(&mut self, batch: &Batch, witness: Option<Write>) -> Result<(), StorageError> {
        let Some(witness) = witness else { return Ok(()) };
        let mut is_doubtful = false;
        for _ in 0..ATTEMPTS {
            let error = match self.engine.commit(REGISTRY, batch.clone()) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !is_doubtful && error != CommitError::Unknown {
                self.is_stale |= error == CommitError::Conflict;
                return Err(error.into());
            }
            is_doubtful = true;
            self.is_stale = true;
            match self.engine.settle(REGISTRY, witness.space, &witness.key) {
                Ok(row) if row.as_ref().map(|row| &row.value) == witness.value.as_ref() => {
                    self.is_stale = false;
                    return Ok(());
                }
                Ok(_) if error == CommitError::Unknown => {}
                _ => break,
            }
        }
        // It did not show, and could not be tried again.
        Err(StorageError::Unknown)
    }
}

impl Round {
    fn is_full(&self) -> bool {
        self.submissions.len() >= GROUP_MAX || self.writes >= GROUP_WRITES_MAX || self.bytes >= GROUP_BYTES_MAX
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Write { submission, .. } => self.add(submission),
            Job::Publish(reply) => self.publish.extend(reply),
            Job::Between(work) => self.between.push(work),
        }
    }

    fn add(&mut self, submission: Submission) {
        self.writes += submission.batch.writes().len() + submission.records.iter().map(Prepared::writes).sum::<usize>();
        self.bytes += submission.bytes();
        self.submissions.push(submission);
    }
}

fn answer(taken: Vec<Taken>, outcome: &Result<(), StorageError>) {
    for Taken { answer, recorded } in taken {
        answer(outcome.clone().map(|()| recorded));
    }
}

fn refuse(answers: impl Iterator<Item = Answer>, error: &StorageError) {
    answers.for_each(|answer| answer(Err::<Vec<Recorded>, _>(error.clone())));
}
