//! The only reader of clocks: everything else takes time as an argument.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crypto::time::Timestamp;

/// The wall clock, in whole seconds.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one reader of clocks")]
pub fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX)).plus(0)
}

/// The wall clock, in milliseconds since 1970, as interfaces of others count them.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one reader of clocks")]
pub fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    i64::try_from(since).unwrap_or(i64::MAX)
}

/// The wall clock, in nanoseconds since 1970, as traces count them.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one reader of clocks")]
pub fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    u64::try_from(since).unwrap_or(u64::MAX)
}

/// The monotonic clock, for latencies and deadlines.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one reader of clocks")]
pub fn instant() -> Instant {
    Instant::now()
}

/// The same as timers have it: tests can make it stand still.
#[must_use]
pub fn tokio_instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
