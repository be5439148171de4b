//! The status of a certificate by OCSP: who may answer, how fresh, about which certificate.

use crypto::issue::crl::{CrlBuilder, Reason};
use crypto::issue::ocsp::{Answer, OcspBuilder, refusal};
use crypto::issue::{CertificateBuilder, KeyType, Usage};
use crypto::oid::Oid;
use crypto::report::SubIndication;
use crypto::time::Timestamp;
use crypto::x509::ocsp::{IdDigest, OcspError, Request, Responder};
use crypto::x509::{Certificate, Domain, Evidence, OcspResponse, Purpose};

use crate::status::{Bench, good, lists, open, responses, revoked};
use crate::world::{Actor, actor, at, authority};

const STALE: &str = "do not speak of the moment";
const NOTHING: &str = "no revocation list";
const NOW: &str = "2026-06-10T12:00:00Z";

fn window() -> (Timestamp, Option<Timestamp>) {
    (at("2026-06-10T00:00:00Z"), Some(at("2026-06-11T00:00:00Z")))
}

fn about(bench: &Bench, digest: IdDigest) -> Answer {
    Answer::good(&bench.leaf.certificate(), &bench.root.certificate(), digest, window())
}

fn say(answer: &Answer, responder: &Actor) -> Vec<u8> {
    OcspBuilder::new(at("2026-06-10T00:00:00Z")).answer(answer).certificate(&responder.der).issue(&responder.name, &responder.key)
}

fn compromised(answer: Answer) -> Answer {
    answer.revoked(at("2026-06-01T00:00:00Z"), Reason::KeyCompromise)
}

fn no_check(builder: CertificateBuilder) -> CertificateBuilder {
    answers(builder).extension(Oid::OCSP_NO_CHECK, false, &[5, 0])
}

fn answers(builder: CertificateBuilder) -> CertificateBuilder {
    builder.not_ca().usage(&[Usage::DigitalSignature]).extended_usage(false, &[Oid::EKU_OCSP_SIGNING])
}

fn responder(bench: &Bench, shape: fn(CertificateBuilder) -> CertificateBuilder) -> Actor {
    actor(&bench.root, KeyType::P256, "responder", 77, shape)
}

#[test]
fn three_states_with_every_key_and_digest() {
    for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
        let bench = Bench::of(kind, |builder| builder);
        for digest in [IdDigest::Sha1, IdDigest::SHA256, IdDigest::SM3] {
            let by = |answer: &Answer| bench.judge(&responses(&[say(answer, &bench.root)]), NOW);
            good(&by(&about(&bench, digest)));
            let check = by(&compromised(about(&bench, digest)));
            revoked(&check);
            assert_eq!((&*check.inputs["by"], &*check.inputs["reason_code"]), ("OCSP response", "1"));
            open(&by(&about(&bench, digest).unknown()), "does not know");
        }
    }
}

#[test]
fn the_issuer_answers_by_name_or_by_key() {
    let bench = Bench::new(|builder| builder);
    let builder = OcspBuilder::new(at("2026-06-10T00:00:00Z")).answer(&about(&bench, IdDigest::Sha1)).by_key();
    let response = builder.issue(&bench.root.name, &bench.root.key);
    assert!(matches!(OcspResponse::from_der(&response).unwrap().responder(), Responder::Key(hash) if hash.len() == 20));
    good(&bench.judge(&responses(&[response]), NOW));
    // Another key under the issuer's name; the certificate of another issuer, or another certificate.
    let forged = builder.issue(&bench.root.name, &bench.leaf.key);
    open(&bench.judge(&responses(&[forged]), NOW), NOTHING);
    let stranger = authority(KeyType::P256, "stranger");
    let elsewhere = Answer::good(&bench.leaf.certificate(), &stranger.certificate(), IdDigest::Sha1, window());
    open(&bench.judge(&responses(&[say(&elsewhere, &bench.root)]), NOW), NOTHING);
    let other = actor(&bench.root, KeyType::P256, "other", 4, CertificateBuilder::signer).certificate();
    let other = Answer::good(&other, &bench.root.certificate(), IdDigest::Sha1, window());
    open(&bench.judge(&responses(&[say(&other, &bench.root)]), NOW), NOTHING);
    // Several answers in one response.
    let both = OcspBuilder::new(at(NOW)).answer(&other).answer(&compromised(about(&bench, IdDigest::SHA256)));
    revoked(&bench.judge(&responses(&[both.issue(&bench.root.name, &bench.root.key)]), NOW));
}

#[test]
fn delegated_responders() {
    let bench = Bench::new(|builder| builder);
    let by = |responder: &Actor, list: Option<CrlBuilder>| {
        let list = list.map(|list| list.issue(&bench.root.name, &bench.root.key));
        let evidence = Evidence {
            responses: responses(&[say(&about(&bench, IdDigest::Sha1), responder)]).responses,
            lists: list.map(|list| lists(&[list]).lists).unwrap_or_default(),
            ..Evidence::default()
        };
        bench.judge(&evidence, NOW)
    };
    good(&by(&responder(&bench, no_check), None));
    // Without the word that it need not be asked about, it is asked about. The list is about responders alone, in effect: it is
    // out of date for the leaf by its reasons.
    let delegate = responder(&bench, answers);
    open(&by(&delegate, None), NOTHING);
    let (from, until) = (at("2026-06-09T00:00:00Z"), Some(at("2026-06-12T00:00:00Z")));
    good(&by(&delegate, Some(CrlBuilder::new(1, from, until))));
    let answered = say(&compromised(about(&bench, IdDigest::Sha1)), &delegate);
    let list = CrlBuilder::new(1, from, until).revoke(77, at("2026-06-01T00:00:00Z"), Reason::KeyCompromise);
    let evidence =
        Evidence { responses: responses(&[answered]).responses, ..lists(&[list.issue(&bench.root.name, &bench.root.key)]) };
    // A revoked responder can do no harm either: the list says that all is well.
    good(&bench.judge(&evidence, NOW));
    // Not entitled; entitled by somebody else.
    open(&by(&responder(&bench, CertificateBuilder::signer), None), NOTHING);
    let encrypts = |builder: CertificateBuilder| {
        builder.usage(&[Usage::KeyEncipherment]).extended_usage(false, &[Oid::EKU_OCSP_SIGNING]).extension(
            Oid::OCSP_NO_CHECK,
            false,
            &[5, 0],
        )
    };
    open(&by(&responder(&bench, encrypts), None), NOTHING);
    let stranger = authority(KeyType::P256, "stranger");
    open(&by(&actor(&stranger, KeyType::P256, "responder", 77, no_check), None), NOTHING);
}

#[test]
fn responders_of_a_domain_of_their_own() {
    let mut bench = Bench::new(|builder| builder);
    let stranger = authority(KeyType::Sm2, "responders");
    let responder = actor(&stranger, KeyType::Sm2, "responder", 77, no_check);
    let evidence = responses(&[say(&about(&bench, IdDigest::SM3), &responder)]);
    open(&bench.judge(&evidence, NOW), NOTHING);
    bench.domains.push(Domain::new("responders", Purpose::Ocsp, vec![stranger.certificate()]));
    good(&bench.judge(&evidence, NOW));
    let signer = actor(&stranger, KeyType::Sm2, "responder", 77, CertificateBuilder::signer);
    open(&bench.judge(&responses(&[say(&about(&bench, IdDigest::SM3), &signer)]), NOW), NOTHING);
}

#[test]
fn a_responder_past_its_own_time() {
    let bench = Bench::new(|builder| builder);
    let short = |builder| no_check(builder).valid(at("2026-06-09T00:00:00Z"), at("2026-06-10T06:00:00Z"));
    let evidence = responses(&[say(&about(&bench, IdDigest::Sha1), &responder(&bench, short))]);
    let check = bench.judge_along(&evidence, NOW);
    open(&check, "out of its own validity");
    assert_eq!(check.effect.unwrap().sub_indication, Some(SubIndication::RevocationOutOfBoundsNoPoe));
    // What was kept since then is known to be no later invention.
    good(&bench.judge_own(&evidence, NOW));
    good(&bench.judge(&evidence, "2026-06-10T01:00:00Z"));
}

#[test]
fn freshness() {
    let bench = Bench::new(|builder| builder);
    let (leaf, root) = (bench.leaf.certificate(), bench.root.certificate());
    let by = |until: Option<&str>, when: &str| {
        let answer = Answer::good(&leaf, &root, IdDigest::Sha1, (at("2026-06-10T00:00:00Z"), until.map(at)));
        bench.judge(&responses(&[say(&answer, &bench.root)]), when)
    };
    let until = Some("2026-06-10T01:00:00Z");
    good(&by(until, "2026-06-09T23:59:58Z"));
    good(&by(until, "2026-06-10T01:05:00Z"));
    open(&by(until, "2026-06-10T01:05:01Z"), STALE);
    // Without its own word for it, an answer counts for a day.
    good(&by(None, "2026-06-11T00:00:00Z"));
    open(&by(None, "2026-06-11T00:05:01Z"), STALE);
}

#[test]
fn a_later_revocation_beats_an_earlier_good_and_a_hold_is_lifted() {
    let bench = Bench::new(|builder| builder);
    let (leaf, root) = (bench.leaf.certificate(), bench.root.certificate());
    let answer = |day: &str| {
        let from = at(&format!("2026-06-{day}T00:00:00Z"));
        Answer::good(&leaf, &root, IdDigest::SHA256, (from, Some(from.plus(7 * 86_400))))
    };
    let by = |answers: &[Answer], when: &str| {
        let all: Vec<Vec<u8>> = answers.iter().map(|answer| say(answer, &bench.root)).collect();
        bench.judge(&responses(&all), when)
    };
    revoked(&by(&[answer("09"), compromised(answer("10"))], NOW));
    revoked(&by(&[compromised(answer("09")), answer("10")], NOW));
    let held = |day| answer(day).revoked(at("2026-06-01T00:00:00Z"), Reason::CertificateHold);
    open(&by(&[answer("08"), held("09")], NOW), "on hold");
    good(&by(&[held("09"), answer("10")], NOW));
    open(&by(&[held("09"), answer("10")], "2026-06-09T12:00:00Z"), "on hold");
    // A good answer does not hide what a list says.
    let list = CrlBuilder::new(1, at("2026-05-01T00:00:00Z"), Some(at("2026-05-08T00:00:00Z")));
    let list = list.revoke(3, at("2026-04-01T00:00:00Z"), Reason::Superseded).issue(&bench.root.name, &bench.root.key);
    let evidence = Evidence { responses: responses(&[say(&answer("10"), &bench.root)]).responses, ..lists(&[list]) };
    revoked(&bench.judge(&evidence, NOW));
}

#[test]
fn unknown_critical_extensions_never_clear() {
    let bench = Bench::new(|builder| builder);
    let odd = |critical| about(&bench, IdDigest::Sha1).extension(Oid::EMAIL, critical, &[5, 0]);
    good(&bench.judge(&responses(&[say(&odd(false), &bench.root)]), NOW));
    open(&bench.judge(&responses(&[say(&odd(true), &bench.root)]), NOW), STALE);
    revoked(&bench.judge(&responses(&[say(&compromised(odd(true)), &bench.root)]), NOW));
}

#[test]
fn requests_know_their_answers() {
    let bench = Bench::new(|builder| builder);
    let (leaf, root): (Certificate, Certificate) = (bench.leaf.certificate(), bench.root.certificate());
    let response = |digest, nonce: Option<&[u8]>| {
        let builder = OcspBuilder::new(at(NOW)).answer(&about(&bench, digest));
        let builder = match nonce {
            Some(nonce) => builder.nonce(nonce),
            None => builder,
        };
        OcspResponse::from_der(&builder.issue(&bench.root.name, &bench.root.key)).unwrap()
    };
    let request = Request::new(&leaf, &root, IdDigest::SHA256).nonce(b"0123456789abcdef");
    assert!(request.is_answered_by(&response(IdDigest::SHA256, Some(b"0123456789abcdef"))));
    assert!(request.is_answered_by(&response(IdDigest::SHA256, None)));
    assert!(!request.is_answered_by(&response(IdDigest::SHA256, Some(b"0123456789abcdeF"))));
    assert!(!request.is_answered_by(&response(IdDigest::Sha1, Some(b"0123456789abcdef"))));
    let other = Request::new(&root, &root, IdDigest::SHA256);
    assert!(!other.is_answered_by(&response(IdDigest::SHA256, None)));
}

#[test]
fn refusals_and_broken_responses() {
    let bench = Bench::new(|builder| builder);
    assert_eq!(OcspResponse::from_der(&refusal(3)).err(), Some(OcspError::Unsuccessful(3)));
    let whole = say(&compromised(about(&bench, IdDigest::Sha1)), &bench.root);
    for cut in 0..whole.len() {
        assert!(OcspResponse::from_der(&whole[..cut]).is_err(), "{cut}");
    }
    // No changed octet makes it good, and none makes it revoked by somebody else's word.
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        let Ok(response) = OcspResponse::from_der(&changed) else { continue };
        let evidence = Evidence { responses: vec![response], ..Evidence::default() };
        let check = bench.judge_along(&evidence, NOW);
        assert_ne!(check.outcome, crypto::report::Outcome::Passed, "{place}");
    }
}
