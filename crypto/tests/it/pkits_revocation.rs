//! NIST PKITS, the sections about revocation: 4.4 (lists), 4.5.4 and 4.5.6 (two keys under one name), 4.14 (distribution points,
//! indirect lists, some reasons), 4.15 (delta lists).

use std::fs;

use crypto::context::Context;
use crypto::report::{Check, Outcome, Role, Verdict};
use crypto::time::Timestamp;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::trust::Policy;
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust};
use serde_json::Value;

use crate::testdata;

const QUESTION: Question =
    Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(testdata().join("pkits").join(folder)).unwrap().map(Result::unwrap);
    let mut all: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    all.sort();
    all
}

fn is_ours(id: &str) -> bool {
    ["4.4.", "4.14.", "4.15."].iter().any(|section| id.starts_with(section)) || ["4.5.4", "4.5.6"].contains(&id)
}

#[test]
fn every_case_about_revocation() {
    let manifest: Value = serde_json::from_slice(&fs::read(testdata().join("pkits/pkits-manifest.json")).unwrap()).unwrap();
    let certificates = files("certs");
    let find = |name: &str| {
        let (_, der) = certificates.iter().find(|(file, _)| file == name.trim_start_matches("certs/")).unwrap();
        Certificate::from_der(der).unwrap()
    };
    let authorities = certificates.iter().filter(|(name, _)| !name.ends_with("EE.crt"));
    let authorities: Vec<Certificate> = authorities.filter_map(|(_, der)| Certificate::from_der(der).ok()).collect();
    let lists: Vec<RevocationList> = files("crls").iter().filter_map(|(_, der)| RevocationList::from_der(der).ok()).collect();
    assert!(lists.len() > 160, "{} lists could be read", lists.len());
    let anchor = find(manifest["trust_anchor"].as_str().unwrap());
    let domain = Domain { intermediates: authorities, lists, ..Domain::new("pkits", Purpose::Signer, vec![anchor]) };
    let trust = Trust::new(vec![domain], Policy::default());
    let now = Timestamp::from_unix(manifest["validation_time_unix"].as_i64().unwrap());

    let (mut asked, mut wrong) = (0, Vec::new());
    for case in manifest["tests"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if !is_ours(id) {
            continue;
        }
        asked += 1;
        let companions: Vec<Certificate> =
            case["intermediates"].as_array().unwrap().iter().map(|name| find(name.as_str().unwrap())).collect();
        let mut context = Context::new(&trust, now);
        context.certificates = &companions;
        let answer = path::validate(&find(case["target"].as_str().unwrap()), &QUESTION, &mut context).unwrap();
        let passed = Verdict::of(answer.checks.iter()).is_passed();
        let status = answer.checks.iter().find(|check| check.id == "path.revocation");
        let revoked = status.is_some_and(|check: &Check| check.outcome == Outcome::Failed);
        let right = match case["hint"].as_str() {
            Some("CertificateRevoked") => revoked,
            _ => passed == (case["expected"] == "valid"),
        };
        if !right {
            wrong.push(format!("{id} {} {status:#?}", case["target"]));
        }
    }
    assert_eq!(asked, 21 + 2 + 35 + 10);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
