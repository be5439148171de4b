//! How fresh the rules are, for the metrics.

use crypto::time::Timestamp;
use prometheus::core::Collector;
use prometheus::{IntCounter, IntGauge};

use super::Standing;

/// The metrics of trust.
#[derive(Clone, Debug)]
pub struct Gauges {
    age: IntGauge,
    version: IntGauge,
    stale: IntGauge,
    failures: IntCounter,
    generations: IntCounter,
}

impl Gauges {
    /// All at zero.
    ///
    /// # Errors
    /// When a name is not one, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        Ok(Self {
            age: IntGauge::new("licet_trust_age_seconds", "Time since the rules of trust were last read well")?,
            version: IntGauge::new("licet_trust_version", "Version of the rules of trust in force")?,
            stale: IntGauge::new("licet_trust_stale", "Whether a newer trust list is overdue")?,
            failures: IntCounter::new("licet_trust_reload_failures_total", "Readings of the rules of trust that failed")?,
            generations: IntCounter::new("licet_trust_generations_total", "Generations of trust put in force after the first")?,
        })
    }

    /// For the registry.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 5] {
        [
            Box::new(self.age.clone()),
            Box::new(self.version.clone()),
            Box::new(self.stale.clone()),
            Box::new(self.failures.clone()),
            Box::new(self.generations.clone()),
        ]
    }

    /// Sets everything as of now.
    pub fn show(&self, standing: &Standing, version: u64, now: Timestamp) {
        self.age.set(standing.age_s(now));
        self.version.set(i64::try_from(version).unwrap_or(i64::MAX));
        self.stale.set(standing.is_stale(now).into());
        self.failures.inc_by(standing.failures.saturating_sub(self.failures.get()));
        self.generations.inc_by(standing.generations.saturating_sub(self.generations.get()));
    }
}
