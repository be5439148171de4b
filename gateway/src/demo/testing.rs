//! What the tests of the demo share: one infrastructure, and its trust.

use crypto::time::Timestamp;
use crypto::verify::{self, Question, Verification};
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust};

use super::authority::Authority;
use super::pki::Pki;

pub(super) fn pki() -> Pki {
    Pki::new([7; 32], made())
}

fn made() -> Timestamp {
    "2026-07-01T08:00:00Z".parse().unwrap()
}

/// Verifies at the moment at which the infrastructure was made, with the trust of the demo's configuration.
pub(super) fn verify(pki: &Pki, document: &[u8]) -> Verification {
    verify::verify(&Question::new(document, pki.made), &trust(pki))
}

fn trust(pki: &Pki) -> Trust {
    let certificate = |authority: &Authority| Certificate::from_der(&authority.certificate).unwrap();
    let list = |authority: &Authority| {
        let (_, der) = pki.authorities().into_iter().find(|(known, _)| known.file == authority.file).unwrap();
        RevocationList::from_der(&der).unwrap()
    };
    let mut domains: Vec<_> = [
        ("sm2", Purpose::Signer, &pki.signer_ca),
        ("ecdsa", Purpose::Signer, &pki.ecdsa_ca),
        ("ed25519", Purpose::Signer, &pki.ed25519_root),
        ("tsa", Purpose::Tsa, &pki.tsa_root),
    ]
    .map(|(name, purpose, authority)| {
        let mut domain = Domain::new(name, purpose, vec![certificate(authority)]);
        domain.lists = vec![list(authority)];
        domain
    })
    .into_iter()
    .collect();
    let mut makers = Domain::new("makers", Purpose::SealMaker, vec![certificate(&pki.sm2_root)]);
    makers.intermediates = vec![certificate(&pki.seal_ca)];
    makers.lists = vec![list(&pki.sm2_root), list(&pki.seal_ca)];
    makers.makers = Some([pki.maker.sha256()].into_iter().collect());
    domains.push(makers);
    Trust::new(domains, crypto::x509::trust::Policy::default())
}
