//! A copy of a store as it was at one moment.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of files that do not change, and that an engine opens as the store of that moment. Gone when this is dropped.
#[derive(Debug)]
pub struct Frozen(PathBuf);

impl Frozen {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder. It has files and no folders in it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // What cannot be removed now, the next opening removes.
        drop(fs::remove_dir_all(&self.0));
    }
}
