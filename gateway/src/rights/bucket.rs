//! How often a second: a token bucket that holds what may be asked in one.

use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A token bucket, by the moment at which it will be full again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes a token, if there is one: `per_second` of them fill the bucket, and come back one after the other within a second.
    pub(super) fn take(&mut self, per_second: u32, now: Instant) -> bool {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + SECOND / per_second.max(1);
        let has_token = full_at.saturating_duration_since(now) <= SECOND;
        if has_token {
            self.full_at = Some(full_at);
        }
        has_token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_second_at_once_and_then_one_by_one() {
        let (mut bucket, start) = (Bucket::default(), clock::instant());
        let mut taken = |after_ms| bucket.take(4, start + Duration::from_millis(after_ms));
        assert_eq!([0, 0, 0, 0, 0].map(&mut taken), [true, true, true, true, false]);
        assert_eq!([249, 250, 250, 499, 500].map(&mut taken), [false, true, false, false, true]);
        // Full again after a second of rest, and not fuller after many.
        assert_eq!([9_000, 9_000, 9_000, 9_000, 9_000].map(&mut taken), [true, true, true, true, false]);
        assert!(!taken(8_000), "time that runs backwards brings no tokens");
    }

    #[test]
    fn one_a_second() {
        let (mut bucket, start) = (Bucket::default(), clock::instant());
        assert!(bucket.take(1, start) && !bucket.take(1, start + Duration::from_millis(999)));
        assert!(bucket.take(1, start + SECOND));
    }
}
