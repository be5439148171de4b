//! Demands (需求清单): who wants what that is not shared yet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Date;

/// A demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// Its code, chosen by who demands.
    pub code: String,
    /// The organisation that wants it.
    pub organisation: String,
    /// The organisation that is thought to have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What is wanted.
    pub name: String,
    /// The fields that are wanted, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The items that it is wanted for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The law or rule that it is wanted by.
    pub legal_basis: String,
    /// The day of the demand.
    pub since: Date,
    /// What came of it.
    #[serde(default)]
    pub state: DemandState,
    /// The resource that answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why it is not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of a demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DemandState {
    /// Nothing yet.
    #[default]
    Open,
    /// A resource answers it.
    Answered,
    /// It is not to be had; the reason says why.
    Declined,
}
