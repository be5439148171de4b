//! The answer to a look-up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crypto::licence::Identifier;
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::objections::Dispute;

use super::findings::{Finding, Findings};
use super::licences::{LicenceSummary, Licences};
use super::state::Standing;
use crate::broker::merge::{self, AttributeView};
use crate::broker::{Row, State};

/// Whether an answer says all that it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "LookUpStatus")]
pub enum Completeness {
    /// Every source has spoken that was asked, and nothing was left out that the caller named.
    Complete,
    /// Something is missing.
    Partial,
}

impl Completeness {
    /// The name in answers, records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
        }
    }
}

/// The answer to a look-up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LookUpAnswer {
    /// Whether it says all that it could.
    pub status: Completeness,
    /// When it was asked.
    pub as_of: Timestamp,
    /// The version of the catalogue that it was given by.
    pub catalogue_version: u64,
    /// Within how many milliseconds it was to be given.
    pub deadline_ms: u32,
    /// How many milliseconds it took.
    pub took_ms: u64,
    /// What is missing, and what waiting longer would be likely to add.
    pub missing: Vec<Missing>,
    /// What came, resource by resource.
    pub sources: Vec<SourceView>,
    /// The same by attribute, where several resources tell of the same thing.
    pub attributes: Vec<AttributeAnswer>,
}

/// An attribute, as several resources state it.
#[derive(Serialize, JsonSchema)]
pub struct AttributeAnswer {
    /// What they say.
    #[serde(flatten)]
    pub view: AttributeView,
    /// Whether somebody has objected to one of these statements, and the objection is open.
    pub disputed: bool,
}

/// A resource that an answer lacks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Missing {
    /// The resource.
    pub resource: String,
    /// Why.
    pub state: Standing,
    /// By when, in milliseconds from the beginning, nine of ten answers of its source come; absent where waiting would not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
}

/// What came of one resource.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LookUpSource")]
pub struct SourceView {
    /// The resource, by its code.
    pub resource: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The organisation that provides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The source that answers for it; `local` for the licences on record here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What came.
    pub state: Standing,
    /// Why it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<&'static str>,
    /// The fields that were wanted by name and are not granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Why an old answer is given: what would be told without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<State>,
    /// How many milliseconds it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// As of when the source says what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// How many seconds old it is, where the source does not answer and this is what it said before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_s: Option<u64>,
    /// Whether the answer was kept, or came with somebody else's question.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared: bool,
    /// Whether the source was asked twice.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hedged: bool,
    /// The records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowView>,
    /// Objections against it that are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<DisputeView>,
}

/// A record.
#[derive(Serialize, JsonSchema)]
pub struct RowView {
    /// The granted fields that it has.
    pub fields: BTreeMap<String, Value>,
    /// The licence that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceSummary>,
}

/// An objection that is open.
#[derive(Clone, Serialize, JsonSchema)]
pub struct DisputeView {
    /// The objection.
    pub id: String,
    /// The licence that it is against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<Identifier>,
    /// The field that it is against; the whole record when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

impl std::fmt::Debug for AttributeAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttributeAnswer").field("attribute", &self.view.attribute).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RowView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowView").field("fields", &self.fields.keys()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DisputeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DisputeView").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<&Dispute> for DisputeView {
    fn from(dispute: &Dispute) -> Self {
        Self { id: dispute.id.clone(), licence: dispute.licence.clone(), field: dispute.field.clone(), since: dispute.since }
    }
}

impl SourceView {
    /// What is told of one resource.
    #[must_use]
    pub fn new(finding: &Finding<'_>, findings: &Findings, licences: &Licences) -> Self {
        let (resource, outcome) = (finding.asked.resource.as_ref(), finding.outcome);
        // Whoever may not ask a resource is not told more of it than that.
        let resource = resource.filter(|_| finding.asked.leave.permit().is_some());
        let reply = outcome.and_then(|outcome| outcome.reply.as_ref());
        let is_stale = outcome.is_some_and(|outcome| outcome.state == State::Stale);
        Self {
            resource: finding.asked.code.clone(),
            name: resource.map(|resource| resource.name.clone()),
            provider: resource.map(|resource| resource.provider.clone()),
            source: resource.map(|resource| resource.source.clone().unwrap_or_else(|| "local".to_owned())),
            state: finding.standing(),
            denied: finding.denial().map(crypto::grants::Denial::name),
            withheld: finding.asked.withheld().map(str::to_owned).collect(),
            instead_of: outcome.and_then(|outcome| outcome.instead_of),
            took_ms: outcome.map(|outcome| millis(outcome.took)),
            as_of: reply.map(|reply| reply.as_of),
            stale_s: outcome.filter(|_| is_stale).and_then(|outcome| outcome.age).map(|age| age.as_secs()),
            shared: outcome.is_some_and(|outcome| outcome.is_shared),
            hedged: outcome.is_some_and(|outcome| outcome.is_hedged),
            rows: rows(finding, licences),
            disputes: disputes(finding, findings),
        }
    }
}

fn rows(finding: &Finding<'_>, licences: &Licences) -> Vec<RowView> {
    let Some(permit) = finding.asked.leave.permit() else { return Vec::new() };
    let row = |row: &Row| {
        // The adapter gives no other fields; this is the last place where one could leave.
        let granted = row.fields.iter().filter(|(name, _)| permit.fields.contains(*name));
        RowView {
            fields: granted.map(|(name, value)| (name.clone(), value.clone())).collect(),
            licence: row.licence.as_ref().and_then(|identifier| licences.summary(finding.place, identifier)).cloned(),
        }
    };
    finding.rows().iter().map(row).collect()
}

/// The objections that are open against what is told of a resource, each once.
#[must_use]
pub fn disputes(finding: &Finding<'_>, findings: &Findings) -> Vec<DisputeView> {
    let each = finding.rows().iter().flat_map(|row| findings.against(finding.asked, row));
    each.collect::<BTreeSet<_>>().into_iter().map(DisputeView::from).collect()
}

/// What came by attribute, and whether it is disputed.
#[must_use]
pub fn attributes(findings: &Findings) -> Vec<AttributeAnswer> {
    let disputed = |resource: &str, row: &Row, field: &str| {
        let asked = findings.of(resource)?.asked;
        asked.shows(Some(field)).then(|| findings.is_disputed(asked, row, field))
    };
    let views = merge::attributes(&findings.plan.catalogue, &findings.outcomes(), disputed);
    let answer = |view: AttributeView| {
        let others = view.disagree.iter().map(|other| &other.from);
        let disputed = std::iter::once(&view.from).chain(&view.agree).chain(others).any(|from| from.disputed);
        AttributeAnswer { view, disputed }
    };
    views.into_iter().map(answer).collect()
}

/// What an answer lacks.
#[must_use]
pub fn missing(findings: &Findings) -> Vec<Missing> {
    findings.all().filter(Finding::is_missing).map(|finding| lacking(&finding)).collect()
}

/// Why a resource is missing, and by when it would not be.
#[must_use]
pub fn lacking(finding: &Finding<'_>) -> Missing {
    Missing {
        resource: finding.asked.code.clone(),
        state: finding.standing(),
        expected_ms: finding.outcome.and_then(|outcome| outcome.expected).map(millis),
    }
}

/// Whether an answer says all that it could.
#[must_use]
pub fn completeness(findings: &Findings) -> Completeness {
    if findings.is_complete() { Completeness::Complete } else { Completeness::Partial }
}

/// Whole milliseconds.
#[must_use]
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
