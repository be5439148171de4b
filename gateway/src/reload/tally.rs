//! What the metrics tell of the configuration in force.

use crypto::time::Timestamp;
use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, Opts};

use crate::metrics::rows;

/// The metrics of the configuration.
#[derive(Clone, Debug)]
pub struct Tally {
    reloads: IntCounterVec,
    generation: IntGauge,
    age: IntGauge,
}

impl Tally {
    /// All at zero.
    ///
    /// # Errors
    /// When a name is not one, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let reloads = Opts::new("licet_reloads_total", "Attempts to take up another configuration");
        let reloads = IntCounterVec::new(reloads, &["outcome"])?;
        rows(&reloads, &[&["in-force", "unchanged", "refused", "needs-restart"]]);
        Ok(Self {
            reloads,
            generation: IntGauge::new(
                "licet_configuration_generation",
                "Configurations before the one in force, since the start",
            )?,
            age: IntGauge::new("licet_configuration_age_seconds", "Time since the configuration in force was taken up")?,
        })
    }

    /// For the registry.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 3] {
        [Box::new(self.reloads.clone()), Box::new(self.generation.clone()), Box::new(self.age.clone())]
    }

    /// An attempt ended so.
    pub(super) fn ended(&self, outcome: &'static str) {
        self.reloads.with_label_values(&[outcome]).inc();
    }

    /// Sets what is in force as of now.
    pub fn show(&self, generation: u64, since: Timestamp, now: Timestamp) {
        self.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
        self.age.set(now.unix().saturating_sub(since.unix()));
    }
}
