//! TLS: who we are, and whose clients we listen to.

use std::path::Path;
use std::sync::Arc;

use crypto::x509::RevocationList;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use super::{Gate, Shown};
use crate::config::{Faults, Server};
use crate::secrets;

/// How connections come in.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// How handshakes go.
    pub tls: Arc<rustls::ServerConfig>,
    /// Whom they let in.
    pub gate: Arc<Gate>,
    /// What they show.
    pub shown: Arc<Shown>,
}

/// Reads the certificates and the key, and makes the configuration of TLS.
///
/// A client may come without a certificate: it is told so in words on every route, where a failed handshake would tell it
/// nothing. A client with a certificate that the anchors do not vouch for fails the handshake.
///
/// # Errors
/// Every file that cannot be read or used.
pub fn open(server: &Server) -> Result<Entrance, Faults> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut faults = Faults::default();
    let verifier = faults.take(client_verifier(server, &provider));
    let chain = faults.take(certificates("server.certificate", &server.certificate));
    let key = faults.take(secrets::private_key("server.key", &server.key));
    let (Some((verifier, gate)), Some(chain), Some(key)) = (verifier, chain, key) else {
        return Err(faults);
    };
    let key = CertifiedKey::from_der(chain, key, &provider)
        .map_err(|error| Faults::one("server.key", format!("does not go with server.certificate: {error}")))?;
    let shown = Arc::new(Shown::new(key));
    let builder = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Faults::one("(tls)", error.to_string()))?;
    let resolver: Arc<dyn ResolvesServerCert> = Arc::<Shown>::clone(&shown);
    let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Of suites that both know, ours comes first: AES-256 before the others.
    config.ignore_client_order = true;
    // A resumed session would carry on with a client certificate that is not checked again.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Entrance { tls: Arc::new(config), gate: Arc::new(gate), shown })
}

/// Who checks the certificates of clients, and by what.
type Verifier = (Arc<dyn ClientCertVerifier>, Gate);

fn client_verifier(server: &Server, provider: &Arc<CryptoProvider>) -> Result<Verifier, Faults> {
    let mut anchors = Vec::new();
    let mut faults = Faults::default();
    let mut roots = RootCertStore::empty();
    for (index, path) in server.client_anchors.iter().enumerate() {
        let key = format!("server.client_anchors[{index}]");
        for anchor in faults.take(certificates(&key, path)).unwrap_or_default() {
            anchors.push(anchor.to_vec());
            if let Err(error) = roots.add(anchor) {
                faults.add(&key, format!("{} cannot be a trust anchor: {error}", path.display()));
            }
        }
    }
    let (mut lists, mut read) = (Vec::new(), Vec::new());
    for (index, path) in server.client_crls.iter().enumerate() {
        let key = format!("server.client_crls[{index}]");
        for list in faults.take(revocation_lists(&key, path)).unwrap_or_default() {
            match RevocationList::from_der(&list) {
                Ok(list) => read.push(list),
                Err(error) => faults.add(&key, format!("{} cannot be read: {error}", path.display())),
            }
            lists.push(list);
        }
    }
    let mut faults = match faults.none_or(()) {
        Ok(()) => Faults::default(),
        Err(faults) => return Err(faults),
    };
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    match builder.with_crls(lists).allow_unauthenticated().build() {
        Ok(verifier) => Ok((verifier, Gate::new(&anchors, read))),
        Err(error) => {
            faults.add("server.client_anchors", error.to_string());
            Err(faults)
        }
    }
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Faults> {
    read_all(key, path, "certificate")
}

fn revocation_lists(key: &str, path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Faults> {
    read_all(key, path, "revocation list")
}

fn read_all<T: PemObject>(key: &str, path: &Path, what: &str) -> Result<Vec<T>, Faults> {
    let fault = |error: String| Faults::one(key, format!("{}: {error}", path.display()));
    let bytes = read(path).map_err(fault)?;
    let all: Vec<T> = T::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|error| fault(error.to_string()))?;
    if all.is_empty() { Err(fault(format!("holds no {what} in PEM"))) } else { Ok(all) }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}
