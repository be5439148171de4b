//! Time stamps on seals, CMS and JWS: which are believed, what they prove, and what they must not prove.

use crypto::digest::DigestAlgorithm;
use crypto::issue::seal::SealVersion;
use crypto::issue::{
    CertificateBuilder, CmsBuilder, CrlBuilder, JwsBuilder, KeyType, Name, OfdBuilder, OfdSignature, Reason, SigningKey, Stamp,
    TokenBuilder,
};
use crypto::oid::Oid;
use crypto::report::{Indication, Outcome, Report, SubIndication};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Domain, Purpose, RevocationList, Trust};

use crate::world::{Actor, ISSUER, World, actor, at, authority, fields, now, outcome, signed};

const POLICY: Oid<'static> = Oid(b"\x2a\x03\x04");

/// A minute after the time at which the documents say to be signed.
fn stamped() -> Timestamp {
    signed().plus(60)
}

/// A time-stamp authority under a root of its own.
struct Tsa {
    root: Actor,
    actor: Actor,
}

impl Tsa {
    fn new(kind: KeyType) -> Self {
        Self::shaped(kind, CertificateBuilder::time_stamping)
    }

    fn shaped(kind: KeyType, shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Self {
        let root = authority(kind, "tsa root");
        let actor = actor(&root, kind, "tsa", 7, shape);
        Self { root, actor }
    }

    fn domain(&self) -> Domain {
        let anchors = vec![self.root.certificate()];
        Domain { revocation: RevocationPolicy::None, ..Domain::new("stamps", Purpose::Tsa, anchors) }
    }

    fn token(&self, value: &[u8]) -> Vec<u8> {
        TokenBuilder::new(stamped(), 1, POLICY).build(value, self.actor.signer())
    }
}

/// Trust in the world and in these authorities.
fn trust(world: &World, stamps: Vec<Domain>) -> Trust {
    Trust::new([world.domains(), stamps].concat(), Policy::default())
}

fn cms(world: &World, stamp: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let payload = serde_json::to_vec(&fields(ISSUER)).unwrap();
    CmsBuilder::new(&payload).attributes(Some(signed())).stamped(Stamp(stamp)).sign(world.signer.signer())
}

fn jws(world: &World, stamp: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let jws = JwsBuilder::licence(&fields(ISSUER)).chain(&[&world.signer.der]).signed_at(signed());
    jws.stamped(&world.signer.key, Stamp(stamp)).into_bytes()
}

fn ofd(world: &World, version: Option<SealVersion>, stamp: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let seal = world.seal(version.unwrap_or(SealVersion::V4));
    let signature = match version {
        Some(version) => world.stamp(version, &seal),
        None => OfdSignature::sign(world.signer.signer(), signed()),
    };
    OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature.stamped(Stamp(stamp))).build()
}

/// Every form that has a place for a time stamp.
fn forms(world: &World, stamp: &dyn Fn(&[u8]) -> Vec<u8>) -> [(&'static str, Vec<u8>); 5] {
    [
        ("cms", cms(world, stamp)),
        ("jws", jws(world, stamp)),
        ("v4", ofd(world, Some(SealVersion::V4), stamp)),
        ("v5", ofd(world, Some(SealVersion::V5), stamp)),
        ("sign", ofd(world, None, stamp)),
    ]
}

fn ask(document: &[u8], trust: &Trust, when: Timestamp) -> Report {
    verify(&Question::new(document, when), trust).report
}

fn proven(report: &Report) -> Option<Timestamp> {
    report.signatures[0].proven_time
}

/// A signer whose certificate ended on the given day.
fn until(kind: KeyType, end: &str) -> World {
    let mut world = World::with(kind, &[]);
    let (name, key) = (Name::new("示例机关", "signer"), SigningKey::from_label(kind, "signer"));
    let builder = CertificateBuilder::new(&name, &key, 3).valid(at("2025-01-01T00:00:00Z"), at(end));
    let der = builder.signer().organisation_code(ISSUER).issue(&world.root.name, &world.root.key);
    world.signer = Actor { name, key, der };
    // Made no later than the certificate's end: later lists may leave out what has expired.
    let list = CrlBuilder::new(1, at("2026-06-10T00:00:00Z"), Some(at("2026-08-15T00:00:00Z")));
    world.lists = vec![RevocationList::from_der(&list.issue(&world.root.name, &world.root.key)).unwrap()];
    world
}

#[test]
fn tokens_of_every_algorithm_are_believed_in_every_form() {
    let world = World::new();
    for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
        let tsa = Tsa::new(kind);
        let trust = trust(&world, vec![tsa.domain()]);
        for (form, document) in forms(&world, &|value| tsa.token(value)) {
            let report = ask(&document, &trust, now());
            assert!(report.verdict.is_passed() && report.warnings.is_empty(), "{kind:?} {form} {report:#?}");
            assert_eq!(proven(&report), Some(stamped()), "{kind:?} {form}");
            assert_eq!(outcome(&report, "signature.timestamp"), Outcome::Passed);
            assert_eq!(outcome(&report, "signature.existence"), Outcome::Passed);
        }
    }
}

#[test]
fn other_digests_and_object_identifiers_of_tokens() {
    let (world, tsa) = (World::new(), Tsa::new(KeyType::Sm2));
    let trust = trust(&world, vec![tsa.domain()]);
    let plain = TokenBuilder::new(stamped(), 1, POLICY);
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    for builder in [plain.clone().gm(), plain.clone().digest(Sha256), plain.clone().digest(Sha384), plain.clone().digest(Sha512)]
    {
        let report = ask(&cms(&world, &|value| builder.build(value, tsa.actor.signer())), &trust, now());
        assert_eq!(proven(&report), Some(stamped()), "{builder:?}");
    }
    let vague = plain.accuracy(30);
    let report = ask(&cms(&world, &|value| vague.build(value, tsa.actor.signer())), &trust, now());
    assert_eq!(proven(&report), Some(stamped().plus(30)), "the latest moment that it can mean");
}

#[test]
fn wrong_tokens_are_told_apart_and_prove_nothing() {
    let (world, tsa) = (World::new(), Tsa::new(KeyType::Sm2));
    let trust = trust(&world, vec![tsa.domain()]);
    let builder = || TokenBuilder::new(stamped(), 1, POLICY);
    let by = |shape: fn(CertificateBuilder) -> CertificateBuilder| actor(&tsa.root, KeyType::Sm2, "tsa", 8, shape);
    let lax = by(|builder| builder.not_ca().extended_usage(false, &[Oid::EKU_TIME_STAMPING]));
    let busy = by(|builder| builder.not_ca().extended_usage(true, &[Oid::EKU_TIME_STAMPING, Oid::EKU_CLIENT_AUTH]));
    let plain = by(CertificateBuilder::signer);
    let signer = tsa.actor.signer();
    type Maker<'a> = Box<dyn Fn(&[u8]) -> Vec<u8> + 'a>;
    let cases: Vec<(&str, Maker<'_>)> = vec![
        ("junk", Box::new(|_| vec![4, 1, 2])),
        ("imprint", Box::new(|_| builder().build(b"something else", signer))),
        ("version", Box::new(|value| builder().version(2).build(value, signer))),
        ("content type", Box::new(|value| builder().content_type(Oid::PKCS7_DATA).build(value, signer))),
        ("two signers", Box::new(|value| builder().doubled().build(value, signer))),
        ("no signing certificate", Box::new(|value| builder().naming_none().build(value, signer))),
        ("another signing certificate", Box::new(|value| builder().naming(&plain.der).build(value, signer))),
        ("usage not critical", Box::new(|value| builder().build(value, lax.signer()))),
        ("further usages", Box::new(|value| builder().build(value, busy.signer()))),
        ("no usage", Box::new(|value| builder().build(value, plain.signer()))),
        ("foreign key", Box::new(|value| builder().build(value, crypto::issue::Signer::new(&tsa.actor.der, &world.other.key)))),
    ];
    for (name, stamp) in &cases {
        for (form, document) in forms(&world, stamp) {
            let report = ask(&document, &trust, now());
            assert_eq!(outcome(&report, "signature.timestamp"), Outcome::Failed, "{name} {form}");
            assert_eq!(report.verdict.sub_indication, Some(SubIndication::SigConstraintsFailure), "{name} {form}");
            assert_eq!(proven(&report), None, "{name} {form}");
        }
    }
}

/// A good form by an authority that is not good: the signature stands as if it had no stamp.
#[test]
fn authorities_that_are_not_trusted_prove_nothing() {
    let (world, tsa) = (World::new(), Tsa::new(KeyType::Sm2));
    let document = cms(&world, &|value| tsa.token(value));
    let list = |reason, when: &str| {
        let list = CrlBuilder::new(1, at("2026-06-20T00:00:00Z"), Some(at("2026-08-20T00:00:00Z"))).revoke(7, at(when), reason);
        let list = RevocationList::from_der(&list.issue(&tsa.root.name, &tsa.root.key)).unwrap();
        vec![Domain { lists: vec![list], revocation: RevocationPolicy::Require, ..tsa.domain() }]
    };
    let late = "2026-06-10T00:00:00Z";
    let cases = [
        ("unknown", Vec::new(), false),
        ("for another purpose", vec![Domain { purpose: Purpose::Client, ..tsa.domain() }], false),
        ("status unknown", vec![Domain { revocation: RevocationPolicy::Require, ..tsa.domain() }], false),
        ("compromised later", list(Reason::KeyCompromise, late), false),
        ("revoked before", list(Reason::CessationOfOperation, "2026-05-01T00:00:00Z"), false),
        // RFC 3161 4.1: an authority that stopped in peace keeps the tokens that it made before.
        ("stopped later", list(Reason::CessationOfOperation, late), true),
    ];
    for (name, stamps, believed) in cases {
        let report = ask(&document, &trust(&world, stamps), now());
        assert!(report.verdict.is_passed(), "{name} {report:#?}");
        assert_eq!(proven(&report).is_some(), believed, "{name}");
        let expected = if believed { Outcome::Passed } else { Outcome::NotConcluded };
        assert_eq!(outcome(&report, "signature.timestamp"), expected, "{name}");
    }
    // The authority's certificate has ended by then: without a record nothing shows that its token is older.
    let later = at("2029-01-01T00:00:00Z");
    let trust = trust(&world, vec![tsa.domain()]);
    let report = ask(&document, &trust, later);
    assert_eq!(proven(&report), None, "{report:#?}");
    let known = verify(&Question { known_since: Some(now()), ..Question::new(&document, later) }, &trust).report;
    assert_eq!(proven(&known), Some(stamped()), "a record from its time does");
}

#[test]
fn what_has_ended_since_is_saved_by_proof_alone() {
    let world = until(KeyType::Sm2, "2026-06-10T00:00:00Z");
    let tsa = Tsa::new(KeyType::P256);
    let trust = trust(&world, vec![tsa.domain()]);
    for (form, document) in forms(&world, &|value| tsa.token(value)) {
        let report = ask(&document, &trust, now());
        assert!(report.verdict.is_passed(), "{form} {report:#?}");
        assert!(report.warnings.iter().any(|check| check.id == "signature.existence"), "{form}");
    }
    let late = TokenBuilder::new(at("2026-06-11T00:00:00Z"), 1, POLICY);
    for (form, document) in forms(&world, &|value| late.build(value, tsa.actor.signer())) {
        let report = ask(&document, &trust, now());
        assert_eq!(report.verdict.sub_indication, Some(SubIndication::OutOfBoundsNotRevoked), "{form} {report:#?}");
    }
    let document = cms(&world, &|value| tsa.token(value));
    // Asked about a moment before the stamp was made, it proves nothing; then nothing had ended either.
    let before = ask(&document, &trust, signed().plus(30));
    assert_eq!((proven(&before), before.verdict.is_passed()), (None, true), "{before:#?}");
    // The record alone does it too, and a record of later does not.
    let junk = ask(&document, &Trust::new(world.domains(), Policy::default()), now());
    assert!(!junk.verdict.is_passed());
    let recorded = |known, when| {
        let trust = Trust::new(world.domains(), Policy::default());
        verify(&Question { known_since: Some(known), ..Question::new(&document, when) }, &trust).report
    };
    assert!(recorded(signed().plus(3600), now()).verdict.is_passed());
    assert!(!recorded(at("2026-06-20T00:00:00Z"), now()).verdict.is_passed());
    assert!(!recorded(now().plus(60), now()).verdict.is_passed(), "a record of the future");
}

#[test]
fn a_revoked_signer_is_saved_by_proof_from_before() {
    let world = World::with(KeyType::Sm2, &[(3, at("2026-06-10T00:00:00Z"))]);
    let tsa = Tsa::new(KeyType::Sm2);
    let believed = trust(&world, vec![tsa.domain()]);
    for (form, document) in forms(&world, &|value| tsa.token(value)) {
        let report = ask(&document, &believed, now());
        assert!(report.verdict.is_passed(), "{form} {report:#?}");
        assert!(report.warnings.iter().any(|check| check.id == "path.revocation"), "{form}");
        let doubted = ask(&document, &trust(&world, Vec::new()), now());
        assert_eq!(doubted.verdict.sub_indication, Some(SubIndication::RevokedNoPoe), "{form}");
    }
}

#[test]
fn times_that_contradict_each_other() {
    let (world, tsa) = (World::new(), Tsa::new(KeyType::Sm2));
    let trust = trust(&world, vec![tsa.domain()]);
    let made = |when: Timestamp| {
        move |value: &[u8]| TokenBuilder::new(when, 1, POLICY).build(value, Tsa::new(KeyType::Sm2).actor.signer())
    };
    let order = Some(SubIndication::TimestampOrderFailure);
    for (form, document) in forms(&world, &made(signed().plus(-301))) {
        assert_eq!(ask(&document, &trust, now()).verdict.sub_indication, order, "{form} claims to be younger than its stamp");
    }
    for (form, document) in forms(&world, &made(signed().plus(-300))) {
        assert!(ask(&document, &trust, now()).verdict.is_passed(), "{form}: clocks differ");
    }
    for (form, document) in forms(&world, &made(signed().plus(8 * 86_400))) {
        let report = ask(&document, &trust, now());
        assert!(report.verdict.is_passed() && report.warnings.iter().any(|check| check.id == "signature.lag"), "{form}");
    }
    let known = |known| {
        let document = cms(&world, &made(stamped()));
        verify(&Question { known_since: Some(known), ..Question::new(&document, now()) }, &trust).report
    };
    assert_eq!(known(signed().plus(-301)).verdict.sub_indication, order, "on record before it claims to be signed");
    let before = known(at("2024-12-31T00:00:00Z")).verdict;
    assert_eq!((before.indication, before.sub_indication), (Indication::TotalFailed, Some(SubIndication::NotYetValid)));
}

#[test]
fn the_time_stamp_of_a_seal() {
    let (world, tsa) = (World::new(), Tsa::new(KeyType::Sm2));
    let trust = trust(&world, vec![tsa.domain()]);
    let token = |when: Timestamp, value: &[u8]| TokenBuilder::new(when, 1, POLICY).build(value, tsa.actor.signer());
    let judge = |seal_at: Timestamp| {
        let stamp = |value: &[u8]| token(seal_at, value);
        let seal = world.seal_builder(SealVersion::V5).stamped(Stamp(&stamp)).build(world.maker.signer());
        let own = |value: &[u8]| token(stamped(), value);
        let signature = world.stamp(SealVersion::V5, &seal).stamped(Stamp(&own));
        ask(&OfdBuilder::new(&fields(ISSUER), "示例证照").sign(signature).build(), &trust, now())
    };
    let good = judge(at("2026-01-01T00:00:00Z"));
    assert!(good.verdict.is_passed(), "{good:#?}");
    assert_eq!(outcome(&good, "seal.timestamp"), Outcome::Passed);
    for when in [at("2025-12-31T23:59:59Z"), stamped().plus(301)] {
        let report = judge(when);
        assert_eq!(report.verdict.sub_indication, Some(SubIndication::TimestampOrderFailure), "{when} {report:#?}");
    }
}

#[test]
fn no_flipped_bit_moves_a_time() {
    let (world, tsa) = (until(KeyType::Sm2, "2026-06-10T00:00:00Z"), Tsa::new(KeyType::P256));
    let trust = trust(&world, vec![tsa.domain()]);
    let good = std::cell::Cell::new(0);
    let document = |flip: Option<usize>| {
        cms(&world, &|value| {
            let mut token = tsa.token(value);
            good.set(token.len());
            if let Some(place) = flip {
                token[place] ^= 1;
            }
            token
        })
    };
    assert!(ask(&document(None), &trust, now()).verdict.is_passed());
    let mut believed = 0;
    for place in 0..good.get() {
        let report = ask(&document(Some(place)), &trust, now());
        match proven(&report) {
            Some(time) => {
                assert_eq!(time, stamped(), "byte {place}");
                believed += 1;
            }
            None => assert!(!report.verdict.is_passed(), "byte {place}"),
        }
    }
    // Versions and the list of digests are all that nobody signs in a token.
    assert!(believed < 24, "{believed} of {} bytes do not matter", good.get());
}
