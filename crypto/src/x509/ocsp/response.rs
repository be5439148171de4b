//! What a responder says (RFC 6960, 4.2).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::CertId;
use super::id::{IdDigest, key_bits};
use crate::der::{self, DerError, Reader, tag};
use crate::digest::Sha256;
use crate::oid::Oid;
use crate::sig::{Algorithm, BadSignature, PublicKey};
use crate::time::Timestamp;
use crate::x509::Certificate;
use crate::x509::crl::{Revocation, reason};
use crate::x509::extension::{self, Extensions};
use crate::x509::name::Name;
use crate::x509::proven::ProvenBy;

/// The largest response that is read, in octets.
pub const RESPONSE_BYTES_MAX: usize = 1 << 20;
/// Most certificates that may be spoken of in one response, and most that may come with it.
const SINGLES_MAX: usize = 1024;
const CERTIFICATES_MAX: usize = 16;

/// A successful basic response whose frame is well formed. Its signature is not verified yet. Cheap to clone.
#[derive(Clone)]
pub struct OcspResponse(Arc<Inner>);

struct Inner {
    raw: Vec<u8>,
    sha256: Sha256,
    tbs: Range<usize>,
    responder: (u8, Range<usize>),
    produced_at: Timestamp,
    singles: Vec<SingleResponse>,
    nonce: Option<Vec<u8>>,
    understood: bool,
    algorithm: Range<usize>,
    signature: Range<usize>,
    certificates: Vec<Certificate>,
    proven_by: ProvenBy,
}

/// Why a response cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspError {
    /// It is malformed, too large, or not a basic response.
    Malformed(DerError),
    /// The responder did not answer: `OCSPResponseStatus`, such as 3 for "try later".
    Unsuccessful(u8),
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responder<'a> {
    /// The subject name of its certificate.
    Name(Name<'a>),
    /// The SHA-1 of its public key.
    Key(&'a [u8]),
}

/// What is said of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleResponse {
    /// Which certificate.
    pub id: CertId,
    /// Its status.
    pub status: CertificateStatus,
    /// When the status was known to be so.
    pub this_update: Timestamp,
    /// Until when a newer answer must come.
    pub next_update: Option<Timestamp>,
    /// How far back the responder knows of expired certificates (RFC 6960 4.4.4).
    pub archive_cutoff: Option<Timestamp>,
    /// Whether everything that is said is understood; otherwise it never shows that all is well.
    pub is_understood: bool,
}

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Not revoked.
    Good,
    /// Revoked, or on hold.
    Revoked(Revocation),
    /// The responder does not know the certificate.
    Unknown,
}

impl OcspResponse {
    /// Reads the DER form of `OCSPResponse`.
    ///
    /// # Errors
    /// [`OcspError`] when it is malformed or no answer.
    pub fn from_der(raw: &[u8]) -> Result<Self, OcspError> {
        if raw.len() > RESPONSE_BYTES_MAX {
            return Err(OcspError::Malformed(DerError::BadLength));
        }
        let mut fields = der::single(raw, tag::SEQUENCE)?.reader();
        match fields.read(tag::ENUMERATED)?.content {
            [0] => {}
            [status] => return Err(OcspError::Unsuccessful(*status)),
            _ => return Err(OcspError::Malformed(DerError::BadValue)),
        }
        let mut bytes = fields.read(tag::context(0))?.reader().sequence()?;
        fields.end()?;
        if Oid(bytes.read(tag::OID)?.content) != Oid::OCSP_BASIC {
            return Err(OcspError::Malformed(DerError::BadValue));
        }
        let basic = bytes.read(tag::OCTET_STRING)?;
        bytes.end()?;
        Ok(Self(Arc::new(Inner::read(raw, &mut basic.reader())?)))
    }

    /// The bytes as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.0.raw
    }

    /// SHA-256 of the response as received.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// Who answered, by its own word.
    #[must_use]
    pub fn responder(&self) -> Responder<'_> {
        let (kind, range) = &self.0.responder;
        let value = self.slice(range);
        if *kind == tag::context(1) { Responder::Name(Name(value)) } else { Responder::Key(value) }
    }

    /// When it was signed.
    #[must_use]
    pub fn produced_at(&self) -> Timestamp {
        self.0.produced_at
    }

    /// What is said of each certificate.
    pub fn singles(&self) -> impl Iterator<Item = &SingleResponse> {
        self.0.singles.iter()
    }

    /// The nonce of the question that it answers, if it carries one.
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.0.nonce.as_deref()
    }

    /// Certificates that came with it.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// Whether it has no critical extension that is unknown.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.0.understood
    }

    /// Whether the certificate is the one that the response names as its responder's.
    #[must_use]
    pub fn is_from(&self, certificate: &Certificate) -> bool {
        match self.responder() {
            Responder::Name(name) => name.matches(certificate.subject()),
            Responder::Key(hash) => IdDigest::Sha1.hash(key_bits(certificate)) == hash,
        }
    }

    /// The algorithm of its signature, for a responder with this key.
    #[must_use]
    pub fn signature_algorithm(&self, responder: &PublicKey) -> Option<Algorithm> {
        Algorithm::from_identifier(self.slice(&self.0.algorithm), responder.kind()).ok()
    }

    /// Checks the signature with the responder's key.
    ///
    /// # Errors
    /// [`BadSignature`], also when the algorithm does not fit the key.
    pub fn verify_signature(&self, responder: &PublicKey) -> Result<Algorithm, BadSignature> {
        let algorithm = self.signature_algorithm(responder).ok_or(BadSignature)?;
        let signature = self.slice(&self.0.signature).split_first().map_or(&[][..], |(_, octets)| octets);
        algorithm.verify(responder, self.slice(&self.0.tbs), signature)?;
        Ok(algorithm)
    }

    /// Whether this certificate's key made the signature; found out once for all clones of the response.
    pub(in crate::x509) fn prove(&self, signer: &Certificate) -> bool {
        self.0.proven_by.prove(signer, |key| self.verify_signature(key).is_ok())
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.raw.get(range.clone()).unwrap_or_default()
    }
}

impl Inner {
    /// Reads `BasicOCSPResponse`; positions are those in `raw`.
    fn read(raw: &[u8], outer: &mut Reader<'_>) -> der::Result<Self> {
        let mut fields = outer.sequence()?;
        outer.end()?;
        let tbs = fields.read(tag::SEQUENCE)?;
        let algorithm = fields.read(tag::SEQUENCE)?.range();
        let signature = fields.read(tag::BIT_STRING)?;
        signature.octets()?;
        let mut certificates = Vec::new();
        if let Some(element) = fields.optional(tag::context(0))? {
            let mut list = element.reader().sequence()?;
            while !list.is_empty() {
                certificates.push(Certificate::from_der(list.read(tag::SEQUENCE)?.raw)?);
                at_most(certificates.len(), CERTIFICATES_MAX)?;
            }
        }
        fields.end()?;

        let mut data = tbs.reader();
        if let Some(version) = data.optional(tag::context(0))?
            && version.reader().read(tag::INTEGER)?.small()? != 0
        {
            return Err(DerError::BadValue);
        }
        let responder = data.any()?;
        let range = match responder.tag {
            0xa1 => responder.reader().read(tag::SEQUENCE)?.range(),
            0xa2 => responder.reader().read(tag::OCTET_STRING)?.content_range(),
            _ => return Err(DerError::BadValue),
        };
        let produced_at = data.read(tag::GENERALIZED_TIME)?.time()?;
        let (mut list, mut singles) = (data.sequence()?, Vec::new());
        while !list.is_empty() {
            singles.push(SingleResponse::read(raw, &mut list.sequence()?)?);
            at_most(singles.len(), SINGLES_MAX)?;
        }
        let places =
            data.optional(tag::context(1))?.map_or(Ok(Vec::new()), |element| extension::places(&mut element.reader()))?;
        data.end()?;
        let extensions = Extensions::new(raw, &places);
        let nonce = extensions.find(Oid::OCSP_NONCE).map(|extension| match der::single(extension.value, tag::OCTET_STRING) {
            Ok(element) => element.content.to_vec(),
            Err(_) => extension.value.to_vec(), // Before RFC 8954 a nonce could be anything.
        });
        let understood = extensions.iter().all(|extension| !extension.critical || extension.oid == Oid::OCSP_NONCE);
        Ok(Self {
            sha256: Sha256::of(&[raw]),
            tbs: tbs.range(),
            responder: (responder.tag, range),
            produced_at,
            singles,
            nonce,
            understood,
            algorithm,
            signature: signature.content_range(),
            certificates,
            raw: raw.to_vec(),
            proven_by: ProvenBy::default(),
        })
    }
}

impl SingleResponse {
    fn read(raw: &[u8], fields: &mut Reader<'_>) -> der::Result<Self> {
        let id = CertId::read(&mut fields.sequence()?)?;
        let status = fields.any()?;
        let status = match (status.tag, status.content) {
            (0x80, []) => CertificateStatus::Good,
            (0x82, []) => CertificateStatus::Unknown,
            (0xa1, _) => {
                let mut revoked = status.reader();
                let at = revoked.read(tag::GENERALIZED_TIME)?.time()?;
                let code = revoked.optional(tag::context(0))?.map(|element| reason(element.content)).transpose()?;
                revoked.end()?;
                CertificateStatus::Revoked(Revocation { at, reason: code, invalid_since: None })
            }
            _ => return Err(DerError::BadValue),
        };
        let this_update = fields.read(tag::GENERALIZED_TIME)?.time()?;
        let next_update = fields.optional(tag::context(0))?;
        let next_update = next_update.map(|element| element.reader().read(tag::GENERALIZED_TIME)?.time()).transpose()?;
        let places =
            fields.optional(tag::context(1))?.map_or(Ok(Vec::new()), |element| extension::places(&mut element.reader()))?;
        fields.end()?;
        let mut single = Self { id, status, this_update, next_update, archive_cutoff: None, is_understood: true };
        for extension in Extensions::new(raw, &places).iter() {
            match (extension.oid, &mut single.status) {
                (Oid::OCSP_ARCHIVE_CUTOFF, _) => {
                    single.archive_cutoff = Some(der::single(extension.value, tag::GENERALIZED_TIME)?.time()?);
                }
                (Oid::INVALIDITY_DATE, CertificateStatus::Revoked(revocation)) => {
                    revocation.invalid_since = Some(der::single(extension.value, tag::GENERALIZED_TIME)?.time()?);
                }
                _ => single.is_understood &= !extension.critical,
            }
        }
        Ok(single)
    }
}

const fn at_most(count: usize, most: usize) -> der::Result<()> {
    if count > most { Err(DerError::BadLength) } else { Ok(()) }
}

impl CertificateStatus {
    /// `good`, `revoked` or `unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked(_) => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

impl From<DerError> for OcspError {
    fn from(error: DerError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for OcspError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "the response is malformed: {error}"),
            Self::Unsuccessful(status) => write!(f, "the responder did not answer: status {status}"),
        }
    }
}

impl std::error::Error for OcspError {}

impl fmt::Display for Responder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name}"),
            Self::Key(hash) => write!(f, "key {}", crate::digest::to_hex(hash)),
        }
    }
}

impl fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcspResponse({}, {})", self.responder(), self.produced_at())
    }
}
