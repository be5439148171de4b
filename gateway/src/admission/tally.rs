//! What the metrics tell of who was let in.

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};

use super::{Class, Reason};
use crate::metrics::rows;

/// What the metrics tell of who was let in.
#[derive(Clone, Debug)]
pub struct Tally {
    shed: IntCounterVec,
    admitted: IntGaugeVec,
    queued: IntGaugeVec,
    memory: IntGaugeVec,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let shed = Opts::new("licet_shed_total", "Requests refused because there were too many");
        let admitted = Opts::new("licet_admitted", "Requests that were let in and whose answers have not left");
        let queued = Opts::new("licet_queue_depth", "Jobs that run or wait in a pool");
        let memory = Opts::new("licet_memory_bytes", "Resident memory of the process, and what it may have");
        let shed = IntCounterVec::new(shed, &["class", "reason"])?;
        rows(&shed, &[&Class::ALL.map(Class::name), &Reason::ALL.map(Reason::name)]);
        Ok(Self {
            shed,
            admitted: IntGaugeVec::new(admitted, &["class"])?,
            queued: IntGaugeVec::new(queued, &["pool"])?,
            memory: IntGaugeVec::new(memory, &["what"])?,
        })
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 4] {
        [
            Box::new(self.shed.clone()),
            Box::new(self.admitted.clone()),
            Box::new(self.queued.clone()),
            Box::new(self.memory.clone()),
        ]
    }

    /// Counts a request that was refused.
    pub fn shed(&self, class: Class, reason: Reason) {
        self.shed.with_label_values(&[class.name(), reason.name()]).inc();
    }

    /// How many of a class are in.
    pub fn admitted(&self, class: Class, count: u32) {
        self.admitted.with_label_values(&[class.name()]).set(count.into());
    }

    /// How much memory is used, and how much may be, where that is limited.
    pub fn memory(&self, used: u64, limit: Option<u64>) {
        for (what, bytes) in [("used", Some(used)), ("limit", limit)] {
            let bytes = i64::try_from(bytes.unwrap_or(0)).unwrap_or(i64::MAX);
            self.memory.with_label_values(&[what]).set(bytes);
        }
    }

    /// How many jobs run or wait in a pool.
    pub fn queued(&self, pool: &str, count: usize) {
        self.queued.with_label_values(&[pool]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
