//! The two keys of a store: files that only their owner may read, wiped from memory, never printed.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crypto::digest::{from_hex, to_hex};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::{Zeroize as _, Zeroizing};

/// The name of the file with the key that seals values.
pub const VALUE_KEY_FILE: &str = "value.key";

/// The name of the file with the key under which subjects are indexed.
pub const INDEX_KEY_FILE: &str = "index.key";

/// The keys of a store.
pub struct Keys {
    value: [u8; 32],
    index: [u8; 32],
}

impl Keys {
    /// Keys from their bytes: `value` seals values, `index` is the key under which subjects are indexed.
    #[must_use]
    pub const fn new(value: [u8; 32], index: [u8; 32]) -> Self {
        Self { value, index }
    }

    /// Reads `value.key` and `index.key` in `directory`: 64 hexadecimal digits each, and a line end if there is one.
    ///
    /// # Errors
    /// [`KeysError`] when a file is missing, may be read by others than its owner, or holds something else, and when both hold
    /// the same key.
    pub fn load(directory: &Path) -> Result<Self, KeysError> {
        Self::load_files(&directory.join(VALUE_KEY_FILE), &directory.join(INDEX_KEY_FILE))
    }

    /// Reads the two keys from two files, as [`Keys::load`] does.
    ///
    /// # Errors
    /// As for [`Keys::load`].
    pub fn load_files(value: &Path, index: &Path) -> Result<Self, KeysError> {
        let keys = Self { value: read_key(value)?, index: read_key(index)? };
        if keys.value == keys.index { Err(KeysError::Same { path: index.to_path_buf() }) } else { Ok(keys) }
    }

    /// Makes two random keys and writes them into `directory`, which is made if need be. Existing keys are never overwritten.
    ///
    /// # Errors
    /// [`KeysError`] when the system gives no random bytes, or a file exists or cannot be written.
    pub fn generate(directory: &Path) -> Result<Self, KeysError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| io(directory, error))?;
        let random = SystemRandom::new();
        let mut keys = Self { value: [0; 32], index: [0; 32] };
        for (name, key) in [(VALUE_KEY_FILE, &mut keys.value), (INDEX_KEY_FILE, &mut keys.index)] {
            random.fill(key).map_err(|_unspecified| KeysError::NoRandomness)?;
            let path = directory.join(name);
            write_key(&path, key).map_err(|error| io(&path, error))?;
        }
        File::open(directory).and_then(|handle| handle.sync_all()).map_err(|error| io(directory, error))?;
        Ok(keys)
    }

    pub(crate) const fn value(&self) -> &[u8; 32] {
        &self.value
    }

    pub(crate) const fn index(&self) -> &[u8; 32] {
        &self.index
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.value.zeroize();
        self.index.zeroize();
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

fn io(path: &Path, error: io::Error) -> KeysError {
    KeysError::Io { path: path.to_path_buf(), error }
}

fn write_key(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let text = Zeroizing::new(to_hex(key));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Reads one key from a file that its owner alone may read.
pub(crate) fn read_key(path: &Path) -> Result<[u8; 32], KeysError> {
    let refused = |error| io(path, error);
    let file = File::open(path).map_err(refused)?;
    // The mode of the open file, so that nobody swaps it in between.
    let mode = file.metadata().map_err(refused)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeysError::Exposed { path: path.to_path_buf(), mode: mode & 0o777 });
    }
    let mut text = Zeroizing::new(String::with_capacity(128));
    file.take(128).read_to_string(&mut text).map_err(refused)?;
    let bytes = from_hex(text.trim_end()).map(Zeroizing::new);
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
    key.ok_or_else(|| KeysError::NotAKey { path: path.to_path_buf() })
}

/// Why there are no keys.
#[derive(Debug)]
pub enum KeysError {
    /// Others than the owner may read the file.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file system refused.
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The system gives no random bytes.
    NoRandomness,
    /// The file holds something else than 64 hexadecimal digits.
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// Both files hold the same key.
    Same {
        /// The file of the index key.
        path: PathBuf,
    },
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exposed { path, mode } => {
                write!(f, "{} may be read by others than its owner (mode {mode:03o}, expected 600)", path.display())
            }
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::NoRandomness => f.write_str("the system gives no random bytes"),
            Self::NotAKey { path } => write!(f, "{} does not hold a key of 64 hexadecimal digits", path.display()),
            Self::Same { path } => write!(f, "{} holds the same key as the file for values", path.display()),
        }
    }
}

impl std::error::Error for KeysError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
