//! Restoring a store.

use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::folder::{create, sync};
use super::seal::sealed_bytes;
use super::verify::check;
use super::{BackupError, BackupId, BackupKey, Folder, Manifest, Progress, Step};
use crate::engine::rocks::DATABASE;

/// Where the files are put until all of them are there: a store that is half restored is none.
const RESTORING: &str = "restoring";

/// Restores a backup into an empty folder, which is made if need be. Every byte is compared with what was backed up.
///
/// # Errors
/// [`BackupError`]; then there is no store in the folder.
pub fn restore(
    folder: &Folder,
    id: &BackupId,
    key: &BackupKey,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let manifest = folder.manifest(id, key)?;
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(BackupError::io(to))?;
    if fs::read_dir(to).map_err(BackupError::io(to))?.next().is_some() {
        return Err(BackupError::NotEmpty { path: to.to_owned() });
    }
    let restoring = to.join(RESTORING);
    DirBuilder::new().mode(0o700).create(&restoring).map_err(BackupError::io(&restoring))?;
    let files = files(folder, &manifest, &restoring, progress);
    if files.is_err() {
        // What it would be restored from is still there; what cannot be removed is told with the next attempt.
        drop(fs::remove_dir_all(&restoring));
    }
    files?;
    let database = to.join(DATABASE);
    fs::rename(&restoring, &database).map_err(BackupError::io(&database))?;
    sync(to)?;
    Ok(manifest)
}

fn files(folder: &Folder, manifest: &Manifest, restoring: &Path, progress: Progress<'_>) -> Result<(), BackupError> {
    let all = manifest.pieces.iter().map(|row| sealed_bytes(row.bytes)).fold(0, u64::saturating_add);
    let mut step = Step { done: 0, all };
    for row in &manifest.pieces {
        let path = restoring.join(&row.file);
        let mut file = create(&path)?;
        let mut told = |bytes: u64| {
            step.done = step.done.saturating_add(bytes);
            progress(step);
        };
        check(&folder.piece(&row.piece), row, &mut told, &mut |chunk| file.write_all(chunk))?;
        file.sync_all().map_err(BackupError::io(&path))?;
    }
    sync(restoring)
}
