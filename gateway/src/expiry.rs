//! When the certificates end that the gateway itself needs: its own, those it shows to sources and witnesses, and the authorities of
//! those who call.

use std::path::Path;

use crypto::time::Timestamp;
use crypto::x509::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::config::Config;

/// The end of a certificate, or of the first of several that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// What it is for, as the configuration names it.
    pub name: String,
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether callers are shown it: behind its end nobody connects.
    pub is_shown: bool,
}

impl Expiry {
    /// How many seconds are left; 0 or less when it has ended.
    #[must_use]
    pub fn left_s(&self, now: Timestamp) -> i64 {
        self.not_after.unix().saturating_sub(now.unix())
    }

    /// Those of this configuration. What cannot be read is a fault that others tell of.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let server = &config.server;
        let mut found: Vec<Self> = of("server.certificate", &server.certificate).into_iter().collect();
        for expiry in &mut found {
            expiry.is_shown = true;
        }
        let anchors = server.client_anchors.iter().filter_map(|path| of("server.client_anchors", path));
        found.extend(anchors.min_by_key(|expiry| expiry.not_after));
        found.extend(config.signing.as_ref().and_then(|signing| of("signing.certificate", &signing.certificate)));
        for source in &config.sources {
            found.extend(source.certificate.as_ref().and_then(|path| of(&format!("sources.{}", source.name), path)));
        }
        let witnesses = config.record.witnesses.as_ref().and_then(|witnesses| witnesses.certificate.as_ref());
        found.extend(witnesses.and_then(|path| of("record.witnesses.certificate", path)));
        found
    }
}

/// The first end of the certificates of a file.
fn of(name: &str, path: &Path) -> Option<Expiry> {
    let pem = std::fs::read(path).ok()?;
    let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    let ends = certificates.filter_map(|der| Some(Certificate::from_der(&der).ok()?.not_after()));
    ends.min().map(|not_after| Expiry { name: name.to_owned(), not_after, is_shown: false })
}
