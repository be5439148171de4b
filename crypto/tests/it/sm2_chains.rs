//! Whole paths over SM2 certificates of others: real authorities with their revocation lists, and the chains of two libraries.

use std::path::Path;

use crypto::context::Context;
use crypto::report::{Check, Outcome, Role};
use crypto::x509::path::{self, Lifetime};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust, pem};

use crate::testdata;
use crate::world::at;

fn certificates(file: &str) -> Vec<Certificate> {
    let path = testdata().join(file);
    pem::certificates(&std::fs::read(&path).unwrap_or_else(|error| panic!("{file}: {error}"))).unwrap()
}

fn every_certificate(folder: &str) -> Vec<Certificate> {
    fn walk(folder: &Path, found: &mut Vec<Certificate>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if let Ok(read) = pem::certificates(&std::fs::read(&path).unwrap()) {
                found.extend(read);
            }
        }
    }
    let mut found = Vec::new();
    walk(&testdata().join(folder), &mut found);
    found.sort_by_key(Certificate::sha256);
    found.dedup();
    found
}

fn domain(anchors: &[Certificate], others: &[Certificate], lists: &[RevocationList]) -> Domain {
    Domain {
        intermediates: others.to_vec(),
        lists: lists.to_vec(),
        revocation: if lists.is_empty() { RevocationPolicy::None } else { RevocationPolicy::Require },
        ..Domain::new("sm2", Purpose::Signer, anchors.to_vec())
    }
}

fn judge(leaf: &Certificate, domain: Domain, when: &str) -> Vec<Check> {
    let trust = Trust::new(vec![domain], Policy::default());
    let question =
        path::Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };
    path::validate(leaf, &question, &mut Context::new(&trust, at(when))).unwrap().checks
}

/// The checks that count against a path.
fn against(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|check| check.effect.is_some()).map(|check| check.id.as_ref()).collect()
}

#[test]
fn real_authorities_lead_to_their_roots() {
    let all = every_certificate("sm2-gmssl/certs");
    let (anchors, others): (Vec<_>, Vec<_>) = all.iter().cloned().partition(Certificate::is_self_issued);
    let mut led = 0;
    for authority in &others {
        let checks = judge(authority, domain(&anchors, &others, &[]), "2022-05-20T00:00:00Z");
        if against(&checks).first() == Some(&"path.built") {
            // The root of some is not in the set: then nobody of the set has their issuer's name.
            let mut above = authority;
            while let Some(next) = all.iter().find(|known| known.subject() == above.issuer() && *known != above) {
                above = next;
            }
            assert!(!above.is_self_issued(), "{} leads nowhere: {checks:#?}", authority.subject());
            continue;
        }
        // An authority signs certificates and lists, no licences.
        assert_eq!(against(&checks), ["path.key-usage"], "{}", authority.subject());
        led += 1;
    }
    assert!(led >= 18, "only {led} of {} authorities lead to a root", others.len());
}

#[test]
fn real_lists_speak_of_real_authorities() {
    let roots = ["ROOTCA", "Civil Servant ROOT", "Device ROOT"];
    let anchors: Vec<_> = roots.iter().flat_map(|name| certificates(&format!("sm2-gmssl/certs/rootca/{name}.pem"))).collect();
    let lists: Vec<_> = roots
        .iter()
        .flat_map(|name| {
            let path = testdata().join(format!("sm2-gmssl/certs/crl/{name}.crl"));
            pem::revocation_lists(&std::fs::read(path).unwrap()).unwrap()
        })
        .collect();
    let authorities = every_certificate("sm2-gmssl/certs");
    let below: Vec<_> = authorities
        .iter()
        .filter(|one| !one.is_self_issued() && anchors.iter().any(|root| root.subject() == one.issuer()))
        .collect();
    assert!(below.len() >= 3, "{below:?}");
    for authority in below {
        let revocation = |when| {
            let checks = judge(authority, domain(&anchors, &[], &lists), when);
            checks.into_iter().find(|check| check.id == "path.revocation").map(|check| check.outcome)
        };
        assert_eq!(revocation("2022-05-20T00:00:00Z"), Some(Outcome::Passed), "{}", authority.subject());
        // The lists are of May and June 2022: of a year later they know nothing.
        assert_eq!(revocation("2023-05-20T00:00:00Z"), Some(Outcome::NotConcluded), "{}", authority.subject());
    }
}

#[test]
fn the_chains_of_a_tls_library() {
    let file = |name: &str| certificates(&format!("sm2-tongsuo/certs/{name}"));
    let chain = file("sm2/chain-ca.crt");
    let (root, middle): (Vec<_>, Vec<_>) = chain.into_iter().partition(Certificate::is_self_issued);
    let expected: [(&str, &[&str]); 10] = [
        ("sm2/client_sign.crt", &[]),
        ("sm2/server_sign.crt", &[]),
        ("sm2/client_enc.crt", &["path.key-usage"]),
        ("sm2/server_enc.crt", &["path.key-usage"]),
        ("sm2/client_sign_expire.crt", &["path.validity"]),
        ("sm2/server_sign_expire.crt", &["path.validity"]),
        ("sm2/client_enc_expire.crt", &["path.validity", "path.key-usage"]),
        ("sm2/server_enc_expire.crt", &["path.validity", "path.key-usage"]),
        ("sm2/server_sign2.crt", &["path.built"]),
        ("sm2/server_enc2.crt", &["path.built"]),
    ];
    for (name, reasons) in expected {
        let checks = judge(&file(name)[0], domain(&root, &middle, &[]), "2026-01-01T00:00:00Z");
        assert_eq!(against(&checks), reasons, "{name}: {checks:#?}");
    }
    let root = file("sm2-root-cert.pem");
    for name in ["sm2-cert.pem", "sm2-first-crt.pem"] {
        assert_eq!(against(&judge(&file(name)[0], domain(&root, &[], &[]), "2026-01-01T00:00:00Z")), [""; 0], "{name}");
    }
    // Signed without the signer's identity: another signature scheme, whatever the algorithm identifier says.
    let without_z =
        judge(&file("sm2-noza-cert.pem")[0], domain(&file("sm2-noza-root-cert.pem"), &[], &[]), "2026-01-01T00:00:00Z");
    assert_eq!(against(&without_z), ["path.built", "path.signatures"]);
    let middle = file("sm2-chain-ca.crt");
    assert_eq!(against(&judge(&file("sm2-leaf.crt")[0], domain(&middle, &[], &[]), "2026-01-01T00:00:00Z")), [""; 0]);
}

#[test]
fn the_double_certificates_of_tlcp() {
    let file = |name: &str| certificates(&format!("sm2-gmssl/demos/{name}"));
    let authorities: Vec<_> =
        ["tlcp_server_cacert.pem", "rootcacert.pem", "cacert.pem"].iter().flat_map(|name| file(name)).collect();
    let pair = file("tlcp_server_double_certs.pem");
    let (mut signs, mut encrypts) = (0, 0);
    // The third of the file is the authority of both.
    let is_leaf = |certificate: &&Certificate| certificate.extensions().basic_constraints().is_ok_and(|basic| !basic.authority);
    for certificate in pair.iter().filter(is_leaf) {
        let checks =
            judge(certificate, domain(&authorities, &authorities, &[]), &certificate.not_before().plus(86_400).to_string());
        match against(&checks).as_slice() {
            [] => signs += 1,
            ["path.key-usage"] => encrypts += 1,
            _ => {}
        }
    }
    assert_eq!((signs, encrypts), (1, 1), "one of the pair signs, the other encrypts: {pair:?}");
}
