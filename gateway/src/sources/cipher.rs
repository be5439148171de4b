//! How exchanges encrypt the secrets that they give out: AES as clients in Java do it. Nothing of ours is protected by it.

use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;

use crate::config::ExchangeCipher;
use crate::secrets::Secret;

const BLOCK: usize = 16;

/// The vector that the exchange's clients have written into their code.
const VECTOR: [u8; BLOCK] = *b"AESCBCPKCS5Paddi";

/// Decrypts a secret in base64 under an application key. Nothing where it was not encrypted so.
pub(super) fn decrypt(cipher: ExchangeCipher, app_key: &str, text: &str) -> Option<Secret> {
    // The encoders of Java break lines.
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let mut bytes = STANDARD.decode(text).ok()?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK) {
        return None;
    }
    let made = made_key(app_key);
    match cipher {
        ExchangeCipher::AesEcb => blocks_under(app_key.as_bytes(), None, &mut bytes)?,
        ExchangeCipher::AesEcbSha1prng => blocks_under(&made, None, &mut bytes)?,
        ExchangeCipher::AesCbcSha1prng => blocks_under(&made, Some(VECTOR), &mut bytes)?,
    }
    unpad(&mut bytes)?;
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(Secret::new)
}

/// The first 128 bits of Java's `SHA1PRNG` with the application key as its seed: the digest of the digest of it.
fn made_key(app_key: &str) -> Vec<u8> {
    let digest = |bytes: &[u8]| digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let twice = digest(digest(app_key.as_bytes()).as_ref());
    twice.as_ref().iter().take(BLOCK).copied().collect()
}

fn blocks_under(key: &[u8], vector: Option<[u8; BLOCK]>, bytes: &mut [u8]) -> Option<()> {
    match key.len() {
        16 => blocks(&Aes128::new_from_slice(key).ok()?, vector, bytes),
        24 => blocks(&Aes192::new_from_slice(key).ok()?, vector, bytes),
        32 => blocks(&Aes256::new_from_slice(key).ok()?, vector, bytes),
        _ => return None,
    }
    Some(())
}

fn blocks(cipher: &impl BlockCipherDecrypt<BlockSize = aes::cipher::consts::U16>, vector: Option<[u8; BLOCK]>, bytes: &mut [u8]) {
    let mut before = vector;
    let (chunks, _) = bytes.as_chunks_mut::<BLOCK>();
    for chunk in chunks {
        let encrypted = *chunk;
        let mut block = Array::from(encrypted);
        cipher.decrypt_block(&mut block);
        *chunk = block.into();
        if let Some(mask) = before.replace(encrypted).filter(|_| vector.is_some()) {
            chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

/// Takes the padding of PKCS#7 off.
fn unpad(bytes: &mut Vec<u8>) -> Option<()> {
    let count = *bytes.last()?;
    let kept = bytes.len().checked_sub(count.into())?;
    let is_padding = (1..=BLOCK).contains(&usize::from(count)) && bytes.get(kept..)?.iter().all(|byte| *byte == count);
    is_padding.then(|| bytes.truncate(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_KEY: &str = "0123456789abcdef0123456789abcdef";
    const PLAIN: &str = "the-rotating-secret-of-an-hour";
    const ECB_PLAIN: &str = "8hlL6gVSQ3Y7u3s9fP7ActqT3i/jKL1879KSEFWLTuI=";

    fn plain(cipher: ExchangeCipher, text: &str) -> Option<String> {
        decrypt(cipher, APP_KEY, text).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn what_openssl_has_encrypted() {
        // printf %s the-rotating-secret-of-an-hour | openssl enc -aes-128-ecb -base64 -K KEY, with KEY the first 32 digits of
        // printf %s 0123456789abcdef0123456789abcdef | openssl sha1 -binary | openssl sha1; -aes-128-cbc with
        // -iv 414553434243504b4353355061646469; and -aes-256-ecb with the digits of the application key as they stand.
        for (cipher, text) in [
            (ExchangeCipher::AesEcbSha1prng, "w3pObd469yEz+b2S5VK8lTieSCbOT9VORoEDPvc1zOU="),
            (ExchangeCipher::AesCbcSha1prng, "OQWOr4AhgaYfWi68b5FKgGD7ZZGnatdYRPn/JUv5fLQ="),
            (ExchangeCipher::AesEcb, "8hlL6gVSQ3Y7u3s9fP7ActqT3i/jKL1879KSEFWLTuI="),
        ] {
            assert_eq!(plain(cipher, text).as_deref(), Some(PLAIN), "{cipher:?}");
        }
        assert_eq!(plain(ExchangeCipher::AesEcb, "w3pObd469yEz+b2S5VK8lTieSCbOT9VORoEDPvc1zOU="), None, "under another key");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in ["", "AAAA", "!", &STANDARD.encode([0; 16]), &STANDARD.encode([0; 17])] {
            assert_eq!(plain(ExchangeCipher::AesEcb, text), None, "{text}");
        }
        assert!(decrypt(ExchangeCipher::AesEcb, "short", ECB_PLAIN).is_none());
        let mut whole = vec![16; BLOCK];
        assert_eq!((unpad(&mut whole), whole.len()), (Some(()), 0));
        assert_eq!(unpad(&mut vec![1, 2]), None);
        assert_eq!(unpad(&mut vec![0]), None);
    }
}
