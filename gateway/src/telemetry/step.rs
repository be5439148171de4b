//! A step of a request: from when it is begun until it is dropped.

use std::sync::Arc;
use std::time::Instant;

use super::context::{Context, SpanId};
use super::here::{Place, here};
use super::recording::{Fact, Kind, Recording, Span};
use crate::clock;

/// A step that may be recorded. It ends when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Step(Option<Under>);

/// A step of a trace.
#[derive(Debug)]
enum Under {
    /// Not recorded here: what follows is told what we were told.
    Passed(Context),
    Recorded(Box<Record>),
}

#[derive(Debug)]
struct Record {
    name: &'static str,
    kind: Kind,
    context: Context,
    parent: Option<SpanId>,
    from: Instant,
    facts: Vec<(&'static str, Fact)>,
    failed: Option<&'static str>,
    recording: Arc<Recording>,
}

impl Step {
    /// The first step of a trace here, within the span of whoever called.
    pub(super) fn first(
        (name, kind): (&'static str, Kind),
        (context, parent): (Context, Option<SpanId>),
        from: Instant,
        recording: Arc<Recording>,
    ) -> Self {
        let (facts, failed) = (Vec::new(), None);
        Self(Some(Under::Recorded(Box::new(Record { name, kind, context, parent, from, facts, failed, recording }))))
    }

    /// What is told on as it came.
    pub(super) const fn passed(context: Context) -> Self {
        Self(Some(Under::Passed(context)))
    }

    /// A step within another.
    pub(super) fn below(place: &Place, name: &'static str, kind: Kind) -> Self {
        let recorded = place.recording.as_ref().and_then(|recording| {
            let own = (place.context.child()?, Some(place.context.span));
            Some(Self::first((name, kind), own, clock::instant(), Arc::clone(recording)))
        });
        recorded.unwrap_or_default()
    }

    /// Whether it will be told of.
    pub(crate) const fn is_recorded(&self) -> bool {
        matches!(self.0, Some(Under::Recorded(_)))
    }

    /// Adds what is worth knowing. Never anything of a person.
    pub(crate) fn note(&mut self, key: &'static str, fact: Fact) {
        if let Some(Under::Recorded(record)) = &mut self.0 {
            record.facts.push((key, fact));
        }
    }

    /// It has not come to what it should, for this reason.
    pub(crate) fn fail(&mut self, code: &'static str) {
        if let Some(Under::Recorded(record)) = &mut self.0 {
            record.failed = Some(code);
        }
    }

    /// Does work as this step.
    pub(crate) fn doing<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let here = self.is_recorded().then(|| here().unwrap_or_default().within(self));
        async move {
            match here {
                Some(here) => here.doing(work).await,
                None => work.await,
            }
        }
    }

    pub(super) fn place(&self) -> Option<Place> {
        Some(match self.0.as_ref()? {
            Under::Passed(context) => Place { context: context.clone(), recording: None },
            Under::Recorded(record) => Place { context: record.context.clone(), recording: Some(Arc::clone(&record.recording)) },
        })
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let Some(Under::Recorded(record)) = self.0.take() else { return };
        let Record { name, kind, context, parent, from, facts, failed, recording } = *record;
        let (from, until) = (recording.nanos(from), recording.nanos(clock::instant()));
        recording.push(Span { name, kind, context, parent, from, until, facts, failed });
    }
}
