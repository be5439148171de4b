//! Keys that sign. Deterministic throughout: the seed makes the key, and key and message make the signature.

use std::fmt;

use ed25519_dalek::Signer as _;

use super::{der, pem};
use crate::der::{Reader, single, tag};
use crate::digest::Sha256;
use crate::oid::Oid;
use crate::sig::sm2::DEFAULT_ID;
use crate::sig::{Algorithm, KeyKind, PublicKey};

/// The kinds of key that can be made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum KeyType {
    Sm2,
    P256,
    Ed25519,
}

/// A private key.
pub struct SigningKey(Inner);

// P-256 and Ed25519 keys wipe themselves when dropped; the SM2 library's signing key does not offer it.
enum Inner {
    Sm2(sm2::dsa::SigningKey),
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl SigningKey {
    /// The key that this seed stands for. A seed that is no scalar of the curve is hashed until it is one.
    #[must_use]
    pub fn from_seed(kind: KeyType, seed: [u8; 32]) -> Self {
        Self(match kind {
            KeyType::Ed25519 => Inner::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)),
            KeyType::Sm2 => Inner::Sm2(first_scalar(seed, |bytes| sm2::dsa::SigningKey::from_slice(DEFAULT_ID, bytes).ok())),
            KeyType::P256 => Inner::P256(first_scalar(seed, |bytes| p256::ecdsa::SigningKey::from_slice(bytes).ok())),
        })
    }

    /// The key named by a label: convenient for tests and demonstrations, and of course no secret.
    #[must_use]
    pub fn from_label(kind: KeyType, label: &str) -> Self {
        Self::from_seed(kind, Sha256::of(&[label.as_bytes()]).0)
    }

    /// Reads an unencrypted PKCS#8 key (RFC 5958), DER: Ed25519, P-256 or SM2. `None` when it is anything else.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(der);
        let mut key = outer.sequence().ok()?;
        key.read(tag::INTEGER).ok()?;
        let mut algorithm = key.sequence().ok()?;
        let inner = key.read(tag::OCTET_STRING).ok()?.content;
        let oid = Oid(algorithm.read(tag::OID).ok()?.content);
        if oid == Oid::ED25519 {
            let seed = single(inner, tag::OCTET_STRING).ok()?.content;
            return Some(Self::from_seed(KeyType::Ed25519, seed.try_into().ok()?));
        }
        let curve = Oid(algorithm.read(tag::OID).ok().filter(|_| oid == Oid::EC_PUBLIC_KEY)?.content);
        let mut private = Reader::new(inner).sequence().ok()?;
        private.read(tag::INTEGER).ok()?;
        let scalar = private.read(tag::OCTET_STRING).ok()?.content;
        if curve == Oid::SM2_CURVE {
            return sm2::dsa::SigningKey::from_slice(DEFAULT_ID, scalar).ok().map(|key| Self(Inner::Sm2(key)));
        }
        let read = |scalar| p256::ecdsa::SigningKey::from_slice(scalar).ok().map(|key| Self(Inner::P256(key)));
        if curve == Oid::P256 { read(scalar) } else { None }
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Inner::Sm2(key) => PublicKey::new(KeyKind::Sm2, key.verifying_key().to_sec1_bytes().into_vec()),
            Inner::P256(key) => PublicKey::new(KeyKind::P256, key.verifying_key().to_sec1_point(false).as_bytes().to_vec()),
            Inner::Ed25519(key) => PublicKey::new(KeyKind::Ed25519, key.verifying_key().to_bytes().to_vec()),
        }
    }

    /// The `SubjectPublicKeyInfo`, DER.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        der::sequence(&[&self.key_identifier(), &der::bit_string(self.public_key().bits())])
    }

    /// The first 20 octets of the SHA-256 of the public key bits (RFC 7093, section 2, method 1): the key identifier.
    #[must_use]
    pub fn key_id(&self) -> Vec<u8> {
        Sha256::of(&[self.public_key().bits()]).0.iter().take(20).copied().collect()
    }

    /// The private key as unencrypted PKCS#8 (RFC 5958, version 1), DER. The caller wipes it.
    #[must_use]
    pub fn pkcs8(&self) -> Vec<u8> {
        let inner = match &self.0 {
            Inner::Ed25519(key) => der::octet_string(key.as_bytes()),
            Inner::Sm2(key) => self.ec_private(key.to_bytes().as_slice()),
            Inner::P256(key) => self.ec_private(key.to_bytes().as_slice()),
        };
        der::sequence(&[&der::integer(0u8), &self.key_identifier(), &der::octet_string(&inner)])
    }

    /// [`SigningKey::pkcs8`] as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem::encode("PRIVATE KEY", &self.pkcs8())
    }

    /// What this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Inner::Sm2(_) => Algorithm::Sm2Sm3,
            Inner::P256(_) => Algorithm::EcdsaP256Sha256,
            Inner::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The object identifier of the signature algorithm.
    #[must_use]
    pub const fn algorithm_oid(&self) -> Oid<'static> {
        match &self.0 {
            Inner::Sm2(_) => Oid::SM2_SM3,
            Inner::P256(_) => Oid::ECDSA_SHA256,
            Inner::Ed25519(_) => Oid::ED25519,
        }
    }

    /// The signature's `AlgorithmIdentifier`, DER. SM2 carries NULL, as all real authorities write it.
    #[must_use]
    pub fn algorithm_identifier(&self) -> Vec<u8> {
        let oid = der::oid(self.algorithm_oid());
        match &self.0 {
            Inner::Sm2(_) => der::sequence(&[&oid, &der::null()]),
            Inner::P256(_) | Inner::Ed25519(_) => der::sequence(&[&oid]),
        }
    }

    /// Signs, in the form of certificates, CMS and seals: `SEQUENCE { r, s }`, or 64 octets for Ed25519.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let fixed = self.sign_fixed(message);
        match (&self.0, fixed.split_at_checked(32)) {
            (Inner::Sm2(_) | Inner::P256(_), Some((r, s))) => der::sequence(&[&der::unsigned(r), &der::unsigned(s)]),
            _ => fixed,
        }
    }

    /// Signs, in the form of JWS: 64 octets, for the curves r ‖ s. Some seals carry SM2 signatures in this form as well.
    ///
    /// SM2 and ECDSA fail for one nonce in 2^256; the answer is then empty, which no verifier takes for a signature.
    #[must_use]
    pub fn sign_fixed(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Inner::Sm2(key) => key.try_sign(message).map(|signature: sm2::dsa::Signature| signature.to_vec()).unwrap_or_default(),
            Inner::P256(key) => {
                key.try_sign(message).map(|signature: p256::ecdsa::Signature| signature.to_vec()).unwrap_or_default()
            }
            Inner::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }

    fn key_identifier(&self) -> Vec<u8> {
        let curve = match &self.0 {
            Inner::Ed25519(_) => return der::sequence(&[&der::oid(Oid::ED25519)]),
            Inner::Sm2(_) => Oid::SM2_CURVE,
            Inner::P256(_) => Oid::P256,
        };
        der::sequence(&[&der::oid(Oid::EC_PUBLIC_KEY), &der::oid(curve)])
    }

    /// `ECPrivateKey` (RFC 5915) with the public key, which ring demands.
    fn ec_private(&self, scalar: &[u8]) -> Vec<u8> {
        let public = der::tlv(tag::context(1), &der::bit_string(self.public_key().bits()));
        der::sequence(&[&der::integer(1u8), &der::octet_string(scalar), &public])
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.algorithm()).finish()
    }
}

fn first_scalar<K>(seed: [u8; 32], read: impl Fn(&[u8]) -> Option<K>) -> K {
    let mut candidate = seed;
    loop {
        if let Some(key) = read(&candidate) {
            return key;
        }
        candidate = Sha256::of(&[&candidate]).0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [KeyType; 3] = [KeyType::Sm2, KeyType::P256, KeyType::Ed25519];

    #[test]
    fn what_is_signed_here_verifies_in_both_forms() {
        for kind in KINDS {
            let key = SigningKey::from_seed(kind, [7; 32]);
            let (public, algorithm) = (key.public_key(), key.algorithm());
            assert_eq!(PublicKey::from_spki(&key.spki()).as_ref(), Ok(&public));
            assert_eq!(Algorithm::from_identifier(&key.algorithm_identifier(), public.kind()), Ok(algorithm));
            for message in [&b""[..], b"licence", &[0; 5000]] {
                assert_eq!(algorithm.verify(&public, message, &key.sign(message)), Ok(()), "{kind:?}");
                assert_eq!(algorithm.verify_fixed(&public, message, &key.sign_fixed(message)), Ok(()), "{kind:?}");
                assert!(algorithm.verify(&public, b"other", &key.sign(message)).is_err(), "{kind:?}");
            }
        }
    }

    #[test]
    fn keys_and_signatures_are_deterministic_and_seeds_never_fail() {
        for kind in KINDS {
            for seed in [[0; 32], [0xff; 32], [1; 32]] {
                let (one, two) = (SigningKey::from_seed(kind, seed), SigningKey::from_seed(kind, seed));
                assert_eq!(one.public_key(), two.public_key());
                assert_eq!(one.sign(b"m"), two.sign(b"m"));
            }
            assert_ne!(SigningKey::from_label(kind, "a").spki(), SigningKey::from_label(kind, "b").spki());
        }
    }

    #[test]
    fn ring_reads_the_private_keys() {
        use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
        let p256 = SigningKey::from_label(KeyType::P256, "server");
        let random = ring::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &p256.pkcs8(), &random).unwrap();
        assert_eq!(pair.public_key().as_ref(), p256.public_key().bits());
        let ed25519 = SigningKey::from_label(KeyType::Ed25519, "log");
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&ed25519.pkcs8()).unwrap();
        assert_eq!(pair.public_key().as_ref(), ed25519.public_key().bits());
    }

    #[test]
    fn private_keys_are_read_as_they_are_written() {
        for kind in KINDS {
            let key = SigningKey::from_label(kind, "kept");
            let der = key.pkcs8();
            assert_eq!(SigningKey::from_pkcs8(&der).unwrap().public_key(), key.public_key(), "{kind:?}");
            for end in 0..der.len() {
                assert!(SigningKey::from_pkcs8(&der[..end]).is_none(), "{kind:?} {end}");
            }
        }
        assert!(SigningKey::from_pkcs8(&SigningKey::from_label(KeyType::P256, "kept").spki()).is_none());
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", SigningKey::from_seed(KeyType::Sm2, [9; 32])), "SigningKey(Sm2Sm3)");
    }
}
