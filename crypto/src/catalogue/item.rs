//! Items (事项), and the materials that each needs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An item: a matter that citizens bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its code (事项编码).
    pub code: String,
    /// Its name.
    pub name: String,
    /// The organisation that decides it.
    pub organisation: String,
    /// What has to be handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
}

/// Something that has to be handed in, and what on record takes its place (免证办).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Its code, one within the item.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether the matter cannot do without it.
    #[serde(default)]
    pub required: bool,
    /// Types of licences of which one takes its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licence_types: Vec<String>,
    /// Resources of which one takes its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}
