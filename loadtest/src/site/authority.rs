//! Authorities and what they certify. Everything is valid from 2015 to 2045, so that it follows from the seed alone.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::issue::{AltName, CertificateBuilder, CrlBuilder, KeyType, Name, Signer, SigningKey};
use crypto::time::Timestamp;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// 2015-01-01.
const FROM: Timestamp = Timestamp::from_unix(1_420_070_400);
/// 2045-01-01.
const UNTIL: Timestamp = Timestamp::from_unix(2_366_841_600);
/// 2026-01-01, the day of the revocation lists.
const LISTED: Timestamp = Timestamp::from_unix(1_767_225_600);

/// An authority.
#[derive(Debug)]
pub struct Authority {
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Its name in keys and certificates.
    label: String,
    seed: u64,
    kind: KeyType,
    key: SigningKey,
}

/// A certificate, DER, with its key.
#[derive(Debug)]
pub struct Credential {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: SigningKey,
}

fn key(kind: KeyType, seed: u64, label: &str) -> SigningKey {
    SigningKey::from_label(kind, &format!("licet-load {seed} {label}"))
}

/// A serial number for what has this label.
fn serial(label: &str) -> u128 {
    Sha256::of(&[label.as_bytes()]).0.first_chunk().map_or(1, |octets| (u128::from_be_bytes(*octets) >> 1) | (1 << 120))
}

impl Authority {
    /// One that stands for itself.
    #[must_use]
    pub fn new(kind: KeyType, seed: u64, label: &str) -> Self {
        let own = key(kind, seed, label);
        let builder = CertificateBuilder::new(&Name::new("licet-load", label), &own, serial(label));
        let certificate = builder.valid(FROM, UNTIL).authority(None).self_signed(&own);
        Self { certificate, label: label.to_owned(), seed, kind, key: own }
    }

    fn name(&self) -> Name {
        Name::new("licet-load", &self.label)
    }

    /// What it certifies for a holder with this name.
    #[must_use]
    pub fn issue(&self, label: &str, usage: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Credential {
        let own = key(self.kind, self.seed, &format!("{}/{label}", self.label));
        let builder = CertificateBuilder::new(&Name::new("licet-load", label), &own, serial(label)).valid(FROM, UNTIL);
        Credential { certificate: usage(builder).issue(&self.name(), &self.key), key: own }
    }

    /// A server on this machine.
    #[must_use]
    pub fn server(&self) -> Credential {
        self.serving("server")
    }

    /// The same server with another key.
    #[must_use]
    pub fn another_server(&self, name: &str) -> Credential {
        self.serving(&format!("server {name}"))
    }

    fn serving(&self, label: &str) -> Credential {
        let names = [AltName::Dns("localhost".to_owned()), AltName::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        self.issue(label, |builder| builder.tls(&names))
    }

    /// A system that calls, known by this name.
    #[must_use]
    pub fn client(&self, label: &str, uri: &str) -> Credential {
        self.issue(label, |builder| builder.tls(&[AltName::Uri(uri.to_owned())]))
    }

    /// Its list of revoked certificates, DER: none.
    #[must_use]
    pub fn list(&self) -> Vec<u8> {
        CrlBuilder::new(1, LISTED, Some(UNTIL)).issue(&self.name(), &self.key)
    }
}

impl Credential {
    /// Certificate and key, as the issuing kit takes them.
    #[must_use]
    pub fn signer(&self) -> Signer<'_> {
        Signer::new(&self.certificate, &self.key)
    }

    fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivatePkcs8KeyDer<'static>) {
        (vec![CertificateDer::from(self.certificate.clone())], PrivatePkcs8KeyDer::from(self.key.pkcs8()))
    }
}

/// How who has this credential speaks to servers of an authority: TLS 1.3.
///
/// # Errors
/// In a sentence.
pub fn client_config(root: &[u8], credential: &Credential) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).map_err(|error| error.to_string())?;
    let (chain, key) = credential.parts();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key.into())
        .map_err(|error| error.to_string())
}

/// How a server with this credential speaks to anybody: TLS 1.3.
///
/// # Errors
/// In a sentence.
pub fn server_config(credential: &Credential) -> Result<ServerConfig, String> {
    let (chain, key) = credential.parts();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .map_err(|error| error.to_string())
}
