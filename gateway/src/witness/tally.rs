//! What the metrics tell of witnesses.

use crypto::record::LogName;
use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};

use crate::metrics::rows;
use crate::status;

/// What can come of a question, beside what keeps it from being asked.
const RESULTS: [&str; 6] = ["signed", "other-size", "ahead", "bad-signature", "contradiction", "unprovable"];

/// What the metrics tell of witnesses.
#[derive(Clone, Debug)]
pub struct Tally {
    size: IntGaugeVec,
    lag: IntGaugeVec,
    asked: IntCounterVec,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let size = Opts::new("licet_log_witnessed", "Records of the current tree under a witnessed checkpoint");
        let lag = Opts::new("licet_log_witness_lag_seconds", "How long the newest checkpoint has not been witnessed");
        let asked = Opts::new("licet_witness_answers_total", "Answers of witnesses");
        Ok(Self {
            size: IntGaugeVec::new(size, &["log"])?,
            lag: IntGaugeVec::new(lag, &["log"])?,
            asked: IntCounterVec::new(asked, &["witness", "result"])?,
        })
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 3] {
        [Box::new(self.size.clone()), Box::new(self.lag.clone()), Box::new(self.asked.clone())]
    }

    /// A witness that will be asked.
    pub fn knows(&self, witness: &str) {
        rows(&self.asked, &[&[witness], &RESULTS]);
        let faults: Vec<_> = status::Fault::ALL.iter().map(|fault| fault.code()).collect();
        rows(&self.asked, &[&[witness], &faults]);
    }

    /// How far the witnesses of a log have come.
    pub fn reached(&self, log: LogName, size: u64, lag_s: i64) {
        self.size.with_label_values(&[log.name()]).set(i64::try_from(size).unwrap_or(i64::MAX));
        self.lag.with_label_values(&[log.name()]).set(lag_s);
    }

    /// There are no witnesses.
    pub fn is_idle(&self) {
        self.size.reset();
        self.lag.reset();
    }

    /// A witness answered, or did not.
    pub fn answered(&self, witness: &str, result: &str) {
        self.asked.with_label_values(&[witness, result]).inc();
    }
}
