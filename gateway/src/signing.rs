//! The gateway's own signature, for what it says under its own name.

use std::fmt;

use crypto::sig::{Algorithm, PublicKey};
use crypto::x509::pem;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;

use crate::config::{Faults, Signing};
use crate::secrets;

/// A private key with its certificates.
pub struct Signer {
    key: Key,
    algorithm: Algorithm,
    chain: Vec<Vec<u8>>,
}

enum Key {
    P256(Box<EcdsaKeyPair>, SystemRandom),
    Ed25519(Ed25519KeyPair),
}

/// The system gives no random numbers, and P-256 signs with none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotSign;

impl Signer {
    /// Reads key and certificates, and checks that they belong together.
    ///
    /// # Errors
    /// What is wrong with which file. Nothing of the key is in it.
    pub fn load(signing: &Signing) -> Result<Self, Faults> {
        let of_key = |what: &str| Faults::one("signing.key", format!("{} {what}", signing.key));
        let of_chain = |what: String| Faults::one("signing.certificate", format!("{} {what}", signing.certificate.display()));
        let bytes = secrets::read("signing.key", &signing.key)?;
        let (key, algorithm) = key(&bytes).ok_or_else(|| of_key("holds no P-256 or Ed25519 key in PKCS#8 PEM"))?;
        let chain = std::fs::read(&signing.certificate).map_err(|error| of_chain(format!("cannot be read: {error}")))?;
        let certificates = pem::certificates(&chain).map_err(|error| of_chain(format!("holds no certificates: {error}")))?;
        let own = certificates.first().and_then(|certificate| certificate.key()).cloned();
        let chain = certificates.iter().map(|certificate| certificate.raw().to_vec()).collect();
        let signer = Self { key, algorithm, chain };
        if own.is_some_and(|own| signer.is_of(&own)) { Ok(signer) } else { Err(of_key("does not go with signing.certificate")) }
    }

    /// Whether what is signed here verifies with this key.
    fn is_of(&self, public: &PublicKey) -> bool {
        self.sign(b"licet").is_ok_and(|signature| self.algorithm.verify_fixed(public, b"licet", &signature).is_ok())
    }

    /// The JOSE name of its algorithm.
    #[must_use]
    pub fn jose(&self) -> &'static str {
        self.algorithm.row().jose.unwrap_or_default()
    }

    /// Its certificates, DER, its own first.
    #[must_use]
    pub fn chain(&self) -> Vec<&[u8]> {
        self.chain.iter().map(Vec::as_slice).collect()
    }

    /// Signs, in the form of JWS.
    ///
    /// # Errors
    /// [`CannotSign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CannotSign> {
        match &self.key {
            Key::P256(key, random) => key.sign(random, message).map(|signature| signature.as_ref().to_vec()).or(Err(CannotSign)),
            Key::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

fn key(pem: &[u8]) -> Option<(Key, Algorithm)> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
    let der = der.secret_pkcs8_der();
    if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Some((Key::Ed25519(key), Algorithm::Ed25519));
    }
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).ok()?;
    Some((Key::P256(Box::new(key), random), Algorithm::EcdsaP256Sha256))
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
