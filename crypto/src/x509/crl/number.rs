//! Numbers of revocation lists (RFC 5280, 5.2.3).

use std::cmp::Ordering;
use std::fmt;

use crate::der::{self, DerError, tag};
use crate::digest::to_hex;

/// The longest number that is read, in octets (RFC 5280 5.2.3).
const OCTETS_MAX: usize = 20;

/// A list's number. Higher ones are later, whatever the dates say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Vec<u8>);

impl Number {
    /// Reads an INTEGER that is not negative.
    pub(super) fn read(value: &[u8]) -> der::Result<Self> {
        let magnitude = der::single(value, tag::INTEGER)?.unsigned()?;
        if magnitude.len() > OCTETS_MAX { Err(DerError::BadValue) } else { Ok(Self(magnitude.to_vec())) }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        // Both are minimal: the longer one is the greater.
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl fmt::Display for Number {
    /// Decimal digits where they fit 128 bits, else hexadecimal ones after `0x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > 16 {
            return write!(f, "0x{}", to_hex(&self.0));
        }
        write!(f, "{}", self.0.iter().fold(0u128, |n, octet| n << 8 | u128::from(*octet)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_values() {
        let read = |value: &[u8]| Number::read(value).unwrap();
        let (two, big, zero) = (read(&[2, 1, 2]), read(&[2, 2, 1, 0]), read(&[2, 1, 0]));
        assert!(zero < two && two < big);
        assert_eq!((zero.to_string(), big.to_string()), ("0".to_owned(), "256".to_owned()));
        for bad in [&[2, 1, 0x80][..], &[2, 0], &[2, 2, 0, 1]] {
            assert_eq!(Number::read(bad), Err(DerError::BadValue), "{bad:02x?}");
        }
    }
}
