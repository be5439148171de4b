//! How the sources of revocation lists and OCSP answers do.

use std::sync::Arc;

use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::http::{Answer, Problem, Request};
use crate::status::{Extent, Standing};

/// Every source, and what there is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourcesView {
    /// The sources, in the order of the configuration.
    pub sources: Vec<SourceView>,
    /// What is known.
    pub evidence: EvidenceView,
}

/// A source of the status of certificates.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceView {
    /// The trust domain that it serves.
    pub domain: String,
    /// `list` or `ocsp`.
    pub kind: String,
    /// Its address, without query.
    pub url: String,
    /// When it last gave something good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<Timestamp>,
    /// How long ago that was, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_s: Option<i64>,
    /// The issuer's own time of the newest evidence from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this_update: Option<Timestamp>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<FaultView>,
    /// Failures since the last success.
    pub failures: u32,
    /// When it is asked next, at the earliest; absent for at once, and for a responder that there is nothing to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// What went wrong with a source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FaultView {
    /// A stable code.
    pub code: String,
    /// More of it, such as the status of HTTP.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// How much evidence there is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EvidenceView {
    /// Certificates that responders are asked about.
    pub certificates: usize,
    /// Lists at hand, old ones included.
    pub lists: usize,
    /// OCSP answers at hand, old ones included.
    pub responses: usize,
    /// Memory that they take, in bytes, about.
    pub bytes: u64,
    /// Lists and answers in the store.
    pub stored: u64,
}

impl SourceView {
    fn new(standing: Standing, now: Timestamp) -> Self {
        let fault = |(fault, at): (crate::status::Fault, Timestamp)| FaultView {
            code: fault.code().to_owned(),
            detail: fault.to_string(),
            at,
        };
        Self {
            domain: standing.domain,
            kind: standing.kind.name().to_owned(),
            url: standing.url,
            succeeded_at: standing.succeeded_at,
            age_s: standing.succeeded_at.map(|at| now.unix().saturating_sub(at.unix())),
            this_update: standing.this_update,
            last_error: standing.fault.map(fault),
            failures: standing.failures,
            next_at: standing.next_at,
        }
    }
}

/// `GET /v1/trust/status`
///
/// # Errors
/// When the gateway is too busy or the store does not answer.
pub async fn overview(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let sources = app.status.standings().into_iter().map(|standing| SourceView::new(standing, request.now)).collect();
    let Extent { questions, lists, responses, bytes } = app.status.extent();
    let store = app.store().clone();
    let stored = app.pool.run(move || store.evidence().count()).await??;
    let evidence = EvidenceView { certificates: questions, lists, responses, bytes, stored };
    Ok(Answer::json(StatusCode::OK, &SourcesView { sources, evidence }))
}
