//! Who gets in: by how full the gateway is, by what kind of request it is, and by what its caller asks already.
//!
//! Every request of a known caller asks once, before anything of it is read. A place is held until the last byte of the answer
//! has left, so that who does not read its answers fills its own share and nobody else's.

mod class;
mod standing;
mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

pub use class::Class;
pub use tally::Tally;

use crate::config::{Caller, Limits};
use crate::http::{Code, Problem};
use standing::{Allowance, AtPresent, Standing, TooMuch};

/// Who gets in. Outlives a change of the configuration.
#[derive(Debug)]
pub struct Admission {
    rules: ArcSwap<Rules>,
    inside: Arc<Inside>,
    is_short_of_memory: AtomicBool,
    tally: Tally,
}

/// What is in force.
#[derive(Debug, Default)]
struct Rules {
    in_flight_max: u32,
    callers: BTreeMap<String, Standing>,
}

/// How many are in.
#[derive(Debug, Default)]
struct Inside {
    all: AtomicU32,
    by_class: [AtomicU32; Class::ALL.len()],
}

/// The place of a request that was let in, until this is dropped.
#[derive(Debug)]
pub struct Place {
    inside: Arc<Inside>,
    class: Class,
    caller: Option<Arc<AtPresent>>,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too many are in already, for its class.
    InFlight,
    /// Too many jobs wait for a processor, for its class.
    Queue,
    /// Memory is short.
    Memory,
    /// It was let in, and there was no room for what it needed.
    Room,
    /// Its caller has too many in already.
    CallerInFlight,
    /// Its caller asks too often.
    CallerRate,
}

/// A request that is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// When to come again.
    pub after: Duration,
}

impl Admission {
    /// As the configuration says.
    #[must_use]
    pub fn new(limits: &Limits, callers: &[Caller], tally: Tally) -> Self {
        let admission =
            Self { rules: ArcSwap::default(), inside: Arc::default(), is_short_of_memory: AtomicBool::new(false), tally };
        admission.follow(limits, callers);
        admission
    }

    /// Goes by another configuration from now on. Who is in stays in, and what callers asked lately is not forgotten.
    pub fn follow(&self, limits: &Limits, callers: &[Caller]) {
        let before = self.rules.load();
        let standing = |caller: &Caller| {
            let allowance = Allowance::of(caller, limits);
            let known = before.callers.get(&caller.name);
            (caller.name.clone(), known.map_or_else(|| Standing::new(allowance), |known| known.with(allowance)))
        };
        let callers = callers.iter().map(standing).collect();
        self.rules.store(Arc::new(Rules { in_flight_max: limits.in_flight_max, callers }));
    }

    /// Says whether memory is short: then what can wait has to.
    pub fn is_short_of_memory(&self, is_short: bool) {
        self.is_short_of_memory.store(is_short, Ordering::Relaxed);
    }

    /// Lets a request in, where the pool that it may need is filled so far, in thousandths.
    ///
    /// # Errors
    /// Why not. What a caller may ask is looked at first: the gateway is not said to be busy to who asks too much.
    pub fn take(&self, caller: &str, class: Class, filled_permille: u32, now: Instant) -> Result<Place, Refused> {
        let taken = self.try_take(caller, class, filled_permille, now);
        match &taken {
            Ok(_) => tracing::debug!(caller, class = class.name(), filled_permille, "a request is let in"),
            Err(Refused { reason, .. }) => {
                tracing::debug!(caller, class = class.name(), filled_permille, reason = reason.name(), "a request is not let in");
            }
        }
        taken.inspect_err(|refused| self.tally.shed(class, refused.reason))
    }

    fn try_take(&self, caller: &str, class: Class, filled_permille: u32, now: Instant) -> Result<Place, Refused> {
        let rules = self.rules.load();
        // A caller that is unknown here was known when the request came, and is about to be known no more.
        let of_caller = rules.callers.get(caller).map(|standing| standing.take(now)).transpose()?;
        let limit = u64::from(rules.in_flight_max) * u64::from(class.permille()) / 1000;
        let place = Place::of(&self.inside, class, of_caller);
        // With its own place. One that is refused was counted for a moment, which may refuse another one: it errs to the safe side.
        if u64::from(self.inside.all.load(Ordering::Relaxed)) > limit.max(1) {
            return Err(Refused::busy(Reason::InFlight));
        }
        if class != Class::Operate && filled_permille > class.permille() {
            return Err(Refused::busy(Reason::Queue));
        }
        if class.waits_for_memory() && self.is_short_of_memory.load(Ordering::Relaxed) {
            return Err(Refused::busy(Reason::Memory));
        }
        Ok(place)
    }

    /// Counts a request that was let in, and refused when it needed room that there was not.
    pub fn had_no_room(&self, class: Class) {
        self.tally.shed(class, Reason::Room);
    }

    /// Brings the metrics up to date, with how many jobs run or wait in each pool.
    pub fn measure(&self, pools: &[(&str, usize)]) {
        for (class, count) in Class::ALL.into_iter().zip(&self.inside.by_class) {
            self.tally.admitted(class, count.load(Ordering::Relaxed));
        }
        for (pool, count) in pools {
            self.tally.queued(pool, *count);
        }
    }
}

impl Inside {
    fn of(&self, class: Class) -> impl Iterator<Item = &AtomicU32> {
        let counts = Class::ALL.into_iter().zip(&self.by_class);
        let own = counts.filter(move |(other, _)| *other == class).map(|(_, count)| count);
        own.chain([&self.all])
    }
}

impl Place {
    fn of(inside: &Arc<Inside>, class: Class, caller: Option<Arc<AtPresent>>) -> Self {
        inside.of(class).for_each(|count| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        Self { inside: Arc::clone(inside), class, caller }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.inside.of(self.class).for_each(|count| {
            count.fetch_sub(1, Ordering::Relaxed);
        });
        if let Some(caller) = &self.caller {
            caller.leave();
        }
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 6] = [Self::InFlight, Self::Queue, Self::Memory, Self::Room, Self::CallerInFlight, Self::CallerRate];

    /// The stable code: in metrics, and in problems where it is about the caller.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InFlight => "in-flight",
            Self::Queue => "queue",
            Self::Memory => "memory",
            Self::Room => "room",
            Self::CallerInFlight => "caller-in-flight",
            Self::CallerRate => "caller-rate",
        }
    }
}

impl Refused {
    /// The gateway has too much to do.
    const fn busy(reason: Reason) -> Self {
        Self { reason, after: Duration::from_secs(1) }
    }
}

impl From<TooMuch> for Refused {
    fn from(too_much: TooMuch) -> Self {
        match too_much {
            TooMuch::AtOnce => Self::busy(Reason::CallerInFlight),
            TooMuch::ASecond(after) => Self { reason: Reason::CallerRate, after },
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused.reason {
            Reason::CallerInFlight | Reason::CallerRate => Self::new(Code::RateLimited).reason(refused.reason.name()),
            Reason::InFlight | Reason::Queue | Reason::Memory | Reason::Room => Self::new(Code::Overloaded),
        }
        .retry_after(refused.after)
    }
}

#[cfg(test)]
mod tests;
