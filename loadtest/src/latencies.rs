//! How long something took, many times: a histogram with three digits from 100 ns to two minutes.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::number::{millis, nanos, real};

const LEAST_NS: u64 = 100;
const MOST_NS: u64 = 120_000_000_000;

/// The shares of which reports tell the time.
const QUANTILES: [f64; 6] = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0];

/// A histogram of times.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

/// The times of a histogram that reports tell, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it all")]
pub struct Summary {
    pub count: u64,
    pub mean_ms: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub p9999_ms: f64,
    pub max_ms: f64,
}

/// A point of the curve of percentiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Which share of the times is not longer.
    pub share: f64,
    /// The time, in milliseconds.
    pub ms: f64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// Without any time in it.
    #[must_use]
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the bounds are constants, and tests make one")]
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(LEAST_NS, MOST_NS, 3).expect("the bounds are in order"))
    }

    /// Counts a time; one that is longer than two minutes counts as two minutes.
    pub fn record(&mut self, time: Duration) {
        self.0.saturating_record(nanos(time));
    }

    /// Takes over all times of another.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so there is nothing that would not fit.
        self.0.add(&other.0).unwrap_or_default();
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time within which this share lies.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }

    /// How many were longer than this.
    #[must_use]
    pub fn longer_than(&self, time: Duration) -> u64 {
        self.count() - self.0.count_between(0, nanos(time))
    }

    /// What reports tell.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let [p50_ms, p90_ms, p99_ms, p999_ms, p9999_ms, max_ms] = QUANTILES.map(|share| millis(self.quantile(share)));
        Summary { count: self.count(), mean_ms: self.0.mean() / 1e6, p50_ms, p90_ms, p99_ms, p999_ms, p9999_ms, max_ms }
    }

    /// The curve of percentiles: finer the rarer, as far as there are times for it.
    #[must_use]
    pub fn curve(&self) -> Vec<Point> {
        let mut points = Vec::new();
        let (mut left, most) = (1.0, 1.0 / real(self.count().max(1)));
        while left >= most && points.len() < 100 {
            points.push(Point { share: 1.0 - left, ms: millis(self.quantile(1.0 - left)) });
            left *= 0.8;
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::new();
        times.into_iter().for_each(|micros| latencies.record(Duration::from_micros(micros)));
        latencies
    }

    #[test]
    fn quantiles_are_right_to_three_digits() {
        let summary = of(1..=100_000).summary();
        assert_eq!(summary.count, 100_000);
        for (found, wanted) in [(summary.p50_ms, 50.0), (summary.p99_ms, 99.0), (summary.p999_ms, 99.9), (summary.max_ms, 100.0)]
        {
            assert!((found / wanted - 1.0).abs() < 0.001, "{found} {wanted}");
        }
        assert_eq!(Latencies::new().summary(), Summary::default());
    }

    #[test]
    fn merging_is_counting_both() {
        let (mut one, other, both) = (of(0..500), of(500..1000), of(0..1000));
        one.merge(&other);
        assert_eq!(one.summary(), both.summary());
        assert_eq!(one.curve(), both.curve());
    }

    #[test]
    fn what_is_too_long_counts_as_the_longest() {
        let mut latencies = Latencies::new();
        latencies.record(Duration::from_secs(900));
        assert!(latencies.quantile(1.0) >= Duration::from_secs(120));
        assert_eq!(latencies.count(), 1);
    }

    #[test]
    fn the_curve_rises_and_ends_at_what_was_seen() {
        let curve = of(1..=10_000).curve();
        assert!(curve.windows(2).all(|pair| pair[0].share < pair[1].share && pair[0].ms <= pair[1].ms));
        let last = curve.last().unwrap();
        assert!(last.share <= 1.0 - 1.0 / 10_000.0 && last.share > 0.9998);
    }
}
