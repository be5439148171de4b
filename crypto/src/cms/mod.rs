//! Cryptographic messages: `SignedData` of RFC 5652 and of GB/T 35275, which differ in object identifiers alone.

pub mod verify;

use crate::der::{self, DerError, Element, Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::sig::{Algorithm, PublicKey};
use crate::time::Timestamp;
use crate::x509::Certificate;

const CERTIFICATES_MAX: usize = 32;
const SIGNERS_MAX: usize = 16;

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
    algorithm: &'a [u8],
    signature: &'a [u8],
}

#[derive(Debug)]
enum SignerId<'a> {
    IssuerAndSerial { issuer: &'a [u8], serial: &'a [u8] },
    KeyId(&'a [u8]),
}

/// What the signed attributes say.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// `contentType`, if present.
    pub content_type: Option<Oid<'a>>,
    /// `messageDigest`.
    pub message_digest: &'a [u8],
    /// `signingTime`, if present.
    pub signing_time: Option<Timestamp>,
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
    fields.optional(tag::context(1))?;
    let mut set = fields.read(tag::SET)?.reader();
    fields.end()?;
    let mut signers = Vec::new();
    while !set.is_empty() {
        if signers.len() >= SIGNERS_MAX {
            return Err(DerError::BadValue);
        }
        signers.push(SignerInfo::read(&mut set)?);
    }
    Ok(SignedData { is_gm: kind == Oid::GM_SIGNED_DATA, content_type, content, certificates, signers })
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
        fields.optional(tag::context(1))?;
        fields.end()?;
        Ok(Self { who, digest, attributes, algorithm, signature })
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
        let Some(set) = self.attributes else { return Ok(None) };
        let mut reader = set.reader();
        let (mut content_type, mut message_digest, mut signing_time) = (None, None, None);
        while !reader.is_empty() {
            let mut attribute = reader.sequence()?;
            let oid = Oid(attribute.read(tag::OID)?.content);
            let mut values = attribute.read(tag::SET)?.reader();
            attribute.end()?;
            let twice = match oid {
                Oid::CONTENT_TYPE => content_type.replace(Oid(values.read(tag::OID)?.content)).is_some(),
                Oid::MESSAGE_DIGEST => message_digest.replace(values.read(tag::OCTET_STRING)?.content).is_some(),
                Oid::SIGNING_TIME => signing_time.replace(values.any()?.time()?).is_some(),
                _ => continue,
            };
            values.end()?; // RFC 5652 11.1 to 11.3: exactly one value.
            if twice {
                return Err(DerError::BadValue);
            }
        }
        let message_digest = message_digest.ok_or(DerError::BadValue)?;
        Ok(Some(Attributes { content_type, message_digest, signing_time }))
    }

    /// Whether `signing-certificate-v2` names this certificate (RFC 5035, 3); none when the attribute is not there.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> Option<bool> {
        let mut reader = self.attributes?.reader();
        while !reader.is_empty() {
            let mut attribute = reader.sequence().ok()?;
            if Oid(attribute.read(tag::OID).ok()?.content) == Oid::SIGNING_CERTIFICATE_V2 {
                return Some(names(&mut attribute, certificate).unwrap_or(false));
            }
        }
        None
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

fn names(attribute: &mut Reader<'_>, certificate: &Certificate) -> der::Result<bool> {
    // SET OF SigningCertificateV2 { certs SEQUENCE OF ESSCertIDv2 { hashAlgorithm DEFAULT sha256, certHash, … } }
    let mut first = attribute.read(tag::SET)?.reader().sequence()?.sequence()?.sequence()?;
    let digest = match first.optional(tag::SEQUENCE)? {
        Some(algorithm) => DigestAlgorithm::from_oid(Oid(algorithm.reader().read(tag::OID)?.content)),
        None => Some(DigestAlgorithm::Sha256),
    };
    let wanted = first.read(tag::OCTET_STRING)?.content;
    Ok(digest.is_some_and(|digest| digest.hash(&[certificate.raw()]) == wanted))
}
