//! `[lookup]`: how long look-ups take at most, and how many there may be.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// Limits of look-ups.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Within how many milliseconds a look-up is answered that names no deadline. Default 800.
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u32,
    /// The longest deadline that a caller may name, in milliseconds; never more than nine tenths of `server.request_timeout_ms`.
    /// Default 5000.
    #[serde(default = "deadline_ms_max")]
    pub deadline_ms_max: u32,
    /// How much of it is kept for the gateway's own work, the record above all, in milliseconds. Default 10.
    #[serde(default = "reserve_ms")]
    pub reserve_ms: u32,
    /// Look-ups that run at the same time; further ones are answered 503. Default 4096.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: u32,
    /// Subjects of one batch. Default 100.
    #[serde(default = "batch_max")]
    pub batch_max: u32,
    /// From how many thousandths of `in_flight_max` on those of the class `batch` are put off. Default 500.
    #[serde(default = "shed_batch_at_permille")]
    pub shed_batch_at_permille: u32,
}

impl Default for Lookup {
    fn default() -> Self {
        Self {
            deadline_ms: deadline_ms(),
            deadline_ms_max: deadline_ms_max(),
            reserve_ms: reserve_ms(),
            in_flight_max: in_flight_max(),
            batch_max: batch_max(),
            shed_batch_at_permille: shed_batch_at_permille(),
        }
    }
}

impl Lookup {
    /// Cuts the deadlines to nine tenths of what any request may take.
    pub(super) fn within(&mut self, request_timeout: Duration) {
        let most = u32::try_from(request_timeout.as_millis() * 9 / 10).unwrap_or(u32::MAX).max(1);
        self.deadline_ms_max = self.deadline_ms_max.min(most);
        self.deadline_ms = self.deadline_ms.min(most);
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let is_good = (1..=self.deadline_ms_max).contains(&self.deadline_ms);
        faults.demand(is_good, "lookup.deadline_ms", "must be 1 to deadline_ms_max");
        faults.demand(self.reserve_ms < self.deadline_ms, "lookup.reserve_ms", "must be less than deadline_ms");
        faults.demand(self.in_flight_max > 0, "lookup.in_flight_max", "must not be 0");
        faults.demand((1..=1000).contains(&self.batch_max), "lookup.batch_max", "must be 1 to 1000");
        faults.demand(self.batch_max <= self.in_flight_max, "lookup.batch_max", "must not be more than in_flight_max");
        faults.demand(self.shed_batch_at_permille <= 1000, "lookup.shed_batch_at_permille", "must be 0 to 1000");
    }
}

const fn deadline_ms() -> u32 {
    800
}

const fn deadline_ms_max() -> u32 {
    5000
}

const fn reserve_ms() -> u32 {
    10
}

const fn in_flight_max() -> u32 {
    4096
}

const fn batch_max() -> u32 {
    100
}

const fn shed_batch_at_permille() -> u32 {
    500
}
