//! What becomes of a licence after it was issued.

use std::sync::Arc;

use crypto::licence::{Identifier, Operation, Reason};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use storage::licences::StatusChange;

use super::licences::LicenceView;
use super::own::{change, demand_own, identifier};
use crate::app::App;
use crate::http::{Answer, Problem, Request};

/// A change of a licence's state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// What is done to the licence.
    pub operation: Operation,
    /// Why. Kept on record for who may read the licence; never in reports or logs.
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
    demand_own(&request.caller, identifier.issuer())?;
    let asked: StatusRequest = request.json()?;
    let asked = StatusChange {
        operation: asked.operation,
        reason: asked.reason,
        actor: request.caller.name.clone(),
        organisation: request.caller.organisation.clone(),
        effective_at: asked.effective_at,
        successor: asked.successor,
        now: request.now,
    };
    let licence = identifier.clone();
    let record = change(&app, licence, move |app| Ok(app.store().licences().change_status(&identifier, &asked)?)).await?;
    Ok(Answer::json(StatusCode::OK, &LicenceView::new(&app, record, request.now)?))
}
