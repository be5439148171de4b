//! What handlers put on record of documents, licences and verdicts: digests, codes and identifiers, never words of the document.

use std::sync::Arc;

use crypto::digest::{Sha256, to_hex};
use crypto::licence::{Identifier, Record};
use crypto::record::{DocumentMention, SealMention};
use crypto::report::{Diagnostic, Report};
use crypto::verify::Verified;
use serde_json::json;
use storage::StorageError;
use storage::seals::SealRecord;

use crate::about::About;
use crate::app::App;
use crate::cache::Given;
use crate::http::{Problem, Request};
pub(super) use crate::summary::told;
use crate::summary::{self, NAMED_MAX, Summary};

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
    let today = super::today_in_china(request.now);
    request.trail.note(|draft| {
        if let Some(about) = &given.about {
            about.add_to(draft);
        }
        given.summary(today).add_to(draft, given.moment);
        draft.facts.details.insert("cache".to_owned(), json!(given.cache.outcome.name()));
    });
}

/// What a report says, in short, and with which evidence of status it was reached.
pub(super) fn report(request: &Request, report: &Report, diagnostic: &Diagnostic) {
    let summary = Summary::of(report, diagnostic, super::today_in_china(request.now));
    request.trail.note(|draft| summary.add_to(draft, report.validation_time));
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

/// Somebody wrote this identifier, and it stays for ever.
fn is_fit(id: &str, request: &Request) -> bool {
    summary::is_fit(id, super::today_in_china(request.now))
}
