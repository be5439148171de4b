//! The list itself: states of 1, 2, 4 or 8 bits, packed from the lowest bit on, compressed as zlib, in base64url.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::budget::{Budget, Exhausted};

/// The longest list that is read, in bytes after inflation: sixteen million states of two bits.
pub const LIST_BYTES_MAX: usize = 4 << 20;

/// How hard the compressor tries: lists are written once and read often.
const COMPRESSION_LEVEL: u8 = 9;

/// The width of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bits {
    /// Valid or not.
    One,
    /// Suspension as well.
    Two,
    /// Up to 16 states.
    Four,
    /// Up to 256 states.
    Eight,
}

/// What a list says at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenStatus {
    /// 0: it holds.
    Valid,
    /// 1: it was taken back for good.
    Invalid,
    /// 2: it does not hold for now.
    Suspended,
    /// Anything else: what it means, only those concerned know.
    Other(u8),
}

/// A list of states.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bits: Bits,
    bytes: Vec<u8>,
}

/// Why a list cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusListError {
    /// `bits` is not 1, 2, 4 or 8.
    Bits,
    /// `lst` is not base64url without padding.
    Encoding,
    /// `lst` is not zlib, or longer than [`LIST_BYTES_MAX`] when inflated.
    Compression,
    /// The document's budget is spent.
    Exhausted(Exhausted),
}

impl Bits {
    /// The width with this number of bits.
    #[must_use]
    pub const fn from_number(bits: u64) -> Option<Self> {
        match bits {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// How many bits.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    const fn mask(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 3,
            Self::Four => 15,
            Self::Eight => 255,
        }
    }

    /// The byte of a state, and how far it is shifted in it.
    fn place(self, index: u64) -> Option<(usize, u32)> {
        let in_byte = u64::from(8 / self.number());
        let shift = u32::try_from(index % in_byte).ok()? * u32::from(self.number());
        Some((usize::try_from(index / in_byte).ok()?, shift))
    }
}

impl TokenStatus {
    /// The status with this value (section 7.1 of the draft).
    #[must_use]
    pub const fn from_value(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            other => Self::Other(other),
        }
    }

    /// Its value.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::Other(other) => other,
        }
    }
}

impl fmt::Display for TokenStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => f.write_str("valid"),
            Self::Invalid => f.write_str("invalid"),
            Self::Suspended => f.write_str("suspended"),
            Self::Other(other) => write!(f, "{other}"),
        }
    }
}

impl StatusList {
    /// A list with room for `count` states, all valid.
    #[must_use]
    pub fn new(bits: Bits, count: u32) -> Self {
        let bytes = u64::from(count).saturating_mul(u64::from(bits.number())).div_ceil(8);
        Self { bits, bytes: vec![0; usize::try_from(bytes).unwrap_or(0)] }
    }

    /// Reads the members `bits` and `lst` of a list in JSON.
    ///
    /// # Errors
    /// [`StatusListError`].
    pub fn read(bits: u64, lst: &str, budget: &mut Budget) -> Result<Self, StatusListError> {
        let bits = Bits::from_number(bits).ok_or(StatusListError::Bits)?;
        let compressed = URL_SAFE_NO_PAD.decode(lst).or(Err(StatusListError::Encoding))?;
        let bytes = decompress_to_vec_zlib_with_limit(&compressed, LIST_BYTES_MAX).or(Err(StatusListError::Compression))?;
        budget.spend_inflated(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).map_err(StatusListError::Exhausted)?;
        Ok(Self { bits, bytes })
    }

    /// The width of its states.
    #[must_use]
    pub const fn bits(&self) -> Bits {
        self.bits
    }

    /// How many states there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX).saturating_mul(u64::from(8 / self.bits.number()))
    }

    /// The state at this place; nothing behind the end of the list.
    #[must_use]
    pub fn status(&self, index: u64) -> Option<TokenStatus> {
        let (byte, shift) = self.bits.place(index)?;
        Some(TokenStatus::from_value(self.bytes.get(byte)? >> shift & self.bits.mask()))
    }

    /// Notes a state. Says whether there is such a place, and the state fits the width.
    pub fn set(&mut self, index: u64, status: TokenStatus) -> bool {
        let mask = self.bits.mask();
        let Some((byte, shift)) = self.bits.place(index) else { return false };
        let Some(byte) = self.bytes.get_mut(byte).filter(|_| status.value() <= mask) else { return false };
        *byte = *byte & !(mask << shift) | status.value() << shift;
        true
    }

    /// The member `lst`.
    #[must_use]
    pub fn lst(&self) -> String {
        URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(&self.bytes, COMPRESSION_LEVEL))
    }
}

impl fmt::Debug for StatusList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusList").field("bits", &self.bits).field("count", &self.count()).finish()
    }
}

impl fmt::Display for StatusListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bits => "a width of states other than 1, 2, 4 or 8 bits",
            Self::Encoding => "a list that is not base64url",
            Self::Compression => "a list that is not zlib, or too long",
            Self::Exhausted(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for StatusListError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_keeps_what_was_set() {
        for (bits, largest) in [(Bits::One, 1_u64), (Bits::Two, 3), (Bits::Four, 15), (Bits::Eight, 255)] {
            let mut list = StatusList::new(bits, 100);
            assert!(list.count() >= 100);
            for index in 0..list.count() {
                let value = u8::try_from(index * 7 % (largest + 1)).unwrap();
                assert!(list.set(index, TokenStatus::from_value(value)));
            }
            assert!(!list.set(list.count(), TokenStatus::Valid));
            let back = StatusList::read(bits.number().into(), &list.lst(), &mut Budget::for_document()).unwrap();
            assert_eq!(back, list);
            for index in 0..list.count() {
                assert_eq!(u64::from(back.status(index).unwrap().value()), index * 7 % (largest + 1), "{bits:?}");
            }
            assert_eq!(back.status(back.count()), None);
            assert_eq!(back.status(u64::MAX), None);
            assert_eq!(list.set(0, TokenStatus::Other(16)), bits == Bits::Eight);
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let mut budget = Budget::for_document();
        let lst = StatusList::new(Bits::One, 16).lst();
        for bits in [0, 3, 5, 16, u64::MAX] {
            assert_eq!(StatusList::read(bits, &lst, &mut budget), Err(StatusListError::Bits));
        }
        assert_eq!(StatusList::read(1, &format!("{lst}="), &mut budget), Err(StatusListError::Encoding));
        assert_eq!(StatusList::read(1, "AAAA", &mut budget), Err(StatusListError::Compression));
        // A bomb: more than the longest list, in a few kilobytes.
        let bomb = URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(&vec![0; LIST_BYTES_MAX + 1], 9));
        assert!(bomb.len() < 16 << 10);
        assert_eq!(StatusList::read(1, &bomb, &mut budget), Err(StatusListError::Compression));
        let long = URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(&vec![0; LIST_BYTES_MAX], 9));
        let outcomes: Vec<_> = (0..17).map(|_| StatusList::read(1, &long, &mut budget).is_ok()).collect();
        assert!(outcomes.first() == Some(&true) && outcomes.last() == Some(&false), "the budget of a document ends");
    }
}
