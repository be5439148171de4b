//! A look at one row of a database that is not opened for work: nothing changes on the disk, and whoever has it open goes on.

use std::path::Path;

use rocksdb::{DB, InfoLogger, LogLevel};

use super::super::{OpenError, Part, Space, Versioned};
use super::{DATABASE, placed, refuse_foreign, refused, unpack};

/// Reads a row of the database in the folder of a store, where both are there.
///
/// # Errors
/// [`OpenError`] of a database that cannot be read.
pub(crate) fn row(store: &Path, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, OpenError> {
    let path = store.join(DATABASE);
    if !path.join("CURRENT").try_exists()? {
        return Ok(None);
    }
    refuse_foreign(&path)?;
    let mut options = rocksdb::Options::default();
    // Left to itself it begins a log of its own in the folder.
    options.set_info_logger(InfoLogger::new_callback_logger(LogLevel::Fatal, |_level, _line| ()));
    // One row is read: tables are opened when they are needed, and not all of them at once.
    options.set_max_open_files(16);
    options.set_skip_stats_update_on_db_open(true);
    let db = DB::open_cf_for_read_only(&options, &path, [space.name()], false).map_err(refused)?;
    let family = db.cf_handle(space.name()).ok_or(OpenError::Foreign)?;
    let found = db.get_pinned_cf(family, placed(part, key)).map_err(refused)?;
    let found = found.map(|stored| unpack(&stored)).transpose();
    found.map_err(|error| OpenError::Refused(error.to_string()))
}
