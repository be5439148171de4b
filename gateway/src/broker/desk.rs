//! Who is let through to a source: all that is known of its health, in one place.

use std::time::{Duration, Instant};

use super::breaker::{Breaker, BreakerState, Ticket};
use super::hedge::Hedges;
use super::latency::Latency;
use super::limit::Limit;
use super::limits::Limits;
use super::waiting::{Waiting, Waits};
use super::{Class, SourceFault, State};
use crate::spread::Spread;

/// All that is known of the health of a source, and who waits for it. Knows no clock.
#[derive(Debug)]
pub(super) struct Desk<T> {
    breaker: Breaker,
    limit: Limit,
    latency: Latency,
    hedges: Hedges,
    hedge_quantile_permille: u16,
    waiting: Waiting<T>,
}

/// What is said to somebody who comes.
#[derive(Debug)]
pub(super) enum Said<T> {
    /// Go.
    Go(Ticket),
    /// Wait; somebody else may have to go away for that.
    Wait(Option<T>),
    /// Not now, and why.
    No(State),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was never made.
    Unused,
    /// With an answer, after so long.
    Answered(Duration),
    /// Without one, after so long.
    Failed(SourceFault, Duration),
}

impl<T: Waits> Desk<T> {
    /// Of a source of which nothing is known yet.
    pub(super) fn new(limits: &Limits, spread: Option<Spread>) -> Self {
        Self {
            breaker: Breaker::new(limits.breaker.clone(), spread),
            limit: Limit::new(limits.concurrency_max),
            latency: Latency::default(),
            hedges: Hedges::new(limits.hedge_budget_permille),
            hedge_quantile_permille: limits.hedge_quantile_permille,
            waiting: Waiting::new(limits.waiting_max),
        }
    }

    /// Somebody wants to ask, and wants to know it by this moment. Who cannot be served by then is told so at once.
    pub(super) fn come(&mut self, class: Class, (now, until): (Instant, Instant), who: impl FnOnce() -> T) -> Said<T> {
        if !self.breaker.would_admit(now) {
            return Said::No(State::BreakerOpen);
        }
        let ahead = self.waiting.ahead(class);
        if ahead == 0 && self.limit.has_room(class) {
            return self.enter(now).map_or(Said::No(State::BreakerOpen), Said::Go);
        }
        if let Some(usual) = self.latency.quantile(500) {
            let wait = self.limit.wait(ahead, usual, class).saturating_add(usual);
            if now.checked_add(wait).is_none_or(|done| until < done) {
                return Said::No(State::Overloaded);
            }
        }
        self.waiting.push(class, who(), now).map_or(Said::No(State::Overloaded), Said::Wait)
    }

    /// Whose turn it is: to go, or to be told that the source is not asked for the time being.
    pub(super) fn next(&mut self, now: Instant) -> Option<(T, Result<Ticket, State>)> {
        if !self.breaker.would_admit(now) {
            return Some((self.waiting.pop(true, now)?, Err(State::BreakerOpen)));
        }
        if !self.limit.has_room(Class::Interactive) {
            return None;
        }
        // Who is left with less time than an answer takes would be asked for in vain.
        let usual = self.latency.quantile(500).unwrap_or_default();
        let done = now.checked_add(usual).unwrap_or(now);
        let who = self.waiting.pop(self.limit.has_room(Class::Batch), done)?;
        Some((who, self.enter(now).ok_or(State::BreakerOpen)))
    }

    /// A second call for a question that is late, if it can still be of use, the source is well, nobody waits for it, and the budget
    /// allows it.
    pub(super) fn hedge(&mut self, class: Class, (now, until): (Instant, Instant)) -> Option<Ticket> {
        let usual = self.latency.quantile(500)?;
        let is_in_time = now.checked_add(usual).is_some_and(|done| done <= until);
        let is_well = matches!(self.breaker.state(now), (BreakerState::Closed, _));
        let has_room = self.waiting.len() == 0 && self.limit.has_room(class);
        if !(is_in_time && is_well && has_room && self.hedges.spend()) {
            return None;
        }
        let ticket = self.breaker.admit(now)?;
        self.limit.enter();
        Some(ticket)
    }

    /// After how long an answer is late enough to be asked for a second time.
    pub(super) fn hedge_after(&self) -> Option<Duration> {
        self.latency.quantile(self.hedge_quantile_permille)
    }

    /// A call takes so long that it counts as failed, and goes on.
    pub(super) fn slow(&mut self, ticket: &Ticket, now: Instant) {
        self.breaker.ended(ticket, false, now);
    }

    /// A call is over. What it says to the breaker, it says once: there is no ticket left when it was slow.
    pub(super) fn leave(&mut self, ticket: Option<&Ticket>, end: End, now: Instant) {
        match end {
            End::Unused => self.limit.leave(None),
            End::Answered(took) => {
                self.latency.answered(took);
                self.limit.leave(Some(took));
            }
            End::Failed(fault @ (SourceFault::Overloaded | SourceFault::Slow), took) if self.is_telling(fault, took) => {
                self.limit.leave_crowded(fault);
            }
            End::Failed(..) => self.limit.leave(None),
        }
        let Some(ticket) = ticket else { return };
        match end {
            End::Unused => self.breaker.give_back(ticket),
            End::Answered(_) => self.breaker.ended(ticket, true, now),
            End::Failed(fault, took) if !self.is_telling(fault, took) => self.breaker.gave_up(ticket, now),
            End::Failed(fault, _) => self.breaker.ended(ticket, !fault.counts_against(), now),
        }
    }

    /// Whether a fault says something about the source. That there was less time than its answers usually take says nothing: how
    /// patient callers are must not decide about a source.
    fn is_telling(&self, fault: SourceFault, took: Duration) -> bool {
        fault != SourceFault::Slow || self.latency.quantile(990).is_none_or(|usual| usual <= took)
    }

    /// By when, counted from when it was asked, nine of ten answers come that take longer than this.
    pub(super) fn expected(&self, waited: Duration) -> Option<Duration> {
        self.latency.quantile_after(waited, 900)
    }

    /// How long it would take who comes now, with those before them, in nine of ten cases.
    pub(super) fn expected_in_turn(&self, class: Class) -> Option<Duration> {
        let (usual, late) = (self.latency.quantile(500)?, self.latency.quantile(900)?);
        Some(self.limit.wait(self.waiting.ahead(class), usual, class).saturating_add(late))
    }

    /// How long recent answers took.
    pub(super) const fn latency(&self) -> &Latency {
        &self.latency
    }

    /// Whether the source is asked, and where it is not, after how long it is tried again.
    pub(super) fn breaker(&self, now: Instant) -> (BreakerState, Option<Duration>) {
        self.breaker.state(now)
    }

    /// How many calls are under way, how many may be, and how many wait.
    pub(super) fn load(&self) -> (u32, u32, u32) {
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        (self.limit.in_flight(), self.limit.allowed(Class::Interactive), waiting)
    }

    fn enter(&mut self, now: Instant) -> Option<Ticket> {
        let ticket = self.breaker.admit(now)?;
        self.limit.enter();
        self.hedges.earn();
        Some(ticket)
    }
}
