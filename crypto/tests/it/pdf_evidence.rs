//! What a PDF brings along: its security store, evidence in the signed attributes, and time stamps over the document.

use crypto::issue::ocsp::{Answer, OcspBuilder};
use crypto::issue::pdf::{PdfBuilder, PdfSignature, SecurityStore};
use crypto::issue::{CertificateBuilder, CrlBuilder, KeyType, Reason, Stamp, TokenBuilder};
use crypto::oid::Oid;
use crypto::report::{Coverage, Outcome, Report, SubIndication as Sub};
use crypto::time::Timestamp;
use crypto::x509::ocsp::IdDigest;
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Domain, Evidence, Purpose, Trust};

use crate::world::{Actor, ISSUER, World, actor, at, authority, fields, now, outcome, report, signed};

const POLICY: Oid<'static> = Oid(b"\x2a\x03\x04");
/// When the signer is revoked.
const REVOKED: &str = "2026-06-10T00:00:00Z";

/// A time-stamp authority, under a root of its own.
struct Tsa {
    root: Actor,
    actor: Actor,
}

impl Tsa {
    fn new(label: &str, shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Self {
        let root = authority(KeyType::P256, label);
        let actor = actor(&root, KeyType::P256, label, 7, |builder| shape(builder.time_stamping()));
        Self { root, actor }
    }

    fn domain(&self) -> Domain {
        let anchors = vec![self.root.certificate()];
        Domain { revocation: RevocationPolicy::None, ..Domain::new("stamps", Purpose::Tsa, anchors) }
    }

    fn token(&self, value: &[u8], when: &str) -> Vec<u8> {
        TokenBuilder::new(at(when), 1, POLICY).build(value, self.actor.signer())
    }

    /// The document with a time stamp of this moment over it.
    fn over(&self, document: PdfBuilder, when: &str) -> PdfBuilder {
        document.stamp(Stamp(&|covered| self.token(covered, when)))
    }
}

fn tsa() -> Tsa {
    Tsa::new("tsa", |builder| builder)
}

/// A world whose signer was revoked.
fn revoked() -> World {
    World::with(KeyType::Sm2, &[(3, at(REVOKED))])
}

fn signed_by(world: &World) -> PdfBuilder {
    PdfBuilder::licence(&fields(ISSUER), "Sample licence").sign(PdfSignature::cades(world.signer.signer(), signed()))
}

/// What is said by somebody who trusts the world and these authorities.
fn judged(world: &World, stamps: &[&Tsa], document: PdfBuilder) -> Report {
    judged_at(world, stamps, document, now())
}

fn judged_at(world: &World, stamps: &[&Tsa], document: PdfBuilder, when: Timestamp) -> Report {
    let domains = [world.domains(), stamps.iter().map(|tsa| tsa.domain()).collect()].concat();
    report(&document.build(), &Trust::new(domains, Policy::default()), when)
}

/// What is said by somebody who has no evidence of status at all.
fn unaware(world: &World, document: PdfBuilder) -> Report {
    let domain = Domain::new("signers", Purpose::Signer, vec![world.root.certificate()]);
    report(&document.build(), &Trust::new(vec![domain], Policy::default()), now())
}

#[track_caller]
fn says(report: &Report, sub_indication: Option<Sub>) {
    assert_eq!(report.verdict.sub_indication, sub_indication, "{report:#?}");
    assert_eq!(report.verdict.is_passed(), sub_indication.is_none());
}

fn list(world: &World, revoked: bool) -> Vec<u8> {
    let mut list = CrlBuilder::new(1, at("2026-06-15T00:00:00Z"), Some(at("2026-07-15T00:00:00Z")));
    if revoked {
        list = list.revoke(3, at("2026-05-01T00:00:00Z"), Reason::KeyCompromise);
    }
    list.issue(&world.root.name, &world.root.key)
}

fn lists(lists: Vec<Vec<u8>>) -> SecurityStore {
    SecurityStore { lists, ..SecurityStore::default() }
}

#[test]
fn a_stamp_proves_what_was_signed_before_it() {
    let (world, tsa) = (revoked(), tsa());
    let before = tsa.over(signed_by(&world), "2026-06-02T00:00:00Z");
    let good = judged(&world, &[&tsa], before.clone());
    says(&good, None);
    assert_eq!(outcome(&good, "pdf.time-stamp"), Outcome::Passed);
    assert_eq!(good.signatures.len(), 1, "a time stamp is no signature");
    assert_eq!(good.signatures[0].proven_time, Some(at("2026-06-02T00:00:00Z")));
    assert_eq!(good.signatures[0].coverage, Some(Coverage::Full));
    assert!(good.warnings.iter().any(|check| check.id == "path.revocation"), "that it was revoked since is told");

    says(&judged(&world, &[], before.clone()), Some(Sub::RevokedNoPoe));
    says(&judged(&world, &[&tsa], tsa.over(signed_by(&world), "2026-06-11T00:00:00Z")), Some(Sub::RevokedNoPoe));
    // As of a moment before the stamp was made it proves nothing, and as of then nothing was wrong.
    let early = judged_at(&world, &[&tsa], before, signed().plus(60));
    assert_eq!((early.signatures[0].proven_time, outcome(&early, "pdf.time-stamp")), (None, Outcome::NotConcluded));
}

#[test]
fn a_stamp_proves_nothing_of_what_was_signed_after_it() {
    let (world, tsa) = (revoked(), tsa());
    let unsigned = PdfBuilder::licence(&fields(ISSUER), "Sample licence");
    let stamped = tsa.over(unsigned, "2026-06-02T00:00:00Z");
    let document = stamped.sign(PdfSignature::cades(world.signer.signer(), signed()));
    let report = judged(&world, &[&tsa], document);
    says(&report, Some(Sub::RevokedNoPoe));
    assert_eq!((report.signatures[0].proven_time, outcome(&report, "pdf.time-stamp")), (None, Outcome::Passed));
}

#[test]
fn forged_stamps_prove_nothing_and_take_nothing_away() {
    let (world, fresh, tsa) = (revoked(), World::new(), tsa());
    let other = tsa.token(b"something else", "2026-06-02T00:00:00Z");
    let by_signer =
        |covered: &[u8]| TokenBuilder::new(at("2026-06-02T00:00:00Z"), 1, POLICY).build(covered, world.signer.signer());
    let foreign = |covered: &[u8]| {
        let signer = crypto::issue::Signer::new(&tsa.actor.der, &world.other.key);
        TokenBuilder::new(at("2026-06-02T00:00:00Z"), 1, POLICY).build(covered, signer)
    };
    let forgeries: [(&str, Stamp<'_>); 5] = [
        ("over something else", Stamp(&|_| other.clone())),
        ("by somebody else", Stamp(&by_signer)),
        ("by another key", Stamp(&foreign)),
        ("no token", Stamp(&|_| vec![0x30, 0])),
        ("nothing", Stamp(&|_| Vec::new())),
    ];
    for (name, forged) in forgeries {
        let stamped = |world: &World| judged(world, &[&tsa], signed_by(world).stamp(forged));
        let report = stamped(&fresh);
        says(&report, None);
        assert!(report.warnings.iter().any(|check| check.id == "pdf.time-stamp"), "{name} {report:#?}");
        assert_eq!((outcome(&report, "pdf.time-stamp"), report.signatures[0].proven_time), (Outcome::Failed, None), "{name}");
        says(&stamped(&world), Some(Sub::RevokedNoPoe));
    }
    // A token that fits, in a dictionary whose byte range was moved.
    let good = tsa.over(signed_by(&world), "2026-06-02T00:00:00Z").build();
    let start = good.windows(12).rposition(|window| window == b"/ByteRange [").unwrap() + 12;
    let mut bad = good;
    bad[start] = b'1';
    let domains = [world.domains(), vec![tsa.domain()]].concat();
    let report = report(&bad, &Trust::new(domains, Policy::default()), now());
    says(&report, Some(Sub::RevokedNoPoe));
    assert_eq!(outcome(&report, "pdf.time-stamp"), Outcome::Failed);
}

/// The authority of the first stamp has expired; the second stamp proves the first one older.
#[test]
fn a_stamp_is_kept_alive_by_a_later_one() {
    let world = revoked();
    let old = Tsa::new("old", |builder| builder.valid(at("2025-01-01T00:00:00Z"), at("2026-06-20T00:00:00Z")));
    let young = Tsa::new("young", |builder| builder);
    let once = old.over(signed_by(&world), "2026-06-02T00:00:00Z");
    says(&judged(&world, &[&old, &young], once.clone()), Some(Sub::RevokedNoPoe));
    let twice = young.over(once.clone(), "2026-06-18T00:00:00Z");
    let report = judged(&world, &[&old, &young], twice);
    says(&report, None);
    assert_eq!(report.signatures[0].proven_time, Some(at("2026-06-02T00:00:00Z")));
    says(&judged(&world, &[&old, &young], young.over(once, "2026-06-21T00:00:00Z")), Some(Sub::RevokedNoPoe));
}

#[test]
fn a_signature_cannot_be_younger_than_a_stamp_over_it() {
    let (world, tsa) = (World::new(), tsa());
    let report = judged(&world, &[&tsa], tsa.over(signed_by(&world), "2026-05-31T00:00:00Z"));
    says(&report, Some(Sub::TimestampOrderFailure));
}

#[test]
fn a_policy_that_demands_time_stamps_is_content_with_one_over_the_document() {
    let (world, tsa) = (World::new(), tsa());
    let policy = Policy { require_timestamp: true, ..Policy::default() };
    let trust = Trust::new([world.domains(), vec![tsa.domain()]].concat(), policy);
    says(&report(&signed_by(&world).build(), &trust, now()), Some(Sub::NoPoe));
    says(&report(&tsa.over(signed_by(&world), "2026-06-02T00:00:00Z").build(), &trust, now()), None);
}

#[test]
fn the_store_counts_as_far_as_its_signers_are_right() {
    let world = World::new();
    says(&unaware(&world, signed_by(&world)), Some(Sub::TryLater));
    let good = lists(vec![list(&world, false)]);
    let report = unaware(&world, signed_by(&world).store(&good));
    says(&report, None);
    assert_eq!(report.signatures[0].coverage, Some(Coverage::Full));
    says(&unaware(&world, signed_by(&world).store(&lists(vec![list(&world, true)]))), Some(Sub::Revoked));

    let (leaf, root) = (world.signer.certificate(), world.root.certificate());
    let times = (at("2026-06-30T00:00:00Z"), Some(at("2026-07-02T00:00:00Z")));
    let answer = Answer::good(&leaf, &root, IdDigest::SHA256, times);
    let response = OcspBuilder::new(times.0).answer(&answer).issue(&world.root.name, &world.root.key);
    let responses = SecurityStore { responses: vec![response], ..SecurityStore::default() };
    says(&unaware(&world, signed_by(&world).store(&responses)), None);

    // A later store stands in for the first one.
    says(&unaware(&world, signed_by(&world).store(&lists(Vec::new())).store(&good)), None);
    says(&unaware(&world, signed_by(&world).store(&good).store(&lists(Vec::new()))), Some(Sub::TryLater));
}

#[test]
fn the_store_completes_a_path() {
    let mut world = World::new();
    let between = actor(&world.root, KeyType::Sm2, "between", 9, |builder| builder.authority(Some(0)));
    world.signer = actor(&between, KeyType::Sm2, "signer", 3, |builder| builder.signer().organisation_code(ISSUER));
    let trust = || {
        let domain = Domain::new("signers", Purpose::Signer, vec![world.root.certificate()]);
        Trust::new(vec![Domain { revocation: RevocationPolicy::None, ..domain }], Policy::default())
    };
    says(&report(&signed_by(&world).build(), &trust(), now()), Some(Sub::NoCertificateChainFound));
    let store = SecurityStore { certificates: vec![between.der], ..SecurityStore::default() };
    says(&report(&signed_by(&world).store(&store).build(), &trust(), now()), None);
    // What comes along is no anchor.
    let root = SecurityStore { certificates: vec![world.root.der.clone()], ..SecurityStore::default() };
    let stranger = authority(KeyType::Sm2, "stranger");
    let trust = Trust::new(vec![Domain::new("signers", Purpose::Signer, vec![stranger.certificate()])], Policy::default());
    says(&report(&signed_by(&World::new()).store(&root).build(), &trust, now()), Some(Sub::NoCertificateChainFound));
}

#[test]
fn a_forged_store_is_as_good_as_none() {
    let world = World::new();
    // In the root's name, by another key: neither does it vouch for anybody nor does it revoke anybody.
    let mut forger = World::new();
    forger.root = Actor { name: forger.root.name, ..authority(KeyType::Sm2, "forger") };
    for revoked in [false, true] {
        let forged = lists(vec![list(&forger, revoked)]);
        says(&unaware(&world, signed_by(&world).store(&forged)), Some(Sub::TryLater));
        says(&judged(&world, &[], signed_by(&world).store(&forged)), None);
    }
    let junk = vec![b"\x30\x00".to_vec(), b"junk".to_vec(), Vec::new()];
    let odd = SecurityStore { certificates: junk.clone(), lists: junk.clone(), responses: junk.clone() };
    says(&judged(&world, &[], signed_by(&world).store(&odd)), None);
    let after_junk = lists([junk, vec![list(&world, false)]].concat());
    says(&unaware(&world, signed_by(&world).store(&after_junk)), None);
    // What comes after too many is not read.
    let full = lists([vec![b"\x30\x00".to_vec(); 32], vec![list(&world, false)]].concat());
    says(&unaware(&world, signed_by(&world).store(&full)), Some(Sub::TryLater));
}

#[test]
fn stores_of_other_shapes_hold_nothing() {
    let world = World::new();
    let catalog = |store: &str| format!("<< {} /DSS {store} >>", PdfBuilder::catalog()).into_bytes();
    for store in ["null", "[]", "<< /CRLs 7 >>", "<< /CRLs [1 0 R 99 0 R (x) null] >>", "99 0 R", "<< /Certs [<< >>] >>"] {
        let mut builder = signed_by(&world);
        builder.append(&[(1, catalog(store))]);
        says(&judged(&world, &[], builder.clone()), None);
        says(&unaware(&world, builder), Some(Sub::TryLater));
    }
}

#[test]
fn the_status_of_a_stamps_authority_may_stand_in_the_store() {
    let (world, tsa) = (revoked(), tsa());
    let strict = Domain { revocation: RevocationPolicy::Require, ..tsa.domain() };
    let trust = Trust::with_evidence([world.domains(), vec![strict]].concat(), Policy::default(), Evidence::NONE);
    let stamped = tsa.over(signed_by(&world), "2026-06-02T00:00:00Z");
    says(&report(&stamped.clone().build(), &trust, now()), Some(Sub::RevokedNoPoe));
    let list = CrlBuilder::new(1, at("2026-06-15T00:00:00Z"), Some(at("2026-07-15T00:00:00Z")));
    let store = lists(vec![list.issue(&tsa.root.name, &tsa.root.key)]);
    says(&report(&stamped.store(&store).build(), &trust, now()), None);
}

#[test]
fn evidence_in_the_signed_attributes_counts_as_well() {
    let world = World::new();
    let with = |lists: &[Vec<u8>]| {
        let signature = PdfSignature::cades(world.signer.signer(), signed()).archiving(lists);
        unaware(&world, PdfBuilder::licence(&fields(ISSUER), "Sample licence").sign(signature))
    };
    says(&with(&[list(&world, false)]), None);
    says(&with(&[list(&world, true)]), Some(Sub::Revoked));
    says(&with(&[b"\x30\x00".to_vec(), b"\x04\x00".to_vec(), list(&world, false)]), None);
    // The signer's own word is worth nothing: a list by anybody but the authority.
    let mut forger = World::new();
    forger.root = Actor { name: forger.root.name, ..authority(KeyType::Sm2, "forger") };
    says(&with(&[list(&forger, false)]), Some(Sub::TryLater));
}
