//! What stands between the tables and the engine: values are sealed, subjects are blinded.
//!
//! Values are sealed under the newest key of the [ring](crate::keyring), and open under any of it. [`crate::sealing`] has the form.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::keyring::row::{DataRow, Ring};
use crate::sealing::{DataKey, KeyId, Place, VaultError, digest, sealed_under};
use crate::secret::Keys;

/// A keyed digest that stands for a subject or a licence in a key.
pub(crate) type Blind = [u8; 32];

/// Seals, opens and blinds. Without the keys in a form that could be read back.
pub(crate) struct Vault {
    unlocked: RwLock<Arc<Unlocked>>,
    index: hmac::Key,
    chain: hmac::Key,
    random: SystemRandom,
}

/// The keys that change while a store is open.
#[derive(Debug)]
struct Unlocked {
    /// What new values are sealed under.
    current: DataKey,
    /// What older ones are.
    before: Vec<DataKey>,
    /// What seals the ring itself.
    outer: DataKey,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Unlocked {
    fn of(ring: &Ring, keys: &Keys) -> Self {
        Self {
            current: ring.current().unlocked(),
            before: ring.before().iter().map(DataRow::unlocked).collect(),
            outer: keys.outer_key(),
        }
    }

    fn key(&self, id: KeyId) -> Option<&DataKey> {
        std::iter::once(&self.current).chain(&self.before).find(|key| key.id() == id)
    }
}

impl Vault {
    /// With the keys of a ring, which is sealed under the outer one of `keys`.
    pub(crate) fn new(ring: &Ring, keys: &Keys) -> Self {
        Self {
            unlocked: RwLock::new(Arc::new(Unlocked::of(ring, keys))),
            index: ring.index_key(),
            chain: ring.chain_key(),
            random: SystemRandom::new(),
        }
    }

    /// Takes another ring. What was sealed before opens for as long as its key is in it.
    pub(crate) fn take(&self, ring: &Ring, keys: &Keys) {
        *self.unlocked.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Unlocked::of(ring, keys));
    }

    fn unlocked(&self) -> Arc<Unlocked> {
        // What is inside is replaced whole: a panic leaves nothing half done.
        Arc::clone(&self.unlocked.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The name of the key that seals.
    pub(crate) fn id(&self) -> KeyId {
        self.unlocked().current.id()
    }

    /// The name of the key that seals the ring.
    pub(crate) fn outer_id(&self) -> KeyId {
        self.unlocked().outer.id()
    }

    /// Whether a value is sealed under a key that no longer seals. From the moment of a rotation on none is written.
    pub(crate) fn is_superseded(&self, stored: &[u8]) -> bool {
        let unlocked = self.unlocked();
        sealed_under(stored).is_some_and(|id| id != unlocked.current.id() && unlocked.key(id).is_some())
    }

    /// Seals a value for its place.
    pub(crate) fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.unlocked().current.seal(&self.random, place, value)
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, place: Place<'_>, stored: &[u8]) -> Result<Vec<u8>, VaultError> {
        let unlocked = self.unlocked();
        let id = sealed_under(stored).ok_or(VaultError::Damaged)?;
        unlocked.key(id).ok_or(VaultError::OtherKey(id))?.open(place, stored)
    }

    /// Opens the ring.
    pub(crate) fn open_ring(&self, place: Place<'_>, stored: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.unlocked().outer.open(place, stored)
    }

    /// What a ring is sealed with.
    pub(crate) const fn randomness(&self) -> &SystemRandom {
        &self.random
    }

    /// Fills with random bytes.
    pub(crate) fn random(&self, bytes: &mut [u8]) -> Result<(), VaultError> {
        self.random.fill(bytes).map_err(|_unspecified| VaultError::NoRandomness)
    }

    /// The keyed digest of `content` for one purpose.
    pub(crate) fn blind(&self, purpose: &[u8], content: &[u8]) -> Blind {
        digest(&self.index, purpose, content)
    }

    /// The keyed digest that a chain of the logs goes by. The logs are committed to it, so that it can never be another one.
    pub(crate) fn chain(&self, purpose: &[u8], content: &[u8]) -> Blind {
        digest(&self.chain, purpose, content)
    }
}
