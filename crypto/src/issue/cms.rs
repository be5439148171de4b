//! `SignedData`, of RFC 5652 and of GB/T 35275.

use super::der;
use super::seal::Stamp;
use super::signer::Signer;
use crate::der::tag;
use crate::digest::{DigestAlgorithm, Sha256};
use crate::oid::Oid;
use crate::time::Timestamp;

/// What a `SignedData` with one signer is to say.
#[derive(Clone, Debug)]
pub struct CmsBuilder<'a> {
    is_gm: bool,
    content: Vec<u8>,
    content_type: Oid<'a>,
    is_detached: bool,
    attributes: Option<Vec<Vec<u8>>>,
    certificates: Vec<Vec<u8>>,
    evidence: Vec<Vec<u8>>,
    message_digest: Option<Vec<u8>>,
    stamps: Vec<Stamp<'a>>,
    is_doubled: bool,
}

impl<'a> CmsBuilder<'a> {
    /// RFC 5652: this content inside, no signed attributes, the signer's certificate alone.
    #[must_use]
    pub fn new(content: &[u8]) -> Self {
        Self {
            is_gm: false,
            content: content.to_vec(),
            content_type: Oid::PKCS7_DATA,
            is_detached: false,
            attributes: None,
            certificates: Vec::new(),
            evidence: Vec::new(),
            message_digest: None,
            stamps: Vec::new(),
            is_doubled: false,
        }
    }

    /// The same under the object identifiers of GB/T 35275.
    #[must_use]
    pub fn gm(content: &[u8]) -> Self {
        Self { is_gm: true, content_type: Oid::GM_DATA, ..Self::new(content) }
    }

    /// Another content type than data.
    #[must_use]
    pub const fn content_type(mut self, content_type: Oid<'a>) -> Self {
        self.content_type = content_type;
        self
    }

    /// Leaves the content out, though it is signed.
    #[must_use]
    pub const fn detached(mut self) -> Self {
        self.is_detached = true;
        self
    }

    /// Signed attributes: content type, message digest, and the signing time if given.
    #[must_use]
    pub fn attributes(mut self, signing_time: Option<Timestamp>) -> Self {
        let time = signing_time.map(|at| attribute(Oid::SIGNING_TIME, &der::time(at)));
        self.attributes.get_or_insert_default().extend(time);
        self
    }

    /// One more signed attribute, from the DER of its one value.
    #[must_use]
    pub fn attribute(mut self, oid: Oid<'_>, value: &[u8]) -> Self {
        self.attributes.get_or_insert_default().push(attribute(oid, value));
        self
    }

    /// The signer's certificate in the signed attributes (`signingCertificateV2`, RFC 5035), by its SHA-256 digest.
    #[must_use]
    pub fn signing_certificate(self, certificate: &[u8]) -> Self {
        // SHA-256 is the default and so not named.
        let id = der::sequence(&[&der::octet_string(&Sha256::of(&[certificate]).0)]);
        self.attribute(Oid::SIGNING_CERTIFICATE_V2, &der::sequence(&[&der::sequence(&[&id])]))
    }

    /// The signature policy in the signed attributes (`sigPolicyId`, RFC 5126 5.8.1), by its identifier and SHA-256 digest.
    #[must_use]
    pub fn signature_policy(self, policy: Oid<'_>, digest: &[u8]) -> Self {
        let hash = der::sequence(&[&der::sequence(&[&der::oid(Oid::SHA256)]), &der::octet_string(digest)]);
        self.attribute(Oid::SIGNATURE_POLICY, &der::sequence(&[&der::oid(policy), &hash]))
    }

    /// A time stamp over the signature value, in the unsigned attributes (RFC 3161, appendix A).
    #[must_use]
    pub fn stamped(mut self, stamp: Stamp<'a>) -> Self {
        self.stamps.push(stamp);
        self
    }

    /// Writes the signer twice.
    #[must_use]
    pub const fn doubled(mut self) -> Self {
        self.is_doubled = true;
        self
    }

    /// Puts one more certificate beside the signer's.
    #[must_use]
    pub fn certificate(mut self, certificate: &[u8]) -> Self {
        self.certificates.push(certificate.to_vec());
        self
    }

    /// Puts a revocation list in, DER.
    #[must_use]
    pub fn revocation_list(mut self, list: &[u8]) -> Self {
        self.evidence.push(list.to_vec());
        self
    }

    /// Puts an OCSP response in, DER (RFC 5940).
    #[must_use]
    pub fn ocsp_response(mut self, response: &[u8]) -> Self {
        self.evidence.push(der::context(1, &[&der::oid(Oid::RI_OCSP_RESPONSE), response].concat()));
        self
    }

    /// Evidence in the signed attributes (`adbe-revocationInfoArchival`, ISO 32000-2, 12.8.3.3): lists and OCSP responses, DER.
    #[must_use]
    pub fn archived(self, lists: &[Vec<u8>], responses: &[Vec<u8>]) -> Self {
        let part = |number, items: &[Vec<u8>]| {
            if items.is_empty() { Vec::new() } else { der::context(number, &der::sequence_of(items)) }
        };
        self.attribute(Oid::ADOBE_REVOCATION, &der::sequence(&[&part(0, lists), &part(1, responses)]))
    }

    /// Wrong: another value in the message digest attribute.
    #[must_use]
    pub fn message_digest(mut self, digest: &[u8]) -> Self {
        self.message_digest = Some(digest.to_vec());
        self
    }

    /// The `ContentInfo`, DER. SM2 digests with SM3, P-256 with SHA-256, Ed25519 with SHA-512 (RFC 8419).
    #[must_use]
    pub fn sign(&self, signer: Signer<'_>) -> Vec<u8> {
        let outer = if self.is_gm { Oid::GM_SIGNED_DATA } else { Oid::PKCS7_SIGNED_DATA };
        let digest = signer.key.algorithm().row().digest;
        let digest_identifier = der::sequence(&[&der::oid(digest_oid(digest))]);
        let inside = if self.is_detached { Vec::new() } else { der::context(0, &der::octet_string(&self.content)) };
        let certificates = [signer.certificate, &self.certificates.concat()].concat();
        let evidence = if self.evidence.is_empty() { Vec::new() } else { der::context(1, &self.evidence.concat()) };
        // RFC 5652 5.1: version 3 when the content is not data.
        let version = if matches!(self.content_type, Oid::PKCS7_DATA | Oid::GM_DATA) { 1u8 } else { 3 };
        let info = self.signer_info(signer, digest, &digest_identifier);
        let infos = if self.is_doubled { [info.as_slice(), &info].concat() } else { info };
        let data = der::sequence(&[
            &der::integer(version),
            &der::constructed(tag::SET, &[&digest_identifier]),
            &der::sequence(&[&der::oid(self.content_type), &inside]),
            &der::context(0, &certificates),
            &evidence,
            &der::constructed(tag::SET, &[&infos]),
        ]);
        der::sequence(&[&der::oid(outer), &der::context(0, &data)])
    }

    fn signer_info(&self, signer: Signer<'_>, digest: DigestAlgorithm, digest_identifier: &[u8]) -> Vec<u8> {
        let attributes = self.attributes.as_ref().map(|more| {
            let value = self.message_digest.clone().unwrap_or_else(|| digest.hash(&[&self.content]));
            let mut all = vec![
                attribute(Oid::CONTENT_TYPE, &der::oid(self.content_type)),
                attribute(Oid::MESSAGE_DIGEST, &der::octet_string(&value)),
            ];
            all.extend_from_slice(more);
            der::set_of(&all)
        });
        let value = signer.key.sign(attributes.as_deref().unwrap_or(&self.content));
        // What was signed as a SET stands in the message under the tag [0] (RFC 5652 5.4).
        let mut tagged = attributes.unwrap_or_default();
        if let Some(first) = tagged.first_mut() {
            *first = tag::context(0);
        }
        let stamps: Vec<Vec<u8>> = self.stamps.iter().map(|stamp| attribute(Oid::TIME_STAMP_TOKEN, &(stamp.0)(&value))).collect();
        let unsigned = if stamps.is_empty() { Vec::new() } else { der::context(1, &stamps.concat()) };
        der::sequence(&[
            &der::integer(1u8),
            &der::sequence(&[&signer.issuer_and_serial()]),
            digest_identifier,
            &tagged,
            &signer.key.algorithm_identifier(),
            &der::octet_string(&value),
            &unsigned,
        ])
    }
}

/// The object identifier of a digest.
pub(super) const fn digest_oid(digest: DigestAlgorithm) -> Oid<'static> {
    match digest {
        DigestAlgorithm::Sha256 => Oid::SHA256,
        DigestAlgorithm::Sha384 => Oid::SHA384,
        DigestAlgorithm::Sha512 => Oid::SHA512,
        DigestAlgorithm::Sm3 => Oid::SM3,
    }
}

fn attribute(oid: Oid<'_>, value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &der::constructed(tag::SET, &[value])])
}
