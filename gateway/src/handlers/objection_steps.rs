//! What is done about objections: taken on, handed on, answered, taken back.

use std::sync::Arc;

use crypto::licence::Reason;
use crypto::objection::{Decision, Event, Step};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::objections::{ObjectionView, demand_words, disputing, find};
use crate::app::App;
use crate::http::{Answer, Problem, Request};
use crate::lookup::said::unknown;

/// The answer to an objection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionAnswerRequest {
    /// What was decided.
    pub decision: Decision,
    /// Why, and what was done. For who filed it, and on record where it can be erased.
    pub text: Reason,
}

/// To whom an objection is handed on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardRequest {
    /// The organisation, by its code in the catalogue.
    pub organisation: String,
    /// Why.
    pub reason: Option<Reason>,
}

/// `POST /v1/objections/{id}/acceptance`
///
/// # Errors
/// As [`answer`].
pub async fn accept(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    apply(app, request, Step::Accept).await
}

/// `POST /v1/objections/{id}/answer`
///
/// # Errors
/// The [`crate::http::Code`]s `ObjectionNotFound`, `OtherOrganisation`, `ObjectionConflict`, `BadContent`.
pub async fn answer(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: ObjectionAnswerRequest = request.json()?;
    demand_words(&request, "text", &asked.text)?;
    apply(app, request, Step::Answer { decision: asked.decision, text: asked.text }).await
}

/// `POST /v1/objections/{id}/forward`
///
/// # Errors
/// As [`answer`].
pub async fn forward(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: ForwardRequest = request.json()?;
    if app.catalogues.current().organisation(&asked.organisation).is_none() {
        return Err(unknown("organisation", &asked.organisation));
    }
    asked.reason.iter().try_for_each(|reason| demand_words(&request, "reason", reason))?;
    apply(app, request, Step::Forward { to: asked.organisation, reason: asked.reason }).await
}

/// `POST /v1/objections/{id}/withdrawal`
///
/// # Errors
/// As [`answer`].
pub async fn withdraw(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    apply(app, request, Step::Withdraw).await
}

async fn apply(app: Arc<App>, request: Request, step: Step) -> Result<Answer, Problem> {
    note(&request, &step);
    let found = find(&app, &request).await?.objection;
    let (by, organisation) = (request.caller.name.clone(), request.caller.organisation.clone());
    let event = Event { step, at: request.now, by, organisation };
    let (id, licence, trail) = (found.id.clone(), found.about.licence().cloned(), Arc::clone(&request.trail));
    let stored = disputing(&app, licence, move |app| {
        let stored = app.store().objections().recording(&trail.carried()).change(&id, &event)?;
        if !stored.is_new() {
            trail.detail("unchanged", true);
        }
        Ok(stored.into_inner())
    });
    let objection = stored.await?;
    // Who handed it on is not responsible any more, and sees what came of it once.
    let state = objection.state();
    let view = ObjectionView { state, overdue: objection.is_overdue(request.now), objection };
    Ok(Answer::json(StatusCode::OK, &view))
}

/// What is said in somebody's words stands where it can be erased.
fn note(request: &Request, step: &Step) {
    request.trail.detail("operation", step.name());
    request.trail.note(|draft| match step {
        Step::Accept | Step::Withdraw => {}
        Step::Forward { to, reason } => {
            draft.facts.details.insert("to".to_owned(), json!(to));
            draft.subject.details.extend(reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
        }
        Step::Answer { decision, text } => {
            draft.facts.details.insert("decision".to_owned(), json!(decision));
            draft.subject.details.insert("text".to_owned(), json!(text));
        }
    });
}
