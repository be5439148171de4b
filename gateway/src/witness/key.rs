//! The key with which we witness the logs of others.

use std::fmt;

use crypto::issue::SigningKey;
use crypto::sig::Algorithm;
use crypto::tlog::{KeyType, NoteSigner, VerifierKey};

use crate::config::{Faults, KeySource};
use crate::record_key;

/// An Ed25519 key that signs as a witness.
pub struct WitnessKey {
    key: SigningKey,
    verifier: VerifierKey,
}

impl WitnessKey {
    /// Reads a key: PKCS#8, PEM.
    ///
    /// # Errors
    /// What is wrong with where it comes from. Nothing of the key is in it.
    pub fn load(name: &str, source: &KeySource) -> Result<Self, Faults> {
        let key = record_key::read("witness.key", source, Algorithm::Ed25519)?;
        Self::new(name, key).ok_or_else(|| Faults::one("witness.name", "is no name"))
    }

    /// This key under this name. `None` when it is no Ed25519 key or no name.
    #[must_use]
    pub fn new(name: &str, key: SigningKey) -> Option<Self> {
        let verifier = VerifierKey::new(name, KeyType::Cosignature, key.public_key().bits()).ok()?;
        if key.algorithm() == Algorithm::Ed25519 { Some(Self { key, verifier }) } else { None }
    }
}

impl NoteSigner for WitnessKey {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.key.sign_fixed(message))
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({})", self.verifier)
    }
}
