//! Traces: which steps a request took here, and where in the trace of its caller they stand. Recorded of some requests, sent to a
//! collector in the background (OTLP over HTTP, in JSON), and never in the way of a request: what cannot be kept or sent is dropped and
//! counted.

mod context;
mod export;
mod here;
mod otlp;
mod queue;
mod recording;
mod step;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hyper::HeaderMap;

use context::Context;
use export::Exporter;
pub(crate) use here::{Here, carried, carried_off, here, mark, question, step};
use queue::Queue;
pub(crate) use recording::Fact;
use recording::{Kind, Recording};
pub(crate) use step::Step;
pub use tally::Tally;

use crate::clock;
use crate::config::{self, Faults};
use crate::shutdown::Shutdown;

/// What decides which traces are recorded, and sends them.
#[derive(Debug, Default)]
pub struct Telemetry(Option<On>);

#[derive(Debug)]
struct On {
    queue: Arc<Queue>,
    exporter: Exporter,
    sample_permille: u64,
    follow_callers: bool,
    /// Requests that came without a trace.
    came: AtomicU64,
}

impl Telemetry {
    /// With these settings; without any, traces are told on and not recorded. `instance` is who says it to the collector.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub fn new(settings: Option<&config::Telemetry>, instance: &str, tally: Tally) -> Result<Self, Faults> {
        let Some(settings) = settings else { return Ok(Self::default()) };
        let spans_max = usize::try_from(settings.queue_spans_max).unwrap_or(usize::MAX);
        let queue = Arc::new(Queue::new(spans_max, tally));
        let exporter = Exporter::new(settings, instance, Arc::clone(&queue))?;
        Ok(Self(Some(On {
            queue,
            exporter,
            sample_permille: settings.sample_permille.into(),
            follow_callers: settings.follow_callers,
            came: AtomicU64::new(0),
        })))
    }

    /// The first step of a request that began then. That its trace is recorded elsewhere counts from known callers alone.
    pub(crate) fn request(&self, headers: &HeaderMap, is_of_caller: bool, began: Instant) -> Step {
        let told = Context::of(headers);
        match (told, &self.0) {
            (Some(told), Some(on)) if told.is_sampled && on.follow_callers && is_of_caller => match told.child() {
                Some(own) => on.record(("request", Kind::Server), (own, Some(told.span)), began),
                None => Step::passed(told),
            },
            (Some(told), _) => Step::passed(told),
            (None, Some(on)) => on.begin(("request", Kind::Server), began),
            (None, None) => Step::default(),
        }
    }

    /// The first step of what the gateway does by itself.
    pub(crate) fn own(&self, name: &'static str) -> Step {
        self.0.as_ref().map_or_else(Step::default, |on| on.begin((name, Kind::Client), clock::instant()))
    }

    /// Sends what is recorded until the signal to stop, and then what is left.
    pub async fn run(&self, shutdown: Shutdown) {
        if let Some(on) = &self.0 {
            on.exporter.run(shutdown).await;
        }
    }
}

impl On {
    /// A trace of our own, if it is the turn of one.
    fn begin(&self, what: (&'static str, Kind), began: Instant) -> Step {
        if !is_due(self.came.fetch_add(1, Ordering::Relaxed), self.sample_permille) {
            return Step::default();
        }
        Context::begin().map_or_else(Step::default, |context| self.record(what, (context, None), began))
    }

    fn record(&self, what: (&'static str, Kind), own: (Context, Option<context::SpanId>), began: Instant) -> Step {
        let already = clock::instant().saturating_duration_since(began);
        let unix = clock::unix_nanos().saturating_sub(u64::try_from(already.as_nanos()).unwrap_or(u64::MAX));
        Step::first(what, own, began, Recording::new(Arc::clone(&self.queue), (began, unix)))
    }
}

/// Whether the request with this number is one of so many in a thousand, spread evenly.
const fn is_due(number: u64, permille: u64) -> bool {
    (number % 1000 * permille) % 1000 < permille
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_thousand_are_recorded() {
        for permille in [0, 1, 10, 333, 999, 1000] {
            let due = (5000..6000).filter(|number| is_due(*number, permille)).count();
            assert_eq!(u64::try_from(due).unwrap(), permille);
        }
    }

    #[test]
    fn spans_beyond_the_room_are_dropped_and_counted() {
        let tally = Tally::new().unwrap();
        let queue = Arc::new(Queue::new(2, tally.clone()));
        for _ in 0..2 {
            let recording = Recording::new(Arc::clone(&queue), (clock::instant(), 7));
            let first = Step::first(("a", Kind::Server), (Context::begin().unwrap(), None), clock::instant(), recording);
            let place = first.place().unwrap();
            drop(Step::below(&place, "b", Kind::Internal));
        }
        let spans = queue.take(9);
        assert_eq!(spans.iter().map(|span| span.name).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!((spans[0].parent, spans[1].parent), (Some(spans[1].context.span), None));
        assert!(spans[1].from >= 7 && spans[0].from >= spans[1].from && spans[0].until >= spans[0].from);
        assert_eq!(tally.count("no-room"), 2);
    }
}
