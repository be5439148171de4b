//! Answers that are proven to have every record of a seal, or of a person, in a range of time.
//!
//! The asking is itself put on record in the log that is asked, in the chain of the same seal or person, and ends the range.

use std::sync::Arc;

use crypto::record::{Completeness, LogName};
use hyper::StatusCode;
use storage::log::{ChainKey, Recorded};

use super::log_search::{LIMIT_MAX, LogSearchAnswer, Shape};
use crate::app::App;
use crate::audit::{CheckpointView, Filter, RowView, covered, covering};
use crate::http::{Answer, Code, Problem, Request};

/// Answers a question that was found to be one.
pub(super) async fn answer(app: Arc<App>, request: Request, log: LogName, filter: Filter, shape: Shape) -> Result<Answer, Problem> {
    let key = key(&app, &request, &filter).await?;
    request.trail.note(|draft| {
        filter.tell(draft);
        draft.log = log;
    });
    request.trail.detail("log", log.name());
    request.trail.detail("complete", true);
    let asking = request.trail.record().await?;
    covered(app.store().logs(), log, asking.number).await?;
    let shared = Arc::clone(&app);
    let sight = request.caller.sight.clone();
    let (from, until) = (filter.query.from, filter.query.until);
    let make = move || -> Result<_, Problem> {
        let logs = shared.store().logs();
        let proof = logs.complete(log, &key, (from, until), &asking, LIMIT_MAX)?;
        Ok((proof, sight, shape))
    };
    let _ = app.pool.run(make).await??;
    Err(Code::Internal.into())
}
