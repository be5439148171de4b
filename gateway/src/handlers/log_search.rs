//! Which records does a log have of something? And are they all?

use std::sync::Arc;

use crypto::record::{Completeness, LogName};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::log::Order;

use super::log_complete as complete;
use super::noted;
use super::own::today_in_china;
use crate::app::App;
use crate::audit::{
    CheckpointView, Filter, FilterRequest, Patience, RowView, Trees, Walk, bad, log_name, read_cursor, write_cursor,
};
use crate::http::{Answer, Problem, Request, object};

/// The most rows of one page.
pub const LIMIT_MAX: usize = 500;

/// A question to a log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogSearchRequest {
    /// Which records; all when absent.
    #[serde(default, deserialize_with = "object")]
    pub filter: FilterRequest,
    /// In which order; newest first when absent.
    pub order: Option<OrderRequest>,
    /// Most records of one page, 1 to 500; 50 when absent.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Whether each record comes with the proof that it is in the tree of a checkpoint.
    #[serde(default)]
    pub proofs: bool,
    /// Whether each record comes with its salts, from which its entry follows.
    #[serde(default)]
    pub opening: bool,
    /// Whether the answer is proven to be complete. For `seal` or `subject` alone, and a range that has at most 500 records.
    #[serde(default)]
    pub complete: bool,
    /// Whether `proofs` and `complete` wait for witnesses; not when absent.
    #[serde(default)]
    pub witnesses: Patience,
}

/// In which order records are listed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderRequest {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A page of records.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogSearchAnswer {
    /// The log.
    pub log: LogName,
    /// The records that the caller may see. A page may have fewer than `limit`, even none, and yet another behind it.
    pub rows: Vec<RowView>,
    /// For `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The checkpoints that the proofs lead to, each shard's once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<CheckpointView>,
    /// The proof that no record is missing, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
}

impl From<OrderRequest> for Order {
    fn from(asked: OrderRequest) -> Self {
        match asked {
            OrderRequest::NewestFirst => Self::NewestFirst,
            OrderRequest::OldestFirst => Self::OldestFirst,
        }
    }
}

/// `POST /v1/logs/{log}/search`
///
/// # Errors
/// [`crate::http::Code::BadParameter`] with what is wrong with the filter, [`crate::http::Code::OtherOrganisation`], and no such log.
pub async fn search(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let log = log_name(request.params.value("log")?)?;
    let asked: LogSearchRequest = request.json()?;
    let limit = read_limit(asked.limit)?;
    let shape = Shape { proofs: asked.proofs, opening: asked.opening, patience: asked.witnesses };
    if asked.complete {
        demand_completable(&asked, request.now)?;
        let filter = Filter::read(asked.filter, today_in_china(request.now))?;
        return complete::answer(app, request, log, filter, shape).await;
    }
    let filter = Filter::read(asked.filter, today_in_china(request.now))?;
    request.trail.note(|draft| filter.tell(draft));
    request.trail.detail("log", log.name());
    let order = asked.order.map_or(Order::NewestFirst, Order::from);
    let after = asked.after.as_deref().map(|text| read_cursor(text, log, order)).transpose()?;
    let walk = Walk {
        logs: app.store().logs().clone(),
        log,
        query: filter.query,
        question: None,
        order,
        sight: request.caller.sight.clone(),
    };
    let (shared, asking) = (Arc::clone(&app), request.clone());
    let look = move || {
        noted::holders(&shared, &asking)?;
        walk.page(after, limit, walk.logs.size(log)?)
    };
    let page = app.auditing.run(look).await??;
    let next = page.next.map(|number| write_cursor(log, order, number));
    let rows = page.rows.iter().map(|row| RowView::new(row.number, &row.opening, &request.caller.sight, shape.opening)).collect();
    request.trail.detail("rows", page.rows.len());
    let trees = Trees::new(Arc::clone(&app), log);
    let (rows, checkpoints) = proven(&app, rows, trees, shape).await?;
    Ok(Answer::json(StatusCode::OK, &LogSearchAnswer { log, rows, next, checkpoints, completeness: None }))
}

/// How rows are shown.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) proofs: bool,
    pub(super) opening: bool,
    pub(super) patience: Patience,
}

pub(super) fn read_limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(50);
    if (1..=LIMIT_MAX).contains(&limit) { Ok(limit) } else { Err(bad("limit", "it is not 1 to 500", "应为1至500")) }
}

/// Adds its proof to each row, if that is asked for.
pub(super) async fn proven(
    app: &App,
    mut rows: Vec<RowView>,
    mut trees: Trees,
    shape: Shape,
) -> Result<(Vec<RowView>, Vec<CheckpointView>), Problem> {
    if !shape.proofs {
        return Ok((rows, trees.views()));
    }
    if let Some(newest) = rows.iter().map(|row| row.number).max() {
        // What happened a moment ago may be durable and not signed yet.
        trees.wait_for(newest, shape.patience).await?;
    }
    let prove = move || -> Result<_, Problem> {
        rows.iter_mut().try_for_each(|row| trees.prove(row))?;
        Ok((rows, trees.views()))
    };
    app.auditing.run(prove).await?
}

/// Refuses what cannot be proven to be complete.
fn demand_completable(asked: &LogSearchRequest, now: Timestamp) -> Result<(), Problem> {
    let filter = &asked.filter;
    let is_wrong = |en: &str, zh: &str| Err(bad("complete", en, zh));
    if filter.seal.is_some() == filter.subject.is_some() {
        return is_wrong("it goes with either seal or subject", "须且仅须与seal或subject之一同用");
    }
    let texts = [&filter.licence, &filter.issuer, &filter.actor, &filter.organisation, &filter.item, &filter.case];
    let is_more = filter.document.is_some() || filter.event.is_some() || filter.outcome.is_some();
    if is_more || texts.into_iter().any(Option::is_some) {
        return is_wrong(
            "beside seal or subject it goes with a range of time and nothing else",
            "除印章或主体和时间范围外不得与其他条件同用",
        );
    }
    if asked.after.is_some() || asked.limit.is_some() || matches!(asked.order, Some(OrderRequest::NewestFirst)) {
        return is_wrong("the whole range is given at once, oldest first", "一次给出全部范围，按时间先后排列");
    }
    // The asking is itself put on record, and must come to stand behind the range.
    if filter.until.is_some_and(|until| until >= now) {
        return Err(bad(
            "filter.until",
            "a range that has not ended cannot be complete; leave it out for all until now",
            "时间范围尚未结束；查询至今的全部记录时请勿填写",
        ));
    }
    Ok(())
}
