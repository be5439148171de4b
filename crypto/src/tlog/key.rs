//! Verifier keys (C2SP signed-note): who signs notes, and how.
//!
//! SM2 has no type of its own in the specification, so its keys have type 0xff followed by an identifier that nobody else uses:
//!
//! ```text
//! key bytes  = 0xff ‖ "licet/signed-note/sm2-sm3" ‖ 0x00 ‖ point (65 bytes, 0x04 ‖ x ‖ y)
//! key id     = SHA-256(name ‖ 0x0a ‖ key bytes)[..4]
//! signature  = r ‖ s (32 bytes each) over the note's text by SM2 with SM3 (GB/T 32918.2) and the identity 1234567812345678
//! ```

use std::fmt;
use std::str::FromStr;

use super::text::{base64, unbase64};
use super::{TlogError, cosignature};
use crate::digest::{Sha256, to_hex};
use crate::sig::{Algorithm, BadSignature, KeyKind, PublicKey};

/// What type, identifier and the byte zero that ends it say of an SM2 key. No other identifier is its beginning.
const SM2: &[u8] = b"\xfflicet/signed-note/sm2-sm3\0";

/// How a key signs notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// Type 0x01: Ed25519 over the text.
    Ed25519,
    /// Type 0x04: Ed25519 by a witness, with the time (C2SP tlog-cosignature, `cosignature/v1`).
    Cosignature,
    /// Type 0xff with the identifier of this module: SM2 with SM3 over the text.
    Sm2,
}

impl KeyType {
    const ALL: [Self; 3] = [Self::Ed25519, Self::Cosignature, Self::Sm2];

    /// What stands before the public key.
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => b"\x01",
            Self::Cosignature => b"\x04",
            Self::Sm2 => SM2,
        }
    }

    const fn shape(self) -> (KeyKind, usize) {
        match self {
            Self::Ed25519 | Self::Cosignature => (KeyKind::Ed25519, 32),
            Self::Sm2 => (KeyKind::Sm2, 65),
        }
    }
}

/// A public key with the name under which it signs: `name+8 hexadecimal digits+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyType,
    key: PublicKey,
    id: [u8; 4],
}

impl VerifierKey {
    /// The key with these bits (32 bytes for Ed25519, an uncompressed point for SM2) under this name.
    ///
    /// # Errors
    /// [`TlogError::KeyMalformed`] when the name is empty or has white space, a control character or `+` in it, or when the bits
    /// are not of that kind of key.
    pub fn new(name: &str, kind: KeyType, bits: &[u8]) -> Result<Self, TlogError> {
        let (key_kind, length) = kind.shape();
        let shaped = bits.len() == length && (kind != KeyType::Sm2 || bits.first() == Some(&4));
        if !is_name(name) || !shaped {
            return Err(TlogError::KeyMalformed);
        }
        let digest = Sha256::of(&[name.as_bytes(), b"\n", kind.prefix(), bits]).0;
        let [a, b, c, d, ..] = digest;
        Ok(Self { name: name.to_owned(), kind, key: PublicKey::new(key_kind, bits.to_vec()), id: [a, b, c, d] })
    }

    /// The same key under another name, as a log that goes on under a new origin needs it.
    ///
    /// # Errors
    /// [`TlogError::KeyMalformed`] when it is no name.
    pub fn renamed(&self, name: &str) -> Result<Self, TlogError> {
        Self::new(name, self.kind, self.key.bits())
    }

    /// The name under which it signs. A log's is its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub const fn kind(&self) -> KeyType {
        self.kind
    }

    /// The public key itself.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The short identifier that stands in every signature.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    #[cfg(test)]
    pub(super) fn with_bits(mut self, bits: Vec<u8>) -> Self {
        self.key = PublicKey::new(self.key.kind(), bits);
        self
    }

    /// Checks a signature over the text of a note. Gives the time that a witness signed with it, in seconds since 1970.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, BadSignature> {
        match self.kind {
            KeyType::Ed25519 => Algorithm::Ed25519.verify_fixed(&self.key, text.as_bytes(), signature).map(|()| None),
            KeyType::Sm2 => Algorithm::Sm2Sm3.verify_fixed(&self.key, text.as_bytes(), signature).map(|()| None),
            KeyType::Cosignature => cosignature::verify(&self.key, text, signature).map(Some),
        }
    }
}

/// Whether a key may have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c < ' ' || c == '+')
}

impl FromStr for VerifierKey {
    type Err = TlogError;

    fn from_str(text: &str) -> Result<Self, TlogError> {
        let (name, rest) = text.split_once('+').ok_or(TlogError::KeyMalformed)?;
        let (id, key) = rest.split_once('+').ok_or(TlogError::KeyMalformed)?;
        let bytes = unbase64(key).filter(|bytes| !bytes.is_empty()).ok_or(TlogError::KeyMalformed)?;
        let known = KeyType::ALL.into_iter().find_map(|kind| Some((kind, bytes.strip_prefix(kind.prefix())?)));
        let (kind, bits) = known.ok_or(TlogError::KeyType)?;
        let read = Self::new(name, kind, bits)?;
        if to_hex(&read.id) == id { Ok(read) } else { Err(TlogError::KeyId) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, to_hex(&self.id), base64(&[self.kind.prefix(), self.key.bits()].concat()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::NoteSigner;
    use crate::tlog::testing::Kit;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        // From the documentation of golang.org/x/mod/sumdb/note.
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key: VerifierKey = text.parse().unwrap();
        assert_eq!((key.name(), key.kind(), key.to_string().as_str()), ("PeterNeumann", KeyType::Ed25519, text));
        for kind in KeyType::ALL {
            let key = Kit::new("log.example/证照", kind).key().clone();
            assert_eq!(key.to_string().parse(), Ok(key.clone()), "{kind:?}");
            assert_eq!(key.renamed("log.example/证照"), Ok(key.clone()));
            assert_ne!(key.renamed("log.example/2").unwrap().id(), key.id());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        for (bad, error) in [
            (String::new(), TlogError::KeyMalformed),
            (good.replace('+', " "), TlogError::KeyMalformed),
            (good.replace("c74f20a3", "C74F20A3"), TlogError::KeyId),
            (good.replace("c74f20a3", "c74f20a4"), TlogError::KeyId),
            (good.replace("PeterNeumann", "Peter"), TlogError::KeyId),
            (good.replace("PeterNeumann", ""), TlogError::KeyMalformed),
            (good.replace("PeterNeumann", "Peter Neumann"), TlogError::KeyMalformed),
            (good.replace("PeterNeumann", "Peter\u{a0}Neumann"), TlogError::KeyMalformed),
            (good.replace("+ARpc", "+Bhpc"), TlogError::KeyType),
            (good.replace("+ARpc2QcU", "+ARpc2Q"), TlogError::KeyMalformed),
            (format!("{good}\n"), TlogError::KeyMalformed),
            ("a+00000000+/w==".to_owned(), TlogError::KeyType),
            ("a+00000000+".to_owned(), TlogError::KeyMalformed),
        ] {
            assert_eq!(bad.parse::<VerifierKey>(), Err(error), "{bad:?}");
        }
        assert!(VerifierKey::new("a", KeyType::Sm2, &[4; 64]).is_err());
        assert!(VerifierKey::new("a", KeyType::Sm2, &[3; 65]).is_err());
    }

    #[test]
    fn the_sm2_type_is_as_documented() {
        let kit = Kit::new("log.example", KeyType::Sm2);
        let (_, key) = kit.key().to_string().rsplit_once('+').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let bytes = unbase64(&key).unwrap();
        assert_eq!((bytes.len(), &bytes[..27]), (92, &b"\xfflicet/signed-note/sm2-sm3\0"[..]));
        let id = Sha256::of(&[b"log.example\n", &bytes]).0;
        assert_eq!(kit.key().id(), id[..4]);
        assert_eq!(kit.key().verify("text\n", &kit.sign(b"text\n").unwrap()), Ok(None));
        assert_eq!(kit.key().verify("other\n", &kit.sign(b"text\n").unwrap()), Err(BadSignature));
    }
}
