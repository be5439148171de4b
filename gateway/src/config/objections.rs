//! `[objections]`: within how many working days objections are answered.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// The longest time limit, in working days.
const DAYS_MAX: u32 = 250;

/// Within how many working days objections are answered; which days are working days, `[audit.office_hours]` says.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Objections {
    /// For the answer of the responsible organisation, from the day after it was filed. Default 10.
    pub days: u32,
}

impl Default for Objections {
    fn default() -> Self {
        Self { days: 10 }
    }
}

impl Objections {
    pub(super) fn check(self, faults: &mut Faults) {
        faults.demand((1..=DAYS_MAX).contains(&self.days), "objections.days", format!("must be 1 to {DAYS_MAX}"));
    }
}
