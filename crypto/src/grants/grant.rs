//! A grant.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use crate::catalogue::Catalogue;
use crate::licence::Reason;
use crate::time::Timestamp;

/// What a caller may ask of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its identifier, 32 hexadecimal digits: that of the application that it came from.
    pub id: String,
    /// Who may ask.
    pub consumer: Consumer,
    /// The resource, by its code.
    pub resource: String,
    /// The provider of the resource when the grant was made. When the resource comes to another, nothing is allowed under it.
    pub provider: String,
    /// The items that it may be asked for, by their codes. At least one.
    pub items: BTreeSet<String>,
    /// The purposes that it may be asked for; any purpose when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub purposes: BTreeSet<String>,
    /// The fields that are told.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<String>,
    /// The fields that are compared with what the caller knows, and not told. Fields that are told may be compared as well.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub compared: BTreeSet<String>,
    /// On whose authority. At least one.
    pub authorities: BTreeSet<Authority>,
    /// How often.
    #[serde(default)]
    pub quota: Quota,
    /// From when on.
    pub from: Timestamp,
    /// Until when, this moment excluded.
    pub until: Timestamp,
    /// How old an answer may be, in seconds, that is given because the source does not answer; none for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_s_max: Option<u32>,
    /// Whether the caller may follow what happens to the licences and seals that the resource consists of.
    #[serde(default)]
    pub feed: bool,
    /// When it was made.
    pub granted_at: Timestamp,
    /// The calling system that decided, by its name in the configuration.
    pub granted_by: String,
    /// When and why it ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

/// Who may ask under a grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// The calling system, by its name in the configuration.
    pub caller: String,
    /// The organisation that it speaks for.
    pub organisation: String,
}

/// How often a caller may ask under a grant. What is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Questions a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub per_second: Option<u32>,
    /// Questions a day, in China.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub per_day: Option<u64>,
    /// Questions altogether.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub total: Option<u64>,
    /// Records told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
}

/// How many records may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Records a day, in China.
    #[schemars(range(min = 1))]
    pub per_day: u64,
}

/// The end of a grant before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub by: String,
    /// Why.
    pub reason: Reason,
}

impl Grant {
    /// Whether it is in force at this moment.
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until && self.withdrawn.as_ref().is_none_or(|withdrawal| at < withdrawal.at)
    }

    /// Whether the resource is still that of the provider who granted it. Under a grant of one who is not, nothing is allowed.
    #[must_use]
    pub fn is_of_provider(&self, catalogue: &Catalogue) -> bool {
        catalogue.resource(&self.resource).is_some_and(|resource| resource.provider == self.provider)
    }
}
