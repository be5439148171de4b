//! Evidence bundles: what is put together can be checked years later with nothing else, and not one byte of it can be changed.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crypto::bundle::{self, Bundle, BundleError, Examination, FORMAT, Given, ListRow, LogUsed, Receipt, Seen, Step, collect};
use crypto::digest::{Sha256, sm3, to_hex};
use crypto::issue::seal::SealVersion;
use crypto::issue::{JwsBuilder, KeyType, SigningKey};
use crypto::record::{DocumentMention, Ending, EventKind, Facts, LogName, Opening, Part, Salt, Stamp};
use crypto::report::{Outcome, Report, Verdict};
use crypto::time::Timestamp;
use crypto::tlog::{
    Checkpoint, Hash, HashTiles, KeyType as NoteKey, NoteSigner, Policy, SignatureLine, TlogProof, Tree, VerifierKey,
    cosignature, leaf_hash, prove,
};
use crypto::verify::{Question, Verification, verify};
use crypto::x509::trust::Policy as Rules;
use crypto::x509::{Certificate, Evidence, RevocationList, Trust};

use crate::world::{Actor, ISSUER, World, actor, at, fields, now};

const ORIGIN: &str = "licet.example/seal/2026";
/// The number of the first record of the shard.
const FIRST: u64 = 1_000;
/// The place of the record in the shard.
const INDEX: u64 = 5;

/// Long after every certificate of the world has ended.
fn later() -> Timestamp {
    at("2046-01-01T00:00:00Z")
}

struct NoteKit(VerifierKey, SigningKey);

impl NoteKit {
    fn new(name: &str, kind: NoteKey) -> Self {
        let key = SigningKey::from_label(if kind == NoteKey::Sm2 { KeyType::Sm2 } else { KeyType::Ed25519 }, name);
        Self(VerifierKey::new(name, kind, key.public_key().bits()).unwrap(), key)
    }
}

impl NoteSigner for NoteKit {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.1.sign_fixed(message))
    }
}

/// The leaves of a small tree, as one tile.
struct Leaves(Vec<Hash>);

impl HashTiles for Leaves {
    type Error = Infallible;

    fn tile(&self, _: u8, _: u64, width: u16) -> Result<Vec<Hash>, Infallible> {
        Ok(self.0.iter().take(width.into()).copied().collect())
    }
}

/// What stands behind a bundle.
struct Case {
    world: World,
    gateway: Actor,
    log: NoteKit,
    sm2: NoteKit,
    witness: NoteKit,
}

impl Case {
    fn new() -> Self {
        Self::of(World::with(KeyType::Ed25519, &[]))
    }

    fn of(world: World) -> Self {
        let gateway = actor(&world.root, KeyType::Ed25519, "gateway", 9, |builder| builder.signer());
        Self {
            world,
            gateway,
            log: NoteKit::new(ORIGIN, NoteKey::Ed25519),
            sm2: NoteKit::new(ORIGIN, NoteKey::Sm2),
            witness: NoteKit::new("w.example", NoteKey::Cosignature),
        }
    }

    fn licence(&self) -> Vec<u8> {
        let licence = JwsBuilder::licence(&fields(ISSUER)).signed_at(now());
        licence.chain(&[&self.world.signer.der]).compact(&self.world.signer.key).into_bytes()
    }

    /// The gateway knows the revocation list by itself, and when it came in.
    fn trust(&self) -> Trust {
        let mut domains = self.world.domains();
        let lists: Vec<RevocationList> = domains.iter_mut().flat_map(|domain| std::mem::take(&mut domain.lists)).collect();
        let received = lists.iter().map(|list| (list.sha256(), at("2026-06-16T00:00:00Z"))).collect();
        Trust::with_evidence(domains, Rules::default(), &Evidence { lists, received, ..Evidence::default() })
    }

    fn bundle(&self, document: &[u8], shape: impl FnOnce(&mut Seen<'_>, &mut Report)) -> Bundle {
        let trust = self.trust();
        let Verification { mut report, diagnostic, .. } = verify(&Question::new(document, now()), &trust);
        let empty = report.clone();
        let mut seen = Seen {
            document,
            with_document: true,
            trust: &trust,
            list: Some(ListRow { version: 3, sha256: Sha256::of(&[b"list"]) }),
            known_since: None,
            presentation: None,
            certificates: &[],
            evidence: Evidence::NONE,
            status_lists: &[],
            known_status: None,
            report: &empty,
            diagnostic: &diagnostic,
            seals: &[],
            evidence_bytes_max: 1 << 20,
        };
        shape(&mut seen, &mut report);
        seen.report = &report;
        let material = collect(&seen).material;
        let mention = DocumentMention { sha256: Some(Sha256::of(&[document])), sm3: Some(to_hex(&sm3(&[document]))) };
        let receipt = Receipt::new(&report, mention, trust.policy(), (now().plus(1), "request-1")).enclosing(material.sha256());
        self.log(material, &receipt)
    }

    fn signed(&self, receipt: &Receipt) -> String {
        let builder = JwsBuilder::new(&serde_json::to_vec(receipt).unwrap());
        let builder = builder.header("typ", serde_json::json!(bundle::RECEIPT_TYPE)).chain(&[&self.gateway.der]);
        builder.compact(&self.gateway.key)
    }

    fn log(&self, material: bundle::Material, receipt: &Receipt) -> Bundle {
        let receipt_text = self.signed(receipt);
        let mut facts = Facts::new(EventKind::EvidenceMake, Ending::Done, "approval".to_owned());
        facts.request = Some(receipt.jti.clone());
        facts.document = Some(receipt.document.clone());
        facts.details.insert("receipt".to_owned(), Sha256::of(&[receipt_text.as_bytes()]).to_string().into());
        let stamp = Stamp { number: FIRST + INDEX, at: now().plus(2) };
        let texts = [serde_json::to_string(&stamp), serde_json::to_string(&facts)];
        let open = |text: Result<String, _>| Part::Open { salt: Salt([7; 16]), text: text.unwrap() };
        let mut parts: Vec<Part> = texts.map(open).into();
        parts.push(Part::Closed { commitment: Sha256::of(&[b"about a citizen"]) });
        let record = Opening { parts };
        let leaf = |index: u64| if index == INDEX { leaf_hash(&record.entry().0) } else { leaf_hash(&index.to_be_bytes()) };
        let leaves: Vec<Hash> = (0..11).map(leaf).collect();
        let mut tree = Tree::default();
        leaves.iter().for_each(|leaf| assert!(tree.append(*leaf).unwrap().is_empty()));
        let mut note = Checkpoint::new(ORIGIN, tree.size(), tree.root()).unwrap().note().unwrap();
        for key in [&self.log, &self.sm2] {
            note.add(SignatureLine::sign(key, note.text()).unwrap()).unwrap();
        }
        let time = u64::try_from(now().plus(3).unix()).unwrap();
        note.add(cosignature::sign(&self.witness, note.text(), time).unwrap()).unwrap();
        let hashes = prove::inclusion(tree.size(), INDEX, &Leaves(leaves)).unwrap();
        Bundle {
            format: FORMAT.to_owned(),
            material,
            receipt: receipt_text,
            record,
            log: LogUsed {
                origin: ORIGIN.to_owned(),
                first: FIRST,
                keys: vec![self.log.0.to_string(), self.sm2.0.to_string()],
                witnesses: vec![self.witness.0.to_string()],
            },
            proof: TlogProof::new(INDEX, hashes, note).unwrap().to_string(),
        }
    }

    fn anchors(&self) -> [Certificate; 1] {
        [self.world.root.certificate()]
    }

    fn keys(&self) -> [VerifierKey; 1] {
        [self.log.0.renamed("licet.example").unwrap()]
    }
}

fn plain() -> Given<'static> {
    Given { log_keys: &[], anchors: None, policy: None, document: None, now: later() }
}

#[track_caller]
fn outcome(examination: &Examination, step: Step) -> Outcome {
    let found = examination.findings.iter().find(|finding| finding.id == step.id());
    found.unwrap_or_else(|| panic!("{} was not taken", step.id())).outcome
}

/// Exactly this step fails.
#[track_caller]
fn fails(bundle: &Bundle, given: &Given<'_>, step: Step) {
    let examination = bundle::check(bundle, given);
    let failed = |finding: &&bundle::Finding| finding.outcome == Outcome::Failed;
    let failed: Vec<&str> = examination.findings.iter().filter(failed).map(|finding| finding.id).collect();
    assert_eq!(failed, [step.id()], "{:#?}", examination.findings);
}

#[test]
fn a_bundle_is_good_years_after_everything_in_it_has_expired() {
    let case = Case::new();
    let bundle = case.bundle(&case.licence(), |_, _| ());
    let read = Bundle::parse(&bundle.to_bytes()).unwrap();
    assert_eq!(read, bundle);
    let (anchors, keys) = (case.anchors(), case.keys());
    let policy: Policy = format!("witness W {}\nquorum W\n", case.witness.0).parse().unwrap();
    let given = Given { log_keys: &keys, anchors: Some(&anchors), policy: Some(&policy), ..plain() };
    let examination = bundle::check(&read, &given);
    assert!(examination.is_good(), "{:#?}", examination.findings);
    assert_eq!(examination.findings.len(), Step::ALL.len());
    assert!(examination.findings.iter().all(|finding| finding.outcome == Outcome::Passed), "{:#?}", examination.findings);
    assert_eq!(examination.report.unwrap().verdict, Verdict::PASSED);
    assert!(anchors[0].not_after() < later());
}

#[test]
fn who_names_nobody_to_trust_is_told_so() {
    let case = Case::new();
    let bundle = case.bundle(&case.licence(), |_, _| ());
    let examination = bundle::check(&bundle, &plain());
    assert!(examination.is_good());
    for step in [Step::LogKey, Step::Anchors] {
        assert_eq!(outcome(&examination, step), Outcome::NotConcluded);
    }
}

#[test]
fn seals_stamps_and_lists_are_enclosed_and_enough() {
    let case = Case::new();
    let files = case.world.files(SealVersion::V4);
    let document = crypto::issue::zip::zip(&files);
    let seals = [case.world.seal(SealVersion::V4)];
    let bundle = case.bundle(&document, |seen, _| seen.seals = Vec::leak(seals.to_vec()));
    let examination = bundle::check(&Bundle::parse(&bundle.to_bytes()).unwrap(), &plain());
    assert!(examination.is_good(), "{:#?}", examination.findings);
    assert_eq!((bundle.material.lists.len(), bundle.material.seals.len()), (1, 1));
    assert!(bundle.material.certificates.len() >= 3);
}

#[test]
fn what_was_revoked_then_is_revoked_in_the_bundle() {
    let revoked = World::with(KeyType::Ed25519, &[(3, at("2026-06-10T00:00:00Z"))]);
    let case = Case::of(revoked);
    let bundle = case.bundle(&case.licence(), |_, _| ());
    let examination = bundle::check(&bundle, &plain());
    assert!(examination.is_good(), "{:#?}", examination.findings);
    assert!(!examination.report.unwrap().verdict.is_passed());
    // Without the list there is another verdict, so the bundle does not hold.
    let mut stripped = case.bundle(&case.licence(), |seen, _| seen.evidence_bytes_max = 0);
    assert_eq!(stripped.material.left_out().len(), 1);
    fails(&stripped, &plain(), Step::Verdict);
    stripped.material.lists = BTreeMap::new();
    let receipt = Receipt::read(&stripped.receipt).unwrap().0.enclosing(stripped.material.sha256());
    fails(&case.log(stripped.material, &receipt), &plain(), Step::Verdict);
}

#[test]
fn the_document_may_be_left_out_and_given_later() {
    let case = Case::new();
    let document = case.licence();
    let bundle = case.bundle(&document, |seen, _| seen.with_document = false);
    let examination = bundle::check(&bundle, &plain());
    assert!(examination.is_good() && examination.report.is_none());
    assert_eq!(outcome(&examination, Step::Document), Outcome::NotConcluded);
    let given = Given { document: Some(&document), ..plain() };
    assert!(bundle::check(&bundle, &given).report.is_some_and(|report| report.verdict.is_passed()));
    let other = [&document[..], b"\n"].concat();
    let wrong = Given { document: Some(&other), ..plain() };
    assert_eq!(outcome(&bundle::check(&bundle, &wrong), Step::Document), Outcome::Failed);
}

#[test]
fn what_registers_said_is_taken_from_the_report() {
    use crypto::report::checks::{LICENCE_RECORD, LICENCE_STATE, SEAL_USE_LOGGED};
    let case = Case::new();
    for check in [LICENCE_STATE.fail(), SEAL_USE_LOGGED.fail(), LICENCE_RECORD.pass()] {
        let effect = check.effect;
        let bundle = case.bundle(&case.licence(), |_, report| {
            report.checks.push(check);
            report.conclude();
        });
        let examination = bundle::check(&bundle, &plain());
        assert!(examination.is_good(), "{:#?}", examination.findings);
        assert_eq!(examination.report.unwrap().verdict, effect.unwrap_or(Verdict::PASSED));
    }
}

#[test]
fn a_verdict_that_cannot_be_reached_again_fails() {
    let case = Case::new();
    let bundle = case.bundle(&case.licence(), |_, report| {
        report.signatures[0].checks.iter_mut().for_each(|check| check.effect = None);
        report.checks.push(crypto::report::checks::SIGNATURE_VALUE.fail());
        report.conclude();
    });
    fails(&bundle, &plain(), Step::Verdict);
}

#[test]
fn strangers_are_told_apart() {
    let case = Case::new();
    let bundle = case.bundle(&case.licence(), |_, _| ());
    let other = [crate::world::authority(KeyType::Ed25519, "another root").certificate()];
    let examination = bundle::check(&bundle, &Given { anchors: Some(&other), ..plain() });
    assert_eq!(outcome(&examination, Step::Anchors), Outcome::Failed);
    assert_eq!(outcome(&examination, Step::Verdict), Outcome::Failed);
    for (name, key, expected) in [
        ("licet.example/access", &case.log, true),
        ("licet.exam", &case.log, false),
        ("licet.example/access/2025-h1", &case.log, true),
        ("licet.example/other/2026", &case.log, false),
        ("licet.example", &case.sm2, true),
    ] {
        let renamed = key.0.renamed(name).unwrap();
        let examination = bundle::check(&bundle, &Given { log_keys: &[renamed], ..plain() });
        assert_eq!(examination.is_good(), expected, "{name}");
    }
    let stranger = NoteKit::new("x.example", NoteKey::Cosignature);
    let policy: Policy = format!("witness X {}\nquorum X\n", stranger.0).parse().unwrap();
    fails(&bundle, &Given { policy: Some(&policy), ..plain() }, Step::Witnesses);
    let early = Given { now: now(), ..plain() };
    assert!(bundle::check(&bundle, &early).is_good(), "clocks differ a little");
    assert!(!bundle::check(&bundle, &Given { now: now().plus(-600), ..plain() }).is_good());
}

#[test]
fn each_link_is_missed_when_it_is_another_one() {
    let case = Case::new();
    let good = case.bundle(&case.licence(), |_, _| ());
    let other = case.bundle(&case.licence(), |seen, _| seen.list = None);
    fails(&Bundle { material: other.material.clone(), ..good.clone() }, &plain(), Step::Material);
    let swapped = bundle::check(&Bundle { receipt: other.receipt.clone(), ..good.clone() }, &plain());
    assert_eq!([Step::Material, Step::Record].map(|step| outcome(&swapped, step)), [Outcome::Failed; 2]);
    let swapped = bundle::check(&Bundle { record: other.record.clone(), ..good.clone() }, &plain());
    assert_eq!([Step::Record, Step::Entry].map(|step| outcome(&swapped, step)), [Outcome::Failed; 2]);
    fails(&Bundle { proof: other.proof, ..good.clone() }, &plain(), Step::Entry);
    let log = LogUsed { first: FIRST + 1, ..good.log.clone() };
    fails(&Bundle { log, ..good.clone() }, &plain(), Step::Entry);
    let log = LogUsed { origin: "licet.example/access/2026".to_owned(), ..good.log.clone() };
    fails(&Bundle { log, ..good.clone() }, &plain(), Step::Checkpoint);
    let log = LogUsed { witnesses: Vec::new(), ..good.log.clone() };
    fails(&Bundle { log, ..good.clone() }, &plain(), Step::Witnesses);
    let stranger = NoteKit::new("x.example", NoteKey::Cosignature).0.to_string();
    let log = LogUsed { witnesses: vec![good.log.witnesses[0].clone(), stranger], ..good.log.clone() };
    fails(&Bundle { log, ..good.clone() }, &plain(), Step::Witnesses);
    let extra = good.proof.replacen("\nindex", "\nextra AAAA\nindex", 1);
    fails(&Bundle { proof: extra, ..good.clone() }, &plain(), Step::Checkpoint);
    let closed = Opening { parts: good.record.parts.iter().map(Part::closed).collect() };
    let closed = bundle::check(&Bundle { record: closed, ..good }, &plain());
    assert_eq!(outcome(&closed, Step::Record), Outcome::Failed);
}

#[test]
fn a_receipt_says_what_the_report_says() {
    let case = Case::new();
    let good = case.bundle(&case.licence(), |_, _| ());
    let receipt = Receipt::read(&good.receipt).unwrap().0;
    let material = || good.material.clone();
    let sha256 = Sha256::of(&[b"other"]);
    let others: [(Receipt, Step); 6] = [
        (Receipt { at: receipt.at.plus(1), ..receipt.clone() }, Step::Claims),
        (Receipt { report_sha256: sha256, ..receipt.clone() }, Step::Claims),
        (Receipt { trust_generation: sha256, ..receipt.clone() }, Step::Claims),
        (Receipt { policy_sha256: sha256, ..receipt.clone() }, Step::Claims),
        (Receipt { material_sha256: None, ..receipt.clone() }, Step::Material),
        (Receipt { iat: at("2024-01-01T00:00:00Z").unix(), ..receipt.clone() }, Step::Receipt),
    ];
    for (receipt, step) in others {
        fails(&case.log(material(), &receipt), &plain(), step);
    }
    let access = bundle::check(&case.log(material(), &Receipt { log: LogName::Access, ..receipt.clone() }), &plain());
    assert_eq!([Step::Record, Step::Checkpoint].map(|step| outcome(&access, step)), [Outcome::Failed; 2]);
    let failed = Receipt { indication: crypto::report::Indication::TotalFailed, ..receipt };
    let failed = bundle::check(&case.log(material(), &failed), &plain());
    assert_eq!([Step::Claims, Step::Verdict].map(|step| outcome(&failed, step)), [Outcome::Failed; 2]);
}

#[test]
fn only_white_space_may_differ() {
    let case = Case::new();
    let bytes = case.bundle(&case.licence(), |_, _| ()).to_bytes();
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let spaced = text.replacen("{\"format\":", "{\r\n\t\"format\" : ", 1) + "\n";
    assert_eq!(Bundle::parse(spaced.as_bytes()).unwrap().to_bytes(), text.as_bytes());
    let upper =
        text.replacen("\"entries\":", "\"entries\": ", 1).replacen("\"timestamps\":{}", "\"timestamps\":{\"a\":1,\"a\":1}", 1);
    assert_eq!(Bundle::parse(upper.as_bytes()), Err(BundleError::Canonical), "a repeated name");
    assert_eq!(Bundle::parse(text.replacen("licet-ev", "licet\\u002dev", 1).as_bytes()), Err(BundleError::Canonical));
    let sha256 = value["material"]["document"]["sha256"].as_str().unwrap();
    assert_eq!(Bundle::parse(text.replace(sha256, &sha256.to_uppercase()).as_bytes()), Err(BundleError::Canonical));
    assert_eq!(Bundle::parse(text.replacen("evidence-1", "evidence-2", 1).as_bytes()), Err(BundleError::Format));
    assert_eq!(Bundle::parse(text.replacen("\"log\":{", "\"log\":{\"more\":1,", 1).as_bytes()), Err(BundleError::Form));
    assert_eq!(Bundle::parse(&text.as_bytes()[..text.len() - 1]), Err(BundleError::Form));
}

#[test]
fn no_byte_can_be_changed() {
    let case = Case::new();
    let bytes = case.bundle(&case.licence(), |_, _| ()).to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let report = text.find("\"report\":{").unwrap()..text.find("\"rules\":{").unwrap();
    for place in (0..bytes.len()).filter(|place| !report.contains(place) || place % 7 == 0) {
        // One bit after the other: 0x20 among them changes the case of letters, which is what readers forgive.
        let mut changed = bytes.clone();
        changed[place] ^= if place % 2 == 0 { 0x20 } else { 1 << (place / 2 % 8) };
        let good = Bundle::parse(&changed).is_ok_and(|bundle| bundle::check(&bundle, &plain()).is_good());
        assert!(!good, "byte {place} of {}", bytes.len());
    }
}
