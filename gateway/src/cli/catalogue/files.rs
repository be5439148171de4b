//! The files of a catalogue.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crypto::catalogue::Entry;

use crate::catalogue::CatalogueFile;
use crate::cli::input::{self, InputError};

/// The entries of all files, and of all files in folders, in the order of their names.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Entry>, InputError> {
    let mut entries = Vec::new();
    for path in paths {
        for file in if path.is_dir() { in_folder(path)? } else { vec![path.clone()] } {
            entries.extend(entries_of(&file)?);
        }
    }
    Ok(entries)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |error| InputError::Unreadable { path: folder.to_owned(), error };
    let mut files = Vec::new();
    for row in fs::read_dir(folder).map_err(unreadable)? {
        let path = row.map_err(unreadable)?.path();
        if path.extension() == Some(OsStr::new("toml")) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(InputError::Wrong(format!("{}: there is no .toml in this folder", folder.display())));
    }
    Ok(files)
}

fn entries_of(path: &Path) -> Result<impl Iterator<Item = Entry> + use<>, InputError> {
    let bytes = input::read(path)?;
    let malformed = |error: &dyn std::fmt::Display| InputError::malformed(path, "catalogue", error);
    let text = str::from_utf8(&bytes).map_err(|error| malformed(&error))?;
    Ok(CatalogueFile::parse(text).map_err(|error| malformed(&error))?.into_entries())
}
