//! What happens on a connection, to find those on which nothing does, or too little.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::config::Server as Limits;
use crate::flow::Places;

/// What happens on a connection.
pub(super) struct Activity {
    state: Mutex<State>,
    first: Duration,
    idle: Duration,
    bytes_per_s_min: u32,
}

struct State {
    running: usize,
    limit: Duration,
    since: Instant,
    /// Until when each answer that leaves must have left.
    due: Vec<(u64, Instant)>,
    next: u64,
}

/// What is wrong with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nothing.
    None,
    /// Nothing was asked for too long.
    TooLong,
    /// An answer is not taken fast enough.
    Unread,
}

impl Activity {
    pub(super) fn new(limits: &Limits) -> Self {
        let first = limits.header_timeout();
        let state = State { running: 0, limit: first, since: clock::instant(), due: Vec::new(), next: 0 };
        let (idle, bytes_per_s_min) = (limits.idle_timeout(), limits.send_bytes_per_s_min);
        Self { state: Mutex::new(state), first, idle, bytes_per_s_min }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When to look again.
    pub(super) fn patience_ends(&self) -> Instant {
        self.with(|state| {
            if state.running == 0 {
                return state.since + state.limit;
            }
            let later = clock::instant() + self.idle;
            state.due.iter().map(|(_, due)| *due).min().map_or(later, |due| due.min(later))
        })
    }

    pub(super) fn silence(&self) -> Silence {
        let now = clock::instant();
        self.with(|state| {
            if state.due.iter().any(|(_, due)| now >= *due) {
                Silence::Unread
            } else if state.running == 0 && now >= state.since + state.limit {
                Silence::TooLong
            } else {
                Silence::None
            }
        })
    }

    /// The client was told that the connection ends, and may take this long to take the last answer.
    pub(super) fn last_chance(&self) {
        self.with(|state| {
            state.limit = self.first;
            state.since = clock::instant();
        });
    }

    /// How long an answer of so many bytes may take to leave.
    fn time_to_leave(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.idle + Duration::from_secs(bytes / u64::from(self.bytes_per_s_min.max(1)))
    }
}

/// A request, until its answer has left.
pub(super) struct Running {
    activity: Arc<Activity>,
    leaving: Option<u64>,
    places: Places,
}

impl Running {
    pub(super) fn new(activity: &Arc<Activity>) -> Self {
        activity.with(|state| state.running += 1);
        Self { activity: Arc::clone(activity), leaving: None, places: Places::default() }
    }

    /// The answer is there, and leaves. What comes piece by piece has its own limits in who makes it.
    pub(super) fn leaves(mut self, bytes: Option<usize>, places: Places) -> Self {
        self.places = places;
        if let Some(bytes) = bytes {
            let due = clock::instant() + self.activity.time_to_leave(bytes);
            self.leaving = Some(self.activity.with(|state| {
                let number = state.next;
                state.next = number.wrapping_add(1);
                state.due.push((number, due));
                number
            }));
        }
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let idle = self.activity.idle;
        let leaving = self.leaving;
        self.activity.with(|state| {
            state.due.retain(|(number, _)| Some(*number) != leaving);
            state.running -= 1;
            state.limit = idle;
            state.since = clock::instant();
        });
    }
}
