//! Certificates (RFC 5280; GB/T 20518 for SM2).

use std::net::IpAddr;

use super::key::SigningKey;
use super::name::Name;
use super::point::{Point, points};
use super::{der, pem};
use crate::oid::Oid;
use crate::time::Timestamp;

/// A bit of `KeyUsage` (RFC 5280 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of RFC 5280")]
pub enum Usage {
    DigitalSignature,
    NonRepudiation,
    KeyEncipherment,
    DataEncipherment,
    KeyAgreement,
    KeyCertSign,
    CrlSign,
}

/// One name of `SubjectAltName` (RFC 5280 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AltName {
    /// A DNS name.
    Dns(String),
    /// A URI.
    Uri(String),
    /// An address.
    Ip(IpAddr),
    /// Addresses with a mask, as name constraints have them.
    Network(IpAddr, IpAddr),
    /// A mailbox.
    Email(String),
    /// A directory name.
    Directory(Name),
    /// Any other name, as its whole DER.
    Other(Vec<u8>),
}

/// What a certificate is to say. Extensions appear in the order of the calls.
#[derive(Clone, Debug)]
pub struct CertificateBuilder {
    subject: Name,
    spki: Vec<u8>,
    key_id: Vec<u8>,
    serial: u128,
    not_before: Timestamp,
    not_after: Timestamp,
    extensions: Vec<Vec<u8>>,
    has_key_ids: bool,
}

impl Usage {
    const fn bit(self) -> u16 {
        match self {
            Self::DigitalSignature => 1 << 15,
            Self::NonRepudiation => 1 << 14,
            Self::KeyEncipherment => 1 << 13,
            Self::DataEncipherment => 1 << 12,
            Self::KeyAgreement => 1 << 11,
            Self::KeyCertSign => 1 << 10,
            Self::CrlSign => 1 << 9,
        }
    }
}

impl CertificateBuilder {
    /// A certificate for this subject and key. Without [`CertificateBuilder::valid`] it is valid in the years 1970 to 9999.
    #[must_use]
    pub fn new(subject: &Name, key: &SigningKey, serial: u128) -> Self {
        Self {
            subject: subject.clone(),
            spki: key.spki(),
            key_id: key.key_id(),
            serial,
            not_before: Timestamp::from_unix(0),
            not_after: Timestamp::MAX,
            extensions: Vec::new(),
            has_key_ids: true,
        }
    }

    /// Valid from and to, both inclusive.
    #[must_use]
    pub fn valid(mut self, not_before: Timestamp, not_after: Timestamp) -> Self {
        (self.not_before, self.not_after) = (not_before, not_after);
        self
    }

    /// An authority: `BasicConstraints` and the usages `keyCertSign` and `cRLSign`, both critical.
    #[must_use]
    pub fn authority(self, path_length: Option<u8>) -> Self {
        self.ca(path_length).usage(&[Usage::KeyCertSign, Usage::CrlSign])
    }

    /// A signer of documents: not an authority, usages `digitalSignature` and `nonRepudiation`.
    #[must_use]
    pub fn signer(self) -> Self {
        self.not_ca().usage(&[Usage::DigitalSignature, Usage::NonRepudiation])
    }

    /// A time-stamp authority (RFC 3161 2.3): critical extended usage, time stamping alone.
    #[must_use]
    pub fn time_stamping(self) -> Self {
        self.not_ca().usage(&[Usage::DigitalSignature]).extended_usage(true, &[Oid::EKU_TIME_STAMPING])
    }

    /// A TLS server or client known by these names.
    #[must_use]
    pub fn tls(self, names: &[AltName]) -> Self {
        let usages = [Oid::EKU_SERVER_AUTH, Oid::EKU_CLIENT_AUTH];
        self.not_ca().usage(&[Usage::DigitalSignature]).extended_usage(false, &usages).alt_names(names)
    }

    /// Critical `BasicConstraints` with `cA` set.
    #[must_use]
    pub fn ca(self, path_length: Option<u8>) -> Self {
        let length = path_length.map(der::integer).unwrap_or_default();
        self.extension(Oid::BASIC_CONSTRAINTS, true, &der::sequence(&[&der::boolean(true), &length]))
    }

    /// Critical `BasicConstraints` without `cA`.
    #[must_use]
    pub fn not_ca(self) -> Self {
        self.extension(Oid::BASIC_CONSTRAINTS, true, &der::sequence(&[]))
    }

    /// Critical `KeyUsage`.
    #[must_use]
    pub fn usage(self, usages: &[Usage]) -> Self {
        let bits = usages.iter().fold(0, |bits, usage| bits | usage.bit());
        self.extension(Oid::KEY_USAGE, true, &der::named_bits(bits))
    }

    /// `ExtendedKeyUsage`.
    #[must_use]
    pub fn extended_usage(self, critical: bool, usages: &[Oid<'_>]) -> Self {
        let list: Vec<Vec<u8>> = usages.iter().map(|usage| der::oid(*usage)).collect();
        self.extension(Oid::EXTENDED_KEY_USAGE, critical, &der::sequence_of(&list))
    }

    /// `SubjectAltName`.
    #[must_use]
    pub fn alt_names(self, names: &[AltName]) -> Self {
        let list: Vec<Vec<u8>> = names.iter().map(AltName::der).collect();
        self.extension(Oid::SUBJECT_ALT_NAME, false, &der::sequence_of(&list))
    }

    /// `CRLDistributionPoints` with one URI.
    #[must_use]
    pub fn crl_at(self, uri: &str) -> Self {
        let full_name = der::context(0, &der::implicit(6, uri.as_bytes()));
        let point = der::sequence(&[&der::context(0, &full_name)]);
        self.extension(Oid::CRL_DISTRIBUTION_POINTS, false, &der::sequence(&[&point]))
    }

    /// `CRLDistributionPoints` with these.
    #[must_use]
    pub fn crl_points(self, list: &[Point]) -> Self {
        self.extension(Oid::CRL_DISTRIBUTION_POINTS, false, &points(list))
    }

    /// `CertificatePolicies` without qualifiers.
    #[must_use]
    pub fn policies(self, critical: bool, policies: &[Oid<'_>]) -> Self {
        let list: Vec<Vec<u8>> = policies.iter().map(|policy| der::sequence(&[&der::oid(*policy)])).collect();
        self.extension(Oid::CERTIFICATE_POLICIES, critical, &der::sequence_of(&list))
    }

    /// Critical `PolicyMappings`: pairs of the issuer's policy and the subject's.
    #[must_use]
    pub fn policy_mappings(self, pairs: &[(Oid<'_>, Oid<'_>)]) -> Self {
        let pair = |(issuer, subject): &(Oid<'_>, Oid<'_>)| der::sequence(&[&der::oid(*issuer), &der::oid(*subject)]);
        let list: Vec<Vec<u8>> = pairs.iter().map(pair).collect();
        self.extension(Oid::POLICY_MAPPINGS, true, &der::sequence_of(&list))
    }

    /// Critical `PolicyConstraints`: after how many certificates a policy is demanded, and mapping ends; each below 128.
    #[must_use]
    pub fn policy_constraints(self, require: Option<u8>, inhibit_mapping: Option<u8>) -> Self {
        let field = |n, skip: Option<u8>| skip.map(|skip| der::implicit(n, &[skip & 0x7f])).unwrap_or_default();
        let value = der::sequence(&[&field(0, require), &field(1, inhibit_mapping)]);
        self.extension(Oid::POLICY_CONSTRAINTS, true, &value)
    }

    /// Critical `InhibitAnyPolicy`: after how many certificates `anyPolicy` stands for none.
    #[must_use]
    pub fn inhibit_any_policy(self, skip: u8) -> Self {
        self.extension(Oid::INHIBIT_ANY_POLICY, true, &der::integer(skip))
    }

    /// Critical `NameConstraints`.
    #[must_use]
    pub fn name_constraints(self, permitted: &[AltName], excluded: &[AltName]) -> Self {
        let side = |n, names: &[AltName]| {
            let subtrees: Vec<Vec<u8>> = names.iter().map(|name| der::sequence(&[&name.der()])).collect();
            if subtrees.is_empty() { Vec::new() } else { der::context(n, &subtrees.concat()) }
        };
        self.extension(Oid::NAME_CONSTRAINTS, true, &der::sequence(&[&side(0, permitted), &side(1, excluded)]))
    }

    /// The organisation's unified social credit code, 18 characters (GB/T 20518, 1.2.156.10260.4.1.4).
    #[must_use]
    pub fn organisation_code(self, code: &str) -> Self {
        self.extension(Oid::GM_ORGANISATION_CODE, false, &der::printable(code))
    }

    /// Any extension, from the DER of its value.
    #[must_use]
    pub fn extension(mut self, oid: Oid<'_>, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    /// Leaves out the key identifiers of subject and authority.
    #[must_use]
    pub const fn without_key_ids(mut self) -> Self {
        self.has_key_ids = false;
        self
    }

    /// The certificate, DER, signed by this issuer.
    #[must_use]
    pub fn issue(&self, issuer: &Name, issuer_key: &SigningKey) -> Vec<u8> {
        let mut extensions = self.extensions.clone();
        if self.has_key_ids {
            extensions.push(extension(Oid::SUBJECT_KEY_ID, false, &der::octet_string(&self.key_id)));
            extensions.push(authority_key_id(issuer_key));
        }
        let extensions = if extensions.is_empty() { Vec::new() } else { der::context(3, &der::sequence_of(&extensions)) };
        let tbs = der::sequence(&[
            &der::context(0, &der::integer(2u8)),
            &der::integer(self.serial),
            &issuer_key.algorithm_identifier(),
            &issuer.der(),
            &der::sequence(&[&der::time(self.not_before), &der::time(self.not_after)]),
            &self.subject.der(),
            &self.spki,
            &extensions,
        ]);
        signed(&tbs, issuer_key)
    }

    /// The certificate, DER, signed by its own subject. `key` is the subject's.
    #[must_use]
    pub fn self_signed(&self, key: &SigningKey) -> Vec<u8> {
        self.issue(&self.subject, key)
    }

    /// [`CertificateBuilder::issue`] as PEM.
    #[must_use]
    pub fn issue_pem(&self, issuer: &Name, issuer_key: &SigningKey) -> String {
        pem::encode("CERTIFICATE", &self.issue(issuer, issuer_key))
    }
}

impl AltName {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Dns(name) => der::implicit(2, name.as_bytes()),
            Self::Uri(uri) => der::implicit(6, uri.as_bytes()),
            Self::Ip(address) => der::implicit(7, &octets(*address)),
            Self::Network(address, mask) => der::implicit(7, &[octets(*address), octets(*mask)].concat()),
            Self::Email(mailbox) => der::implicit(1, mailbox.as_bytes()),
            Self::Directory(name) => der::context(4, &name.der()),
            Self::Other(der) => der.clone(),
        }
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// One member of `Extensions`.
pub(super) fn extension(oid: Oid<'_>, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::boolean(true) } else { Vec::new() };
    der::sequence(&[&der::oid(oid), &critical, &der::octet_string(value)])
}

/// The extension that points at the issuer's key.
pub(super) fn authority_key_id(issuer_key: &SigningKey) -> Vec<u8> {
    extension(Oid::AUTHORITY_KEY_ID, false, &der::sequence(&[&der::implicit(0, &issuer_key.key_id())]))
}

/// `SIGNED{}` of X.509: the bytes, the algorithm, the signature.
pub(super) fn signed(tbs: &[u8], key: &SigningKey) -> Vec<u8> {
    der::sequence(&[tbs, &key.algorithm_identifier(), &der::bit_string(&key.sign(tbs))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Reader, tag};
    use crate::issue::KeyType;

    #[test]
    fn the_signature_covers_the_raw_inner_bytes() {
        for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
            let (root, leaf) = (SigningKey::from_label(kind, "root"), SigningKey::from_label(kind, "leaf"));
            let certificate = CertificateBuilder::new(&Name::new("o", "leaf"), &leaf, 255)
                .signer()
                .organisation_code("11100000000013338W")
                .crl_at("http://crl.example/root.crl")
                .issue(&Name::new("o", "root"), &root);
            let mut fields = Reader::new(&certificate).sequence().unwrap();
            let tbs = fields.any().unwrap();
            let identifier = fields.any().unwrap().raw;
            let value = fields.read(tag::BIT_STRING).unwrap().octets().unwrap();
            assert!(fields.is_empty());
            assert_eq!(identifier, root.algorithm_identifier());
            assert_eq!(root.algorithm().verify(&root.public_key(), tbs.raw, value), Ok(()));
            let mut inner = tbs.reader();
            inner.any().unwrap();
            assert_eq!(inner.any().unwrap().unsigned(), Ok(&[255][..]));
        }
    }
}
