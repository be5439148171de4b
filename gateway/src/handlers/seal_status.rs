//! What becomes of a seal after it was put on file.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::licence::Reason;
use crypto::seal_register::{Change, Delivery, Operation, Record};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::seal_applications::unpersonal;
use super::seals::{SealView, change, demand_owner};
use super::{noted, repeat};
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};

/// The most digests of evidence of one decision.
pub(super) const EVIDENCE_MAX: usize = 32;

/// A change of a seal's state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealStatusRequest {
    /// What is done to the seal.
    pub operation: Operation,
    /// Why. Shown to the owner, operators and auditors alone; never in reports.
    pub reason: Option<Reason>,
    /// From when it holds, not later than now; the present when absent.
    pub effective_at: Option<Timestamp>,
    /// For `remake`: the identifier of the seal that takes its place, which must be on file.
    pub successor: Option<String>,
    /// For `deliver`: who receives the seal, by a pseudonym that the calling system gives.
    #[schemars(length(min = 1, max = 64))]
    pub receiver: Option<String>,
    /// For `deliver`: what it is kept in, such as the number of a token.
    #[schemars(length(min = 1, max = 64))]
    pub medium: Option<String>,
    /// For `deliver`: SHA-256 of the certificate with which the receiver uses it.
    pub certificate: Option<Sha256>,
    /// The digests of what the decision rests on.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub evidence: Vec<Sha256>,
}

/// `POST /v1/seals/{id}/status`
///
/// # Errors
/// [`Code::SealTransition`] and whatever else the register refuses.
pub async fn post(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let id = request.params.value("id")?.to_owned();
    noted::seal(&request, &id, None);
    let asked: SealStatusRequest = request.json()?;
    if asked.evidence.len() > EVIDENCE_MAX {
        return Err(Problem::new(Code::BadContent).detail("There is too much evidence.", "依据材料过多。"));
    }
    note(&request, &asked);
    let delivery = delivery(&request, &asked)?;
    let asked = Change {
        operation: asked.operation,
        effective_at: asked.effective_at,
        now: request.now,
        reason: asked.reason,
        evidence: asked.evidence,
        actor: request.caller.name.clone(),
        organisation: request.caller.organisation.clone(),
        successor: asked.successor,
        delivery,
        request: repeat::name(&request)?,
    };
    let (asking, name) = (request.clone(), id.clone());
    let work = move |app: &App| {
        let seals = app.store().seals();
        let record = seals.seal(&name)?.ok_or(Code::SealNotFound)?;
        noted::seal(&asking, &name, Some(&record));
        demand_owner(&asking.caller, &record.organisation)?;
        let stored = seals.recording(&asking.trail.carried()).change_status(&name, &asked)?;
        if !stored.is_new() {
            asking.trail.detail("unchanged", true);
        }
        Ok(stored.into_inner())
    };
    let record: Record = change(&app, id, work).await?;
    Ok(Answer::json(StatusCode::OK, &SealView::new(record, &request, None)))
}

/// The reason is in somebody's words, and stands where it can be erased.
fn note(request: &Request, asked: &SealStatusRequest) {
    request.trail.event(asked.operation.event());
    request.trail.note(|draft| {
        draft.facts.effective_at = asked.effective_at;
        let details = &mut draft.facts.details;
        if !asked.evidence.is_empty() {
            details.insert("evidence".to_owned(), json!(asked.evidence));
        }
        draft.subject.details.extend(asked.reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
    });
    if let Some(successor) = &asked.successor {
        noted::further_seal(request, successor);
    }
}

/// To whom it is handed over, and in what. What stays for ever holds no number of a citizen.
fn delivery(request: &Request, asked: &SealStatusRequest) -> Result<Option<Delivery>, Problem> {
    let word = |place: &str, text: &Option<String>| text.clone().map(|text| unpersonal(request, place, text)).transpose();
    let (receiver, medium) = (word("receiver", &asked.receiver)?, word("medium", &asked.medium)?);
    let details = [("receiver", json!(receiver)), ("medium", json!(medium)), ("certificate", json!(asked.certificate))];
    request.trail.note(|draft| draft.facts.details.extend(noted::told(details)));
    Ok(Delivery { receiver, medium, certificate: asked.certificate }.told())
}
