//! What the metrics tell of look-ups.

use prometheus::core::Collector;
use prometheus::{IntCounterVec, Opts};
use tokio::time::Instant;

use super::order::Order;
use super::view::{Completeness, millis};
use crate::broker::Class;
use crate::clock;
use crate::metrics::rows;

/// What the metrics tell of look-ups.
#[derive(Clone, Debug)]
pub struct Tally {
    ended: IntCounterVec,
    late: IntCounterVec,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let ended = Opts::new("licet_lookups_total", "Look-ups answered");
        let late = Opts::new("licet_lookups_late_total", "Look-ups that were ready after their deadline, record included");
        let ended = IntCounterVec::new(ended, &["kind", "class", "status"])?;
        let late = IntCounterVec::new(late, &["kind", "class"])?;
        let kinds = ["look-up", "batch", "materials", "comparison"];
        let classes = [Class::Interactive, Class::Batch].map(Class::name);
        let statuses = [Completeness::Complete, Completeness::Partial].map(Completeness::name);
        rows(&ended, &[&kinds, &classes, &statuses]);
        rows(&late, &[&kinds, &classes]);
        Ok(Self { ended, late })
    }

    /// Counts a look-up that is on record and about to be answered.
    pub fn ended(&self, kind: &str, status: Completeness, order: &Order, arrived: Instant) {
        self.ended.with_label_values(&[kind, order.class.name(), status.name()]).inc();
        let took = millis(clock::tokio_instant().saturating_duration_since(arrived));
        if took > u64::from(order.deadline.ms) {
            self.late.with_label_values(&[kind, order.class.name()]).inc();
        }
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 2] {
        [Box::new(self.ended.clone()), Box::new(self.late.clone())]
    }
}
