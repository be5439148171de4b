//! `[grants]`: within how many working days applications for grants are dealt with.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// The longest time limit, in working days.
const DAYS_MAX: u32 = 250;

/// Within how many working days applications for grants are dealt with; which days are working days, `[audit.office_hours]` says.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// For the conformity check. Default 2.
    pub check_days: u32,
    /// For the decision of the provider, once the check is passed. Default 5.
    pub decision_days: u32,
}

impl Default for Grants {
    fn default() -> Self {
        Self { check_days: 2, decision_days: 5 }
    }
}

impl Grants {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (key, days) in [("grants.check_days", self.check_days), ("grants.decision_days", self.decision_days)] {
            faults.demand((1..=DAYS_MAX).contains(&days), key, format!("must be 1 to {DAYS_MAX}"));
        }
    }
}
