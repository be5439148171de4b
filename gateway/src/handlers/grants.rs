//! Grants: reading them with what is used of their quotas, and withdrawing them.

use std::sync::Arc;

use crypto::catalogue::Catalogue;
use crypto::grants::{Grant, Usage, Withdrawal};
use crypto::licence::Reason;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::grants::Whose;
use storage::page::Cursor;

use super::noted::told;
use super::seals::{is_audited, is_owner};
use crate::app::App;
use crate::auth::{Caller, Role};
use crate::http::{Answer, Code, NEXT, Problem, Request};

/// Most rows of one page.
const LIMIT_MAX: usize = 500;

/// A withdrawal of a grant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalRequest {
    /// Why. Kept on record for who may read the grant.
    pub reason: Reason,
}

/// A grant, and how it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantView {
    /// Whether it is in force now.
    pub in_force: bool,
    /// What is used of its quota, as far as it is counted; in lists absent. What a gateway had set aside when it stopped counts as
    /// used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Everything on record about it.
    #[serde(flatten)]
    pub grant: Grant,
}

/// A page of grants, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantsAnswer {
    /// Those that the caller may see. A page may have fewer than `limit`, even none, and yet another behind it.
    pub grants: Vec<GrantView>,
    /// For `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl GrantView {
    fn new(grant: Grant, usage: Option<Usage>, (catalogue, now): (&Catalogue, Timestamp)) -> Self {
        let in_force = grant.withdrawn.is_none() && grant.is_in_force(now) && grant.is_of_provider(catalogue);
        Self { in_force, usage, grant }
    }
}

/// Which page of a list is asked for.
pub(super) struct Listing {
    /// The only organisation whose rows the caller sees, where there is only one.
    organisation: Option<String>,
    after: Option<Cursor>,
    limit: usize,
}

impl Listing {
    pub(super) fn read(request: &Request) -> Result<Self, Problem> {
        let limit = request.query.limit(LIMIT_MAX)?;
        let caller = &request.caller;
        let sees_more = caller.is(Role::Operator) || caller.is(Role::Auditor);
        let organisation = if sees_more { None } else { Some(caller.organisation.clone()) };
        Ok(Self { organisation, after: request.query.read("after", NEXT)?, limit })
    }

    pub(super) fn whose(&self) -> Whose<'_> {
        self.organisation.as_deref().map_or(Whose::All, Whose::Of)
    }

    pub(super) const fn page(&self) -> (Option<&Cursor>, usize) {
        (self.after.as_ref(), self.limit)
    }
}

/// Whether a caller sees what is between this consumer and this provider: both do, operators do, and their auditors.
pub(super) fn may_see(caller: &Caller, consumer: &str, provider: &str) -> bool {
    [consumer, provider].into_iter().any(|organisation| is_owner(caller, organisation) || is_audited(caller, organisation))
}

/// `GET /v1/grants`
///
/// # Errors
/// [`Code::BadParameter`].
pub async fn list(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let listing = Listing::read(&request)?;
    let (shared, caller) = (Arc::clone(&app), Arc::clone(&request.caller));
    let find = move || {
        let is_visible = |found: &Grant| may_see(&caller, &found.consumer.organisation, &found.provider);
        shared.store().grants().grants(listing.whose(), listing.page(), is_visible)
    };
    let page = app.pool.run(find).await??;
    request.trail.detail("rows", page.items.len());
    let catalogue = app.catalogues.current();
    let shown = |grant| GrantView::new(grant, None, (&catalogue, request.now));
    let answer =
        GrantsAnswer { grants: page.items.into_iter().map(shown).collect(), next: page.next.map(|cursor| cursor.to_string()) };
    Ok(Answer::json(StatusCode::OK, &answer))
}

/// `GET /v1/grants/{id}`
///
/// # Errors
/// [`Code::GrantNotFound`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let shared = Arc::clone(&app);
    let work = move || -> Result<_, Problem> {
        let grant = find(&shared, &request)?;
        view(&shared, grant, request.now)
    };
    Ok(Answer::json(StatusCode::OK, &app.pool.run(work).await??))
}

/// `POST /v1/grants/{id}/withdrawal`
///
/// # Errors
/// [`Code::GrantNotFound`], [`Code::GrantConflict`].
pub async fn withdraw(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: WithdrawalRequest = request.json()?;
    let withdrawal = Withdrawal { at: request.now, by: request.caller.name.clone(), reason: asked.reason };
    let (shared, turn) = (Arc::clone(&app), app.rights.turn().await);
    let work = move || -> Result<_, Problem> {
        let _turn = turn;
        let grant = find(&shared, &request)?;
        demand_party(&shared, &request.caller, &grant)?;
        request.trail.note(|draft| {
            draft.subject.details.extend(told([("reason", json!(withdrawal.reason))]));
        });
        let carried = request.trail.carried();
        let grants = shared.store().grants().recording(&carried);
        let withdrawn = shared.rights.change(&grant.id, || grants.withdraw(&grant.id, &withdrawal))?;
        view(&shared, withdrawn.into_inner(), request.now)
    };
    Ok(Answer::json(StatusCode::OK, &app.pool.run(work).await??))
}

/// Whoever provides the resource may withdraw the grant, by the grant or by the catalogue of now; its consumer may give it back; an
/// operator may end it.
fn demand_party(app: &App, caller: &Caller, grant: &Grant) -> Result<(), Problem> {
    let catalogue = app.catalogues.current();
    let provider = catalogue.resource(&grant.resource).map(|resource| resource.provider.as_str());
    let parties = [Some(grant.provider.as_str()), provider, Some(grant.consumer.organisation.as_str())];
    let is_party = caller.is(Role::Operator) || parties.contains(&Some(caller.organisation.as_str()));
    if is_party { Ok(()) } else { Err(Code::OtherOrganisation.into()) }
}

fn view(app: &App, grant: Grant, now: Timestamp) -> Result<GrantView, Problem> {
    let usage = app.rights.usage(&grant.id, now)?;
    Ok(GrantView::new(grant, Some(usage), (&app.catalogues.current(), now)))
}

/// The grant in the path. Whoever may not read it learns no more than of one that is not on record.
fn find(app: &App, request: &Request) -> Result<Grant, Problem> {
    let found = app.store().grants().grant(request.params.value("id")?)?;
    let catalogue = app.catalogues.current();
    let may_see = |found: &Grant| {
        // Who has taken the resource over sees who has grants of it.
        let provider = catalogue.resource(&found.resource).map_or(found.provider.as_str(), |resource| &resource.provider);
        may_see(&request.caller, &found.consumer.organisation, &found.provider)
            || may_see(&request.caller, &found.consumer.organisation, provider)
    };
    let grant = found.filter(may_see).ok_or(Code::GrantNotFound)?;
    request.trail.note(|draft| {
        draft.facts.approval = Some(grant.id.clone());
        draft.facts.details.extend(told([
            ("consumer", json!(grant.consumer)),
            ("resource", json!(grant.resource)),
            ("provider", json!(grant.provider)),
        ]));
    });
    Ok(grant)
}
