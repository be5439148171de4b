//! Backups, made by the running gateway: by itself from time to time, and when an operator asks; and the journal between them.

pub mod journal;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crypto::record::EventKind;
use crypto::time::Timestamp;
use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};
use serde_json::json;
use storage::Store;
use storage::backup::{self, BackupError, BackupKey, Folder, Making, Manifest, Step};
use storage::engine::Line;

use tokio::sync::oneshot::Receiver;

use crate::app::{self, App};
use crate::clock;
use crate::config::Backup;
use crate::live::Live;
use crate::metrics::rows;
use crate::shutdown::Shutdown;

/// How often it is looked whether a backup is due.
const TURN: Duration = Duration::from_secs(5);

/// How long after one that failed the next is tried, unless one is due sooner.
const AGAIN_S: i64 = 300;

/// How long after a backup that was made because the journal has a gap the next such one is made.
const GAP_S: i64 = 60;

/// What the metrics tell of backups, and of the anchor.
#[derive(Clone, Debug)]
pub struct Tally {
    age: IntGauge,
    made: IntCounterVec,
    anchor_failures: IntCounter,
    lag: IntGauge,
    segments: IntCounterVec,
    gaps: IntCounter,
    standing: Arc<Mutex<Standing>>,
}

/// How backups and the journal stand to each other.
#[derive(Debug)]
struct Standing {
    /// The line that the journal writes.
    line: Option<Line>,
    /// The line that leads on from the newest backup, as far as that was seen.
    led: Option<Line>,
    /// The moment that the journal reaches from that backup; when it was first to be kept, as long as it reaches none.
    until: Option<Timestamp>,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let made = Opts::new("licet_backups_total", "Backups that were tried, by what came of them");
        let made = IntCounterVec::new(made, &["outcome"])?;
        rows(&made, &[&["made", "failed"]]);
        let segments = Opts::new("licet_journal_segments_total", "Writes of the journal, by what came of them");
        let segments = IntCounterVec::new(segments, &["outcome"])?;
        rows(&segments, &[&["written", "failed"]]);
        let standing = Standing { line: None, led: None, until: None };
        Ok(Self {
            age: IntGauge::new("licet_backup_age_seconds", "Time since the newest backup was begun")?,
            made,
            anchor_failures: IntCounter::new("licet_anchor_failures_total", "Replacements of the anchor that failed")?,
            lag: IntGauge::new("licet_journal_lag_seconds", "Time since the moment to which the journal leads")?,
            segments,
            gaps: IntCounter::new("licet_journal_gaps_total", "Gaps in the journal")?,
            standing: Arc::new(Mutex::new(standing)),
        })
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 6] {
        [
            Box::new(self.age.clone()),
            Box::new(self.made.clone()),
            Box::new(self.anchor_failures.clone()),
            Box::new(self.lag.clone()),
            Box::new(self.segments.clone()),
            Box::new(self.gaps.clone()),
        ]
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        // Nothing in here panics half-way through a change.
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many backups were made.
    fn count_made(&self) -> u64 {
        self.made.with_label_values(&["made"]).get()
    }

    fn segment(&self, is_written: bool) {
        self.segments.with_label_values(&[if is_written { "written" } else { "failed" }]).inc();
    }

    fn gap(&self) {
        self.gaps.inc();
    }

    /// The journal has everything of this line until this moment. That counts from when there is a backup in the line.
    fn reaches(&self, line: Line, until: Timestamp) {
        let mut standing = self.standing();
        if standing.led == Some(line) {
            standing.until = Some(until);
        }
    }

    /// Says how long ago the moment is to which the journal leads, where one is to be kept, whether or not it is.
    pub fn tell_lag(&self, settings: Option<&Backup>, now: Timestamp) {
        let mut standing = self.standing();
        if settings.and_then(Backup::journal_every).is_none() {
            standing.until = None;
        }
        let until = if settings.is_some() { *standing.until.get_or_insert(now) } else { now };
        self.lag.set(now.unix().saturating_sub(until.unix()).max(0));
    }

    /// The anchor could not be replaced.
    pub fn anchor_failed(&self) {
        self.anchor_failures.inc();
    }
}

/// Reads the key that seals backups.
///
/// # Errors
/// [`BackupError::Key`] when it is missing, may be read by others, or is no key.
pub fn key(settings: &Backup) -> Result<BackupKey, BackupError> {
    let text = app::store_key("backup.key", &settings.key);
    let text = text.map_err(|faults| BackupError::Key(faults.iter().map(|fault| fault.message.as_str()).collect()))?;
    BackupKey::parse(&text).ok_or_else(|| BackupError::Key("is no key".to_owned()))
}

/// Makes a backup for the gateway whose logs have this origin, and removes those that are too old. Blocks for as long as that takes.
///
/// # Errors
/// [`BackupError`]; then there is no new backup.
pub fn make(store: &Store, settings: &Backup, origin: &str, told: &mut dyn FnMut(Step)) -> Result<Manifest, BackupError> {
    let (folder, key) = (Folder::new(&settings.path), key(settings)?);
    folder.claim(origin)?;
    // Behind what may take long: nothing from after this moment is to count as from before.
    let making = Making { now: clock::now(), program: env!("CARGO_PKG_VERSION") };
    let manifest = backup::create(store, &folder, &key, making, told)?;
    if let Err(error) = folder.prune(usize::try_from(settings.keep).unwrap_or(usize::MAX), &key) {
        // The new one stands: what could not be removed goes with the next.
        tracing::warn!(code = error.code(), %error, "old backups could not be removed");
    }
    Ok(manifest)
}

/// The same beside what the gateway does otherwise; counted, and put on record. `by` is who wanted it.
///
/// # Errors
/// As for [`make`].
pub async fn back_up(
    app: &Arc<App>,
    settings: &Backup,
    by: &str,
    told: impl FnMut(Step) + Send + 'static,
) -> Result<Manifest, BackupError> {
    tracing::debug!(by, "a backup begins");
    let (store, settings, tally) = (app.store().clone(), settings.clone(), &app.metrics.backups);
    let origin = app.config.record.origin.clone();
    let mut tell = told;
    let mut told = move |step: Step| {
        tracing::trace!(done = step.done, all = step.all, "a step of a backup");
        tell(step);
    };
    let work = tokio::task::spawn_blocking(move || make(&store, &settings, &origin, &mut told)).await;
    let made = work.unwrap_or_else(|error| {
        let error = std::io::Error::other(format!("the backup broke off: {error}"));
        Err(BackupError::Io { path: std::path::PathBuf::new(), error })
    });
    match &made {
        Ok(manifest) => {
            tally.made.with_label_values(&["made"]).inc();
            tracing::info!(backup = %manifest.id, bytes = manifest.bytes(), new_bytes = manifest.new_bytes, "a backup was made");
            let details = [
                ("backup", json!(manifest.id)),
                ("bytes", json!(manifest.bytes())),
                ("new_bytes", json!(manifest.new_bytes)),
                ("by", json!(by)),
            ];
            let details = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let trust = app.trust.current().generation();
            // What failed was said in the log; the backup stands.
            drop(app.recorder.note_own(EventKind::BackupMake, details, trust, clock::now()).await);
        }
        Err(error) => {
            tally.made.with_label_values(&["failed"]).inc();
            tracing::error!(code = error.code(), %error, "a backup was not made");
        }
    }
    made
}

/// Makes backups as the configuration in force wants them, until it is time to stop. Begins when the journal has.
pub async fn run(live: Arc<Live>, journal: Receiver<()>, mut shutdown: Shutdown) {
    let mut schedule = Schedule::default();
    // One that broke off does not keep backups from being made.
    journal.await.unwrap_or_default();
    loop {
        let app = live.current();
        if let Some(settings) = &app.config.backup {
            schedule.turn(&app, settings).await;
        }
        drop(app);
        if tokio::time::timeout(TURN, shutdown.requested()).await.is_ok() {
            return;
        }
    }
}

/// What is known of backups when it is looked whether one is due.
#[derive(Debug, Default)]
struct Schedule {
    made_at: Option<Instant>,
    failed_at: Option<Timestamp>,
    gap_at: Option<Timestamp>,
    /// The name of the key that the store in the newest backup opens with.
    under: Option<String>,
}

impl Schedule {
    /// Makes a backup if one is due.
    async fn turn(&mut self, app: &Arc<App>, settings: &Backup) {
        let (newest, now, outer) = (newest(settings).await, clock::now(), app.store().keyring().outer().to_string());
        app.metrics.backups.age.set(now.unix().saturating_sub(newest.map_or(0, Timestamp::unix)).max(0));
        if self.under.is_none() {
            let manifest = newest_manifest(settings.clone()).await;
            self.under = Some(manifest.map_or_else(|| outer.clone(), |manifest| manifest.value_key));
        }
        let is_unled = is_unled(&app.metrics.backups, settings).await && !is_recent(self.gap_at, now, GAP_S);
        // Without one, what the journal has of later would need another key than the backup that it leads on from.
        let is_rekeyed = self.under.as_ref() != Some(&outer);
        // Where the newest is from the future, the clock was wrong then, or is now: how long ago we made one, it cannot say.
        let every = Duration::from_secs(settings.every_s.into());
        let is_made = self.made_at.is_some_and(|made| made.elapsed() < every);
        let is_due = !is_made && is_due(settings, newest, self.failed_at, now);
        if !is_due && (!is_unled && !is_rekeyed || is_recent(self.failed_at, now, AGAIN_S)) {
            return;
        }
        self.gap_at = if is_unled { Some(now) } else { self.gap_at };
        match back_up(app, settings, "schedule", |_| ()).await {
            Ok(manifest) => {
                (self.made_at, self.failed_at, self.under) = (Some(clock::instant()), None, Some(manifest.value_key));
            }
            Err(_) => self.failed_at = Some(clock::now()),
        }
    }
}

/// When the newest backup was begun, whatever it is.
async fn newest(settings: &Backup) -> Option<Timestamp> {
    let folder = Folder::new(&settings.path);
    let ids = tokio::task::spawn_blocking(move || folder.ids()).await;
    ids.ok()?.ok()?.last().map(|id| id.made_at())
}

/// What the newest backup consists of, if it opens.
async fn newest_manifest(settings: Backup) -> Option<Manifest> {
    let read = tokio::task::spawn_blocking(move || {
        let (folder, key) = (Folder::new(&settings.path), key(&settings).ok()?);
        folder.manifest(folder.ids().ok()?.last()?, &key).ok()
    });
    read.await.ok().flatten()
}

/// Whether there is a journal that leads on from no backup: after a gap, and before the first one.
async fn is_unled(tally: &Tally, settings: &Backup) -> bool {
    let (line, led) = {
        let standing = tally.standing();
        (standing.line, standing.led)
    };
    if line.is_none() || line == led {
        return false;
    }
    let joint = newest_manifest(settings.clone()).await.and_then(|manifest| manifest.journal);
    let led = joint.map(|joint| joint.line);
    tally.standing().led = led;
    line != led
}

/// Whether something was less than so many seconds ago. One from the future says nothing: the clock was wrong then, or is now.
fn is_recent(then: Option<Timestamp>, now: Timestamp, seconds: i64) -> bool {
    then.is_some_and(|then| (0..seconds).contains(&now.unix().saturating_sub(then.unix())))
}

fn is_due(settings: &Backup, newest: Option<Timestamp>, failed_at: Option<Timestamp>, now: Timestamp) -> bool {
    let every = i64::from(settings.every_s);
    every > 0 && !is_recent(newest, now, every) && !is_recent(failed_at, now, AGAIN_S.min(every))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_due_when_the_last_is_old_and_none_has_just_failed() {
        let settings = |every_s| Backup { path: "p".into(), key: "k".into(), every_s, keep: 1, journal_s: 0 };
        let now = Timestamp::from_unix(1_800_000_000);
        let ago = |seconds: i64| Some(now.plus(-seconds));
        assert!(is_due(&settings(3600), None, None, now));
        assert!(!is_due(&settings(0), None, None, now));
        assert!(!is_due(&settings(3600), ago(3599), None, now));
        assert!(is_due(&settings(3600), ago(3600), None, now));
        assert!(is_due(&settings(3600), ago(-5), None, now));
        assert!(!is_due(&settings(3600), None, ago(299), now));
        assert!(is_due(&settings(3600), None, ago(300), now));
        assert!(is_due(&settings(60), None, ago(60), now));
    }
}
