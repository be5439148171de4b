//! Whom this gateway believes, and how fresh its knowledge is.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::report::CertificateSummary;
use crypto::time::Timestamp;
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::trust::{AlgorithmRule, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, ServiceStatus};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::auth::Role;
use crate::http::{Answer, Code, Problem, Request};

/// Everything that is trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrustView {
    /// The digest of everything in force: two gateways with the same digest decide alike.
    pub generation: Sha256,
    /// Where it comes from: `configuration`, or `list`.
    pub source: &'static str,
    /// The rules that decide on signatures.
    pub policy: PolicyView,
    /// When the list was signed, if it comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// When the next list is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
    /// Whether the next list is overdue.
    pub stale: bool,
    /// When the files were last read well, or found unchanged.
    pub loaded_at: Timestamp,
    /// How long ago that was, in seconds.
    pub age_s: i64,
    /// When the files could not be read again, if that is how it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<Timestamp>,
    /// Why; for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The domains, in the order of the configuration.
    pub domains: Vec<DomainView>,
}

/// Rules that decide on signatures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PolicyView {
    /// Name in reports.
    pub name: String,
    /// Version in reports; that of the list, if it comes from one.
    pub version: u64,
    /// Types of licence that demand something of those who sign.
    pub types: Vec<String>,
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
    pub algorithms: Vec<AlgorithmView>,
    /// Smallest RSA modulus accepted, in bits.
    pub rsa_bits_min: usize,
    /// Extended key usages of which a certificate must have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended_usages: Vec<String>,
    /// Most authorities between a certificate and its anchor, not counting those that issued to themselves.
    pub intermediates_max: usize,
    /// Which certificate policies are demanded.
    pub policies: PolicyRulesView,
    /// Trust anchors.
    pub anchors: Vec<AnchorView>,
    /// Authorities that documents may leave out.
    pub intermediates: Vec<CertificateSummary>,
    /// Makers of seals that are accepted; every one under the anchors when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub makers: Option<Vec<Sha256>>,
    /// Revocation lists.
    pub lists: Vec<ListView>,
}

/// Which certificate policies are demanded of every path (RFC 5280, 6.1.1).
#[derive(Debug, Serialize, JsonSchema)]
pub struct PolicyRulesView {
    /// The policies that are good; any when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial: Option<Vec<String>>,
    /// Whether every path must have a policy.
    pub explicit: bool,
    /// Whether no authority may declare its policies to be equal to others.
    pub inhibit_mapping: bool,
    /// Whether `anyPolicy` stands for no policy.
    pub inhibit_any: bool,
}

/// An accepted algorithm.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlgorithmView {
    /// Its name.
    pub name: String,
    /// The last moment at which it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A trust anchor with the service behind it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnchorView {
    /// The certificate.
    #[serde(flatten)]
    pub certificate: CertificateSummary,
    /// Whether the service is offered.
    pub status: ServiceStatus,
    /// First moment of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Last moment of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
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

impl TrustView {
    fn new(app: &App, request: &Request) -> Self {
        let (trust, standing) = (app.trust.current(), app.trust.standing());
        let policy = trust.policy();
        let is_operator = request.caller.roles.contains(&Role::Operator);
        Self {
            generation: trust.generation(),
            source: app.renewal.source().name(),
            policy: PolicyView {
                name: policy.name.clone(),
                version: policy.version,
                types: policy.types.keys().cloned().collect(),
            },
            issued_at: standing.list.as_ref().map(|list| list.issued_at),
            next_update: standing.list.as_ref().map(|list| list.next_update),
            stale: standing.is_stale(request.now),
            loaded_at: standing.loaded_at,
            age_s: standing.age_s(request.now),
            last_error_at: standing.trouble.as_ref().map(|trouble| trouble.at),
            last_error: standing.trouble.filter(|_| is_operator).map(|trouble| trouble.message),
            domains: trust.domains().iter().map(|domain| DomainView::new(domain, request.now)).collect(),
        }
    }
}

impl DomainView {
    fn new(domain: &Domain, now: Timestamp) -> Self {
        let algorithm = |rule: &AlgorithmRule| AlgorithmView { name: rule.algorithm.row().name.to_owned(), until: rule.until };
        Self {
            name: domain.name.clone(),
            purpose: domain.purpose,
            revocation: domain.revocation,
            algorithms: domain.algorithms.iter().map(algorithm).collect(),
            rsa_bits_min: domain.rsa_bits_min,
            extended_usages: domain.extended_usages.iter().map(ToString::to_string).collect(),
            intermediates_max: domain.intermediates_max,
            policies: PolicyRulesView::new(&domain.policies),
            anchors: domain.anchors.iter().map(|anchor| AnchorView::new(anchor, domain)).collect(),
            intermediates: domain.intermediates.iter().map(|one| one.summary()).collect(),
            makers: domain.makers.as_ref().map(|makers| makers.iter().copied().collect()),
            lists: domain.lists.iter().map(|list| ListView::new(list, now)).collect(),
        }
    }
}

impl PolicyRulesView {
    fn new(rules: &PolicyRules) -> Self {
        Self {
            initial: rules.initial.as_ref().map(|initial| initial.iter().map(ToString::to_string).collect()),
            explicit: rules.explicit,
            inhibit_mapping: rules.inhibit_mapping,
            inhibit_any: rules.inhibit_any,
        }
    }
}

impl AnchorView {
    fn new(anchor: &Certificate, domain: &Domain) -> Self {
        let service = domain.services.get(&anchor.sha256()).copied().unwrap_or_default();
        Self { certificate: anchor.summary(), status: service.status, from: service.from, until: service.until }
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
    Ok(Answer::json(StatusCode::OK, &TrustView::new(&app, &request)))
}

/// `POST /v1/trust/reload`
///
/// # Errors
/// When what the files say cannot be put in force.
pub async fn reload(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (shared, now, trail) = (Arc::clone(&app), request.now, Arc::clone(&request.trail));
    request.trail.detail("source", app.renewal.source().name());
    let before = app.trust.current().generation();
    let begins = move |generation: Sha256| {
        trail.detail("trust", json!(generation));
        trail.begins()
    };
    let renewed = app.pool.run(move || shared.renewal.renew(&shared.trust, now, begins)).await?;
    let generation = app.trust.current().generation();
    request.trail.detail("trust", json!(generation));
    request.trail.detail("unchanged", generation == before);
    // The operator asked, so the operator is told what is wrong with the files.
    renewed.map_err(|faults| Problem::new(Code::TrustNotReloaded).detail(faults.to_string(), faults.to_string()))?;
    Ok(Answer::json(StatusCode::OK, &TrustView::new(&app, &request)))
}
