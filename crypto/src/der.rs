//! A strict DER reader, the only code that walks raw ASN.1 bytes.
//!
//! Accepts definite, minimal lengths and single-byte tags alone. Every element keeps its raw bytes, because signatures are
//! checked over the bytes as received and never over a re-encoding.

use std::fmt;
use std::ops::Range;

use crate::time::{BadTime, Timestamp};

/// Identifier octets that occur in the formats of this crate (X.690 8.1.2).
pub mod tag {
    #![expect(missing_docs, reason = "the names are those of X.680")]
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OID: u8 = 0x06;
    pub const ENUMERATED: u8 = 0x0a;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const PRINTABLE_STRING: u8 = 0x13;
    pub const T61_STRING: u8 = 0x14;
    pub const IA5_STRING: u8 = 0x16;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const BMP_STRING: u8 = 0x1e;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;

    /// The constructed context-specific tag `[n]`.
    #[must_use]
    pub const fn context(n: u8) -> u8 {
        0xa0 | n
    }

    /// The primitive context-specific tag `[n]`.
    #[must_use]
    pub const fn implicit(n: u8) -> u8 {
        0x80 | n
    }
}

/// Why bytes are not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerError {
    /// A value is outside what its type allows.
    BadValue,
    /// A length is indefinite, not minimal, or longer than the input.
    BadLength,
    /// Another tag stands where this one was expected.
    UnexpectedTag {
        /// The tag that the format demands.
        expected: u8,
        /// The tag that was found.
        found: u8,
    },
    /// The input ends inside an element.
    Truncated,
    /// Bytes follow where the element should end.
    TrailingBytes,
}

/// The result of reading DER.
pub type Result<T> = std::result::Result<T, DerError>;

/// One element: tag, content and the raw bytes of both.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Identifier octet.
    pub tag: u8,
    /// Identifier, length and content octets as received.
    pub raw: &'a [u8],
    /// Content octets.
    pub content: &'a [u8],
    start: usize,
}

/// Reads elements one after another.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the start of `input`.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { rest: input, position: 0 }
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element, if there is one.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads the next element, whatever it is.
    ///
    /// # Errors
    /// [`DerError`] when the bytes are not strict DER.
    pub fn any(&mut self) -> Result<Element<'a>> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(DerError::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(DerError::BadValue); // No format here has tag numbers above 30.
        }
        let (length, after_length) = read_length(after_tag)?;
        let (content, rest) = after_length.split_at_checked(length).ok_or(DerError::Truncated)?;
        let total = self.rest.len() - rest.len();
        let (raw, _) = self.rest.split_at_checked(total).ok_or(DerError::Truncated)?;
        let element = Element { tag, raw, content, start: self.position };
        self.rest = rest;
        self.position = self.position.saturating_add(total);
        Ok(element)
    }

    /// Reads the next element, which must have this tag.
    ///
    /// # Errors
    /// [`DerError::UnexpectedTag`], or as [`Reader::any`].
    pub fn read(&mut self, expected: u8) -> Result<Element<'a>> {
        match self.peek() {
            Some(found) if found != expected => Err(DerError::UnexpectedTag { expected, found }),
            _ => self.any(),
        }
    }

    /// Reads the next element if it has this tag.
    ///
    /// # Errors
    /// As [`Reader::any`].
    pub fn optional(&mut self, expected: u8) -> Result<Option<Element<'a>>> {
        if self.peek() == Some(expected) { self.any().map(Some) } else { Ok(None) }
    }

    /// A reader over the content of the next element, which must be a SEQUENCE.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn sequence(&mut self) -> Result<Self> {
        Ok(self.read(tag::SEQUENCE)?.reader())
    }

    /// Demands that everything was read.
    ///
    /// # Errors
    /// [`DerError::TrailingBytes`].
    pub const fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError::TrailingBytes) }
    }
}

/// Reads `input` as exactly one element with this tag.
///
/// # Errors
/// [`DerError`] when it is something else or when bytes follow.
pub fn single(input: &[u8], expected: u8) -> Result<Element<'_>> {
    let mut reader = Reader::new(input);
    let element = reader.read(expected)?;
    reader.end()?;
    Ok(element)
}

fn read_length(input: &[u8]) -> Result<(usize, &[u8])> {
    let (&first, rest) = input.split_first().ok_or(DerError::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(DerError::BadLength);
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(DerError::Truncated)?;
    let length = octets.iter().fold(0usize, |n, octet| n << 8 | usize::from(*octet));
    let minimal = octets.first() != Some(&0) && length >= 0x80;
    if minimal { Ok((length, rest)) } else { Err(DerError::BadLength) }
}

impl<'a> Element<'a> {
    /// A reader over the content.
    #[must_use]
    pub fn reader(&self) -> Reader<'a> {
        let header = self.raw.len() - self.content.len();
        Reader { rest: self.content, position: self.start + header }
    }

    /// Where the raw bytes lie in the input of the outermost reader.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }

    /// Where the content lies in the input of the outermost reader.
    #[must_use]
    pub fn content_range(&self) -> Range<usize> {
        let end = self.start + self.raw.len();
        end - self.content.len()..end
    }

    /// A BOOLEAN. DER demands 0x00 or 0xFF.
    ///
    /// # Errors
    /// [`DerError::BadValue`].
    pub const fn boolean(&self) -> Result<bool> {
        match self.content {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(DerError::BadValue),
        }
    }

    /// The value of an INTEGER that is small and not negative.
    ///
    /// # Errors
    /// [`DerError::BadValue`] when it is negative, too large or not minimal.
    pub fn small(&self) -> Result<u32> {
        let magnitude = self.unsigned()?;
        if magnitude.len() > 4 {
            return Err(DerError::BadValue);
        }
        Ok(magnitude.iter().fold(0, |n, octet| n << 8 | u32::from(*octet)))
    }

    /// The magnitude of an INTEGER that is not negative, without its leading zero octet (zero itself is one zero octet).
    ///
    /// # Errors
    /// [`DerError::BadValue`] when it is negative or not minimal.
    pub const fn unsigned(&self) -> Result<&'a [u8]> {
        match self.content {
            [] => Err(DerError::BadValue),
            [0] => Ok(self.content),
            [0, rest @ ..] => match rest {
                [high, ..] if *high >= 0x80 => Ok(rest),
                _ => Err(DerError::BadValue),
            },
            [high, ..] if *high >= 0x80 => Err(DerError::BadValue),
            _ => Ok(self.content),
        }
    }

    /// The octets of a BIT STRING with no unused bits.
    ///
    /// # Errors
    /// [`DerError::BadValue`] when bits are unused.
    pub const fn octets(&self) -> Result<&'a [u8]> {
        match self.content {
            [0, rest @ ..] => Ok(rest),
            _ => Err(DerError::BadValue),
        }
    }

    /// The content as UTF-8 text, for the string types whose repertoire is within it.
    ///
    /// # Errors
    /// [`DerError::BadValue`] when it is not UTF-8.
    pub fn text(&self) -> Result<&'a str> {
        match self.tag {
            tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
                std::str::from_utf8(self.content).or(Err(DerError::BadValue))
            }
            _ => Err(DerError::UnexpectedTag { expected: tag::UTF8_STRING, found: self.tag }),
        }
    }

    /// A `UTCTime` or `GeneralizedTime`.
    ///
    /// # Errors
    /// [`DerError::BadValue`] when it is neither.
    pub fn time(&self) -> Result<Timestamp> {
        match self.tag {
            tag::UTC_TIME => Timestamp::from_utc_time(self.content),
            tag::GENERALIZED_TIME => Timestamp::from_generalized_time(self.content),
            _ => Err(BadTime),
        }
        .or(Err(DerError::BadValue))
    }
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadValue => f.write_str("a value is outside its type"),
            Self::BadLength => f.write_str("a length is not in DER form"),
            Self::UnexpectedTag { expected, found } => write!(f, "tag {found:#04x} stands where {expected:#04x} was expected"),
            Self::Truncated => f.write_str("the bytes end inside an element"),
            Self::TrailingBytes => f.write_str("bytes follow the end of an element"),
        }
    }
}

impl std::error::Error for DerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal_and_definite() {
        let good = [&[0x04, 0x00][..], &[0x04, 0x01, 0xaa]];
        for input in good {
            assert!(single(input, tag::OCTET_STRING).is_ok());
        }
        let mut long = vec![0x04, 0x81, 0x80];
        long.extend([0; 128]);
        assert_eq!(single(&long, tag::OCTET_STRING).unwrap().content.len(), 128);
        for (input, error) in [
            (&[0x04, 0x80, 0x00, 0x00][..], DerError::BadLength),
            (&[0x04, 0x81, 0x01, 0xaa], DerError::BadLength),
            (&[0x04, 0x82, 0x00, 0x80], DerError::BadLength),
            (&[0x04, 0x85, 1, 1, 1, 1, 1], DerError::BadLength),
            (&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], DerError::Truncated),
            (&[0x04], DerError::Truncated),
            (&[0x04, 0x00, 0x00], DerError::TrailingBytes),
        ] {
            assert_eq!(single(input, tag::OCTET_STRING).err(), Some(error), "{input:02x?}");
        }
    }

    #[test]
    fn integers() {
        let read = |input| single(input, tag::INTEGER).unwrap().small();
        assert_eq!(read(&[0x02, 0x01, 0x00]), Ok(0));
        assert_eq!(read(&[0x02, 0x02, 0x00, 0x80]), Ok(128));
        assert_eq!(read(&[0x02, 0x02, 0x00, 0x7f]), Err(DerError::BadValue));
        assert_eq!(read(&[0x02, 0x01, 0x80]), Err(DerError::BadValue));
    }

    #[test]
    fn ranges_point_into_the_input() {
        let input = [0x30, 0x05, 0x02, 0x01, 0x07, 0x05, 0x00];
        let mut inner = Reader::new(&input).sequence().unwrap();
        let seven = inner.any().unwrap();
        assert_eq!(input[seven.range()], *seven.raw);
        let null = inner.any().unwrap();
        assert_eq!(null.range(), 5..7);
        assert_eq!(seven.content_range(), 4..5);
    }
}
