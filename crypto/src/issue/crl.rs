//! Revocation lists, version 2 (RFC 5280, section 5).

use super::certificate::{authority_key_id, extension, signed};
use super::der;
use super::key::SigningKey;
use super::name::Name;
use super::point::ListScope;
use crate::oid::Oid;
use crate::time::Timestamp;

/// Why a certificate was revoked (RFC 5280 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of RFC 5280")]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    RemoveFromCrl,
    PrivilegeWithdrawn,
    AaCompromise,
}

/// What a revocation list is to say.
#[derive(Clone, Debug)]
pub struct CrlBuilder {
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    number: Option<u128>,
    entries: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
}

/// One revoked certificate.
#[derive(Clone, Debug)]
pub struct Entry {
    serial: u128,
    at: Timestamp,
    extensions: Vec<Vec<u8>>,
}

impl Entry {
    /// A certificate of the list's issuer. [`Reason::Unspecified`] is not written, as RFC 5280 advises.
    #[must_use]
    pub fn new(serial: u128, at: Timestamp, reason: Reason) -> Self {
        let entry = Self { serial, at, extensions: Vec::new() };
        match reason {
            Reason::Unspecified => entry,
            _ => entry.extension(Oid::CRL_REASON, false, &der::enumerated(reason.code())),
        }
    }

    /// Since when the key is suspected to be in wrong hands.
    #[must_use]
    pub fn invalid_since(self, at: Timestamp) -> Self {
        self.extension(Oid::INVALIDITY_DATE, false, &der::generalized_time(at))
    }

    /// This and the following entries are about certificates of this issuer.
    #[must_use]
    pub fn of_issuer(self, issuer: &Name) -> Self {
        self.extension(Oid::CERTIFICATE_ISSUER, true, &der::sequence(&[&der::context(4, &issuer.der())]))
    }

    /// Any extension of the entry, from the DER of its value.
    #[must_use]
    pub fn extension(mut self, oid: Oid<'_>, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    fn der(&self) -> Vec<u8> {
        let extensions = if self.extensions.is_empty() { Vec::new() } else { der::sequence_of(&self.extensions) };
        der::sequence(&[&der::integer(self.serial), &der::time(self.at), &extensions])
    }
}

impl Reason {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::RemoveFromCrl => 8,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }
}

impl CrlBuilder {
    /// An empty list of this moment, with its number.
    #[must_use]
    pub const fn new(number: u128, this_update: Timestamp, next_update: Option<Timestamp>) -> Self {
        Self { this_update, next_update, number: Some(number), entries: Vec::new(), extensions: Vec::new() }
    }

    /// One more revoked certificate of the list's issuer.
    #[must_use]
    pub fn revoke(self, serial: u128, at: Timestamp, reason: Reason) -> Self {
        self.entry(&Entry::new(serial, at, reason))
    }

    /// One more entry.
    #[must_use]
    pub fn entry(mut self, entry: &Entry) -> Self {
        self.entries.push(entry.der());
        self
    }

    /// A delta list: what changed since the complete list with this number.
    #[must_use]
    pub fn delta(self, base: u128) -> Self {
        self.extension(Oid::DELTA_CRL, true, &der::integer(base))
    }

    /// A list of which certificates and reasons.
    #[must_use]
    pub fn scope(self, scope: &ListScope) -> Self {
        self.extension(Oid::ISSUING_DISTRIBUTION_POINT, true, &scope.der())
    }

    /// Certificates that expired since then stay on the list.
    #[must_use]
    pub fn expired_since(self, at: Timestamp) -> Self {
        self.extension(Oid::EXPIRED_CERTS_ON_CRL, false, &der::generalized_time(at))
    }

    /// Leaves out the number.
    #[must_use]
    pub const fn without_number(mut self) -> Self {
        self.number = None;
        self
    }

    /// Any extension of the list, from the DER of its value.
    #[must_use]
    pub fn extension(mut self, oid: Oid<'_>, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    /// The list, DER, signed by this issuer.
    #[must_use]
    pub fn issue(&self, issuer: &Name, issuer_key: &SigningKey) -> Vec<u8> {
        let mut extensions = vec![authority_key_id(issuer_key)];
        extensions.extend(self.number.map(|number| extension(Oid::CRL_NUMBER, false, &der::integer(number))));
        extensions.extend_from_slice(&self.extensions);
        // RFC 5280 5.1.2.6: an empty list of entries is absent.
        let entries = if self.entries.is_empty() { Vec::new() } else { der::sequence_of(&self.entries) };
        let tbs = der::sequence(&[
            &der::integer(1u8),
            &issuer_key.algorithm_identifier(),
            &issuer.der(),
            &der::time(self.this_update),
            &self.next_update.map(der::time).unwrap_or_default(),
            &entries,
            &der::context(0, &der::sequence_of(&extensions)),
        ]);
        signed(&tbs, issuer_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Reader, tag};
    use crate::issue::KeyType;

    #[test]
    fn entries_are_absent_when_there_are_none() {
        let key = SigningKey::from_label(KeyType::Sm2, "root");
        let at = Timestamp::from_unix(1_780_000_000);
        let empty = CrlBuilder::new(1, at, Some(at.plus(86_400)));
        for (list, present) in [(empty.clone(), false), (empty.revoke(5, at, Reason::KeyCompromise), true)] {
            let written = list.issue(&Name::new("o", "root"), &key);
            let mut fields = Reader::new(&written).sequence().unwrap();
            let tbs = fields.any().unwrap();
            fields.any().unwrap();
            let value = fields.read(tag::BIT_STRING).unwrap().octets().unwrap();
            assert_eq!(key.algorithm().verify(&key.public_key(), tbs.raw, value), Ok(()));
            let mut inner = tbs.reader();
            for _ in 0..5 {
                inner.any().unwrap();
            }
            assert_eq!(inner.optional(tag::SEQUENCE).unwrap().is_some(), present);
        }
    }
}
