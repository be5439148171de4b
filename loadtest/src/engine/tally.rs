//! What came of requests, counted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::timeline::Timeline;
use crate::asks::Outcome;
use crate::latencies::Latencies;
use crate::mix::Kind;
use crate::number::millis;

/// What came of requests of one kind.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Right answers: from when the request was due to when all of the answer was there.
    pub due: Latencies,
    /// The same from when it was sent: what a caller sees who never waits for a connection.
    pub sent: Latencies,
    /// Refusals, from when the request was sent.
    pub refusals: Latencies,
    /// Other answers than there must be.
    pub wrong: u64,
    /// No answers.
    pub failed: u64,
    /// Requests that could not be sent before the caller gave up.
    pub unsent: u64,
    /// The first that went wrong, in words.
    pub complaint: Option<Cow<'static, str>>,
}

/// A request that has come to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) kind: Kind,
    pub(super) due: Instant,
    /// None for one that was not sent.
    pub(super) sent: Option<Instant>,
    pub(super) at: Instant,
}

/// What came of all requests.
#[derive(Clone, Debug)]
pub struct Tally {
    /// From when on requests count.
    pub begins: Instant,
    /// When the last one came to its end.
    pub ends: Instant,
    /// By kind.
    pub rows: BTreeMap<Kind, Row>,
    /// How late this program was with sending, by its own fault.
    pub lag: Latencies,
    /// What happened when.
    pub timeline: Timeline,
}

impl Row {
    /// Right answers.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.due.count()
    }

    /// Everything that went wrong, refusals aside.
    #[must_use]
    pub const fn bad(&self) -> u64 {
        self.wrong + self.failed + self.unsent
    }

    /// Takes over what another one counted.
    pub fn merge(&mut self, other: &Self) {
        self.due.merge(&other.due);
        self.sent.merge(&other.sent);
        self.refusals.merge(&other.refusals);
        self.wrong += other.wrong;
        self.failed += other.failed;
        self.unsent += other.unsent;
        if self.complaint.is_none() {
            self.complaint.clone_from(&other.complaint);
        }
    }
}

impl Tally {
    pub(super) fn new(begins: Instant, ends: Instant) -> Self {
        Self { begins, ends, rows: BTreeMap::new(), lag: Latencies::new(), timeline: Timeline::default() }
    }

    /// How long was counted.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.ends.saturating_duration_since(self.begins)
    }

    /// All kinds together.
    #[must_use]
    pub fn all(&self) -> Row {
        let mut all = Row::default();
        self.rows.values().for_each(|row| all.merge(row));
        all
    }

    /// A request is due now, or was a moment ago.
    pub(super) fn due(&mut self, due: Instant, now: Instant) {
        if due >= self.begins {
            self.lag.record(now.saturating_duration_since(due));
            if let Some(slot) = self.timeline.slot(due.saturating_duration_since(self.begins)) {
                slot.due += 1;
            }
        }
    }

    /// A request came to its end.
    pub(super) fn record(&mut self, ended: Ended, outcome: Outcome) {
        let Ended { kind, due, sent, at } = ended;
        if due < self.begins {
            return;
        }
        self.ends = self.ends.max(at);
        let (since_due, since_sent) = (at.saturating_duration_since(due), sent.map(|sent| at.saturating_duration_since(sent)));
        let row = self.rows.entry(kind).or_default();
        let slot = self.timeline.slot(at.saturating_duration_since(self.begins));
        let (complaint, counted) = match outcome {
            Outcome::Good => {
                row.due.record(since_due);
                row.sent.record(since_sent.unwrap_or(since_due));
                if let Some(slot) = slot {
                    slot.good += 1;
                    slot.worst_ms = slot.worst_ms.max(millis(since_due));
                }
                return;
            }
            Outcome::Refused => {
                row.refusals.record(since_sent.unwrap_or(since_due));
                if let Some(slot) = slot {
                    slot.refused += 1;
                }
                return;
            }
            Outcome::Wrong(said) => (said, &mut row.wrong),
            Outcome::Failed(said) if sent.is_some() => (said, &mut row.failed),
            Outcome::Failed(said) => (said, &mut row.unsent),
        };
        *counted += 1;
        row.complaint.get_or_insert(complaint);
        if let Some(slot) = slot {
            slot.bad += 1;
        }
    }
}
