//! The right to one call: given back whatever becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::SourceFault;
use super::breaker::Ticket;
use super::desk::End;
use super::guard::Guard;
use crate::clock;

/// The right to one call to a source. Dropping it gives it back and lets the next one go.
#[derive(Debug)]
pub(super) struct Berth {
    guard: Arc<Guard>,
    ticket: Option<Ticket>,
    /// When the call was made, where it was.
    made: Option<Instant>,
    end: Option<End>,
}

impl Berth {
    /// A right that the guard's desk has given.
    pub(super) const fn new(guard: Arc<Guard>, ticket: Ticket) -> Self {
        Self { guard, ticket: Some(ticket), made: None, end: None }
    }

    /// The call is made.
    pub(super) fn depart(&mut self, now: Instant) {
        self.made = Some(now);
    }

    /// The call takes so long that it counts as failed, and goes on.
    pub(super) fn slow(&mut self, now: Instant) {
        if let Some(ticket) = self.ticket.take() {
            self.guard.slow(&ticket, now);
        }
    }

    /// The call is over.
    pub(super) fn end<T>(mut self, answer: &Result<T, SourceFault>, now: Instant) {
        let took = self.made.map_or_else(Default::default, |made| now.saturating_duration_since(made));
        self.end = Some(match answer {
            // A refusal is an answer as well.
            Ok(_) | Err(SourceFault::Refused) => End::Answered(took),
            Err(fault) => End::Failed(*fault, took),
        });
        self.guard.called(took, answer.as_ref().err().copied());
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        // Broken off by something that is no fault of the source, such as the end of the process, and yet nothing that it did well.
        let broken_off = if self.made.is_some() { End::Failed(SourceFault::Failed, Duration::ZERO) } else { End::Unused };
        let end = self.end.unwrap_or(broken_off);
        Guard::leave(&self.guard, self.ticket.as_ref(), end, clock::tokio_instant().into_std());
    }
}
