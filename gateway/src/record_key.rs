//! The keys of the logs: they sign checkpoints, and nothing else.

use std::fmt;

use crypto::issue::SigningKey;
use crypto::record::LogName;
use crypto::sig::{Algorithm, BadSignature};
use crypto::time::Timestamp;
use crypto::tlog::{Checkpoint, Hash, KeyType, NoteSigner, SignatureLine, VerifierKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use storage::log::Publisher;

use crate::config::{Faults, KeySource, Record, ShardPeriod};
use crate::secrets;

/// The keys of both logs in all their shards, and the name under which they sign.
pub struct LogKeys {
    origin: String,
    shard: ShardPeriod,
    /// Ed25519 first, as every reader of C2SP knows it.
    keys: Vec<(KeyType, SigningKey)>,
}

/// A key under the origin of one shard.
struct ShardKey<'a> {
    verifier: VerifierKey,
    key: &'a SigningKey,
}

impl LogKeys {
    /// Reads the keys.
    ///
    /// # Errors
    /// What is wrong with which file. Nothing of a key is in it.
    pub fn load(record: &Record) -> Result<Self, Faults> {
        let mut keys = vec![(KeyType::Ed25519, read("record.key", &record.key, Algorithm::Ed25519)?)];
        if let Some(path) = &record.sm2_key {
            keys.push((KeyType::Sm2, read("record.sm2_key", path, Algorithm::Sm2Sm3)?));
        }
        for (index, source) in record.keys_also.iter().enumerate() {
            let at = format!("record.keys_also[{index}]");
            let key = read_any(&at, source)?;
            let kind = if key.algorithm() == Algorithm::Sm2Sm3 { KeyType::Sm2 } else { KeyType::Ed25519 };
            if keys.iter().any(|(_, other)| other.public_key() == key.public_key()) {
                return Err(Faults::one(&at, format!("{source} holds a key that signs already")));
            }
            keys.push((kind, key));
        }
        Ok(Self { origin: record.origin.clone(), shard: record.shard, keys })
    }

    /// The origin of a shard: what its checkpoints begin with, and the name of its keys.
    #[must_use]
    pub fn origin(&self, log: LogName, period: &str) -> String {
        format!("{}/{log}/{period}", self.origin)
    }

    /// The keys with which others verify the checkpoints of a shard, Ed25519 first.
    #[must_use]
    pub fn verifiers(&self, log: LogName, period: &str) -> Vec<VerifierKey> {
        self.shard_keys(log, period).into_iter().map(|key| key.verifier).collect()
    }

    /// The public keys, one behind the other: for a digest that changes with them.
    #[must_use]
    pub fn public_keys(&self) -> Vec<u8> {
        self.keys.iter().flat_map(|(_, key)| key.public_key().bits().to_vec()).collect()
    }

    fn shard_keys(&self, log: LogName, period: &str) -> Vec<ShardKey<'_>> {
        let origin = self.origin(log, period);
        let under = |(kind, key): &'_ (KeyType, SigningKey)| VerifierKey::new(&origin, *kind, key.public_key().bits());
        // The configuration takes no origin that is no name, so every key is there.
        self.keys.iter().filter_map(|pair| Some(ShardKey { verifier: under(pair).ok()?, key: &pair.1 })).collect()
    }
}

impl Publisher for LogKeys {
    fn period(&self, _: LogName, at: Timestamp) -> String {
        self.shard.of(at)
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        let mut note = Checkpoint::new(&self.origin(log, period), size, *root).ok()?.note().ok()?;
        let keys = self.shard_keys(log, period);
        for key in &keys {
            note.add(SignatureLine::sign(key, note.text())?).ok()?;
        }
        (keys.len() == self.keys.len()).then(|| note.to_string())
    }
}

impl NoteSigner for ShardKey<'_> {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.key.sign_fixed(message)).filter(|signature| signature.len() == 64)
    }
}

impl fmt::Debug for LogKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKeys").field("origin", &self.origin).field("shard", &self.shard).finish_non_exhaustive()
    }
}

/// Reads a private key that its owner alone may read.
pub(crate) fn read(key: &str, source: &KeySource, algorithm: Algorithm) -> Result<SigningKey, Faults> {
    let name = if algorithm == Algorithm::Sm2Sm3 { "SM2" } else { "Ed25519" };
    read_one(key, source, name, |signer| signer.algorithm() == algorithm)
}

/// The same, of either kind.
fn read_any(key: &str, source: &KeySource) -> Result<SigningKey, Faults> {
    let algorithms = [Algorithm::Ed25519, Algorithm::Sm2Sm3];
    read_one(key, source, "Ed25519 or SM2", |signer| algorithms.contains(&signer.algorithm()))
}

fn read_one(key: &str, source: &KeySource, name: &str, fits: impl Fn(&SigningKey) -> bool) -> Result<SigningKey, Faults> {
    let fault = |what: String| Faults::one(key, format!("{source} {what}"));
    let pem = secrets::read(key, source)?;
    let none = || fault(format!("holds no {name} key in PKCS#8 PEM"));
    let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_error| none())?;
    let signer = SigningKey::from_pkcs8(der.secret_pkcs8_der()).filter(fits).ok_or_else(none)?;
    rehearse(&signer).map_err(|BadSignature| fault("cannot sign".to_owned()))?;
    Ok(signer)
}

/// A key whose signatures do not verify must not be found out by the first checkpoint.
fn rehearse(key: &SigningKey) -> Result<(), BadSignature> {
    key.algorithm().verify_fixed(&key.public_key(), b"licet", &key.sign_fixed(b"licet"))
}
