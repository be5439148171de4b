//! All that a log has of something, streamed.

use std::sync::Arc;

use crypto::record::{Ending, LogName};
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use storage::log::{Draft, Order, Recorded};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::noted;
use super::own::today_in_china;
use crate::app::App;
use crate::audit::{
    Delivered, Filter, FilterRequest, Format, PIECE_ROWS_MAX, Piece, RowView, WAITING_MAX, Walk, log_name, stream,
};
use crate::clock;
use crate::http::{Answer, Code, Outgoing, Problem, Request, object};

/// Exports at the same time; further ones are refused.
static PLACES: Semaphore = Semaphore::const_new(16);

/// What is to be exported.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogExportRequest {
    /// Which records; all when absent.
    #[serde(default, deserialize_with = "object")]
    pub filter: FilterRequest,
    /// Whether each record comes with its salts, from which its entry follows. For JSON Lines alone.
    #[serde(default)]
    pub opening: bool,
}

/// `POST /v1/logs/{log}/export`
///
/// # Errors
/// [`Code::LogPartNotFound`], [`Code::BadParameter`], [`Code::Overloaded`] when many are under way.
pub async fn export(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let log = log_name(request.params.value("log")?)?;
    let format = request.query.parsed("format")?.unwrap_or(Format::JsonLines);
    let asked: LogExportRequest = request.json()?;
    let filter = Filter::read(asked.filter, today_in_china(request.now))?;
    let place = PLACES.try_acquire().or(Err(Code::Overloaded))?;
    let logs = app.store().logs().clone();
    // What comes later is not of this export: it ends although the log grows.
    let size = logs.size(log)?;
    request.trail.note(|draft| filter.tell(draft));
    for (name, value) in [("log", json!(log)), ("format", json!(format.name())), ("size", json!(size)), ("step", json!("begin"))]
    {
        request.trail.detail(name, value);
    }
    let (shared, asking) = (Arc::clone(&app), request.clone());
    app.auditing.run(move || noted::holders(&shared, &asking)).await??;
    // On record before a single row leaves.
    let begin = request.trail.record().await?;
    let walk =
        Walk { logs, log, query: filter.query, question: None, order: Order::OldestFirst, sight: request.caller.sight.clone() };
    let work = Work { app, walk: Arc::new(walk), format, opening: asked.opening, size, _place: place };
    let (out, pieces) = mpsc::channel(WAITING_MAX);
    let end = End { draft: request.trail.draft(), begin };
    tokio::spawn(work.run(out, end));
    let name = HeaderValue::from_static(match (log, format) {
        (LogName::Seal, Format::JsonLines) => "attachment; filename=\"seal-log.jsonl\"",
        (LogName::Seal, Format::Csv) => "attachment; filename=\"seal-log.csv\"",
        (LogName::Access, Format::JsonLines) => "attachment; filename=\"access-log.jsonl\"",
        (LogName::Access, Format::Csv) => "attachment; filename=\"access-log.csv\"",
    });
    Ok(Answer::bytes(StatusCode::OK, format.content_type(), Outgoing::Stream(pieces)).header(CONTENT_DISPOSITION, name))
}

/// An export that is under way.
struct Work {
    app: Arc<App>,
    walk: Arc<Walk>,
    format: Format,
    opening: bool,
    size: u64,
    _place: SemaphorePermit<'static>,
}

/// What is to be put on record when it ends.
struct End {
    draft: Draft,
    begin: Recorded,
}

impl Work {
    async fn run(self, out: mpsc::Sender<Result<hyper::body::Bytes, crate::http::Cut>>, end: End) {
        let stall = self.app.limits.idle_timeout();
        let delivered = stream(self.format, self.size, stall, out, |after| self.piece(after)).await;
        self.app.recorder.append_unattended(end.draft(delivered));
    }

    fn piece(&self, after: Option<u64>) -> impl Future<Output = Result<Piece, Problem>> + Send + 'static {
        let (app, walk, format, opening, size) =
            (Arc::clone(&self.app), Arc::clone(&self.walk), self.format, self.opening, self.size);
        let make = move || -> Result<Piece, Problem> {
            let page = walk.page(after, PIECE_ROWS_MAX, size)?;
            let mut piece = Piece { next: page.next, ..Piece::default() };
            for row in page.rows {
                format.row(&RowView::new(row.number, &row.opening, &walk.sight, opening), &mut piece.bytes)?;
                piece.rows += 1;
                piece.last = Some(row.number);
            }
            Ok(piece)
        };
        async move { app.auditing.run(make).await? }
    }
}

impl End {
    /// Says how many rows the connection took, and whether those were all.
    fn draft(self, delivered: Delivered) -> Draft {
        let mut draft = self.draft;
        draft.at = clock::now();
        draft.facts.outcome = if delivered.is_complete { Ending::Done } else { Ending::Failed };
        let details = &mut draft.facts.details;
        details.insert("step".to_owned(), json!("end"));
        details.insert("begin".to_owned(), json!(self.begin.number));
        details.insert("rows".to_owned(), json!(delivered.rows));
        details.insert("through".to_owned(), json!(delivered.through));
        draft
    }
}
