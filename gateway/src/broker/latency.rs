//! How long the recent answers of a source took.

use std::time::Duration;

/// Steps within each doubling: a value is known to an eighth of itself.
const STEPS_BITS: u32 = 3;

/// From one microsecond to about two hours.
const DOUBLINGS: u32 = 33;

/// What one answer adds. More than one, so that what is halved several times still counts.
const UNIT: u32 = 1 << 10;

/// So many answers count fully; then all that is known counts half.
const FULL: u64 = 1 << 10;

/// So many answers there must be before anything is said about them.
const ENOUGH: u64 = 20;

/// How long the recent answers of a source took: a histogram of logarithmic buckets in which what is old counts less and less.
#[derive(Clone, Debug)]
pub(super) struct Latency {
    buckets: Vec<u32>,
    total: u64,
}

impl Default for Latency {
    fn default() -> Self {
        let buckets = (DOUBLINGS + 1) << STEPS_BITS;
        Self { buckets: vec![0; usize::try_from(buckets).unwrap_or(0)], total: 0 }
    }
}

impl Latency {
    /// An answer took so long.
    pub(super) fn answered(&mut self, took: Duration) {
        let last = self.buckets.len().saturating_sub(1);
        if let Some(bucket) = self.buckets.get_mut(index(took).min(last)) {
            *bucket = bucket.saturating_add(UNIT);
            self.total = self.total.saturating_add(UNIT.into());
        }
        if self.total >= FULL * u64::from(UNIT) {
            for bucket in &mut self.buckets {
                *bucket /= 2;
            }
            self.total = self.buckets.iter().map(|bucket| u64::from(*bucket)).sum();
        }
    }

    /// Within how long so many answers of a thousand come; none where too few have come to say so.
    pub(super) fn quantile(&self, permille: u16) -> Option<Duration> {
        self.is_enough().then(|| self.beyond(0, permille))?
    }

    /// The same of those answers alone that take longer than this; none where hardly any does.
    pub(super) fn quantile_after(&self, waited: Duration, permille: u16) -> Option<Duration> {
        self.is_enough().then(|| self.beyond(index(waited).saturating_add(1), permille))?
    }

    fn is_enough(&self) -> bool {
        self.total >= ENOUGH * u64::from(UNIT)
    }

    fn beyond(&self, first: usize, permille: u16) -> Option<Duration> {
        let later = || self.buckets.iter().enumerate().skip(first);
        let total: u64 = if first == 0 { self.total } else { later().map(|(_, count)| u64::from(*count)).sum() };
        let wanted = total.saturating_mul(permille.min(1000).into()).div_ceil(1000).max(1);
        let mut seen = 0_u64;
        let (found, _) = later().find(|(_, count)| {
            seen = seen.saturating_add((**count).into());
            seen >= wanted
        })?;
        Some(end(found))
    }
}

/// The bucket of a duration: its doubling, and the step within it.
fn index(took: Duration) -> usize {
    let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let steps = 1 << STEPS_BITS;
    let bucket = if us < steps {
        us
    } else {
        let doubling = u64::from(us.ilog2().saturating_sub(STEPS_BITS));
        let step = (us >> doubling) - steps;
        ((doubling + 1) << STEPS_BITS) + step
    };
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The last microsecond of a bucket.
fn end(bucket: usize) -> Duration {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    let steps = 1 << STEPS_BITS;
    let (doubling, step) = (bucket >> STEPS_BITS, bucket % steps);
    let us = match doubling {
        0 => step,
        _ => ((steps + step + 1) << (doubling - 1)) - 1,
    };
    Duration::from_micros(us)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(count: u64) -> Duration {
        Duration::from_micros(count)
    }

    #[test]
    fn every_duration_has_a_bucket_that_ends_just_after_it() {
        let mut last = 0;
        for n in (0..2000).chain((11..33).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1])) {
            let bucket = index(us(n));
            assert!(bucket >= last, "{n}");
            last = bucket;
            let end = end(bucket).as_micros();
            let end = u64::try_from(end).unwrap();
            assert!(n <= end && end <= n + n / 8, "{n} {end}");
            assert!(bucket == 0 || super::end(bucket - 1) < us(n), "{n}");
        }
        let mut latency = Latency::default();
        (0..ENOUGH).for_each(|_| latency.answered(Duration::MAX));
        assert!(latency.quantile(500) > Some(Duration::from_secs(7000)), "the longest go into the last bucket");
    }

    #[test]
    fn quantiles_once_enough_is_known() {
        let mut latency = Latency::default();
        for n in 1..20 {
            latency.answered(us(n * 1000));
        }
        assert_eq!((latency.quantile(500), latency.quantile_after(us(1), 500)), (None, None));
        for n in 20..=1000 {
            latency.answered(us(n * 1000));
        }
        for permille in [1, 100, 500, 900, 950, 990, 1000] {
            let (exact, found) = (u128::from(permille) * 1000, latency.quantile(permille).unwrap().as_micros());
            assert!(exact <= found && found <= exact + exact / 8, "{permille}: {found}");
        }
        let late = latency.quantile_after(us(800_000), 500).unwrap();
        assert!(late > us(880_000) && late < us(1_020_000), "{late:?}");
        assert_eq!(latency.quantile_after(us(1_100_000), 500), None);
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let mut latency = Latency::default();
        (0..5000).for_each(|_| latency.answered(us(100)));
        (0..2000).for_each(|_| latency.answered(us(100_000)));
        assert!(latency.quantile(500) >= Some(us(100_000)));
        assert!(latency.quantile(100) >= Some(us(100)));
        (0..20_000).for_each(|_| latency.answered(us(100_000)));
        assert!(latency.quantile(1) >= Some(us(100_000)));
    }
}
