//! Another configuration takes the place of the one in force while the gateway runs: all of it, or nothing.
//!
//! ```text
//! read ─▶ compare (what needs a restart is refused) ─▶ open everything ─▶ on record, durably ─▶ in force, by one swap
//! ```
//!
//! What is wrong with any part leaves the last good configuration in force, and is shown: in the log once, in `/ready`, in the
//! metrics. A good file that needs a restart is shown as that.

mod restart;
mod standing;
mod tally;
mod watch;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::{App, Next};
use crate::clock;
use crate::config::{Config, Faults};
use crate::difference::Difference;
use crate::live::{Live, Turn};
use crate::logging;
use crate::recorder;

pub use standing::Standing;
pub use tally::Tally;
pub use work::run;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The file of the configuration is put in force.
    InForce,
    /// Nothing is changed: what would be, if this file were put in force, or its own without one.
    DryRun(Option<PathBuf>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// What the gateway did.
    pub outcome: Outcome,
    /// The number of the generation in force now.
    pub generation: u64,
    /// What the file says otherwise than what was in force.
    pub difference: Difference,
    /// The sections of which files have changed.
    pub files: Vec<String>,
    /// The keys that differ and cannot be put in force without a restart: a file with such keys is refused whole.
    pub needs_restart: Vec<String>,
}

/// What the gateway did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It goes by another configuration now.
    InForce,
    /// Nothing, as nothing has changed.
    Unchanged,
    /// Nothing, as nothing was to be done.
    DryRun,
}

/// Why a configuration was not put in force.
#[derive(Debug)]
enum Refusal {
    /// Something is wrong with it.
    Wrong(Faults),
    /// Nothing is wrong with it; these keys need a restart.
    NeedsRestart(Faults),
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Wrong(faults)
    }
}

/// Reads the configuration again, for who is named. Runs to its end even if nobody waits for it any more.
///
/// # Errors
/// Everything that is wrong; then nothing has changed.
pub async fn reload(live: &Arc<Live>, how: How, by: &str) -> Result<Reloaded, Faults> {
    let turn = live.turn().await;
    let (live, by) = (Arc::clone(live), by.to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let before = live.current();
        let file = match &how {
            How::DryRun(Some(file)) => Some(file.clone()),
            How::DryRun(None) | How::InForce => before.config.origin().file().map(Path::to_owned),
        };
        let file = file.ok_or_else(|| Faults::one("(file)", "the configuration in force was read from no file"))?;
        if how != How::InForce {
            return prepare(&before, &file).map(|(reloaded, _)| Reloaded { outcome: Outcome::DryRun, ..reloaded });
        }
        let result = put_in_force((&live, &turn), &before, &file, &by);
        before.reloads.note(&result, clock::now());
        result.map_err(|(Refusal::Wrong(faults) | Refusal::NeedsRestart(faults))| faults)
    });
    work.await.unwrap_or_else(|_panic| Err(Faults::one("(reload)", "reading the configuration broke down")))
}

/// Reads and opens everything, and compares. Nothing to put in force where nothing has changed.
fn prepare(before: &App, file: &Path) -> Result<(Reloaded, Option<Next>), Faults> {
    let config = Config::read(file)?;
    tracing::debug!("the configuration is read");
    let difference = before.config.origin().difference(config.origin());
    let needs_restart = restart::needed(&difference);
    let next = Next::of(before, config, clock::now())?;
    tracing::debug!(is_other = next.is_some(), restart = ?needs_restart, "all that the configuration names is opened");
    let files = next.as_ref().map(|next| next.app().files_changed(before)).unwrap_or_default();
    let generation = before.generation;
    Ok((Reloaded { outcome: Outcome::Unchanged, generation, difference, files, needs_restart }, next))
}

fn put_in_force((live, turn): (&Live, &Turn), before: &App, file: &Path, by: &str) -> Result<Reloaded, Refusal> {
    // Rules that were put in force while others are prepared would be lost.
    let _rules = before.renewal.turn();
    let (reloaded, next) = prepare(before, file)?;
    let mut faults = Faults::default();
    for key in &reloaded.needs_restart {
        faults.add(key, "cannot be changed while the gateway runs: it needs a restart");
    }
    faults.none_or(()).map_err(Refusal::NeedsRestart)?;
    let Some(next) = next else { return Ok(reloaded) };
    next.keep()?;
    let app = next.app();
    put_on_record(before, app, by).map_err(|error| Faults::one("(record)", format!("it cannot be put on record: {error}")))?;
    tracing::debug!(generation = app.generation, "another configuration is on record");
    live.put_in_force(turn, app);
    if let Some(levels) = logging::levels() {
        levels.follow(&app.config.log);
    }
    tracing::info!(by, generation = app.generation, "another configuration is in force");
    Ok(Reloaded { outcome: Outcome::InForce, generation: app.generation, ..reloaded })
}

fn put_on_record(before: &App, app: &App, by: &str) -> Result<(), storage::StorageError> {
    let trust = app.trust.current().generation();
    if trust != before.trust.current().generation() {
        app.recorder.note_trust(app.renewal.source().name(), trust, app.since)?;
    }
    let (before, settings) = (&before.settings, &app.settings);
    let reload = recorder::Reload { by, generation: app.generation, before, settings };
    app.recorder.note_reload(reload, trust, app.since)
}
