//! Signed attributes: those of RFC 5652 11, the signing certificate (RFC 5035) and the signature policy (RFC 5126 5.8.1).

use super::status;
use crate::der::{self, DerError, Element, Reader, tag};
use crate::digest::{DigestAlgorithm, sha1};
use crate::oid::Oid;
use crate::signature_policy::Named;
use crate::time::Timestamp;
use crate::x509::{Certificate, Evidence};

/// What the signed attributes say.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// `contentType`, if present.
    pub content_type: Option<Oid<'a>>,
    /// `messageDigest`.
    pub message_digest: &'a [u8],
    /// `signingTime`, if present.
    pub signing_time: Option<Timestamp>,
    /// `signingCertificate`, the value as received.
    signing_certificate: Option<Element<'a>>,
    /// `signingCertificateV2`, the value as received.
    signing_certificate_v2: Option<Element<'a>>,
    /// `sigPolicyId`, the value as received.
    policy: Option<Element<'a>>,
    /// `adbe-revocationInfoArchival`, the value as received.
    revocation: Option<Element<'a>>,
}

/// One attribute: its type, and a reader over its values.
pub(super) fn read_attribute<'a>(reader: &mut Reader<'a>) -> der::Result<(Oid<'a>, Reader<'a>)> {
    let mut attribute = reader.sequence()?;
    let oid = Oid(attribute.read(tag::OID)?.content);
    let values = attribute.read(tag::SET)?.reader();
    attribute.end()?;
    Ok((oid, values))
}

impl<'a> Attributes<'a> {
    pub(super) fn read(set: &Element<'a>) -> der::Result<Self> {
        let mut reader = set.reader();
        let (mut content_type, mut message_digest, mut signing_time) = (None, None, None);
        let (mut signing_certificate, mut signing_certificate_v2) = (None, None);
        let (mut policy, mut revocation) = (None, None);
        while !reader.is_empty() {
            let (oid, mut values) = read_attribute(&mut reader)?;
            let twice = match oid {
                Oid::CONTENT_TYPE => content_type.replace(Oid(values.read(tag::OID)?.content)).is_some(),
                Oid::MESSAGE_DIGEST => message_digest.replace(values.read(tag::OCTET_STRING)?.content).is_some(),
                Oid::SIGNING_TIME => signing_time.replace(values.any()?.time()?).is_some(),
                Oid::SIGNING_CERTIFICATE => signing_certificate.replace(values.read(tag::SEQUENCE)?).is_some(),
                Oid::SIGNING_CERTIFICATE_V2 => signing_certificate_v2.replace(values.read(tag::SEQUENCE)?).is_some(),
                Oid::SIGNATURE_POLICY => policy.replace(values.any()?).is_some(),
                Oid::ADOBE_REVOCATION => revocation.replace(values.any()?).is_some(),
                _ => continue,
            };
            values.end()?; // RFC 5652 11.1 to 11.3: exactly one value.
            if twice {
                return Err(DerError::BadValue);
            }
        }
        let message_digest = message_digest.ok_or(DerError::BadValue)?;
        Ok(Self { content_type, message_digest, signing_time, signing_certificate, signing_certificate_v2, policy, revocation })
    }

    /// Whether the attributes that name the signing certificate name this one; `None` when there are none. One that cannot be
    /// read names nothing.
    #[must_use]
    pub fn names_signer(&self, signer: &Certificate) -> Option<bool> {
        let first = self.signing_certificate.map(|value| names(&value, false, signer).unwrap_or(false));
        let second = self.signing_certificate_v2.map(|value| names(&value, true, signer).unwrap_or(false));
        match (first, second) {
            (Some(first), Some(second)) => Some(first && second),
            (one, other) => one.or(other),
        }
    }

    /// The evidence of status that the signer put in (`adbe-revocationInfoArchival`, ISO 32000-2, 12.8.3.3). That it is signed
    /// along says nothing of the evidence: it is judged like any other.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.revocation.map(|value| status::archived(&value)).unwrap_or_default()
    }

    /// The signature policy that is named, if one is. An implied policy (NULL) names none.
    ///
    /// # Errors
    /// [`DerError`] when the attribute is malformed.
    pub fn signature_policy(&self) -> der::Result<Option<Named>> {
        let Some(value) = self.policy.filter(|value| value.tag != tag::NULL) else { return Ok(None) };
        let mut fields = der::single(value.raw, tag::SEQUENCE)?.reader();
        let id = Oid(fields.read(tag::OID)?.content).to_string();
        let digest = match fields.optional(tag::SEQUENCE)? {
            Some(hash) => {
                let mut hash = hash.reader();
                hash.read(tag::SEQUENCE)?;
                let value = hash.read(tag::OCTET_STRING)?.content;
                hash.end()?;
                Some(value.to_vec())
            }
            None => None,
        };
        Ok(Some(Named { id, digest }))
    }
}

/// Whether the first `ESSCertID` or `ESSCertIDv2` of a value is this certificate's.
fn names(value: &Element<'_>, is_second: bool, signer: &Certificate) -> der::Result<bool> {
    let mut id = value.reader().sequence()?.sequence()?;
    let algorithm = if is_second { id.optional(tag::SEQUENCE)? } else { None };
    let digest = match algorithm {
        Some(algorithm) => {
            let oid = Oid(algorithm.reader().read(tag::OID)?.content);
            DigestAlgorithm::from_oid(oid).ok_or(DerError::BadValue)?.hash(&[signer.raw()])
        }
        None if is_second => DigestAlgorithm::Sha256.hash(&[signer.raw()]),
        // RFC 2634 knows SHA-1 alone. Here it only tells certificates apart that the signature is checked against anyway.
        None => sha1(signer.raw()),
    };
    let is_digest = id.read(tag::OCTET_STRING)?.content == digest;
    let is_issued = match id.optional(tag::SEQUENCE)? {
        Some(pair) => {
            let mut pair = pair.reader();
            // GeneralNames with one directoryName, `[4]`.
            let issuer = pair.sequence()?.read(tag::context(4))?.content;
            issuer == signer.issuer().0 && pair.read(tag::INTEGER)?.content == signer.serial()
        }
        None => true,
    };
    id.end()?;
    Ok(is_digest && is_issued)
}
