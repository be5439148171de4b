//! Ready questions to the seal log.

use std::sync::Arc;

use crypto::record::{EventKind, LogName};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use storage::log::Order;

use super::log_search::{LIMIT_MAX, LogSearchAnswer, read_limit};
use super::own::today_in_china;
use crate::app::App;
use crate::audit::{Filter, FilterRequest, Found, ReadyQuestion, Register, RowView, Walk, is_visible, read_cursor, write_cursor};
use crate::http::{Answer, Code, Problem, Request};

/// A range of time, and where the page before ended.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionRequest {
    /// Of this seal alone.
    pub seal: Option<String>,
    /// At this moment or later.
    pub from: Option<Timestamp>,
    /// At this moment or earlier.
    pub until: Option<Timestamp>,
    /// Most records of one page, 1 to 500; 50 when absent.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// `POST /v1/logs/seal/questions/{question}`
///
/// # Errors
/// [`Code::NotFound`] for a question that there is not, [`Code::BadParameter`].
pub async fn ask(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let question: ReadyQuestion = request.params.value("question")?.parse().or(Err(Code::NotFound))?;
    let asked: QuestionRequest = request.json()?;
    let limit = read_limit(asked.limit)?;
    let filter = FilterRequest {
        seal: asked.seal,
        event: Some(EventKind::SealUse),
        outcome: question.outcome(),
        from: asked.from,
        until: asked.until,
        ..FilterRequest::default()
    };
    let filter = Filter::read(filter, today_in_china(request.now))?;
    request.trail.note(|draft| filter.tell(draft));
    request.trail.detail("log", LogName::Seal.name());
    request.trail.detail("question", question.name());
    let (log, order) = (LogName::Seal, Order::OldestFirst);
    let after = asked.after.as_deref().map(|text| read_cursor(text, log, order)).transpose()?;
    let sight = request.caller.sight.clone();
    let walk = Walk {
        logs: app.store().logs().clone(),
        log,
        query: filter.query,
        question: question.of_records(&app.office_hours),
        order,
        sight,
    };
    let shared = Arc::clone(&app);
    let find = move || -> Result<_, Problem> {
        let register = Register::new(shared.store().seals(), shared.store().logs());
        let size = walk.logs.size(log)?;
        let Found { rows, next } = walk.page_if(after, (limit, LIMIT_MAX), size, |row| {
            Ok(is_visible(&row.opening, &walk.sight) && register.answers(question, row)?)
        })?;
        let rows = rows.iter().map(|row| RowView::new(row.number, &row.opening, &walk.sight, false)).collect();
        let next = next.map(|number| write_cursor(log, order, number));
        Ok(LogSearchAnswer { log, rows, next, checkpoints: Vec::new(), completeness: None })
    };
    let answer = app.auditing.run(find).await??;
    request.trail.detail("rows", answer.rows.len());
    Ok(Answer::json(StatusCode::OK, &answer))
}
