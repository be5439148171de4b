//! Our own service as a witness: a log shows that it only grew, and we sign that we have seen it.

use std::sync::Arc;

use crypto::budget::Budget;
use crypto::time::Timestamp;
use crypto::tlog::witness::decide;
use crypto::tlog::{AddCheckpoint, NoteSigner as _, Refusal, VerifierKey};
use storage::StorageError;
use storage::log::Pending;
use storage::witnessing::{Vouched, Witnessing};

use super::WitnessKey;
use crate::config::{self, Faults, WitnessedLog};

/// How often a decision is made anew when another request for the same log came first.
const ATTEMPTS: usize = 16;

/// What we decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// We have signed.
    Signed(String),
    /// We have not.
    Refused(Refusal),
}

/// The witness that we are.
#[derive(Debug)]
pub struct Service {
    key: WitnessKey,
    logs: Vec<WitnessedLog>,
}

impl Service {
    /// Reads our key.
    ///
    /// # Errors
    /// What is wrong with its file.
    pub fn load(settings: &config::Witness) -> Result<Self, Faults> {
        Ok(Self::new(WitnessKey::load(&settings.name, &settings.key)?, settings.logs.clone()))
    }

    /// The witness of these logs.
    #[must_use]
    pub const fn new(key: WitnessKey, logs: Vec<WitnessedLog>) -> Self {
        Self { key, logs }
    }

    /// The key with which others verify what we sign.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        self.key.key()
    }

    /// Whether this log is one of ours to witness.
    #[must_use]
    pub fn knows(&self, origin: &str) -> bool {
        self.logs.iter().any(|log| log.key_for(origin).is_some())
    }

    /// Decides on a request, and signs. What is signed is kept first, in one batch with its record and on condition that nobody
    /// else came in between: so two answers never tell of two trees.
    ///
    /// # Errors
    /// Those of a store that does not work: then nothing is signed.
    pub fn answer(
        &self,
        table: &Witnessing,
        request: &AddCheckpoint,
        now: Timestamp,
        pending: &Arc<Pending>,
    ) -> Result<Decided, StorageError> {
        let origin = request.checkpoint().origin();
        let keys: Vec<VerifierKey> = self.logs.iter().filter_map(|log| log.key_for(origin)).collect();
        for _ in 0..ATTEMPTS {
            let (before, last) = table.vouched(origin)?;
            let known = last.as_ref().map(|last| (last.size, last.root));
            let accepted = match decide(known, request, &keys, &mut Budget::for_document()) {
                Ok(accepted) => accepted,
                Err(refusal) => return Ok(Decided::Refused(refusal)),
            };
            // Whatever a clock does: what is signed later says so.
            let at = last.map_or(now, |last| last.at.max(now));
            let checkpoint = accepted.checkpoint();
            let next = Vouched { origin: origin.to_owned(), size: checkpoint.size(), root: checkpoint.root(), at };
            if table.vouch(before, &next, pending)? {
                let line = accepted.cosign(&self.key, at.unix().max(0).unsigned_abs()).ok_or(StorageError::Internal)?;
                return Ok(Decided::Signed(format!("{line}\n")));
            }
        }
        Err(StorageError::Contention)
    }
}
