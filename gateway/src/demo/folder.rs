//! The folder of a demo, and how its files are written.

use std::fs::{self, DirBuilder, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::DemoError;
use super::shell;

/// Tells a demo's folder from all others.
const MARK: &str = ".licet-demo";
const MARK_TEXT: &str = "Made by licet demo, which empties this folder when it is started on it again.\n";
/// What a demo makes in its folder, and removes when it starts again.
const OWN: [&str; 11] = [
    "pki",
    "licences",
    "forgeries",
    "data",
    "data.anchor",
    "licet.toml",
    "catalogue.toml",
    "value.key",
    "index.key",
    shell::FILE,
    shell::TOKEN,
];

/// A folder made for a demo, empty but for its mark.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Takes this folder, or makes a new one for temporary files.
    ///
    /// A folder of an earlier demo is emptied first.
    ///
    /// # Errors
    /// [`DemoError::NotADemo`] when it holds anything else; [`DemoError::InUse`] when a gateway serves from it;
    /// [`DemoError::File`] when it cannot be made or emptied.
    pub fn prepare(path: Option<&Path>) -> Result<Self, DemoError> {
        let Some(path) = path else {
            let mut random = [0; 4];
            getrandom::fill(&mut random).or(Err(DemoError::Random))?;
            let name = format!("licet-demo-{}", crypto::digest::to_hex(&random));
            return Self::mark(&std::env::temp_dir().join(name), false);
        };
        let known = path.join(MARK).is_file();
        if !known && !is_empty(path)? {
            return Err(DemoError::NotADemo(path.to_owned()));
        }
        if is_open(&path.join("data"))? {
            return Err(DemoError::InUse(path.to_owned()));
        }
        for name in OWN.iter().filter(|_| known) {
            let old = path.join(name);
            let removed = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(DemoError::file(&old, error)),
                _ => {}
            }
        }
        Self::mark(path, true)
    }

    fn mark(path: &Path, may_exist: bool) -> Result<Self, DemoError> {
        let made = DirBuilder::new().recursive(may_exist).mode(0o700).create(path);
        made.map_err(|error| DemoError::file(path, error))?;
        let path = fs::canonicalize(path).map_err(|error| DemoError::file(path, error))?;
        write(&path.join(MARK), MARK_TEXT.as_bytes(), false)?;
        Ok(Self(path))
    }

    /// Its path, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file in it that everybody may read.
    ///
    /// # Errors
    /// [`DemoError::File`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DemoError> {
        write(&self.file(name), bytes, false)
    }
}

/// Whether another process has the database in this folder open: it holds the lock file of the database.
fn is_open(data: &Path) -> Result<bool, DemoError> {
    let path = data.join("licet.lock");
    let failed = |error| DemoError::file(&path, error);
    let lock = match OpenOptions::new().write(true).open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    match lock.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Whether nothing is there, or a folder with nothing in it.
///
/// # Errors
/// [`DemoError::File`] when that cannot be told.
pub fn is_empty(path: &Path) -> Result<bool, DemoError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(DemoError::file(path, error)),
    }
}

/// Writes a file with the folders above it; a secret one for its owner alone.
///
/// # Errors
/// [`DemoError::File`].
pub fn write(path: &Path, bytes: &[u8], is_secret: bool) -> Result<(), DemoError> {
    let failed = |error| DemoError::file(path, error);
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let mode = if is_secret { 0o600 } else { 0o644 };
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn takes_what_is_its_own_and_nothing_else() {
        let made = Folder::prepare(None).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(made.path()), 0o700);
        write(&made.file("pki/a.key"), b"secret", true).unwrap();
        assert_eq!(mode(&made.file("pki/a.key")), 0o600);
        made.write("mine.txt", b"kept").unwrap();

        made.write("data/licet.lock", b"").unwrap();
        let serving = fs::File::open(made.file("data/licet.lock")).unwrap();
        serving.try_lock().unwrap();
        assert!(matches!(Folder::prepare(Some(made.path())), Err(DemoError::InUse(_))));
        assert!(made.file("pki/a.key").exists());
        drop(serving);
        let again = Folder::prepare(Some(made.path())).unwrap();
        assert!(!again.file("pki").exists() && again.file("mine.txt").exists());

        fs::remove_file(again.file(MARK)).unwrap();
        assert!(matches!(Folder::prepare(Some(made.path())), Err(DemoError::NotADemo(_))));
        fs::remove_dir_all(made.path()).unwrap();
        assert!(is_empty(made.path()).unwrap());
    }
}
