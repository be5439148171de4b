//! A stream of bytes, sealed piece by piece: 1 MiB and its tag at a time, so that neither who writes nor who reads holds it whole.
//!
//! Each stream has a random key of its own. The nonce of a chunk is its number and whether it is the last: no chunk can be moved, left
//! out or repeated, and no end cut off, without being noticed.

use std::fmt;
use std::io::{self, Read, Write};

use crypto::digest::{from_hex, to_hex};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::BackupError;

/// The plain bytes of a chunk; the last one has fewer, or none.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

const TAG_BYTES: usize = 16;

/// The random key of one stream.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PieceKey([u8; 32]);

impl PieceKey {
    pub(super) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn random(random: &SystemRandom) -> Result<Self, BackupError> {
        let mut key = Self([0; 32]);
        random.fill(&mut key.0).map_err(|_unspecified| BackupError::NoRandomness)?;
        Ok(key)
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn sealing(&self) -> io::Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.0).map_err(|_unspecified| io::Error::other("no key"))?;
        Ok(LessSafeKey::new(key))
    }
}

impl Drop for PieceKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PieceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PieceKey(..)")
    }
}

impl TryFrom<String> for PieceKey {
    type Error = &'static str;

    fn try_from(mut text: String) -> Result<Self, Self::Error> {
        let key = from_hex(&text).and_then(|bytes| bytes.try_into().ok()).map(Self);
        text.zeroize();
        key.ok_or("is not a key")
    }
}

impl From<PieceKey> for String {
    fn from(key: PieceKey) -> Self {
        to_hex(&key.0)
    }
}

/// How many bytes a stream of so many plain bytes has.
pub(super) const fn sealed_bytes(plain: u64) -> u64 {
    let chunks = plain / (1 << 20) + 1;
    plain.saturating_add(chunks.saturating_mul(16))
}

fn nonce(number: u64, is_last: bool) -> Nonce {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    Nonce::assume_unique_for_key([u8::from(is_last), 0, 0, 0, a, b, c, d, e, f, g, h])
}

/// Seals what is written to it. Without [`Sealer::finish`] the stream has no end, and does not open.
pub(super) struct Sealer<W> {
    to: W,
    key: LessSafeKey,
    number: u64,
    held: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub(super) fn new(to: W, key: &PieceKey) -> io::Result<Self> {
        Ok(Self { to, key: key.sealing()?, number: 0, held: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES) })
    }

    /// Writes the last chunk, and gives back what was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.chunk(true)?;
        Ok(self.to)
    }

    fn chunk(&mut self, is_last: bool) -> io::Result<()> {
        let sealed = self.key.seal_in_place_append_tag(nonce(self.number, is_last), Aad::empty(), &mut self.held);
        sealed.map_err(|_unspecified| io::Error::other("a chunk was not sealed"))?;
        self.to.write_all(&self.held)?;
        self.held.clear();
        self.number = self.number.saturating_add(1);
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (now, _) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.held.len()));
        self.held.extend_from_slice(now);
        if self.held.len() == CHUNK_BYTES {
            self.chunk(false)?;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // A chunk that is not full is the last one.
        self.to.flush()
    }
}

/// Why a stream does not open.
#[derive(Debug)]
pub(super) enum Unopened {
    /// It is not what was sealed under this key.
    Damaged,
    /// It cannot be read, or what it holds cannot be written.
    Io(io::Error),
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens a stream chunk by chunk. What was given out before an error is to be thrown away.
pub(super) fn open(from: &mut dyn Read, key: &PieceKey, to: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), Unopened> {
    let key = key.sealing()?;
    let mut sealed = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
    for number in 0_u64.. {
        sealed.clear();
        let bytes = u64::try_from(CHUNK_BYTES + TAG_BYTES).unwrap_or(u64::MAX);
        Read::take(&mut *from, bytes).read_to_end(&mut sealed)?;
        let is_last = sealed.len() < CHUNK_BYTES + TAG_BYTES;
        let plain = key.open_in_place(nonce(number, is_last), Aad::empty(), &mut sealed);
        to(plain.map_err(|_unspecified| Unopened::Damaged)?)?;
        if is_last {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealer = Sealer::new(Vec::new(), &PieceKey::new([3; 32])).unwrap();
        sealer.write_all(plain).unwrap();
        sealer.finish().unwrap()
    }

    fn opened(sealed: &[u8], key: u8) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        let outcome = open(&mut &sealed[..], &PieceKey::new([key; 32]), &mut |bytes| {
            plain.extend_from_slice(bytes);
            Ok(())
        });
        outcome.ok().map(|()| plain)
    }

    #[test]
    fn streams_of_all_lengths_open() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES] {
            let plain: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let stream = sealed(&plain);
            assert_eq!(u64::try_from(stream.len()).unwrap(), sealed_bytes(u64::try_from(length).unwrap()));
            assert_eq!(opened(&stream, 3).unwrap(), plain);
            assert!(opened(&stream, 4).is_none());
        }
    }

    #[test]
    fn whatever_is_changed_moved_or_cut_off_is_noticed() {
        let whole = CHUNK_BYTES + TAG_BYTES;
        let stream = sealed(&vec![7; 2 * CHUNK_BYTES + 5]);
        assert_eq!(stream.len(), 2 * whole + 5 + TAG_BYTES);
        for at in [0, CHUNK_BYTES - 1, CHUNK_BYTES, whole - 1, whole, 2 * whole, stream.len() - 1] {
            let mut changed = stream.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, 3).is_none(), "byte {at}");
        }
        for end in [0, 1, whole - 1, whole, 2 * whole, stream.len() - 1] {
            assert!(opened(&stream[..end], 3).is_none(), "cut at {end}");
        }
        let swapped = [&stream[whole..2 * whole], &stream[..whole], &stream[2 * whole..]].concat();
        assert!(opened(&swapped, 3).is_none());
        assert!(opened(&[&stream[..], &[0]].concat(), 3).is_none());
        assert!(opened(&[&stream[..whole], &stream[2 * whole..]].concat(), 3).is_none());
    }
}
