//! Questions to a responder (RFC 6960, 4.1.1), for whoever gathers evidence.

use super::{CertId, IdDigest, OcspResponse};
use crate::issue::der;
use crate::oid::Oid;
use crate::x509::Certificate;

/// `CertID`, whose digests were made with this algorithm.
pub(crate) fn id_der(id: &CertId, digest: IdDigest) -> Vec<u8> {
    der::sequence(&[
        &der::sequence(&[&der::oid(digest.oid()), &der::null()]),
        &der::octet_string(id.name_hash()),
        &der::octet_string(id.key_hash()),
        // As it stands in the certificate, even where it breaks the rules of INTEGER.
        &der::tlv(crate::der::tag::INTEGER, id.serial()),
    ])
}

/// A question about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    id: CertId,
    digest: IdDigest,
    nonce: Option<Vec<u8>>,
}

impl Request {
    /// A question about this certificate of this issuer.
    #[must_use]
    pub fn new(certificate: &Certificate, issuer: &Certificate, digest: IdDigest) -> Self {
        Self { id: CertId::new(certificate, issuer, digest), digest, nonce: None }
    }

    /// Demands that the answer is made for this question: 1 to 32 octets that nobody can guess (RFC 8954).
    #[must_use]
    pub fn nonce(mut self, nonce: &[u8]) -> Self {
        self.nonce = Some(nonce.to_vec());
        self
    }

    /// The DER form, to be sent as `application/ocsp-request`.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let id = id_der(&self.id, self.digest);
        let extensions = match &self.nonce {
            Some(nonce) => {
                let value = der::octet_string(&der::octet_string(nonce));
                der::context(2, &der::sequence(&[&der::sequence(&[&der::oid(Oid::OCSP_NONCE), &value])]))
            }
            None => Vec::new(),
        };
        der::sequence(&[&der::sequence(&[&der::sequence(&[&der::sequence(&[&id])]), &extensions])])
    }

    /// Whether the response speaks of the certificate and was not made for another question. Responders that prepare their
    /// answers leave the nonce out, which is accepted: the times tell how old the answer is.
    #[must_use]
    pub fn is_answered_by(&self, response: &OcspResponse) -> bool {
        let fits = match (&self.nonce, response.nonce()) {
            (Some(asked), Some(answered)) => asked == answered,
            (None, Some(_)) | (_, None) => true,
        };
        fits && response.singles().any(|single| single.id == self.id)
    }
}
