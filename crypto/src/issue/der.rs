//! A DER writer. The reader, [`crate::der`], does not know it.

use crate::der::tag;
use crate::oid::Oid;
use crate::time::Timestamp;

/// One element: identifier octet, minimal length, content.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = minimal(&content.len().to_be_bytes());
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
            out.extend(octets);
        }
    }
    out.extend_from_slice(content);
    out
}

/// An element of these parts, in the order given.
#[must_use]
pub fn constructed(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag, &parts.concat())
}

/// A SEQUENCE of these parts.
#[must_use]
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    constructed(tag::SEQUENCE, parts)
}

/// A SEQUENCE OF these elements.
#[must_use]
pub fn sequence_of(elements: &[Vec<u8>]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &elements.concat())
}

/// A SET OF these elements, sorted as DER demands (X.690 11.6).
#[must_use]
pub fn set_of(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    sorted.sort();
    tlv(tag::SET, &sorted.concat())
}

/// A BOOLEAN.
#[must_use]
pub fn boolean(value: bool) -> Vec<u8> {
    tlv(tag::BOOLEAN, &[if value { 0xff } else { 0x00 }])
}

/// An INTEGER that is not negative, from its big-endian magnitude; leading zero octets do not matter.
#[must_use]
pub fn unsigned(magnitude: &[u8]) -> Vec<u8> {
    let mut content = minimal(magnitude);
    if content.first().is_none_or(|high| *high >= 0x80) {
        content.insert(0, 0);
    }
    tlv(tag::INTEGER, &content)
}

/// An INTEGER that is not negative.
#[must_use]
pub fn integer(value: impl Into<u128>) -> Vec<u8> {
    let value: u128 = value.into();
    unsigned(&value.to_be_bytes())
}

/// An ENUMERATED value below 128.
#[must_use]
pub fn enumerated(value: u8) -> Vec<u8> {
    tlv(tag::ENUMERATED, &[value & 0x7f])
}

/// An OBJECT IDENTIFIER.
#[must_use]
pub fn oid(oid: Oid<'_>) -> Vec<u8> {
    tlv(tag::OID, oid.0)
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}

/// A BIT STRING with no unused bits.
#[must_use]
pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    constructed(tag::BIT_STRING, &[&[0], octets])
}

/// A BIT STRING of named bits, the first highest, without trailing zero bits (X.690 11.2.2).
#[must_use]
pub fn named_bits(bits: u16) -> Vec<u8> {
    let [high, low] = bits.to_be_bytes();
    let unused = |octet: u8| u8::try_from(octet.trailing_zeros()).unwrap_or(0);
    match (high, low) {
        (0, 0) => tlv(tag::BIT_STRING, &[0]),
        (_, 0) => tlv(tag::BIT_STRING, &[unused(high), high]),
        _ => tlv(tag::BIT_STRING, &[unused(low), high, low]),
    }
}

/// An OCTET STRING.
#[must_use]
pub fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, octets)
}

/// A `UTF8String`.
#[must_use]
pub fn utf8(text: &str) -> Vec<u8> {
    tlv(tag::UTF8_STRING, text.as_bytes())
}

/// A `PrintableString`. The caller keeps to its repertoire.
#[must_use]
pub fn printable(text: &str) -> Vec<u8> {
    tlv(tag::PRINTABLE_STRING, text.as_bytes())
}

/// An `IA5String`. The caller keeps to ASCII.
#[must_use]
pub fn ia5(text: &str) -> Vec<u8> {
    tlv(tag::IA5_STRING, text.as_bytes())
}

/// A `GeneralizedTime`.
#[must_use]
pub fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(tag::GENERALIZED_TIME, at.to_generalized_time().as_bytes())
}

/// A `UTCTime`; right for the years 1950 to 2049 alone.
#[must_use]
pub fn utc_time(at: Timestamp) -> Vec<u8> {
    let text = at.to_generalized_time();
    tlv(tag::UTC_TIME, text.get(2..).unwrap_or_default().as_bytes())
}

/// `UTCTime` to the year 2049, then `GeneralizedTime` (RFC 5280 4.1.2.5).
#[must_use]
pub fn time(at: Timestamp) -> Vec<u8> {
    if (1950..2050).contains(&at.date().year()) { utc_time(at) } else { generalized_time(at) }
}

/// `[n] EXPLICIT` around one or more whole elements, or `[n] IMPLICIT` over the content of a constructed one.
#[must_use]
pub fn context(n: u8, content: &[u8]) -> Vec<u8> {
    tlv(tag::context(n), content)
}

/// `[n] IMPLICIT` over the content of a primitive type.
#[must_use]
pub fn implicit(n: u8, content: &[u8]) -> Vec<u8> {
    tlv(tag::implicit(n), content)
}

fn minimal(magnitude: &[u8]) -> Vec<u8> {
    magnitude.iter().copied().skip_while(|octet| *octet == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{self, Reader};

    #[test]
    fn the_reader_takes_every_length() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let written = octet_string(&vec![7; length]);
            assert_eq!(der::single(&written, tag::OCTET_STRING).unwrap().content.len(), length);
        }
    }

    #[test]
    fn integers_and_bits() {
        assert_eq!(integer(0u8), [2, 1, 0]);
        assert_eq!(integer(127u8), [2, 1, 127]);
        assert_eq!(integer(128u8), [2, 2, 0, 128]);
        assert_eq!(integer(65_536u32), [2, 3, 1, 0, 0]);
        assert_eq!(named_bits(0x0600), [3, 2, 1, 6]);
        assert_eq!(named_bits(0x8000), [3, 2, 7, 0x80]);
        assert_eq!(named_bits(0x0080), [3, 3, 7, 0, 0x80]);
        assert_eq!(set_of(&[integer(2u8), integer(1u8)]), [0x31, 6, 2, 1, 1, 2, 1, 2]);
    }

    #[test]
    fn times_change_form_in_2050() {
        for (text, kind) in [("2049-12-31T23:59:59Z", tag::UTC_TIME), ("2050-01-01T00:00:00Z", tag::GENERALIZED_TIME)] {
            let at: Timestamp = text.parse().unwrap();
            let written = time(at);
            let element = Reader::new(&written).any().unwrap();
            assert_eq!((element.tag, element.time()), (kind, Ok(at)));
        }
    }
}
