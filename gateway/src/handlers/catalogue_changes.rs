//! Changing the catalogue, and its history.

use std::sync::Arc;

use crypto::catalogue::{Change, Entry, Key};
use crypto::licence::Reason;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::catalogue::{ChangeRecord, digest};

use super::own::today_in_china;
use super::repeat;
use crate::app::App;
use crate::catalogue::{Order, citizen_numbers};
use crate::http::{Answer, Code, NEXT, Problem, Request};
use crate::purpose::holds_citizen_number;

/// Most changes of one page.
const LIMIT_MAX: usize = 100;

/// A change of the catalogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CatalogueChangeRequest")]
pub struct ChangeRequest {
    /// The version that it is made for, which must be the newest; 0 for the empty catalogue.
    pub base_version: u64,
    /// Entries that are new or take the place of those with the same kind and code.
    #[serde(default)]
    pub puts: Vec<Entry>,
    /// Entries that end.
    #[serde(default)]
    pub removals: Vec<Key>,
    /// Why. Everybody who may read the catalogue reads it.
    pub reason: Option<Reason>,
}

/// A page of changes, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueChangesView")]
pub struct ChangesView {
    /// The changes.
    pub changes: Vec<ChangeRecord>,
    /// For `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// `POST /v1/catalogue/changes`
///
/// # Errors
/// [`Code::CatalogueChanged`], [`Code::CatalogueFaults`], [`Code::OtherOrganisation`], [`Code::RequestReused`].
pub async fn change(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let name = repeat::name(&request)?;
    let (shared, turn) = (Arc::clone(&app), app.catalogues.turn().await);
    let work = move || -> Result<_, Problem> {
        let _turn = turn;
        let change = made(&request, request.json()?)?;
        let order = Order { caller: &request.caller, change, name, trail: &request.trail };
        let stored = shared.catalogues.change(shared.store(), order)?;
        if !stored.is_new() {
            request.trail.detail("unchanged", true);
        }
        Ok(stored)
    };
    let stored = app.pool.run(work).await??;
    let status = if stored.is_new() { StatusCode::CREATED } else { StatusCode::OK };
    let change = stored.into_inner();
    Ok(Answer::json(status, &change).located(&format!("/v1/catalogue/changes/{}", change.version)))
}

/// The change that is asked for, put down for the record by the digest under which it will be kept.
fn made(request: &Request, asked: ChangeRequest) -> Result<Change, Problem> {
    let today = today_in_china(request.now);
    if asked.reason.as_ref().is_some_and(|reason| holds_citizen_number(reason.expose(), today)) {
        return Err(Problem::new(Code::BadContent).detail(
            "The reason holds the number of a citizen, which does not belong there.",
            "变更理由中含有公民身份号码，不得如此提供。",
        ));
    }
    let faults = citizen_numbers(&asked.puts, today);
    if !faults.is_empty() {
        return Err(Problem::new(Code::CatalogueFaults).faults(faults));
    }
    let change = Change {
        version: asked.base_version.saturating_add(1),
        at: request.now,
        caller: request.caller.name.clone(),
        organisation: request.caller.organisation.clone(),
        reason: asked.reason,
        puts: asked.puts,
        removals: asked.removals,
    };
    let sha256 = digest(&change)?;
    request.trail.note(|draft| {
        let details = &mut draft.facts.details;
        details.insert("version".to_owned(), json!(change.version));
        details.insert("puts".to_owned(), json!(change.puts.len()));
        details.insert("removals".to_owned(), json!(change.removals.len()));
        details.insert("sha256".to_owned(), json!(sha256));
    });
    Ok(change)
}

/// `GET /v1/catalogue/changes`
///
/// # Errors
/// [`Code::BadParameter`].
pub async fn list(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let limit = request.query.limit(LIMIT_MAX)?;
    let after: Option<u64> = request.query.read("after", NEXT)?;
    let shared = Arc::clone(&app);
    let changes = app.pool.run(move || shared.store().catalogue().changes(after, limit)).await??;
    let next = changes.last().map(|last| last.version).filter(|version| *version > 1);
    request.trail.detail("rows", changes.len());
    Ok(Answer::json(StatusCode::OK, &ChangesView { changes, next }))
}

/// `GET /v1/catalogue/changes/{version}`
///
/// # Errors
/// [`Code::CatalogueVersionNotFound`].
pub async fn change_of(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let version: u64 = request.params.value("version")?.parse().map_err(|_error| Problem::parameter("version"))?;
    request.trail.detail("version", version);
    let shared = Arc::clone(&app);
    let change = app.pool.run(move || shared.store().catalogue().change_of(version)).await??;
    Ok(Answer::json(StatusCode::OK, &change.ok_or(Code::CatalogueVersionNotFound)?))
}
