//! Checking a bundle with nothing else at hand.

use serde_json::Value;

use super::file::Bundle;
use super::material::Material;
use super::receipt::{Receipt, report_digest};
use super::replay::{Replayed, replay};
use super::step::{Examination, Finding, Step};
use crate::budget::Budget;
use crate::digest::{Sha256, sm3, to_hex};
use crate::record::{Ending, EventKind, Facts, Opening, Stamp, key_for};
use crate::report::{Outcome, Report};
use crate::time::Timestamp;
use crate::tlog::merkle::verify_inclusion;
use crate::tlog::{Observed, Policy, TlogProof, VerifierKey, leaf_hash};
use crate::x509::Certificate;

/// How far clocks may differ, in seconds.
const SKEW_S: i64 = 300;

/// What whoever checks has of their own.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Keys of logs to trust, each for the log of its name and all below it; none to believe the enclosed key only as such.
    pub log_keys: &'a [VerifierKey],
    /// Trust anchors; none to believe the enclosed ones only as such.
    pub anchors: Option<&'a [Certificate]>,
    /// How many witnesses are enough.
    pub policy: Option<&'a Policy>,
    /// The document, where it is not enclosed.
    pub document: Option<&'a [u8]>,
    /// The present moment: nothing in the file may be younger.
    pub now: Timestamp,
}

/// Checks a bundle, step by step.
#[must_use]
pub fn check(bundle: &Bundle, given: &Given<'_>) -> Examination {
    let mut examination = Examination { findings: Vec::new(), receipt: None, report: None };
    let receipt = match Receipt::read(&bundle.receipt) {
        Ok((receipt, signer)) => {
            examination.findings.push(signed(&receipt, &signer, given.now));
            receipt
        }
        Err(error) => {
            examination.findings.push(Step::Receipt.fail(&error));
            return examination;
        }
    };
    let findings = &mut examination.findings;
    let enclosed = material(&receipt, &bundle.material);
    let is_whole = enclosed.outcome == Outcome::Passed;
    findings.push(enclosed);
    findings.push(claims(&receipt, &bundle.material));
    findings.push(record(&receipt, bundle));
    log(&receipt, bundle, given, findings);
    // What the receipt was not made for is not worth the work.
    examination.report = if is_whole { judge(&receipt, &bundle.material, given, findings) } else { None };
    examination.receipt = Some(receipt);
    examination
}

fn signed(receipt: &Receipt, signer: &Certificate, now: Timestamp) -> Finding {
    let at = receipt.given_at();
    let finding = if at > now.plus(SKEW_S) {
        Step::Receipt.fail("it is from the future")
    } else if at < signer.not_before() || at > signer.not_after() {
        Step::Receipt.fail("the certificate was not valid then")
    } else {
        Step::Receipt.pass()
    };
    finding.with("signer", &signer.subject()).with("certificate_sha256", &signer.sha256()).with("given_at", &at)
}

fn material(receipt: &Receipt, material: &Material) -> Finding {
    let is_named = |(name, der): (&Sha256, &super::Der)| Sha256::of(&[&der.0]) == *name;
    let finding = match receipt.material_sha256 {
        None => Step::Material.stuck(),
        Some(named) if named != material.sha256() => Step::Material.fail("its digest is another one"),
        Some(_) if !material.certificates.iter().chain(&material.seals).all(is_named) => {
            Step::Material.fail("something enclosed has another digest than its name")
        }
        Some(_) => Step::Material.pass(),
    };
    finding.with("sha256", &material.sha256())
}

/// What the receipt says must be what the material says.
fn claims(receipt: &Receipt, material: &Material) -> Finding {
    let Ok(report) = serde_json::from_value::<Report>(material.report.clone()) else { return Step::Claims.stuck() };
    let policy = Sha256::of(&[&serde_json::to_vec(&material.rules.policy).unwrap_or_default()]);
    let document = &material.document;
    let same = [
        ("the report", receipt.report_sha256 == report_digest(&material.report)),
        ("the verdict", receipt.verdict() == report.verdict),
        ("the document", receipt.document.sha256 == Some(document.sha256) && report.document_sha256 == document.sha256),
        ("the document's SM3", receipt.document.sm3.as_ref() == Some(&document.sm3)),
        ("the moment in question", receipt.at == material.at && report.validation_time == material.at),
        ("the policy", receipt.policy == report.policy && receipt.policy_sha256 == policy),
        (
            "the generation of trust",
            receipt.trust_generation == report.trust_generation && receipt.trust_generation == material.rules.generation,
        ),
    ];
    let different: Vec<&str> = same.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect();
    let finding = if different.is_empty() { Step::Claims.pass() } else { Step::Claims.fail(&different.join(", ")) };
    finding.with("indication", receipt.indication.name()).with("at", &receipt.at)
}

/// The record must be about this receipt.
fn record(receipt: &Receipt, bundle: &Bundle) -> Finding {
    let opening = &bundle.record;
    let (Some(stamp), Some(facts)) = (opening.read::<Stamp>(Opening::STAMP), opening.read::<Facts>(Opening::FACTS)) else {
        return Step::Record.stuck();
    };
    let digest = Sha256::of(&[bundle.receipt.as_bytes()]).to_string();
    let named = facts.details.get("receipt").and_then(Value::as_str);
    let document = facts.document.as_ref().and_then(|document| document.sha256);
    let is_event = matches!(facts.event, EventKind::DocumentVerify | EventKind::EvidenceMake) && facts.outcome == Ending::Done;
    let finding = if named != Some(&digest) {
        Step::Record.fail("it names another receipt, or none")
    } else if !is_event || facts.event.log() != receipt.log {
        Step::Record.fail("it is of another event")
    } else if document != receipt.document.sha256 || facts.request.as_ref().is_some_and(|request| *request != receipt.jti) {
        Step::Record.fail("it is about another document or request")
    } else if stamp.at < receipt.given_at().plus(-SKEW_S) {
        Step::Record.fail("it is older than the receipt")
    } else {
        Step::Record.pass()
    };
    finding.with("receipt_sha256", &digest).with("number", &stamp.number).with("at", &stamp.at)
}

/// The record must be in the log, the log must be the right one, and it must have been seen by those who watch it.
fn log(receipt: &Receipt, bundle: &Bundle, given: &Given<'_>, findings: &mut Vec<Finding>) {
    let keys = |texts: &[String]| -> Result<Vec<VerifierKey>, _> { texts.iter().map(|text| text.parse()).collect() };
    let (log_keys, witness_keys) = match (keys(&bundle.log.keys), keys(&bundle.log.witnesses)) {
        (Ok(log_keys), Ok(witness_keys)) => (log_keys, witness_keys),
        (Err(error), _) | (_, Err(error)) => {
            findings.push(Step::Checkpoint.fail(&error));
            return;
        }
    };
    let proof = match bundle.proof.parse::<TlogProof>() {
        // What nobody signs has no place in evidence.
        Ok(proof) if proof.extra().is_empty() => proof,
        _ => {
            findings.push(Step::Checkpoint.stuck());
            return;
        }
    };
    let mut budget = Budget::for_document();
    let seen = match Policy::default().observe(proof.note(), &log_keys, &mut budget) {
        Ok(seen) => seen,
        Err(error) => {
            findings.push(Step::Checkpoint.fail(&error));
            return;
        }
    };
    let checkpoint = &seen.checkpoint;
    let middle = bundle.log.origin.rsplit('/').nth(1);
    let is_right = checkpoint.origin() == bundle.log.origin && middle == Some(receipt.log.name());
    let finding = if is_right { Step::Checkpoint.pass() } else { Step::Checkpoint.fail("it is of another log") };
    findings.push(finding.with("origin", checkpoint.origin()).with("size", &checkpoint.size()).with("root", &checkpoint.root()));
    findings.push(entry(bundle, &proof, &seen));
    findings.push(pinned(checkpoint.origin(), &log_keys, given.log_keys));
    findings.push(witnesses(&proof, (&log_keys, &witness_keys), given, &mut budget));
}

fn entry(bundle: &Bundle, proof: &TlogProof, seen: &Observed) -> Finding {
    let entry = bundle.record.entry();
    let number = bundle.record.read::<Stamp>(Opening::STAMP).map(|stamp| stamp.number);
    let (checkpoint, leaf) = (&seen.checkpoint, leaf_hash(&entry.0));
    let finding = match verify_inclusion(proof.index(), checkpoint.size(), &leaf, &checkpoint.root(), proof.hashes()) {
        Err(error) => Step::Entry.fail(&error),
        Ok(()) if bundle.log.first.checked_add(proof.index()) != number => Step::Entry.fail("it stands at another place"),
        Ok(()) => Step::Entry.pass(),
    };
    finding.with("entry", &entry).with("index", &proof.index())
}

/// Whether a key that signed for the origin is one to trust.
fn pinned(origin: &str, keys: &[VerifierKey], trusted: &[VerifierKey]) -> Finding {
    let is_trusted = |key: &VerifierKey| trusted.iter().any(|known| key_for(known, origin).as_ref() == Some(key));
    let finding = if trusted.is_empty() {
        Step::LogKey.open()
    } else if keys.iter().any(is_trusted) {
        Step::LogKey.pass()
    } else {
        Step::LogKey.fail("none of the log's keys is among those given")
    };
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    finding.with("keys", &names.join(" "))
}

/// Every line must be good, of a key that is named, and every key that is named must have signed.
fn witnesses(
    proof: &TlogProof,
    (log_keys, witness_keys): (&[VerifierKey], &[VerifierKey]),
    given: &Given<'_>,
    budget: &mut Budget,
) -> Finding {
    let note = proof.note();
    let signed = match note.verify(log_keys.iter().chain(witness_keys), budget) {
        Ok(signed) => signed,
        Err(error) => return Step::Witnesses.fail(&error),
    };
    let is_once = |key: &VerifierKey| signed.iter().filter(|signed| signed.key == key).count() == 1;
    if signed.len() != note.lines().len() || !log_keys.iter().chain(witness_keys).all(is_once) {
        return Step::Witnesses.fail("a signature is of nobody named, or one that is named is missing");
    }
    let latest = signed.iter().filter_map(|signed| i64::try_from(signed.time?).ok()).max();
    if latest.is_some_and(|time| Timestamp::from_unix(time) > given.now.plus(SKEW_S)) {
        return Step::Witnesses.fail("a witness signed in the future");
    }
    let names = witness_keys.iter().map(VerifierKey::name).collect::<Vec<_>>().join(", ");
    match given.policy.map(|policy| policy.observe(note, log_keys, budget)) {
        Some(Err(error)) => Step::Witnesses.fail(&error),
        Some(Ok(seen)) if !seen.is_witnessed => Step::Witnesses.fail("fewer witnesses signed than the policy demands"),
        None if witness_keys.is_empty() => Step::Witnesses.open(),
        _ => Step::Witnesses.pass().with("witnesses", &names),
    }
}

/// Judges the document again.
fn judge(receipt: &Receipt, material: &Material, given: &Given<'_>, findings: &mut Vec<Finding>) -> Option<Report> {
    let enclosed = material.document.content.as_ref().map(|content| content.0.as_slice());
    let Some(document) = enclosed.or(given.document) else {
        findings.push(Step::Document.open());
        return None;
    };
    findings.push(same_document(material, document));
    findings.push(anchors(material, given.anchors));
    let Some(replayed) = replay(material, document, given.anchors) else {
        findings.push(Step::Verdict.stuck());
        return None;
    };
    findings.push(verdict(receipt, material, &replayed));
    Some(replayed.report)
}

fn same_document(material: &Material, document: &[u8]) -> Finding {
    let named = &material.document;
    let is_same = Sha256::of(&[document]) == named.sha256
        && to_hex(&sm3(&[document])) == named.sm3
        && u64::try_from(document.len()) == Ok(named.bytes);
    let finding = if is_same { Step::Document.pass() } else { Step::Document.fail("its digest or length is another one") };
    finding.with("sha256", &named.sha256)
}

fn anchors(material: &Material, trusted: Option<&[Certificate]>) -> Finding {
    let used = material.rules.domains.iter().flat_map(|domain| &domain.anchors);
    let Some(trusted) = trusted else {
        let names: Vec<String> = used.map(|anchor| anchor.sha256.to_string()).collect();
        return Step::Anchors.open().with("anchors", &names.join(" "));
    };
    let strange: Vec<String> = used
        .filter(|anchor| !trusted.iter().any(|known| known.sha256() == anchor.sha256))
        .map(|anchor| anchor.sha256.to_string())
        .collect();
    if strange.is_empty() { Step::Anchors.pass() } else { Step::Anchors.fail(&strange.join(" ")) }
}

fn verdict(receipt: &Receipt, material: &Material, replayed: &Replayed) -> Finding {
    let found = replayed.report.verdict;
    let left_out = material.left_out();
    let finding = if is_reproduced(material, replayed) && found == receipt.verdict() {
        Step::Verdict.pass()
    } else if left_out.is_empty() {
        Step::Verdict.fail(found.indication.name())
    } else {
        Step::Verdict.stuck()
    };
    let names: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    let finding = if names.is_empty() { finding } else { finding.with("left_out", &names.join(" ")) };
    let taken: Vec<&str> = replayed.taken.iter().map(String::as_str).collect();
    let finding = if taken.is_empty() { finding } else { finding.with("from_registers", &taken.join(" ")) };
    finding.with("indication", found.indication.name())
}

/// Whether judging again came to what the report says, of the document and of each signature.
#[must_use]
pub fn is_reproduced(material: &Material, replayed: &Replayed) -> bool {
    let Ok(written) = serde_json::from_value::<Report>(material.report.clone()) else { return false };
    let signatures = |report: &Report| -> Vec<_> {
        report.signatures.iter().map(|signature| (signature.id.clone(), signature.verdict)).collect()
    };
    replayed.report.verdict == written.verdict && signatures(&replayed.report) == signatures(&written)
}
