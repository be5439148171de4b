//! The two logs: who signs for them, and how far they have come.

use std::sync::Arc;

use crypto::record::LogName;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use storage::log::Shard;

use super::log_tiles::newest;
use crate::app::App;
use crate::http::{Answer, Problem, Request};
use crate::witness::WitnessedView;

/// Both logs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogsView {
    /// The seal log and the access log.
    pub logs: Vec<LogView>,
}

/// A log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogView {
    /// Its name.
    pub log: LogName,
    /// How many records it has; their numbers begin with 0.
    pub size: u64,
    /// The number of the first record that is still kept. Of older ones the tree keeps what proves them.
    pub kept_from: u64,
    /// Its shards, the oldest first. Each is a tree of its own.
    pub shards: Vec<ShardView>,
}

/// A shard of a log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShardView {
    /// Its period, in China's time.
    pub period: String,
    /// What its checkpoints begin with.
    pub origin: String,
    /// The keys with which its checkpoints are verified, as C2SP signed-note writes them: Ed25519 first, then SM2 where it signs.
    pub keys: Vec<String>,
    /// The number of its first record. A record's place in the tree is its number less this.
    pub first: u64,
    /// How many records it has.
    pub size: u64,
    /// Whether it has ended.
    pub closed: bool,
    /// Its newest checkpoint, with the lines of witnesses; absent as long as there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// Whether that is witnessed, and which one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessedView>,
}

/// `GET /v1/logs`
///
/// # Errors
/// When the gateway is too busy or the store does not answer.
pub async fn overview(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let shared = Arc::clone(&app);
    let view =
        move || LogName::ALL.into_iter().map(|log| LogView::new(&shared, log, request.now)).collect::<Result<Vec<_>, Problem>>();
    let logs = app.auditing.run(view).await??;
    Ok(Answer::json(StatusCode::OK, &LogsView { logs }))
}

impl LogView {
    fn new(app: &App, log: LogName, now: Timestamp) -> Result<Self, Problem> {
        let logs = app.store().logs();
        let shards = logs.shards(log)?;
        let shards = shards.iter().map(|shard| ShardView::new(app, shard, now)).collect::<Result<_, _>>()?;
        Ok(Self { log, size: logs.size(log)?, kept_from: logs.kept_from(log)?, shards })
    }
}

impl ShardView {
    fn new(app: &App, shard: &Shard, now: Timestamp) -> Result<Self, Problem> {
        let keys = app.log_keys.verifiers(shard.log, &shard.period);
        let newest = newest(app.store().logs(), shard)?;
        Ok(Self {
            period: shard.period.clone(),
            origin: app.log_keys.origin(shard.log, &shard.period),
            keys: keys.iter().map(ToString::to_string).collect(),
            first: shard.first,
            size: shard.size,
            closed: shard.is_closed,
            checkpoint: newest.as_ref().map(|published| app.signed(published)),
            witnesses: newest.map(|published| app.witnessed(&published, now)),
        })
    }
}
