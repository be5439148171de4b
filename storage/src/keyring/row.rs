//! The ring: the keys of a store as they stand in the store, sealed under the one key that is outside.

use crypto::digest::{from_hex, to_hex};
use crypto::time::Timestamp;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::engine::{Engine, Versioned};
use crate::error::{StorageError, StoreError};
use crate::keys::{self, Key, REGISTRY};
use crate::records::Layout;
use crate::sealing::{Cipher, DataKey, KeyId, Place, VaultError};
use crate::secret::Keys;

/// The bytes of a key; wiped when they are let go, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Material(Zeroizing<[u8; 32]>);

/// Every key that a store works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ring {
    /// What new values are sealed under.
    current: DataRow,
    /// What older values may still be sealed under, oldest first.
    before: Vec<DataRow>,
    /// Under which subjects are indexed.
    index: Material,
    /// Under which the chains of the logs are named. The logs are committed to it.
    chain: Material,
}

/// One key that seals values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataRow {
    pub(crate) id: KeyId,
    pub(crate) cipher: Cipher,
    key: Material,
    /// When it was made; not known of the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_at: Option<Timestamp>,
}

impl Layout for Ring {
    const WHAT: &'static str = "keyring";
}

impl Material {
    fn random(random: &SystemRandom) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(bytes.as_mut_slice()).map_err(|_unspecified| VaultError::NoRandomness)?;
        Ok(Self(bytes))
    }

    fn of(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice())
    }
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Material")
    }
}

impl Serialize for Material {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(to_hex(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for Material {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = from_hex(&text).map(Zeroizing::new);
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        bytes.map(|bytes| Self(Zeroizing::new(bytes))).ok_or_else(|| serde::de::Error::custom("no key"))
    }
}

impl DataRow {
    fn of(cipher: Cipher, key: Material, made_at: Option<Timestamp>) -> Self {
        let id = DataKey::new(cipher, &key.0).id();
        Self { id, cipher, key, made_at }
    }

    /// The key, ready for use.
    pub(crate) fn unlocked(&self) -> DataKey {
        DataKey::new(self.cipher, &self.key.0)
    }
}

impl Ring {
    /// The ring of a store of the first format, which worked with the keys that it was given.
    pub(crate) fn of_given(keys: &Keys) -> Result<Self, StoreError> {
        let index = keys.index().map(Material::of).ok_or(StoreError::NoIndexKey)?;
        let current = DataRow::of(Cipher::Aes256Gcm, Material::of(keys.outer()), None);
        Ok(Self { current, before: Vec::new(), chain: index.clone(), index })
    }

    /// The ring of a new store: of its own keys, but for an index key that is given.
    pub(crate) fn new(keys: &Keys, random: &SystemRandom) -> Result<Self, VaultError> {
        let index = keys.index().map_or_else(|| Material::random(random), |index| Ok(Material::of(index)))?;
        let current = DataRow::of(keys.cipher(), Material::random(random)?, None);
        Ok(Self { current, before: Vec::new(), index, chain: Material::random(random)? })
    }

    pub(crate) const fn current(&self) -> &DataRow {
        &self.current
    }

    pub(crate) fn before(&self) -> &[DataRow] {
        &self.before
    }

    pub(crate) fn index_key(&self) -> hmac::Key {
        self.index.hmac()
    }

    pub(crate) fn chain_key(&self) -> hmac::Key {
        self.chain.hmac()
    }

    /// Whether the key that is outside is the one under which subjects are indexed, or chains named.
    pub(crate) fn indexes_with(&self, keys: &Keys) -> bool {
        let outer = Material::of(keys.outer());
        outer == self.index || outer == self.chain
    }

    /// Seals with a new key from now on.
    pub(crate) fn rotate(&mut self, cipher: Cipher, now: Timestamp, random: &SystemRandom) -> Result<(), VaultError> {
        loop {
            let new = DataRow::of(cipher, Material::random(random)?, Some(now));
            // Four bytes of a name may be had twice.
            if !self.before.iter().chain([&self.current]).any(|row| row.id == new.id) {
                self.before.push(std::mem::replace(&mut self.current, new));
                return Ok(());
            }
        }
    }

    /// Lets an older key go. Says whether there was one.
    pub(crate) fn retire(&mut self, id: KeyId) -> bool {
        let count = self.before.len();
        self.before.retain(|row| row.id != id);
        self.before.len() < count
    }

    /// The bytes of its row, sealed under the outer key.
    pub(crate) fn seal(&self, keys: &Keys, random: &SystemRandom) -> Result<Vec<u8>, StorageError> {
        let key = keys::ring();
        let text = Zeroizing::new(self.encode()?);
        let sealed = keys.outer_key().seal(random, place(&key), &text);
        sealed.map_err(|error| StorageError::of_vault(error, Self::WHAT))
    }

    /// The ring in a row that was opened.
    pub(crate) fn of_opened(opened: Result<Vec<u8>, VaultError>) -> Result<Self, StorageError> {
        let text = Zeroizing::new(opened.map_err(|error| StorageError::of_vault(error, Self::WHAT))?);
        Self::decode(&text)
    }

    /// The ring of the store, once these keys have been shown to be its keys.
    pub(crate) fn read(engine: &dyn Engine, keys: &Keys) -> Result<Self, StoreError> {
        let row = row(engine)?.ok_or(StorageError::Corrupt { what: Self::WHAT })?;
        Self::of_row(&row, keys)
    }

    /// The ring in its row, once these keys have been shown to be its keys.
    pub(crate) fn of_row(row: &Versioned, keys: &Keys) -> Result<Self, StoreError> {
        let (outer, key) = (keys.outer_key(), keys::ring());
        let ring = match outer.open(place(&key), &row.value) {
            Err(VaultError::OtherKey(expected)) => return Err(StoreError::WrongValueKey { expected, given: outer.id() }),
            opened => Self::of_opened(opened)?,
        };
        match keys.index() {
            Some(given) if Material::of(given) != ring.index => Err(StoreError::WrongIndexKey),
            _ => Ok(ring),
        }
    }
}

/// The row of the ring.
pub(crate) fn row(engine: &dyn Engine) -> Result<Option<Versioned>, StorageError> {
    let key = keys::ring();
    Ok(engine.get(REGISTRY, key.space, &key.bytes)?)
}

/// Where the ring is sealed for.
pub(crate) fn place(key: &Key) -> Place<'_> {
    Place { part: REGISTRY, space: key.space, key: &key.bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_and_go_and_are_never_shown() {
        let (keys, random) = (Keys::new([1; 32], [2; 32]), SystemRandom::new());
        let mut ring = Ring::of_given(&keys).unwrap();
        let first = ring.current().id;
        assert_eq!(first, DataKey::new(Cipher::Aes256Gcm, &[1; 32]).id(), "what is sealed already goes by the same name");
        assert_ne!(first, keys.outer_key().id(), "the same secret seals the ring under another name");
        ring.rotate(Cipher::Sm4Gcm, Timestamp::from_unix(9), &random).unwrap();
        assert_eq!((ring.before()[0].id, ring.current().cipher), (first, Cipher::Sm4Gcm));
        assert!(!ring.retire(ring.current().id), "the current key stays");
        let written = ring.encode().unwrap();
        assert_eq!(Ring::decode(&written).unwrap(), ring);
        assert!(ring.retire(first) && !ring.retire(first) && ring.before().is_empty());
        for text in [format!("{ring:?}"), format!("{keys:?}"), format!("{:?}", ring.current().unlocked())] {
            assert!(!text.contains(&"01".repeat(8)) && !text.contains("1, 1, 1"), "{text}");
        }
    }

    #[test]
    fn a_new_store_seals_with_no_key_that_is_outside() {
        let (keys, random) = (Keys::outside([1; 32]).sealing_with(Cipher::Sm4Gcm), SystemRandom::new());
        let ring = Ring::new(&keys, &random).unwrap();
        assert_eq!(ring.current().cipher, Cipher::Sm4Gcm);
        assert_ne!(ring.current().id, keys.outer_key().id());
        assert!(ring.index != ring.chain && ring.index != Ring::new(&keys, &random).unwrap().index);
        assert!(matches!(Ring::of_given(&keys), Err(StoreError::NoIndexKey)));
    }
}
