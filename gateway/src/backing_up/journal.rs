//! The journal between backups: what was committed is taken from the store and sealed every few seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crypto::time::Timestamp;
use storage::Store;
use storage::backup::{BackupError, Folder, Journal};
use tokio::sync::oneshot::Sender;
use tokio::task::spawn_blocking;

use super::{Tally, key};
use crate::app::App;
use crate::clock;
use crate::config::Backup;
use crate::live::Live;
use crate::shutdown::Shutdown;

/// How often it is looked whether something is to be written.
const TURN: Duration = Duration::from_millis(500);

/// How long after it could not be opened it is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// How many bytes that wait are written at once, whatever the time.
const WAITING_BYTES: usize = 8 << 20;

/// The journal, as it is kept by this configuration.
#[derive(Debug)]
struct Kept {
    journal: Journal,
    settings: Backup,
    /// How many backups there were when its key was read: the next may be under another.
    backups: u64,
    /// When it was written last.
    at: Instant,
}

/// The journal when the gateway stops.
#[derive(Debug)]
pub struct Last(Option<Journal>);

impl Last {
    /// Writes what was committed until now. After that nothing must be committed any more, or the next start makes a backup.
    pub async fn write(self) {
        let written = spawn_blocking(move || self.0.map(write_all)).await;
        match written {
            Ok(Some(Err(error))) => tracing::error!(code = error.code(), %error, "the end of the journal was not written"),
            Ok(Some(Ok(None))) => tracing::warn!("the journal has a gap; the next start makes a backup"),
            Ok(Some(Ok(Some(_))) | None) => {}
            Err(error) => tracing::error!(panic = error.is_panic(), "the end of the journal was not written"),
        }
    }
}

/// Keeps the journal as the configuration in force wants it, until it is time to stop. What is committed after that is for
/// [`Last::write`]. `opened` hears when it was tried to open it, so that the first backup is one that it leads on from.
pub async fn run(live: Arc<Live>, opened: Sender<()>, mut shutdown: Shutdown) -> Last {
    let mut opened = Some(opened);
    let mut kept: Option<Kept> = None;
    let mut failed_at: Option<Instant> = None;
    loop {
        let app = live.current();
        let tally = &app.metrics.backups;
        let settings = app.config.backup.clone().filter(|settings| settings.journal_every().is_some());
        if let Some(settings) = settings {
            let is_tried = failed_at.is_none_or(|failed| failed.elapsed() >= AGAIN);
            kept = match kept.take().filter(|kept| !is_elsewhere(kept, &settings)) {
                Some(kept) => rekeyed(tally, Kept { settings, ..kept }).await,
                None if is_tried => open(&app, settings).await,
                None => None,
            };
            failed_at = if kept.is_some() { None } else { failed_at.filter(|_| !is_tried).or_else(|| Some(clock::instant())) };
            if kept.as_ref().is_some_and(|kept| is_due(kept, app.store())) {
                kept = turn(tally, kept).await;
            }
        } else {
            kept = None;
            // Nobody takes what is heard: it need not wait.
            if let Some(tap) = app.store().tap() {
                tap.hush();
            }
        }
        tally.standing().line = kept.as_ref().map(|kept| kept.journal.line());
        tally.tell_lag(app.config.backup.as_ref(), clock::now());
        drop(app);
        // Whoever does not wait for it any more has been told to stop.
        opened.take().map_or(Ok(()), |opened| opened.send(())).unwrap_or_default();
        if tokio::time::timeout(TURN, shutdown.requested()).await.is_ok() {
            return Last(kept.map(|kept| kept.journal));
        }
    }
}

/// Whether the journal has to be opened anew.
fn is_elsewhere(kept: &Kept, settings: &Backup) -> bool {
    kept.settings.path != settings.path || kept.settings.key != settings.key
}

fn is_due(kept: &Kept, store: &Store) -> bool {
    let waiting = store.tap().and_then(|tap| tap.waiting());
    // A gap is told at once.
    let is_full = waiting.is_none_or(|bytes| bytes >= WAITING_BYTES);
    is_full || kept.settings.journal_every().is_none_or(|every| kept.at.elapsed() >= every)
}

/// Opens the journal.
async fn open(app: &App, settings: Backup) -> Option<Kept> {
    let (store, tally, backups) = (app.store().clone(), &app.metrics.backups, app.metrics.backups.count_made());
    let opened = spawn_blocking(move || {
        let (folder, key) = (Folder::new(&settings.path), key(&settings)?);
        let journal = Journal::open(&store, folder, key, clock::now())?;
        Ok::<_, BackupError>(Kept { journal, settings, backups, at: clock::instant() })
    });
    match opened.await {
        Ok(Ok(kept)) => return Some(kept),
        Ok(Err(error)) => tracing::error!(code = error.code(), %error, "the journal cannot be opened"),
        Err(error) => tracing::error!(panic = error.is_panic(), "the journal was not opened"),
    }
    tally.segment(false);
    None
}

/// The journal under the key that the newest backup is under: after a change of the key it is opened anew.
async fn rekeyed(tally: &Tally, mut kept: Kept) -> Option<Kept> {
    let backups = tally.count_made();
    if std::mem::replace(&mut kept.backups, backups) == backups {
        return Some(kept);
    }
    let read = spawn_blocking(move || {
        // A key that cannot be read is told of with the next backup.
        let is_same = key(&kept.settings).map_or(true, |key| key.id() == kept.journal.key());
        is_same.then_some(kept)
    });
    read.await.ok().flatten()
}

/// Takes what was committed and writes it, or what could not be written the last time. Says to which moment the journal leads then; to none
/// after a gap, when there is a new line.
fn write(mut journal: Journal) -> (Journal, Result<Option<Timestamp>, BackupError>) {
    let began = clock::now();
    let outcome = match journal.gather() {
        Ok(_) => journal.write(clock::now()).map(|written| Some(written.map_or(began, |name| name.until.min(began)))),
        Err(_) => journal.begin(clock::now()).map(|()| None),
    };
    (journal, outcome)
}

/// The same at the end: what could not be written the last time, and what came after.
fn write_all(journal: Journal) -> Result<Option<Timestamp>, BackupError> {
    match write(journal) {
        (journal, Ok(Some(_))) => write(journal).1,
        (_, outcome) => outcome,
    }
}

async fn turn(tally: &Tally, kept: Option<Kept>) -> Option<Kept> {
    let Kept { journal, settings, backups, .. } = kept?;
    let line = journal.line();
    let Ok((journal, outcome)) = spawn_blocking(move || write(journal)).await else {
        tracing::error!("the journal broke off");
        return None;
    };
    match outcome {
        Ok(Some(until)) => {
            tally.segment(true);
            tally.reaches(line, until);
        }
        Ok(None) => {
            tally.gap();
            tracing::warn!("the journal has a gap: a backup is due");
        }
        Err(error) => {
            tally.segment(false);
            tracing::error!(code = error.code(), %error, "a segment of the journal was not written");
        }
    }
    Some(Kept { journal, settings, backups, at: clock::instant() })
}
