//! Restoring a store.

use std::fs::{self, DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crypto::time::Timestamp;

use super::folder::{create, sync};
use super::journal::{self, Goal};
use super::seal::sealed_bytes;
use super::verify::check;
use super::{BackupError, BackupId, BackupKey, Folder, Manifest, Progress, Step};
use crate::engine::CommitError;
use crate::engine::options::Options;
use crate::engine::rocks::{DATABASE, LOCK, RESTORING, Rocks};
use crate::error::StorageError;

/// The file that marks a store as restored, and from what, until it was compared with what was published. It is there before the
/// store is.
pub const RESTORED: &str = "restored.json";

/// Held by who restores into a folder, as long as that takes.
const WORKING: &str = "restoring.lock";

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The moment of the state: see [`Goal::until`].
    pub until: Timestamp,
    /// How many commits of the journal were written over the backup.
    pub commits: u64,
}

/// Restores a backup as it was made into an empty folder.
///
/// # Errors
/// As for [`restore_to`].
pub fn restore(
    folder: &Folder,
    id: &BackupId,
    key: &BackupKey,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let goal = Goal::of(folder.manifest(id, key)?);
    restore_to(folder, &goal, key, to, progress)?;
    Ok(goal.manifest)
}

/// Restores a backup into an empty folder, which is made if need be, and writes over it what the journal has of later. Every byte is compared
/// with what was backed up, and every commit has to lead where it led. The store is marked with [`RESTORED`] from its first moment on;
/// what there is before is refused by whoever opens stores.
///
/// # Errors
/// [`BackupError`]; then there is nothing in the folder, unless something cannot be removed.
pub fn restore_to(
    folder: &Folder,
    goal: &Goal,
    key: &BackupKey,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Restored, BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(BackupError::io(to))?;
    if fs::read_dir(to).map_err(BackupError::io(to))?.next().is_some() {
        let path = to.to_owned();
        if File::open(to.join(WORKING)).is_ok_and(|lock| lock.try_lock().is_err()) {
            return Err(BackupError::Restoring { path });
        }
        let is_half = to.join(RESTORING).try_exists().unwrap_or(true) && !to.join(DATABASE).try_exists().unwrap_or(true);
        return Err(if is_half { BackupError::HalfRestored { path } } else { BackupError::NotEmpty { path } });
    }
    let working = to.join(WORKING);
    // Whoever comes at the same moment finds it there.
    let lock = File::options().create_new(true).write(true).mode(0o600).open(&working).map_err(BackupError::io(&working))?;
    lock.try_lock().map_err(|_locked| BackupError::Restoring { path: to.to_owned() })?;
    let restoring = to.join(RESTORING);
    DirBuilder::new().mode(0o700).create(&restoring).map_err(BackupError::io(&restoring))?;
    let worked = work(folder, goal, key, to, progress);
    if worked.is_err() {
        // What it would be restored from is still there; what cannot be removed is told with the next attempt.
        drop(fs::remove_dir_all(&restoring));
        for name in [LOCK, RESTORED] {
            drop(fs::remove_file(to.join(name)));
        }
    }
    // One that is left says nothing: it counts while it is held.
    drop(fs::remove_file(&working));
    worked
}

/// Does it, in a folder that is no store before all of it is there.
fn work(folder: &Folder, goal: &Goal, key: &BackupKey, to: &Path, progress: Progress<'_>) -> Result<Restored, BackupError> {
    // Before there is a store: one without the mark would pass for one that was never away.
    mark(&to.join(RESTORED), goal)?;
    sync(to)?;
    let restoring = to.join(RESTORING);
    let pieces = goal.manifest.pieces.iter().map(|row| sealed_bytes(row.bytes)).fold(0, u64::saturating_add);
    let mut step = Step { done: 0, all: pieces.saturating_add(journal::bytes(folder, &goal.segments)) };
    let mut told = |bytes: u64| {
        step.done = step.done.saturating_add(bytes);
        progress(step);
    };
    files(folder, &goal.manifest, &restoring, &mut told)?;
    let commits = replay(folder, goal, key, to, &mut told)?;
    let database = to.join(DATABASE);
    fs::rename(&restoring, &database).map_err(BackupError::io(&database))?;
    sync(to)?;
    Ok(Restored { until: goal.until(), commits })
}

fn mark(path: &Path, goal: &Goal) -> Result<(), BackupError> {
    let text = serde_json::json!({ "format": 1, "backup": goal.manifest.id, "until": goal.until() }).to_string();
    let mut file = create(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(BackupError::io(path))
}

fn files(folder: &Folder, manifest: &Manifest, restoring: &Path, told: &mut dyn FnMut(u64)) -> Result<(), BackupError> {
    for row in &manifest.pieces {
        let path = restoring.join(&row.file);
        let mut file = create(&path)?;
        check(&folder.piece(&row.piece), row, told, &mut |chunk| file.write_all(chunk))?;
        file.sync_all().map_err(BackupError::io(&path))?;
    }
    sync(restoring)
}

/// Writes the commits of the journal over the backup, one by one. Says how many there were.
fn replay(folder: &Folder, goal: &Goal, key: &BackupKey, to: &Path, told: &mut dyn FnMut(u64)) -> Result<u64, BackupError> {
    if goal.segments.is_empty() {
        return Ok(0);
    }
    let engine = Rocks::open_in(to, RESTORING, &Options::default())?;
    let mut count = 0_u64;
    journal::follow(folder, &goal.segments, key, told, &mut |from, commit| {
        let at = engine.at();
        if commit.to <= at {
            // The backup has it: it was begun before the journal was that far, and made after.
            return Ok(());
        }
        count = count.saturating_add(1);
        if from != at {
            return Err(BackupError::Astray { at });
        }
        engine.replay(&commit).map_err(|error| match error {
            // Nothing was written: it is the disk.
            CommitError::Unknown if engine.at() == at => BackupError::Store(StorageError::Unavailable),
            _ => BackupError::Astray { at },
        })
    })?;
    engine.replayed().map_err(StorageError::from)?;
    Ok(count)
}
