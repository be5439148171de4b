//! Whose work a task is doing: the request, and the span within its trace. It goes along by itself from call to call, and by
//! [`carried`] into what is spawned.

use std::sync::Arc;

use hyper::HeaderMap;

use super::context::Context;
use super::recording::{Kind, Recording};
use super::step::Step;
use crate::http::RequestId;

tokio::task_local! {
    static HERE: Here;
}

/// Where a task stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Here {
    pub(super) request_id: Option<RequestId>,
    pub(super) place: Option<Place>,
}

/// A span, and what records it where that is done.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) context: Context,
    pub(super) recording: Option<Arc<Recording>>,
}

impl Here {
    /// At the beginning of a request.
    pub(crate) fn of(request_id: RequestId, step: &Step) -> Self {
        Self { request_id: Some(request_id), place: step.place() }
    }

    /// Begins a step of this work.
    pub(crate) fn step(&self, name: &'static str) -> Step {
        self.place.as_ref().map(|place| Step::below(place, name, Kind::Internal)).unwrap_or_default()
    }

    /// Within a step of the same work.
    pub(super) fn within(&self, step: &Step) -> Self {
        Self { request_id: self.request_id.clone(), place: step.place() }
    }

    /// Does work from here.
    pub(crate) fn doing<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        HERE.scope(self, work)
    }

    /// The name of the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
    }

    /// The name of the trace.
    pub(crate) fn trace_id(&self) -> Option<String> {
        self.place.as_ref().map(|place| place.context.trace.to_string())
    }
}

/// Where this task stands, if it does work of somebody.
pub(crate) fn here() -> Option<Here> {
    HERE.try_with(Clone::clone).ok()
}

/// Begins a step of the work that this task does.
pub(crate) fn step(name: &'static str) -> Step {
    begin(name, Kind::Internal)
}

/// Begins a question to another system.
pub(crate) fn question(name: &'static str) -> Step {
    begin(name, Kind::Client)
}

fn begin(name: &'static str, kind: Kind) -> Step {
    HERE.try_with(|here| here.place.as_ref().map(|place| Step::below(place, name, kind))).ok().flatten().unwrap_or_default()
}

/// Work that goes on in a task of its own, as what it is here.
pub(crate) fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    here().unwrap_or_default().doing(work)
}

/// The same for work on a thread.
pub(crate) fn carried_off<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let here = here();
    move || match here {
        Some(here) => HERE.sync_scope(here, work),
        None => work(),
    }
}

/// Tells whoever is asked where in which trace the question stands.
pub(crate) fn mark(headers: &mut HeaderMap) {
    // Outside of a trace there is nothing to tell.
    HERE.try_with(|here| here.place.as_ref().map(|place| place.context.write(headers))).unwrap_or_default();
}
