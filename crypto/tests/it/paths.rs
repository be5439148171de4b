//! Paths and revocation as a signer's certificate meets them: good, revoked, or no conclusion, at any time.

use crypto::issue::crl::{CrlBuilder, Reason};
use crypto::issue::ofd::OfdBuilder;
use crypto::issue::seal::SealVersion;
use crypto::issue::{CertificateBuilder, JwsBuilder, KeyType, OfdSignature, Usage, zip};
use crypto::oid::Oid;
use crypto::report::{Indication, Outcome, Report, Role, SubIndication};
use crypto::sig::Algorithm;
use crypto::time::Timestamp;
use crypto::x509::trust::{AlgorithmRule, Policy, RevocationPolicy};
use crypto::x509::{Domain, Purpose, RevocationList, Trust};

use crate::world::{Actor, ISSUER, World, actor, at, authority, failing, fields, now, outcome, report, signed};

/// A JWS signed by `signer`, judged with these domains for signers.
fn judge(signer: &Actor, chain: &[&[u8]], domain: Domain) -> Report {
    judge_at(signer, chain, domain, now())
}

fn judge_at(signer: &Actor, chain: &[&[u8]], domain: Domain, when: Timestamp) -> Report {
    let jws = JwsBuilder::licence(&fields(ISSUER)).chain(chain).signed_at(signed()).compact(&signer.key);
    report(jws.as_bytes(), &Trust::new(vec![domain], Policy::default()), when)
}

fn unlisted(anchors: &[&Actor]) -> Domain {
    let anchors = anchors.iter().map(|anchor| anchor.certificate()).collect();
    Domain { revocation: RevocationPolicy::None, ..Domain::new("signers", Purpose::Signer, anchors) }
}

#[track_caller]
fn sub(report: &Report, expected: SubIndication) {
    assert_eq!(report.verdict.sub_indication, Some(expected), "{report:#?}");
}

#[test]
fn every_algorithm_and_mixed_chains() {
    for (root_kind, leaf_kind) in [
        (KeyType::Sm2, KeyType::Sm2),
        (KeyType::P256, KeyType::P256),
        (KeyType::Ed25519, KeyType::Ed25519),
        (KeyType::Sm2, KeyType::P256),
        (KeyType::P256, KeyType::Sm2),
        (KeyType::Ed25519, KeyType::Sm2),
    ] {
        let root = authority(root_kind, "root");
        let signer = actor(&root, leaf_kind, "signer", 3, |builder| builder.signer().organisation_code(ISSUER));
        let report = judge(&signer, &[&signer.der], unlisted(&[&root]));
        assert_eq!(report.verdict.indication, Indication::TotalPassed, "{root_kind:?} {leaf_kind:?} {report:#?}");
    }
}

#[test]
fn intermediates_come_with_the_document_or_from_the_trust() {
    let root = authority(KeyType::Sm2, "root");
    let middle = actor(&root, KeyType::Sm2, "middle", 2, |builder| builder.authority(Some(0)));
    let signer = actor(&middle, KeyType::Sm2, "signer", 3, |builder| builder.signer().organisation_code(ISSUER));
    let with = judge(&signer, &[&signer.der, &middle.der], unlisted(&[&root]));
    assert_eq!(with.verdict.indication, Indication::TotalPassed, "{with:#?}");
    assert_eq!(with.signatures[0].chain.len(), 3);
    sub(&judge(&signer, &[&signer.der], unlisted(&[&root])), SubIndication::NoCertificateChainFound);
    let known = Domain { intermediates: vec![middle.certificate()], ..unlisted(&[&root]) };
    assert_eq!(judge(&signer, &[&signer.der], known).verdict.indication, Indication::TotalPassed);
    // The path length of the middle one allows no authority below it.
    let lower = actor(&middle, KeyType::Sm2, "lower", 4, |builder| builder.authority(None));
    let deep = actor(&lower, KeyType::Sm2, "deep", 5, |builder| builder.signer().organisation_code(ISSUER));
    let report = judge(&deep, &[&deep.der, &lower.der, &middle.der], unlisted(&[&root]));
    sub(&report, SubIndication::ChainConstraintsFailure);
}

#[test]
fn those_who_may_not_issue() {
    let root = authority(KeyType::Sm2, "root");
    let signer_as_issuer = actor(&root, KeyType::Sm2, "no authority", 2, |builder| builder.signer());
    let without_usage = actor(&root, KeyType::Sm2, "no usage", 3, |builder| builder.ca(None).usage(&[Usage::DigitalSignature]));
    for issuer in [signer_as_issuer, without_usage] {
        let leaf = actor(&issuer, KeyType::Sm2, "leaf", 9, |builder| builder.signer().organisation_code(ISSUER));
        let report = judge(&leaf, &[&leaf.der, &issuer.der], unlisted(&[&root]));
        sub(&report, SubIndication::ChainConstraintsFailure);
        assert_eq!(outcome(&report, "path.constraints"), Outcome::Failed);
    }
    // A certificate that only carries the root's name.
    let forger = authority(KeyType::Sm2, "forger");
    let forged = CertificateBuilder::new(&forger.name, &forger.key, 7).signer().without_key_ids().issue(&root.name, &forger.key);
    let forged = Actor { der: forged, ..forger };
    let report = judge(&forged, &[&forged.der], unlisted(&[&root]));
    sub(&report, SubIndication::CertificateChainGeneralFailure);
    assert_eq!(outcome(&report, "path.signatures"), Outcome::Failed);
}

#[test]
fn encryption_certificates_and_unknown_critical_extensions() {
    let root = authority(KeyType::Sm2, "root");
    let encrypts = |builder: CertificateBuilder| {
        builder.not_ca().usage(&[Usage::KeyEncipherment, Usage::DataEncipherment, Usage::KeyAgreement]).organisation_code(ISSUER)
    };
    let encryption = actor(&root, KeyType::Sm2, "encryption", 3, encrypts);
    let report = judge(&encryption, &[&encryption.der], unlisted(&[&root]));
    assert_eq!(failing(&report), ["path.key-usage"], "{report:#?}");
    let odd = |builder: CertificateBuilder| builder.signer().organisation_code(ISSUER).extension(Oid::EMAIL, true, &[5, 0]);
    let unknown = actor(&root, KeyType::Sm2, "unknown", 4, odd);
    assert_eq!(failing(&judge(&unknown, &[&unknown.der], unlisted(&[&root]))), ["path.constraints"]);
    // Known, and not to be read: refused where it is critical.
    for (critical, expected) in [(true, &["path.constraints"][..]), (false, &[])] {
        let names = |builder: CertificateBuilder| {
            builder.signer().organisation_code(ISSUER).extension(Oid::SUBJECT_ALT_NAME, critical, b"example.com")
        };
        let malformed = actor(&root, KeyType::Sm2, "malformed", 5, names);
        assert_eq!(failing(&judge(&malformed, &[&malformed.der], unlisted(&[&root]))), expected);
    }
}

#[test]
fn algorithms_end_at_a_date() {
    let world = World::new();
    let until =
        |until| Domain { algorithms: vec![AlgorithmRule { algorithm: Algorithm::Sm2Sm3, until }], ..unlisted(&[&world.root]) };
    let judge = |domain| judge(&world.signer, &[&world.signer.der], domain);
    assert!(judge(until(None)).verdict.is_passed());
    sub(&judge(until(Some(at("2026-06-30T00:00:00Z")))), SubIndication::CryptoConstraintsFailureNoPoe);
    sub(&judge(until(Some(at("2026-05-30T00:00:00Z")))), SubIndication::CryptoConstraintsFailure);
    let only_rsa = Domain { algorithms: vec![AlgorithmRule { algorithm: Algorithm::RsaPssSha256, until: None }], ..until(None) };
    sub(&judge(only_rsa), SubIndication::CryptoConstraintsFailure);
}

/// Good, revoked, or no conclusion: the signer's certificate has serial number 3 and signed on 2026-06-01.
#[test]
fn three_states_of_revocation() {
    let document = |world: &World| {
        let seal = world.seal(SealVersion::V4);
        OfdBuilder::new(&fields(ISSUER), "示例证照")
            .sign(OfdSignature::seal(world.signer.signer(), SealVersion::V4, &seal, signed()))
            .build()
    };
    let before = World::with(KeyType::Sm2, &[(3, at("2026-05-01T00:00:00Z"))]);
    let revoked = before.report(&document(&before));
    assert_eq!(revoked.verdict.indication, Indication::TotalFailed, "{revoked:#?}");
    sub(&revoked, SubIndication::Revoked);
    let after = World::with(KeyType::Sm2, &[(3, at("2026-06-10T00:00:00Z"))]);
    sub(&after.report(&document(&after)), SubIndication::RevokedNoPoe);
    // Asked for a moment before the revocation, it was good; the list of later knows that.
    let earlier = report(&document(&after), &after.trust(), at("2026-06-05T00:00:00Z"));
    assert_eq!(earlier.verdict.indication, Indication::TotalPassed, "{earlier:#?}");
    assert_eq!(earlier.holds_until, Some(at("2026-06-10T00:00:00Z")), "the answer changes when the revocation takes effect");
    // Once the list is out of date, nothing is concluded from it.
    let good = World::new();
    let stale = report(&document(&good), &good.trust(), at("2026-08-01T00:00:00Z"));
    sub(&stale, SubIndication::TryLater);
    assert_eq!(stale.verdict.indication, Indication::Indeterminate);
    // Somebody else's revocation is nobody's business here.
    let other = World::with(KeyType::Sm2, &[(4, at("2026-05-01T00:00:00Z"))]);
    assert!(other.report(&document(&other)).verdict.is_passed());
    let maker = World::with(KeyType::Sm2, &[(2, at("2026-05-01T00:00:00Z"))]);
    let report = maker.report(&document(&maker));
    sub(&report, SubIndication::Revoked);
    let check = report.signatures[0].checks.iter().find(|check| check.effect.is_some()).unwrap();
    assert_eq!((&*check.id, check.role), ("path.revocation", Some(Role::SealMaker)));
}

#[test]
fn lists_that_say_nothing() {
    let world = World::new();
    let document = zip::zip(&world.files(SealVersion::V4));
    let with = |lists: Vec<RevocationList>, revocation| {
        let mut domains = world.domains();
        for domain in &mut domains {
            domain.lists.clone_from(&lists);
            domain.revocation = revocation;
        }
        report(&document, &Trust::new(domains, Policy::default()), now())
    };
    sub(&with(Vec::new(), RevocationPolicy::Require), SubIndication::TryLater);
    let soft = with(Vec::new(), RevocationPolicy::IfAvailable);
    assert!(soft.verdict.is_passed());
    assert!(soft.warnings.iter().any(|check| check.id == "path.revocation"), "{:#?}", soft.warnings);
    assert!(with(Vec::new(), RevocationPolicy::None).verdict.is_passed());
    let build = |shape: fn(CrlBuilder) -> CrlBuilder, key| {
        let list = CrlBuilder::new(1, at("2026-06-15T00:00:00Z"), Some(at("2026-07-15T00:00:00Z")));
        vec![RevocationList::from_der(&shape(list).issue(&world.root.name, key)).unwrap()]
    };
    // Signed by somebody else under the issuer's name; a partition of a list; one on hold.
    sub(&with(build(|list| list, &world.other.key), RevocationPolicy::Require), SubIndication::TryLater);
    let partition = build(|list| list.extension(Oid::ISSUING_DISTRIBUTION_POINT, true, &[0x30, 0]), &world.root.key);
    sub(&with(partition, RevocationPolicy::Require), SubIndication::TryLater);
    let hold = build(|list| list.revoke(3, at("2026-05-01T00:00:00Z"), Reason::CertificateHold), &world.root.key);
    let held = with(hold, RevocationPolicy::Require);
    assert_eq!(held.verdict.indication, Indication::Indeterminate);
    sub(&held, SubIndication::TryLater);
}

#[test]
fn jws_headers() {
    let world = World::new();
    let trust = Trust::new(vec![unlisted(&[&world.root])], Policy::default());
    let judge = |jws: String| report(jws.as_bytes(), &trust, now());
    let good = || JwsBuilder::licence(&fields(ISSUER)).chain(&[&world.signer.der]).signed_at(signed());
    assert!(judge(good().compact(&world.signer.key)).verdict.is_passed());
    assert!(judge(good().flattened(&world.signer.key)).verdict.is_passed());
    for (name, value) in [
        ("alg", serde_json::json!("none")),
        ("alg", serde_json::json!("HS256")),
        ("crit", serde_json::json!(["exp"])),
        ("b64", serde_json::json!(false)),
    ] {
        let report = judge(good().header(name, value).compact(&world.signer.key));
        assert_eq!(outcome(&report, "jws.header"), Outcome::Failed, "{name}");
        assert_eq!(report.verdict.indication, Indication::TotalFailed);
    }
    // The algorithm of another kind of key.
    let confused = judge(good().header("alg", serde_json::json!("ES256")).compact(&world.signer.key));
    assert_eq!(outcome(&confused, "signature.value"), Outcome::Failed);
    let other_key = judge(good().compact(&world.other.key));
    assert_eq!(other_key.verdict.sub_indication, Some(SubIndication::SigCryptoFailure));
    let undated = JwsBuilder::licence(&fields(ISSUER)).chain(&[&world.signer.der]).compact(&world.signer.key);
    assert_eq!(outcome(&judge(undated), "signature.time"), Outcome::NotConcluded);
}
