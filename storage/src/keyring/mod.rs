//! The keys of a store, in the store: one row, sealed under a key that is outside. That one is in a file, or comes from a command;
//! to change it, the row is sealed anew. New values are sealed under the newest of the inner keys, older ones open as long as theirs is
//! there.
//!
//! From the moment of a rotation on nothing is written under an older key: what was prepared before is refused by the thread that
//! writes, and made again. So the rows under an older key only become fewer, and once none is left it can go.

mod reseal;
pub(crate) mod row;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crypto::time::Timestamp;
use serde::Serialize;

use crate::engine::rocks::peek;
use crate::engine::{Direction, Range, Space};
use crate::error::{StorageError, StoreError};
use crate::keys::{self, REGISTRY};
use crate::sealing::{Cipher, KeyId, sealed_under};
use crate::secret::Keys;
use crate::shelf::{Attempt, Committed, Shelf, repeat};

pub use reseal::Resealing;

use row::Ring;

/// The spaces whose values are sealed.
const SEALED: [Space; 4] = [Space::Hot, Space::Log, Space::Obj, Space::Idem];

/// How many rows are looked at together when they are counted.
const PAGE: usize = 256;

/// The keys of the store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keyring {
    shelf: Arc<Shelf>,
    /// The key outside that is in force. Whoever changes the ring holds it: one at a time.
    keys: Arc<Mutex<Keys>>,
}

/// A key that seals values, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyView {
    /// Its name.
    pub id: KeyId,
    /// What it seals with.
    pub cipher: Cipher,
    /// When it was made; not known of the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
    /// Whether new values are sealed under it.
    pub is_current: bool,
}

/// Why a key was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringError {
    /// New values are sealed under it.
    Current,
    /// Subjects are indexed under it.
    Index,
    /// There is no such key.
    Missing,
    /// So many rows are still sealed under it.
    InUse {
        /// How many.
        rows: u64,
    },
    /// The store did not do it.
    Storage(StorageError),
}

impl KeyringError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Current => "key-current",
            Self::Index => "key-of-index",
            Self::Missing => "key-missing",
            Self::InUse { .. } => "key-in-use",
            Self::Storage(error) => error.code(),
        }
    }
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("new values are sealed under this key; rotate first"),
            Self::Index => f.write_str("subjects are indexed under this key; the key that opens the store must be another one"),
            Self::Missing => f.write_str("the store has no such key"),
            Self::InUse { rows } => write!(f, "{rows} rows are still sealed under this key; re-encryption has to end first"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for KeyringError {}

impl From<StorageError> for KeyringError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Whether a store in this folder would open with these keys. Nothing changes on the disk. Of a store of the first format, which has no
/// ring, and where there is none, nothing is said.
///
/// # Errors
/// Why it would not.
pub fn would_open(store: &Path, keys: &Keys) -> Result<(), StoreError> {
    let key = keys::ring();
    let row = peek::row(store, REGISTRY, key.space, &key.bytes)?;
    row.map_or(Ok(()), |row| Ring::of_row(&row, keys).map(drop))
}

impl Keyring {
    pub(crate) fn new(shelf: Arc<Shelf>, keys: Keys) -> Self {
        Self { shelf, keys: Arc::new(Mutex::new(keys)) }
    }

    /// Every key that seals values, the current one first, then the newest of the others.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn list(&self) -> Result<Vec<KeyView>, StorageError> {
        let Some((ring, _)) = self.read()? else { return Ok(Vec::new()) };
        let view = |row: &row::DataRow, is_current| KeyView { id: row.id, cipher: row.cipher, made_at: row.made_at, is_current };
        let before = ring.before().iter().rev().map(|row| view(row, false));
        Ok(std::iter::once(view(ring.current(), true)).chain(before).collect())
    }

    /// The name of the key outside.
    #[must_use]
    pub fn outer(&self) -> KeyId {
        self.shelf.vault.outer_id()
    }

    /// Whether the next start would open the store with these keys.
    ///
    /// # Errors
    /// Why it would not.
    pub fn opens_with(&self, keys: &Keys) -> Result<(), StoreError> {
        Ring::read(self.shelf.engine.as_ref(), keys).map(drop)
    }

    /// How many rows are sealed under each key. Looks at every row: of a large store this takes minutes.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn count(&self) -> Result<BTreeMap<KeyId, u64>, StorageError> {
        let mut counts = BTreeMap::new();
        for space in SEALED {
            let mut range = Range::prefix(&[]);
            loop {
                let rows = self.shelf.engine.scan(REGISTRY, space, range.clone(), Direction::Ascending, PAGE)?;
                for (key, row) in &rows {
                    if let Some(id) = sealed_under(&row.value).filter(|_| !is_ring(space, key)) {
                        *counts.entry(id).or_default() += 1;
                    }
                }
                let Some((last, _)) = rows.into_iter().next_back() else { break };
                range = range.resumed(Direction::Ascending, last);
            }
        }
        Ok(counts)
    }

    /// Makes a new key, and seals new values under it. Says its name.
    ///
    /// # Errors
    /// [`KeyringError::Storage`].
    pub fn rotate(&self, cipher: Cipher, now: Timestamp) -> Result<KeyId, KeyringError> {
        let random = self.shelf.vault.randomness();
        self.change(|ring| {
            let rotated = ring.rotate(cipher, now, random);
            rotated.map_err(|error| StorageError::of_vault(error, "keyring"))?;
            Ok(ring.current().id)
        })
    }

    /// Lets a key go under which no row is sealed any more. Looks at every row first.
    ///
    /// # Errors
    /// Why the key stays.
    pub fn retire(&self, id: KeyId) -> Result<(), KeyringError> {
        match self.list()?.iter().find(|key| key.id == id) {
            Some(key) if key.is_current => return Err(KeyringError::Current),
            Some(_) => {}
            None => return Err(KeyringError::Missing),
        }
        // What was being written when the key ceased to be current is written then.
        self.shelf.between(|_| ())?;
        match self.count()?.get(&id) {
            Some(rows) => return Err(KeyringError::InUse { rows: *rows }),
            None => self.change(|ring| if ring.retire(id) { Ok(()) } else { Err(KeyringError::Missing) })?,
        }
        self.forget_old_rings()
    }

    /// Seals the ring under another key outside. From then on the store opens with that one alone.
    ///
    /// # Errors
    /// [`KeyringError::Index`] and [`KeyringError::Storage`]; then it opens with what it did.
    pub fn rewrap(&self, outer: &Keys) -> Result<(), KeyringError> {
        let mut held = self.held();
        // The index key is in the ring, and what new keys seal with stays as it was set.
        let next = outer.in_place_of(&held);
        self.write(&next, |ring| if ring.indexes_with(outer) { Err(KeyringError::Index) } else { Ok(()) })?;
        *held = next;
        drop(held);
        self.forget_old_rings()
    }

    fn held(&self) -> MutexGuard<'_, Keys> {
        // What is inside is replaced whole: a panic leaves nothing half done.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl Fn(&mut Ring) -> Result<T, KeyringError>) -> Result<T, KeyringError> {
        let keys = self.held();
        self.write(&keys, change)
    }

    /// Writes a changed ring, sealed under these keys, and takes it into use once it is durable.
    fn write<T>(&self, keys: &Keys, change: impl Fn(&mut Ring) -> Result<T, KeyringError>) -> Result<T, KeyringError> {
        let random = self.shelf.vault.randomness();
        let mut refused = None;
        let written = repeat(|| {
            let (mut ring, version) = self.read()?.ok_or(StorageError::Unavailable)?;
            let changed = match change(&mut ring) {
                Ok(changed) => changed,
                Err(error) => {
                    refused = Some(error);
                    return Err(StorageError::Internal);
                }
            };
            let mut batch = self.shelf.change();
            batch.replace_plain(keys::ring(), version, ring.seal(keys, random)?);
            Ok(match batch.commit()? {
                Committed::Yes => Attempt::Done((changed, ring)),
                Committed::Conflict => Attempt::Again,
                Committed::Unknown => Attempt::Doubtful,
            })
        });
        let (changed, ring) = written.map_err(|error| refused.unwrap_or(KeyringError::Storage(error)))?;
        self.shelf.vault.take(&ring, keys);
        Ok(changed)
    }

    /// The ring, and the version of its row. A store of the first format, which is only looked at, has none.
    fn read(&self) -> Result<Option<(Ring, u64)>, StorageError> {
        let Some(row) = row::row(self.shelf.engine.as_ref())? else { return Ok(None) };
        let key = keys::ring();
        let ring = Ring::of_opened(self.shelf.vault.open_ring(row::place(&key), &row.value))?;
        Ok(Some((ring, row.version)))
    }

    /// Takes off the disk what the ring was before: it has keys that are gone, or is sealed under one that is.
    fn forget_old_rings(&self) -> Result<(), KeyringError> {
        let key = keys::ring();
        let forgotten = self.shelf.engine.forget(REGISTRY, key.space, vec![key.bytes.clone()..=key.bytes]);
        forgotten.map_err(|error| KeyringError::Storage(error.into()))
    }
}

/// Whether it is the row of the ring, which is sealed under the key outside.
fn is_ring(space: Space, key: &[u8]) -> bool {
    let ring = keys::ring();
    (space, key) == (ring.space, &ring.bytes)
}
