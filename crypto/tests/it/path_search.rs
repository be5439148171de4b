//! How paths are found: the right one early, among many wrong ones, and never by more work than the limits allow.

use crypto::context::Context;
use crypto::issue::{CertificateBuilder, KeyType, Name, SigningKey};
use crypto::oid::Oid;
use crypto::report::{Outcome, Role, SubIndication, Verdict};
use crypto::x509::path::{self, Answer, Lifetime, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, Trust};

use crate::world::{Actor, actor, at, authority, now};

const KIND: KeyType = KeyType::Ed25519;

fn domain(anchors: &[&Actor]) -> Domain {
    let anchors = anchors.iter().map(|anchor| anchor.certificate()).collect();
    Domain { revocation: RevocationPolicy::None, ..Domain::new("signers", Purpose::Signer, anchors) }
}

fn search(leaf: &Actor, companions: &[Certificate], domain: Domain) -> (Verdict, Answer) {
    let trust = Trust::new(vec![domain], Policy::default());
    let mut context = Context::new(&trust, now());
    context.certificates = companions;
    let question =
        Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };
    let answer = path::validate(&leaf.certificate(), &question, &mut context).unwrap();
    assert_eq!(answer.checks.iter().filter(|check| check.id == "path.built").count(), 1, "{answer:?}");
    assert!((0..100).all(|_| context.budget.spend_signature().is_ok()) || answer.domain.is_none(), "the search took too much");
    (Verdict::of(answer.checks.iter()), answer)
}

/// Hundreds of authorities of one name, none of which is the one that signed.
fn flood(name: &Name, shape: fn(CertificateBuilder) -> CertificateBuilder) -> Vec<Certificate> {
    let forged = |n: u128| {
        let key = SigningKey::from_label(KIND, &format!("flood {n}"));
        let builder = shape(CertificateBuilder::new(name, &key, n).authority(None));
        Certificate::from_der(&builder.self_signed(&key)).unwrap()
    };
    (1..=300).map(forged).collect()
}

#[test]
fn the_right_issuer_is_found_in_a_flood_of_its_name() {
    let root = authority(KIND, "root");
    let middle = actor(&root, KIND, "middle", 2, |builder| builder.authority(None));
    let leaf = actor(&middle, KIND, "leaf", 3, |builder| builder.signer());
    // Its key identifier tells the right one.
    let mut companions = flood(&middle.name, |builder| builder);
    companions.push(middle.certificate());
    let (verdict, answer) = search(&leaf, &companions, domain(&[&root]));
    assert!(verdict.is_passed(), "{answer:?}");
    assert_eq!(answer.chain.len(), 3);
    // What the trust knows comes before what the document brought.
    let silent = flood(&middle.name, CertificateBuilder::without_key_ids);
    let known = Domain { intermediates: vec![middle.certificate()], ..domain(&[&root]) };
    assert!(search(&leaf, &silent, known).0.is_passed());
}

#[test]
fn a_search_that_limits_ended_says_so() {
    let root = authority(KIND, "root");
    let middle = actor(&root, KIND, "middle", 2, |builder| builder.authority(None));
    let leaf = actor(&middle, KIND, "leaf", 3, |builder| builder.signer());
    let (verdict, answer) = search(&leaf, &flood(&middle.name, CertificateBuilder::without_key_ids), domain(&[&root]));
    assert_eq!(verdict, Verdict::indeterminate(SubIndication::NoCertificateChainFound));
    assert_eq!(answer.checks[0].outcome, Outcome::NotConcluded, "{answer:?}");
    // A few are tried to the end.
    let (verdict, answer) = search(&leaf, &flood(&middle.name, |builder| builder)[..3], domain(&[&root]));
    assert_eq!(verdict, Verdict::indeterminate(SubIndication::NoCertificateChainFound));
    assert_eq!(answer.checks[0].outcome, Outcome::Failed, "{answer:?}");
}

#[test]
fn circles_are_left() {
    let (one, two) = (authority(KIND, "one"), authority(KIND, "two"));
    let cross = |subject: &Actor, issuer: &Actor, serial| {
        let der = CertificateBuilder::new(&subject.name, &subject.key, serial).authority(None).issue(&issuer.name, &issuer.key);
        Certificate::from_der(&der).unwrap()
    };
    let leaf = actor(&one, KIND, "leaf", 3, |builder| builder.signer());
    let root = authority(KIND, "root");
    let circle = [cross(&one, &two, 5), cross(&two, &one, 6), one.certificate(), two.certificate()];
    let (_, answer) = search(&leaf, &circle, domain(&[&root]));
    assert_eq!(answer.checks[0].outcome, Outcome::Failed, "nothing was left untried: {answer:?}");
    let way_out: Vec<Certificate> = circle.into_iter().chain([cross(&two, &root, 7)]).collect();
    let (verdict, answer) = search(&leaf, &way_out, domain(&[&root]));
    assert!(verdict.is_passed());
    assert_eq!(answer.chain.len(), 4);
}

#[test]
fn another_path_is_taken_where_the_first_is_bad() {
    let root = authority(KIND, "root");
    let middle = authority(KIND, "middle");
    let issue = |serial: u128, until| {
        let builder = CertificateBuilder::new(&middle.name, &middle.key, serial).valid(at("2020-01-01T00:00:00Z"), at(until));
        Certificate::from_der(&builder.authority(None).issue(&root.name, &root.key)).unwrap()
    };
    let leaf = actor(&middle, KIND, "leaf", 3, |builder| builder.signer());
    let (expired, good) = (issue(2, "2025-01-01T00:00:00Z"), issue(3, "2030-01-01T00:00:00Z"));
    for companions in [[expired.clone(), good.clone()], [good, expired.clone()]] {
        let (verdict, answer) = search(&leaf, &companions, domain(&[&root]));
        assert!(verdict.is_passed(), "{answer:?}");
    }
    assert_eq!(search(&leaf, &[expired], domain(&[&root])).0, Verdict::indeterminate(SubIndication::OutOfBoundsNoPoe));
}

#[test]
fn a_domain_says_how_many_authorities_may_stand_between() {
    let root = authority(KIND, "root");
    let upper = actor(&root, KIND, "upper", 2, |builder| builder.authority(None));
    let lower = actor(&upper, KIND, "lower", 3, |builder| builder.authority(None));
    let leaf = actor(&lower, KIND, "leaf", 4, |builder| builder.signer());
    let companions = [upper.certificate(), lower.certificate()];
    for (intermediates_max, expected) in [(6, true), (2, true), (1, false), (0, false)] {
        let found = search(&leaf, &companions, Domain { intermediates_max, ..domain(&[&root]) }).0;
        assert_eq!(found.is_passed(), expected, "{intermediates_max}");
    }
    assert!(search(&upper, &[], Domain { intermediates_max: 0, ..domain(&[&root]) }).1.domain.is_some());
    let generation = |domain| Trust::new(vec![domain], Policy::default()).generation();
    assert_ne!(generation(domain(&[&root])), generation(Domain { intermediates_max: 1, ..domain(&[&root]) }));
}

#[test]
fn names_chain_although_they_are_written_differently() {
    let root = authority(KIND, "root");
    let written = |organisation: &str, common: &str| {
        Name::empty().with(Oid::COUNTRY, "cn").with(Oid::ORGANISATION, organisation).with(Oid::COMMON_NAME, common)
    };
    let key = SigningKey::from_label(KIND, "leaf");
    for (issuer, expected) in [(written("示例认证机构", " ROOT "), true), (written("示例认证机构", "root 2"), false)]
    {
        let der = CertificateBuilder::new(&written("o", "leaf"), &key, 7).signer().issue(&issuer, &root.key);
        let leaf = Actor { name: written("o", "leaf"), key: SigningKey::from_label(KIND, "leaf"), der };
        assert_eq!(search(&leaf, &[], domain(&[&root])).0.is_passed(), expected, "{issuer:?}");
    }
}
