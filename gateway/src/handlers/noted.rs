//! What handlers put on record of documents, licences and verdicts: digests, codes and identifiers, never words of the document.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::digest::{Sha256, to_hex};
use crypto::licence::{Identifier, Record};
use crypto::record::{DocumentMention, SealMention};
use crypto::report::{Diagnostic, Outcome, Report};
use crypto::verify::Verified;
use serde_json::{Value, json};
use storage::StorageError;
use storage::log::Draft;
use storage::seals::SealRecord;

use crate::about::About;
use crate::app::App;
use crate::cache::Given;
use crate::http::{Problem, Request};
use crate::purpose::holds_citizen_number;

/// The most signatures, checks and lists of one verdict that are named.
const NAMED_MAX: usize = 16;
/// The longest identifier of a seal: those of the standard have 20 or 32 characters.
const SEAL_ID_BYTES_MAX: usize = 64;

/// The licence that somebody asks about, before it is known whether it is on record.
pub(super) fn asked(request: &Request, identifier: &Identifier) {
    request.trail.note(|draft| {
        draft.facts.issuer = Some(identifier.issuer().to_owned());
        draft.subject.licence = Some(identifier.to_string());
    });
}

/// The licence on record that the answer tells of.
pub(super) fn found(request: &Request, record: &Record) {
    let sm3 = Some(record.sm3.clone());
    document(request, record.sha256, sm3);
    request.trail.concerns(&About::record(record, request.now));
}

/// Refuses as it was decided, with a link to the holders of the licence or document that the request names: what is on record of
/// them is found, and erased, by the link. Who is refused learns nothing of it.
pub(super) async fn decided<T>(app: &Arc<App>, request: &Request, decided: Result<T, Problem>) -> Result<T, Problem> {
    if decided.is_err() {
        let (shared, asking) = (Arc::clone(app), request.clone());
        app.pool.run(move || holders(&shared, &asking)).await??;
    }
    decided
}

/// The same where the store may be asked at once.
pub(super) fn linked<T>(app: &App, request: &Request, decided: Result<T, Problem>) -> Result<T, Problem> {
    if decided.is_err() {
        holders(app, request)?;
    }
    decided
}

/// Links the record to the holders of what it names, as far as that is on file.
pub(super) fn holders(app: &App, request: &Request) -> Result<(), StorageError> {
    let (licences, draft) = (app.store().licences(), request.trail.draft());
    let named = draft.subject.licence.and_then(|text| text.parse::<Identifier>().ok());
    let document = draft.facts.document.as_ref();
    let sha256 = document.and_then(|document| document.sha256);
    let sm3 = document.and_then(|document| Sha256::from_hex(document.sm3.as_ref()?));
    let by_name = named.map(|identifier| licences.record(&identifier)).transpose()?.flatten();
    let by_sha256 = sha256.map(|digest| licences.by_sha256(&digest)).transpose()?.flatten();
    let by_sm3 = sm3.map(|digest| licences.by_sm3(&digest.0)).transpose()?.flatten();
    for record in by_name.iter().chain(&by_sha256).chain(&by_sm3) {
        request.trail.note(|draft| About::record(record, request.now).link(draft));
    }
    Ok(())
}

/// The document that the request is about.
pub(super) fn document(request: &Request, sha256: Sha256, sm3: Option<String>) {
    request.trail.note(|draft| draft.facts.document = Some(DocumentMention { sha256: Some(sha256), sm3 }));
}

/// A licence that is to be stored, and how it was judged.
pub(super) fn verified(request: &Request, verified: &Verified) {
    document(request, verified.sha256(), Some(to_hex(&verified.sm3())));
    request.trail.concerns(&About::metadata(verified.metadata(), request.now));
}

/// A verdict that is given.
pub(super) fn verdict(request: &Request, given: &Given) {
    if let Some(about) = &given.about {
        request.trail.concerns(about);
    }
    report(request, &given.report);
    judged_with(request, &given.diagnostic);
    request.trail.detail("cache", given.cache.outcome.name());
}

/// What a report says, in short.
pub(super) fn report(request: &Request, report: &Report) {
    request.trail.note(|draft| {
        if draft.facts.document.as_ref().is_none_or(|document| document.sha256 != Some(report.document_sha256)) {
            draft.facts.document = Some(DocumentMention { sha256: Some(report.document_sha256), sm3: None });
        }
        draft.facts.code = Some(report.verdict.indication.name().to_owned());
        draft.facts.seals = seals(report, draft);
        let details = &mut draft.facts.details;
        if let Some(why) = report.verdict.sub_indication {
            details.insert("sub_indication".to_owned(), json!(why));
        }
        details.insert("format".to_owned(), json!(report.format));
        details.insert("validated_for".to_owned(), json!(report.validation_time));
        details.insert("trust".to_owned(), json!(report.trust_generation));
        details.insert("policy".to_owned(), json!([report.policy.name, report.policy.version]));
        details.insert("steps".to_owned(), steps(report));
        let signers = signers(report);
        if !signers.is_empty() {
            details.insert("signers".to_owned(), Value::Array(signers));
        }
    });
}

/// The seal that the request is about, with what is on file about it once that is known.
pub(super) fn seal(request: &Request, id: &str, record: Option<&SealRecord>) {
    if is_fit(id, request) {
        let mention = SealMention {
            id: id.to_owned(),
            sha256: record.map(|record| record.sha256),
            owner: record.map(|record| record.organisation.clone()),
        };
        request.trail.note(|draft| match draft.facts.seals.first_mut() {
            Some(first) if first.id == id => *first = mention,
            _ => draft.facts.seals.insert(0, mention),
        });
    }
}

/// A seal that the request names beside it.
pub(super) fn further_seal(request: &Request, id: &str) {
    if is_fit(id, request) {
        request.trail.note(|draft| draft.facts.seals.push(SealMention { id: id.to_owned(), sha256: None, owner: None }));
    }
}

/// A seal that is to be put on file. Its name may be that of a person, and stands where it can be erased.
pub(super) fn filing(request: &Request, record: &SealRecord) {
    seal(request, &record.id, Some(record));
    request.trail.note(|draft| {
        draft.facts.approval.clone_from(&record.application);
        draft.subject.details.insert("name".to_owned(), json!(record.name));
        let making = &record.making;
        let signers: Vec<_> = making.signers.iter().take(NAMED_MAX).collect();
        draft.facts.details.extend(told([
            ("filing", json!(record.filing)),
            ("sm3", json!(making.sm3)),
            ("picture", json!({ "sha256": making.picture.sha256, "sm3": making.picture.sm3 })),
            ("maker", json!(making.maker)),
            ("signers", json!(signers)),
            ("version", json!(record.version)),
            ("valid_from", json!(record.valid_from)),
            ("valid_until", json!(record.valid_until)),
        ]));
    });
}

/// The details that there are.
pub(super) fn told<const N: usize>(details: [(&str, Value); N]) -> impl Iterator<Item = (String, Value)> {
    details.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value))
}

/// Somebody wrote this identifier, and it stays for ever.
fn is_fit(id: &str, request: &Request) -> bool {
    id.len() <= SEAL_ID_BYTES_MAX && !holds_citizen_number(id, super::today_in_china(request.now))
}

/// Each seal once. Where one is proven to be its signer's, with the organisation that signed.
fn seals(report: &Report, draft: &Draft) -> Vec<SealMention> {
    let mut seen = BTreeSet::new();
    let mut seals = Vec::new();
    let today = super::today_in_china(draft.at);
    for signature in &report.signatures {
        let Some(seal) = &signature.seal else { continue };
        // Whoever made the document wrote this, and it stays for ever.
        let is_fit = seal.id.len() <= SEAL_ID_BYTES_MAX && !holds_citizen_number(&seal.id, today);
        if is_fit && seals.len() < NAMED_MAX && seen.insert(&seal.id) {
            let owner = signature.signer.as_ref().filter(|_| signature.verdict.is_passed());
            let owner = owner.and_then(|signer| signer.organisation_code.clone());
            seals.push(SealMention { id: seal.id.clone(), sha256: Some(seal.sha256), owner });
        }
    }
    seals
}

/// Who signed, by certificate, with the verdict on each signature.
fn signers(report: &Report) -> Vec<Value> {
    let named = report.signatures.iter().take(NAMED_MAX);
    let row = named.map(|signature| {
        let signer = signature.signer.as_ref();
        Value::from_iter(told([
            ("certificate", json!(signer.map(|signer| signer.sha256))),
            ("organisation", json!(signer.and_then(|signer| signer.organisation_code.as_ref()))),
            ("verdict", json!(signature.verdict.indication.name())),
        ]))
    });
    row.collect()
}

/// How many checks passed, and which did not.
fn steps(report: &Report) -> Value {
    let all = || report.checks.iter().chain(report.signatures.iter().flat_map(|signature| &signature.checks));
    let named = |outcome: Outcome| {
        let ids: BTreeSet<_> = all().filter(|check| check.outcome == outcome).map(|check| &*check.id).collect();
        ids.into_iter().take(NAMED_MAX).collect::<Vec<_>>()
    };
    let passed = all().filter(|check| check.outcome == Outcome::Passed).count();
    json!({ "passed": passed, "failed": named(Outcome::Failed), "not_concluded": named(Outcome::NotConcluded) })
}

/// The evidence of status that a judgement used.
pub(super) fn judged_with(request: &Request, diagnostic: &Diagnostic) {
    request.trail.note(|draft| evidence(draft, diagnostic));
}

/// Which evidence of status was used, and how old the oldest of it is.
fn evidence(draft: &mut Draft, diagnostic: &Diagnostic) {
    let lists = diagnostic.lists.values().map(|list| list.this_update);
    let responses = diagnostic.responses.values().map(|response| response.this_update);
    let Some(oldest) = lists.chain(responses).min() else { return };
    let age_s = draft.at.unix().saturating_sub(oldest.unix());
    let digests = diagnostic.lists.keys().chain(diagnostic.responses.keys()).take(NAMED_MAX);
    let digests: Vec<_> = digests.collect();
    draft.facts.details.insert("status".to_owned(), json!({ "age_s": age_s, "evidence": digests }));
}
