//! Every metric. Label values are bounded: patterns of routes, classes of status, indications; never anything a caller sent.

use std::time::Duration;

use crypto::report::{CacheOutcome, Indication};
use prometheus::core::{Collector, Desc};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::admission;
use crate::backing_up;
use crate::broker;
use crate::condition;
use crate::hot_keys;
use crate::lookup;
use crate::recorder::Tally;
use crate::reload;
use crate::resealing;
use crate::routes::Route;
use crate::server::door;
use crate::status::{Fault, Kind};
use crate::trust::Gauges;
use crate::unrecorded::is_impersonal;
use crate::{supervision, telemetry, witness};

/// Upper bounds of the latency histograms, in seconds: fine where a cached and an uncached verdict lie.
const SECONDS: [f64; 15] = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Classes of status.
const STATUSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// What requests to no route are counted under.
pub const NO_ROUTE: &str = "(none)";

const INDICATIONS: [Indication; 3] = [Indication::TotalPassed, Indication::Indeterminate, Indication::TotalFailed];

const OUTCOMES: [CacheOutcome; 4] = [CacheOutcome::Hit, CacheOutcome::Miss, CacheOutcome::Joined, CacheOutcome::Bypass];

/// What is said of a metric: docs/METRICS.md has a row for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// The names of its labels.
    pub labels: Vec<String>,
}

/// Every metric.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    described: Vec<Described>,
    requests: IntCounterVec,
    seconds: HistogramVec,
    verdicts: IntCounterVec,
    cache_lookups: IntCounterVec,
    status_fetches: IntCounterVec,
    status_age: IntGaugeVec,
    /// Requests that are being answered.
    pub in_flight: IntGauge,
    /// Connections that are open, or were turned away.
    pub door: door::Tally,
    /// Who was let in.
    pub admission: admission::Tally,
    /// TLS handshakes that failed.
    pub handshakes_failed: IntCounter,
    /// Handlers that panicked.
    pub panics: IntCounter,
    /// How fresh trust is.
    pub trust: Gauges,
    /// What comes into the logs.
    pub record: Tally,
    /// What comes of backups.
    pub backups: backing_up::Tally,
    /// Which cards are in force.
    pub supervision: supervision::Gauges,
    /// How far the logs are witnessed.
    pub witnesses: witness::Tally,
    /// Look-ups by number.
    pub lookups: lookup::Tally,
    /// What comes of questions to sources.
    pub sources: broker::Tally,
    /// The keys of the store, and how far re-encryption has come.
    pub resealing: resealing::Tally,
    /// Spans of traces.
    pub spans: telemetry::Tally,
    /// Tables of SM2 keys.
    pub hot_keys: hot_keys::Tally,
    /// Health, disk, clock and certificates.
    pub condition: condition::Tally,
    /// Which configuration is in force.
    pub reloads: reload::Tally,
}

impl Metrics {
    /// Registers every metric.
    ///
    /// # Errors
    /// When two have the same name, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let requests = IntCounterVec::new(Opts::new("licet_requests_total", "Requests answered"), &["route", "status"])?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("licet_request_seconds", "Time from the head of a request to its answer")
                .buckets(SECONDS.to_vec()),
            &["route"],
        )?;
        let verdicts = IntCounterVec::new(Opts::new("licet_verdicts_total", "Verdicts given"), &["indication"])?;
        let lookups = IntCounterVec::new(Opts::new("licet_cache_lookups_total", "Verdicts looked for"), &["outcome"])?;
        let fetches = Opts::new("licet_status_fetches_total", "Questions to sources of status");
        let age = Opts::new("licet_status_age_seconds", "Time since any source of the kind last gave something good");
        let mut metrics = Self {
            registry: Registry::new(),
            described: Vec::new(),
            requests,
            seconds,
            verdicts,
            cache_lookups: lookups,
            status_fetches: IntCounterVec::new(fetches, &["kind", "outcome"])?,
            status_age: IntGaugeVec::new(age, &["domain", "kind"])?,
            in_flight: IntGauge::new("licet_requests_in_flight", "Requests that are being answered")?,
            door: door::Tally::new()?,
            admission: admission::Tally::new()?,
            handshakes_failed: IntCounter::new("licet_handshakes_failed_total", "TLS handshakes that failed")?,
            panics: IntCounter::new("licet_panics_total", "Handlers that panicked")?,
            trust: Gauges::new()?,
            record: Tally::new()?,
            backups: backing_up::Tally::new()?,
            witnesses: witness::Tally::new()?,
            lookups: lookup::Tally::new()?,
            supervision: supervision::Gauges::new()?,
            sources: broker::Tally::new()?,
            resealing: resealing::Tally::new()?,
            spans: telemetry::Tally::new()?,
            hot_keys: hot_keys::Tally::new()?,
            condition: condition::Tally::new()?,
            reloads: reload::Tally::new()?,
        };
        metrics.begin();
        let build = IntGaugeVec::new(Opts::new("licet_build_info", "Always 1"), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let all = metrics.collectors().into_iter().chain(metrics.trust.collectors()).chain(metrics.record.collectors());
        let all = all.chain(metrics.witnesses.collectors()).chain(metrics.lookups.collectors());
        let all = all
            .chain(metrics.supervision.collectors())
            .chain(metrics.condition.collectors())
            .chain(metrics.resealing.collectors())
            .chain(metrics.backups.collectors());
        let all = all.chain(metrics.door.collectors()).chain(metrics.admission.collectors());
        let all = all.chain(metrics.sources.collectors()).chain(metrics.hot_keys.collectors());
        let all = all.chain(metrics.reloads.collectors()).chain(metrics.spans.collectors());
        let build: Box<dyn Collector> = Box::new(build);
        for collector in all.chain([build]) {
            metrics.described.extend(collector.desc().into_iter().map(Described::of));
            metrics.registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// Every metric that there is, whether or not anything was counted yet.
    #[must_use]
    pub fn described(&self) -> &[Described] {
        &self.described
    }

    fn collectors(&self) -> [Box<dyn Collector>; 9] {
        [
            Box::new(self.requests.clone()),
            Box::new(self.seconds.clone()),
            Box::new(self.verdicts.clone()),
            Box::new(self.cache_lookups.clone()),
            Box::new(self.status_fetches.clone()),
            Box::new(self.status_age.clone()),
            Box::new(self.in_flight.clone()),
            Box::new(self.handshakes_failed.clone()),
            Box::new(self.panics.clone()),
        ]
    }

    /// The rows whose labels are known from the start.
    fn begin(&self) {
        rows(&self.verdicts, &[&INDICATIONS.map(Indication::name)]);
        rows(&self.cache_lookups, &[&OUTCOMES.map(CacheOutcome::name)]);
        let ends: Vec<_> = Fault::ALL.iter().map(|fault| fault.code()).chain(["good"]).collect();
        rows(&self.status_fetches, &[&Kind::ALL.map(Kind::name), &ends]);
    }

    /// The rows of these routes.
    pub fn serves<'a>(&self, routes: impl Iterator<Item = &'a Route>) {
        let routes: Vec<&Route> = routes.collect();
        let paths: Vec<_> = routes.iter().map(|route| route.path).chain([NO_ROUTE]).collect();
        rows(&self.requests, &[&paths, &STATUSES]);
        for path in paths {
            self.seconds.with_label_values(&[path]);
        }
        let unrecorded: Vec<_> = routes.iter().filter(|route| is_impersonal(route)).map(|route| route.path).collect();
        rows(&self.condition.unrecorded, &[&unrecorded]);
    }

    /// Counts a request that was answered.
    pub fn answered(&self, route: &str, status: u16, took: Duration, verdict: Option<Indication>) {
        let [good, elsewhere, wrong, failed] = STATUSES;
        let class = match status / 100 {
            2 => good,
            3 => elsewhere,
            4 => wrong,
            _ => failed,
        };
        self.requests.with_label_values(&[route, class]).inc();
        self.seconds.with_label_values(&[route]).observe(took.as_secs_f64());
        if let Some(indication) = verdict {
            self.verdicts.with_label_values(&[indication.name()]).inc();
        }
    }

    /// Counts a look into the cache.
    pub fn looked_up(&self, outcome: CacheOutcome) {
        self.cache_lookups.with_label_values(&[outcome.name()]).inc();
    }

    /// Counts a question to a source of status; the outcome is `good` or the code of a fault.
    pub fn status_fetched(&self, kind: Kind, outcome: &'static str) {
        self.status_fetches.with_label_values(&[kind.name(), outcome]).inc();
    }

    /// How long ago a source of this kind last gave something good for a trust domain.
    pub fn status_age(&self, domain: &str, kind: Kind, seconds: i64) {
        self.status_age.with_label_values(&[domain, kind.name()]).set(seconds);
    }

    /// Everything in the text format of Prometheus.
    ///
    /// # Errors
    /// When a metric cannot be written, which is a fault of this file.
    pub fn text(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Makes the rows with these values of labels, in every combination, at 0: a rate over the first event of a row would not see it.
pub(crate) fn rows(counter: &IntCounterVec, values: &[&[&str]]) {
    let mut rows: Vec<Vec<&str>> = vec![Vec::new()];
    for values in values {
        let shorter = std::mem::take(&mut rows);
        for row in &shorter {
            rows.extend(values.iter().map(|value| [row.as_slice(), &[*value]].concat()));
        }
    }
    for row in rows {
        counter.with_label_values(&row);
    }
}

impl Described {
    fn of(desc: &Desc) -> Self {
        Self { name: desc.fq_name.clone(), labels: desc.variable_labels.clone() }
    }
}

/// Counts something up while it lives.
#[derive(Debug)]
pub struct Held(IntGauge);

impl Held {
    /// Counts up now and down when dropped.
    #[must_use]
    pub fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_everything() {
        let metrics = Metrics::new().unwrap();
        let held = Held::new(&metrics.in_flight);
        metrics.answered("/v1/trust", 204, Duration::from_millis(3), Some(Indication::TotalPassed));
        metrics.looked_up(CacheOutcome::Hit);
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        for line in [
            "licet_requests_total{route=\"/v1/trust\",status=\"2xx\"} 1",
            "licet_request_seconds_bucket{route=\"/v1/trust\",le=\"0.003\"} 1",
            "licet_verdicts_total{indication=\"TOTAL-PASSED\"} 1",
            "licet_verdicts_total{indication=\"INDETERMINATE\"} 0",
            "licet_status_fetches_total{kind=\"ocsp\",outcome=\"not-answered\"} 0",
            "licet_cache_lookups_total{outcome=\"hit\"} 1",
            "licet_requests_in_flight 1",
            "licet_build_info{version=",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        drop(held);
        assert_eq!(metrics.in_flight.get(), 0);
    }
}
