//! Evidence bundles: a verdict with everything that it was drawn from, its receipt, and the proof that the receipt is in the log.

use std::sync::Arc;

use crypto::bundle::{self, Bundle, Collected, Expected, ListRow, MEDIA_TYPE, Material, Seen};
use crypto::record::{DocumentMention, LogName, Opening};
use crypto::report::{CacheOutcome, Report};
use crypto::x509::{Evidence, Trust};
use hyper::StatusCode;
use hyper::body::Bytes;

use super::uses::without_links;
use super::verifications::{Asked, Requirement, demand_document, inquire};
use super::{logged_use, noted};
use crate::app::App;
use crate::cache::{Given, Question};
use crate::http::{Answer, Code, Problem, Request};
use crate::verdict::{Document, Inquiry};
use crate::{covered, receipt};

/// Revocation lists and OCSP responses enclosed in one bundle, in bytes. What is beyond is named and left out.
const EVIDENCE_BYTES_MAX: usize = 8 << 20;

/// How often a verdict is reached again that does not follow from what was gathered with it, because something changed meanwhile.
const TRIES_MAX: usize = 3;

/// What was judged, and what it was judged by.
struct Gathered {
    given: Given,
    material: Material,
    trust: Arc<Trust>,
}

/// `POST /v1/evidence`
///
/// # Errors
/// Those of a verification; [`Code::SigningUnavailable`]; [`Code::Unavailable`] when no checkpoint covers the record in time.
pub async fn make(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    receipt::signer(&app)?;
    let with_document = match request.query.value("document") {
        None | Some("enclosed") => true,
        Some("digest") => false,
        Some(_) => return Err(Problem::parameter("document")),
    };
    let with_witnesses = match request.query.value("witnesses") {
        None | Some("present") => false,
        Some("wait") => true,
        Some(_) => return Err(Problem::parameter("witnesses")),
    };
    let Asked { inquiry, require } = inquire(&app, &request).await?;
    let inquiry = Arc::new(inquiry);
    let Gathered { given, material, trust } = gather(&app, &inquiry, require, with_document).await?;
    noted::verdict(&request, &given);
    demand_document(given.reached())?;
    let mention = DocumentMention { sha256: Some(material.document.sha256), sm3: Some(material.document.sm3.clone()) };
    let claims = receipt::claims(&request, &given.report(), mention, &trust)?.enclosing(material.sha256());
    let made = receipt::make(&app, &request, &claims).await?;
    let covered = if with_witnesses {
        covered::witnessed_proof(&app, &made.recorded).await?
    } else {
        covered::proof(&app, &made.recorded).await?
    };
    let covered = covered.ok_or(Code::Unavailable)?;
    let (shared, number, indication) = (Arc::clone(&app), made.recorded.number, given.reached().verdict.indication);
    let job = move || -> Result<Vec<u8>, Problem> {
        let opening = shared.store().logs().record(LogName::Seal, number)?.ok_or(Code::Internal)?;
        let bundle = Bundle {
            format: bundle::FORMAT.to_owned(),
            material,
            receipt: made.text,
            record: receipt_alone(opening),
            log: covered.log,
            proof: covered.proof.to_string(),
        };
        Ok(bundle.to_bytes())
    };
    let bytes = app.auditing.run(job).await??;
    Ok(Answer::bytes(StatusCode::OK, MEDIA_TYPE, bytes).verdict(indication))
}

/// The record as far as it is about the receipt: what it says of a citizen, and of other records, is closed.
fn receipt_alone(opening: Opening) -> Opening {
    let mut opening = without_links(opening);
    if let Some(subject) = opening.parts.get_mut(Opening::SUBJECT) {
        *subject = subject.closed();
    }
    opening
}

/// Judges the document and puts together what that took, until one follows from the other.
async fn gather(
    app: &Arc<App>,
    inquiry: &Arc<Inquiry>,
    require: Option<Requirement>,
    with_document: bool,
) -> Result<Gathered, Problem> {
    for _ in 0..TRIES_MAX {
        let trust = app.trust.current();
        let list = app.trust.standing().list.map(|list| ListRow { version: list.version, sha256: list.sha256 });
        let (shared, asked, believed) = (Arc::clone(app), Arc::clone(inquiry), Arc::clone(&trust));
        let (document, given) = app.auditing.run(move || judge(&shared, &asked, &believed)).await??;
        let given = match require {
            None => given,
            Some(Requirement::LoggedUse) => logged_use::demand(app, given, inquiry.at).await?,
        };
        let (shared, asked, believed, judged) = (Arc::clone(app), Arc::clone(inquiry), Arc::clone(&trust), given.clone());
        let job = move || collect(&shared, &asked, (&believed, list), (&document, with_document), &judged);
        if let Some(material) = app.auditing.run(job).await?? {
            return Ok(Gathered { given, material, trust });
        }
    }
    tracing::error!("a verdict does not follow from what was gathered with it");
    Err(Code::Contention.into())
}

/// The document, and a verdict that was not kept from before: what was in force then may not be at hand any more.
fn judge(app: &App, inquiry: &Inquiry, trust: &Trust) -> Result<(Bytes, Given), Problem> {
    let document = match &inquiry.document {
        Document::Given(document) => document.clone(),
        Document::OnRecord(identifier) => app.store().licences().file(identifier)?.ok_or(Code::LicenceNotFound)?.into(),
    };
    let judged = app.judge.judge(inquiry, trust)?;
    let question = Question { document: inquiry.sha256, generation: trust.generation(), at: inquiry.at };
    Ok((document, Given::new(&judged, question, inquiry.now, CacheOutcome::Bypass)))
}

/// What the verdict was drawn from. `None` when judging again with it comes to something else.
fn collect(
    app: &App,
    inquiry: &Inquiry,
    (trust, list): (&Trust, Option<ListRow>),
    (document, with_document): (&[u8], bool),
    given: &Given,
) -> Result<Option<Material>, Problem> {
    let (known_since, known_status) = app.judge.told(document, inquiry)?;
    let along = inquiry.along.as_deref();
    let asked = along.and_then(|along| along.presentation.as_ref());
    let seals = seals(app, given.reached())?;
    let Collected { material, is_whole } = bundle::collect(&Seen {
        document,
        with_document,
        trust,
        list,
        known_since,
        presentation: asked.map(|asked| Expected {
            audience: asked.audience.clone(),
            nonce: asked.nonce.clone(),
            age_max_s: asked.age_max_s.into(),
        }),
        certificates: along.map_or(&[], |along| &along.certificates),
        evidence: along.map_or(Evidence::NONE, |along| &along.evidence),
        status_lists: along.map_or(&[], |along| &along.status_lists),
        known_status: known_status.as_ref(),
        report: &given.report(),
        diagnostic: &given.diagnostic,
        seals: &seals,
        evidence_bytes_max: EVIDENCE_BYTES_MAX,
    });
    if !is_whole {
        return Ok(Some(material));
    }
    let replayed = bundle::replay(&material, document, None);
    Ok(replayed.is_some_and(|replayed| bundle::is_reproduced(&material, &replayed)).then_some(material))
}

/// The seals on file with which the document is sealed.
fn seals(app: &App, report: &Report) -> Result<Vec<Vec<u8>>, Problem> {
    let mut found = Vec::new();
    for seal in report.signatures.iter().filter_map(|signature| signature.seal.as_ref()) {
        let seals = app.store().seals();
        if let Some(record) = seals.seal(&seal.id)?.filter(|record| record.sha256 == seal.sha256) {
            found.push(seals.file(&record)?);
        }
    }
    Ok(found)
}
