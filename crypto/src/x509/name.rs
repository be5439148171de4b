//! Distinguished names: compared as RFC 5280 has it, shown to people, their attributes read only when a decision needs one.

use std::fmt;

use crate::der::{self, Element, Reader, tag};
use crate::oid::Oid;

/// A distinguished name, as the raw bytes of its SEQUENCE.
///
/// Authorities copy their subject name into what they issue, so most names of a chain are equal as bytes, which `==` tells.
/// Where a decision depends on it, names are compared by [`Name::matches`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<'a>(pub &'a [u8]);

impl<'a> Name<'a> {
    /// The text of the first attribute of this type, if it is there and can be read.
    #[must_use]
    pub fn attribute(self, oid: Oid<'_>) -> Option<String> {
        self.attributes().find(|(found, _)| *found == oid).and_then(|(_, value)| text(&value))
    }

    /// Whether both are the same name (RFC 5280 7.1): equal as bytes, or equal attribute by attribute.
    ///
    /// Texts are compared without regard to their string type, to case and to the amount of white space; characters that Unicode
    /// can write in several ways are not made equal. Values of other types are equal when their bytes are.
    #[must_use]
    pub fn matches(self, other: Name<'_>) -> bool {
        if self == other {
            return true;
        }
        let (mut left, mut right) = (self.sets(), other.sets());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(Ok(one)), Some(Ok(two))) if same_set(one, two) => {}
                _ => return false,
            }
        }
    }

    /// Whether this name lies in the subtree below `base`: its first sets of attributes are those of `base` (RFC 5280 7.1).
    #[must_use]
    pub fn is_within(self, base: Name<'_>) -> bool {
        let mut sets = self.sets();
        base.sets().all(|wanted| matches!((wanted, sets.next()), (Ok(one), Some(Ok(two))) if same_set(one, two)))
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.sets().next().is_none()
    }

    /// Whether all of it is a name whose attributes can be compared.
    #[must_use]
    pub(crate) fn is_well_formed(self) -> bool {
        self.sets().all(|set| set.is_ok_and(|set| comparable(set.content).is_some()))
    }

    /// The octets of all values of this type, whatever string type they have.
    pub(crate) fn values(self, oid: Oid<'static>) -> impl Iterator<Item = &'a [u8]> {
        self.attributes().filter(move |(found, _)| *found == oid).map(|(_, value)| value.content)
    }

    /// The relative names in order; an error where the bytes stop being a name, and nothing after it.
    fn sets(self) -> impl Iterator<Item = der::Result<Element<'a>>> {
        let mut sets = Some(Reader::new(self.0).sequence());
        std::iter::from_fn(move || match sets.take()? {
            Ok(reader) if reader.is_empty() => None,
            Ok(mut reader) => {
                let set = reader.read(tag::SET);
                sets = set.is_ok().then_some(Ok(reader));
                Some(set)
            }
            Err(error) => Some(Err(error)),
        })
    }

    /// The first attribute of this type as reports show it: without control characters, and bounded.
    #[must_use]
    pub fn shown(self, oid: Oid<'_>) -> Option<String> {
        self.attribute(oid).map(|text| shown(&text))
    }

    /// The relative names in order, each as the content of its SET, as far as they can be read.
    pub(super) fn rdns(self) -> impl Iterator<Item = &'a [u8]> {
        self.sets().map_while(|set| set.ok().map(|set| set.content))
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

/// Most attributes of one relative name that are compared; real ones have one, seldom two.
const SET_MAX: usize = 16;

fn same_set(one: Element<'_>, two: Element<'_>) -> bool {
    same_rdn(one.content, two.content)
}

/// Whether two relative names, given as the content of their SET, are the same.
pub(super) fn same_rdn(one: &[u8], two: &[u8]) -> bool {
    if one == two {
        return true;
    }
    match (comparable(one), comparable(two)) {
        (Some(one), Some(two)) => one == two,
        _ => false,
    }
}

/// The attributes of a relative name in a form in which equal ones are equal, sorted.
fn comparable(rdn: &[u8]) -> Option<Vec<(Oid<'_>, Value<'_>)>> {
    let mut reader = Reader::new(rdn);
    let mut values = Vec::new();
    while !reader.is_empty() {
        let mut pair = reader.sequence().ok()?;
        let oid = Oid(pair.read(tag::OID).ok()?.content);
        let value = pair.any().ok()?;
        pair.end().ok()?;
        if values.len() >= SET_MAX {
            return None;
        }
        values.push((oid, Value::of(&value)));
    }
    values.sort();
    Some(values)
}

/// A value as it is compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    Text(String),
    Other(&'a [u8]),
}

impl<'a> Value<'a> {
    fn of(value: &Element<'a>) -> Self {
        const TEXTS: [u8; 5] = [tag::UTF8_STRING, tag::PRINTABLE_STRING, tag::T61_STRING, tag::IA5_STRING, tag::BMP_STRING];
        let known = if TEXTS.contains(&value.tag) { text(value).or_else(|| latin(value)) } else { None };
        known.map_or(Self::Other(value.raw), |text| Self::Text(folded(&text)))
    }
}

/// `TeletexString` that is not UTF-8 is read as ISO 8859-1, as everybody does.
fn latin(value: &Element<'_>) -> Option<String> {
    (value.tag == tag::T61_STRING).then(|| value.content.iter().copied().map(char::from).collect())
}

/// Lower case, one space between words, none at the ends.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::der as write;

    fn name(sets: &[&[(Oid<'static>, Vec<u8>)]]) -> Vec<u8> {
        let set = |pairs: &&[(Oid<'static>, Vec<u8>)]| {
            let pairs: Vec<Vec<u8>> = pairs.iter().map(|(oid, value)| write::sequence(&[&write::oid(*oid), value])).collect();
            write::set_of(&pairs)
        };
        write::sequence_of(&sets.iter().map(set).collect::<Vec<_>>())
    }

    fn common(value: Vec<u8>) -> Vec<u8> {
        name(&[&[(Oid::COMMON_NAME, value)]])
    }

    fn matches(one: &[u8], two: &[u8]) -> bool {
        assert_eq!(Name(one).matches(Name(two)), Name(two).matches(Name(one)));
        Name(one).matches(Name(two))
    }

    #[test]
    fn string_types_case_and_space_do_not_matter() {
        let plain = common(write::utf8("Example Root"));
        let bmp: Vec<u8> = "EXAMPLE root".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for same in [
            write::printable("example ROOT"),
            write::utf8("  Example \t  Root "),
            write::tlv(tag::BMP_STRING, &bmp),
            write::tlv(tag::T61_STRING, b"Example Root"),
        ] {
            assert!(matches(&plain, &common(same)));
        }
        assert!(matches(&common(write::utf8("ÜBER 认证")), &common(write::utf8("über 认证"))));
        assert!(matches(&common(write::utf8("über")), &common(write::tlv(tag::T61_STRING, b"\xdcber"))));
        for other in [write::utf8("ExampleRoot"), write::utf8("Example Roots"), write::octet_string(b"Example Root")] {
            assert!(!matches(&plain, &common(other)));
        }
        assert!(!matches(&plain, &name(&[&[(Oid::ORGANISATION, write::utf8("Example Root"))]])));
    }

    #[test]
    fn sets_have_no_order_and_sequences_have() {
        let [a, b] = [(Oid::COMMON_NAME, write::utf8("a")), (Oid::ORGANISATION, write::utf8("b"))].map(|pair| [pair]);
        let upper = [(Oid::COMMON_NAME, write::printable("A"))];
        let both = |one: &[(Oid<'static>, Vec<u8>)], two: &[(Oid<'static>, Vec<u8>)]| name(&[&[one, two].concat()]);
        assert!(matches(&both(&a, &b), &both(&b, &upper)));
        assert!(!matches(&name(&[&a, &b]), &name(&[&b, &a])));
        assert!(!matches(&both(&a, &b), &name(&[&a, &b])));
        assert!(!matches(&name(&[&a]), &name(&[&a, &b])));
        let (base, below) = (name(&[&upper]), name(&[&a, &b]));
        assert!(Name(&below).is_within(Name(&base)) && !Name(&base).is_within(Name(&below)));
        assert!(Name(&below).is_within(Name(&name(&[]))) && Name(&name(&[])).is_empty());
    }

    #[test]
    fn what_is_no_name_is_like_none() {
        let good = common(write::utf8("a"));
        let broken = write::sequence(&[&[0x31, 3, 0x30, 9, 1]]);
        let other = write::sequence(&[&[0x31, 3, 0x30, 9, 2]]);
        assert!(!matches(&good, &broken) && !matches(&broken, &other) && matches(&broken, &broken));
        assert!(!Name(&good).is_within(Name(&broken)) && !Name(&[]).is_empty());
    }
}
