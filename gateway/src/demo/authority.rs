//! Authorities of the demo, and what they certify.

use crypto::digest::Sha256;
use crypto::issue::{AltName, CertificateBuilder, CrlBuilder, KeyType, Name, Reason, Signer, SigningKey};
use crypto::time::Timestamp;

const DAY_S: i64 = 86_400;
const YEAR_S: i64 = 365 * DAY_S;
/// How long a revocation list of the demo is good, in seconds.
const LIST_LIFETIME_S: i64 = 30 * DAY_S;

/// From what everything of one demo is made: the same origin makes the same keys, certificates and lists.
#[derive(Clone, Copy)]
pub struct Origin {
    /// The secret from which all keys follow.
    pub seed: [u8; 32],
    /// The moment of making.
    pub made: Timestamp,
}

/// An authority: key, certificate, revocation list.
#[derive(Debug)]
pub struct Authority {
    /// Base name of its files.
    pub file: &'static str,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Its key.
    pub key: SigningKey,
    name: Name,
    origin: Origin,
}

/// A certificate, DER, with its key.
#[derive(Debug)]
pub struct Credential {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: SigningKey,
    serial: u128,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Origin({})", self.made)
    }
}

impl Origin {
    /// The key with this label.
    pub(super) fn key(&self, kind: KeyType, label: &str) -> SigningKey {
        SigningKey::from_seed(kind, Sha256::of(&[b"key ", &self.seed, label.as_bytes()]).0)
    }

    fn serial(&self, label: &str) -> u128 {
        let digest = Sha256::of(&[b"serial ", &self.seed, label.as_bytes()]).0;
        // Positive and of the usual 16 octets.
        digest.first_chunk().map_or(1, |octets| (u128::from_be_bytes(*octets) >> 1) | (1 << 126))
    }

    /// The moment this many years after the making, or before it.
    #[must_use]
    pub fn years(&self, years: i64) -> Timestamp {
        self.made.plus(years * YEAR_S)
    }
}

impl Authority {
    /// A root. `title` is its common name.
    #[must_use]
    pub fn root(origin: Origin, kind: KeyType, file: &'static str, title: &str) -> Self {
        let (name, key) = (Name::new("licet demo", title), origin.key(kind, file));
        let builder = CertificateBuilder::new(&name, &key, origin.serial(file));
        let certificate = builder.valid(origin.years(-12), origin.years(18)).authority(None).self_signed(&key);
        Self { file, certificate, key, name, origin }
    }

    /// An authority below this one, with nothing but holders below it.
    #[must_use]
    pub fn subordinate(&self, file: &'static str, title: &str) -> Self {
        let kind = match self.key.algorithm() {
            crypto::sig::Algorithm::Sm2Sm3 => KeyType::Sm2,
            crypto::sig::Algorithm::Ed25519 => KeyType::Ed25519,
            _ => KeyType::P256,
        };
        let (name, key) = (Name::new("licet demo", title), self.origin.key(kind, file));
        let builder = CertificateBuilder::new(&name, &key, self.origin.serial(file)).authority(Some(0));
        let builder = builder.valid(self.origin.years(-11), self.origin.years(10));
        let certificate = builder.issue(&self.name, &self.key);
        Self { file, certificate, key, name, origin: self.origin }
    }

    /// A signer of documents or seals for an organisation with this unified social credit code.
    #[must_use]
    pub fn signer(&self, kind: KeyType, label: &str, (organisation, code): (&str, &str)) -> Credential {
        let (key, serial) = (self.origin.key(kind, label), self.origin.serial(label));
        let builder = CertificateBuilder::new(&Name::new(organisation, label), &key, serial).signer().organisation_code(code);
        let builder = builder.valid(self.origin.years(-10), self.origin.years(3));
        Credential { certificate: builder.issue(&self.name, &self.key), key, serial }
    }

    /// A time-stamp authority.
    #[must_use]
    pub fn time_stamper(&self, label: &str) -> Credential {
        self.holder(KeyType::Sm2, label, CertificateBuilder::time_stamping)
    }

    /// Who signs what is published on this host.
    #[must_use]
    pub fn publisher(&self, label: &str, host: &str) -> Credential {
        self.holder(KeyType::P256, label, |builder| builder.signer().alt_names(&[AltName::Dns(host.to_owned())]))
    }

    fn holder(&self, kind: KeyType, label: &str, usage: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Credential {
        let (key, serial) = (self.origin.key(kind, label), self.origin.serial(label));
        let builder = usage(CertificateBuilder::new(&Name::new("licet demo", label), &key, serial));
        let builder = builder.valid(self.origin.years(-10), self.origin.years(3));
        Credential { certificate: builder.issue(&self.name, &self.key), key, serial }
    }

    /// A TLS server or client known by these names.
    #[must_use]
    pub fn tls(&self, label: &str, names: &[AltName]) -> Credential {
        let (key, serial) = (self.origin.key(KeyType::P256, label), self.origin.serial(label));
        let builder = CertificateBuilder::new(&Name::new("licet demo", label), &key, serial).tls(names);
        let builder = builder.valid(self.origin.made.plus(-DAY_S), self.origin.years(1));
        Credential { certificate: builder.issue(&self.name, &self.key), key, serial }
    }

    /// The revocation list, DER, with these certificates revoked for a lost key a year before the making.
    #[must_use]
    pub fn list(&self, revoked: &[&Credential]) -> Vec<u8> {
        let next = self.origin.made.plus(LIST_LIFETIME_S);
        let list = CrlBuilder::new(1, self.origin.made.plus(-3600), Some(next));
        let revoke =
            |list: CrlBuilder, lost: &&Credential| list.revoke(lost.serial, self.origin.years(-1), Reason::KeyCompromise);
        revoked.iter().fold(list, revoke).issue(&self.name, &self.key)
    }
}

impl Credential {
    /// Certificate and key, as the issuing kit takes them.
    #[must_use]
    pub fn signer(&self) -> Signer<'_> {
        Signer::new(&self.certificate, &self.key)
    }

    /// SHA-256 of the certificate, by which configurations know it.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&[&self.certificate])
    }
}
