//! Distinguished names: compared as bytes, shown to people, their attributes read only when a decision needs one.

use std::fmt;

use crate::der::{Element, Reader, tag};
use crate::oid::Oid;

/// A distinguished name, as the raw bytes of its SEQUENCE.
///
/// Authorities copy their subject name into what they issue, so byte equality is what chains in practice are built by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<'a>(pub &'a [u8]);

impl<'a> Name<'a> {
    /// The text of the first attribute of this type, if it is there and can be read.
    #[must_use]
    pub fn attribute(self, oid: Oid<'_>) -> Option<String> {
        self.attributes().find(|(found, _)| *found == oid).and_then(|(_, value)| text(&value))
    }

    /// The first attribute of this type as reports show it: without control characters, and bounded.
    #[must_use]
    pub fn shown(self, oid: Oid<'_>) -> Option<String> {
        self.attribute(oid).map(|text| shown(&text))
    }

    fn attributes(self) -> impl Iterator<Item = (Oid<'a>, Element<'a>)> {
        let mut sets = Reader::new(self.0).sequence().unwrap_or(Reader::new(&[]));
        let mut within = Reader::new(&[]);
        std::iter::from_fn(move || {
            while within.is_empty() {
                within = sets.read(tag::SET).ok()?.reader();
            }
            let mut pair = within.sequence().ok()?;
            Some((Oid(pair.read(tag::OID).ok()?.content), pair.any().ok()?))
        })
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(256).collect()
}

fn text(value: &Element<'_>) -> Option<String> {
    if value.tag == tag::BMP_STRING {
        let (pairs, []) = value.content.as_chunks::<2>() else { return None };
        let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        return String::from_utf16(&units).ok();
    }
    // Whatever string type it claims to be, an attribute that is UTF-8 can be shown; T61String in practice carries it too.
    std::str::from_utf8(value.content).ok().map(str::to_owned)
}

impl fmt::Display for Name<'_> {
    /// `CN=…,O=…,C=…`, most specific first, as RFC 4514 does; control characters are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self
            .attributes()
            .map(|(oid, value)| {
                let shown = shown(&text(&value).unwrap_or_default());
                let label = match oid {
                    Oid::COMMON_NAME => "CN",
                    Oid::COUNTRY => "C",
                    Oid::LOCALITY => "L",
                    Oid::STATE => "ST",
                    Oid::ORGANISATION => "O",
                    Oid::ORGANISATIONAL_UNIT => "OU",
                    Oid::SERIAL_NUMBER => "serialNumber",
                    _ => return format!("{oid}={shown}"),
                };
                format!("{label}={shown}")
            })
            .collect();
        parts.reverse();
        f.write_str(&parts.join(","))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
