//! One record of a log, the proof that it is in the tree, and the proof that a tree only grew.

use std::sync::Arc;

use crypto::record::LogName;
use crypto::tlog::{Note, TlogProof};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use storage::log::Published;

use super::log_tiles::{newest, shard};
use crate::app::App;
use crate::audit::{CheckpointView, RowView, covered, covering, hashes, is_visible, log_name};
use crate::covered::best;
use crate::http::{Answer, Code, Problem, Request};

/// That a tree only grew.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsistencyView {
    /// The log.
    pub log: LogName,
    /// The period of the shard.
    pub period: String,
    /// The size of the smaller tree.
    pub from: u64,
    /// The size of the larger tree.
    pub to: u64,
    /// The proof (RFC 6962), each hash in base64.
    pub hashes: Vec<String>,
    /// A checkpoint of the shard whose tree has the larger one: the newest that is witnessed, if it does, or else the newest.
    pub checkpoint: CheckpointView,
}

/// `GET /v1/logs/{log}/entries/{number}`
///
/// # Errors
/// [`Code::RecordNotFound`], also where the record is not for this caller.
pub async fn entry(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (log, number) = place(&request)?;
    request.trail.detail("log", log.name());
    request.trail.detail("number", number);
    let (logs, sight) = (app.store().logs().clone(), request.caller.sight.clone());
    let read = move || -> Result<_, Problem> {
        let record = logs.record(log, number)?.filter(|record| is_visible(record, &sight));
        Ok(record.map(|record| RowView::new(number, &record, &sight, true)))
    };
    let row = app.auditing.run(read).await??.ok_or(Code::RecordNotFound)?;
    Ok(Answer::json(StatusCode::OK, &row))
}

/// `GET /v1/logs/{log}/entries/{number}/proof`. The proof shows nothing of the record: entries are in the tiles for everybody.
///
/// # Errors
/// [`Code::RecordNotFound`].
pub async fn proof(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (log, number) = place(&request)?;
    request.trail.detail("log", log.name());
    request.trail.detail("number", number);
    let logs = app.store().logs().clone();
    if number >= logs.size(log)? {
        return Err(Code::RecordNotFound.into());
    }
    // The record may have come a moment ago.
    let newest = covered(&logs, log, number).await?;
    let shared = Arc::clone(&app);
    let prove = move || -> Result<String, Problem> {
        let published = best(&shared, &covering(&logs, log, number)?.unwrap_or(newest), number)?;
        let path = logs.inclusion(number, &published)?;
        let note = Note::parse(published.note.as_bytes()).or(Err(Code::Internal))?;
        let index = number.checked_sub(published.first).ok_or(Code::Internal)?;
        Ok(TlogProof::new(index, path, note).or(Err(Code::Internal))?.to_string())
    };
    let text = app.auditing.run(prove).await??;
    Ok(Answer::bytes(StatusCode::OK, "text/plain; charset=utf-8", text))
}

/// `GET /v1/logs/{log}/consistency`
///
/// # Errors
/// [`Code::LogPartNotFound`] for a period that the log has not; [`Code::BadParameter`] for sizes that its tree never had.
pub async fn consistency(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let log = log_name(request.params.value("log")?)?;
    let wanted = |name: &'static str| Problem::parameter(name);
    let period = request.query.value("period").ok_or_else(|| wanted("period"))?.to_owned();
    let from: u64 = request.query.parsed("from")?.ok_or_else(|| wanted("from"))?;
    let to: Option<u64> = request.query.parsed("to")?;
    request.trail.detail("log", log.name());
    let (logs, shared) = (app.store().logs().clone(), Arc::clone(&app));
    let prove = move || -> Result<_, Problem> {
        let shard = shard(&logs, log, &period)?;
        let newest = newest(&logs, &shard)?.ok_or(Code::LogPartNotFound)?;
        let to = to.unwrap_or(newest.size);
        if to == 0 || to > newest.size {
            return Err(wanted("to"));
        }
        if from == 0 || from > to {
            return Err(wanted("from"));
        }
        // The tree of that size was the beginning of the one that is signed now.
        let path = logs.consistency(&Published { size: to, ..(*newest).clone() }, from)?;
        let last = newest.first.saturating_add(to).saturating_sub(1);
        let covering = best(&shared, &newest, last)?;
        let checkpoint = CheckpointView::new(&covering);
        Ok(ConsistencyView { log, period, from, to, hashes: hashes(&path), checkpoint })
    };
    Ok(Answer::json(StatusCode::OK, &app.auditing.run(prove).await??))
}

/// Log and number in the path.
fn place(request: &Request) -> Result<(LogName, u64), Problem> {
    let log = log_name(request.params.value("log")?)?;
    let text = request.params.value("number")?;
    // One way to write a number.
    let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    Ok((log, number.ok_or_else(|| Problem::parameter("number"))?))
}
