//! The clock that measures.

use std::time::Instant;

/// The only reader of the monotonic clock here.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub fn now() -> Instant {
    Instant::now()
}
