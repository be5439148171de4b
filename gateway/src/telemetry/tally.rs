//! What is counted of spans.

use prometheus::core::Collector;
use prometheus::{IntCounterVec, Opts};

use crate::metrics::rows;

/// What became of spans.
#[derive(Clone, Debug)]
pub struct Tally(IntCounterVec);

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let spans = Opts::new("licet_trace_spans_total", "Spans of traces, by what became of them");
        let spans = IntCounterVec::new(spans, &["end"])?;
        rows(&spans, &[&["exported", "no-room", "refused"]]);
        Ok(Self(spans))
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 1] {
        [Box::new(self.0.clone())]
    }

    /// How many came to this end.
    #[must_use]
    pub fn count(&self, end: &str) -> u64 {
        self.0.with_label_values(&[end]).get()
    }

    pub(super) fn ended(&self, end: &str, count: usize) {
        if count > 0 {
            self.0.with_label_values(&[end]).inc_by(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }
}
