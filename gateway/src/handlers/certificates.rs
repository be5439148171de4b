//! Certificates on file: registering them, and reading them back.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::report::CertificateSummary;
use crypto::time::Timestamp;
use crypto::x509::{Certificate, pem};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use storage::certificates::CertificateRecord;

use super::licences::tagged;
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};

/// A certificate on file. That it is on file says nothing about whether it is trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CertificateView {
    /// What it says of itself.
    pub certificate: CertificateSummary,
    /// When it was put on file.
    pub added_at: Timestamp,
    /// The caller that put it on file.
    pub added_by: String,
}

impl CertificateView {
    fn new(record: &CertificateRecord) -> Result<Self, Problem> {
        let certificate = Certificate::from_der(&record.der).or(Err(Code::Internal))?;
        Ok(Self { certificate: certificate.summary(), added_at: record.added_at, added_by: record.added_by.clone() })
    }
}

/// `POST /v1/certificates`
///
/// # Errors
/// [`Code::BadContent`] when the body is not exactly one certificate.
pub async fn register(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (shared, body) = (Arc::clone(&app), request.body.clone());
    let (name, now) = (request.caller.name.clone(), request.now);
    let trail = Arc::clone(&request.trail);
    // Read in the pool as well: a body of many certificates takes longer than a task may.
    let add = move || -> Result<_, Problem> {
        let read = pem::certificates(&body).unwrap_or_default();
        let [certificate] = read.as_slice() else {
            return Err(Problem::new(Code::BadContent).detail("The body is not exactly one certificate.", "请求体应为单个证书。"));
        };
        trail.detail("sha256", json!(certificate.sha256()));
        Ok(shared.store().certificates().recording(&trail.carried()).add(certificate.raw(), &name, now)?)
    };
    let stored = app.pool.run(add).await??;
    let is_new = stored.is_new();
    if !is_new {
        request.trail.detail("unchanged", true);
    }
    let record = stored.into_inner();
    let place = format!("/v1/certificates/{}", record.sha256);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Answer::json(status, &CertificateView::new(&record)?).located(&place))
}

/// `GET /v1/certificates/{sha256}`
///
/// # Errors
/// [`Code::CertificateNotFound`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    Ok(Answer::json(StatusCode::OK, &CertificateView::new(&find(&app, &request).await?)?))
}

/// `GET /v1/certificates/{sha256}/file`
///
/// # Errors
/// [`Code::CertificateNotFound`].
pub async fn file(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let found = find(&app, &request).await?;
    tagged(&request, &found.sha256.to_string(), "application/pkix-cert", found.der)
}

async fn find(app: &Arc<App>, request: &Request) -> Result<CertificateRecord, Problem> {
    let sha256 = Sha256::from_hex(request.params.value("sha256")?).ok_or_else(|| Problem::parameter("sha256"))?;
    request.trail.detail("sha256", json!(sha256));
    let shared = Arc::clone(app);
    let found = app.pool.run(move || shared.store().certificates().certificate(&sha256)).await??;
    Ok(found.ok_or(Code::CertificateNotFound)?)
}
