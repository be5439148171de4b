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
use std::time::{Duration, Instant};

use hyper::HeaderMap;

use context::Context;
use export::Exporter;
pub(crate) use here::{Here, carried, carried_off, here, mark, question, step};
pub use queue::Queue;
pub(crate) use recording::Fact;
use recording::{Kind, Recording};
pub(crate) use step::Step;
pub use tally::Tally;

use crate::clock;
use crate::config::{self, Faults};
use crate::live::Live;
use crate::shutdown::Shutdown;

/// The traces of one generation: which are recorded, and where they wait to be sent.
#[derive(Debug)]
pub struct Telemetry {
    /// Nothing where none is recorded: traces are told on all the same.
    tracing: Option<Arc<Tracing>>,
    queue: Arc<Queue>,
}

/// What decides which traces are recorded, and sends them.
#[derive(Debug)]
pub struct Tracing {
    exporter: Exporter,
    spans_max: usize,
    sample_permille: u64,
    follow_callers: bool,
    /// Requests that came without a trace.
    came: AtomicU64,
}

impl Tracing {
    /// With these settings. `instance` is who says it to the collector.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub fn new(settings: &config::Telemetry, instance: &str) -> Result<Self, Faults> {
        Ok(Self {
            exporter: Exporter::new(settings, instance)?,
            spans_max: usize::try_from(settings.queue_spans_max).unwrap_or(usize::MAX),
            sample_permille: settings.sample_permille.into(),
            follow_callers: settings.follow_callers,
            came: AtomicU64::new(0),
        })
    }
}

impl Telemetry {
    /// With what is recorded, and the queue of all generations.
    #[must_use]
    pub const fn new(tracing: Option<Arc<Tracing>>, queue: Arc<Queue>) -> Self {
        Self { tracing, queue }
    }

    /// What decides which traces are recorded, for a generation with the same settings.
    #[must_use]
    pub fn tracing(&self) -> Option<Arc<Tracing>> {
        self.tracing.clone()
    }

    /// The queue goes by these settings from now on.
    pub fn take_over(&self) {
        self.queue.resize(self.tracing.as_ref().map_or(0, |tracing| tracing.spans_max));
    }

    /// The first step of a request that began then. That its trace is recorded elsewhere counts from known callers alone.
    pub(crate) fn request(&self, headers: &HeaderMap, is_of_caller: bool, began: Instant) -> Step {
        let told = Context::of(headers);
        match (told, &self.tracing) {
            (Some(told), Some(tracing)) if told.is_sampled && tracing.follow_callers && is_of_caller => match told.child() {
                Some(own) => self.record(("request", Kind::Server), (own, Some(told.span)), began),
                None => Step::passed(told),
            },
            (Some(told), _) => Step::passed(told),
            (None, Some(tracing)) => self.begin(tracing, ("request", Kind::Server), began),
            (None, None) => Step::default(),
        }
    }

    /// The first step of what the gateway does by itself.
    pub(crate) fn own(&self, name: &'static str) -> Step {
        let tracing = self.tracing.as_ref();
        tracing.map_or_else(Step::default, |tracing| self.begin(tracing, (name, Kind::Client), clock::instant()))
    }

    /// A trace of our own, if it is the turn of one.
    fn begin(&self, tracing: &Tracing, what: (&'static str, Kind), began: Instant) -> Step {
        if !is_due(tracing.came.fetch_add(1, Ordering::Relaxed), tracing.sample_permille) {
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

/// Sends what is recorded until the signal to stop, and then what is left and can be sent soon. What waits when other settings come in
/// force still goes where it was to go.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    let mut is_well = true;
    loop {
        let mut changes = live.changes();
        let telemetry = Arc::clone(&live.current().telemetry);
        let every = telemetry.tracing.as_ref().map(|tracing| tracing.exporter.every);
        let is_over = tokio::select! {
            () = pause(every) => false,
            _ = changes.changed() => false,
            () = shutdown.requested() => true,
        };
        if let Some(Tracing { exporter, .. }) = telemetry.tracing.as_deref() {
            let sending = exporter.send_all(&telemetry.queue, &mut is_well);
            match is_over {
                false => sending.await,
                // What is not sent within this time is lost with the process.
                true => tokio::time::timeout(exporter.within, sending).await.unwrap_or_default(),
            }
        }
        if is_over {
            return;
        }
    }
}

async fn pause(every: Option<Duration>) {
    match every {
        Some(every) => tokio::time::sleep(every).await,
        None => std::future::pending().await,
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
        let queue = Arc::new(Queue::new(tally.clone()));
        queue.resize(2);
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
