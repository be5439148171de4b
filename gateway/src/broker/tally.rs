//! What the metrics tell of sources. The only label that varies is the name of a source, which the configuration gives.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};

use super::{BreakerState, SourceFault, State};
use crate::metrics::rows;

/// Upper bounds of the latency histogram, in seconds.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.8, 1.0, 2.5, 5.0];

/// How a call ended that ended well.
const ANSWERED: &str = "answered";

/// The metrics of all sources.
#[derive(Clone, Debug)]
pub struct Tally {
    outcomes: IntCounterVec,
    calls: IntCounterVec,
    hedges: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGaugeVec,
    waiting: IntGaugeVec,
    limit: IntGaugeVec,
    breaker: IntGaugeVec,
}

/// The metrics of one source.
#[derive(Debug)]
pub(super) struct Meter {
    outcomes: [IntCounter; State::ALL.len()],
    calls: IntCounterVec,
    hedges: IntCounter,
    seconds: Histogram,
    in_flight: IntGauge,
    waiting: IntGauge,
    limit: IntGauge,
    breaker: IntGauge,
    source: String,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let counters = |name, help, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let gauges = |name, help| IntGaugeVec::new(Opts::new(name, help), &["source"]);
        let seconds = HistogramOpts::new("licet_source_seconds", "Time until a source answered").buckets(SECONDS.to_vec());
        Ok(Self {
            outcomes: counters("licet_source_outcomes_total", "Questions, by what came of them in time", &["source", "state"])?,
            calls: counters("licet_source_calls_total", "Calls to a source, by how they ended", &["source", "end"])?,
            hedges: counters("licet_source_hedges_total", "Questions that were asked twice", &["source"])?,
            seconds: HistogramVec::new(seconds, &["source"])?,
            in_flight: gauges("licet_source_in_flight", "Calls to a source that are under way")?,
            waiting: gauges("licet_source_waiting", "Questions that wait for their turn with a source")?,
            limit: gauges("licet_source_concurrency", "How many calls a source gets at the same time")?,
            breaker: gauges("licet_source_breaker", "Whether a source is asked: 0 yes, 1 it is tried, 2 no")?,
        })
    }

    /// Everything that is registered.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 8] {
        [
            Box::new(self.outcomes.clone()),
            Box::new(self.calls.clone()),
            Box::new(self.hedges.clone()),
            Box::new(self.seconds.clone()),
            Box::new(self.in_flight.clone()),
            Box::new(self.waiting.clone()),
            Box::new(self.limit.clone()),
            Box::new(self.breaker.clone()),
        ]
    }

    /// Those of one source.
    pub(super) fn of(&self, source: &str) -> Meter {
        let ends: Vec<_> = SourceFault::ALL.iter().map(|fault| fault.name()).chain([ANSWERED]).collect();
        rows(&self.calls, &[&[source], &ends]);
        Meter {
            outcomes: State::ALL.map(|state| self.outcomes.with_label_values(&[source, state.name()])),
            calls: self.calls.clone(),
            hedges: self.hedges.with_label_values(&[source]),
            seconds: self.seconds.with_label_values(&[source]),
            in_flight: self.in_flight.with_label_values(&[source]),
            waiting: self.waiting.with_label_values(&[source]),
            limit: self.limit.with_label_values(&[source]),
            breaker: self.breaker.with_label_values(&[source]),
            source: source.to_owned(),
        }
    }
}

impl Meter {
    /// Something came of a question.
    pub(super) fn outcome(&self, state: State) {
        let found = State::ALL.iter().zip(&self.outcomes).find(|(found, _)| **found == state);
        if let Some((_, counter)) = found {
            counter.inc();
        }
    }

    /// A call ended.
    pub(super) fn called(&self, took: Duration, fault: Option<SourceFault>) {
        self.calls.with_label_values(&[self.source.as_str(), fault.map_or(ANSWERED, SourceFault::name)]).inc();
        if fault.is_none() {
            self.seconds.observe(took.as_secs_f64());
        }
    }

    /// A question is asked a second time.
    pub(super) fn hedged(&self) {
        self.hedges.inc();
    }

    /// How things stand.
    pub(super) fn stands(&self, (in_flight, limit, waiting): (u32, u32, u32), breaker: BreakerState) {
        self.in_flight.set(in_flight.into());
        self.limit.set(limit.into());
        self.waiting.set(waiting.into());
        self.breaker.set(match breaker {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        });
    }
}
