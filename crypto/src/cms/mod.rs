//! Cryptographic messages: `SignedData` of RFC 5652 and of GB/T 35275, which differ in object identifiers alone.

pub mod attributes;
pub(crate) mod status;
pub mod verify;

pub use attributes::Attributes;

use crate::der::{self, DerError, Element, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::sig::{Algorithm, PublicKey};
use crate::x509::{Certificate, Evidence};

const CERTIFICATES_MAX: usize = 32;
const SIGNERS_MAX: usize = 16;
/// Time stamps on one signature: some signatures have two, of two authorities.
pub(crate) const TIME_STAMPS_MAX: usize = 4;

/// A `SignedData` whose frame is well formed. Nothing about it is verified.
#[derive(Debug)]
pub struct SignedData<'a> {
    /// Whether the outer type is that of GB/T 35275.
    pub is_gm: bool,
    /// The type of the content.
    pub content_type: Oid<'a>,
    /// The content, if it is inside.
    pub content: Option<&'a [u8]>,
    /// The certificates that came along and could be read.
    pub certificates: Vec<Certificate>,
    /// Evidence of status that came along and could be read.
    pub evidence: Evidence,
    /// One for each signer.
    pub signers: Vec<SignerInfo<'a>>,
}

/// One signer of a `SignedData`.
#[derive(Debug)]
pub struct SignerInfo<'a> {
    who: SignerId<'a>,
    /// The digest algorithm, if it is a known one.
    pub digest: Option<DigestAlgorithm>,
    attributes: Option<Element<'a>>,
    unsigned: Option<Element<'a>>,
    algorithm: &'a [u8],
    signature: &'a [u8],
}

#[derive(Debug)]
enum SignerId<'a> {
    IssuerAndSerial { issuer: &'a [u8], serial: &'a [u8] },
    KeyId(&'a [u8]),
}

/// Reads a `ContentInfo` that holds a `SignedData`.
///
/// # Errors
/// [`DerError`] when it is malformed or holds something else.
pub fn signed_data(bytes: &[u8]) -> der::Result<SignedData<'_>> {
    let mut outer = der::single(bytes, tag::SEQUENCE)?.reader();
    let kind = Oid(outer.read(tag::OID)?.content);
    if kind != Oid::PKCS7_SIGNED_DATA && kind != Oid::GM_SIGNED_DATA {
        return Err(DerError::BadValue);
    }
    let mut fields = outer.read(tag::context(0))?.reader().sequence()?;
    outer.end()?;
    fields.read(tag::INTEGER)?.small()?;
    fields.read(tag::SET)?;
    let mut encapsulated = fields.sequence()?;
    let content_type = Oid(encapsulated.read(tag::OID)?.content);
    let content = match encapsulated.optional(tag::context(0))? {
        // CMS has an OCTET STRING here; PKCS#7 and GB/T 35275 allow any type, whose content octets are what was signed.
        Some(element) => Some(element.reader().any()?.content),
        None => None,
    };
    encapsulated.end()?;
    let certificates = fields.optional(tag::context(0))?.map_or(Ok(Vec::new()), |set| read_certificates(&set))?;
    let evidence = fields.optional(tag::context(1))?.map_or(Ok(Evidence::default()), |set| status::read(&set))?;
    let mut set = fields.read(tag::SET)?.reader();
    fields.end()?;
    let mut signers = Vec::new();
    while !set.is_empty() {
        if signers.len() >= SIGNERS_MAX {
            return Err(DerError::BadValue);
        }
        signers.push(SignerInfo::read(&mut set)?);
    }
    Ok(SignedData { is_gm: kind == Oid::GM_SIGNED_DATA, content_type, content, certificates, evidence, signers })
}

/// Reads the certificates of a `SignedData`, such as a `.p7b` file.
///
/// # Errors
/// [`DerError`] when it is malformed or holds none.
pub fn certificates(bytes: &[u8]) -> der::Result<Vec<Certificate>> {
    let found = signed_data(bytes)?.certificates;
    if found.is_empty() { Err(DerError::BadValue) } else { Ok(found) }
}

fn read_certificates(set: &Element<'_>) -> der::Result<Vec<Certificate>> {
    let mut reader = set.reader();
    let mut found = Vec::new();
    while !reader.is_empty() {
        let element = reader.any()?;
        // Attribute certificates and other tagged forms may stand here too; no decision needs them.
        if element.tag == tag::SEQUENCE {
            // One that cannot be read is left out: if the decision needs it, it will be missed.
            found.extend(Certificate::from_der(element.raw));
        }
        if found.len() > CERTIFICATES_MAX {
            return Err(DerError::BadValue);
        }
    }
    Ok(found)
}

impl<'a> SignerInfo<'a> {
    fn read(set: &mut Reader<'a>) -> der::Result<Self> {
        let mut fields = set.sequence()?;
        fields.read(tag::INTEGER)?.small()?;
        let id = fields.any()?;
        let who = match id.tag {
            tag::SEQUENCE => {
                let mut pair = id.reader();
                let issuer = pair.read(tag::SEQUENCE)?.raw;
                let serial = pair.read(tag::INTEGER)?.content;
                pair.end()?;
                SignerId::IssuerAndSerial { issuer, serial }
            }
            0x80 => SignerId::KeyId(id.content),
            found => return Err(DerError::UnexpectedTag { expected: tag::SEQUENCE, found }),
        };
        let digest = DigestAlgorithm::from_oid(Oid(fields.sequence()?.read(tag::OID)?.content));
        let attributes = fields.optional(tag::context(0))?;
        let algorithm = fields.read(tag::SEQUENCE)?.raw;
        let signature = fields.read(tag::OCTET_STRING)?.content;
        let unsigned = fields.optional(tag::context(1))?;
        fields.end()?;
        Ok(Self { who, digest, attributes, unsigned, algorithm, signature })
    }

    /// The signer's certificate among those at hand.
    #[must_use]
    pub fn certificate<'c>(&self, certificates: &'c [Certificate]) -> Option<&'c Certificate> {
        certificates.iter().find(|certificate| match self.who {
            SignerId::IssuerAndSerial { issuer, serial } => certificate.issuer().0 == issuer && certificate.serial() == serial,
            SignerId::KeyId(id) => certificate.extensions().subject_key_id() == Some(id),
        })
    }

    /// The signed attributes, if there are any.
    ///
    /// # Errors
    /// [`DerError`] when they are malformed, when one that matters occurs twice, or when `messageDigest` is missing.
    pub fn attributes(&self) -> der::Result<Option<Attributes<'a>>> {
        self.attributes.as_ref().map(Attributes::read).transpose()
    }

    /// The time-stamp tokens over the signature value (`id-aa-timeStampToken`, RFC 3161 appendix A), in the order found.
    ///
    /// # Errors
    /// [`DerError`] when the unsigned attributes are malformed or hold more tokens than any signature needs.
    pub fn time_stamps(&self) -> der::Result<Vec<&'a [u8]>> {
        let Some(set) = self.unsigned else { return Ok(Vec::new()) };
        let (mut reader, mut found) = (set.reader(), Vec::new());
        while !reader.is_empty() {
            let (oid, mut values) = attributes::read_attribute(&mut reader)?;
            while oid == Oid::TIME_STAMP_TOKEN && !values.is_empty() {
                if found.len() >= TIME_STAMPS_MAX {
                    return Err(DerError::BadValue);
                }
                found.push(values.any()?.raw);
            }
        }
        Ok(found)
    }

    /// What the signature value is computed over: the attributes re-tagged as a SET (RFC 5652 5.4), or the content itself.
    #[must_use]
    pub fn message(&self, content: &[u8]) -> Vec<u8> {
        match self.attributes {
            Some(set) => std::iter::once(tag::SET).chain(set.raw.iter().skip(1).copied()).collect(),
            None => content.to_vec(),
        }
    }

    /// The signature algorithm for a key.
    #[must_use]
    pub fn algorithm(&self, key: &PublicKey) -> Option<Algorithm> {
        Algorithm::from_cms(self.algorithm, self.digest?, key.kind()).ok()
    }

    /// The signature value.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }
}
