//! Supervision: cards in force, their changes, and the report of a month.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::ACCEPT;
use schemars::JsonSchema;
use serde::Serialize;
use storage::ledger::{CARDS_MAX, Card, Watched};

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::http::{Answer, Problem, Request};
use crate::supervision::BudgetView;
use crate::supervision::report::{Month, MonthReport};

/// How supervision stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SupervisionView {
    /// The cards in force that the caller may see.
    pub cards: Vec<Card>,
    /// How everybody stands whom the caller may see, of whom anything is known since the start.
    pub budgets: Vec<BudgetView>,
}

/// Changes of cards, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CardsView {
    /// The changes that the caller may see. A page may have fewer than asked for, even none, and yet another behind it.
    pub cards: Vec<Card>,
    /// For `after` of the next page: the position behind what was looked at. The same as before where there is nothing new.
    pub next: u64,
    /// Whether this was all that there is.
    pub is_last: bool,
}

/// `GET /v1/supervision`
///
/// # Errors
/// None of its own.
pub async fn read(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let caller = &request.caller;
    let cards: Vec<_> =
        app.supervision.cards().into_iter().filter(|card| sees(caller, &card.about, &card.organisation)).collect();
    let budgets = app.supervision.budgets(request.now).into_iter();
    let budgets = budgets.filter(|budget| sees(caller, &budget.about, &budget.organisation)).collect();
    request.trail.detail("cards", cards.len());
    Ok(Answer::json(StatusCode::OK, &SupervisionView { cards, budgets }))
}

/// `GET /v1/supervision/events`
///
/// # Errors
/// [`crate::http::Code::BadParameter`].
pub async fn events(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let after: u64 = request.query.parsed("after")?.unwrap_or(0);
    let limit: usize = request.query.parsed("limit")?.unwrap_or(100);
    if !(1..=CARDS_MAX).contains(&limit) {
        return Err(Problem::parameter("limit"));
    }
    let ledger = app.supervision.ledger().clone();
    let cards = app.pool.run(move || ledger.cards(after, limit)).await??;
    let next = cards.last().map_or(after, |card| card.number + 1);
    let is_last = cards.len() < limit;
    let cards = cards.into_iter().filter(|card| sees(&request.caller, &card.about, &card.organisation)).collect();
    Ok(Answer::json(StatusCode::OK, &CardsView { cards, next, is_last }))
}

/// `GET /v1/supervision/reports/{month}`
///
/// # Errors
/// [`crate::http::Code::BadParameter`].
pub async fn report(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let month: Month = request.params.value("month")?.parse().map_err(|()| Problem::parameter("month"))?;
    let of = request.query.value("organisation").map(str::to_owned);
    let wants_csv =
        request.headers.get_all(ACCEPT).iter().any(|value| value.to_str().is_ok_and(|text| text.contains("text/csv")));
    let (shared, caller, now) = (Arc::clone(&app), Arc::clone(&request.caller), request.now);
    let make = move || {
        let catalogue = shared.catalogues.current();
        let is_asked = |provider: &str| of.as_deref().is_none_or(|of| of == provider);
        let resources = catalogue.resources().filter(|resource| {
            is_asked(&resource.provider) && sees(&caller, &Watched::Resource(resource.code.clone()), &resource.provider)
        });
        MonthReport::make(shared.supervision.ledger(), month, resources, now)
    };
    let report = app.pool.run(make).await??.ok_or_else(|| Problem::parameter("month"))?;
    request.trail.detail("month", report.month.as_str());
    request.trail.detail("rows", report.resources.len());
    if wants_csv {
        return Ok(Answer::bytes(StatusCode::OK, "text/csv; charset=utf-8; header=present", report.csv()));
    }
    Ok(Answer::json(StatusCode::OK, &report))
}

/// Who may see how somebody stands: operators all, auditors what they audit, everybody else themselves and what is their
/// organisation's.
fn sees(caller: &Caller, about: &Watched, organisation: &str) -> bool {
    let is_audited = caller.is(Role::Auditor) && caller.sight.covers(organisation);
    let is_own = match about {
        Watched::Consumer(name) => *name == caller.name,
        Watched::Resource(_) | Watched::Matter(_) => caller.is(Role::Issuer) && caller.organisation == organisation,
    };
    caller.is(Role::Operator) || is_audited || is_own
}
