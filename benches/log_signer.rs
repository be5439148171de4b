//! Signs the checkpoints of the benchmark, with a key that is no secret.

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::{Checkpoint, Hash, KeyType, NoteSigner, SignatureLine, VerifierKey};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use storage::log::Publisher;

/// The period of every shard: one is enough here.
const PERIOD: &str = "bench";

/// A key for both logs.
#[derive(Debug)]
pub struct Signer {
    key: Ed25519KeyPair,
}

struct Of<'a> {
    key: &'a Ed25519KeyPair,
    verifier: VerifierKey,
}

impl Signer {
    /// The key.
    ///
    /// # Errors
    /// When ring takes no such seed, which it does.
    pub fn new() -> Result<Self, String> {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map(|key| Self { key }).map_err(|error| error.to_string())
    }
}

impl Publisher for Signer {
    fn period(&self, _log: LogName, _at: Timestamp) -> String {
        PERIOD.to_owned()
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        let origin = format!("licet.example/{log}/{period}");
        let verifier = VerifierKey::new(&origin, KeyType::Ed25519, self.key.public_key().as_ref()).ok()?;
        let mut note = Checkpoint::new(&origin, size, *root).ok()?.note().ok()?;
        let line = SignatureLine::sign(&Of { key: &self.key, verifier }, note.text())?;
        note.add(line).ok()?;
        Some(note.to_string())
    }
}

impl NoteSigner for Of<'_> {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.key.sign(message).as_ref().to_vec())
    }
}
