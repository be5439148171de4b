//! The wall clock, watched: held against the one that only ever goes on, and against the record, whose times never run back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crypto::time::Timestamp;

/// For how long a jump is reported, in seconds. A clock that nobody has set back by then counts as set right.
const REPORTED_S: i64 = 3600;

/// A jump of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// By how many seconds; before 0 it went back.
    pub by_s: i64,
    /// What the clock showed after it.
    pub at: Timestamp,
}

/// What is known of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes as it should.
    Right,
    /// It jumped, not long ago, and stands so far from where it would be.
    Jumped {
        /// By how many seconds, all jumps together.
        by_s: i64,
        /// What it showed after the last one.
        at: Timestamp,
    },
    /// It is so many seconds before the last time on record.
    Behind {
        /// How many.
        by_s: i64,
    },
}

#[derive(Debug, Default)]
struct State {
    /// What both clocks showed at the last look.
    last: Option<(i64, Instant)>,
    /// All jumps that are still reported together, in milliseconds, and the last of them.
    off_ms: i64,
    jumped: Option<Timestamp>,
}

/// Watches the clock.
#[derive(Debug, Default)]
pub struct ClockWatch {
    state: Mutex<State>,
}

impl ClockWatch {
    /// Compares both clocks with the last look. A jump is one of more than `max_s` seconds.
    pub fn look(&self, wall_ms: i64, at: Instant, max_s: i64) -> Option<Jump> {
        let mut state = self.state();
        let last = state.last.replace((wall_ms, at))?;
        let passed = i64::try_from(at.saturating_duration_since(last.1).as_millis()).unwrap_or(i64::MAX);
        let by_ms = wall_ms.saturating_sub(last.0).saturating_sub(passed);
        let max_ms = max_s.saturating_mul(1000);
        if by_ms.saturating_abs() <= max_ms {
            return None;
        }
        let now = Timestamp::from_unix(wall_ms.div_euclid(1000));
        state.off_ms = state.off_ms.saturating_add(by_ms);
        state.jumped = Some(now);
        if state.off_ms.saturating_abs() <= max_ms {
            // It is back where it was.
            (state.off_ms, state.jumped) = (0, None);
        }
        Some(Jump { by_s: by_ms / 1000, at: now })
    }

    /// How the clock stands, where the newest record is of this time.
    #[must_use]
    pub fn standing(&self, now: Timestamp, newest: Option<Timestamp>, max_s: i64) -> Standing {
        let behind_s = newest.map_or(0, |newest| newest.unix().saturating_sub(now.unix()));
        if behind_s > max_s {
            return Standing::Behind { by_s: behind_s };
        }
        let mut state = self.state();
        match state.jumped {
            Some(at) if now.unix().saturating_sub(at.unix()) < REPORTED_S => Standing::Jumped { by_s: state.off_ms / 1000, at },
            _ => {
                (state.off_ms, state.jumped) = (0, None);
                Standing::Right
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a few assignments.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: i64 = 1_800_000_000;

    /// A watch, and a look with both clocks so many milliseconds after the start.
    fn watched() -> impl FnMut(&ClockWatch, i64, u64) -> Option<i64> {
        let start = crate::clock::instant();
        move |watch, wall_ms, passed_ms| {
            watch.look(START * 1000 + wall_ms, start + Duration::from_millis(passed_ms), 60).map(|jump| jump.by_s)
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(START + seconds)
    }

    #[test]
    fn a_clock_that_is_slewed_does_not_jump() {
        let (watch, mut look) = (ClockWatch::default(), watched());
        assert_eq!(look(&watch, 0, 0), None);
        assert_eq!(look(&watch, 61_000, 1000), None, "a minute is what may be");
        assert_eq!(look(&watch, 2000, 2000), None, "and back");
        assert_eq!(watch.standing(at(2), Some(at(1)), 60), Standing::Right);
    }

    #[test]
    fn it_jumps_forward_and_back() {
        let (watch, mut look) = (ClockWatch::default(), watched());
        look(&watch, 0, 0);
        assert_eq!(look(&watch, 3_601_000, 1000), Some(3600));
        assert_eq!(watch.standing(at(3601), Some(at(0)), 60), Standing::Jumped { by_s: 3600, at: at(3601) });
        assert_eq!(look(&watch, 3_602_000, 2000), None, "once is told once");
        assert_eq!(look(&watch, 3000, 3000), Some(-3600));
        assert_eq!(watch.standing(at(3), Some(at(0)), 60), Standing::Right, "it is back where it was");
        // What was put on record in between has a time that is still to come.
        assert_eq!(watch.standing(at(3), Some(at(3602)), 60), Standing::Behind { by_s: 3599 });
        assert_eq!(watch.standing(at(3542), Some(at(3602)), 60), Standing::Right);
    }

    #[test]
    fn what_nobody_sets_back_counts_as_set_right() {
        let (watch, mut look) = (ClockWatch::default(), watched());
        look(&watch, 0, 0);
        assert_eq!(look(&watch, -100_000, 0), Some(-100));
        assert!(matches!(watch.standing(at(3499), None, 60), Standing::Jumped { by_s: -100, .. }));
        assert_eq!(watch.standing(at(3500), None, 60), Standing::Right);
        assert_eq!(look(&watch, 3_501_000, 3_501_000), Some(100), "the next one is told again");
    }
}
