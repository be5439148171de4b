//! What stands between the tables and the engine: values are sealed, subjects are blinded.
//!
//! A sealed value is `1 ‖ key id (4) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`. The place of the value (space, part, key) and
//! the header are authenticated with it, so that a value that was moved, swapped or rewritten does not open.
//!
//! Each place has its own AES key, derived from the store's. A random nonce of 96 bits is safe for some 2³² values under one key,
//! which a store outlives; for the writes of one single row it is out of reach.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroize as _;

use crate::engine::{Part, Space};
use crate::secret::Keys;

/// The first byte of every sealed value.
const FORMAT: u8 = 1;

/// Bytes before the ciphertext.
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

const KEY_ID_BYTES: usize = 4;

/// What sealing adds to a value, in bytes: the header and the tag.
pub(crate) const OVERHEAD_BYTES: usize = HEADER_BYTES + 16;

/// Names the key that sealed a value; says nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crypto::digest::to_hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A keyed digest that stands for a subject or a licence in a key.
pub(crate) type Blind = [u8; 32];

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

/// Seals, opens and blinds. Without the keys in a form that could be read back.
pub(crate) struct Vault {
    value: hmac::Key,
    index: hmac::Key,
    id: KeyId,
    random: SystemRandom,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Vault {
    pub(crate) fn new(keys: &Keys) -> Self {
        let value = hmac::Key::new(hmac::HMAC_SHA256, keys.value());
        let index = hmac::Key::new(hmac::HMAC_SHA256, keys.index());
        let mut id = [0; KEY_ID_BYTES];
        for (to, from) in id.iter_mut().zip(digest(&value, b"key id", &[])) {
            *to = from;
        }
        Self { value, index, id: KeyId(id), random: SystemRandom::new() }
    }

    /// The name of the key that seals.
    pub(crate) const fn id(&self) -> KeyId {
        self.id
    }

    /// Seals a value for its place.
    pub(crate) fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_unspecified| VaultError::NoRandomness)?;
        let header = [&[FORMAT][..], &self.id.0, &nonce].concat();
        let mut sealed = value.to_vec();
        let place = place.bytes();
        let associated = Aad::from([&place[..], &header].concat());
        let tag =
            self.place_key(&place)?.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), associated, &mut sealed);
        let tag = tag.map_err(|_unspecified| VaultError::Damaged)?;
        Ok([&header[..], &sealed, tag.as_ref()].concat())
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, place: Place<'_>, stored: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (header, sealed) = stored.split_at_checked(HEADER_BYTES).ok_or(VaultError::Damaged)?;
        let [FORMAT, rest @ ..] = header else { return Err(VaultError::Damaged) };
        let (id, nonce) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(VaultError::Damaged)?;
        if KeyId(*id) != self.id {
            return Err(VaultError::OtherKey(KeyId(*id)));
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_unspecified| VaultError::Damaged)?;
        let place = place.bytes();
        let associated = Aad::from([&place[..], header].concat());
        let mut value = sealed.to_vec();
        let opened = self.place_key(&place)?.open_in_place(nonce, associated, &mut value);
        let length = opened.map_err(|_unspecified| VaultError::Damaged)?.len();
        value.truncate(length);
        Ok(value)
    }

    /// Fills with random bytes.
    pub(crate) fn random(&self, bytes: &mut [u8]) -> Result<(), VaultError> {
        self.random.fill(bytes).map_err(|_unspecified| VaultError::NoRandomness)
    }

    /// The keyed digest of `content` for one purpose.
    pub(crate) fn blind(&self, purpose: &[u8], content: &[u8]) -> Blind {
        digest(&self.index, purpose, content)
    }

    fn place_key(&self, place: &[u8]) -> Result<LessSafeKey, VaultError> {
        let mut derived = digest(&self.value, b"place", place);
        let key = UnboundKey::new(&AES_256_GCM, &derived).map_err(|_unspecified| VaultError::Damaged);
        derived.zeroize();
        key.map(LessSafeKey::new)
    }
}

/// HMAC-SHA-256 of `purpose ‖ 0 ‖ content`; no purpose holds a zero byte.
fn digest(key: &hmac::Key, purpose: &[u8], content: &[u8]) -> [u8; 32] {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(n: u8) -> Vault {
        Vault::new(&Keys::new([n; 32], [n + 1; 32]))
    }

    const PLACE: Place<'_> = Place { part: Part(0), space: Space::Hot, key: b"k" };

    #[test]
    fn opens_where_it_was_sealed_and_nowhere_else() {
        let vault = vault(1);
        let sealed = vault.seal(PLACE, b"value").unwrap();
        assert_eq!(sealed.len(), 5 + OVERHEAD_BYTES);
        assert_eq!(vault.open(PLACE, &sealed).unwrap(), b"value");
        for place in [Place { part: Part(1), ..PLACE }, Place { space: Space::Obj, ..PLACE }, Place { key: b"l", ..PLACE }] {
            assert_eq!(vault.open(place, &sealed), Err(VaultError::Damaged));
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let vault = vault(1);
        let sealed = vault.seal(PLACE, b"value").unwrap();
        for n in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[n] ^= 1;
            assert!(vault.open(PLACE, &changed).is_err(), "byte {n}");
            assert!(vault.open(PLACE, &sealed[..n]).is_err(), "cut at {n}");
        }
    }

    #[test]
    fn another_key_is_named() {
        let sealed = vault(1).seal(PLACE, b"value").unwrap();
        assert_eq!(vault(3).open(PLACE, &sealed), Err(VaultError::OtherKey(vault(1).id())));
    }

    #[test]
    fn no_value_is_sealed_alike_twice() {
        let vault = vault(1);
        assert_ne!(vault.seal(PLACE, b"value").unwrap(), vault.seal(PLACE, b"value").unwrap());
        assert_eq!(vault.blind(b"a", b"x"), vault.blind(b"a", b"x"));
        assert_ne!(vault.blind(b"a", b"x"), vault.blind(b"b", b"x"));
    }
}
