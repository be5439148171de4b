//! Maintenance: an operator has stopped changes and look-ups for a while. The record itself is where that is kept: what was last put
//! on record about it holds, also after a restart.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use crypto::record::{EventKind, Facts, LogName, Opening};
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};
use storage::StorageError;
use storage::log::{Logs, Order, Query};

use crate::http::{Code, Problem};

/// The longest reason, in characters.
pub const REASON_MAX: usize = 200;

/// When to ask again where nobody said how long it takes, in seconds.
const AGAIN_S: u32 = 60;

/// What was ordered, as it stands in the details of its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Ordered {
    /// Changes and look-ups are stopped.
    On {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Since when.
        since: Timestamp,
        /// When they are let in again by themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// They are let in.
    Off,
}

/// Whether changes and look-ups are stopped.
#[derive(Debug, Default)]
pub struct Maintenance {
    ordered: ArcSwapOption<Ordered>,
}

impl Maintenance {
    /// What was last ordered, by the record.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn recall(logs: &Logs) -> Result<Self, StorageError> {
        let query = Query { event: Some(EventKind::Maintenance), ..Query::default() };
        let hits = logs.search(LogName::Access, &query, Order::NewestFirst, None, 1)?;
        let facts = hits.rows.first().and_then(|row| row.opening.read::<Facts>(Opening::FACTS));
        let details = facts.map(|facts| facts.details.into_iter().collect::<serde_json::Map<_, _>>());
        let ordered = details.and_then(|details| serde_json::from_value(details.into()).ok());
        Ok(Self { ordered: ArcSwapOption::new(ordered.map(Arc::new)) })
    }

    /// Takes up what was put on record.
    pub fn set(&self, ordered: Ordered) {
        self.ordered.store(Some(Arc::new(ordered)));
    }

    /// What is in force at this moment; nothing while everything is let in.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> Option<Arc<Ordered>> {
        self.ordered.load_full().filter(|ordered| ordered.ends(now) == Some(false))
    }

    /// The refusal for whoever is stopped at this moment.
    ///
    /// # Errors
    /// It is the error.
    pub fn admit(&self, now: Timestamp) -> Result<(), Problem> {
        // Nearly always there is nothing, and nothing is cloned.
        match self.ordered.load().as_deref() {
            Some(ordered @ Ordered::On { until, .. }) if ordered.ends(now) == Some(false) => {
                let left = until.map(|until| until.unix().saturating_sub(now.unix()));
                let after_s = left.and_then(|left| u32::try_from(left).ok()).unwrap_or(AGAIN_S);
                Err(Problem::new(Code::Maintenance).retry_after(Duration::from_secs(after_s.max(1).into())))
            }
            _ => Ok(()),
        }
    }
}

impl Ordered {
    /// Whether it has ended by this moment; nothing where nothing is stopped.
    fn ends(&self, now: Timestamp) -> Option<bool> {
        match self {
            Self::On { until, .. } => Some(until.is_some_and(|until| until <= now)),
            Self::Off => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crypto::record::Ending;
    use storage::log::Draft;
    use storage::{Keys, Store};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn on(until: Option<Timestamp>) -> Ordered {
        Ordered::On { reason: Some("a new disk".to_owned()), since: NOW, until }
    }

    #[test]
    fn it_ends_when_it_was_said_to_end_or_when_it_is_ended() {
        let maintenance = Maintenance::default();
        assert!(maintenance.admit(NOW).is_ok());
        maintenance.set(on(Some(NOW.plus(90))));
        assert_eq!(maintenance.admit(NOW).unwrap_err().code(), Code::Maintenance);
        assert!(maintenance.admit(NOW.plus(89)).is_err() && maintenance.in_force(NOW.plus(89)).is_some());
        assert!(maintenance.admit(NOW.plus(90)).is_ok() && maintenance.in_force(NOW.plus(90)).is_none());
        maintenance.set(on(None));
        assert!(maintenance.admit(NOW.plus(1_000_000)).is_err());
        maintenance.set(Ordered::Off);
        assert!(maintenance.admit(NOW).is_ok() && maintenance.in_force(NOW).is_none());
    }

    #[test]
    fn the_record_keeps_it() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let recalled = || Maintenance::recall(store.logs()).unwrap().in_force(NOW);
        assert_eq!(recalled(), None);
        for ordered in [on(None), Ordered::Off, on(Some(NOW.plus(5)))] {
            let mut draft = Draft::new(NOW, Facts::new(EventKind::Maintenance, Ending::Done, "licet".to_owned()));
            let serde_json::Value::Object(details) = serde_json::to_value(&ordered).unwrap() else { panic!("an object") };
            draft.facts.details.extend(details);
            draft.facts.details.insert("by".to_owned(), 1000.into());
            store.logs().append_and_wait(&[draft]).unwrap();
            let expected = matches!(ordered, Ordered::On { .. }).then_some(ordered);
            assert_eq!(recalled().as_deref(), expected.as_ref());
        }
    }
}
