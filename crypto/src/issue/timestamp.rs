//! Time-stamp tokens (RFC 3161; GB/T 20520 with SM3).

use super::cms::{CmsBuilder, digest_oid};
use super::der;
use super::signer::Signer;
use crate::digest::DigestAlgorithm;
use crate::oid::Oid;
use crate::time::Timestamp;

/// What a token is to say. Right by default; the methods that say so make what a verifier must refuse.
#[derive(Clone, Debug)]
pub struct TokenBuilder<'a> {
    at: Timestamp,
    serial: u128,
    policy: Oid<'a>,
    version: u8,
    digest: Option<DigestAlgorithm>,
    accuracy_s: Option<u32>,
    content_type: Oid<'a>,
    is_gm: bool,
    is_doubled: bool,
    names: Names,
    lists: Vec<Vec<u8>>,
}

/// Which certificate a token names as its signer's.
#[derive(Clone, Debug)]
enum Names {
    Own,
    None,
    Other(Vec<u8>),
}

/// A token over `stamped`, made at `at` under the given policy. The digest is that of the authority's own algorithm.
#[must_use]
pub fn token(stamped: &[u8], at: Timestamp, serial: u128, policy: Oid<'_>, authority: Signer<'_>) -> Vec<u8> {
    TokenBuilder::new(at, serial, policy).build(stamped, authority)
}

impl<'a> TokenBuilder<'a> {
    /// A token made at `at` under the given policy.
    #[must_use]
    pub const fn new(at: Timestamp, serial: u128, policy: Oid<'a>) -> Self {
        Self {
            at,
            serial,
            policy,
            version: 1,
            digest: None,
            accuracy_s: None,
            content_type: Oid::TST_INFO,
            is_gm: false,
            is_doubled: false,
            names: Names::Own,
            lists: Vec::new(),
        }
    }

    /// Puts a revocation list in, DER.
    #[must_use]
    pub fn revocation_list(mut self, list: &[u8]) -> Self {
        self.lists.push(list.to_vec());
        self
    }

    /// Under the object identifiers of GB/T 35275.
    #[must_use]
    pub const fn gm(mut self) -> Self {
        self.is_gm = true;
        self
    }

    /// Another digest for the imprint than that of the authority's own algorithm.
    #[must_use]
    pub const fn digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = Some(digest);
        self
    }

    /// How far off the time may be, in seconds.
    #[must_use]
    pub const fn accuracy(mut self, seconds: u32) -> Self {
        self.accuracy_s = Some(seconds);
        self
    }

    /// Wrong: another version than 1.
    #[must_use]
    pub const fn version(mut self, version: u8) -> Self {
        self.version = version;
        self
    }

    /// Wrong: another type of content than `TSTInfo`.
    #[must_use]
    pub const fn content_type(mut self, content_type: Oid<'a>) -> Self {
        self.content_type = content_type;
        self
    }

    /// Wrong: two signers.
    #[must_use]
    pub const fn doubled(mut self) -> Self {
        self.is_doubled = true;
        self
    }

    /// Wrong: names no signing certificate.
    #[must_use]
    pub fn naming_none(mut self) -> Self {
        self.names = Names::None;
        self
    }

    /// Wrong: names this certificate, DER, as that of its signer.
    #[must_use]
    pub fn naming(mut self, certificate: &[u8]) -> Self {
        self.names = Names::Other(certificate.to_vec());
        self
    }

    /// The token over `stamped`, DER, signed by the authority.
    #[must_use]
    pub fn build(&self, stamped: &[u8], authority: Signer<'_>) -> Vec<u8> {
        let info = self.info(stamped, authority);
        let data = if self.is_gm { CmsBuilder::gm(&info) } else { CmsBuilder::new(&info) };
        let data = data.content_type(self.content_type).attributes(Some(self.at));
        let data = self.lists.iter().fold(data, |data, list| data.revocation_list(list));
        let data = match &self.names {
            Names::Own => data.signing_certificate(authority.certificate),
            Names::None => data,
            Names::Other(certificate) => data.signing_certificate(certificate),
        };
        if self.is_doubled { data.doubled().sign(authority) } else { data.sign(authority) }
    }

    fn info(&self, stamped: &[u8], authority: Signer<'_>) -> Vec<u8> {
        let digest = self.digest.unwrap_or_else(|| match authority.key.algorithm().row().digest {
            DigestAlgorithm::Sm3 => DigestAlgorithm::Sm3,
            _ => DigestAlgorithm::Sha256,
        });
        let imprint =
            der::sequence(&[&der::sequence(&[&der::oid(digest_oid(digest))]), &der::octet_string(&digest.hash(&[stamped]))]);
        let accuracy = self.accuracy_s.map(|seconds| der::sequence(&[&der::integer(seconds)])).unwrap_or_default();
        der::sequence(&[
            &der::integer(self.version),
            &der::oid(self.policy),
            &imprint,
            &der::integer(self.serial),
            &der::generalized_time(self.at),
            &accuracy,
        ])
    }
}
