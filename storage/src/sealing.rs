//! One key that seals values: its name, its cipher, and the form of what it seals.
//!
//! A sealed value is `cipher (1) ‖ key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The place of the value (space, part, key) and the
//! header are authenticated with it, so that a value that was moved, swapped or rewritten does not open.
//!
//! Each place has its own key, derived from this one. A random nonce of 96 bits is safe for some 2³² values under one key, which a
//! store outlives; for the writes of one single row it is out of reach.

use std::fmt;
use std::str::FromStr;

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use crypto::digest::{from_hex, to_hex};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::engine::{Part, Space};

/// Bytes before the ciphertext.
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

const KEY_ID_BYTES: usize = 4;

const TAG_BYTES: usize = 16;

/// What sealing adds to a value, in bytes: the header and the tag.
pub(crate) const OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;

/// SM4 in Galois/Counter Mode, as in RFC 8998.
type Sm4Gcm = AesGcm<Sm4, U12>;

/// With what values are sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cipher {
    /// AES with 256 bits in Galois/Counter Mode.
    #[default]
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
    /// SM4 (GB/T 32907) in Galois/Counter Mode.
    #[serde(rename = "sm4-gcm")]
    Sm4Gcm,
}

impl Cipher {
    /// The first byte of what it seals.
    const fn number(self) -> u8 {
        match self {
            Self::Aes256Gcm => 1,
            Self::Sm4Gcm => 2,
        }
    }

    /// Its name in settings and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "aes-256-gcm",
            Self::Sm4Gcm => "sm4-gcm",
        }
    }
}

/// Names a key that seals values; says nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that names no key: eight hexadecimal digits do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoKeyId;

impl fmt::Display for NoKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a key has eight hexadecimal digits")
    }
}

impl std::error::Error for NoKeyId {}

impl FromStr for KeyId {
    type Err = NoKeyId;

    fn from_str(text: &str) -> Result<Self, NoKeyId> {
        let bytes = from_hex(text).ok_or(NoKeyId)?;
        bytes.try_into().map(Self).map_err(|_bytes| NoKeyId)
    }
}

impl Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VaultError {
    /// The value was sealed under another key.
    OtherKey(KeyId),
    /// The value is damaged, or is not where it was sealed for.
    Damaged,
    /// The system gives no random bytes.
    NoRandomness,
}

/// Where a value lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) part: Part,
    pub(crate) space: Space,
    pub(crate) key: &'a [u8],
}

impl Place<'_> {
    /// Space ‖ part ‖ key: no two places agree, as the first two have fixed lengths.
    fn bytes(&self) -> Vec<u8> {
        [&[self.space.number()][..], &self.part.0.to_be_bytes(), self.key].concat()
    }
}

/// A key that seals values, in a form that does not give it back.
pub(crate) struct DataKey {
    id: KeyId,
    cipher: Cipher,
    secret: hmac::Key,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

/// The key that a sealed value names, without opening it.
pub(crate) fn sealed_under(stored: &[u8]) -> Option<KeyId> {
    let header = stored.first_chunk::<{ 1 + KEY_ID_BYTES }>().filter(|_| stored.len() >= OVERHEAD_BYTES)?;
    let [cipher, id @ ..] = header;
    [Cipher::Aes256Gcm, Cipher::Sm4Gcm].iter().any(|known| known.number() == *cipher).then_some(KeyId(*id))
}

impl DataKey {
    pub(crate) fn new(cipher: Cipher, secret: &[u8; 32]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut id = [0; KEY_ID_BYTES];
        for (to, from) in id.iter_mut().zip(digest(&secret, b"key id", &[])) {
            *to = from;
        }
        Self { id: KeyId(id), cipher, secret }
    }

    /// The name of the key.
    pub(crate) const fn id(&self) -> KeyId {
        self.id
    }

    /// Seals a value for its place.
    pub(crate) fn seal(&self, random: &SystemRandom, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).map_err(|_unspecified| VaultError::NoRandomness)?;
        let header = [&[self.cipher.number()][..], &self.id.0, &nonce].concat();
        let place = place.bytes();
        let associated = [&place[..], &header].concat();
        let mut sealed = value.to_vec();
        let tag = encrypt(self.cipher, &self.place_key(&place), nonce, &associated, &mut sealed)?;
        Ok([&header[..], &sealed, &tag].concat())
    }

    /// Opens what this key sealed for this place.
    pub(crate) fn open(&self, place: Place<'_>, stored: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (header, sealed) = stored.split_at_checked(HEADER_BYTES).ok_or(VaultError::Damaged)?;
        let (cipher, rest) = header.split_first().ok_or(VaultError::Damaged)?;
        let (id, nonce) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(VaultError::Damaged)?;
        if KeyId(*id) != self.id {
            return Err(VaultError::OtherKey(KeyId(*id)));
        }
        let nonce = nonce.try_into().map_err(|_length| VaultError::Damaged)?;
        if *cipher != self.cipher.number() {
            return Err(VaultError::Damaged);
        }
        let place = place.bytes();
        let associated = [&place[..], header].concat();
        let mut value = sealed.to_vec();
        decrypt(self.cipher, &self.place_key(&place), nonce, &associated, &mut value)?;
        Ok(value)
    }

    fn place_key(&self, place: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(digest(&self.secret, b"place", place))
    }
}

/// HMAC-SHA-256 of `purpose ‖ 0 ‖ content`; no purpose holds a zero byte.
pub(crate) fn digest(key: &hmac::Key, purpose: &[u8], content: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(purpose);
    context.update(&[0]);
    context.update(content);
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    out
}

/// The key of a cipher of 128 bits: the first half.
fn half(key: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(key) {
        *to = *from;
    }
    half
}

fn encrypt(
    cipher: Cipher,
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    associated: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_BYTES], VaultError> {
    match cipher {
        Cipher::Aes256Gcm => {
            let nonce = Nonce::assume_unique_for_key(nonce);
            let tag = aes(key)?.seal_in_place_separate_tag(nonce, Aad::from(associated), text);
            let tag = tag.map_err(|_unspecified| VaultError::Damaged)?;
            tag.as_ref().try_into().map_err(|_length| VaultError::Damaged)
        }
        Cipher::Sm4Gcm => sm4_encrypt(&Zeroizing::new(half(key)), nonce, associated, text),
    }
}

/// Takes the tag at the end of `text` off, and leaves what was sealed.
fn decrypt(
    cipher: Cipher,
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    associated: &[u8],
    text: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let length = text.len().checked_sub(TAG_BYTES).ok_or(VaultError::Damaged)?;
    match cipher {
        Cipher::Aes256Gcm => {
            let nonce = Nonce::assume_unique_for_key(nonce);
            let opened = aes(key)?.open_in_place(nonce, Aad::from(associated), text);
            opened.map(|_text| ()).map_err(|_unspecified| VaultError::Damaged)?;
        }
        Cipher::Sm4Gcm => sm4_decrypt(&Zeroizing::new(half(key)), nonce, associated, text)?,
    }
    text.truncate(length);
    Ok(())
}

fn aes(key: &[u8; 32]) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_unspecified| VaultError::Damaged)
}

fn sm4_encrypt(
    key: &[u8; 16],
    nonce: [u8; NONCE_LEN],
    associated: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_BYTES], VaultError> {
    let tag = Sm4Gcm::new(key.into()).encrypt_inout_detached(&nonce.into(), associated, text.into());
    tag.map(Into::into).map_err(|_error| VaultError::Damaged)
}

fn sm4_decrypt(key: &[u8; 16], nonce: [u8; NONCE_LEN], associated: &[u8], text: &mut [u8]) -> Result<(), VaultError> {
    let (sealed, tag) = text.split_last_chunk_mut::<TAG_BYTES>().ok_or(VaultError::Damaged)?;
    let opened = Sm4Gcm::new(key.into()).decrypt_inout_detached(&nonce.into(), associated, sealed.into(), (&*tag).into());
    opened.map_err(|_error| VaultError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { part: Part(0), space: Space::Hot, key: b"k" };

    fn keys() -> [DataKey; 2] {
        [Cipher::Aes256Gcm, Cipher::Sm4Gcm].map(|cipher| DataKey::new(cipher, &[7; 32]))
    }

    fn seal(key: &DataKey, value: &[u8]) -> Vec<u8> {
        key.seal(&SystemRandom::new(), PLACE, value).unwrap()
    }

    #[test]
    fn opens_where_it_was_sealed_and_nowhere_else() {
        for key in keys() {
            let sealed = seal(&key, b"value");
            assert_eq!(sealed.len(), 5 + OVERHEAD_BYTES);
            assert_eq!(sealed_under(&sealed), Some(key.id()));
            assert_eq!(key.open(PLACE, &sealed).unwrap(), b"value");
            for place in [Place { part: Part(1), ..PLACE }, Place { space: Space::Obj, ..PLACE }, Place { key: b"l", ..PLACE }] {
                assert_eq!(key.open(place, &sealed), Err(VaultError::Damaged));
            }
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        for key in keys() {
            let sealed = seal(&key, b"value");
            for n in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[n] ^= 3;
                assert!(key.open(PLACE, &changed).is_err(), "byte {n}");
                assert!(key.open(PLACE, &sealed[..n]).is_err(), "cut at {n}");
            }
        }
    }

    #[test]
    fn one_secret_under_two_ciphers_does_not_mix() {
        let [aes, sm4] = keys();
        assert_eq!(sm4.open(PLACE, &seal(&aes, b"value")), Err(VaultError::Damaged));
        assert_eq!(aes.open(PLACE, &seal(&sm4, b"value")), Err(VaultError::Damaged));
        assert_ne!(seal(&sm4, b"value"), seal(&sm4, b"value"));
    }

    #[test]
    fn names_of_keys_are_read_as_they_are_written() {
        let id = DataKey::new(Cipher::Aes256Gcm, &[1; 32]).id();
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "0", "00112", "001122334455", "0011223g"] {
            assert_eq!(bad.parse::<KeyId>(), Err(NoKeyId), "{bad}");
        }
        assert_eq!(sealed_under(b"1"), None);
    }

    /// RFC 8998, A.2.
    #[test]
    fn sm4_gcm_is_that_of_the_rfc() {
        let bytes = |text: &str| from_hex(&text.replace(char::is_whitespace, "")).unwrap();
        let key: [u8; 16] = bytes("0123456789ABCDEFFEDCBA9876543210").try_into().unwrap();
        let nonce: [u8; 12] = bytes("00001234567800000000ABCD").try_into().unwrap();
        let associated = bytes("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
        let plain = bytes(
            "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD
             EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
        );
        let mut text = plain.clone();
        let tag = sm4_encrypt(&key, nonce, &associated, &mut text).unwrap();
        let cipher = "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735
                      D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D";
        assert_eq!(text, bytes(cipher));
        assert_eq!(tag.as_slice(), bytes("83DE3541E4C2B58177E065A9BF7B62EC"));
        let mut sealed = [&text[..], &tag].concat();
        sm4_decrypt(&key, nonce, &associated, &mut sealed).unwrap();
        assert_eq!(sealed[..64], plain);
    }
}
