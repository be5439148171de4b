//! General names (RFC 5280 4.2.1.6): the forms in which certificates name subjects, issuers and places.

use super::extension::Extensions;
use super::name::Name;
use crate::der::{self, DerError, Element, tag};
use crate::oid::Oid;

/// A name of one of the forms that decisions depend on. Texts are as received: whether they are right is for the reader to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneralName<'a> {
    /// `rfc822Name`: a mailbox.
    Email(&'a [u8]),
    /// `dNSName`: the name of a host.
    Dns(&'a [u8]),
    /// `directoryName`
    Directory(Name<'a>),
    /// `uniformResourceIdentifier`
    Uri(&'a [u8]),
    /// `iPAddress`: 4 or 16 octets, or twice as many with a mask in name constraints.
    Ip(&'a [u8]),
    /// `otherName`, `x400Address`, `ediPartyName` or `registeredID`, by its tag.
    Other(u8),
}

impl<'a> GeneralName<'a> {
    /// Reads one element.
    ///
    /// # Errors
    /// [`DerError`] when it is no general name.
    pub fn from_element(element: &Element<'a>) -> der::Result<Self> {
        Ok(match element.tag {
            0x81 => Self::Email(element.content),
            0x82 => Self::Dns(element.content),
            0x86 => Self::Uri(element.content),
            0x87 => Self::Ip(element.content),
            0xa4 => Self::Directory(Name(der::single(element.content, tag::SEQUENCE)?.raw)),
            0x88 | 0xa0 | 0xa3 | 0xa5 => Self::Other(element.tag),
            _ => return Err(DerError::BadValue),
        })
    }

    /// Whether two names have the same form, so that one can constrain the other.
    #[must_use]
    pub fn has_form_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(one), Self::Other(two)) => one == two,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// All names of `SubjectAltName`; none when it is absent.
    ///
    /// # Errors
    /// [`DerError`] when the extension is malformed.
    pub fn alternatives(extensions: Extensions<'a>) -> der::Result<Vec<Self>> {
        let Some(extension) = extensions.find(Oid::SUBJECT_ALT_NAME) else { return Ok(Vec::new()) };
        let mut list = der::single(extension.value, tag::SEQUENCE)?.reader();
        let mut names = Vec::new();
        while !list.is_empty() {
            names.push(Self::from_element(&list.any()?)?);
        }
        Ok(names)
    }
}
