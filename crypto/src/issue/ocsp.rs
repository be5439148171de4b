//! Answers of an OCSP responder (RFC 6960, 4.2).

use super::certificate::extension;
use super::crl::Reason;
use super::der;
use super::key::SigningKey;
use super::name::Name;
use crate::oid::Oid;
use crate::time::Timestamp;
use crate::x509::Certificate;
use crate::x509::ocsp::request::id_der;
use crate::x509::ocsp::{CertId, IdDigest};

/// What a response is to say.
#[derive(Clone, Debug)]
pub struct OcspBuilder {
    produced_at: Timestamp,
    answers: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    by_key: bool,
}

/// What is to be said of one certificate.
#[derive(Clone, Debug)]
pub struct Answer {
    id: Vec<u8>,
    status: Vec<u8>,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    extensions: Vec<Vec<u8>>,
}

impl Answer {
    /// This certificate of this issuer is good, as known at this moment and until that one.
    #[must_use]
    pub fn good(
        certificate: &Certificate,
        issuer: &Certificate,
        digest: IdDigest,
        (this_update, next_update): (Timestamp, Option<Timestamp>),
    ) -> Self {
        let id = id_der(&CertId::new(certificate, issuer, digest), digest);
        Self { id, status: der::implicit(0, &[]), this_update, next_update, extensions: Vec::new() }
    }

    /// It is revoked instead. [`Reason::Unspecified`] is not written.
    #[must_use]
    pub fn revoked(mut self, at: Timestamp, reason: Reason) -> Self {
        let code = match reason {
            Reason::Unspecified => Vec::new(),
            _ => der::context(0, &der::enumerated(reason.code())),
        };
        self.status = der::context(1, &[der::generalized_time(at), code].concat());
        self
    }

    /// It is unknown instead.
    #[must_use]
    pub fn unknown(mut self) -> Self {
        self.status = der::implicit(2, &[]);
        self
    }

    /// Certificates that expired since then are known.
    #[must_use]
    pub fn archive_cutoff(self, at: Timestamp) -> Self {
        self.extension(Oid::OCSP_ARCHIVE_CUTOFF, false, &der::generalized_time(at))
    }

    /// Any extension, from the DER of its value.
    #[must_use]
    pub fn extension(mut self, oid: Oid<'_>, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    fn der(&self) -> Vec<u8> {
        let next = self.next_update.map(|at| der::context(0, &der::generalized_time(at))).unwrap_or_default();
        let extensions =
            if self.extensions.is_empty() { Vec::new() } else { der::context(1, &der::sequence_of(&self.extensions)) };
        der::sequence(&[&self.id, &self.status, &der::generalized_time(self.this_update), &next, &extensions])
    }
}

impl OcspBuilder {
    /// A response of this moment that says nothing yet.
    #[must_use]
    pub const fn new(produced_at: Timestamp) -> Self {
        Self { produced_at, answers: Vec::new(), certificates: Vec::new(), nonce: None, by_key: false }
    }

    /// One more answer.
    #[must_use]
    pub fn answer(mut self, answer: &Answer) -> Self {
        self.answers.push(answer.der());
        self
    }

    /// A certificate that goes with it, DER: the responder's.
    #[must_use]
    pub fn certificate(mut self, certificate: &[u8]) -> Self {
        self.certificates.push(certificate.to_vec());
        self
    }

    /// The nonce of the question.
    #[must_use]
    pub fn nonce(mut self, nonce: &[u8]) -> Self {
        self.nonce = Some(nonce.to_vec());
        self
    }

    /// Names the responder by the digest of its key.
    #[must_use]
    pub const fn by_key(mut self) -> Self {
        self.by_key = true;
        self
    }

    /// The response, DER, signed by this responder.
    #[must_use]
    pub fn issue(&self, responder: &Name, key: &SigningKey) -> Vec<u8> {
        let responder = if self.by_key {
            der::context(2, &der::octet_string(&IdDigest::Sha1.hash(key.public_key().bits())))
        } else {
            der::context(1, &responder.der())
        };
        let extensions = match &self.nonce {
            Some(nonce) => der::context(1, &der::sequence(&[&extension(Oid::OCSP_NONCE, false, &der::octet_string(nonce))])),
            None => Vec::new(),
        };
        let produced_at = der::generalized_time(self.produced_at);
        let tbs = der::sequence(&[&responder, &produced_at, &der::sequence_of(&self.answers), &extensions]);
        let certificates =
            if self.certificates.is_empty() { Vec::new() } else { der::context(0, &der::sequence_of(&self.certificates)) };
        let basic = der::sequence(&[&tbs, &key.algorithm_identifier(), &der::bit_string(&key.sign(&tbs)), &certificates]);
        let bytes = der::sequence(&[&der::oid(Oid::OCSP_BASIC), &der::octet_string(&basic)]);
        der::sequence(&[&der::enumerated(0), &der::context(0, &bytes)])
    }
}

/// A response that is no answer, such as 3 for "try later" (RFC 6960 4.2.1).
#[must_use]
pub fn refusal(status: u8) -> Vec<u8> {
    der::sequence(&[&der::enumerated(status)])
}
