//! What was done to a site, kept in a file beside it: which licences are on record, and which of them are used up.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Name of the file.
const FILE: &str = "load.toml";
/// Where numbers of licences begin that are handed in while something is measured: behind every set.
pub const FRESH: u64 = 20_000_000;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// What everything follows from.
    pub seed: u64,
    /// Whether the gateway knows the catalogue.
    pub is_introduced: bool,
    /// Licences from 0 up to here are on record.
    pub loaded: u64,
    /// Licences from here on were never handed in; none of a run is below it.
    pub next: u64,
    /// So many of those were revoked that are set aside for it.
    pub revoked: u64,
    #[serde(skip)]
    folder: PathBuf,
}

impl Book {
    /// An empty one, which is not written.
    #[must_use]
    pub fn new(folder: &Path, seed: u64) -> Self {
        Self { seed, is_introduced: false, loaded: 0, next: FRESH, revoked: 0, folder: folder.to_owned() }
    }

    /// Reads that of a site; nothing where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, String> {
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let book: Self = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Some(Self { folder: folder.to_owned(), ..book }))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self) -> Result<(), String> {
        let (path, new) = (self.folder.join(FILE), self.folder.join("load.toml.new"));
        let text = toml::to_string(self).map_err(|error| error.to_string())?;
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(|error| format!("{}: {error}", path.display()))
    }
}
