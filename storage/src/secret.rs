//! The keys that a store is opened with, and files with secrets: their owner alone may read them; wiped from memory, never printed.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crypto::digest::{from_hex, to_hex};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::sealing::{Cipher, DataKey, KeyId, digest};

/// The name of the file with the key that opens the store.
pub const VALUE_KEY_FILE: &str = "value.key";

/// The name of the file with the key under which subjects are indexed.
pub const INDEX_KEY_FILE: &str = "index.key";

/// The longest file with a key of a store, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 128;

/// The keys that a store is opened with.
#[derive(Clone)]
pub struct Keys {
    outer: Zeroizing<[u8; 32]>,
    index: Option<Zeroizing<[u8; 32]>>,
    cipher: Cipher,
}

impl Keys {
    /// Keys from their bytes: `outer` opens the store, and in the first format sealed its values; `index` is the key under which
    /// subjects are indexed.
    #[must_use]
    pub fn new(outer: [u8; 32], index: [u8; 32]) -> Self {
        Self { index: Some(Zeroizing::new(index)), ..Self::outside(outer) }
    }

    /// The key that opens a store alone: all others are in the store.
    #[must_use]
    pub fn outside(outer: [u8; 32]) -> Self {
        Self { outer: Zeroizing::new(outer), index: None, cipher: Cipher::default() }
    }

    /// The same, for a store whose new keys seal with this cipher.
    #[must_use]
    pub fn sealing_with(self, cipher: Cipher) -> Self {
        Self { cipher, ..self }
    }

    /// Keys from the texts of their files, as [`Keys::load`] reads them. Nothing when a text holds something else.
    #[must_use]
    pub fn parse(outer: &[u8], index: Option<&[u8]>) -> Option<Self> {
        let outer = parse_key(outer)?;
        let index = match index {
            Some(text) => Some(parse_key(text)?),
            None => None,
        };
        Some(Self { outer, index, cipher: Cipher::default() })
    }

    /// Whether the index key is the key that opens the store, which says that one file was put in the place of the other.
    #[must_use]
    pub fn are_same(&self) -> bool {
        self.index.as_ref() == Some(&self.outer)
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
        let keys = Self { outer: read_key(value)?, index: Some(read_key(index)?), cipher: Cipher::default() };
        if keys.are_same() { Err(KeysError::Same { path: index.to_path_buf() }) } else { Ok(keys) }
    }

    /// Makes two random keys and writes them into `directory`, which is made if need be. Existing keys are never overwritten.
    ///
    /// # Errors
    /// [`KeysError`] when the system gives no random bytes, or a file exists or cannot be written.
    pub fn generate(directory: &Path) -> Result<Self, KeysError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| io(directory, error))?;
        let mut keys = Self::outside([0; 32]);
        let mut index = Zeroizing::new([0; 32]);
        for (name, key) in [(VALUE_KEY_FILE, &mut keys.outer), (INDEX_KEY_FILE, &mut index)] {
            *key = new_key(&directory.join(name))?;
        }
        File::open(directory).and_then(|handle| handle.sync_all()).map_err(|error| io(directory, error))?;
        Ok(Self { index: Some(index), ..keys })
    }

    pub(crate) fn outer(&self) -> &[u8; 32] {
        &self.outer
    }

    pub(crate) fn index(&self) -> Option<&[u8; 32]> {
        self.index.as_deref()
    }

    pub(crate) const fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// The name of the key that opens the store.
    #[must_use]
    pub fn outer_id(&self) -> KeyId {
        self.outer_key().id()
    }

    /// What seals the keys in the store: derived, so that it has another name than a key that seals values.
    pub(crate) fn outer_key(&self) -> DataKey {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, self.outer.as_slice());
        DataKey::new(Cipher::Aes256Gcm, &Zeroizing::new(digest(&secret, b"outer", &[])))
    }

    /// The same keys as before, opened with this one.
    pub(crate) fn in_place_of(&self, before: &Self) -> Self {
        Self { outer: self.outer.clone(), ..before.clone() }
    }
}

/// Makes a random key and writes it into a file that did not exist.
///
/// # Errors
/// [`KeysError`] when the system gives no random bytes, or the file exists or cannot be written.
pub fn new_key_file(path: &Path) -> Result<(), KeysError> {
    new_key(path).map(|_key| ())
}

fn new_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(key.as_mut_slice()).map_err(|_unspecified| KeysError::NoRandomness)?;
    write_key(path, &key).map_err(|error| io(path, error))?;
    Ok(key)
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
pub(crate) fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let text = match read_file(path, KEY_FILE_BYTES_MAX) {
        Err(KeysError::TooLong { path }) => return Err(KeysError::NotAKey { path }),
        read => read?,
    };
    parse_key(&text).ok_or_else(|| KeysError::NotAKey { path: path.to_path_buf() })
}

/// 64 hexadecimal digits, and a line end if there is one.
pub(crate) fn parse_key(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = from_hex(std::str::from_utf8(text).ok()?.trim_end()).map(Zeroizing::new)?;
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

/// Reads a file that holds a secret. It must be its owner's alone, and belong to this user or to root.
///
/// # Errors
/// [`KeysError`]. Nothing of the file is in it.
pub fn read_file(path: &Path, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let refused = |error| io(path, error);
    let file = File::open(path).map_err(refused)?;
    // Those of the open file, so that nobody swaps it in between.
    let (mode, owner) = file.metadata().map(|metadata| (metadata.mode(), metadata.uid())).map_err(refused)?;
    if mode & 0o077 != 0 {
        return Err(KeysError::Exposed { path: path.to_path_buf(), mode: mode & 0o777 });
    }
    if owner != 0 && our_user().is_some_and(|us| us != owner) {
        return Err(KeysError::Foreign { path: path.to_path_buf(), owner });
    }
    let size = bytes_max.saturating_add(1);
    // Room for all of it at once: what a vector leaves behind when it grows is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or_default()));
    file.take(size).read_to_end(&mut bytes).map_err(refused)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max) {
        Ok(bytes)
    } else {
        Err(KeysError::TooLong { path: path.to_path_buf() })
    }
}

/// The user that this process acts as. Where the system does not say, only the mode of a file counts.
fn our_user() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
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
    /// The file belongs to another user.
    Foreign {
        /// The file.
        path: PathBuf,
        /// The number of its owner.
        owner: u32,
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
    /// The file is longer than any secret.
    TooLong {
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
            Self::Foreign { path, owner } => {
                write!(
                    f,
                    "{} belongs to user {owner}, who is neither root nor the user of this process: if that is the user of the \
                     gateway, run this as that user (sudo -u '#{owner}' licet ...)",
                    path.display()
                )
            }
            Self::TooLong { path } => write!(f, "{} is longer than any secret", path.display()),
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
