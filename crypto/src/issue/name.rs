//! Distinguished names.

use super::der;
use crate::oid::Oid;

/// A distinguished name: one attribute in each RDN, in the order added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(Vec<(Oid<'static>, String)>);

impl Name {
    /// A name with no attribute.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// `C=CN, O=…, CN=…`.
    #[must_use]
    pub fn new(organisation: &str, common_name: &str) -> Self {
        Self::empty().with(Oid::COUNTRY, "CN").with(Oid::ORGANISATION, organisation).with(Oid::COMMON_NAME, common_name)
    }

    /// This name with one more attribute.
    #[must_use]
    pub fn with(mut self, attribute: Oid<'static>, text: &str) -> Self {
        self.0.push((attribute, text.to_owned()));
        self
    }

    /// DER: `PrintableString` for the country, as RFC 5280 demands, `IA5String` for e-mail, `UTF8String` for all else.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let rdns: Vec<Vec<u8>> = self.0.iter().map(|(attribute, text)| rdn(*attribute, text)).collect();
        der::sequence_of(&rdns)
    }
}

fn rdn(attribute: Oid<'_>, text: &str) -> Vec<u8> {
    let value = match attribute {
        Oid::COUNTRY => der::printable(text),
        Oid::EMAIL if text.is_ascii() => der::ia5(text),
        _ => der::utf8(text),
    };
    der::set_of(&[der::sequence(&[&der::oid(attribute), &value])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Reader, tag};

    #[test]
    fn country_is_printable_and_the_rest_utf8() {
        let written = Name::new("淄博市", "测试").der();
        let mut rdns = Reader::new(&written).sequence().unwrap();
        for expected in [tag::PRINTABLE_STRING, tag::UTF8_STRING, tag::UTF8_STRING] {
            let mut pair = rdns.read(tag::SET).unwrap().reader().sequence().unwrap();
            pair.read(tag::OID).unwrap();
            assert_eq!(pair.any().unwrap().tag, expected);
        }
        assert!(rdns.is_empty());
    }
}
