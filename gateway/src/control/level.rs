//! `GET /level`, `POST /level`, `POST /level/reset`: how much is written to the log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crypto::record::EventKind;
use hyper::Method;
use serde_json::{Value, json};

use super::{Asked, Command, Refused, Reply};
use crate::clock;
use crate::live::Live;
use crate::logging::{self, Levels, Wanted};
use crate::owed::{self, Noted};

pub(super) static COMMANDS: &[Command] = &[
    Command { method: Method::GET, path: "/level", run: |_| Box::pin(async { shown(levels()?, Noted::OnRecord) }) },
    Command { method: Method::POST, path: "/level", run: |asked| Box::pin(change(asked)) },
    Command { method: Method::POST, path: "/level/reset", run: |asked| Box::pin(reset(asked)) },
];

fn levels() -> Result<&'static Levels, Refused> {
    logging::levels().ok_or_else(|| Refused::conflict("no-log", "this process writes no log"))
}

fn shown(levels: &Levels, noted: Noted) -> Result<Reply, Refused> {
    let shown = serde_json::to_value(levels.shown(clock::instant()));
    shown.map(|shown| Reply::Whole(noted.told(shown))).map_err(|error| Refused::failed(error.to_string()))
}

async fn change(asked: Asked) -> Result<Reply, Refused> {
    let levels = levels()?;
    let wanted: Wanted = serde_json::from_value(asked.body).map_err(|error| Refused::malformed(error.to_string()))?;
    wanted.check().map_err(Refused::malformed)?;
    let mut details = BTreeMap::from([
        ("by".to_owned(), json!(asked.by)),
        ("level".to_owned(), json!(wanted.level)),
        ("levels".to_owned(), json!(wanted.levels)),
        ("for_s".to_owned(), json!(wanted.for_s)),
    ]);
    details.retain(|_, value| !value.is_null());
    let noted = note(&asked.live, details).await?;
    let span = wanted.for_s.map(|seconds| Duration::from_secs(seconds.into()));
    let turn = levels.want(Some(wanted), clock::instant());
    let turn = turn.ok_or_else(|| Refused::failed("the log does not take other levels"))?;
    if let Some(span) = span {
        drop(tokio::spawn(end(asked.live, (levels, turn), span)));
    }
    shown(levels, noted)
}

async fn reset(asked: Asked) -> Result<Reply, Refused> {
    let levels = levels()?;
    let details = [("by".to_owned(), json!(asked.by)), ("configured".to_owned(), json!(true))];
    let noted = note(&asked.live, details.into()).await?;
    levels.want(None, clock::instant()).ok_or_else(|| Refused::failed("the log does not take other levels"))?;
    shown(levels, noted)
}

/// Goes back to the levels of the configuration after this time.
async fn end(live: Arc<Live>, (levels, turn): (&'static Levels, u64), after: Duration) {
    tokio::time::sleep(after).await;
    if levels.end(turn) {
        // That it would end is on record already; a store that does not work says so by itself.
        drop(note(&live, BTreeMap::from([("configured".to_owned(), json!(true))])).await);
    }
}

async fn note(live: &Live, details: BTreeMap<String, Value>) -> Result<Noted, Refused> {
    let noted = owed::note(&live.current(), EventKind::LogLevel, details).await;
    noted.map_err(|error| Refused::failed(format!("it cannot be put on record, and is not done: {error}")))
}
