//! What one caller may ask, and what it asks at present.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::bucket::{Bucket, Rate};
use crate::config::{Caller, Limits};

/// What one caller may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Requests at the same time.
    pub(super) in_flight_max: u32,
    /// Requests a second; none for as many as it likes.
    pub(super) rate: Option<Rate>,
}

/// A caller with what it may ask. What it asks at present stays when what it may ask is changed.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    allowance: Allowance,
    at_present: Arc<AtPresent>,
}

/// What a caller asks at present.
#[derive(Debug, Default)]
pub(super) struct AtPresent {
    in_flight: AtomicU32,
    bucket: Mutex<Bucket>,
}

/// A caller asks more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// At the same time.
    AtOnce,
    /// In a time: the next request is let in after this one.
    ASecond(Duration),
}

impl Allowance {
    /// What the configuration allows a caller, by its own row where that says something.
    pub(super) fn of(caller: &Caller, limits: &Limits) -> Self {
        let per_s = caller.requests_per_s.unwrap_or(limits.caller_requests_per_s);
        let at_once = match caller.burst.unwrap_or(limits.caller_burst) {
            0 => per_s,
            burst => burst,
        };
        let rate = (per_s > 0).then_some(Rate { per_s, at_once });
        Self { in_flight_max: caller.in_flight_max.unwrap_or(limits.caller_in_flight_max), rate }
    }
}

impl Standing {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self { allowance, at_present: Arc::default() }
    }

    /// The same caller, which may ask something else from now on.
    pub(super) fn with(&self, allowance: Allowance) -> Self {
        Self { allowance, at_present: Arc::clone(&self.at_present) }
    }

    /// Counts a request. One that is refused takes no token.
    pub(super) fn take(&self, now: Instant) -> Result<Arc<AtPresent>, TooMuch> {
        let counted = self.at_present.in_flight.fetch_add(1, Ordering::Relaxed);
        let in_time = match self.allowance.rate {
            _ if counted >= self.allowance.in_flight_max => Err(TooMuch::AtOnce),
            Some(rate) => self.at_present.bucket().take(rate, now).map_err(TooMuch::ASecond),
            None => Ok(()),
        };
        if let Err(too_much) = in_time {
            self.at_present.leave();
            return Err(too_much);
        }
        Ok(Arc::clone(&self.at_present))
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self) -> u32 {
        self.at_present.in_flight.load(Ordering::Relaxed)
    }
}

impl AtPresent {
    /// One request less.
    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    fn bucket(&self) -> std::sync::MutexGuard<'_, Bucket> {
        // A bucket is one moment: it is whole after a panic too.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
