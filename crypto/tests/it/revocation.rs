//! The status of a certificate by revocation lists: full, delta, partitioned, indirect, old ones and new ones.

use crypto::issue::crl::{CrlBuilder, Entry, Reason};
use crypto::issue::point::{ListScope, Point};
use crypto::issue::{CertificateBuilder, KeyType, Usage};
use crypto::oid::Oid;
use crypto::report::{Outcome, SubIndication};
use crypto::sig::Algorithm;
use crypto::x509::path::Lifetime;
use crypto::x509::trust::AlgorithmRule;
use crypto::x509::{Evidence, RevocationList};

use crate::status::{Bench, good, lists, open, revoked};
use crate::world::{Actor, actor, at, authority};

const STALE: &str = "do not speak of the moment";
const NOTHING: &str = "no revocation list";
const HOLD: &str = "on hold";
const ODD: &str = "no number";
const URI: &str = "http://crl.example/1.crl";
/// Where the lists about those who issue lists come from.
const ABOVE: &str = "http://crl.example/above.crl";

/// A list with this number, made on one day of June 2026 and due on another, at midnight.
fn june(number: u128, from: u8, until: u8) -> CrlBuilder {
    let day = |day: u8| at(&format!("2026-06-{day:02}T00:00:00Z"));
    CrlBuilder::new(number, day(from), Some(day(until)))
}

fn plain() -> Bench {
    Bench::new(|builder| builder)
}

fn signed(list: &CrlBuilder, issuer: &Actor) -> Vec<u8> {
    list.issue(&issuer.name, &issuer.key)
}

fn hold(serial: u128, when: &str) -> Entry {
    Entry::new(serial, at(when), Reason::CertificateHold)
}

fn compromise(when: &str) -> Entry {
    Entry::new(3, at(when), Reason::KeyCompromise)
}

#[test]
fn three_states() {
    let bench = plain();
    let by = |list: &CrlBuilder| bench.judge(&lists(&[signed(list, &bench.root)]), "2026-06-10T00:00:00Z");
    good(&by(&june(1, 1, 20)));
    let check = by(&june(1, 1, 20).entry(&compromise("2026-05-05T00:00:00Z")));
    revoked(&check);
    assert_eq!(check.inputs["revoked_at"], "2026-05-05T00:00:00Z");
    assert_eq!((&*check.inputs["reason_code"], &*check.inputs["by"]), ("1", "revocation list"));
    good(&by(&june(1, 1, 20).revoke(4, at("2026-05-05T00:00:00Z"), Reason::KeyCompromise)));
    let check = by(&june(1, 1, 5));
    open(&check, STALE);
    assert_eq!((&*check.inputs["newest"], &*check.inputs["age_s"]), ("2026-06-01T00:00:00Z", "777600"));
    open(&bench.judge(Evidence::NONE, "2026-06-10T00:00:00Z"), NOTHING);
    let forged = june(1, 1, 20).issue(&bench.root.name, &bench.leaf.key);
    open(&bench.judge(&lists(&[forged]), "2026-06-10T00:00:00Z"), NOTHING);
}

#[test]
fn clocks_may_differ_by_some_seconds() {
    let bench = plain();
    let list = lists(&[signed(&june(1, 10, 20), &bench.root)]);
    good(&bench.judge(&list, "2026-06-09T23:59:58Z"));
    good(&bench.judge(&list, "2026-06-20T00:04:59Z"));
    open(&bench.judge(&list, "2026-06-20T00:05:01Z"), STALE);
}

#[test]
fn delta_lists_sit_on_complete_ones() {
    let bench = plain();
    let by = |all: &[&CrlBuilder], when: &str| {
        let all: Vec<Vec<u8>> = all.iter().map(|list| signed(list, &bench.root)).collect();
        bench.judge(&lists(&all), when)
    };
    let (base, held) = (june(10, 1, 8), june(10, 1, 8).entry(&hold(3, "2026-05-20T00:00:00Z")));
    let delta = || june(12, 9, 20).delta(10);
    // Together they are as fresh as the delta; alone it shows nothing, but revokes.
    good(&by(&[&base, &delta()], "2026-06-10T00:00:00Z"));
    open(&by(&[&base], "2026-06-10T00:00:00Z"), STALE);
    open(&by(&[&delta()], "2026-06-10T00:00:00Z"), STALE);
    revoked(&by(&[&delta().entry(&compromise("2026-06-08T00:00:00Z"))], "2026-06-10T00:00:00Z"));
    revoked(&by(&[&base, &delta().entry(&compromise("2026-06-08T00:00:00Z"))], "2026-06-10T00:00:00Z"));
    // What the base holds is held until the delta lifts it.
    open(&by(&[&held, &delta()], "2026-06-10T00:00:00Z"), HOLD);
    let lifted = delta().entry(&Entry::new(3, at("2026-06-09T00:00:00Z"), Reason::RemoveFromCrl));
    good(&by(&[&held, &lifted], "2026-06-10T00:00:00Z"));
    // A delta for a later base, for another partition, and one with a lower number than the base.
    open(&by(&[&base, &june(12, 9, 20).delta(11)], "2026-06-10T00:00:00Z"), STALE);
    open(&by(&[&base, &delta().scope(&ListScope::default().users())], "2026-06-10T00:00:00Z"), STALE);
    open(&by(&[&june(13, 1, 8), &delta()], "2026-06-10T00:00:00Z"), STALE);
}

#[test]
fn numbers_count_more_than_dates() {
    let bench = plain();
    let replayed = signed(&june(4, 9, 20), &bench.root);
    let known = signed(&june(5, 1, 8), &bench.root);
    good(&bench.judge(&lists(std::slice::from_ref(&replayed)), "2026-06-10T00:00:00Z"));
    open(&bench.judge_own(&lists(&[replayed, known]), "2026-06-10T00:00:00Z"), STALE);
    // Without a number, or with one that claims to be critical, a list shows nothing and revokes all the same.
    let critical = june(1, 1, 20).without_number().extension(Oid::CRL_NUMBER, true, &[2, 1, 9]);
    open(&bench.judge(&lists(&[signed(&critical, &bench.root)]), "2026-06-10T00:00:00Z"), ODD);
    open(&bench.judge(&lists(&[signed(&june(1, 1, 20).without_number(), &bench.root)]), "2026-06-10T00:00:00Z"), ODD);
    let list = critical.entry(&compromise("2026-05-05T00:00:00Z"));
    revoked(&bench.judge(&lists(&[signed(&list, &bench.root)]), "2026-06-10T00:00:00Z"));
}

#[test]
fn unknown_critical_extensions_never_clear() {
    let bench = plain();
    let by = |list: &CrlBuilder| bench.judge(&lists(&[signed(list, &bench.root)]), "2026-06-10T00:00:00Z");
    let odd_list = june(1, 1, 20).extension(Oid::EMAIL, true, &[5, 0]);
    let odd_entry =
        june(1, 1, 20).entry(&Entry::new(9, at("2026-05-05T00:00:00Z"), Reason::Superseded).extension(Oid::EMAIL, true, &[5, 0]));
    for list in [odd_list, odd_entry] {
        open(&by(&list), ODD);
        revoked(&by(&list.entry(&compromise("2026-05-05T00:00:00Z"))));
    }
    good(&by(&june(1, 1, 20).extension(Oid::EMAIL, false, &[5, 0])));
}

#[test]
fn partitions_by_holder_and_by_point() {
    let bench = Bench::new(|builder| builder.crl_points(&[Point::at_uri(URI)]));
    let by =
        |scope: &ListScope| bench.judge(&lists(&[signed(&june(1, 1, 20).scope(scope), &bench.root)]), "2026-06-10T00:00:00Z");
    good(&by(&ListScope::default().users()));
    good(&by(&ListScope::default().at_uri(URI)));
    good(&by(&ListScope::default().at_uri(URI).users()));
    open(&by(&ListScope::default().authorities()), STALE);
    open(&by(&ListScope::default().at_uri("http://crl.example/2.crl")), STALE);
    open(&by(&ListScope::default().at_directory(&bench.root.name).authorities()), STALE);
    // A certificate without points is covered by the list of the issuer's own entry alone.
    let bare = plain();
    let scope = ListScope::default().at_directory(&bare.root.name);
    good(&bare.judge(&lists(&[signed(&june(1, 1, 20).scope(&scope), &bare.root)]), "2026-06-10T00:00:00Z"));
    let elsewhere = ListScope::default().at_uri(URI);
    open(&bare.judge(&lists(&[signed(&june(1, 1, 20).scope(&elsewhere), &bare.root)]), "2026-06-10T00:00:00Z"), STALE);
}

#[test]
fn reasons_must_be_covered_together() {
    let bench = plain();
    let first = [Reason::KeyCompromise, Reason::CaCompromise];
    let rest = [
        Reason::AffiliationChanged,
        Reason::Superseded,
        Reason::CessationOfOperation,
        Reason::CertificateHold,
        Reason::PrivilegeWithdrawn,
        Reason::AaCompromise,
    ];
    let list =
        |number, reasons: &[Reason]| signed(&june(number, 1, 20).scope(&ListScope::default().reasons(reasons)), &bench.root);
    open(&bench.judge(&lists(&[list(1, &first)]), "2026-06-10T00:00:00Z"), "some reasons");
    good(&bench.judge(&lists(&[list(1, &first), list(2, &rest)]), "2026-06-10T00:00:00Z"));
    open(&bench.judge(&lists(&[list(1, &first), list(2, &rest[1..])]), "2026-06-10T00:00:00Z"), "some reasons");
}

/// An authority for lists under the root, and a certificate that says that its lists come from there.
fn indirect(shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> (Bench, Actor) {
    let root = authority(KeyType::P256, "root");
    let issuer = actor(&root, KeyType::P256, "lists", 8, |builder| shape(builder).crl_points(&[Point::at_uri(ABOVE)]));
    let mut bench = Bench::new(|builder| builder.crl_points(&[Point::at_uri(URI).issued_by(&issuer.name)]));
    bench.companions = vec![issuer.certificate()];
    (bench, issuer)
}

/// The root's list about those who issue lists, which says nothing of others.
fn above() -> CrlBuilder {
    june(1, 1, 20).scope(&ListScope::default().at_uri(ABOVE))
}

#[test]
fn lists_of_somebody_else() {
    let (bench, issuer) = indirect(|builder| builder.usage(&[Usage::CrlSign]));
    let scope = ListScope::default().indirect().at_uri(URI);
    let by = |list: &CrlBuilder, above: &CrlBuilder| {
        bench.judge(&lists(&[signed(list, &issuer), signed(above, &bench.root)]), "2026-06-10T00:00:00Z")
    };
    let empty = || june(7, 1, 20).scope(&scope);
    good(&by(&empty(), &above()));
    revoked(&by(&empty().entry(&compromise("2026-05-05T00:00:00Z").of_issuer(&bench.root.name)), &above()));
    // The entries that follow are about the same issuer's certificates, those of others are not ours.
    let first = Entry::new(9, at("2026-05-05T00:00:00Z"), Reason::Superseded);
    let ours = compromise("2026-05-05T00:00:00Z");
    revoked(&by(&empty().entry(&first.clone().of_issuer(&bench.root.name)).entry(&ours), &above()));
    good(&by(&empty().entry(&first.of_issuer(&issuer.name)).entry(&ours), &above()));
    good(&by(&empty().entry(&ours), &above()));
    // Not indirect; nothing known of the issuer of lists; that one revoked; not announced by the certificate.
    open(&by(&june(7, 1, 20).scope(&ListScope::default().at_uri(URI)), &above()), STALE);
    let old = june(1, 1, 2).scope(&ListScope::default().at_uri(ABOVE));
    let old = lists(&[signed(&empty(), &issuer), signed(&old, &bench.root)]);
    open(&bench.judge_along(&old, "2026-06-10T00:00:00Z"), STALE);
    // What is kept since it was made is believed by what was known of its signer then.
    good(&bench.judge_own(&old, "2026-06-10T00:00:00Z"));
    open(&by(&empty(), &above().revoke(8, at("2026-05-05T00:00:00Z"), Reason::Superseded)), STALE);
    let mut stranger = plain();
    stranger.companions.clone_from(&bench.companions);
    let evidence = lists(&[signed(&empty(), &issuer), signed(&above(), &bench.root)]);
    open(&stranger.judge(&evidence, "2026-06-10T00:00:00Z"), STALE);
}

#[test]
fn who_may_not_sign_lists() {
    let list = june(7, 1, 20).scope(&ListScope::default().indirect().at_uri(URI));
    let (bench, issuer) = indirect(|builder| builder.usage(&[Usage::DigitalSignature]));
    let evidence = lists(&[signed(&list, &issuer), signed(&above(), &bench.root)]);
    open(&bench.judge(&evidence, "2026-06-10T00:00:00Z"), STALE);
    // One whose own time is over.
    let (bench, issuer) =
        indirect(|builder| builder.usage(&[Usage::CrlSign]).valid(at("2025-01-01T00:00:00Z"), at("2026-06-05T00:00:00Z")));
    let evidence = lists(&[signed(&list, &issuer), signed(&above(), &bench.root)]);
    let check = bench.judge_along(&evidence, "2026-06-10T00:00:00Z");
    open(&check, "out of its own validity");
    assert_eq!(check.effect.unwrap().sub_indication, Some(SubIndication::RevocationOutOfBoundsNoPoe));
    good(&bench.judge_own(&evidence, "2026-06-10T00:00:00Z"));
}

#[test]
fn was_it_revoked_then() {
    let bench = plain();
    let by = |all: &[&CrlBuilder], when: &str| {
        let all: Vec<Vec<u8>> = all.iter().map(|list| signed(list, &bench.root)).collect();
        bench.judge(&lists(&all), when)
    };
    // Dropped later, it stays revoked; before, it was good, by the list of later.
    let (with, without) = (june(1, 5, 8).entry(&compromise("2026-06-03T00:00:00Z")), june(2, 9, 20));
    revoked(&by(&[&with, &without], "2026-06-10T00:00:00Z"));
    revoked(&by(&[&with, &without], "2026-06-04T00:00:00Z"));
    good(&by(&[&with, &without], "2026-06-02T00:00:00Z"));
    // A hold counts from its date until a later list has it no more.
    let held = june(1, 5, 8).entry(&hold(3, "2026-06-03T00:00:00Z"));
    good(&by(&[&held, &without], "2026-06-02T00:00:00Z"));
    for within in ["2026-06-04T00:00:00Z", "2026-06-06T00:00:00Z", "2026-06-08T12:00:00Z"] {
        open(&by(&[&held, &without], within), HOLD);
    }
    good(&by(&[&held, &without], "2026-06-10T00:00:00Z"));
    // Suspected since before the moment in question.
    let suspected = june(1, 5, 8).entry(&compromise("2026-06-03T00:00:00Z").invalid_since(at("2026-05-01T00:00:00Z")));
    revoked(&by(&[&suspected], "2026-05-15T00:00:00Z"));
    good(&by(&[&suspected], "2026-04-15T00:00:00Z"));
    let superseded = Entry::new(3, at("2026-06-03T00:00:00Z"), Reason::Superseded).invalid_since(at("2026-05-01T00:00:00Z"));
    good(&by(&[&june(1, 5, 8).entry(&superseded)], "2026-05-15T00:00:00Z"));
}

#[test]
fn after_its_end_nobody_keeps_its_status() {
    let mut bench = Bench::new(|builder| builder.valid(at("2025-01-01T00:00:00Z"), at("2026-05-31T00:00:00Z")));
    bench.lifetime = Lifetime::Proven(at("2026-05-10T00:00:00Z"));
    let by = |list: &CrlBuilder| bench.judge(&lists(&[signed(list, &bench.root)]), "2026-06-10T00:00:00Z");
    open(&by(&june(1, 1, 20)), "had expired");
    good(&by(&june(1, 1, 20).expired_since(at("2026-01-01T00:00:00Z"))));
    open(&by(&june(1, 1, 20).expired_since(at("2026-06-01T00:00:00Z"))), "had expired");
    let before = CrlBuilder::new(1, at("2026-05-20T00:00:00Z"), Some(at("2026-05-30T00:00:00Z")));
    good(&by(&before));
    // Proven to have been used before the revocation: a warning.
    let check = by(&before.entry(&compromise("2026-05-15T00:00:00Z")));
    assert_eq!((check.outcome, check.effect), (Outcome::Failed, None), "{check:#?}");
}

#[test]
fn algorithms_that_ended_revoke_but_do_not_clear() {
    let mut bench = plain();
    let rules = vec![AlgorithmRule { algorithm: Algorithm::EcdsaP256Sha256, until: Some(at("2026-06-05T00:00:00Z")) }];
    bench.domains[0].algorithms = rules;
    let list = june(1, 1, 20);
    let evidence = lists(&[signed(&list, &bench.root)]);
    good(&bench.judge_own(&evidence, "2026-06-10T00:00:00Z"));
    assert_eq!(bench.judge_along(&evidence, "2026-06-10T00:00:00Z").outcome, Outcome::NotConcluded);
    revoked(
        &bench.judge(&lists(&[signed(&list.entry(&compromise("2026-05-05T00:00:00Z")), &bench.root)]), "2026-06-10T00:00:00Z"),
    );
}

/// 200,000 entries: found one by one, in little more memory than the bytes themselves.
#[test]
fn large_lists_are_indexed_in_place() {
    let root = authority(KeyType::P256, "root");
    let mut list = june(1, 1, 20);
    for serial in 0..200_000u128 {
        // Not in order, as lists in practice are not.
        list = list.revoke((serial * 7919 % 200_003) << 64 | 5, at("2026-05-05T00:00:00Z"), Reason::Superseded);
    }
    let raw = signed(&list, &root);
    let size = raw.len();
    let read = RevocationList::from_vec(raw).unwrap();
    assert_eq!(read.len(), 200_000);
    assert!(read.footprint() < size + 4 * 200_000 + 1024, "{} for {size}", read.footprint());
    let asked = |serial: u128| read.find(&actor(&root, KeyType::P256, "x", serial, CertificateBuilder::signer).certificate());
    for known in [0u128, 1, 777, 199_999] {
        assert!(asked((known * 7919 % 200_003) << 64 | 5).is_some(), "{known}");
        assert_eq!(asked((known * 7919 % 200_003) << 64 | 6), None);
    }
}
