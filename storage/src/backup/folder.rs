//! A folder of backups.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crypto::digest::Sha256;
use crypto::time::Timestamp;

use super::{BackupError, BackupId, BackupKey, Manifest, journal};

/// What a file is called before it is whole.
const NEW: &str = "new";

/// A folder of backups, at which one process at a time writes.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A backup in a folder, as far as it can be read.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub id: BackupId,
    /// What it consists of, or why that cannot be told.
    pub manifest: Result<Manifest, BackupError>,
    /// Until when the journal leads on from it; when it was begun, where it does not.
    pub until: Timestamp,
}

impl Folder {
    /// The folder at this path, to read what is in it.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what is missing of it, readable by its owner alone, and keeps others from writing to it as long as the file lives.
    pub(super) fn lock(&self) -> Result<File, BackupError> {
        for folder in [self.path.clone(), self.manifests(), self.pieces()] {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(BackupError::io(&folder))?;
        }
        let path = self.path.join("licet-backup.lock");
        let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(BackupError::io(&path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => BackupError::Locked { path: self.path.clone() },
            TryLockError::Error(error) => BackupError::Io { path, error },
        })?;
        Ok(lock)
    }

    /// Makes sure that the backups are of the gateway whose logs have this origin. It removes those that are too old, and nobody else's.
    ///
    /// # Errors
    /// [`BackupError::Foreign`], and when the folder cannot be read or written.
    pub fn claim(&self, origin: &str) -> Result<(), BackupError> {
        let _lock = self.lock()?;
        let path = self.path.join("origin");
        match fs::read_to_string(&path) {
            Ok(told) if told.trim_end() == origin => Ok(()),
            Ok(told) => Err(BackupError::Foreign { path: self.path.clone(), origin: told.trim_end().to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.put(&path, format!("{origin}\n").as_bytes()),
            Err(error) => Err(BackupError::Io { path, error }),
        }
    }

    /// The names of the backups, oldest first. One that was cut short has no manifest, and is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn ids(&self) -> Result<Vec<BackupId>, BackupError> {
        let mut ids: Vec<BackupId> = names(&self.manifests())?.iter().filter_map(|name| name.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    /// The backups, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self, key: &BackupKey) -> Result<Vec<Listed>, BackupError> {
        let journal = self.segments()?;
        let listed = |id: BackupId| {
            let manifest = self.manifest(&id, key);
            let until = manifest.as_ref().map_or_else(|_| id.made_at(), |manifest| journal::reach(manifest, &journal));
            Listed { id, manifest, until }
        };
        Ok(self.ids()?.into_iter().map(listed).collect())
    }

    /// What a backup consists of.
    ///
    /// # Errors
    /// [`BackupError`] when there is none of this name, or it does not open.
    pub fn manifest(&self, id: &BackupId, key: &BackupKey) -> Result<Manifest, BackupError> {
        Manifest::read(&self.manifests().join(id.as_str()), id, key)
    }

    /// Removes all but the newest `keep` backups, and the pieces and segments that no backup needs any more. Says how many backups went.
    ///
    /// Pieces stay as long as there is a backup that does not open, under this key: they may be its.
    ///
    /// # Errors
    /// When the folder cannot be read, or a file cannot be removed.
    pub fn prune(&self, keep: usize, key: &BackupKey) -> Result<usize, BackupError> {
        let _lock = self.lock()?;
        let mut ids = self.ids()?;
        let kept = ids.split_off(ids.len().saturating_sub(keep.max(1)));
        for id in &ids {
            let path = self.manifests().join(id.as_str());
            fs::remove_file(&path).map_err(BackupError::io(&path))?;
        }
        // First it is no backup any more, then it loses its pieces.
        sync(&self.manifests())?;
        let Ok(manifests) = kept.iter().map(|id| self.manifest(id, key)).collect::<Result<Vec<_>, _>>() else {
            return Ok(ids.len());
        };
        let needed: BTreeSet<String> = manifests.iter().flat_map(|one| &one.pieces).map(|row| row.piece.to_string()).collect();
        // What is not named by a digest is not ours.
        let is_piece = |name: &&String| Sha256::from_hex(name).is_some();
        for name in names(&self.pieces())?.iter().filter(is_piece).filter(|name| !needed.contains(*name)) {
            let path = self.pieces().join(name);
            fs::remove_file(&path).map_err(BackupError::io(&path))?;
        }
        sync(&self.pieces())?;
        let segments = self.segments()?;
        let needed: BTreeSet<_> = journal::needed(&manifests, &segments).into_iter().collect();
        journal::remove(self, &segments.difference(&needed).copied().collect::<Vec<_>>())?;
        Ok(ids.len())
    }

    /// Removes what a backup that was cut short was writing.
    pub(super) fn clear_new(&self) -> Result<(), BackupError> {
        for folder in [self.manifests(), self.pieces()] {
            for name in names(&folder)?.iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == NEW)) {
                let path = folder.join(name);
                fs::remove_file(&path).map_err(BackupError::io(&path))?;
            }
        }
        Ok(())
    }

    pub(super) fn manifests(&self) -> PathBuf {
        self.path.join("manifests")
    }

    pub(super) fn pieces(&self) -> PathBuf {
        self.path.join("pieces")
    }

    pub(super) fn piece(&self, name: &Sha256) -> PathBuf {
        self.pieces().join(name.to_string())
    }

    /// Writes a file that is there whole, under its name, or not at all.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
        let new = path.with_extension(NEW);
        let mut file = create(&new)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(BackupError::io(&new))?;
        fs::rename(&new, path).map_err(BackupError::io(path))?;
        sync(path.parent().unwrap_or(&self.path))
    }

    /// A new file for a piece whose name is not known yet.
    pub(super) fn new_piece(&self) -> Result<(PathBuf, File), BackupError> {
        let path = self.pieces().join("piece").with_extension(NEW);
        let file = create(&path)?;
        Ok((path, file))
    }
}

/// Makes a file that its owner alone may read.
pub(super) fn create(path: &Path) -> Result<File, BackupError> {
    File::options().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(BackupError::io(path))
}

/// The names of the files in a folder; none, where there is no folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(BackupError::io(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(BackupError::io(folder))?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Makes durable which files a folder has.
pub(super) fn sync(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::io(folder))
}
