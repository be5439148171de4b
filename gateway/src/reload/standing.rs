//! How the last attempt ended to take up another configuration.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crypto::time::Timestamp;

use super::{Outcome, Refusal, Reloaded, Tally};
use crate::config::Faults;

/// How the last attempt ended.
#[derive(Debug)]
pub struct Standing {
    last: Mutex<Last>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Last {
    /// How many attempts were refused.
    refusals: u64,
    refused: Option<Refused>,
}

/// A file that is not in force.
#[derive(Debug)]
struct Refused {
    /// When that was first noticed.
    since: Timestamp,
    /// Everything that was said of it the last time.
    message: String,
    /// The same in a few words.
    summary: String,
    /// Whether nothing is wrong with it: it waits for a restart.
    is_good: bool,
}

impl Standing {
    /// Nobody has tried yet.
    #[must_use]
    pub fn new(tally: Tally) -> Self {
        Self { last: Mutex::default(), tally }
    }

    /// What is wrong with the file, where the last good configuration stays in force for it.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let last = self.last();
        let Refused { since, summary, .. } = last.refused.as_ref().filter(|refused| !refused.is_good)?;
        Some(format!("the file is refused since {since}: {summary}; the last good one is in force"))
    }

    /// What waits for a restart, where nothing is wrong with the file.
    #[must_use]
    pub fn restart_due(&self) -> Option<String> {
        let last = self.last();
        let Refused { since, summary, .. } = last.refused.as_ref().filter(|refused| refused.is_good)?;
        Some(format!("the file waits for a restart since {since}, for {summary}; what was in force before is until then"))
    }

    /// How many attempts were refused, where the last one was.
    pub(super) fn refusals(&self) -> Option<u64> {
        let last = self.last();
        last.refused.as_ref().map(|_| last.refusals)
    }

    /// Notes how an attempt ended.
    pub(super) fn note(&self, result: &Result<Reloaded, Refusal>, now: Timestamp) {
        self.tally.ended(match result {
            Ok(Reloaded { outcome: Outcome::InForce, .. }) => "in-force",
            Ok(_) => "unchanged",
            Err(Refusal::Wrong(_)) => "refused",
            Err(Refusal::NeedsRestart(_)) => "needs-restart",
        });
        let mut last = self.last();
        let Err(refusal) = result else {
            last.refused = None;
            return;
        };
        let (faults, is_good) = match refusal {
            Refusal::Wrong(faults) => (faults, false),
            Refusal::NeedsRestart(faults) => (faults, true),
        };
        let before = last.refused.take();
        let since = before.as_ref().map_or(now, |before| before.since);
        let message = faults.to_string().trim_end().to_owned();
        // Once is enough for the log, however often it is found.
        if before.is_none_or(|before| before.message != message) {
            if is_good {
                tracing::warn!(why = message, "the configuration waits for a restart; what was in force stays until then");
            } else {
                tracing::warn!(why = message, "the configuration was refused; the last good one stays in force");
            }
        }
        last.refusals = last.refusals.saturating_add(1);
        last.refused = Some(Refused { since, message, summary: summary(faults, is_good), is_good });
    }

    // Whole after a panic: it is changed by assignments.
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first fault, and how many there are; of what needs a restart, the keys.
fn summary(faults: &Faults, is_good: bool) -> String {
    if is_good {
        return faults.iter().map(|fault| fault.key.as_str()).collect::<Vec<_>>().join(", ");
    }
    let first = faults.iter().next().map_or_else(String::new, |fault| format!("{}: {}", fault.key, fault.message));
    match faults.iter().count() {
        0 | 1 => first,
        n => format!("{first} (and {} more)", n - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Difference;

    fn standing() -> Standing {
        Standing::new(Tally::new().unwrap())
    }

    fn ended(outcome: Outcome) -> Result<Reloaded, Refusal> {
        let (difference, files, needs_restart) = (Difference::default(), Vec::new(), Vec::new());
        Ok(Reloaded { outcome, generation: 0, difference, files, needs_restart })
    }

    #[test]
    fn a_refusal_is_told_by_its_first_fault_since_the_first_time() {
        let (standing, now) = (standing(), Timestamp::from_unix(1_800_000_000));
        assert_eq!((standing.refused(), standing.restart_due(), standing.refusals()), (None, None, None));
        let mut faults = Faults::one("cache.verdict", "is not known");
        standing.note(&Err(Refusal::Wrong(faults.clone())), now);
        faults.add("cache.verdicts_mib", "must be from 1 to 65536");
        standing.note(&Err(Refusal::Wrong(faults)), now.plus(60));
        let told = format!("refused since {now}: cache.verdict: is not known (and 1 more); the last good one");
        assert!(standing.refused().unwrap().contains(&told), "{:?}", standing.refused());
        assert_eq!((standing.restart_due(), standing.refusals()), (None, Some(2)));
        standing.note(&ended(Outcome::Unchanged), now.plus(90));
        assert_eq!((standing.refused(), standing.refusals()), (None, None));
        standing.note(&Err(Refusal::Wrong(Faults::one("a", "b"))), now.plus(99));
        assert!(standing.refused().unwrap().contains(&now.plus(99).to_string()));
    }

    #[test]
    fn a_good_file_that_waits_for_a_restart_is_not_called_wrong() {
        let (standing, now) = (standing(), Timestamp::from_unix(1_800_000_000));
        let mut faults = Faults::one("storage.path", "needs a restart");
        faults.add("log.format", "needs a restart");
        standing.note(&Err(Refusal::NeedsRestart(faults)), now);
        let told = standing.restart_due().unwrap();
        assert!(told.contains(&format!("since {now}, for storage.path, log.format;")), "{told}");
        assert_eq!(standing.refused(), None);
        standing.note(&ended(Outcome::InForce), now);
        assert_eq!(standing.restart_due(), None);
    }
}
