//! Certificate revocation lists (RFC 5280, 5): full, delta, indirect and partitioned; large ones in bounded memory.

mod entries;
mod number;
mod scope;

use std::ops::Range;
use std::sync::Arc;

use super::Certificate;
use super::extension::{self, Extensions};
use super::name::Name;
use super::proven::ProvenBy;
use crate::der::{self, DerError, Reader, tag};
use crate::digest::Sha256;
use crate::oid::Oid;
use crate::sig::{Algorithm, BadSignature, PublicKey};
use crate::time::Timestamp;

use entries::Entries;
pub(in crate::x509) use entries::reason;
pub use number::Number;
pub use scope::{Holders, Reasons, Scope};

/// The largest list that is read, in octets. The largest known in practice have 60 MB.
pub const LIST_BYTES_MAX: usize = 128 << 20;

/// A revocation list whose frame is well formed. Its signature is not verified yet. Cheap to clone.
#[derive(Clone)]
pub struct RevocationList(Arc<Inner>);

struct Inner {
    raw: Vec<u8>,
    sha256: Sha256,
    tbs: Range<usize>,
    issuer: Range<usize>,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    entries: Entries,
    extensions: Vec<extension::Place>,
    terms: Terms,
    inner_algorithm: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    /// The digest of a public key that is known to have signed the list: found out once, whatever generations come and go.
    proven_by: ProvenBy,
}

/// What the extensions of a list say about the list as a whole.
struct Terms {
    number: Option<Number>,
    base: Option<Number>,
    scope: Scope,
    expired_since: Option<Timestamp>,
    understood: bool,
}

/// What a list or a response says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// From when on it is revoked.
    pub at: Timestamp,
    /// `CRLReason` (RFC 5280 5.3.1), if given.
    pub reason: Option<u32>,
    /// Since when the key is suspected to be in wrong hands (`invalidityDate`, RFC 5280 5.3.2), if given.
    pub invalid_since: Option<Timestamp>,
}

/// `certificateHold`: may be lifted again.
const ON_HOLD: u32 = 6;
/// `removeFromCRL`: lifted, or expired (in delta lists).
const REMOVED: u32 = 8;
/// `keyCompromise`, `cACompromise` and `aACompromise`: what the key signed before may be forged and dated back.
const COMPROMISED: [u32; 3] = [1, 2, 10];

/// `unspecified`, `affiliationChanged`, `superseded` and `cessationOfOperation`: nobody else had the key (RFC 3161 4.1).
const PEACEFUL: [u32; 4] = [0, 3, 4, 5];

impl Revocation {
    /// Whether it is a hold, which may be lifted again.
    #[must_use]
    pub fn is_hold(self) -> bool {
        self.reason == Some(ON_HOLD)
    }

    /// Whether it says that the certificate is not revoked any more.
    #[must_use]
    pub fn is_removal(self) -> bool {
        self.reason == Some(REMOVED)
    }

    /// Whether it is for good.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        !self.is_hold() && !self.is_removal()
    }

    /// Whether somebody else may have used the key.
    #[must_use]
    pub fn is_compromise(self) -> bool {
        self.reason.is_some_and(|reason| COMPROMISED.contains(&reason))
    }

    /// Whether it says itself that nobody else had the key; without a reason it does not.
    #[must_use]
    pub fn is_peaceful(self) -> bool {
        self.reason.is_some_and(|reason| PEACEFUL.contains(&reason))
    }

    /// From when on nothing made with the key counts: for a compromise, since it is suspected.
    #[must_use]
    pub fn effective(self) -> Timestamp {
        match self.invalid_since {
            Some(since) if self.is_compromise() => self.at.min(since),
            _ => self.at,
        }
    }
}

impl RevocationList {
    /// Reads the DER form.
    ///
    /// # Errors
    /// [`DerError`] when the frame is malformed or the list larger than [`LIST_BYTES_MAX`].
    pub fn from_der(raw: &[u8]) -> der::Result<Self> {
        if raw.len() > LIST_BYTES_MAX {
            return Err(DerError::BadLength);
        }
        Self::from_vec(raw.to_vec())
    }

    /// Reads the DER form and keeps the bytes without copying them.
    ///
    /// # Errors
    /// As [`RevocationList::from_der`].
    pub fn from_vec(raw: Vec<u8>) -> der::Result<Self> {
        if raw.len() > LIST_BYTES_MAX {
            return Err(DerError::BadLength);
        }
        let mut outer = Reader::new(&raw);
        let mut fields = outer.sequence()?;
        outer.end()?;
        let tbs = fields.read(tag::SEQUENCE)?;
        let algorithm = fields.read(tag::SEQUENCE)?.range();
        let signature = fields.read(tag::BIT_STRING)?;
        signature.octets()?;
        fields.end()?;

        let mut inner = tbs.reader();
        let version = inner.optional(tag::INTEGER)?.map_or(Ok(0), |element| element.small())?;
        let inner_algorithm = inner.read(tag::SEQUENCE)?.range();
        let issuer = inner.read(tag::SEQUENCE)?.range();
        let this_update = inner.any()?.time()?;
        let next_update = match inner.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(inner.any()?.time()?),
            _ => None,
        };
        let entries = inner.optional(tag::SEQUENCE)?.map_or_else(|| Ok(Entries::default()), |list| Entries::read(&raw, &list))?;
        let extensions = match inner.optional(tag::context(0))? {
            Some(element) if version == 1 => extension::places(&mut element.reader())?,
            Some(_) => return Err(DerError::BadValue),
            None => Vec::new(),
        };
        inner.end()?;
        let terms = Terms::read(Extensions::new(&raw, &extensions))?;
        let (tbs, signature) = (tbs.range(), signature.content_range());
        Ok(Self(Arc::new(Inner {
            sha256: Sha256::of(&[&raw]),
            tbs,
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
            terms,
            inner_algorithm,
            algorithm,
            signature,
            raw,
            proven_by: ProvenBy::default(),
        })))
    }

    /// The bytes as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.0.raw
    }

    /// SHA-256 of the list as received.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// Who issued the list.
    #[must_use]
    pub fn issuer(&self) -> Name<'_> {
        Name(self.slice(&self.0.issuer))
    }

    /// When it was issued.
    #[must_use]
    pub fn this_update(&self) -> Timestamp {
        self.0.this_update
    }

    /// Until when a newer one must come. Lists without it never count as fresh.
    #[must_use]
    pub fn next_update(&self) -> Option<Timestamp> {
        self.0.next_update
    }

    /// Its number among the lists of its issuer and scope (RFC 5280 5.2.3).
    #[must_use]
    pub fn number(&self) -> Option<&Number> {
        self.0.terms.number.as_ref()
    }

    /// For a delta list, the number of the oldest complete list that it may be put on top of (RFC 5280 5.2.4).
    #[must_use]
    pub fn base_number(&self) -> Option<&Number> {
        self.0.terms.base.as_ref()
    }

    /// Which certificates and reasons it speaks of (RFC 5280 5.2.5).
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.terms.scope
    }

    /// Since when certificates that expired stay on the list (`expiredCertsOnCRL`, X.509 9.5.2.8); `None` when they leave it.
    #[must_use]
    pub fn expired_since(&self) -> Option<Timestamp> {
        self.0.terms.expired_since
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether it revokes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it says of a certificate: its issuer is the list's own, or the one that the entry names.
    #[must_use]
    pub fn find(&self, certificate: &Certificate) -> Option<Revocation> {
        self.0.entries.find(&self.0.raw, self.issuer(), certificate)
    }

    /// Whether everything that the list says of itself and its entries is understood: only then can it show that something is
    /// not on it. What it revokes, it revokes all the same.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.0.terms.understood && !self.0.entries.are_odd()
    }

    /// Whether this list speaks of all certificates of its issuer: no delta, no partition, nothing critical that is unknown.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_understood() && self.base_number().is_none() && self.scope().is_whole()
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'_> {
        Extensions::new(&self.0.raw, &self.0.extensions)
    }

    /// How many octets the list holds in memory, nearly: the bytes as received and the index over them.
    #[must_use]
    pub fn footprint(&self) -> usize {
        self.0.raw.capacity().saturating_add(self.0.entries.footprint()).saturating_add(size_of::<Inner>())
    }

    /// The algorithm of its signature, for an issuer with this key; the two places that name it must agree.
    #[must_use]
    pub fn signature_algorithm(&self, issuer: &PublicKey) -> Option<Algorithm> {
        let outer = self.slice(&self.0.algorithm);
        if outer != self.slice(&self.0.inner_algorithm) {
            return None; // RFC 5280 5.1.1.2
        }
        Algorithm::from_identifier(outer, issuer.kind()).ok()
    }

    /// Checks the list's signature with its issuer's key.
    ///
    /// # Errors
    /// [`BadSignature`], also when the algorithm does not fit the key.
    pub fn verify_signature(&self, issuer: &PublicKey) -> Result<Algorithm, BadSignature> {
        let algorithm = self.signature_algorithm(issuer).ok_or(BadSignature)?;
        let signature = self.slice(&self.0.signature).split_first().map_or(&[][..], |(_, octets)| octets);
        algorithm.verify(issuer, self.slice(&self.0.tbs), signature)?;
        Ok(algorithm)
    }

    /// Whether this certificate's key made the signature; found out once for all clones of the list.
    pub(super) fn prove(&self, signer: &Certificate) -> bool {
        self.0.proven_by.prove(signer, |key| self.verify_signature(key).is_ok())
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.raw.get(range.clone()).unwrap_or_default()
    }
}

impl Terms {
    fn read(extensions: Extensions<'_>) -> der::Result<Self> {
        let mut terms = Self { number: None, base: None, scope: Scope::default(), expired_since: None, understood: true };
        for extension in extensions.iter() {
            match extension.oid {
                Oid::CRL_NUMBER => {
                    terms.number = Some(Number::read(extension.value)?);
                    // RFC 5280 5.2.3: never critical.
                    terms.understood &= !extension.critical;
                }
                Oid::DELTA_CRL => terms.base = Some(Number::read(extension.value)?),
                Oid::ISSUING_DISTRIBUTION_POINT => {
                    terms.scope = Scope::read(extension.value)?;
                    // RFC 5280 5.2.5: one that says nothing must not be there.
                    terms.understood &= !terms.scope.is_whole();
                }
                Oid::EXPIRED_CERTS_ON_CRL => terms.expired_since = Some(Reader::new(extension.value).any()?.time()?),
                Oid::AUTHORITY_KEY_ID | Oid::FRESHEST_CRL => {}
                _ => terms.understood &= !extension.critical,
            }
        }
        // RFC 5280 5.2.3: it must be there; without it nobody can tell an old list from a new one.
        terms.understood &= terms.number.is_some();
        Ok(terms)
    }
}

impl std::fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RevocationList({}, {})", self.issuer(), self.this_update())
    }
}
