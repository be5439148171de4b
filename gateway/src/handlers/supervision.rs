//! Supervision: cards in force, their changes, and the report of a month.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use storage::ledger::{CARDS_MAX, Card, Watched};
use tokio::sync::watch;

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::broker::{BreakerState, SourceState};
use crate::feed::News;
use crate::http::{Answer, Code, NEXT, Problem, Request, accepts};
use crate::lookup::view::millis;
use crate::supervision::BudgetView;
use crate::supervision::report::{Month, MonthReport};

/// How long a page is waited for, at most.
const WAIT_S_MAX: u64 = 25;

/// How supervision stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SupervisionView {
    /// The cards in force that the caller may see.
    pub cards: Vec<Card>,
    /// How everybody stands whom the caller may see, of whom anything is known since the start.
    pub budgets: Vec<BudgetView>,
    /// How this gateway treats its sources at present. For operators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<TreatmentView>,
}

/// How a source is treated at present.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TreatmentView {
    /// The source, by its name in the configuration; `local` for the licences on record here.
    pub name: String,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// After how many milliseconds it is tried again, where it is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried_in_ms: Option<u64>,
    /// Calls that are under way.
    pub in_flight: u32,
    /// How many calls it gets at the same time.
    pub concurrency: u32,
    /// Questions that wait for their turn.
    pub waiting: u32,
    /// Within how many milliseconds half of its recent answers came; absent where there are too few to say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<u64>,
    /// And nine of ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<u64>,
    /// And 99 of a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<u64>,
}

impl From<SourceState> for TreatmentView {
    fn from(state: SourceState) -> Self {
        Self {
            name: state.name,
            breaker: state.breaker,
            tried_in_ms: state.tried_in.map(millis),
            in_flight: state.in_flight,
            concurrency: state.concurrency,
            waiting: state.waiting,
            p50_ms: state.p50.map(millis),
            p90_ms: state.p90.map(millis),
            p99_ms: state.p99.map(millis),
        }
    }
}

/// Changes of cards, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CardsView {
    /// The changes that the caller may see. A page may have fewer than asked for, even none, and yet another behind it.
    pub cards: Vec<Card>,
    /// For `after` of the next page: the position behind what was looked at. The same as before where there is nothing new.
    pub next: u64,
    /// Whether this is all that there is at present.
    pub is_end: bool,
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
    let states = caller.is(Role::Operator).then(|| app.broker.state());
    let sources = states.into_iter().flatten().map(TreatmentView::from).collect();
    request.trail.detail("cards", cards.len());
    Ok(Answer::json(StatusCode::OK, &SupervisionView { cards, budgets, sources }))
}

/// `GET /v1/supervision/events`
///
/// # Errors
/// [`crate::http::Code::BadParameter`].
pub async fn events(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let after: u64 = request.query.read("after", NEXT)?.unwrap_or(0);
    let limit = request.query.limit(CARDS_MAX)?;
    let wait = request.query.wait_s(WAIT_S_MAX)?;
    let page = waited(&app, &request.caller, (after, limit), wait).await?;
    Ok(Answer::json(StatusCode::OK, &page))
}

/// The page as soon as it tells of something; as it is when that does not come in time.
async fn waited(app: &App, caller: &Caller, (after, limit): (u64, usize), wait: Duration) -> Result<CardsView, Problem> {
    // From before the first look on, so that no turn is missed in between.
    let mut turns = app.supervision.turns();
    let mut page = look(app, caller, after, limit).await?;
    let work = async {
        while page.cards.is_empty() {
            if page.is_end && !is_news(app, &mut turns).await {
                break;
            }
            page = look(app, caller, page.next, limit).await?;
        }
        Ok(())
    };
    // Half of what a request may take is left for everything else.
    match tokio::time::timeout(wait.min(app.limits.request_timeout() / 2), work).await {
        Ok(done) => done.map(|()| page),
        Err(_elapsed) => Ok(page),
    }
}

/// Waits for a turn that changed a card, or for a while: another gateway may have changed one. Not when the gateway stops.
async fn is_news(app: &App, turns: &mut watch::Receiver<u64>) -> bool {
    tokio::select! {
        biased;
        turned = turns.changed() => turned.is_ok(),
        news = app.feed.news(u64::MAX) => news == News::Look,
    }
}

async fn look(app: &App, caller: &Caller, from: u64, limit: usize) -> Result<CardsView, Problem> {
    let ledger = app.supervision.ledger().clone();
    let cards = app.auditing.run(move || ledger.cards(from, limit)).await??;
    let next = cards.last().map_or(from, |card| card.number + 1);
    let is_end = cards.len() < limit;
    let cards = cards.into_iter().filter(|card| sees(caller, &card.about, &card.organisation)).collect();
    Ok(CardsView { cards, next, is_end })
}

/// `GET /v1/supervision/reports/{month}`
///
/// # Errors
/// [`crate::http::Code::BadParameter`].
pub async fn report(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let month: Month = request.params.value("month")?.parse().map_err(|()| no_month())?;
    let of = request.query.value("organisation").map(str::to_owned);
    let wants_csv = accepts(&request.headers, "text/csv");
    let (shared, caller, now) = (Arc::clone(&app), Arc::clone(&request.caller), request.now);
    let make = move || {
        let catalogue = shared.catalogues.current();
        let is_asked = |provider: &str| of.as_deref().is_none_or(|of| of == provider);
        let resources = catalogue.resources().filter(|resource| {
            is_asked(&resource.provider) && sees(&caller, &Watched::Resource(resource.code.clone()), &resource.provider)
        });
        MonthReport::make(shared.supervision.ledger(), month, resources, now)
    };
    let report = app.auditing.run(make).await??.ok_or_else(no_month)?;
    request.trail.detail("month", report.month.as_str());
    request.trail.detail("rows", report.resources.len());
    if wants_csv {
        return Ok(Answer::bytes(StatusCode::OK, "text/csv; charset=utf-8; header=present", report.csv()));
    }
    Ok(Answer::json(StatusCode::OK, &report))
}

fn no_month() -> Problem {
    const MONTH: (&str, &str) = ("a month of ours that has begun, such as 2026-07", "已开始的月份，如2026-07");
    Problem::expected(Code::BadParameter, "month", MONTH)
}

/// Who may see how somebody stands: operators all, auditors what they audit, everybody else themselves and what is their
/// organisation's.
fn sees(caller: &Caller, about: &Watched, organisation: &str) -> bool {
    let is_audited = caller.is(Role::Auditor) && caller.sight.covers(organisation);
    let is_own = match about {
        Watched::Consumer(name) => *name == caller.name,
        // How a source does over all its resources is for whoever runs the gateway.
        Watched::Source(_) => false,
        Watched::Resource(_) | Watched::Matter(_) => caller.is(Role::Issuer) && caller.organisation == organisation,
    };
    caller.is(Role::Operator) || is_audited || is_own
}
