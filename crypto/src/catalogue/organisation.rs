//! Organisations (机构), as a tree of four levels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its unified social credit code, 18 characters.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The level that it works at.
    pub level: Level,
    /// The code of the organisation above it; none at the top of a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The area that it is for, six digits (GB/T 2260).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
}

/// The level of an organisation, from the top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 市
    City,
    /// 县、区
    County,
    /// 乡镇、街道
    Township,
    /// 村、社区
    Village,
}
