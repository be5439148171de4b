//! What operators do at night when the store takes no records: it is done, and put on record as soon as records are taken again.
//!
//! Whether more is written to the log, and whether changes are stopped, is what somebody decides who mends a full disk: to refuse it for
//! want of a record would keep the disk full. Nothing of a person is told by it. What is owed is held in memory: a process that ends before
//! the store takes records again leaves the line in its log alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crypto::record::EventKind;
use crypto::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use storage::StorageError;

use crate::app::App;
use crate::clock;

/// How much may be owed. Nobody types more between two looks at the disk.
const OWED_MAX: usize = 64;

/// When it was done, in the details of a record that was made later.
const DONE_AT: &str = "done_at";

/// What is not on record yet, in its order.
#[derive(Debug, Default)]
pub struct Owed {
    debts: Mutex<VecDeque<Debt>>,
    /// Held by whoever puts something on record: nothing is put there twice, or before what is older.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Debt {
    event: EventKind,
    details: BTreeMap<String, Value>,
    at: Timestamp,
}

/// What became of the record of what an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noted {
    /// It was made.
    OnRecord,
    /// It will be made when the store takes records again.
    Owed,
    /// It may have been made: the disk did not say.
    Unknown,
}

impl Noted {
    /// An answer that says so, where there is something to say.
    #[must_use]
    pub fn told(self, mut answer: Value) -> Value {
        if let (Some(answer), true) = (answer.as_object_mut(), self != Self::OnRecord) {
            answer.insert("record".to_owned(), json!(self));
        }
        answer
    }
}

impl Owed {
    /// How much is owed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.debts().len()
    }

    fn add(&self, debt: Debt) -> bool {
        let mut debts = self.debts();
        let has_room = debts.len() < OWED_MAX;
        if has_room {
            debts.push_back(debt);
        }
        has_room
    }

    fn debts(&self) -> MutexGuard<'_, VecDeque<Debt>> {
        // Every change is one push or one pop.
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts on record what an operator does, now or when the store takes records again.
///
/// # Errors
/// Those of a store that works and refuses, and of one that does not when too much is owed already: then it must not be done.
pub async fn note(app: &App, event: EventKind, details: BTreeMap<String, Value>) -> Result<Noted, StorageError> {
    let now = clock::now();
    let _turn = app.condition.owed.turn.lock().await;
    pay(app).await;
    let failed = if app.condition.owed.count() == 0 && takes_records(app) {
        let trust = app.trust.current().generation();
        match app.recorder.note_own(event, details.clone(), trust, now).await {
            Ok(()) => return Ok(Noted::OnRecord),
            Err(error) => error,
        }
    } else {
        StorageError::Unavailable
    };
    let noted = match failed {
        StorageError::Unknown => Noted::Unknown,
        StorageError::Unavailable | StorageError::Poisoned => {
            if !app.condition.owed.add(Debt { event, details, at: now }) {
                return Err(failed);
            }
            Noted::Owed
        }
        error => return Err(error),
    };
    tracing::warn!(event = event.name(), record = ?noted, "an operator did something that is not on record yet");
    Ok(noted)
}

/// Puts on record what is owed, in its order, as far as the store takes it.
pub async fn settle(app: &App) {
    let _turn = app.condition.owed.turn.lock().await;
    pay(app).await;
}

/// The same for whoever has the turn.
async fn pay(app: &App) {
    while takes_records(app) {
        let Some(Debt { event, mut details, at }) = app.condition.owed.debts().front().cloned() else { return };
        details.insert(DONE_AT.to_owned(), json!(at));
        let trust = app.trust.current().generation();
        match app.recorder.note_own(event, details, trust, clock::now()).await {
            // One that may have been made is not made twice.
            Ok(()) | Err(StorageError::Unknown) => drop(app.condition.owed.debts().pop_front()),
            Err(_) => return,
        }
    }
}

fn takes_records(app: &App) -> bool {
    app.store().trouble().is_none() && app.store().gate().refusal(false).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_owed_than_somebody_could_type() {
        let owed = Owed::default();
        let debt = Debt { event: EventKind::LogLevel, details: BTreeMap::new(), at: Timestamp::from_unix(1) };
        let taken = (0..OWED_MAX + 3).filter(|_| owed.add(debt.clone())).count();
        assert_eq!((taken, owed.count()), (OWED_MAX, OWED_MAX));
    }

    #[test]
    fn what_is_on_record_needs_no_word() {
        assert_eq!(Noted::OnRecord.told(json!({ "level": "info" })), json!({ "level": "info" }));
        assert_eq!(Noted::Owed.told(json!({})), json!({ "record": "owed" }));
        assert_eq!(Noted::Unknown.told(json!({})), json!({ "record": "unknown" }));
    }
}
