//! Extensions of certificates and revocation lists (RFC 5280, 4.2 and 5.2).

use std::ops::Range;

use crate::der::{self, DerError, Reader, tag};
use crate::oid::Oid;

const EXTENSIONS_MAX: usize = 64;

/// Where an extension lies in the bytes of its certificate.
#[derive(Clone, Debug)]
pub(super) struct Place {
    oid: Range<usize>,
    critical: bool,
    value: Range<usize>,
}

/// One extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// Which one.
    pub oid: Oid<'a>,
    /// Whether a reader that does not know it must refuse.
    pub critical: bool,
    /// The DER inside its OCTET STRING.
    pub value: &'a [u8],
}

/// The extensions of one certificate or list, in order.
#[derive(Clone, Copy, Debug)]
pub struct Extensions<'a> {
    raw: &'a [u8],
    places: &'a [Place],
}

/// Reads `SEQUENCE OF Extension`. An extension that occurs twice is refused (RFC 5280 4.2).
///
/// An explicit `critical FALSE`, which DER forbids and a national tax seal carries, is accepted.
pub(super) fn places(reader: &mut Reader<'_>) -> der::Result<Vec<Place>> {
    let mut list = reader.sequence()?;
    reader.end()?;
    let mut places: Vec<Place> = Vec::new();
    let mut seen: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let oid = fields.read(tag::OID)?;
        let critical = fields.optional(tag::BOOLEAN)?.map_or(Ok(false), |element| element.boolean())?;
        let value = fields.read(tag::OCTET_STRING)?.content_range();
        fields.end()?;
        if seen.contains(&oid.content) || seen.len() >= EXTENSIONS_MAX {
            return Err(DerError::BadValue);
        }
        seen.push(oid.content);
        places.push(Place { oid: oid.content_range(), critical, value });
    }
    Ok(places)
}

impl<'a> Extensions<'a> {
    pub(super) const fn new(raw: &'a [u8], places: &'a [Place]) -> Self {
        Self { raw, places }
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Extension<'a>> {
        self.places.iter().map(move |place| Extension {
            oid: Oid(self.raw.get(place.oid.clone()).unwrap_or_default()),
            critical: place.critical,
            value: self.raw.get(place.value.clone()).unwrap_or_default(),
        })
    }

    /// The one with this identifier.
    #[must_use]
    pub fn find(self, oid: Oid<'_>) -> Option<Extension<'a>> {
        self.iter().find(|extension| extension.oid == oid)
    }

    /// `BasicConstraints` (RFC 5280 4.2.1.9): absent means no authority.
    ///
    /// # Errors
    /// [`DerError`] when it is malformed.
    pub fn basic_constraints(self) -> der::Result<BasicConstraints> {
        let Some(extension) = self.find(Oid::BASIC_CONSTRAINTS) else { return Ok(BasicConstraints::default()) };
        let mut fields = der::single(extension.value, tag::SEQUENCE)?.reader();
        let authority = fields.optional(tag::BOOLEAN)?.map_or(Ok(false), |element| element.boolean())?;
        let path_length = fields.optional(tag::INTEGER)?.map(|element| element.small()).transpose()?;
        fields.end()?;
        Ok(BasicConstraints { authority, path_length })
    }

    /// `KeyUsage` (RFC 5280 4.2.1.3); `None` when absent, which allows every usage.
    ///
    /// # Errors
    /// [`DerError`] when it is malformed.
    pub fn key_usage(self) -> der::Result<Option<KeyUsage>> {
        let Some(extension) = self.find(Oid::KEY_USAGE) else { return Ok(None) };
        let bits = der::single(extension.value, tag::BIT_STRING)?.content;
        match bits {
            [unused @ 0..=7, octets @ ..] if octets.len() <= 2 && (*unused == 0 || !octets.is_empty()) => {
                let high = octets.first().copied().unwrap_or(0);
                let low = octets.get(1).copied().unwrap_or(0);
                Ok(Some(KeyUsage(u16::from_be_bytes([high, low]))))
            }
            _ => Err(DerError::BadValue),
        }
    }

    /// `ExtendedKeyUsage` (RFC 5280 4.2.1.12); `None` when absent.
    ///
    /// # Errors
    /// [`DerError`] when it is malformed or names no usage.
    pub fn extended_key_usage(self) -> der::Result<Option<Vec<Oid<'a>>>> {
        let Some(extension) = self.find(Oid::EXTENDED_KEY_USAGE) else { return Ok(None) };
        let mut list = der::single(extension.value, tag::SEQUENCE)?.reader();
        let mut usages = Vec::new();
        while !list.is_empty() {
            usages.push(Oid(list.read(tag::OID)?.content));
        }
        if usages.is_empty() { Err(DerError::BadValue) } else { Ok(Some(usages)) }
    }

    /// The subject key identifier.
    #[must_use]
    pub fn subject_key_id(self) -> Option<&'a [u8]> {
        let extension = self.find(Oid::SUBJECT_KEY_ID)?;
        der::single(extension.value, tag::OCTET_STRING).ok().map(|element| element.content)
    }

    /// The key identifier inside the authority key identifier.
    #[must_use]
    pub fn authority_key_id(self) -> Option<&'a [u8]> {
        let extension = self.find(Oid::AUTHORITY_KEY_ID)?;
        let mut fields = der::single(extension.value, tag::SEQUENCE).ok()?.reader();
        fields.optional(tag::implicit(0)).ok()?.map(|element| element.content)
    }

    /// The subject's alternative names that systems are known by: DNS names as `dns:…` and URIs as `uri:…`.
    ///
    /// # Errors
    /// [`DerError`] when the extension is malformed.
    pub fn alternative_names(self) -> der::Result<Vec<String>> {
        let Some(extension) = self.find(Oid::SUBJECT_ALT_NAME) else { return Ok(Vec::new()) };
        let mut list = der::single(extension.value, tag::SEQUENCE)?.reader();
        let mut names = Vec::new();
        while !list.is_empty() {
            let element = list.any()?;
            let kind = match element.tag {
                0x82 => "dns",
                0x86 => "uri",
                _ => continue,
            };
            let text = std::str::from_utf8(element.content).or(Err(DerError::BadValue))?;
            names.push(format!("{kind}:{text}"));
        }
        Ok(names)
    }
}

/// What `BasicConstraints` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject may issue certificates.
    pub authority: bool,
    /// How many authorities may stand below it.
    pub path_length: Option<u32>,
}

/// The bits of `KeyUsage`, the first named bit highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// `digitalSignature`
    pub const DIGITAL_SIGNATURE: u16 = 1 << 15;
    /// `nonRepudiation`, also called `contentCommitment`
    pub const NON_REPUDIATION: u16 = 1 << 14;
    /// `keyCertSign`
    pub const CERTIFICATE_SIGN: u16 = 1 << 10;
    /// `cRLSign`
    pub const CRL_SIGN: u16 = 1 << 9;

    /// Whether any of these bits is set.
    #[must_use]
    pub const fn allows(self, bits: u16) -> bool {
        self.0 & bits != 0
    }
}
