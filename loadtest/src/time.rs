//! The clocks.

use std::time::Instant;

use crypto::time::Timestamp;

/// The clock that measures. It is that of tokio's timers, which tests pause; anywhere else it is the machine's.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "certificates and reports are made in the present")]
pub fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
