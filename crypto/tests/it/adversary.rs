//! An adversary at work: ways to have something pass that should not, or to keep a revocation from being seen. Each test is one
//! attempt, and says what stops it.

use crypto::issue::crl::{CrlBuilder, Entry, Reason};
use crypto::issue::ocsp::Answer;
use crypto::issue::seal::SealVersion;
use crypto::issue::{
    CertificateBuilder, CmsBuilder, JwsBuilder, KeyType, OcspBuilder, OfdBuilder, SdJwtBuilder, SigningKey, Stamp, TokenBuilder,
    Usage,
};
use crypto::oid::Oid;
use crypto::report::{Report, SubIndication, Verdict};
use crypto::sig::Algorithm;
use crypto::status_list::{Bits, Evidence as StatusEvidence, StatusList, Unsigned};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::ocsp::IdDigest;
use crypto::x509::trust::{AlgorithmRule, Policy, RevocationPolicy};
use crypto::x509::{Domain, Evidence, Purpose, RevocationList, Service, Trust};
use serde_json::json;

use crate::status::{Bench, good, lists, open, responses, revoked};
use crate::world::{Actor, ISSUER, World, actor, at, authority, fields, now, signed};

const NOW: &str = "2026-06-10T12:00:00Z";
const POLICY: Oid<'static> = Oid(b"\x2a\x03\x04");

fn ask(document: &[u8], trust: &Trust) -> Report {
    verify(&Question::new(document, now()), trust).report
}

fn june(number: u128, from: u8, until: u8) -> CrlBuilder {
    let day = |day: u8| at(&format!("2026-06-{day:02}T00:00:00Z"));
    CrlBuilder::new(number, day(from), Some(day(until)))
}

fn signed_by(list: &CrlBuilder, issuer: &Actor) -> Vec<u8> {
    list.issue(&issuer.name, &issuer.key)
}

/// With the key of an authority that was revoked for another reason than a peaceful one, or for none that is given, tokens can be
/// dated back to before its revocation.
#[test]
fn a_stolen_time_stamping_key_dates_back() {
    let world = World::with(KeyType::Sm2, &[(3, at("2026-06-10T00:00:00Z"))]);
    let root = authority(KeyType::Sm2, "tsa root");
    let tsa = actor(&root, KeyType::Sm2, "tsa", 7, CertificateBuilder::time_stamping);
    let payload = serde_json::to_vec(&fields(ISSUER)).unwrap();
    let stamp = |value: &[u8]| TokenBuilder::new(signed().plus(60), 1, POLICY).build(value, tsa.signer());
    let document = CmsBuilder::new(&payload).attributes(Some(signed())).stamped(Stamp(&stamp)).sign(world.signer.signer());
    let by = |reason: Option<&[u8]>| {
        let entry = Entry::new(7, at("2026-06-15T00:00:00Z"), Reason::Unspecified);
        let entry = match reason {
            Some(code) => entry.extension(Oid::CRL_REASON, false, code),
            None => entry,
        };
        let list = CrlBuilder::new(1, at("2026-06-20T00:00:00Z"), Some(at("2026-08-20T00:00:00Z"))).entry(&entry);
        let lists = vec![RevocationList::from_der(&signed_by(&list, &root)).unwrap()];
        let stamps = Domain { lists, ..Domain::new("stamps", Purpose::Tsa, vec![root.certificate()]) };
        ask(&document, &Trust::new([world.domains(), vec![stamps]].concat(), Policy::default())).verdict
    };
    for peaceful in [0, 3, 4, 5] {
        assert_eq!(by(Some(&[10, 1, peaceful])), Verdict::PASSED, "{peaceful}");
    }
    for other in [1, 2, 6, 9, 10, 11] {
        assert_eq!(by(Some(&[10, 1, other])).sub_indication, Some(SubIndication::RevokedNoPoe), "{other}");
    }
    assert_eq!(by(None).sub_indication, Some(SubIndication::RevokedNoPoe), "no reason given");
}

/// A list in an algorithm that is not accepted any more could be anybody's: it must not lift what a good one holds.
#[test]
fn a_broken_algorithm_lifts_no_hold() {
    let mut bench = Bench::new(|builder| builder);
    let until = Some(at("2026-06-05T00:00:00Z"));
    bench.domains[0].algorithms = vec![AlgorithmRule { algorithm: Algorithm::EcdsaP256Sha256, until }];
    // Kept: one from before, that holds longest, and the hold; both of a time when the algorithm was good.
    let before = june(1, 1, 20);
    let held = june(2, 2, 20).entry(&Entry::new(3, at("2026-06-01T00:00:00Z"), Reason::CertificateHold));
    let own = lists(&[signed_by(&before, &bench.root), signed_by(&held, &bench.root)]);
    let forged = lists(&[signed_by(&june(3, 9, 20), &bench.root)]);
    let trust = Trust::with_evidence(bench.domains.clone(), Policy::default(), &own);
    open(&bench.ask(&trust, &forged, at(NOW)), "on hold");
}

/// The record of a credential is no record of the list that tells its status: with a key of the issuer that was revoked since, a
/// list can be dated back to before the revocation.
#[test]
fn a_forged_status_list_leans_on_the_record_of_the_credential() {
    let uri = "https://lists.example/7";
    let revoked_at = at("2026-06-10T00:00:00Z");
    let world = World::with(KeyType::Sm2, &[(3, revoked_at)]);
    let status = json!({ "status_list": { "uri": uri, "idx": 1 } });
    let credential = SdJwtBuilder::new("urn:example", signed()).chain(&[&world.signer.der]).claim("status", status);
    let credential = credential.sign(&world.signer.key).text();
    let list = |made: Timestamp| {
        let unsigned = Unsigned::new(&StatusList::new(Bits::One, 64), uri, "SM2-SM3", &[&world.signer.der], (made, 90 * 86_400));
        let signature = world.signer.key.sign_fixed(unsigned.signing_input());
        [unsigned.signed(&signature).into_bytes()]
    };
    let judge = |tokens: &[Vec<u8>], world: &World| {
        let status = StatusEvidence { tokens, known: None };
        let known_since = Some(signed().plus(60));
        verify(&Question { known_since, status, ..Question::new(credential.as_bytes(), now()) }, &world.trust()).report.verdict
    };
    assert_eq!(judge(&list(signed()), &world), Verdict::indeterminate(SubIndication::TryLater));
    // One that was made since by the same issuer in good standing counts, record or not.
    assert_eq!(judge(&list(now().plus(-60)), &World::new()), Verdict::PASSED);
}

/// Who makes a seal with an algorithm that has ended dates its use back: nothing proves that it is that old.
#[test]
fn a_claimed_time_brings_no_algorithm_back() {
    let world = World::new();
    let end = at("2026-06-15T00:00:00Z");
    for version in [SealVersion::V1, SealVersion::V4, SealVersion::V5] {
        let seal = world.seal(version);
        let document = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(version, &seal)).build();
        let mut domains = world.domains();
        assert!(ask(&document, &Trust::new(domains.clone(), Policy::default())).verdict.is_passed());
        domains[1].algorithms = vec![AlgorithmRule { algorithm: Algorithm::Sm2Sm3, until: Some(end) }];
        let trust = Trust::new(domains, Policy::default());
        let report = ask(&document, &trust);
        assert_eq!(report.verdict.sub_indication, Some(SubIndication::CryptoConstraintsFailureNoPoe), "{version:?}");
        let known_since = Some(end.plus(-60));
        let known = verify(&Question { known_since, ..Question::new(&document, now()) }, &trust).report;
        assert!(known.verdict.is_passed(), "{version:?} {known:#?}");
    }
}

/// The same with an anchor that went out of service: whoever has its keys since dates the use of a seal back.
#[test]
fn a_claimed_time_brings_no_anchor_back() {
    let world = World::new();
    let end = at("2026-06-15T00:00:00Z");
    for version in [SealVersion::V4, SealVersion::V5] {
        let seal = world.seal(version);
        let document = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(world.stamp(version, &seal)).build();
        let mut domains = world.domains();
        let service = Service { until: Some(end), ..Service::default() };
        domains[1].services.insert(world.root.certificate().sha256(), service);
        let trust = Trust::new(domains, Policy::default());
        let report = ask(&document, &trust);
        assert_eq!(report.verdict.sub_indication, Some(SubIndication::NoCertificateChainFoundNoPoe), "{version:?}");
        let known_since = Some(end.plus(-60));
        let known = verify(&Question { known_since, ..Question::new(&document, now()) }, &trust).report;
        assert!(known.verdict.is_passed(), "{version:?} {known:#?}");
        let mut domains = world.domains();
        domains[1].services.insert(world.root.certificate().sha256(), Service { from: Some(end), ..Service::default() });
        let early = ask(&document, &Trust::new(domains, Policy::default()));
        assert_eq!(early.verdict.sub_indication, Some(SubIndication::NoCertificateChainFound), "{version:?} before its service");
    }
}

fn answers(builder: CertificateBuilder) -> CertificateBuilder {
    let usage = builder.not_ca().usage(&[Usage::DigitalSignature]).extended_usage(false, &[Oid::EKU_OCSP_SIGNING]);
    usage.extension(Oid::OCSP_NO_CHECK, false, &[5, 0])
}

fn all_is_well(bench: &Bench, responder: &Actor, along: &[&Actor]) -> Evidence {
    let window = (at("2026-06-10T00:00:00Z"), Some(at("2026-06-11T00:00:00Z")));
    let answer = Answer::good(&bench.leaf.certificate(), &bench.root.certificate(), IdDigest::Sha1, window);
    let builder = OcspBuilder::new(at("2026-06-10T00:00:00Z")).answer(&answer).certificate(&responder.der);
    let builder = along.iter().fold(builder, |builder, more| builder.certificate(&more.der));
    responses(&[builder.issue(&responder.name, &responder.key)])
}

/// Responders that the issuer never named, or named for something that nobody here understands.
#[test]
fn responders_of_the_adversary_clear_nothing() {
    let bench = Bench::new(|builder| builder);
    good(&bench.judge(&all_is_well(&bench, &actor(&bench.root, KeyType::P256, "responder", 77, answers), &[]), NOW));
    let limited =
        actor(&bench.root, KeyType::P256, "responder", 77, |builder| answers(builder).extension(Oid::EMAIL, true, &[5, 0]));
    open(&bench.judge(&all_is_well(&bench, &limited, &[]), NOW), "");
    // The revoked one makes a responder for itself, under its own name and under that of its issuer.
    let own = actor(&bench.leaf, KeyType::P256, "responder", 77, answers);
    open(&bench.judge(&all_is_well(&bench, &own, &[&bench.leaf]), NOW), "");
    let masked = Actor { name: bench.root.name.clone(), key: SigningKey::from_label(KeyType::P256, "leaf"), der: Vec::new() };
    let own = actor(&masked, KeyType::P256, "responder", 77, answers);
    open(&bench.judge(&all_is_well(&bench, &own, &[&bench.leaf]), NOW), "");
    // Another authority that goes by the same name.
    let (name, key) = (bench.root.name.clone(), SigningKey::from_label(KeyType::P256, "twin"));
    let der = CertificateBuilder::new(&name, &key, 1).authority(None).self_signed(&key);
    let twin = Actor { name, key, der };
    let own = actor(&twin, KeyType::P256, "responder", 77, answers);
    open(&bench.judge(&all_is_well(&bench, &own, &[&twin]), NOW), "");
    open(&bench.judge(&all_is_well(&bench, &twin, &[]), NOW), "");
}

/// Lists that are signed by somebody else, are about something else, or lift what they may not.
#[test]
fn lists_of_the_adversary_hide_nothing() {
    let bench = Bench::new(|builder| builder);
    let entry = |reason| Entry::new(3, at("2026-06-01T00:00:00Z"), reason);
    let genuine = signed_by(&june(5, 2, 20).entry(&entry(Reason::KeyCompromise)), &bench.root);
    let by_leaf = |list: &CrlBuilder| list.issue(&bench.root.name, &bench.leaf.key);
    let removal = entry(Reason::RemoveFromCrl);
    let cases = [
        ("forged, newer", by_leaf(&june(6, 9, 20))),
        ("older, still in force", signed_by(&june(4, 1, 20), &bench.root)),
        ("newer without the entry", signed_by(&june(6, 9, 20), &bench.root)),
        ("newer that lifts it", signed_by(&june(6, 9, 20).entry(&removal), &bench.root)),
        ("delta that lifts it", signed_by(&june(6, 9, 20).delta(5).entry(&removal), &bench.root)),
        ("forged delta", by_leaf(&june(6, 9, 20).delta(5).entry(&removal))),
        ("of the future", signed_by(&june(6, 25, 30), &bench.root)),
    ];
    for (name, list) in cases {
        let check = bench.judge(&lists(&[list, genuine.clone()]), NOW);
        assert_eq!(check.outcome, crypto::report::Outcome::Failed, "{name} {check:#?}");
    }
    // A hold that a forged delta on a forged base would lift.
    let held = signed_by(&june(5, 2, 20).entry(&entry(Reason::CertificateHold)), &bench.root);
    let forged = [by_leaf(&june(6, 8, 20)), by_leaf(&june(7, 9, 20).delta(6).entry(&removal)), held];
    open(&bench.judge(&lists(&forged), NOW), "on hold");
    let beside = [signed_by(&june(4, 1, 20), &bench.root), by_leaf(&june(6, 9, 20).delta(4).entry(&removal))];
    revoked(&bench.judge(&lists(&[&beside[..], &[genuine]].concat()), NOW));
}

/// A root of one's own, under the name of the trusted one, comes along with the document.
#[test]
fn anchors_that_come_along_are_none() {
    let world = World::new();
    let (name, key) = (world.root.name.clone(), SigningKey::from_label(KeyType::Sm2, "twin"));
    let der = CertificateBuilder::new(&name, &key, 1)
        .valid(at("2020-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z"))
        .authority(None)
        .self_signed(&key);
    let twin = Actor { name, key, der };
    let forged = actor(&twin, KeyType::Sm2, "forger", 3, |builder| builder.signer().organisation_code(ISSUER));
    let below = actor(&world.other, KeyType::Sm2, "below", 9, |builder| builder.signer().organisation_code(ISSUER));
    let jws = |chain: &[&[u8]], key| JwsBuilder::licence(&fields(ISSUER)).chain(chain).signed_at(signed()).compact(key);
    assert!(ask(jws(&[&world.signer.der], &world.signer.key).as_bytes(), &world.trust()).verdict.is_passed());
    for (name, document) in [
        ("own root", jws(&[&forged.der, &twin.der], &forged.key)),
        ("both roots", jws(&[&forged.der, &world.root.der, &twin.der], &forged.key)),
        ("trusted signer behind", jws(&[&forged.der, &world.signer.der], &forged.key)),
        ("trusted signer in front", jws(&[&world.signer.der, &forged.der], &forged.key)),
        ("issued by a signer", jws(&[&below.der, &world.other.der], &below.key)),
        ("somebody else's licence", jws(&[&world.other.der], &world.other.key)),
    ] {
        assert!(!ask(document.as_bytes(), &world.trust()).verdict.is_passed(), "{name}");
    }
}

/// An authority whose service was not offered yet vouches for a time from before its supervision.
#[test]
fn a_stamp_from_before_its_service_proves_nothing() {
    let world = World::with(KeyType::Sm2, &[(3, at("2026-06-10T00:00:00Z"))]);
    let root = authority(KeyType::Sm2, "tsa root");
    let tsa = actor(&root, KeyType::Sm2, "tsa", 7, CertificateBuilder::time_stamping);
    let payload = serde_json::to_vec(&fields(ISSUER)).unwrap();
    let made = signed().plus(60);
    let stamp = |value: &[u8]| TokenBuilder::new(made, 1, POLICY).build(value, tsa.signer());
    let document = CmsBuilder::new(&payload).attributes(Some(signed())).stamped(Stamp(&stamp)).sign(world.signer.signer());
    let since = |from: Timestamp| {
        let mut stamps = Domain::new("stamps", Purpose::Tsa, vec![root.certificate()]);
        stamps.revocation = RevocationPolicy::None;
        stamps.services.insert(root.certificate().sha256(), Service { from: Some(from), ..Service::default() });
        ask(&document, &Trust::new([world.domains(), vec![stamps]].concat(), Policy::default())).verdict
    };
    assert_eq!(since(made), Verdict::PASSED);
    assert_eq!(since(made.plus(1)).sub_indication, Some(SubIndication::RevokedNoPoe));
}

/// Whoever answers that it is revoked is not known to be in good standing: that revokes nothing, but an older list that was made
/// before clears nothing either.
#[test]
fn a_revocation_by_an_unclear_signer_is_not_outvoted() {
    let bench = Bench::new(|builder| builder);
    let delegate = |builder: CertificateBuilder| {
        builder.not_ca().usage(&[Usage::DigitalSignature]).extended_usage(false, &[Oid::EKU_OCSP_SIGNING])
    };
    let by = |responder: &Actor, reason: Reason, more: &[Vec<u8>]| {
        let window = (at("2026-06-09T12:00:00Z"), Some(at("2026-06-11T00:00:00Z")));
        let answer = Answer::good(&bench.leaf.certificate(), &bench.root.certificate(), IdDigest::Sha1, window);
        let answer = answer.revoked(at("2026-06-09T00:00:00Z"), reason);
        let response = OcspBuilder::new(window.0).answer(&answer).certificate(&responder.der);
        let evidence = Evidence { lists: lists(more).lists, ..responses(&[response.issue(&responder.name, &responder.key)]) };
        bench.judge_along(&evidence, NOW)
    };
    let old = june(1, 1, 20).entry(&Entry::new(77, at("2026-06-01T00:00:00Z"), Reason::CertificateHold));
    let old = [signed_by(&old, &bench.root)];
    let newer = [old[0].clone(), signed_by(&june(2, 10, 20), &bench.root)];
    let unclear = actor(&bench.root, KeyType::P256, "responder", 77, delegate);
    open(&by(&unclear, Reason::KeyCompromise, &old), "whether the signer of that");
    open(&by(&unclear, Reason::CertificateHold, &old), "whether the signer of that");
    let past = |builder| delegate(builder).valid(at("2026-06-09T00:00:00Z"), at("2026-06-10T06:00:00Z"));
    let past = actor(&bench.root, KeyType::P256, "responder", 78, past);
    open(&by(&past, Reason::KeyCompromise, &old), "out of its own validity");
    // Once the signer is known to stand, it counts; one that was not to say so says nothing, and a hold is lifted by what came
    // later.
    let clear = actor(&bench.root, KeyType::P256, "responder", 79, delegate);
    revoked(&by(&clear, Reason::KeyCompromise, &old));
    good(&by(&actor(&bench.root, KeyType::P256, "responder", 79, CertificateBuilder::signer), Reason::KeyCompromise, &old));
    good(&by(&past, Reason::CertificateHold, &newer));
    let stranger = authority(KeyType::P256, "stranger");
    good(&by(&actor(&stranger, KeyType::P256, "responder", 79, delegate), Reason::KeyCompromise, &old));
}
