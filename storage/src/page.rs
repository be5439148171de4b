//! Lists, a page at a time.

use std::fmt;
use std::str::FromStr;

use crypto::digest::{from_hex, to_hex};

/// The most items of one page.
pub const PAGE_MAX: usize = 500;

/// Where a page ended, and the next one begins: opaque text that clients hand back. It stays valid while the list grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCursor;

impl Cursor {
    /// More than any index key has behind its prefix, and less than a key may have.
    const BYTES_MAX: usize = 64;

    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        if text.is_empty() || text.len() > 2 * Self::BYTES_MAX {
            return Err(BadCursor);
        }
        from_hex(text).map(Self).ok_or(BadCursor)
    }
}

impl fmt::Display for BadCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a cursor of an earlier page")
    }
}

impl std::error::Error for BadCursor {}

/// Part of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last one.
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_text() {
        let cursor = Cursor::new(&[1, 0xff]);
        assert_eq!(cursor.to_string(), "01ff");
        assert_eq!("01ff".parse(), Ok(cursor));
        for bad in ["", "0", "xy", &"0".repeat(130)] {
            assert_eq!(bad.parse::<Cursor>(), Err(BadCursor), "{bad}");
        }
    }
}
