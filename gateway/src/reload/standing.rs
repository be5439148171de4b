//! How the last attempt ended to take up another configuration.

use std::sync::{Mutex, PoisonError};

use crypto::time::Timestamp;

use super::{Outcome, Reloaded, Tally};
use crate::config::Faults;
use crate::trust::Trouble;

/// How the last attempt ended.
#[derive(Debug)]
pub struct Standing {
    trouble: Mutex<Option<Trouble>>,
    tally: Tally,
}

impl Standing {
    /// Nobody has tried yet.
    #[must_use]
    pub const fn new(tally: Tally) -> Self {
        Self { trouble: Mutex::new(None), tally }
    }

    /// Why the file is not in force, if it was refused the last time.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an operator should look at, though nothing has stopped working.
    #[must_use]
    pub fn warnings(&self) -> Option<String> {
        let trouble = self.trouble()?;
        Some(format!("configuration: the file was refused at {}; the last good one is in force", trouble.at))
    }

    /// Notes how an attempt ended.
    pub(super) fn note(&self, result: &Result<Reloaded, Faults>, now: Timestamp) {
        self.tally.ended(match result {
            Ok(Reloaded { outcome: Outcome::InForce, .. }) => "in-force",
            Ok(_) => "unchanged",
            Err(_) => "refused",
        });
        let trouble = result.as_ref().err().map(|faults| Trouble { at: now, message: faults.to_string().trim_end().to_owned() });
        // Whole after a panic: it is assigned once.
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(new) = &trouble
            // Once is enough for the log, however often it is found.
            && last.as_ref().is_none_or(|last| last.message != new.message)
        {
            tracing::warn!(why = new.message, "the configuration was refused; the last good one stays in force");
        }
        *last = trouble;
    }
}
