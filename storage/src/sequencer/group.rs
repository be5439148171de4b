//! What will be written together, being worked out.

use std::collections::BTreeSet;

use super::{Answer, Submission};
use crate::engine::{Batch, Engine, Space, Write};
use crate::error::StorageError;
use crate::keys::REGISTRY;
use crate::log::{Board, Recorded, Signing, Stage, Staged};
use crate::sealing::OVERHEAD_BYTES;
use crate::vault::Vault;

/// A submission that is part of the group.
pub(super) struct Taken {
    pub(super) answer: Answer,
    pub(super) recorded: Vec<Recorded>,
}

pub(super) struct Group<'a> {
    engine: &'a dyn Engine,
    vault: &'a Vault,
    stage: Stage<'a>,
    batch: Batch,
    /// The rows that the group changes, or that somebody waits for.
    touched: BTreeSet<(Space, Vec<u8>)>,
    taken: Vec<Taken>,
}

/// The batch, a write of it that tells whether it was written, who waits for it, and what the logs are like afterwards.
type Finished = (Batch, Option<Write>, Vec<Taken>, Staged);

impl<'a> Group<'a> {
    pub(super) fn new(engine: &'a dyn Engine, vault: &'a Vault, board: &'a Board) -> Self {
        let stage = Stage::new(engine, vault, board);
        Self { engine, vault, stage, batch: Batch::new(), touched: BTreeSet::new(), taken: Vec::new() }
    }

    /// Takes a submission, or answers it, or gives it back for the next group.
    pub(super) fn take(&mut self, submission: Submission) -> Option<Submission> {
        if self.must_wait(&submission) {
            // Whoever comes behind it and wants the same rows must not overtake it.
            self.touch(&submission);
            return Some(submission);
        }
        match self.admit(&submission) {
            Ok(recorded) => {
                self.touch(&submission);
                self.batch.append(submission.batch);
                self.taken.push(Taken { answer: submission.answer, recorded });
            }
            Err(error) => (submission.answer)(Err(error)),
        }
        None
    }

    fn must_wait(&self, submission: &Submission) -> bool {
        let holds = |write: &Write| self.touched.contains(&(write.space, write.key.clone())) || self.stage.holds(write);
        submission.batch.writes().iter().any(holds)
            || (!self.touched.is_empty()
                && submission
                    .records
                    .iter()
                    .any(|record| record.rows().any(|key| self.touched.contains(&(key.space, key.bytes)))))
    }

    fn touch(&mut self, submission: &Submission) {
        self.touched.extend(submission.batch.writes().iter().map(|write| (write.space, write.key.clone())));
    }

    /// Decides the expectations of a submission against the disk, and gives numbers to its records.
    fn admit(&mut self, submission: &Submission) -> Result<Vec<Recorded>, StorageError> {
        for write in submission.batch.writes() {
            // Prepared before a rotation: whoever prepared it does so again.
            if write.value.as_ref().is_some_and(|value| self.vault.is_superseded(value)) {
                return Err(StorageError::Contention);
            }
            if let Some(expect) = write.expect {
                let row = self.engine.get(REGISTRY, write.space, &write.key)?;
                if !expect.holds(row.map(|row| row.version)) {
                    return Err(StorageError::Contention);
                }
            }
        }
        // All that can fail comes first, so that a record is never half in the group.
        for record in &submission.records {
            self.stage.resolve(record)?;
        }
        submission.records.iter().map(|record| self.stage.append(record)).collect()
    }

    /// The batch of the group. The error is for all whose answers come with it.
    pub(super) fn finish(mut self, signings: &[Signing]) -> Result<Finished, (StorageError, Vec<Answer>)> {
        match self.stage.finish(&mut self.batch, signings) {
            Ok((witness, staged)) => {
                let witness = witness.or_else(|| telling(&self.batch));
                Ok((self.batch, witness, self.taken, staged))
            }
            Err(error) => Err((error, self.taken.into_iter().map(|taken| taken.answer).collect())),
        }
    }
}

/// The write of a batch that tells best whether it was written: a sealed value is like no other, as its nonce is random.
fn telling(batch: &Batch) -> Option<Write> {
    let sealed = |write: &&Write| write.value.as_ref().is_some_and(|value| value.len() >= OVERHEAD_BYTES);
    batch.writes().iter().find(sealed).or_else(|| batch.writes().first()).cloned()
}
