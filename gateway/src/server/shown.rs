//! The certificate that handshakes show, with what its authority says of its status (OCSP stapling: RFC 6066, 8).

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use crypto::time::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::clock;

/// What handshakes show.
pub struct Shown {
    plain: Arc<CertifiedKey>,
    stapled: ArcSwapOption<Stapled>,
}

/// The same with an answer of the authority, and until when that is good.
struct Stapled {
    key: Arc<CertifiedKey>,
    until: Timestamp,
}

impl Shown {
    /// A certificate of which nothing is known.
    pub(super) fn new(key: CertifiedKey) -> Self {
        Self { plain: Arc::new(key), stapled: ArcSwapOption::empty() }
    }

    /// Its certificates, its own first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.plain.cert
    }

    /// Shows this answer of the authority, DER, until a moment.
    pub fn staple(&self, answer: Vec<u8>, until: Timestamp) {
        let key = Arc::new(CertifiedKey { ocsp: Some(answer), ..CertifiedKey::clone(&self.plain) });
        self.stapled.store(Some(Arc::new(Stapled { key, until })));
    }

    /// Shows what another one shows of the same certificate.
    pub fn follow(&self, before: &Self) {
        let stapled = before.stapled.load_full().filter(|_| before.plain.cert == self.plain.cert);
        if let Some((answer, until)) = stapled.and_then(|stapled| Some((stapled.key.ocsp.clone()?, stapled.until))) {
            self.staple(answer, until);
        }
    }

    /// What is shown at a moment. An answer that has ended would be worse than none.
    fn at(&self, now: Timestamp) -> Arc<CertifiedKey> {
        match &*self.stapled.load() {
            Some(stapled) if now < stapled.until => Arc::clone(&stapled.key),
            _ => Arc::clone(&self.plain),
        }
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.at(clock::now()))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}

#[cfg(test)]
mod tests {
    use crypto::issue::{AltName, CertificateBuilder, KeyType, Name, SigningKey};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    fn shown(label: &str) -> Shown {
        let (name, key) = (Name::new("o", label), SigningKey::from_label(KeyType::P256, label));
        let valid = (Timestamp::from_unix(0), Timestamp::from_unix(2_000_000_000));
        let builder = CertificateBuilder::new(&name, &key, 1).valid(valid.0, valid.1);
        let own = builder.tls(&[AltName::Dns("localhost".to_owned())]).self_signed(&key);
        let key = PrivateKeyDer::from_pem_slice(key.pem().as_bytes()).unwrap();
        let provider = rustls::crypto::ring::default_provider();
        Shown::new(CertifiedKey::from_der(vec![CertificateDer::from(own)], key, &provider).unwrap())
    }

    #[test]
    fn an_answer_is_shown_until_it_ends_and_with_its_certificate_alone() {
        let (first, same, other) = (shown("a"), shown("a"), shown("b"));
        let at = |shown: &Shown, s| shown.at(Timestamp::from_unix(s)).ocsp.clone();
        assert_eq!(at(&first, 5), None);
        first.staple(b"good".to_vec(), Timestamp::from_unix(10));
        assert_eq!((at(&first, 9), at(&first, 10)), (Some(b"good".to_vec()), None));
        same.follow(&first);
        other.follow(&first);
        assert_eq!((at(&same, 9), at(&same, 10), at(&other, 9)), (Some(b"good".to_vec()), None, None));
    }
}
