//! The key with which we witness the logs of others.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crypto::tlog::{KeyType, NoteSigner, VerifierKey};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

/// The longest file of a key, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// An Ed25519 key that signs as a witness.
pub struct WitnessKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl WitnessKey {
    /// Reads a key from a file that its owner alone may read: PKCS#8, PEM.
    ///
    /// # Errors
    /// What is wrong with the file. Nothing of the key is in it.
    pub fn load(name: &str, path: &Path) -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
        let mut file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("{} may be read by others than its owner: chmod 600", path.display()));
        }
        let mut bytes = Vec::new();
        file.by_ref().take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(&bytes).ok();
        let key = der.and_then(|der| Self::from_pkcs8(name, der.secret_pkcs8_der()));
        key.ok_or_else(|| format!("{} holds no Ed25519 key in PKCS#8 PEM", path.display()))
    }

    /// The key in these bytes, PKCS#8, DER, under this name. `None` when it is no Ed25519 key or no name.
    #[must_use]
    pub fn from_pkcs8(name: &str, der: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
        let verifier = VerifierKey::new(name, KeyType::Cosignature, pair.public_key().as_ref()).ok()?;
        Some(Self { pair, verifier })
    }
}

impl NoteSigner for WitnessKey {
    fn key(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.pair.sign(message).as_ref().to_vec())
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({})", self.verifier)
    }
}
