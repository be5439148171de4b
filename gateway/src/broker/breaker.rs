//! When a source is left alone: a breaker that opens on failures, and lets a fixed number of calls try again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits::{BreakerLimits, ms};
use crate::spread::Spread;

/// The breaker of a source.
#[derive(Debug)]
pub(super) struct Breaker {
    limits: BreakerLimits,
    /// What shortens pauses, so that many gateways do not come back to a source in step. None for pauses exactly as they are set.
    spread: Option<Spread>,
    phase: Phase,
    /// Counts the phases: what a call says of a phase that is over counts no more.
    generation: u64,
}

#[derive(Debug)]
enum Phase {
    Closed(VecDeque<(Instant, bool)>),
    Open { until: Instant, pause: Duration },
    HalfOpen { left: u32, awaited: u32, pause: Duration },
}

/// What a call has to show for itself when it ends. Belongs to one call, whose end must be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Whether a source is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// It is.
    Closed,
    /// A few calls try whether it is well again.
    HalfOpen,
    /// It is not.
    Open,
}

impl BreakerState {
    /// The name in answers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }
}

impl Breaker {
    /// A closed one.
    pub(super) const fn new(limits: BreakerLimits, spread: Option<Spread>) -> Self {
        Self { limits, spread, phase: Phase::Closed(VecDeque::new()), generation: 0 }
    }

    /// Lets a call through, or not. Between two pauses exactly as many as there are probes.
    pub(super) fn admit(&mut self, now: Instant) -> Option<Ticket> {
        if let Phase::Open { until, pause } = self.phase
            && until <= now
        {
            let probes = self.limits.probes.max(1);
            self.turn(Phase::HalfOpen { left: probes, awaited: probes, pause });
        }
        match &mut self.phase {
            Phase::Closed(_) => {}
            Phase::Open { .. } => return None,
            Phase::HalfOpen { left, .. } => *left = left.checked_sub(1)?,
        }
        Some(Ticket(self.generation))
    }

    /// Whether [`admit`](Self::admit) would let a call through.
    pub(super) fn would_admit(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Closed(_) => true,
            Phase::Open { until, .. } => until <= now,
            Phase::HalfOpen { left, .. } => left > 0,
        }
    }

    /// The call was never made: somebody else may make it.
    pub(super) fn give_back(&mut self, ticket: &Ticket) {
        if let Phase::HalfOpen { left, .. } = &mut self.phase
            && ticket.0 == self.generation
        {
            *left = left.saturating_add(1);
        }
    }

    /// A call was given up before an answer could be expected, which says nothing. As a probe it has failed: there are no more probes
    /// than allowed.
    pub(super) fn gave_up(&mut self, ticket: &Ticket, now: Instant) {
        if matches!(self.phase, Phase::HalfOpen { .. }) {
            self.ended(ticket, false, now);
        }
    }

    /// A call ended, well or not.
    pub(super) fn ended(&mut self, ticket: &Ticket, is_well: bool, now: Instant) {
        if ticket.0 != self.generation {
            return;
        }
        match &mut self.phase {
            Phase::Closed(window) => {
                window.push_back((now, is_well));
                if self.limits.is_too_much(window, now) {
                    self.open(ms(self.limits.pause_ms), now);
                }
            }
            Phase::HalfOpen { awaited, .. } if is_well => {
                *awaited = awaited.saturating_sub(1);
                if *awaited == 0 {
                    self.turn(Phase::Closed(VecDeque::new()));
                }
            }
            Phase::HalfOpen { pause, .. } => {
                let longer = pause.saturating_mul(2).min(ms(self.limits.pause_ms_max));
                self.open(longer, now);
            }
            // Nobody has a ticket of a phase in which nobody is let through.
            Phase::Open { .. } => {}
        }
    }

    /// Whether the source is asked, and where it is not, after how long it is tried again.
    pub(super) fn state(&self, now: Instant) -> (BreakerState, Option<Duration>) {
        match self.phase {
            Phase::Closed(_) => (BreakerState::Closed, None),
            Phase::HalfOpen { .. } => (BreakerState::HalfOpen, None),
            Phase::Open { until, .. } => (BreakerState::Open, Some(until.saturating_duration_since(now))),
        }
    }

    fn open(&mut self, pause: Duration, now: Instant) {
        let (whole, spread) = (i64::try_from(pause.as_millis()).unwrap_or(i64::MAX), self.spread.as_mut());
        let shortened = spread.and_then(|spread| u64::try_from(spread.shorten(whole)).ok()).map(Duration::from_millis);
        // A pause beyond all time is none that ends, which is what was asked for.
        let until = now.checked_add(shortened.unwrap_or(pause)).unwrap_or(now);
        self.turn(Phase::Open { until, pause });
    }

    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
    }
}

impl BreakerLimits {
    /// Whether too many of the latest calls failed. Forgets what is not looked at.
    fn is_too_much(&self, window: &mut VecDeque<(Instant, bool)>, now: Instant) -> bool {
        let most = usize::try_from(self.window_calls).unwrap_or(usize::MAX);
        while window.len() > most || window.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > ms(self.window_ms))
        {
            window.pop_front();
        }
        let failed = u64::try_from(window.iter().filter(|(_, is_well)| !is_well).count()).unwrap_or(u64::MAX);
        let calls = u64::try_from(window.len()).unwrap_or(u64::MAX);
        calls >= self.calls_min.into() && failed.saturating_mul(1000) >= calls.saturating_mul(self.failures_permille.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    struct World {
        breaker: Breaker,
        now: Instant,
    }

    impl World {
        fn new() -> Self {
            let limits =
                BreakerLimits { calls_min: 4, window_calls: 8, pause_ms: 100, pause_ms_max: 350, ..BreakerLimits::default() };
            Self { breaker: Breaker::new(limits, None), now: clock::instant() }
        }

        fn pass(&mut self, count: u64) {
            self.now += Duration::from_millis(count);
        }

        fn call(&mut self, is_well: bool) -> bool {
            let Some(ticket) = self.breaker.admit(self.now) else { return false };
            self.breaker.ended(&ticket, is_well, self.now);
            true
        }

        fn state(&self) -> (BreakerState, Option<u128>) {
            let (state, left) = self.breaker.state(self.now);
            (state, left.map(|left| left.as_millis()))
        }
    }

    #[test]
    fn opens_on_the_share_of_failures_among_the_latest() {
        let mut world = World::new();
        assert!(world.call(false) && world.call(false) && world.call(false), "too few to conclude from");
        assert_eq!(world.state(), (BreakerState::Closed, None));
        assert!(world.call(true));
        assert_eq!(world.state(), (BreakerState::Open, Some(100)));
        assert!(!world.call(true));

        let mut world = World::new();
        for n in 0..1000 {
            assert!(world.call(n % 3 != 2), "a third may fail");
        }
        let mut world = World::new();
        for _ in 0..100 {
            assert!(world.call(false), "what is long ago does not count");
            world.pass(10_001);
        }
    }

    #[test]
    fn lets_exactly_the_probes_through_after_pauses_that_double() {
        let mut world = World::new();
        while world.call(false) {}
        for pause in [100, 200, 350, 350] {
            assert_eq!(world.state(), (BreakerState::Open, Some(pause)));
            world.pass(u64::try_from(pause).unwrap() - 1);
            assert!(!world.breaker.would_admit(world.now) && world.breaker.admit(world.now).is_none());
            world.pass(1);
            assert!(world.breaker.would_admit(world.now));
            let (first, second) = (world.breaker.admit(world.now).unwrap(), world.breaker.admit(world.now).unwrap());
            assert_eq!(world.state(), (BreakerState::HalfOpen, None));
            world.pass(100_000);
            assert!(!world.breaker.would_admit(world.now) && world.breaker.admit(world.now).is_none());
            world.breaker.ended(&first, true, world.now);
            assert!(world.breaker.admit(world.now).is_none(), "one that is well opens no door for others");
            world.breaker.ended(&second, false, world.now);
        }
    }

    #[test]
    fn breakers_of_many_gateways_do_not_try_in_step() {
        let pauses = |seed: u64| {
            let mut world = World::new();
            world.breaker.spread = Some(Spread::new(seed));
            while world.call(false) {}
            [100, 200, 350, 350].map(|whole| {
                let (state, pause) = world.state();
                let pause = pause.unwrap();
                assert!(state == BreakerState::Open && (whole * 3 / 4..=whole).contains(&pause), "{pause} of {whole}");
                world.pass(u64::try_from(pause).unwrap());
                assert!(world.call(false), "the first to try");
                pause
            })
        };
        assert_eq!(pauses(7), pauses(7));
        let mut firsts: Vec<_> = (0..32).map(|seed| pauses(seed)[0]).collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert!(firsts.len() > 8, "{firsts:?}");
    }

    #[test]
    fn closes_when_all_probes_are_well_and_begins_anew() {
        let mut world = World::new();
        let old = world.breaker.admit(world.now).unwrap();
        while world.call(false) {}
        world.pass(100);
        assert!(world.call(true));
        assert_eq!(world.state(), (BreakerState::HalfOpen, None));
        world.breaker.ended(&old, false, world.now);
        assert_eq!(world.state(), (BreakerState::HalfOpen, None), "a call from before says nothing of now");
        world.breaker.gave_up(&old, world.now);
        assert_eq!(world.state(), (BreakerState::HalfOpen, None));
        let unused = world.breaker.admit(world.now).unwrap();
        assert!(world.breaker.admit(world.now).is_none());
        world.breaker.give_back(&unused);
        assert!(world.call(true));
        assert_eq!(world.state(), (BreakerState::Closed, None));
        for _ in 0..100 {
            let ticket = world.breaker.admit(world.now).unwrap();
            world.breaker.gave_up(&ticket, world.now);
        }
        assert!(world.call(false) && world.call(false) && world.call(false));
        assert_eq!(world.state(), (BreakerState::Closed, None), "failures from before the pause are forgotten");
        assert!(world.call(false));
        assert_eq!(world.state(), (BreakerState::Open, Some(100)), "and so is how long it was");
        world.pass(100);
        let probe = world.breaker.admit(world.now).unwrap();
        world.breaker.gave_up(&probe, world.now);
        assert_eq!(world.state(), (BreakerState::Open, Some(200)));
    }
}
