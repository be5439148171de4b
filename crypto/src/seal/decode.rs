//! Reading an electronic seal (`SESeal`).

use std::borrow::Cow;

use crate::der::{self, DerError, Element, Reader, tag};
use crate::digest::{DigestAlgorithm, Sha256, sm3};
use crate::oid::Oid;
use crate::time::Timestamp;
use crate::x509::Certificate;

const LIST_MAX: usize = 256;

/// Which structure, by the number in the seal's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// GM/T 0031-2014. Vendors also write 2 and 3 for the same structure.
    V1(u32),
    /// GB/T 38540-2020.
    V4,
    /// GM/T 0031-2025.
    V5,
}

/// An electronic seal whose structure fits its version. Nothing about it is verified.
#[derive(Debug)]
pub struct Seal<'a> {
    /// The seal as received.
    pub raw: &'a [u8],
    /// Which structure.
    pub version: Version,
    /// The vendor's identifier.
    pub vendor: Cow<'a, str>,
    /// The seal's identifier (esID).
    pub id: Cow<'a, str>,
    /// Name of the seal.
    pub name: &'a str,
    /// Who may use it.
    pub certificates: CertificateList<'a>,
    /// When it was made, by its own word.
    pub created: Timestamp,
    /// Start of its validity.
    pub valid_from: Timestamp,
    /// End of its validity.
    pub valid_until: Timestamp,
    /// The picture.
    pub picture: Picture<'a>,
    /// Whether an extension is critical; none is known.
    pub has_unknown_critical: bool,
    /// DER of the maker's certificate.
    pub maker: &'a [u8],
    /// The maker's signature algorithm.
    pub algorithm: Oid<'a>,
    /// The maker's signature value.
    pub signature: &'a [u8],
    /// The time stamp of the seal, in v5.
    pub timestamp: Option<&'a [u8]>,
    signed: Signed<'a>,
}

/// Who may use a seal: certificates, or digests of them (`certListType` 1 and 2).
#[derive(Debug)]
pub enum CertificateList<'a> {
    /// DER certificates.
    Certificates(Vec<&'a [u8]>),
    /// Digests, each with the name of its algorithm.
    Digests(Vec<(&'a str, &'a [u8])>),
}

/// The picture of a seal.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// `png`, `jpg`, `svg`, `ofd` …
    pub kind: &'a [u8],
    /// Its bytes. Never interpreted here.
    pub data: &'a [u8],
    /// Width in millimetres.
    pub width: u32,
    /// Height in millimetres.
    pub height: u32,
}

#[derive(Debug)]
enum Signed<'a> {
    /// v4 and v5: the raw eSealInfo alone.
    Info(&'a [u8]),
    /// v1: a SEQUENCE of the raw eSealInfo, certificate and algorithm.
    Triple([&'a [u8]; 3]),
}

impl Version {
    /// The number in the header.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::V1(number) => number,
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }

    /// Reads the number, in a structure of the first (`is_first`) or the later kind.
    fn from_number(number: u32, is_first: bool) -> der::Result<Self> {
        match (number, is_first) {
            (1..=3, true) => Ok(Self::V1(number)),
            (4, false) => Ok(Self::V4),
            (5, false) => Ok(Self::V5),
            _ => Err(DerError::BadValue),
        }
    }
}

impl<'a> Seal<'a> {
    /// Reads a seal.
    ///
    /// # Errors
    /// [`DerError`] when the bytes are not exactly one seal, or its structure is not that of its version.
    pub fn from_der(bytes: &'a [u8]) -> der::Result<Self> {
        Self::from_element(&der::single(bytes, tag::SEQUENCE)?)
    }

    pub(super) fn from_element(element: &Element<'a>) -> der::Result<Self> {
        let mut fields = element.reader();
        let info = fields.read(tag::SEQUENCE)?;
        let is_first = fields.peek() == Some(tag::SEQUENCE);
        let body = Info::read(&info, is_first)?;
        let (maker, algorithm, signature, timestamp, signed);
        if is_first {
            let mut sign_info = fields.sequence()?;
            let certificate = sign_info.read(tag::OCTET_STRING)?;
            let oid = sign_info.read(tag::OID)?;
            signature = sign_info.read(tag::BIT_STRING)?.octets()?;
            sign_info.end()?;
            signed = Signed::Triple([info.raw, certificate.raw, oid.raw]);
            (maker, algorithm, timestamp) = (certificate.content, Oid(oid.content), None);
        } else {
            maker = fields.read(tag::OCTET_STRING)?.content;
            algorithm = Oid(fields.read(tag::OID)?.content);
            signature = fields.read(tag::BIT_STRING)?.octets()?;
            timestamp = match body.version {
                Version::V5 => read_timestamp(&mut fields)?,
                _ => None,
            };
            signed = Signed::Info(info.raw);
        }
        fields.end()?;
        Ok(Self {
            raw: element.raw,
            version: body.version,
            vendor: body.vendor,
            id: body.id,
            name: body.name,
            certificates: body.certificates,
            created: body.created,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            picture: body.picture,
            has_unknown_critical: body.has_unknown_critical,
            maker,
            algorithm,
            signature,
            timestamp,
            signed,
        })
    }

    /// The bytes that the maker signed, taken from the bytes received.
    #[must_use]
    pub fn signed_bytes(&self) -> Cow<'a, [u8]> {
        match self.signed {
            Signed::Info(raw) => Cow::Borrowed(raw),
            Signed::Triple(parts) => {
                let length: usize = parts.iter().map(|part| part.len()).sum();
                let mut out = vec![tag::SEQUENCE];
                match u8::try_from(length) {
                    Ok(short) if short < 0x80 => out.push(short),
                    _ => {
                        let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
                        out.push(0x80 | u8::try_from(octets.len()).unwrap_or(0));
                        out.extend(octets);
                    }
                }
                parts.iter().for_each(|part| out.extend_from_slice(part));
                Cow::Owned(out)
            }
        }
    }

    /// SHA-256 of the whole seal.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&[self.raw])
    }
}

impl CertificateList<'_> {
    /// Whether this certificate is in the list, byte for byte or by its digest.
    #[must_use]
    pub fn contains(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Certificates(list) => list.contains(&certificate.raw()),
            Self::Digests(list) => list.iter().any(|(algorithm, value)| {
                let name = algorithm.to_ascii_uppercase();
                let digest = match name.as_str() {
                    "SHA256" | "SHA-256" | "2.16.840.1.101.3.4.2.1" => DigestAlgorithm::Sha256.hash(&[certificate.raw()]),
                    _ => sm3(&[certificate.raw()]).to_vec(),
                };
                digest == *value
            }),
        }
    }
}

/// Reads `[0] EXPLICIT BIT STRING`, the time stamp of a seal or of a signature.
pub(super) fn read_timestamp<'a>(fields: &mut Reader<'a>) -> der::Result<Option<&'a [u8]>> {
    let Some(element) = fields.optional(tag::context(0))? else { return Ok(None) };
    let mut inner = element.reader();
    let value = inner.read(tag::BIT_STRING)?.octets()?;
    inner.end()?;
    Ok(Some(value))
}

/// `SES_SealInfo`, read.
struct Info<'a> {
    version: Version,
    vendor: Cow<'a, str>,
    id: Cow<'a, str>,
    name: &'a str,
    certificates: CertificateList<'a>,
    created: Timestamp,
    valid_from: Timestamp,
    valid_until: Timestamp,
    picture: Picture<'a>,
    has_unknown_critical: bool,
}

impl<'a> Info<'a> {
    fn read(info: &Element<'a>, is_first: bool) -> der::Result<Self> {
        let mut fields = info.reader();
        let mut header = fields.sequence()?;
        if header.read(tag::IA5_STRING)?.content != b"ES" {
            return Err(DerError::BadValue);
        }
        let version = Version::from_number(header.read(tag::INTEGER)?.small()?, is_first)?;
        let vendor = String::from_utf8_lossy(header.read(tag::IA5_STRING)?.content);
        header.end()?;
        let id = String::from_utf8_lossy(fields.read(tag::IA5_STRING)?.content);

        let mut property = fields.sequence()?;
        property.read(tag::INTEGER)?.small()?;
        let name = property.any()?.text()?;
        let certificates = if is_first { first_list(&mut property)? } else { later_list(&mut property)? };
        let created = property.any()?.time()?;
        let valid_from = property.any()?.time()?;
        let valid_until = property.any()?.time()?;
        property.end()?;

        let mut picture = fields.sequence()?;
        let picture = Picture {
            kind: picture.read(tag::IA5_STRING)?.content,
            data: picture.read(tag::OCTET_STRING)?.content,
            width: picture.read(tag::INTEGER)?.small()?,
            height: picture.read(tag::INTEGER)?.small()?,
        };
        // The standard's module leaves the field untagged; some encoders tag it all the same.
        let extensions = match fields.optional(tag::context(0))? {
            Some(tagged) => Some(tagged.reader().read(tag::SEQUENCE)?),
            None => fields.optional(tag::SEQUENCE)?,
        };
        fields.end()?;
        let has_unknown_critical = extensions.map_or(Ok(false), |list| any_critical(&mut list.reader()))?;
        Ok(Self { version, vendor, id, name, certificates, created, valid_from, valid_until, picture, has_unknown_critical })
    }
}

/// v1: a plain list of certificates. One vendor puts an `IA5String` before it, which says nothing.
fn first_list<'a>(property: &mut Reader<'a>) -> der::Result<CertificateList<'a>> {
    let mut list = property.sequence()?;
    let mut certificates = Vec::new();
    list.optional(tag::IA5_STRING)?;
    while !list.is_empty() && certificates.len() < LIST_MAX {
        certificates.push(list.read(tag::OCTET_STRING)?.content);
    }
    list.end()?;
    Ok(CertificateList::Certificates(certificates))
}

/// v4 and v5: the kind of list, then the list.
fn later_list<'a>(property: &mut Reader<'a>) -> der::Result<CertificateList<'a>> {
    let kind = property.read(tag::INTEGER)?.small()?;
    let mut list = property.sequence()?;
    let found = match kind {
        1 => {
            let mut certificates = Vec::new();
            while !list.is_empty() && certificates.len() < LIST_MAX {
                certificates.push(list.read(tag::OCTET_STRING)?.content);
            }
            CertificateList::Certificates(certificates)
        }
        2 => {
            let mut digests = Vec::new();
            while !list.is_empty() && digests.len() < LIST_MAX {
                let mut pair = list.sequence()?;
                digests.push((pair.read(tag::PRINTABLE_STRING)?.text()?, pair.read(tag::OCTET_STRING)?.content));
                pair.end()?;
            }
            CertificateList::Digests(digests)
        }
        _ => return Err(DerError::BadValue),
    };
    list.end()?;
    Ok(found)
}

/// Whether `ExtensionDatas` has a critical member. An explicit `FALSE`, which DER forbids, occurs in a national tax seal.
pub(crate) fn any_critical(list: &mut Reader<'_>) -> der::Result<bool> {
    let mut critical = false;
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        fields.read(tag::OID)?;
        if let Some(flag) = fields.optional(tag::BOOLEAN)? {
            critical |= flag.boolean()?;
        }
        fields.read(tag::OCTET_STRING)?;
        fields.end()?;
    }
    Ok(critical)
}
