//! How a source is treated: how much it is asked at once, how long it is waited for, when it is left alone.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Tally;
use crate::config::Faults;

/// Limits of one source. In the configuration they stand in the source's own table, as `limits = { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most questions that it is asked at the same time. How many really are is found by how its answers slow down. Default 32.
    pub concurrency_max: u32,
    /// The most questions that wait for their turn; further ones are `overloaded`. Batches may fill half of it. Default 512.
    pub waiting_max: u32,
    /// After how long a question is given up, in milliseconds, also when nobody waits for its answer any more. Default 5000.
    pub timeout_ms_max: u32,
    /// After which part of the usual answers, in thousandths, one that is late is asked for a second time. Default 950.
    pub hedge_quantile_permille: u16,
    /// How many questions of a thousand may be asked twice; 0 for none. Default 50.
    pub hedge_budget_permille: u16,
    /// When it is not asked for a while.
    pub breaker: BreakerLimits,
    /// For how long "nothing on record" is believed without asking again, in milliseconds; 0 for never. Default 1000.
    pub negative_ttl_ms: u32,
    /// For how long an answer is kept, in seconds, to be given when the source does not answer and the grant allows it; 0 for never.
    /// Default 86400.
    pub keep_s: u32,
}

/// When a source that fails is left alone, and how it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerLimits {
    /// How many of the latest calls are looked at. Default 20.
    pub window_calls: u32,
    /// Calls that are older than this, in milliseconds, are not looked at. Default 30000.
    pub window_ms: u32,
    /// So many there must be before anything is concluded. Default 10.
    pub calls_min: u32,
    /// From how many failures in a thousand on it is left alone. Default 500.
    pub failures_permille: u16,
    /// A call that takes longer than this, in milliseconds, counts as failed, whoever waits for it: how patient callers are must not
    /// decide about a source. Default 2000.
    pub slow_ms: u32,
    /// For how long it is left alone the first time, in milliseconds; doubled each time that it fails again. Each pause is shortened by
    /// up to a quarter, by chance, so that many gateways do not come back in step. Default 1000.
    pub pause_ms: u32,
    /// The longest that it is left alone, in milliseconds. Default 60000.
    pub pause_ms_max: u32,
    /// How many calls try whether it is well again. All must succeed. Default 2.
    pub probes: u32,
}

/// What holds for all sources together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How much memory kept answers may take, in bytes.
    pub kept_bytes_max: u64,
    /// What counts.
    pub tally: Option<Tally>,
    /// What spreads the pauses of breakers, so that many gateways do not come back to a source in step: a number that no other gateway
    /// has. None for pauses exactly as they are set.
    pub seed: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { kept_bytes_max: 64 << 20, tally: None, seed: None }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency_max: 32,
            waiting_max: 512,
            timeout_ms_max: 5000,
            hedge_quantile_permille: 950,
            hedge_budget_permille: 50,
            breaker: BreakerLimits::default(),
            negative_ttl_ms: 1000,
            keep_s: 86_400,
        }
    }
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self {
            window_calls: 20,
            window_ms: 30_000,
            calls_min: 10,
            failures_permille: 500,
            slow_ms: 2000,
            pause_ms: 1000,
            pause_ms_max: 60_000,
            probes: 2,
        }
    }
}

impl Limits {
    /// Names every value that makes no sense, by its key under this one.
    pub fn check(&self, key: &str, faults: &mut Faults) {
        let breaker = &self.breaker;
        for (name, value) in [
            ("concurrency_max", self.concurrency_max),
            ("timeout_ms_max", self.timeout_ms_max),
            ("breaker.window_calls", breaker.window_calls),
            ("breaker.window_ms", breaker.window_ms),
            ("breaker.calls_min", breaker.calls_min),
            ("breaker.slow_ms", breaker.slow_ms),
            ("breaker.pause_ms", breaker.pause_ms),
            ("breaker.probes", breaker.probes),
        ] {
            faults.demand(value > 0, format!("{key}.{name}"), "must be at least 1");
        }
        for (name, value) in [
            ("hedge_quantile_permille", self.hedge_quantile_permille),
            ("hedge_budget_permille", self.hedge_budget_permille),
            ("breaker.failures_permille", breaker.failures_permille),
        ] {
            faults.demand(value <= 1000, format!("{key}.{name}"), "must be at most 1000");
        }
        let failures = &format!("{key}.breaker.failures_permille");
        faults.demand(breaker.failures_permille > 0, failures, "must be at least 1");
        let calls = &format!("{key}.breaker.calls_min");
        faults.demand(breaker.calls_min <= breaker.window_calls, calls, "must be at most window_calls");
        let pause = &format!("{key}.breaker.pause_ms_max");
        faults.demand(breaker.pause_ms_max >= breaker.pause_ms, pause, "must be at least pause_ms");
    }

    /// After how long a question is given up.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        ms(self.timeout_ms_max)
    }

    /// For how long "nothing on record" is believed.
    #[must_use]
    pub fn negative_ttl(&self) -> Duration {
        ms(self.negative_ttl_ms)
    }

    /// For how long an answer is kept.
    #[must_use]
    pub fn keep(&self) -> Duration {
        Duration::from_secs(self.keep_s.into())
    }
}

/// So many milliseconds.
pub(super) fn ms(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_silent_has_its_default_and_what_makes_no_sense_is_named() {
        let limits: Limits = toml::from_str("concurrency_max = 4\nbreaker = { probes = 1 }").unwrap();
        let breaker = BreakerLimits { probes: 1, ..BreakerLimits::default() };
        assert_eq!(limits, Limits { concurrency_max: 4, breaker, ..Limits::default() });
        assert!(toml::from_str::<Limits>("concurency_max = 4").is_err());
        let mut faults = Faults::default();
        limits.check("sources[0].limits", &mut faults);
        assert_eq!(faults, Faults::default());
        let wrong: Result<Limits, _> =
            toml::from_str("concurrency_max = 0\nhedge_budget_permille = 1001\nbreaker = { calls_min = 21, pause_ms = 60001 }");
        let wrong = wrong.unwrap();
        wrong.check("limits", &mut faults);
        let said = faults.to_string();
        for key in ["concurrency_max", "hedge_budget_permille", "breaker.calls_min", "breaker.pause_ms_max"] {
            assert!(said.contains(&format!("limits.{key}")), "{key} in {said}");
        }
    }
}
