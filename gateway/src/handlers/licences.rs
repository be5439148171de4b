//! Licences: handing them in, and reading them back.

use std::str::FromStr;
use std::sync::Arc;

use crypto::licence::{Identifier, Operation, Record, Status};
use crypto::report::Report;
use crypto::status_list::Reference;
use crypto::time::Timestamp;
use crypto::verify::{self, Format, Verified};
use hyper::StatusCode;
use hyper::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use storage::Stored;
use storage::licences::Ingest;
use storage::objections::Dispute;

use super::noted;
use super::own::{change, demand_own, demand_readable, identifier};
use super::verifications::declared;
use crate::about::About;
use crate::app::App;
use crate::feed::LICENCE_TYPE;
use crate::http::{Answer, Code, Problem, Request};

/// A licence as it is on record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LicenceView {
    /// Its identifier.
    pub identifier: Identifier,
    /// Its state now; one that nobody ended has expired when its time is over.
    pub status: Option<Status>,
    /// Its place in the published status lists, for credentials that refer to it; absent where none are published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_list: Option<Reference>,
    /// Why it is disputed, as long as objections against it are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    /// Everything on record about it.
    pub record: Record,
}

impl LicenceView {
    pub(super) fn new(app: &App, record: Record, now: Timestamp) -> Result<Self, Problem> {
        let status_list = match &app.judge.status_lists {
            Some(lists) => app.store().licences().slot(record.identifier())?.map(|slot| lists.reference(slot)),
            None => None,
        };
        let disputes = app.store().objections().disputes_of_licence(record.identifier())?;
        Ok(Self { identifier: record.identifier().clone(), status: record.standing_at(now), status_list, disputes, record })
    }
}

/// What brings a licence in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Entry {
    /// A first version.
    Issue,
    /// A later version that prolongs the one before.
    Extend,
    /// A later version that replaces the one before.
    Change,
}

impl FromStr for Entry {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "issue" => Ok(Self::Issue),
            "extend" => Ok(Self::Extend),
            "change" => Ok(Self::Change),
            _ => Err(()),
        }
    }
}

impl From<Entry> for Operation {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Issue => Self::Issue,
            Entry::Extend => Self::Extend,
            Entry::Change => Self::Change,
        }
    }
}

/// `POST /v1/licences`
///
/// # Errors
/// [`Code::NotVerified`] with the report, [`Code::OtherOrganisation`], and what the store refuses.
pub async fn ingest(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let operation = request.query.parsed::<Entry>("operation")?.map(Operation::from);
    declared(request.media, &request.body)?;
    let now = request.now;
    let verified = verified(&app, &request).await?;
    noted::verified(&request, &verified);
    request.trail.detail(LICENCE_TYPE, verified.metadata().type_code.as_str());
    if let Some(operation) = operation {
        request.trail.detail("operation", json!(operation));
    }
    let licence = verified.metadata().identifier.clone();
    let (caller, carried) = (Arc::clone(&request.caller), request.trail.carried());
    let stored = change(&app, licence, move |app| {
        let how = Ingest { operation, actor: caller.name.clone(), organisation: caller.organisation.clone(), now };
        Ok(app.store().licences().recording(&carried).ingest(&verified, &how)?)
    })
    .await?;
    let (status, record) = match stored {
        Stored::Created(record) => (StatusCode::CREATED, record),
        Stored::Unchanged(record) => {
            request.trail.detail("unchanged", true);
            (StatusCode::OK, record)
        }
    };
    let place = format!("/v1/licences/{}", record.identifier());
    Ok(Answer::json(status, &LicenceView::new(&app, record, now)?).located(&place))
}

/// The document as something that may be stored, if it verifies now and is of the caller's own organisation.
async fn verified(app: &App, request: &Request) -> Result<Verified, Problem> {
    let (document, now, trust) = (request.body.clone(), request.now, app.trust.current());
    let judge = Arc::clone(&app.judge);
    let question = move || -> Result<_, Problem> {
        let question = verify::Question::new(&document, now);
        let mut verification = verify::verify(&question, &trust);
        judge.status.need(&verification.judged, now);
        // A seal that is out of use makes no licence.
        judge.add_seals(&mut verification.report, (now, true))?;
        let report = verification.report.clone();
        let metadata = verification.metadata.as_ref();
        let about = metadata.map(|metadata| (metadata.issuer_code.clone(), About::metadata(metadata, now)));
        let diagnostic = verification.diagnostic.clone();
        Ok((verification.into_verified(document.to_vec()), (report, diagnostic), about))
    };
    let (verified, (report, diagnostic), about) = app.pool.run(question).await??;
    noted::report(request, &report, &diagnostic);
    if let Some((issuer, about)) = about {
        request.trail.concerns(&about);
        demand_own(&request.caller, &issuer)?;
    }
    verified.ok_or_else(|| refused(report))
}

fn refused(report: Report) -> Problem {
    let problem = Problem::new(Code::NotVerified);
    let passed = report.verdict.is_passed();
    let problem = problem.report(Arc::new(report));
    if passed { problem.detail("The document names no licence.", "文件中没有证照信息。") } else { problem }
}

/// `GET /v1/licences/{identifier}`
///
/// # Errors
/// [`Code::LicenceNotFound`], [`Code::OtherOrganisation`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let identifier = identifier(&request)?;
    noted::asked(&request, &identifier);
    noted::decided(&app, &request, demand_readable(&request.caller, identifier.issuer())).await?;
    let shared = Arc::clone(&app);
    let record = app.pool.run(move || shared.store().licences().record(&identifier)).await??;
    let record = record.ok_or(Code::LicenceNotFound)?;
    noted::found(&request, &record);
    Ok(Answer::json(StatusCode::OK, &LicenceView::new(&app, record, request.now)?))
}

/// `GET /v1/licences/{identifier}/file`
///
/// # Errors
/// [`Code::LicenceNotFound`], [`Code::OtherOrganisation`].
pub async fn file(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let identifier = identifier(&request)?;
    noted::asked(&request, &identifier);
    noted::decided(&app, &request, demand_readable(&request.caller, identifier.issuer())).await?;
    let shared = Arc::clone(&app);
    let read = move || -> Result<_, Problem> {
        let licences = shared.store().licences();
        let record = licences.record(&identifier)?.ok_or(Code::LicenceNotFound)?;
        let file = licences.file(&identifier)?.ok_or(Code::LicenceNotFound)?;
        Ok((record, file))
    };
    let (record, file) = app.pool.run(read).await??;
    noted::found(&request, &record);
    let media_type = Format::from_name(&record.format).map_or("application/octet-stream", Format::media_type);
    tagged(&request, &record.sha256.to_string(), media_type, file)
}

/// A file that is named by its digest: not sent again to who has it.
pub(super) fn tagged(request: &Request, tag: &str, media_type: &'static str, file: Vec<u8>) -> Result<Answer, Problem> {
    let tag = format!("\"{tag}\"");
    let known = request.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same =
        known.is_some_and(|known| known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag));
    let value = HeaderValue::from_str(&tag).or(Err(Code::Internal))?;
    let answer = if same {
        Answer::bytes(StatusCode::NOT_MODIFIED, media_type, Vec::new())
    } else {
        Answer::bytes(StatusCode::OK, media_type, file)
    };
    Ok(answer.header(ETAG, value))
}
