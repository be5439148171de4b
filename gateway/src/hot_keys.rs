//! Tables for the SM2 keys that sign often: how much memory they may take, and what the metrics tell of them.

use crypto::sig::sm2::tables::{self, Limits, Statistics};
use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};

/// Gives the tables of this process so much memory, in MiB. The first gateway of a process decides: later ones find them in use.
pub fn limit(mib: u32) {
    let bytes = usize::try_from(mib).unwrap_or(usize::MAX).saturating_mul(1 << 20);
    let limits = Limits { bytes, ..Limits::default() };
    if !tables::limit_shared(limits) && tables::shared().limits() != limits {
        tracing::warn!(bytes = tables::shared().limits().bytes, "tables of SM2 keys are in use already, and keep their limit");
    }
}

/// What the metrics tell of the tables.
#[derive(Clone, Debug)]
pub struct Tally {
    verifications: IntCounterVec,
    builds: IntCounterVec,
    evictions: IntCounterVec,
    keys: IntGaugeVec,
    bytes: IntGaugeVec,
}

impl Tally {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// When a name is not one, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let counter = |name, help| IntCounterVec::new(Opts::new(name, help), &["tables"]);
        let gauge = |name, help| IntGaugeVec::new(Opts::new(name, help), &["tables"]);
        Ok(Self {
            verifications: counter("licet_sm2_verifications_total", "Good SM2 signatures, by the tables that the key had")?,
            builds: counter("licet_sm2_tables_built_total", "Tables made for SM2 keys")?,
            evictions: counter("licet_sm2_tables_evicted_total", "Tables dropped for those of a key that is used more")?,
            keys: gauge("licet_sm2_table_keys", "SM2 keys that have tables")?,
            bytes: gauge("licet_sm2_table_bytes", "Memory of the tables")?,
        })
    }

    /// What is registered.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 5] {
        [
            Box::new(self.verifications.clone()),
            Box::new(self.builds.clone()),
            Box::new(self.evictions.clone()),
            Box::new(self.keys.clone()),
            Box::new(self.bytes.clone()),
        ]
    }

    /// Brings it up to date.
    pub fn measure(&self) {
        self.show(&tables::shared().statistics());
    }

    fn show(&self, statistics: &Statistics) {
        let set = |counter: &IntCounterVec, label: &str, value: u64| {
            // What is counted is counted elsewhere.
            let counter = counter.with_label_values(&[label]);
            counter.inc_by(value.saturating_sub(counter.get()));
        };
        set(&self.verifications, "none", statistics.cold);
        for (label, pool) in [("small", &statistics.small), ("large", &statistics.large)] {
            set(&self.verifications, label, pool.hits);
            set(&self.builds, label, pool.builds);
            set(&self.evictions, label, pool.evictions);
            for (gauge, value) in [(&self.keys, pool.keys), (&self.bytes, pool.bytes)] {
                gauge.with_label_values(&[label]).set(i64::try_from(value).unwrap_or(i64::MAX));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crypto::sig::sm2::PoolStatistics;

    use super::*;

    #[test]
    fn counters_follow_what_was_counted() {
        let tally = Tally::new().unwrap();
        let small = PoolStatistics { hits: 7, builds: 2, evictions: 1, keys: 1, bytes: 8192 };
        let mut statistics = Statistics { cold: 5, small, large: PoolStatistics::default() };
        for hits in [7, 7, 11] {
            statistics.small.hits = hits;
            tally.show(&statistics);
            assert_eq!(tally.verifications.with_label_values(&["small"]).get(), hits);
        }
        assert_eq!(tally.verifications.with_label_values(&["none"]).get(), 5);
        assert_eq!((tally.keys.with_label_values(&["small"]).get(), tally.bytes.with_label_values(&["small"]).get()), (1, 8192));
        assert_eq!(tally.builds.with_label_values(&["large"]).get(), 0);
    }
}
