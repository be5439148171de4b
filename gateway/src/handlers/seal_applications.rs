//! Applications for seals: handing them in, deciding them, reading them.

use std::sync::Arc;

use crypto::digest::{Sha256, to_hex};
use crypto::licence::{Reason, number};
use crypto::seal_register::{Application, Decision, Judgement};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::own::today_in_china;
use super::repeat;
use super::seal_status::EVIDENCE_MAX;
use super::seals::{demand_owner, is_audited, is_owner};
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};
use crate::purpose::holds_citizen_number;

/// The longest name of a seal, in characters.
const NAME_MAX: usize = 200;
/// The longest of the other words, in characters.
const WORD_MAX: usize = 64;

/// An application for a seal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationRequest {
    /// The name that the seal is to have, as it will stand in the seal.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// The kind of seal, such as 公章.
    #[schemars(length(min = 1, max = 64))]
    pub r#type: String,
    /// The organisation that is to own it; the caller's own when absent, and any other for operators alone.
    pub organisation: Option<String>,
    /// The digests of what it rests on.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub evidence: Vec<Sha256>,
    /// The person who applies, by a pseudonym that the calling system gives.
    #[schemars(length(min = 1, max = 64))]
    pub applicant: Option<String>,
}

/// A decision on an application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// The decision.
    pub decision: Decision,
    /// The person who decides, by a pseudonym that the calling system gives.
    #[schemars(length(min = 1, max = 64))]
    pub approver: String,
    /// Why. Kept on record for who may read the application.
    pub reason: Option<Reason>,
}

/// `POST /v1/seals/applications`
///
/// # Errors
/// [`Code::OtherOrganisation`], [`Code::BadContent`], [`Code::RequestReused`].
pub async fn apply(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let application = application(&request)?;
    note(&request, &application);
    demand_owner(&request.caller, &application.organisation)?;
    let (shared, trail) = (Arc::clone(&app), Arc::clone(&request.trail));
    let stored = app.pool.run(move || shared.store().seals().recording(&trail.carried()).apply(&application)).await??;
    let status = if stored.is_new() { StatusCode::CREATED } else { StatusCode::OK };
    let application = stored.into_inner();
    Ok(Answer::json(status, &application).located(&format!("/v1/seals/applications/{}", application.id)))
}

fn application(request: &Request) -> Result<Application, Problem> {
    let asked: ApplicationRequest = request.json()?;
    if asked.evidence.len() > EVIDENCE_MAX {
        return Err(bad("evidence"));
    }
    let organisation = asked.organisation.unwrap_or_else(|| request.caller.organisation.clone());
    if number::uscc(&organisation).is_err() {
        return Err(bad("organisation"));
    }
    Ok(Application {
        id: identifier(request)?,
        name: word("name", asked.name, NAME_MAX)?,
        kind: unpersonal(request, "type", asked.r#type)?,
        organisation,
        evidence: asked.evidence,
        applicant: asked.applicant.map(|applicant| unpersonal(request, "applicant", applicant)).transpose()?,
        applied_at: request.now,
        applied_by: request.caller.name.clone(),
        judgement: None,
        seal: None,
    })
}

/// Made from the name of the request, so that the same request finds the same application, or else at random.
fn identifier(request: &Request) -> Result<String, Problem> {
    if let Some(name) = repeat::name(request)? {
        let Sha256(digest) = Sha256::of(&[b"licet seal application v1\n", &name.0]);
        return Ok(to_hex(digest.first_chunk::<16>().ok_or(Code::Internal)?));
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).or(Err(Code::Unavailable))?;
    Ok(to_hex(&random))
}

/// The name of a seal may be that of a person, and stands where it can be erased.
fn note(request: &Request, application: &Application) {
    request.trail.note(|draft| {
        draft.facts.approval = Some(application.id.clone());
        let details = &mut draft.facts.details;
        details.insert("type".to_owned(), json!(application.kind));
        details.insert("owner".to_owned(), json!(application.organisation));
        details.extend(application.applicant.as_ref().map(|applicant| ("applicant".to_owned(), json!(applicant))));
        if !application.evidence.is_empty() {
            details.insert("evidence".to_owned(), json!(application.evidence));
        }
        draft.subject.details.insert("name".to_owned(), json!(application.name));
    });
}

/// `POST /v1/seals/applications/{id}/decision`
///
/// # Errors
/// [`Code::OwnApplication`], [`Code::SealApplicationConflict`], [`Code::SealApplicationNotFound`].
pub async fn decide(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: DecisionRequest = request.json()?;
    let judgement = Judgement {
        decision: asked.decision,
        approver: unpersonal(&request, "approver", asked.approver)?,
        reason: asked.reason,
        decided_at: request.now,
        decided_by: request.caller.name.clone(),
    };
    let shared = Arc::clone(&app);
    let work = move || -> Result<_, Problem> {
        let application = find(&shared, &request)?;
        note(&request, &application);
        request.trail.note(|draft| {
            draft.facts.details.insert("decision".to_owned(), json!(judgement.decision));
            draft.facts.details.insert("approver".to_owned(), json!(judgement.approver));
            draft.subject.details.extend(judgement.reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
        });
        let seals = shared.store().seals().recording(&request.trail.carried());
        Ok(seals.decide(&application.id, &judgement)?.into_inner())
    };
    let application = app.pool.run(work).await??;
    Ok(Answer::json(StatusCode::OK, &application))
}

/// `GET /v1/seals/applications/{id}`
///
/// # Errors
/// [`Code::SealApplicationNotFound`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let shared = Arc::clone(&app);
    let application = app.pool.run(move || find(&shared, &request)).await??;
    Ok(Answer::json(StatusCode::OK, &application))
}

/// The application in the path. Whoever may not read it learns no more than of one that is not on record.
fn find(app: &App, request: &Request) -> Result<Application, Problem> {
    let id = request.params.value("id")?;
    let found = app.store().seals().application(id)?;
    let may_read =
        |found: &Application| is_owner(&request.caller, &found.organisation) || is_audited(&request.caller, &found.organisation);
    let application = found.filter(may_read).ok_or(Code::SealApplicationNotFound)?;
    request.trail.note(|draft| draft.facts.approval = Some(application.id.clone()));
    Ok(application)
}

/// A word that stays on record for ever, where the number of a citizen must not be.
pub(super) fn unpersonal(request: &Request, place: &str, text: String) -> Result<String, Problem> {
    let text = word(place, text, WORD_MAX)?;
    if holds_citizen_number(&text, today_in_china(request.now)) { Err(bad(place)) } else { Ok(text) }
}

fn word(place: &str, text: String, most: usize) -> Result<String, Problem> {
    let is_good = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_good { Ok(text) } else { Err(bad(place)) }
}

fn bad(place: &str) -> Problem {
    Problem::new(Code::BadContent).detail(
        format!("{place} is empty, too long, or not of the expected kind."),
        format!("{place}为空、过长或格式不符合要求。"),
    )
}
