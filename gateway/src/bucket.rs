//! How often a second: a token bucket, by the moment at which it will be full again.

use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// So many a second on average, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many tokens come back in a second, one after the other; at least one.
    pub per_s: u32,
    /// How many fill the bucket; at least one.
    pub at_once: u32,
}

/// A token bucket. It is full in the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    full_at: Option<Instant>,
}

impl Rate {
    /// So many a second, which may come at once.
    #[must_use]
    pub const fn per_second(per_s: u32) -> Self {
        Self { per_s, at_once: per_s }
    }
}

impl Bucket {
    /// Takes a token.
    ///
    /// # Errors
    /// After how long there will be one.
    pub fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let each = SECOND / rate.per_s.max(1);
        let depth = each.saturating_mul(rate.at_once.max(1));
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + each;
        let missing = full_at.saturating_duration_since(now).saturating_sub(depth);
        if !missing.is_zero() {
            return Err(missing);
        }
        self.full_at = Some(full_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_second_at_once_and_then_one_by_one() {
        let (mut bucket, start) = (Bucket::default(), clock::instant());
        let mut taken = |after_ms| bucket.take(Rate::per_second(4), start + Duration::from_millis(after_ms)).is_ok();
        assert_eq!([0, 0, 0, 0, 0].map(&mut taken), [true, true, true, true, false]);
        assert_eq!([249, 250, 250, 499, 500].map(&mut taken), [false, true, false, false, true]);
        // Full again after a second of rest, and not fuller after many.
        assert_eq!([9_000, 9_000, 9_000, 9_000, 9_000].map(&mut taken), [true, true, true, true, false]);
        assert!(!taken(8_000), "time that runs backwards brings no tokens");
    }

    #[test]
    fn one_a_second_and_many_at_once() {
        let (mut bucket, start) = (Bucket::default(), clock::instant());
        let rate = Rate::per_second(1);
        bucket.take(rate, start).unwrap();
        assert_eq!(bucket.take(rate, start + Duration::from_millis(999)), Err(Duration::from_millis(1)));
        bucket.take(rate, start + SECOND).unwrap();

        let (mut bucket, rate) = (Bucket::default(), Rate { per_s: 10, at_once: 25 });
        let taken = (0..100).filter(|_| bucket.take(rate, start).is_ok()).count();
        assert_eq!(taken, 25);
        assert_eq!(bucket.take(rate, start), Err(Duration::from_millis(100)));
    }
}
