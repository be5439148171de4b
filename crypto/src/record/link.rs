//! Links: what joins the records of one seal, or of one person, so that none of them can be left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::Stamp;
use crate::digest::Sha256;

/// What the records of a chain have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// They concern one seal.
    Seal,
    /// They concern one person.
    Subject,
}

/// The digest of a chain: 32 zero bytes for an empty one, and
/// `SHA-256("licet chain v1\n" ‖ digest before ‖ number in 8 bytes, big-endian)` behind each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Chain(pub Sha256);

impl Chain {
    /// Of no record.
    pub const EMPTY: Self = Self(Sha256([0; 32]));

    /// With one more record.
    #[must_use]
    pub fn then(self, number: u64) -> Self {
        Self(Sha256::of(&[b"licet chain v1\n", &self.0.0, &number.to_be_bytes()]))
    }
}

/// The record before, in a chain.
pub type Previous = Stamp;

/// The state of a key's chain before the record that the link is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What kind of key.
    pub kind: KeyKind,
    /// The key: a keyed digest of a seal's identifier, or a random pseudonym of a person.
    pub key: Sha256,
    /// How many records the chain had.
    pub count: u64,
    /// The digest of them.
    pub chain: Chain,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

impl Link {
    /// The first link of a key.
    #[must_use]
    pub const fn first(kind: KeyKind, key: Sha256) -> Self {
        Self { kind, key, count: 0, chain: Chain::EMPTY, previous: None }
    }

    /// The link that follows when the record that this one is part of stands at `stamp`.
    #[must_use]
    pub fn next(&self, stamp: Stamp) -> Self {
        Self { count: self.count.saturating_add(1), chain: self.chain.then(stamp.number), previous: Some(stamp), ..*self }
    }
}
