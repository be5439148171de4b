//! What is taken out of the logs: what they say about a person, and records that are old enough. The proofs stay.

use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::StorageError;
use storage::log::Logs;

use super::own::today_in_china;
use super::search::HolderRequest;
use crate::app::App;
use crate::audit::{bad, log_name, subject_number, text};
use crate::http::{Answer, Code, Problem, Request};

/// Whose data is to be erased from both logs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureRequest {
    /// Whoever goes by this number.
    pub subject: HolderRequest,
    /// Why.
    pub reason: String,
    /// Who decided it, such as the file number of the decision.
    pub authority: String,
}

/// What was erased.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErasureView {
    /// How many records lost what they said about the person. 0 where nothing was said, or it was erased before.
    pub records: u64,
}

/// Which records are to be let go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetirementRequest {
    /// Records from before this moment.
    pub before: Timestamp,
    /// Why.
    pub reason: String,
}

/// What is left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RetirementView {
    /// The log.
    pub log: LogName,
    /// How many records were let go.
    pub records: u64,
    /// The number of the first record that is kept.
    pub kept_from: u64,
}

/// `POST /v1/erasures`. What is on record of the erasure, before it begins and when it has ended, names nobody.
///
/// # Errors
/// [`Code::BadParameter`].
pub async fn erase(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: ErasureRequest = request.json()?;
    let today = today_in_china(request.now);
    let subject = subject_number("subject", &asked.subject, today)?;
    let reason = text("reason", Some(asked.reason), today)?;
    let authority = text("authority", Some(asked.authority), today)?;
    request.trail.detail("reason", json!(reason));
    request.trail.detail("authority", json!(authority));
    let erased = begun(&app, &request, move |logs| logs.erase(&subject)).await?;
    request.trail.detail("records", erased.records);
    Ok(Answer::json(StatusCode::OK, &ErasureView { records: erased.records }))
}

/// `POST /v1/logs/{log}/retirements`
///
/// # Errors
/// [`Code::RetentionNotOver`] when some of the records must be kept longer, [`Code::BadParameter`].
pub async fn retire(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let log = log_name(request.params.value("log")?)?;
    let asked: RetirementRequest = request.json()?;
    let reason = text("reason", Some(asked.reason), today_in_china(request.now))?;
    request.trail.detail("log", log.name());
    request.trail.detail("reason", json!(reason));
    request.trail.detail("before", json!(asked.before));
    let latest = request.now.plus(-app.retention_s);
    if asked.before > request.now {
        return Err(bad("before", "it lies in the future", "晚于当前时间"));
    }
    if asked.before > latest {
        return Err(Problem::new(Code::RetentionNotOver)
            .detail(format!("Records from {latest} on must be kept at present."), format!("目前须保存{latest}起的记录。")));
    }
    let retired = begun(&app, &request, move |logs| logs.retire(log, asked.before)).await?;
    request.trail.detail("records", retired.records);
    request.trail.detail("kept_from", retired.kept_from);
    Ok(Answer::json(StatusCode::OK, &RetirementView { log, records: retired.records, kept_from: retired.kept_from }))
}

/// Takes something away, once it is durably on record that this begins.
async fn begun<T: Send + 'static>(
    app: &App,
    request: &Request,
    work: impl FnOnce(&Logs) -> Result<T, StorageError> + Send + 'static,
) -> Result<T, Problem> {
    let (logs, trail) = (app.store().logs().clone(), Arc::clone(&request.trail));
    let job = move || {
        trail.begins()?;
        work(&logs)
    };
    Ok(app.pool.run(job).await??)
}
