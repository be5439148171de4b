//! What a source is asked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crypto::catalogue::Resource;
use crypto::grants::{Authority, Consumer};
use crypto::licence::HolderNumber;
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question about one subject to one resource, which a permit allows. Its `Debug` shows no number.
#[derive(Clone)]
pub struct Question {
    /// About whom.
    pub subject: HolderNumber,
    /// What is asked, as the catalogue has it.
    pub resource: Arc<Resource>,
    /// The fields that may be told: nothing else leaves the source's adapter.
    pub fields: BTreeSet<String>,
    /// How old an answer may be, in seconds, that is given because the source does not answer; none for never.
    pub stale_s_max: Option<u32>,
    /// What it is for: the same for all questions of a look-up.
    pub errand: Arc<Errand>,
}

/// What a look-up is for, as sources are told and records keep it.
#[derive(Clone, Debug)]
pub struct Errand {
    /// When it was asked.
    pub now: Timestamp,
    /// The name of the request.
    pub request_id: String,
    /// Who asks.
    pub consumer: Consumer,
    /// On whose authority.
    pub authority: Authority,
    /// The code of the item.
    pub item: String,
    /// The purpose.
    pub purpose: Option<String>,
    /// The number of the case. May be about somebody: told to sources, and kept where it can be erased.
    pub case: Option<String>,
    /// The person who asks, by the pseudonym that the calling system gives.
    pub operator: Option<String>,
    /// How much it matters that it is answered when not all can be.
    pub class: Class,
}

/// How much it matters that a look-up is answered when not all can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Somebody stands at the counter.
    #[default]
    Interactive,
    /// A system goes through many; the first to be put off.
    Batch,
}

impl Class {
    /// The name in headers, records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("resource", &self.resource.code)
            .field("fields", &self.fields)
            .field("request_id", &self.errand.request_id)
            .finish_non_exhaustive()
    }
}
