//! The spans of one trace, as far as it passes through here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::context::{Context, SpanId};
use super::queue::Queue;

/// Spans of one trace that are kept; a batch of look-ups has a few for each of its subjects.
const SPANS_MAX: usize = 256;

/// What a step was.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) context: Context,
    pub(super) parent: Option<SpanId>,
    /// Nanoseconds since 1970.
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) facts: Vec<(&'static str, Fact)>,
    /// The stable code of what went wrong.
    pub(super) failed: Option<&'static str>,
}

/// On which side of a conversation a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Internal,
    Server,
    Client,
}

impl Kind {
    /// The number in OTLP.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Server => 2,
            Self::Client => 3,
        }
    }
}

/// What a span says about itself. Never anything of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A word of ours, or of the configuration.
    Word(&'static str),
    /// A name of the configuration, or of the request.
    Name(String),
    /// A number.
    Number(u64),
}

/// Spans under way and done. When the last step is done that holds it, they go to the queue.
#[derive(Debug)]
pub(super) struct Recording {
    spans: Mutex<(Vec<Span>, usize)>,
    queue: Arc<Queue>,
    /// The same moment by both clocks.
    began: (Instant, u64),
}

impl Recording {
    pub(super) fn new(queue: Arc<Queue>, began: (Instant, u64)) -> Arc<Self> {
        Arc::new(Self { spans: Mutex::new((Vec::new(), 0)), queue, began })
    }

    /// A moment in nanoseconds since 1970.
    pub(super) fn nanos(&self, at: Instant) -> u64 {
        let (instant, unix) = self.began;
        let since = u64::try_from(at.saturating_duration_since(instant).as_nanos()).unwrap_or(u64::MAX);
        unix.saturating_add(since)
    }

    pub(super) fn push(&self, span: Span) {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.0.len() < SPANS_MAX {
            spans.0.push(span);
        } else {
            spans.1 += 1;
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let (spans, dropped) = std::mem::take(self.spans.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.queue.put(spans, dropped);
    }
}
