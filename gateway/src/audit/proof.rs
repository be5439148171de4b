//! Proofs that go with what is shown: in which tree a record stands, and the checkpoint that was signed of it.

use std::sync::Arc;
use std::time::Duration;

use crypto::record::LogName;
use crypto::tlog::Hash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::StorageError;
use storage::log::{Logs, Published};

use super::view::{ProofView, RowView, hashes};
use crate::app::App;
use crate::covered::{best, best_in_time, in_time};
use crate::http::{Code, Problem};

/// How long an answer waits for a checkpoint, at most.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A signed checkpoint of a shard.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckpointView {
    /// The period of the shard.
    pub period: String,
    /// The number of its first record: a record's place in the tree is its number less this.
    pub first: u64,
    /// How many records the tree has.
    pub size: u64,
    /// The root of the tree, in base64.
    pub root: String,
    /// Whether the shard has ended with it.
    pub is_final: bool,
    /// The signed note (C2SP tlog-checkpoint), whose first line is the origin.
    pub note: String,
}

impl CheckpointView {
    /// What is shown of a checkpoint.
    #[must_use]
    pub fn new(published: &Published) -> Self {
        Self {
            period: published.period.clone(),
            first: published.first,
            size: published.size,
            root: published.root.to_string(),
            is_final: published.is_final,
            note: published.note.clone(),
        }
    }
}

/// The checkpoints that the proofs of one answer lead to: one for each shard, however many rows.
#[derive(Debug)]
pub struct Trees {
    app: Arc<App>,
    log: LogName,
    known: Vec<Arc<Published>>,
}

/// Whether an answer waits for witnesses, where there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Patience {
    /// It comes with the lines that are there.
    #[default]
    Present,
    /// It waits a little, until what it proves is witnessed.
    Wait,
}

impl Trees {
    /// Those of a log.
    #[must_use]
    pub const fn new(app: Arc<App>, log: LogName) -> Self {
        Self { app, log, known: Vec::new() }
    }

    /// Adds to a row where it stands. Nothing where no checkpoint covers it yet.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn prove(&mut self, row: &mut RowView) -> Result<(), Problem> {
        if let Some((place, path)) = self.path(row.number)?
            && let Some(published) = self.known.get(place)
        {
            let index = row.number.saturating_sub(published.first);
            row.proof = Some(ProofView { checkpoint: place, index, hashes: hashes(&path) });
        }
        Ok(())
    }

    /// The way of a record to the root of its tree, with the place of that checkpoint among them. Nothing where none covers it yet.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn path(&mut self, number: u64) -> Result<Option<(usize, Vec<Hash>)>, Problem> {
        let logs = self.app.store().logs();
        let place = match self.known.iter().position(|known| known.covers(number)) {
            Some(place) => place,
            None => {
                let Some(newest) = covering(logs, self.log, number)? else { return Ok(None) };
                self.known.push(best(&self.app, &newest, number)?);
                self.known.len() - 1
            }
        };
        let Some(published) = self.known.get(place) else { return Ok(None) };
        Ok(Some((place, logs.inclusion(number, published)?)))
    }

    /// Waits for a checkpoint that covers this record, and takes it for its shard.
    ///
    /// # Errors
    /// As [`covered`].
    pub async fn wait_for(&mut self, number: u64, patience: Patience) -> Result<(), Problem> {
        let newest = covered(self.app.store().logs(), self.log, number).await?;
        self.known.push(match patience {
            Patience::Present => best(&self.app, &newest, number)?,
            Patience::Wait => best_in_time(&self.app, &newest, number).await?,
        });
        Ok(())
    }

    /// What is shown of them.
    #[must_use]
    pub fn views(&self) -> Vec<CheckpointView> {
        self.known.iter().map(|published| CheckpointView::new(published)).collect()
    }
}

/// The newest checkpoint of the shard that a record is in, if that covers it.
///
/// # Errors
/// Those of a store that does not work.
pub fn covering(logs: &Logs, log: LogName, number: u64) -> Result<Option<Arc<Published>>, StorageError> {
    if let Some(newest) = logs.published(log).filter(|newest| newest.covers(number)) {
        return Ok(Some(newest));
    }
    let holds = |first: u64, size: u64| number.checked_sub(first).is_some_and(|index| index < size);
    let Some(shard) = logs.shards(log)?.into_iter().find(|shard| holds(shard.first, shard.size)) else { return Ok(None) };
    Ok(logs.published_of(log, shard.shard)?.filter(|published| published.covers(number)))
}

/// Waits for a checkpoint that covers a record.
///
/// # Errors
/// [`Code::Unavailable`] when there is none and will be none soon.
pub async fn covered(logs: &Logs, log: LogName, number: u64) -> Result<Arc<Published>, Problem> {
    in_time(logs, log, number, WAIT_MAX).await.ok_or_else(|| {
        Problem::new(Code::Unavailable).detail("No checkpoint covers the record at present.", "目前没有覆盖该记录的检查点。")
    })
}
