//! Freezing a database: a folder beside it with hard links to its tables, which never change, and copies of the few files that do.

use std::fs;
use std::io;
use std::path::Path;

use rocksdb::DB;
use rocksdb::checkpoint::Checkpoint;

use super::super::{FreezeError, Frozen};

/// The folder beside the database that a copy is made in. `RocksDB` puts it together under another name, which begins with this one.
const FOLDER: &str = "frozen";

/// Freezes the database. What is only in memory and in the write-ahead log is written to tables first: those are links, and the same
/// file in the next copy.
pub(super) fn freeze(db: &DB) -> Result<Frozen, FreezeError> {
    let refused = |error: rocksdb::Error| FreezeError::Refused(error.into_string());
    let store = db.path().parent().unwrap_or_else(|| Path::new("."));
    // Whoever makes a second copy at the same time is refused here: the folder is there.
    let path = store.join(FOLDER);
    Checkpoint::new(db).map_err(refused)?.create_checkpoint(&path).map_err(refused)?;
    Ok(Frozen::new(path))
}

/// Removes what a process that was killed has left: old values must not live on in files that nobody knows of.
pub(super) fn clear(store: &Path) -> io::Result<()> {
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(FOLDER)) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
