//! Certificate revocation lists (RFC 5280, 5).

use std::collections::BTreeMap;
use std::ops::Range;

use super::Certificate;
use super::extension::{self, Extensions};
use super::name::Name;
use crate::der::{self, DerError, Reader, tag};
use crate::digest::{Sha256, to_hex};
use crate::oid::Oid;
use crate::sig::{Algorithm, BadSignature, PublicKey};
use crate::time::Timestamp;

/// A full revocation list whose frame is well formed. Its signature is not verified yet.
#[derive(Clone)]
pub struct RevocationList {
    sha256: Sha256,
    tbs: Vec<u8>,
    issuer: Range<usize>,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    revoked: BTreeMap<Vec<u8>, Revocation>,
    extensions: Vec<extension::Place>,
    inner_algorithm: Range<usize>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
}

/// What a list says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// From when on it is revoked.
    pub at: Timestamp,
    /// `CRLReason` (RFC 5280 5.3.1), if given.
    pub reason: Option<u32>,
}

impl RevocationList {
    /// Reads the DER form.
    ///
    /// # Errors
    /// [`DerError`] when the frame is malformed, and for critical entry extensions that would change whose certificate is meant.
    pub fn from_der(raw: &[u8]) -> der::Result<Self> {
        let mut fields = der::single(raw, tag::SEQUENCE)?.reader();
        let tbs = fields.read(tag::SEQUENCE)?;
        let algorithm = fields.read(tag::SEQUENCE)?.raw.to_vec();
        let signature = fields.read(tag::BIT_STRING)?.octets()?.to_vec();
        fields.end()?;

        // Positions are counted within the TBS element, which is what is kept.
        let mut outer = Reader::new(tbs.raw);
        let mut inner = outer.sequence()?;
        let version = inner.optional(tag::INTEGER)?.map_or(Ok(0), |element| element.small())?;
        let inner_algorithm = inner.read(tag::SEQUENCE)?.range();
        let issuer = inner.read(tag::SEQUENCE)?.range();
        let this_update = inner.any()?.time()?;
        let next_update = match inner.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(inner.any()?.time()?),
            _ => None,
        };
        let revoked = inner.optional(tag::SEQUENCE)?.map_or(Ok(BTreeMap::new()), |list| entries(&mut list.reader()))?;
        let extensions = match inner.optional(tag::context(0))? {
            Some(element) if version == 1 => extension::places(&mut element.reader())?,
            Some(_) => return Err(DerError::BadValue),
            None => Vec::new(),
        };
        inner.end()?;
        Ok(Self {
            sha256: Sha256::of(&[raw]),
            tbs: tbs.raw.to_vec(),
            issuer,
            this_update,
            next_update,
            revoked,
            extensions,
            inner_algorithm,
            algorithm,
            signature,
        })
    }

    /// SHA-256 of the list as received.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Who issued the list.
    #[must_use]
    pub fn issuer(&self) -> Name<'_> {
        Name(self.tbs.get(self.issuer.clone()).unwrap_or_default())
    }

    /// When it was issued.
    #[must_use]
    pub const fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when a newer one must come. Lists without it never count as fresh.
    #[must_use]
    pub const fn next_update(&self) -> Option<Timestamp> {
        self.next_update
    }

    /// `CRLNumber` in hexadecimal digits, if it has one that can be read.
    #[must_use]
    pub fn number(&self) -> Option<String> {
        let value = Extensions::new(&self.tbs, &self.extensions).find(Oid::CRL_NUMBER)?.value;
        der::single(value, tag::INTEGER).ok().map(|number| to_hex(number.content))
    }

    /// How many certificates it revokes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it revokes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    /// What it says of a certificate of its issuer.
    #[must_use]
    pub fn find(&self, certificate: &Certificate) -> Option<Revocation> {
        self.revoked.get(certificate.serial()).copied()
    }

    /// Whether this list speaks of all certificates of its issuer: no delta, no partition, nothing critical that is unknown.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let known = [Oid::CRL_NUMBER, Oid::AUTHORITY_KEY_ID];
        Extensions::new(&self.tbs, &self.extensions).iter().all(|extension| {
            let restricts = extension.oid == Oid::DELTA_CRL || extension.oid == Oid::ISSUING_DISTRIBUTION_POINT;
            !restricts && (!extension.critical || known.contains(&extension.oid))
        })
    }

    /// Checks the list's signature with its issuer's key.
    ///
    /// # Errors
    /// [`BadSignature`], also when the algorithm does not fit the key.
    pub fn verify_signature(&self, issuer: &PublicKey) -> Result<Algorithm, BadSignature> {
        if self.tbs.get(self.inner_algorithm.clone()) != Some(&self.algorithm) {
            return Err(BadSignature);
        }
        let algorithm = Algorithm::from_identifier(&self.algorithm, issuer.kind()).or(Err(BadSignature))?;
        algorithm.verify(issuer, &self.tbs, &self.signature)?;
        Ok(algorithm)
    }
}

fn entries(list: &mut Reader<'_>) -> der::Result<BTreeMap<Vec<u8>, Revocation>> {
    let mut revoked = BTreeMap::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let serial = fields.read(tag::INTEGER)?.content.to_vec();
        let at = fields.any()?.time()?;
        let mut reason = None;
        if !fields.is_empty() {
            let extensions = fields.read(tag::SEQUENCE)?;
            reason = entry_reason(&mut extensions.reader())?;
        }
        fields.end()?;
        // Should a serial number occur twice, the earlier revocation counts.
        let revocation = Revocation { at, reason };
        let known = revoked.entry(serial).or_insert(revocation);
        if at < known.at {
            *known = revocation;
        }
    }
    Ok(revoked)
}

fn entry_reason(extensions: &mut Reader<'_>) -> der::Result<Option<u32>> {
    let mut reason = None;
    while !extensions.is_empty() {
        let mut fields = extensions.sequence()?;
        let oid = Oid(fields.read(tag::OID)?.content);
        let critical = fields.optional(tag::BOOLEAN)?.map_or(Ok(false), |element| element.boolean())?;
        let value = fields.read(tag::OCTET_STRING)?.content;
        if oid == Oid::CRL_REASON {
            let code = der::single(value, tag::ENUMERATED)?.content;
            reason = code.first().map(|code| u32::from(*code));
        } else if critical {
            return Err(DerError::BadValue); // A certificate issuer here would change whose certificate is meant.
        }
    }
    Ok(reason)
}

impl std::fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RevocationList({}, {})", self.issuer(), self.this_update)
    }
}
