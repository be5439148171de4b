//! How long the answers took.

use std::fmt;
use std::time::{Duration, Instant};

use loadtest::time::now;

/// Every answer's time, and how many were no success.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    times: Vec<Duration>,
    pub(crate) failed: usize,
    took: Duration,
}

impl Latencies {
    /// Counts one answer.
    pub(crate) fn record(&mut self, asked: Instant, status: u16) {
        self.times.push(now().saturating_duration_since(asked));
        self.failed += usize::from(!(200..300).contains(&status));
    }

    /// Takes over what another connection counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.failed += other.failed;
    }

    /// Ends the count.
    pub(crate) fn finish(&mut self, started: Instant) {
        self.took = now().saturating_duration_since(started);
        self.times.sort_unstable();
    }

    /// The time within which this share of the answers came, in thousandths.
    fn quantile(&self, thousandths: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * thousandths / 1000).copied().unwrap_or_default()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        writeln!(f, "answers    {count}, {} of them no success", self.failed)?;
        writeln!(f, "rate       {:.0} a second", f64::from(count) / self.took.as_secs_f64().max(1e-9))?;
        for (name, thousandths) in [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999), ("max", 1000)] {
            writeln!(f, "{name:<10} {:.3} ms", milliseconds(self.quantile(thousandths)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let mut latencies = Latencies { times: (0..=1000).map(Duration::from_micros).rev().collect(), ..Latencies::default() };
        latencies.finish(now());
        assert_eq!(latencies.quantile(500), Duration::from_micros(500));
        assert_eq!(latencies.quantile(1000), Duration::from_micros(1000));
        assert_eq!(Latencies::default().quantile(990), Duration::ZERO);
    }
}
