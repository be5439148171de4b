//! The key of the backups: it wraps the random key of each manifest, and seals nothing else.
//!
//! `salt (32) ‖ AES-256-GCM ciphertext and tag of the wrapped key`. The wrapping key is derived from the backup key and the salt, so
//! that no nonce is used twice; the name of the backup is authenticated with it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crypto::digest::{from_hex, to_hex};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::BackupError;
use super::seal::PieceKey;
use crate::secret;

const SALT_BYTES: usize = 32;

/// The key that wraps.
pub struct BackupKey {
    key: hmac::Key,
    id: BackupKeyId,
}

/// Names the key; says nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupKeyId([u8; 4]);

impl BackupKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(hmac::sign(&key, b"licet backup key id").as_ref()) {
            *to = *from;
        }
        Self { key, id: BackupKeyId(id) }
    }

    /// Reads a key file: 64 hexadecimal digits, readable by the owner alone, like those of the store.
    ///
    /// # Errors
    /// [`BackupError::Key`] when it is missing, may be read by others, or holds something else.
    pub fn load(path: &Path) -> Result<Self, BackupError> {
        Ok(Self::new(&*secret::read_key(path)?))
    }

    /// The same from the text of such a file. Nothing when it holds something else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        secret::parse_key(text).map(|bytes| Self::new(&bytes))
    }

    /// The name of the key.
    #[must_use]
    pub const fn id(&self) -> BackupKeyId {
        self.id
    }

    /// Wraps the key of the manifest of this backup.
    pub(super) fn wrap(&self, backup: &str, key: &PieceKey, random: &SystemRandom) -> Result<Vec<u8>, BackupError> {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt).map_err(|_unspecified| BackupError::NoRandomness)?;
        let mut wrapped = key.bytes().to_vec();
        let sealing = self.wrapping(&salt).ok_or(BackupError::NoRandomness)?;
        sealing
            .seal_in_place_append_tag(nonce(), Aad::from(backup.as_bytes()), &mut wrapped)
            .map_err(|_unspecified| BackupError::NoRandomness)?;
        Ok([&salt[..], &wrapped].concat())
    }

    /// What was wrapped for this backup; nothing, if it was not under this key.
    pub(super) fn unwrap(&self, backup: &str, wrapped: &[u8]) -> Option<PieceKey> {
        let (salt, sealed) = wrapped.split_first_chunk::<SALT_BYTES>()?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let opened = self.wrapping(salt)?.open_in_place(nonce(), Aad::from(backup.as_bytes()), &mut sealed).ok()?;
        <[u8; 32]>::try_from(&*opened).ok().map(PieceKey::new)
    }

    fn wrapping(&self, salt: &[u8; SALT_BYTES]) -> Option<LessSafeKey> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"licet backup wrap");
        context.update(salt);
        UnboundKey::new(&AES_256_GCM, context.sign().as_ref()).ok().map(LessSafeKey::new)
    }
}

/// The wrapping key is used once.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Display for BackupKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for BackupKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BackupKeyId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_hex(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("is not the name of a backup key")
    }
}

impl TryFrom<String> for BackupKeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BackupKeyId> for String {
    fn from(id: BackupKeyId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_wrapped_for_one_backup_under_one_key() {
        let (key, random) = (BackupKey::new(&[1; 32]), SystemRandom::new());
        let wrapped = key.wrap("a", &PieceKey::new([7; 32]), &random).unwrap();
        assert_eq!(key.unwrap("a", &wrapped).unwrap().bytes(), &[7; 32]);
        assert!(key.unwrap("b", &wrapped).is_none());
        assert!(BackupKey::new(&[2; 32]).unwrap("a", &wrapped).is_none());
        for n in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[n] ^= 1;
            assert!(key.unwrap("a", &changed).is_none(), "byte {n}");
            assert!(key.unwrap("a", &wrapped[..n]).is_none(), "cut at {n}");
        }
        assert_ne!(wrapped, key.wrap("a", &PieceKey::new([7; 32]), &random).unwrap());
        assert_eq!(key.id().to_string().parse(), Ok(key.id()));
    }
}
