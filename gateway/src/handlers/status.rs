//! What becomes of a licence after it was issued.

use std::sync::Arc;

use crypto::licence::{Identifier, Operation, Reason};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use storage::licences::StatusChange;

use super::licences::LicenceView;
use super::noted;
use super::own::{change, demand_own, identifier};
use crate::about::About;
use crate::app::App;
use crate::feed::LICENCE_TYPE;
use crate::http::{Answer, Problem, Request};

/// A change of a licence's state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// What is done to the licence.
    pub operation: Operation,
    /// Why. Kept on record for who may read the licence, and in the log where it can be erased; never in reports.
    pub reason: Option<Reason>,
    /// From when it holds, not later than now; the present when absent.
    pub effective_at: Option<Timestamp>,
    /// For `transfer`: what takes the licence's place.
    pub successor: Option<Identifier>,
}

/// `POST /v1/licences/{identifier}/status`
///
/// # Errors
/// [`crate::http::Code::IllegalTransition`] and whatever else the store refuses.
pub async fn post(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let identifier = identifier(&request)?;
    noted::asked(&request, &identifier);
    request.trail.detail(LICENCE_TYPE, identifier.type_code());
    noted::decided(&app, &request, demand_own(&request.caller, identifier.issuer())).await?;
    let asked: StatusRequest = noted::decided(&app, &request, request.json()).await?;
    note(&request, &asked);
    let asked = StatusChange {
        operation: asked.operation,
        reason: asked.reason,
        actor: request.caller.name.clone(),
        organisation: request.caller.organisation.clone(),
        effective_at: asked.effective_at,
        successor: asked.successor,
        now: request.now,
    };
    let (licence, trail) = (identifier.clone(), Arc::clone(&request.trail));
    let record = change(&app, licence, move |app| {
        let licences = app.store().licences();
        if let Some(record) = licences.record(&identifier)? {
            // Whom it concerns does not change with the state.
            trail.concerns(&About::record(&record, asked.now));
        }
        Ok(licences.recording(&trail.carried()).change_status(&identifier, &asked)?)
    })
    .await?;
    Ok(Answer::json(StatusCode::OK, &LicenceView::new(&app, record, request.now)?))
}

/// The reason is in somebody's words, and the successor names a licence: both stand where they can be erased.
fn note(request: &Request, asked: &StatusRequest) {
    request.trail.note(|draft| {
        draft.facts.effective_at = asked.effective_at;
        draft.facts.details.insert("operation".to_owned(), json!(asked.operation));
        let details = &mut draft.subject.details;
        details.extend(asked.reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
        details.extend(asked.successor.as_ref().map(|successor| ("successor".to_owned(), json!(successor))));
    });
}
