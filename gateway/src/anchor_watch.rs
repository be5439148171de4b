//! Whether the anchor can be replaced: told once when that changes, and for as long as it lasts in `/ready`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crypto::time::Timestamp;

/// What is known of the anchor.
#[derive(Debug, Default)]
pub struct AnchorWatch {
    failing: Mutex<Option<Failing>>,
}

/// That the anchor cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Since when.
    pub since: Timestamp,
    /// What was wrong the last time.
    pub why: String,
}

impl AnchorWatch {
    /// It could not be replaced. True when that is new.
    pub fn fails(&self, why: &str, now: Timestamp) -> bool {
        let mut failing = self.state();
        let since = failing.as_ref().map(|failing| failing.since);
        *failing = Some(Failing { since: since.unwrap_or(now), why: why.to_owned() });
        since.is_none()
    }

    /// It was replaced. True when it could not be before.
    pub fn works(&self) -> bool {
        self.state().take().is_some()
    }

    /// Why it cannot be replaced at present, if it cannot.
    #[must_use]
    pub fn failing(&self) -> Option<Failing> {
        self.state().clone()
    }

    fn state(&self) -> MutexGuard<'_, Option<Failing>> {
        // Every change is one assignment.
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_new_once() {
        let (watch, at) = (AnchorWatch::default(), Timestamp::from_unix);
        assert!(!watch.works(), "it never failed");
        assert!(watch.fails("full", at(5)) && !watch.fails("read-only", at(6)));
        assert_eq!(watch.failing(), Some(Failing { since: at(5), why: "read-only".to_owned() }));
        assert!(watch.works() && !watch.works());
        assert!(watch.failing().is_none() && watch.fails("full", at(9)));
    }
}
