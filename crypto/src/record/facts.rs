//! What a record says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Ending, EventKind};
use crate::digest::Sha256;
use crate::time::Timestamp;

/// Where a record stands: its first part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// Its number in its log, from 0, without gaps, over all shards.
    pub number: u64,
    /// When it happened. Within a log it never runs backwards.
    pub at: Timestamp,
}

/// What happened: the second part. Nothing in it is about the citizen whom the matter concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What happened.
    pub event: EventKind,
    /// How it ended.
    pub outcome: Ending,
    /// The stable code of the verdict or of the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The name of the request, as in the header of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The calling system, by its name in the configuration; the gateway itself is `licet`, and nobody known is `-`.
    pub caller: String,
    /// The organisation that the caller speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The caller's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Sha256>,
    /// The address that the caller came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The person who acted, by the pseudonym that the calling system gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The seals concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<SealMention>,
    /// The document concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentMention>,
    /// The code of the body that issued the licence concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The code of the item (事项) that it served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The approval that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// From when it holds, where that is not when it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// What this kind of event has beyond that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}

impl Facts {
    /// Nothing but what happened, how it ended and who called.
    #[must_use]
    pub const fn new(event: EventKind, outcome: Ending, caller: String) -> Self {
        Self {
            event,
            outcome,
            code: None,
            request: None,
            caller,
            organisation: None,
            certificate: None,
            address: None,
            operator: None,
            seals: Vec::new(),
            document: None,
            issuer: None,
            item: None,
            purpose: None,
            approval: None,
            effective_at: None,
            details: BTreeMap::new(),
        }
    }
}

/// A seal that a record is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealMention {
    /// Its identifier (`esID`).
    pub id: String,
    /// The digest of the seal, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The organisation that owns it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A document that a record is about, by its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentMention {
    /// SHA-256 of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// SM3 of the file, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm3: Option<String>,
}

/// What a record says about a citizen: the third part, which can be erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectPart {
    /// The licence, by its identifier: its serial may be somebody's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The case (办件) that it served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// What this kind of event has beyond that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}
