//! Spans that wait to be sent: a bounded number. What comes beyond it is dropped, and counted; nobody waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Tally;
use super::recording::Span;

/// The queue.
#[derive(Debug)]
pub struct Queue {
    spans: Mutex<Vec<Span>>,
    spans_max: AtomicUsize,
    tally: Tally,
}

impl Queue {
    /// Without room, until it is told how much it has.
    #[must_use]
    pub const fn new(tally: Tally) -> Self {
        Self { spans: Mutex::new(Vec::new()), spans_max: AtomicUsize::new(0), tally }
    }

    /// Has room for so many from now on. What waits already, waits on.
    pub(super) fn resize(&self, spans_max: usize) {
        self.spans_max.store(spans_max, Ordering::Relaxed);
    }

    /// Puts in the spans of one trace that were kept, all or none of them; so many were not.
    pub(super) fn put(&self, spans: Vec<Span>, dropped: usize) {
        let count = spans.len();
        let mut waiting = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + count <= self.spans_max.load(Ordering::Relaxed) {
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
