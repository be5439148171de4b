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

/// The file that marks a store as restored, and from what, until it was compared with what was published. It is there before the
/// store is.
pub const RESTORED: &str = "restored.json";

/// Restores a backup into an empty folder, which is made if need be. Every byte is compared with what was backed up. The store is marked
/// with [`RESTORED`] from its first moment on.
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
    // Before there is a store: one without the mark would pass for one that was never away.
    mark(&to.join(RESTORED), id)?;
    sync(to)?;
    let database = to.join(DATABASE);
    fs::rename(&restoring, &database).map_err(BackupError::io(&database))?;
    sync(to)?;
    Ok(manifest)
}

fn mark(path: &Path, id: &BackupId) -> Result<(), BackupError> {
    let text = serde_json::json!({ "format": 1, "backup": id.as_str() }).to_string();
    let mut file = create(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(BackupError::io(path))
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
