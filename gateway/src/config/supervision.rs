//! `[supervision]`: when a source or a consumer gets a yellow or a red card.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// When a source or a consumer gets a card (黄牌、红牌).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Supervision {
    /// How often cards are decided and figures are kept, in seconds. Default 5.
    pub turn_s: u32,
    /// Over how many minutes a limit is judged, at most 1440. Default 60.
    pub window_minutes: u16,
    /// From how much of what is allowed on there is a yellow card, in thousandths. Default 800.
    pub yellow_permille: u16,
    /// With fewer questions in the window there is no new card. Default 20.
    pub calls_min: u32,
    /// How many of a thousand questions of a consumer may be refused: for want of rights or quota, or for their token. Default 200.
    pub refused_permille_max: u16,
    /// How many of a thousand questions of a consumer may be wrong in themselves. Default 200.
    pub wrong_permille_max: u16,
    /// After how many milliseconds an answer to a consumer counts as slow, if that is before its deadline; 0 for the deadline alone.
    /// Default 0.
    pub consumer_latency_ms: u32,
    /// How many of a thousand answers to a consumer may be slow: 10 make `consumer_latency_ms` a budget for the 99th percentile.
    /// Default 10.
    pub consumer_slow_permille_max: u16,
}

impl Default for Supervision {
    fn default() -> Self {
        Self {
            turn_s: 5,
            window_minutes: 60,
            yellow_permille: 800,
            calls_min: 20,
            refused_permille_max: 200,
            wrong_permille_max: 200,
            consumer_latency_ms: 0,
            consumer_slow_permille_max: 10,
        }
    }
}

impl Supervision {
    /// [`Self::turn_s`].
    #[must_use]
    pub fn turn(&self) -> Duration {
        Duration::from_secs(self.turn_s.into())
    }

    /// [`Self::consumer_latency_ms`], where there is one.
    #[must_use]
    pub fn consumer_latency(&self) -> Option<Duration> {
        (self.consumer_latency_ms > 0).then(|| Duration::from_millis(self.consumer_latency_ms.into()))
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let key = |name: &str| format!("supervision.{name}");
        faults.demand((1..=3600).contains(&self.turn_s), key("turn_s"), "must be 1 to 3600");
        faults.demand((1..=1440).contains(&self.window_minutes), key("window_minutes"), "must be 1 to 1440");
        faults.demand((1..=1000).contains(&self.yellow_permille), key("yellow_permille"), "must be 1 to 1000");
        faults.demand(self.calls_min > 0, key("calls_min"), "must not be 0");
        for (name, permille) in [
            ("refused_permille_max", self.refused_permille_max),
            ("wrong_permille_max", self.wrong_permille_max),
            ("consumer_slow_permille_max", self.consumer_slow_permille_max),
        ] {
            faults.demand(permille <= 1000, key(name), "must be at most 1000");
        }
    }
}
