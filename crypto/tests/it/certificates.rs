//! Real SM2 certificates and revocation lists, and those of another implementation: each verifies as its README says.

use std::path::{Path, PathBuf};

use crypto::x509::{Certificate, RevocationList, pem};

use crate::testdata;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn certificates(folder: &str, endings: &[&str]) -> Vec<(String, Certificate)> {
    let mut all = Vec::new();
    for path in files(&testdata().join(folder)) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if endings.iter().any(|ending| name.ends_with(ending)) && !name.contains("csr") {
            let read = pem::certificates(&std::fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            all.extend(read.into_iter().map(|certificate| (name.clone(), certificate)));
        }
    }
    all
}

fn issued<'a>(certificate: &Certificate, all: &'a [(String, Certificate)]) -> Vec<&'a Certificate> {
    all.iter().map(|(_, issuer)| issuer).filter(|issuer| issuer.subject() == certificate.issuer()).collect()
}

fn verifies(certificate: &Certificate, issuers: &[&Certificate]) -> bool {
    issuers.iter().any(|issuer| issuer.key().is_some_and(|key| certificate.verify_signature(key).is_ok()))
}

#[test]
fn real_authorities_verify_against_their_issuers() {
    let all = certificates("sm2-gmssl/certs", &[".pem", ".cer", ".p7b"]);
    let mut verified = 0;
    for (name, certificate) in &all {
        let issuers = issued(certificate, &all);
        if issuers.is_empty() {
            continue; // Some issuers are not in the set.
        }
        assert!(verifies(certificate, &issuers), "{name}: {}", certificate.subject());
        verified += 1;
    }
    assert!(verified >= 24, "only {verified} of {} have their issuer in the set", all.len());
}

#[test]
fn real_revocation_lists_verify() {
    let roots = certificates("sm2-gmssl/certs/rootca", &[".pem"]);
    let mut checked = 0;
    for path in files(&testdata().join("sm2-gmssl/certs/crl")) {
        let lists = pem::revocation_lists(&std::fs::read(&path).unwrap()).unwrap();
        for list in lists {
            let issuer = roots.iter().find(|(_, root)| root.subject() == list.issuer()).map(|(_, root)| root).unwrap();
            assert!(list.verify_signature(issuer.key().unwrap()).is_ok(), "{}", path.display());
            assert!(list.next_update().is_some_and(|next| next > list.this_update()));
            assert!(list.is_complete(), "{}", path.display());
            checked += 1;
        }
    }
    assert_eq!(checked, 3);
}

#[test]
fn a_flipped_bit_in_a_real_list_is_noticed() {
    let roots = certificates("sm2-gmssl/certs/rootca", &["ROOTCA.pem"]);
    let path = testdata().join("sm2-gmssl/certs/crl/ROOTCA.crl");
    let text = std::fs::read(path).unwrap();
    let mut der = match std::str::from_utf8(&text) {
        Ok(text) if text.contains("BEGIN") => pem::blocks(text, "X509 CRL").unwrap().remove(0),
        _ => text,
    };
    let middle = der.len() / 2;
    der[middle] ^= 1;
    let verified = RevocationList::from_der(&der).is_ok_and(|list| list.verify_signature(roots[0].1.key().unwrap()).is_ok());
    assert!(!verified);
}

#[test]
fn demonstration_chains_verify() {
    let all = certificates("sm2-gmssl/demos", &[".pem"]);
    let mut verified = 0;
    for (name, certificate) in &all {
        let issuers = issued(certificate, &all);
        if !issuers.is_empty() {
            assert!(verifies(certificate, &issuers), "{name}: {}", certificate.subject());
            verified += 1;
        }
    }
    assert!(verified >= 5, "{verified}");
}

#[test]
fn another_implementations_certificates() {
    let all = certificates("sm2-tongsuo/certs", &[".pem", ".crt"]);
    let mut counts = (0, 0, 0);
    for (name, certificate) in &all {
        let issuers = issued(certificate, &all);
        let without_z = name.contains("noza");
        match (verifies(certificate, &issuers), without_z, issuers.is_empty()) {
            (false, true, _) => counts.0 += 1,
            (true, false, _) => counts.1 += 1,
            (false, false, _) if name.ends_with("2.crt") => counts.2 += 1, // Their issuer is not in the set.
            (verified, ..) => panic!("{name}: verified {verified}, {} issuers", issuers.len()),
        }
    }
    assert_eq!((counts.0, counts.2), (2, 2), "no-Z refused, issuer absent");
    assert!(counts.1 >= 12, "{counts:?}");
}
