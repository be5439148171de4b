//! What a verdict was drawn from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::rules::Rules;
use crate::digest::Sha256;
use crate::status_list::{Known, Reference, TokenStatus};
use crate::time::Timestamp;

/// Everything that a verdict was drawn from, and the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// The document.
    pub document: EnclosedDocument,
    /// The moment in question.
    pub at: Timestamp,
    /// Since when the gateway had the document on record, where that counted as proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_since: Option<Timestamp>,
    /// What the holder of a credential was asked to sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation: Option<Expected>,
    /// The report, at depth `detailed`.
    pub report: Value,
    /// Whom to believe, and by which rules.
    pub rules: Rules,
    /// Every certificate that was used, and those that came with the question.
    pub certificates: BTreeMap<Sha256, Der>,
    /// Those that came with the question.
    pub given: Vec<Sha256>,
    /// Revocation lists that were asked.
    pub lists: BTreeMap<Sha256, EnclosedEvidence>,
    /// OCSP responses that were asked.
    pub responses: BTreeMap<Sha256, EnclosedEvidence>,
    /// Status lists that came with the question.
    pub status_lists: Vec<String>,
    /// What the gateway's own records said of a credential's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_status: Option<KnownStatus>,
    /// Time stamps that were read: their tokens are in the document.
    pub timestamps: Value,
    /// The seals on file with which the document is sealed.
    pub seals: BTreeMap<Sha256, Der>,
}

/// The document, or its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnclosedDocument {
    /// SHA-256 of it.
    pub sha256: Sha256,
    /// SM3 of it, 64 hexadecimal digits.
    pub sm3: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The document itself, unless it was to be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Der>,
}

/// Where a piece of evidence came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The gateway had it.
    Gateway,
    /// It came with the question.
    Question,
    /// It is inside the document.
    Document,
}

/// A revocation list or an OCSP response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnclosedEvidence {
    /// Where it came from.
    pub source: Source,
    /// When the gateway received it, if that is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
    /// Its length in bytes; absent for what is inside the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The thing itself. Absent for what is inside the document, and for what is too large to be enclosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub der: Option<Der>,
}

impl EnclosedEvidence {
    /// Whether it was used and is nowhere in the file.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        self.der.is_none() && self.source != Source::Document
    }
}

/// What the holder of a credential was asked to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Who asked.
    pub audience: String,
    /// What was to be signed this time.
    pub nonce: String,
    /// For how many seconds a presentation counts.
    pub age_max_s: i64,
}

/// What the gateway's own records said of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownStatus {
    /// The list.
    pub uri: String,
    /// The place in it.
    pub idx: u64,
    /// What stands there, as in a status list.
    pub status: u8,
}

impl KnownStatus {
    /// The same in writing.
    #[must_use]
    pub fn of(known: &Known) -> Self {
        Self { uri: known.reference.uri.clone(), idx: known.reference.idx, status: known.status.value() }
    }

    /// The same as verification takes it.
    #[must_use]
    pub fn known(&self) -> Known {
        let reference = Reference { uri: self.uri.clone(), idx: self.idx };
        Known { reference, status: TokenStatus::from_value(self.status) }
    }
}

/// Bytes that stand in JSON as base64, in its one form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Der(pub Vec<u8>);

impl fmt::Debug for Der {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Der({})", self.0.len())
    }
}

impl Serialize for Der {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(|_error| serde::de::Error::custom("not base64"))
    }
}

impl JsonSchema for Der {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Der".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

impl Material {
    /// SHA-256 of the material as it stands in a bundle.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&[&serde_json::to_vec(self).unwrap_or_default()])
    }

    /// What was used and is not in the file, by its digest: it was too large.
    #[must_use]
    pub fn left_out(&self) -> BTreeSet<Sha256> {
        let all = self.lists.iter().chain(&self.responses);
        all.filter(|(_, evidence)| evidence.is_left_out()).map(|(sha256, _)| *sha256).collect()
    }
}
