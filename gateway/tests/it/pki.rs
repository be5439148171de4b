//! Authorities and certificates, made for one test.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crypto::issue::ocsp::Answer;
use crypto::issue::{AltName, CertificateBuilder, CrlBuilder, KeyType, Name, OcspBuilder, Reason, SigningKey, pem};
use crypto::time::Timestamp;
use crypto::x509::Certificate;
use crypto::x509::ocsp::IdDigest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A folder of its own for a test, removed at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        // Some of them are keys, which nobody else may read.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// An authority for servers and clients.
pub(crate) struct Authority {
    name: Name,
    key: SigningKey,
    pub(crate) certificate: Vec<u8>,
}

/// A certificate with its key.
pub(crate) struct Holder {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: SigningKey,
}

impl Authority {
    pub(crate) fn new(label: &str) -> Self {
        let (name, key) = (Name::new("licet tests", label), SigningKey::from_label(KeyType::P256, label));
        let certificate = CertificateBuilder::new(&name, &key, 1).valid(ago(), hence()).authority(None).self_signed(&key);
        Self { name, key, certificate }
    }

    /// One for which another vouches.
    pub(crate) fn below(above: &Self, serial: u128, label: &str) -> Self {
        let (name, key) = (Name::new("licet tests", label), SigningKey::from_label(KeyType::P256, label));
        let builder = CertificateBuilder::new(&name, &key, serial).valid(ago(), hence()).authority(None);
        let certificate = builder.issue(&above.name, &above.key);
        Self { name, key, certificate }
    }

    /// A certificate of its name and key that another authority seems to have made.
    pub(crate) fn forged(&self, above: &Self, serial: u128) -> Vec<u8> {
        let builder = CertificateBuilder::new(&self.name, &self.key, serial).valid(ago(), hence()).authority(None);
        builder.issue(&above.name, &SigningKey::from_label(KeyType::P256, "forger"))
    }

    pub(crate) fn issue(&self, serial: u128, names: &[AltName]) -> Holder {
        let label = format!("holder {serial}");
        let key = SigningKey::from_label(KeyType::P256, &label);
        let builder = CertificateBuilder::new(&Name::new("licet tests", &label), &key, serial);
        Holder { certificate: builder.valid(ago(), hence()).tls(names).issue(&self.name, &self.key), key }
    }

    pub(crate) fn server(&self) -> Holder {
        self.issue(2, &[AltName::Dns("localhost".to_owned())])
    }

    /// The holder of a certificate with this URI.
    pub(crate) fn client(&self, serial: u128, uri: &str) -> Holder {
        self.issue(serial, &[AltName::Uri(uri.to_owned())])
    }

    /// A list that revokes these serial numbers, in PEM.
    pub(crate) fn crl(&self, serials: &[u128]) -> String {
        let list = CrlBuilder::new(1, ago(), Some(hence()));
        let list = serials.iter().fold(list, |list, serial| list.revoke(*serial, ago(), Reason::KeyCompromise));
        pem::encode("X509 CRL", &list.issue(&self.name, &self.key))
    }

    /// What its responder says of a certificate of its own that is not revoked.
    pub(crate) fn good(&self, holder: &Holder) -> Vec<u8> {
        let [own, issuer] = [&holder.certificate, &self.certificate].map(|der| Certificate::from_der(der).unwrap());
        let answer = Answer::good(&own, &issuer, IdDigest::Sha1, (ago(), Some(hence())));
        OcspBuilder::new(ago()).answer(&answer).issue(&self.name, &self.key)
    }

    pub(crate) fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.certificate)
    }
}

impl Holder {
    pub(crate) fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.certificate)
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from(self.certificate.clone())]
    }

    pub(crate) fn private(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.pem().as_bytes()).unwrap()
    }
}

fn ago() -> Timestamp {
    gateway::clock::now().plus(-3600)
}

fn hence() -> Timestamp {
    gateway::clock::now().plus(60 * 86_400)
}
