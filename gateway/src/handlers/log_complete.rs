//! Answers that are proven to have every record of a seal, or of a person, in a range of time.
//!
//! The asking is itself put on record, in the log that is asked and in the chain of the same seal or person, and ends the range.

use std::sync::Arc;

use crypto::record::{Completeness, LogName};
use hyper::StatusCode;
use storage::StorageError;
use storage::log::{ChainKey, Recorded};

use super::log_search::{LIMIT_MAX, LogSearchAnswer, Shape};
use crate::app::App;
use crate::audit::{Filter, RowView, Trees};
use crate::http::{Answer, Code, Problem, Request};

/// What is asked of the store.
struct Asked {
    log: LogName,
    key: ChainKey,
    filter: Filter,
    asking: Recorded,
    shape: Shape,
}

/// Answers a question of which it was checked that such a proof can be given.
///
/// # Errors
/// [`Code::OtherOrganisation`] for a seal of another organisation, on file or not, and for a person unless everything may be seen;
/// [`Code::RangeTooLong`]; [`Code::RecordRetired`] when records of the range have been let go.
pub(super) async fn answer(
    app: Arc<App>,
    request: Request,
    log: LogName,
    filter: Filter,
    shape: Shape,
) -> Result<Answer, Problem> {
    request.trail.note(|draft| filter.tell(draft));
    request.trail.detail("log", log.name());
    request.trail.detail("complete", true);
    let key = key(&app, &request, &filter).await?;
    request.trail.note(|draft| draft.log = log);
    let asking = request.trail.record().await?;
    let mut trees = Trees::new(Arc::clone(&app), log);
    trees.wait_for(asking.number, shape.patience).await?;
    let shared = Arc::clone(&app);
    let asked = Asked { log, key, filter, asking, shape };
    let answer = app.auditing.run(move || assemble(&shared, &request, &asked, trees)).await??;
    Ok(Answer::json(StatusCode::OK, &answer))
}

/// What the chain is of that is asked for. A proof tells how many records there are, and when, also of those that are not shown. So
/// that of a seal is for who may see its owner's records, and that of a person, who is nobody's, for who may see all.
async fn key(app: &Arc<App>, request: &Request, filter: &Filter) -> Result<ChainKey, Problem> {
    let query = &filter.query;
    match (&query.seal, &query.subject) {
        (Some(id), None) => {
            let (shared, wanted) = (Arc::clone(app), id.clone());
            let seal = app.auditing.run(move || shared.store().seals().seal(&wanted)).await??;
            let is_readable = match seal {
                Some(seal) => request.caller.sight.covers(&seal.organisation),
                None => request.caller.sight.is_all(),
            };
            if is_readable { Ok(ChainKey::Seal(id.clone())) } else { Err(Code::OtherOrganisation.into()) }
        }
        (None, Some(subject)) if request.caller.sight.is_all() => Ok(ChainKey::Subject(subject.clone())),
        (None, Some(_)) => Err(Code::OtherOrganisation.into()),
        _ => Err(Code::Internal.into()),
    }
}

fn assemble(app: &App, request: &Request, asked: &Asked, mut trees: Trees) -> Result<LogSearchAnswer, Problem> {
    let (logs, log) = (app.store().logs(), asked.log);
    let range = (asked.filter.query.from, asked.filter.query.until);
    let mut proof = logs.complete(&asked.key, range, &asked.asking, LIMIT_MAX).map_err(|error| match error {
        StorageError::TooLarge => Problem::new(Code::RangeTooLong),
        StorageError::NotFound { what: "older record" } => Problem::new(Code::RecordRetired),
        error => error.into(),
    })?;
    lead_to(&mut proof, &mut trees)?;
    let mut rows = Vec::new();
    for proven in &proof.rows {
        let record = logs.record(log, proven.number)?.ok_or(Code::Internal)?;
        let mut row = RowView::of(proven.number, &record, &request.caller.sight, asked.shape.opening);
        if asked.shape.proofs {
            trees.prove(&mut row)?;
        }
        rows.push(row);
    }
    Ok(LogSearchAnswer { log, rows, next: None, checkpoints: trees.views(), completeness: Some(proof) })
}

/// Makes every path of the proof lead to the checkpoints that come with the answer: the log may have grown meanwhile.
fn lead_to(proof: &mut Completeness, trees: &mut Trees) -> Result<(), Problem> {
    // The newest first: the checkpoint that covers it covers all of its shard, and no shard gets two.
    for proven in proof.rows.iter_mut().chain([&mut proof.end]).chain(&mut proof.asking).rev() {
        let (_, path) = trees.path(proven.number)?.ok_or(Code::Unavailable)?;
        proven.path = path;
    }
    Ok(())
}
