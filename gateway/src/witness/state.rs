//! How far witnesses have come, as callers see it.

use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the newest checkpoint of a log is witnessed. Nothing waits for it, and nothing fails without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessState {
    /// No policy asks for witnesses.
    NotRequired,
    /// Fewer witnesses than the policy demands have signed the newest checkpoint so far.
    Waiting,
    /// As many as the policy demands have signed it.
    Witnessed,
}

impl WitnessState {
    /// The name in answers and proofs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRequired => "not-required",
            Self::Waiting => "waiting",
            Self::Witnessed => "witnessed",
        }
    }
}

/// The state, with the newest checkpoint that is witnessed and how each witness does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WitnessedView {
    /// The state of the newest checkpoint.
    pub state: WitnessState,
    /// The size of the newest tree that is witnessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Since when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How long ago that was, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_s: Option<i64>,
    /// Its checkpoint, with the lines of the witnesses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The witnesses, in the order of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<Standing>,
}

/// How one witness does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// Its name in the policy.
    pub name: String,
    /// The size of the tree that it signed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When it says that it signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What went wrong last, as a stable code, where nothing has gone well since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Failures since it signed last.
    pub failures: u32,
}

impl WitnessedView {
    /// Where no policy asks for witnesses.
    pub const NOT_REQUIRED: Self =
        Self { state: WitnessState::NotRequired, size: None, at: None, age_s: None, checkpoint: None, witnesses: Vec::new() };
}
