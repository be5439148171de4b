//! What this gateway has left of what it set aside of one grant's quota.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crypto::grants::{Lease, Quota};
use crypto::time::Date;

use crate::bucket::{Bucket, Rate};

/// The counter of one grant.
#[derive(Debug, Default)]
pub(super) struct Counter {
    state: Mutex<State>,
    /// Whose turn it is to set a block aside.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    bucket: Bucket,
    /// The day that the daily numbers are of.
    day: Option<Date>,
    left: Lease,
    /// Of which kinds nothing is left but what is here.
    spent: Spent,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    questions: bool,
    total: bool,
    records: bool,
}

/// Whether something could be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was.
    Yes,
    /// So much is missing here, on this day.
    Short(Date, Lease),
    /// Too little is left anywhere.
    Spent,
}

impl Counter {
    /// Whether one more question is within the rate, and counts it.
    pub(super) fn rate(&self, quota: &Quota, now: Instant) -> bool {
        quota.per_second.is_none_or(|per_second| self.state().bucket.take(Rate::per_second(per_second), now).is_ok())
    }

    /// Takes all that is wanted, or nothing: on this day, or on a later one that has begun here already.
    pub(super) fn take(&self, day: Date, wanted: Lease) -> Taken {
        let mut state = self.state();
        let day = state.begin(day);
        state.take(day, wanted)
    }

    /// Adds what was set aside on a day where something was lacking, and takes what is wanted. If a later day has begun meanwhile, the
    /// daily kinds have lapsed, and what is lacking then is lacking on that day: no day's block is lost more than once to one question.
    pub(super) fn credit(&self, day: Date, (lacking, leased): (Lease, Lease), wanted: Lease) -> Taken {
        let mut state = self.state();
        let begun = state.begin(day);
        state.left.total = state.left.total.saturating_add(leased.total);
        state.spent.total |= leased.total < lacking.total;
        if begun == day {
            state.left.questions = state.left.questions.saturating_add(leased.questions);
            state.left.records = state.left.records.saturating_add(leased.records);
            state.spent.questions |= leased.questions < lacking.questions;
            state.spent.records |= leased.records < lacking.records;
        }
        state.take(begun, wanted)
    }

    /// What is left of what was set aside, of the daily kinds on this day.
    pub(super) fn left(&self, day: Date) -> Lease {
        let state = self.state();
        if state.day == Some(day) { state.left } else { Lease { total: state.left.total, ..Lease::default() } }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Begins a day, unless a later one has begun, and gives the day that it is: what was left of the one before lapses.
    fn begin(&mut self, day: Date) -> Date {
        if let Some(begun) = self.day.filter(|begun| day <= *begun) {
            return begun;
        }
        self.day = Some(day);
        (self.left.questions, self.left.records) = (0, 0);
        (self.spent.questions, self.spent.records) = (false, false);
        day
    }

    fn take(&mut self, day: Date, wanted: Lease) -> Taken {
        let rows = [
            (wanted.questions, self.left.questions, self.spent.questions),
            (wanted.total, self.left.total, self.spent.total),
            (wanted.records, self.left.records, self.spent.records),
        ];
        if rows.iter().any(|(wanted, left, is_spent)| *is_spent && left < wanted) {
            return Taken::Spent;
        }
        let [questions, total, records] = rows.map(|(wanted, left, _)| wanted.saturating_sub(left));
        let lacking = Lease { questions, total, records };
        if lacking != Lease::default() {
            return Taken::Short(day, lacking);
        }
        self.left.questions = self.left.questions.saturating_sub(wanted.questions);
        self.left.total = self.left.total.saturating_sub(wanted.total);
        self.left.records = self.left.records.saturating_sub(wanted.records);
        Taken::Yes
    }
}
