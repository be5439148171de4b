//! Whom this gateway believes, and how fresh its knowledge is.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::report::CertificateSummary;
use crypto::time::Timestamp;
use crypto::x509::trust::RevocationPolicy;
use crypto::x509::{Domain, Purpose, RevocationList};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::http::{Answer, Problem, Request};

/// Everything that is trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrustView {
    /// The digest of everything in force: two gateways with the same digest decide alike.
    pub generation: Sha256,
    /// The domains, in the order of the configuration.
    pub domains: Vec<DomainView>,
}

/// A trust domain.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DomainView {
    /// Name in reports.
    pub name: String,
    /// What it is good for.
    pub purpose: Purpose,
    /// What a missing revocation list means.
    pub revocation: RevocationPolicy,
    /// Accepted signature algorithms.
    pub algorithms: Vec<String>,
    /// Trust anchors.
    pub anchors: Vec<CertificateSummary>,
    /// Authorities that documents may leave out.
    pub intermediates: Vec<CertificateSummary>,
    /// Makers of seals that are accepted; every one under the anchors when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub makers: Option<Vec<Sha256>>,
    /// Revocation lists.
    pub lists: Vec<ListView>,
}

/// A revocation list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListView {
    /// Whose.
    pub issuer: String,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
    /// How long ago it was made, in seconds.
    pub age_s: i64,
    /// Whether the next is overdue.
    pub stale: bool,
    /// Certificates that it revokes.
    pub entries: usize,
}

impl DomainView {
    fn new(domain: &Domain, now: Timestamp) -> Self {
        Self {
            name: domain.name.clone(),
            purpose: domain.purpose,
            revocation: domain.revocation,
            algorithms: domain.algorithms.iter().map(|rule| rule.algorithm.row().name.to_owned()).collect(),
            anchors: domain.anchors.iter().map(|anchor| anchor.summary()).collect(),
            intermediates: domain.intermediates.iter().map(|one| one.summary()).collect(),
            makers: domain.makers.as_ref().map(|makers| makers.iter().copied().collect()),
            lists: domain.lists.iter().map(|list| ListView::new(list, now)).collect(),
        }
    }
}

impl ListView {
    fn new(list: &RevocationList, now: Timestamp) -> Self {
        Self {
            issuer: list.issuer().to_string(),
            this_update: list.this_update(),
            next_update: list.next_update(),
            age_s: now.unix().saturating_sub(list.this_update().unix()),
            stale: list.next_update().is_some_and(|next| next < now),
            entries: list.len(),
        }
    }
}

/// `GET /v1/trust`
///
/// # Errors
/// None; the form is that of every handler.
pub async fn overview(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let trust = app.trust.current();
    let domains = trust.domains().iter().map(|domain| DomainView::new(domain, request.now)).collect();
    Ok(Answer::json(StatusCode::OK, &TrustView { generation: trust.generation(), domains }))
}
