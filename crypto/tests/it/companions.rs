//! Evidence of status inside a cryptographic message: it counts as far as its signer is right, and takes nothing back.

use crypto::issue::ocsp::{Answer, OcspBuilder};
use crypto::issue::{CertificateBuilder, CmsBuilder, CrlBuilder, JwsBuilder, KeyType, Reason, Stamp, TokenBuilder};
use crypto::oid::Oid;
use crypto::report::{Report, SubIndication as Sub};
use crypto::x509::ocsp::IdDigest;
use crypto::x509::trust::Policy;
use crypto::x509::{Domain, Evidence, Purpose, RevocationList, Trust};

use crate::world::{ISSUER, World, actor, at, authority, fields, now, report, signed};

fn list(number: u128, made: &str) -> CrlBuilder {
    CrlBuilder::new(number, at(made), Some(at("2026-07-15T00:00:00Z")))
}

fn message(world: &World, shape: impl FnOnce(CmsBuilder<'static>) -> CmsBuilder<'static>) -> Vec<u8> {
    let payload = serde_json::to_vec(&fields(ISSUER)).unwrap();
    shape(CmsBuilder::new(&payload).attributes(Some(signed()))).sign(world.signer.signer())
}

/// What is said by somebody who knows these lists alone.
fn judged(world: &World, known: &[RevocationList], document: &[u8]) -> Report {
    let domain = Domain { lists: known.to_vec(), ..Domain::new("signers", Purpose::Signer, vec![world.root.certificate()]) };
    report(document, &Trust::with_evidence(vec![domain], Policy::default(), Evidence::NONE), now())
}

#[track_caller]
fn says(report: &Report, sub_indication: Option<Sub>) {
    assert_eq!(report.verdict.sub_indication, sub_indication, "{report:#?}");
    assert_eq!(report.verdict.is_passed(), sub_indication.is_none());
}

#[test]
fn lists_inside_count_by_their_signer() {
    let world = World::new();
    let good = list(1, "2026-06-15T00:00:00Z");
    says(&judged(&world, &[], &message(&world, |cms| cms)), Some(Sub::TryLater));
    let by_root = good.issue(&world.root.name, &world.root.key);
    says(&judged(&world, &[], &message(&world, |cms| cms.revocation_list(&by_root))), None);
    // In the root's name, by another key.
    let forger = authority(KeyType::Sm2, "forger");
    let forged = good.issue(&world.root.name, &forger.key);
    says(&judged(&world, &[], &message(&world, |cms| cms.revocation_list(&forged))), Some(Sub::TryLater));
    let revoking = good.revoke(3, at("2026-05-01T00:00:00Z"), Reason::KeyCompromise).issue(&world.root.name, &world.root.key);
    says(&judged(&world, &[], &message(&world, |cms| cms.revocation_list(&revoking))), Some(Sub::Revoked));
}

#[test]
fn responses_inside_count_as_well() {
    let world = World::new();
    let (leaf, root) = (world.signer.certificate(), world.root.certificate());
    let times = (at("2026-06-30T00:00:00Z"), Some(at("2026-07-02T00:00:00Z")));
    let answer = Answer::good(&leaf, &root, IdDigest::SHA256, times);
    let respond = |answer: &Answer| OcspBuilder::new(times.0).answer(answer).issue(&world.root.name, &world.root.key);
    says(&judged(&world, &[], &message(&world, |cms| cms.ocsp_response(&respond(&answer)))), None);
    let revoked = answer.revoked(at("2026-05-01T00:00:00Z"), Reason::KeyCompromise);
    says(&judged(&world, &[], &message(&world, |cms| cms.ocsp_response(&respond(&revoked)))), Some(Sub::Revoked));
}

#[test]
fn what_a_jws_brings_along_counts_by_its_signer() {
    let world = World::new();
    let with = |lists: &[Vec<u8>], responses: &[Vec<u8>]| {
        let jws = JwsBuilder::licence(&fields(ISSUER)).chain(&[&world.signer.der]).signed_at(signed());
        judged(&world, &[], jws.with_evidence(&world.signer.key, lists, responses).as_bytes())
    };
    says(&with(&[], &[]), Some(Sub::TryLater));
    let good = list(1, "2026-06-15T00:00:00Z");
    let by_root = good.issue(&world.root.name, &world.root.key);
    says(&with(&[b"\x30\x00".to_vec(), by_root.clone()], &[b"\x30\x00".to_vec()]), None);
    let forger = authority(KeyType::Sm2, "forger");
    says(&with(&[good.issue(&world.root.name, &forger.key)], &[]), Some(Sub::TryLater));
    let revoking = good.revoke(3, at("2026-05-01T00:00:00Z"), Reason::KeyCompromise);
    says(&with(&[revoking.issue(&world.root.name, &world.root.key)], &[]), Some(Sub::Revoked));
    says(&with(&[vec![b"\x30\x00".to_vec(); 32], vec![by_root]].concat(), &[]), Some(Sub::TryLater));
    let times = (at("2026-06-30T00:00:00Z"), Some(at("2026-07-02T00:00:00Z")));
    let answer = Answer::good(&world.signer.certificate(), &world.root.certificate(), IdDigest::SHA256, times);
    let response = OcspBuilder::new(times.0).answer(&answer).issue(&world.root.name, &world.root.key);
    says(&with(&[], &[response]), None);
}

#[test]
fn what_is_inside_takes_nothing_back() {
    let world = World::new();
    let stale = list(1, "2026-06-15T00:00:00Z").issue(&world.root.name, &world.root.key);
    let newer = list(2, "2026-06-20T00:00:00Z").revoke(3, at("2026-05-01T00:00:00Z"), Reason::KeyCompromise);
    let known = [RevocationList::from_der(&newer.issue(&world.root.name, &world.root.key)).unwrap()];
    says(&judged(&world, &known, &message(&world, |cms| cms.revocation_list(&stale))), Some(Sub::Revoked));
}

#[test]
fn what_cannot_be_read_is_left_out() {
    let world = World::new();
    let good = list(1, "2026-06-15T00:00:00Z").issue(&world.root.name, &world.root.key);
    let odd = message(&world, |cms| cms.revocation_list(b"\x30\x00").ocsp_response(b"\x30\x00").revocation_list(&good));
    says(&judged(&world, &[], &odd), None);
    // What comes after too many is not read.
    let full = message(&world, |cms| (0..32).fold(cms, |cms, _| cms.revocation_list(b"\x30\x00")).revocation_list(&good));
    says(&judged(&world, &[], &full), Some(Sub::TryLater));
}

#[test]
fn a_time_stamp_brings_its_own() {
    let world = World::new();
    let root = authority(KeyType::Sm2, "root of stamps");
    let stamper = actor(&root, KeyType::Sm2, "tsa", 70, CertificateBuilder::time_stamping);
    let tsa = Domain::new("stamps", Purpose::Tsa, vec![root.certificate()]);
    let domains = world.domains().into_iter().chain([tsa]).collect();
    let trust = Trust::new(domains, Policy { require_timestamp: true, ..Policy::default() });
    let good = list(1, "2026-06-15T00:00:00Z").issue(&root.name, &root.key);
    let judged = |token: &TokenBuilder<'_>| {
        let stamp = |value: &[u8]| token.build(value, stamper.signer());
        let payload = serde_json::to_vec(&fields(ISSUER)).unwrap();
        let cms = CmsBuilder::new(&payload).attributes(Some(signed())).stamped(Stamp(&stamp));
        report(&cms.sign(world.signer.signer()), &trust, now())
    };
    let token = TokenBuilder::new(signed().plus(60), 1, Oid(b"\x2a\x03\x04"));
    says(&judged(&token), Some(Sub::NoPoe));
    says(&judged(&token.revocation_list(&good)), None);
}
