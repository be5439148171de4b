//! `[supervision]`: when a source or a consumer gets a yellow or a red card.

use std::time::Duration;

use serde::Deserialize;

use super::Faults;

/// When a source or a consumer gets a card (黄牌、红牌).
#[derive(Clone, Debug, Deserialize)]
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
    /// How many of a thousand questions of a consumer may be refused. Default 200.
    pub refused_permille_max: u16,
}

impl Default for Supervision {
    fn default() -> Self {
        Self { turn_s: 5, window_minutes: 60, yellow_permille: 800, calls_min: 20, refused_permille_max: 200 }
    }
}

impl Supervision {
    /// [`Self::turn_s`].
    #[must_use]
    pub fn turn(&self) -> Duration {
        Duration::from_secs(self.turn_s.into())
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let key = |name: &str| format!("supervision.{name}");
        faults.demand((1..=3600).contains(&self.turn_s), key("turn_s"), "must be 1 to 3600");
        faults.demand((1..=1440).contains(&self.window_minutes), key("window_minutes"), "must be 1 to 1440");
        faults.demand((1..=1000).contains(&self.yellow_permille), key("yellow_permille"), "must be 1 to 1000");
        faults.demand(self.calls_min > 0, key("calls_min"), "must not be 0");
        faults.demand(self.refused_permille_max <= 1000, key("refused_permille_max"), "must be at most 1000");
    }
}
