//! The logs as every reader of C2SP knows them: checkpoints, tiles and bundles of entries.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::record::LogName;
use crypto::tlog::TilePath;
use crypto::tlog::tile::TILE_WIDTH;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use storage::log::{Logs, Published, Shard};

use super::licences::tagged;
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};

/// What never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What grows.
const SHORTLY: &str = "public, max-age=5";

/// `GET /log/{log}/{period}/checkpoint`
///
/// # Errors
/// [`Code::LogPartNotFound`].
pub async fn checkpoint(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (log, period) = (log(&request)?, request.params.value("period")?.to_owned());
    let logs = app.store().logs().clone();
    let find = move || -> Result<_, Problem> {
        let shard = shard(&logs, log, &period)?;
        newest(&logs, &shard)
    };
    let published = app.auditing.run(find).await??.ok_or(Code::LogPartNotFound)?;
    let note = app.signed(&published).into_bytes();
    let tag = Sha256::of(&[&note]).to_string();
    let answer = tagged(&request, &tag, "text/plain; charset=utf-8", note)?;
    // A final checkpoint may still get the signature of a witness.
    Ok(answer.header(CACHE_CONTROL, HeaderValue::from_static("no-cache")))
}

/// `GET /log/{log}/{period}/tile/{tile...}`
///
/// # Errors
/// [`Code::LogPartNotFound`].
pub async fn tile(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (log, period) = (log(&request)?, request.params.value("period")?.to_owned());
    let path: TilePath =
        format!("tile/{}", request.params.value("tile")?).parse().map_err(|_error| Problem::new(Code::LogPartNotFound))?;
    let logs = app.store().logs().clone();
    let read = move || -> Result<_, Problem> {
        let shard = shard(&logs, log, &period)?;
        Ok(logs.tile(log, shard.shard, &path)?)
    };
    let bytes = app.auditing.run(read).await??.ok_or(Code::LogPartNotFound)?;
    let is_whole = path.width() == TILE_WIDTH;
    let tag = Sha256::of(&[&bytes]).to_string();
    let answer = tagged(&request, &tag, "application/octet-stream", bytes)?;
    Ok(answer.header(CACHE_CONTROL, HeaderValue::from_static(if is_whole { FOR_EVER } else { SHORTLY })))
}

fn log(request: &Request) -> Result<LogName, Problem> {
    request.params.value("log")?.parse().or(Err(Code::LogPartNotFound.into()))
}

/// The shard of a period.
pub(super) fn shard(logs: &Logs, log: LogName, period: &str) -> Result<Shard, Problem> {
    let found = logs.shards(log)?.into_iter().find(|shard| shard.period == period);
    found.ok_or_else(|| Code::LogPartNotFound.into())
}

/// The newest checkpoint of a shard, if it has one.
pub(super) fn newest(logs: &Logs, shard: &Shard) -> Result<Option<Arc<Published>>, Problem> {
    if shard.is_closed {
        return Ok(logs.published_of(shard.log, shard.shard)?);
    }
    // The shard may have ended since it was looked up: then its final checkpoint is on record.
    match logs.published(shard.log).filter(|published| published.shard == shard.shard) {
        Some(published) => Ok(Some(published)),
        None => Ok(logs.published_of(shard.log, shard.shard)?),
    }
}
