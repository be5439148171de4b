//! How a grant comes about: application (申请), conformity check (合规性审核), decision of the provider (授权).

use std::collections::BTreeSet;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::conformity::Finding;
use super::grant::{Consumer, Quota};
use crate::licence::Reason;
use crate::time::Timestamp;

/// An application for a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GrantApplication")]
pub struct Application {
    /// Its identifier, 32 hexadecimal digits.
    pub id: String,
    /// For whom.
    pub consumer: Consumer,
    /// What is wanted.
    pub wish: Wish,
    /// The provider of the resource, which decides unless it is shared without condition.
    pub provider: String,
    /// When.
    pub applied_at: Timestamp,
    /// The calling system that applied, by its name in the configuration.
    pub applied_by: String,
    /// What the automatic part of the conformity check found last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Until when the conformity check is due.
    pub check_due: Timestamp,
    /// What came of the conformity check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Until when the provider's decision is due, once the check is passed and where there is one to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_due: Option<Timestamp>,
    /// What the provider decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// What is wanted of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The resource, by its code.
    pub resource: String,
    /// The items that it is wanted for.
    #[schemars(length(min = 1))]
    pub items: BTreeSet<String>,
    /// The purposes that it is wanted for; any when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub purposes: BTreeSet<String>,
    /// The fields that are to be told.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<String>,
    /// The fields that are to be compared.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub compared: BTreeSet<String>,
    /// On whose authority.
    #[schemars(length(min = 1))]
    pub authorities: BTreeSet<Authority>,
    /// How often.
    #[serde(default)]
    pub quota: Quota,
    /// From when on; from the decision when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// How old an answer may be, in seconds, when the source does not answer; none for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_s_max: Option<u32>,
    /// Whether the changes of these licences and seals are wanted as well.
    #[serde(default)]
    pub feed: bool,
    /// The law or rule that it is wanted by.
    pub legal_basis: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The conformity check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConformityCheck")]
pub struct Check {
    /// Whether the application conforms.
    pub verdict: Verdict,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When.
    pub at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub by: String,
}

/// The decision of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GrantDecision")]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// Why; a refusal has a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When.
    pub at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub by: String,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "GrantVerdict")]
pub enum Verdict {
    /// 通过、同意.
    Approve,
    /// 不通过、不同意.
    Reject,
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationState {
    /// The conformity check is due.
    Applied,
    /// It does not conform.
    Nonconforming,
    /// The decision of the provider is due.
    Checked,
    /// Refused by the provider.
    Refused,
    /// There is a grant.
    Granted,
}

impl Application {
    /// Where it stands. What is shared without condition is granted by passing the check: `decision_due` is absent then.
    #[must_use]
    pub fn state(&self) -> ApplicationState {
        match (&self.check, &self.decision) {
            (None, _) => ApplicationState::Applied,
            (Some(Check { verdict: Verdict::Reject, .. }), _) => ApplicationState::Nonconforming,
            (Some(_), Some(Decision { verdict: Verdict::Reject, .. })) => ApplicationState::Refused,
            (Some(_), Some(_)) => ApplicationState::Granted,
            (Some(_), None) if self.decision_due.is_none() => ApplicationState::Granted,
            (Some(_), None) => ApplicationState::Checked,
        }
    }

    /// Until when the next step is due, as long as there is one to take.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match self.state() {
            ApplicationState::Applied => Some(self.check_due),
            ApplicationState::Checked => self.decision_due,
            ApplicationState::Nonconforming | ApplicationState::Refused | ApplicationState::Granted => None,
        }
    }

    /// Whether something about it should have been done by now.
    #[must_use]
    pub fn is_overdue(&self, at: Timestamp) -> bool {
        self.due().is_some_and(|due| at >= due)
    }
}

impl Verdict {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

impl ApplicationState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Applied, Self::Nonconforming, Self::Checked, Self::Refused, Self::Granted];

    /// The name in JSON and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Nonconforming => "nonconforming",
            Self::Checked => "checked",
            Self::Refused => "refused",
            Self::Granted => "granted",
        }
    }
}

impl FromStr for ApplicationState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(())
    }
}
