//! What is done about an objection, and where that leads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::licence::Reason;
use crate::time::Timestamp;

/// Something that was done about an objection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// What.
    #[serde(flatten)]
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub by: String,
    /// The organisation that it speaks for.
    pub organisation: String,
}

/// What can be done about an objection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// 受理: the responsible organisation takes it on.
    Accept,
    /// 转办: it is handed on to another organisation, which is responsible from then on.
    Forward {
        /// That organisation.
        to: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// 答复: it is answered.
    Answer {
        /// What was decided.
        decision: Decision,
        /// Why, and what was done.
        text: Reason,
    },
    /// 撤回: who filed it takes it back.
    Withdraw,
}

/// What a department decides about an objection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// 属实, 已更正: it is right, and what was wrong is put right.
    Corrected,
    /// 不属实: what is on record stands.
    Rejected,
}

/// Where an objection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Filed, or handed on, and not taken on yet.
    Filed,
    /// Taken on.
    Accepted,
    /// Answered: what was wrong is put right.
    Corrected,
    /// Answered: what is on record stands.
    Rejected,
    /// Taken back.
    Withdrawn,
}

impl Step {
    /// Where it leads.
    #[must_use]
    pub const fn leads_to(&self) -> State {
        match self {
            Self::Accept => State::Accepted,
            Self::Forward { .. } => State::Filed,
            Self::Answer { decision: Decision::Corrected, .. } => State::Corrected,
            Self::Answer { decision: Decision::Rejected, .. } => State::Rejected,
            Self::Withdraw => State::Withdrawn,
        }
    }

    /// The name in JSON and records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Forward { .. } => "forward",
            Self::Answer { .. } => "answer",
            Self::Withdraw => "withdraw",
        }
    }
}

impl State {
    /// Whether somebody still has to do something about it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Filed | Self::Accepted)
    }
}
