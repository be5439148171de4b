//! Spans that wait to be sent: a bounded number. What comes beyond it is dropped, and counted; nobody waits.

use std::sync::{Mutex, PoisonError};

use super::Tally;
use super::recording::Span;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    spans: Mutex<Vec<Span>>,
    spans_max: usize,
    tally: Tally,
}

impl Queue {
    pub(super) const fn new(spans_max: usize, tally: Tally) -> Self {
        Self { spans: Mutex::new(Vec::new()), spans_max, tally }
    }

    /// Puts in the spans of one trace that were kept, all or none of them; so many were not.
    pub(super) fn put(&self, spans: Vec<Span>, dropped: usize) {
        let count = spans.len();
        let mut waiting = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + count <= self.spans_max {
            waiting.extend(spans);
            self.tally.ended("no-room", dropped);
        } else {
            self.tally.ended("no-room", dropped + count);
        }
    }

    /// Takes out so many at most.
    pub(super) fn take(&self, spans_max: usize) -> Vec<Span> {
        let mut waiting = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(spans_max);
        waiting.drain(..count).collect()
    }

    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }
}
