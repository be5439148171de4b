//! What was published last of the logs, remembered outside of the store: a store that was put back to an earlier state, by somebody or
//! by a disk that lost what it had promised to keep, does not go unnoticed.
//!
//! The anchor is a file beside the folder of the database. It is replaced durably, at most once a second, after the heads were published;
//! so it is never ahead of the store, and never more than a second behind. At a start it is compared with the logs before anything is
//! signed or served.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crypto::record::LogName;
use serde::{Deserialize, Serialize};
use storage::log::{KnownHead, Logs, Standing};
use storage::restoration::Lost;
use storage::{StorageError, Store};

use crate::app::App;
use crate::clock;
use crate::config::{Config, Faults};
use crate::covered;
use crate::live::Live;
use crate::shutdown::Shutdown;
use crate::trust::replace;

/// How often the anchor is replaced at most.
const EVERY: Duration = Duration::from_secs(1);

/// How long replacing it may take before it counts as failed.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// The longest file that is read for an anchor.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What a restored store is marked with until it was compared.
const MARK: &str = storage::backup::RESTORED;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor(PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    heads: Vec<KnownHead>,
}

/// How a store compares with what is known of its logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Records that were published, and are not there.
    pub lost: Vec<Lost>,
    /// Logs that have other records than were published.
    pub differing: Vec<KnownHead>,
}

impl Anchor {
    /// The anchor of this configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self(config.anchor())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What it says; nothing, where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is none: what it would have said is not guessed.
    pub fn read(&self) -> io::Result<Vec<KnownHead>> {
        match fs::metadata(&self.0) {
            Ok(found) if found.len() > FILE_BYTES_MAX => return Err(io::ErrorKind::FileTooLarge.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => {
                other?;
            }
        }
        let content: Content = serde_json::from_slice(&fs::read(&self.0)?)?;
        if content.format == 1 { Ok(content.heads) } else { Err(io::Error::other("it was made by a newer licet")) }
    }

    /// Replaces it, durably.
    ///
    /// # Errors
    /// Those of the system; then it says what it said.
    pub fn write(&self, heads: &[KnownHead]) -> io::Result<()> {
        let content = Content { format: 1, heads: heads.to_vec() };
        replace(&self.0, serde_json::to_string_pretty(&content)?.as_bytes())
    }

    /// Replaces it when the gateway stops, as soon as what is on record is published too; where that does not come, it stays behind.
    ///
    /// # Errors
    /// Those of the system; then it says what it said.
    pub async fn write_last(&self, logs: &Logs) -> io::Result<()> {
        for log in LogName::ALL {
            if let Some(newest) = logs.size(log).ok().and_then(|size| size.checked_sub(1)) {
                drop(covered::in_time(logs, log, newest, EVERY).await);
            }
        }
        self.write(&logs.known_heads())
    }

    /// Compares a store with it, before anything is signed or served.
    ///
    /// # Errors
    /// [`Refused::RolledBack`] for a store of an earlier or another state, [`Refused::Restored`] for one that was restored where nobody
    /// knows what was published since, and when the anchor or the store cannot be read.
    pub fn check(&self, store: &Store, data: &Path) -> Result<(), Refused> {
        self.look(store, data)?;
        // All that was published is there: nothing was lost.
        if is_marked(data) { unmark(data).map_err(|error| Refused::Unreadable { path: data.join(MARK), error }) } else { Ok(()) }
    }

    /// The same, changing nothing.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    pub fn look(&self, store: &Store, data: &Path) -> Result<(), Refused> {
        let heads = self.read().map_err(|error| Refused::Unreadable { path: self.0.clone(), error })?;
        let compared = compare(store.logs(), &heads)?;
        if compared != Compared::default() {
            return Err(Refused::RolledBack { anchor: self.0.clone(), compared, is_marked: is_marked(data) });
        }
        if is_marked(data) && (heads.is_empty() || is_behind(store.logs(), &heads)?) {
            return Err(Refused::Restored { anchor: self.0.clone() });
        }
        Ok(())
    }
}

/// Compares the logs with heads that were published of them.
///
/// # Errors
/// Those of a store that does not work.
pub fn compare(logs: &Logs, heads: &[KnownHead]) -> Result<Compared, StorageError> {
    // Of the heads of one shard the largest says most; a smaller one of another tree is told all the same.
    let mut lost: BTreeMap<(LogName, &str), Lost> = BTreeMap::new();
    let mut differing = Vec::new();
    for head in heads {
        match logs.standing(head)? {
            Standing::Holds => {}
            Standing::Differs => differing.push(head.clone()),
            Standing::Behind { size } => {
                let new = Lost { log: head.log, period: head.period.clone(), from: size, until: head.size };
                let known = lost.entry((head.log, head.period.as_str())).or_insert_with(|| new.clone());
                known.until = known.until.max(new.until);
            }
        }
    }
    Ok(Compared { lost: lost.into_values().collect(), differing })
}

/// Whether these heads do not reach as far as the logs do: then they were taken before, and say nothing of what was published since.
///
/// # Errors
/// Those of a store that does not work.
pub fn is_behind(logs: &Logs, heads: &[KnownHead]) -> Result<bool, StorageError> {
    for log in LogName::ALL {
        let Some(newest) = logs.shards(log)?.into_iter().rfind(|shard| shard.size > 0) else { continue };
        if !heads.iter().any(|head| head.log == log && head.period == newest.period && head.size >= newest.size) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What to do about an anchor that says other things of a restored store than were ever true of it.
#[must_use]
pub fn of_another_store(anchor: &Path) -> String {
    format!(
        "if that is the anchor of a store that was begun here before the restoration (a gateway was started on an empty folder), move {} \
         away: the restored store is then taken into use with licet restore accept",
        anchor.display()
    )
}

/// Whether a store is marked as restored; it is, where that cannot be told.
#[must_use]
pub fn is_marked(data: &Path) -> bool {
    data.join(MARK).try_exists().unwrap_or(true)
}

/// Takes the mark away.
///
/// # Errors
/// Those of the system.
pub fn unmark(data: &Path) -> io::Result<()> {
    match fs::remove_file(data.join(MARK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::File::open(data)?.sync_all(),
    }
}

/// Keeps the anchor up with what is published, until it is time to stop.
pub async fn run(live: Arc<Live>, anchor: Anchor, mut shutdown: Shutdown) {
    let mut written = Vec::new();
    while tokio::time::timeout(EVERY, shutdown.requested()).await.is_err() {
        let app = live.current();
        let heads = app.store().logs().known_heads();
        if heads.is_empty() || heads == written {
            continue;
        }
        let (to, says) = (anchor.clone(), heads.clone());
        let mut work = tokio::task::spawn_blocking(move || to.write(&says));
        let done = loop {
            match tokio::time::timeout(WAIT_MAX, &mut work).await {
                Ok(done) => break done,
                // One thread waits for it, and no more: it is not tried again while it hangs.
                Err(_) => fails(&app, &anchor, "the disk does not answer"),
            }
        };
        match done {
            Ok(Ok(())) => {
                written = heads;
                if app.condition.anchor.works() {
                    tracing::info!(path = %anchor.0.display(), "the anchor is replaced again");
                }
            }
            Ok(Err(error)) => fails(&app, &anchor, &error.to_string()),
            Err(error) => fails(&app, &anchor, if error.is_panic() { "a fault of licet" } else { "it was not begun" }),
        }
    }
}

/// Counts that it could not be replaced, and says so once.
fn fails(app: &App, anchor: &Anchor, why: &str) {
    app.metrics.backups.anchor_failed();
    if app.condition.anchor.fails(why, clock::now()) {
        tracing::error!(why, path = %anchor.0.display(), "the anchor cannot be replaced: it is tried again every second");
    }
}

/// Why a store is not served.
#[derive(Debug)]
pub enum Refused {
    /// The store was restored, and there is nothing that says what was published since.
    Restored {
        /// Where there is no anchor, or one that is older.
        anchor: PathBuf,
    },
    /// The logs in the store are not those that were published.
    RolledBack {
        /// Who says so.
        anchor: PathBuf,
        /// What is missing.
        compared: Compared,
        /// Whether the store was restored.
        is_marked: bool,
    },
    /// The store does not answer.
    Store(StorageError),
    /// A file cannot be read or removed.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Lost { log, period, from, until } in &self.lost {
            write!(f, "\n  {log}/{period} has {from} records, and {until} were published")?;
        }
        for KnownHead { log, period, size, root, .. } in &self.differing {
            write!(f, "\n  {log}/{period} has another tree of {size} records than was published ({root})")?;
        }
        Ok(())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restored { anchor } => write!(
                f,
                "store-restored: the store was restored, and nothing says what was published since: {} is missing, or older than the \
                 backup; licet restore accept takes it into use",
                anchor.display()
            ),
            Self::RolledBack { anchor, compared, is_marked } => {
                write!(f, "store-rolled-back: the store is not what was published of it, says {}:{compared}", anchor.display())?;
                match (compared.differing.is_empty(), is_marked) {
                    (true, _) => f.write_str("\n  restore a newer state, or take this one into use with licet restore accept"),
                    (false, true) => write!(f, "\n  {}", of_another_store(anchor)),
                    (false, false) => Ok(()),
                }
            }
            Self::Store(error) => error.fmt(f),
            Self::Unreadable { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Refused {}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for Faults {
    fn from(refused: Refused) -> Self {
        let key = match &refused {
            Refused::Unreadable { .. } => "record.anchor",
            _ => "storage.path",
        };
        Self::one(key, refused.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crypto::tlog::Hash;

    use super::*;

    fn head(size: u64) -> KnownHead {
        let (period, note) = ("2026".to_owned(), "note".to_owned());
        KnownHead { log: LogName::Seal, period, first: Some(0), size, root: Hash([7; 32]), note }
    }

    #[test]
    fn what_was_written_is_read_and_what_is_none_is_refused() {
        let folder = std::env::temp_dir().join(format!("licet-anchor-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let anchor = Anchor(folder.join("data.anchor"));
        assert_eq!(anchor.read().unwrap(), []);
        anchor.write(&[head(3)]).unwrap();
        assert_eq!(anchor.read().unwrap(), [head(3)]);
        for bad in ["", "{", "[]", r#"{"format":2,"heads":[]}"#, r#"{"format":1}"#] {
            fs::write(anchor.path(), bad).unwrap();
            assert!(anchor.read().is_err(), "{bad}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn of_several_heads_the_largest_says_what_is_lost() {
        let store = Store::memory(&storage::Keys::new([1; 32], [2; 32])).unwrap();
        let compared = compare(store.logs(), &[head(3), head(9), head(0), head(5)]).unwrap();
        let lost = Lost { log: LogName::Seal, period: "2026".to_owned(), from: 0, until: 9 };
        assert_eq!(compared, Compared { lost: vec![lost], differing: Vec::new() });
        assert!(compared.to_string().contains("seal/2026 has 0 records, and 9 were published"));
    }
}
