//! Signatures over 256 bytes: one key again and again (hot), and keys that nobody has seen (cold).

use std::hint::black_box;

use crypto::issue::{KeyType, SigningKey};
use crypto::sig::{Algorithm, PublicKey};

use super::{Run, Step, Work, again, seen};

/// What is signed.
pub(super) const MESSAGE: [u8; 256] = [7; 256];

/// How often a key was used before it counts as well known.
const SEEN: u32 = 8;

pub(super) const STEPS: &[Step] = &[
    Step::new("signature/sm2-cold", || Ok(Box::new(Cold::new()))).beside("floor/ring-p256").counted(8, 60),
    Step::new("signature/sm2-hot", || hot(KeyType::Sm2)).beside("floor/ring-p256").counted(200, 100),
    Step::new("signature/sm2-many", many).beside("floor/ring-p256"),
    Step::new("signature/p256", || hot(KeyType::P256)).beside("floor/ring-p256").counted(20, 50),
    Step::new("signature/ed25519", || hot(KeyType::Ed25519)).beside("floor/dalek-ed25519").counted(20, 50),
    Step::new("signature/p384", || vector(Algorithm::EcdsaP384Sha384, P384_SPKI, P384_SIGNATURE)).beside("floor/ring-p256"),
    Step::new("signature/rsa-2048", || vector(Algorithm::RsaPkcs1Sha256, RSA_SPKI, RSA_SIGNATURE)).beside("floor/ring-p256"),
    Step::new("signature/rsa-2048-pss", || vector(Algorithm::RsaPssSha256, RSA_SPKI, PSS_SIGNATURE)).beside("floor/ring-p256"),
];

// Made once with OpenSSL: genrsa 2048, ecparam secp384r1, dgst -sign; the issuing kit has no such keys.
const RSA_SPKI: &[u8] = include_bytes!("../vectors/rsa-2048.spki");
const RSA_SIGNATURE: &[u8] = include_bytes!("../vectors/rsa-pkcs1-sha256.sig");
const PSS_SIGNATURE: &[u8] = include_bytes!("../vectors/rsa-pss-sha256.sig");
const P384_SPKI: &[u8] = include_bytes!("../vectors/p384.spki");
const P384_SIGNATURE: &[u8] = include_bytes!("../vectors/p384-sha384.sig");

fn hot(kind: KeyType) -> Result<Run, String> {
    let key = SigningKey::from_label(kind, "bench");
    verified(key.algorithm(), key.public_key(), key.sign(&MESSAGE))
}

/// Keys in turn, each of which has been seen often: as many as the offices of a province have.
fn many() -> Result<Run, String> {
    let keys: Vec<_> = (0..1024).map(|number| SigningKey::from_label(KeyType::Sm2, &format!("many {number}"))).collect();
    let keys: Vec<_> = keys.iter().map(|key| (key.public_key(), key.sign(&MESSAGE))).collect();
    for _ in 0..SEEN {
        for (key, signature) in &keys {
            Algorithm::Sm2Sm3.verify(key, &MESSAGE, signature).map_err(|error| error.to_string())?;
        }
    }
    let mut turn = (0..keys.len()).cycle();
    Ok(again(move || {
        if let Some((key, signature)) = turn.next().and_then(|next| keys.get(next)) {
            seen(Algorithm::Sm2Sm3.verify(key, black_box(&MESSAGE), signature));
        }
    }))
}

fn vector(algorithm: Algorithm, spki: &[u8], signature: &[u8]) -> Result<Run, String> {
    let key = PublicKey::from_spki(spki).map_err(|error| error.to_string())?;
    verified(algorithm, key, signature.to_vec())
}

fn verified(algorithm: Algorithm, key: PublicKey, signature: Vec<u8>) -> Result<Run, String> {
    algorithm.verify(&key, &MESSAGE, &signature).map_err(|error| error.to_string())?;
    Ok(again(move || {
        seen(algorithm.verify(black_box(&key), black_box(&MESSAGE), black_box(&signature)));
    }))
}

/// SM2 signatures, each by a key of its own.
#[derive(Debug, Default)]
pub struct Cold {
    next: u64,
    ready: Vec<(PublicKey, Vec<u8>)>,
}

impl Cold {
    /// No keys so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Work for Cold {
    fn prepare(&mut self, times: u64) {
        for _ in 0..times {
            let key = SigningKey::from_label(KeyType::Sm2, &format!("cold {}", self.next));
            self.next += 1;
            self.ready.push((key.public_key(), key.sign(&MESSAGE)));
        }
    }

    fn once(&mut self) {
        if let Some((key, signature)) = self.ready.pop() {
            seen(Algorithm::Sm2Sm3.verify(&key, black_box(&MESSAGE), &signature));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cold_keys_are_used_up_and_sign() {
        let mut cold = Cold::new();
        cold.prepare(3);
        assert!(cold.ready.iter().all(|(key, signature)| Algorithm::Sm2Sm3.verify(key, &MESSAGE, signature).is_ok()));
        assert!(cold.ready.windows(2).all(|pair| pair[0].0 != pair[1].0));
        cold.once();
        assert_eq!(cold.ready.len(), 2);
    }
}
