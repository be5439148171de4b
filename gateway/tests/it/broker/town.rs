//! Twelve departments, of which five are well, two have long tails, and five are broken each in its own way. Everything that they do
//! follows from a seed.

use std::time::Duration;

use gateway::broker::{BreakerLimits, Limits, SourceFault};
use gateway::clock;
use tokio::time::Instant;

use super::kit::{Does, NEVER, Sources, What, World, fails, nothing, tells};

pub(super) const WELL: [&str; 5] = ["civil", "health", "housing", "social", "tax"];
pub(super) const TAILS: [&str; 2] = ["land", "transport"];
pub(super) const DEAD: &str = "dead";
pub(super) const SILENT: &str = "silent";
pub(super) const SLOW: &str = "slow";
pub(super) const FLAPPING: &str = "flapping";
pub(super) const LYING: &str = "lying";

/// For so long the flapping one is well, and then for as long it is not.
const FLAPS_MS: u64 = 1700;

/// Numbers that look like chance and depend on their seed alone (`SplitMix64`).
#[derive(Clone, Copy)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of these, each as likely.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.next() % (last - first + 1)
    }
}

/// Every department.
pub(super) fn names() -> Vec<&'static str> {
    WELL.into_iter().chain(TAILS).chain([DEAD, SILENT, SLOW, FLAPPING, LYING]).collect()
}

/// How all of them are treated.
pub(super) fn limits(hedge_budget_permille: u16) -> Limits {
    let breaker = BreakerLimits { calls_min: 10, slow_ms: 500, pause_ms: 1000, probes: 2, ..BreakerLimits::default() };
    Limits { hedge_budget_permille, breaker, ..Limits::default() }
}

/// The town.
pub(super) fn town(seed: u64, hedge_budget_permille: u16) -> World {
    let start = clock::tokio_instant();
    names()
        .into_iter()
        .fold(Sources::default(), |sources, name| {
            let own = name.bytes().fold(seed, |seed, byte| Chance(seed ^ u64::from(byte)).next());
            sources.with(name, limits(hedge_budget_permille), move |subject, before| {
                // Whether there is a record depends on the person, how long it takes on the call.
                let person = subject.bytes().fold(own, |seed, byte| Chance(seed ^ u64::from(byte)).next());
                does(name, Chance(own ^ u64::try_from(before).unwrap()), person.is_multiple_of(10), start)
            })
        })
        .build()
}

fn does(name: &str, mut chance: Chance, has_nothing: bool, start: Instant) -> Does {
    let well = |after| if has_nothing { nothing(after) } else { tells(after) };
    chance.next();
    match name {
        DEAD => fails(0, SourceFault::Unreachable),
        SILENT => NEVER,
        SLOW => well(chance.between(2000, 4000)),
        FLAPPING => {
            let flaps = (clock::tokio_instant() - start).as_millis() / Duration::from_millis(FLAPS_MS).as_millis();
            if flaps.is_multiple_of(2) { well(chance.between(5, 15)) } else { fails(1, SourceFault::Failed) }
        }
        LYING => Does { after: Some(chance.between(3, 9)), what: What::Lies },
        _ if TAILS.contains(&name) => well(tail(chance)),
        _ => well(chance.between(2, 20)),
    }
}

/// Of a hundred answers 97 within 8 to 20 ms, the rest up to a second.
pub(super) fn tail(mut chance: Chance) -> u64 {
    if chance.between(1, 100) <= 97 { chance.between(8, 20) } else { chance.between(200, 1000) }
}
