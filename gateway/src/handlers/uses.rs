//! The use of a seal (用印): put on record by the stamping system, before or as it stamps.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::record::{DocumentMention, Ending, EventKind, Facts, LogName, Opening, Part, SubjectPart};
use crypto::seal_register::Status;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::log::{Once, Recorded};

use super::noted;
use super::own::demand_own;
use super::seal_applications::unpersonal;
use crate::app::App;
use crate::auth::Role;
use crate::covered;
use crate::http::{Answer, Code, Problem, Request};
use crate::receipt::Standing;
use crate::trail::ROLES;

/// The detail of a use that is told when the seal is out of use.
const LATE: &str = "late";
/// The longest case number or identifier of a document, in characters.
const NAME_MAX: usize = 256;

/// A use of a seal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UseRequest {
    /// The caller's own name for this use. The same again gets the same answer.
    /// It is one for all seals: under another seal it is a conflict.
    pub use_id: String,
    /// The document that is stamped.
    pub document: UsedOn,
    /// SHA-256 of the value of the signature made with the seal.
    pub signature: Option<Sha256>,
    /// The identifier of the licence, or another number of the document.
    pub document_id: Option<String>,
    /// What kind of document it is.
    pub title_class: Option<String>,
    /// The page that is stamped, from 1.
    #[schemars(range(min = 1))]
    pub page: Option<u32>,
    /// The place on the page, in millimetres from its upper left corner.
    pub position: Option<Position>,
    /// What it is for.
    pub purpose: Option<String>,
    /// The code of the item (事项).
    pub item: Option<String>,
    /// The case (办件).
    pub case: Option<String>,
    /// The approval that it rests on.
    pub approval: Option<String>,
    /// Who approved, by the pseudonym that the calling system gives.
    pub approver: Option<String>,
    /// Who stamps, by the pseudonym that the calling system gives.
    pub operator: Option<String>,
    /// SHA-256 of the signer's certificate.
    pub certificate: Option<Sha256>,
    /// SHA-256 of the time stamp.
    pub time_stamp: Option<Sha256>,
    /// When it was stamped, not later than now; the present when absent. A use is told late when the seal is out of use by now.
    pub used_at: Option<Timestamp>,
}

/// A document, by its digests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsedOn {
    /// SHA-256 of the finished file.
    pub sha256: Sha256,
    /// SM3 of it, 64 hexadecimal digits.
    pub sm3: Option<String>,
}

/// A place on a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// From the left, in millimetres.
    pub x: u32,
    /// From above, in millimetres.
    pub y: u32,
}

/// A use on record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UseView {
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// What it says, with what it takes to check that the entry is of it. Its links are closed: they tell of other records.
    pub opening: Opening,
    /// The proof that it is in the log (C2SP tlog-proof); absent when it was not asked for, or no checkpoint came in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// `POST /v1/seals/{id}/uses`
///
/// # Errors
/// [`Code::SealNotFound`], [`Code::OtherOrganisation`], [`Code::SealNotInUse`], [`Code::SealUseConflict`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let id = request.params.value("id")?.to_owned();
    noted::seal(&request, &id, None);
    let with_proof = wants_proof(&request)?;
    let asked: UseRequest = request.json()?;
    let used_at = asked.used_at;
    if used_at.is_some_and(|at| at > request.now) {
        return Err(Problem::new(Code::BadParameter).detail("used_at lies in the future.", "used_at晚于当前时间。"));
    }
    let name = note(&request, asked)?;
    // Until it is on record nobody takes the seal out of use.
    let turn = app.turns.using(&id).await;
    let recorded = match demand_usable(&app, &request, (&id, &name), used_at).await? {
        Some(earlier) => earlier,
        None => put(&request, name).await?,
    };
    drop(turn);
    let opening = same(&app, &request, (&id, &recorded)).await?;
    let number = recorded.number;
    let status = if recorded.is_repeat { StatusCode::OK } else { StatusCode::CREATED };
    if recorded.is_repeat {
        repeated(&request, number);
    }
    let view = view(&app, recorded, opening, with_proof).await?;
    Ok(Answer::json(status, &view).located(&format!("/v1/seals/{id}/uses/{number}")))
}

/// `GET /v1/seals/{id}/uses/{number}`
///
/// # Errors
/// [`Code::SealUseNotFound`], also for the uses of seals that are not the caller's to read about.
pub async fn read(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let id = request.params.value("id")?.to_owned();
    noted::seal(&request, &id, None);
    let with_proof = wants_proof(&request)?;
    let number: u64 = request.params.value("number")?.parse().map_err(|_error| Problem::parameter("number"))?;
    request.trail.detail("number", number);
    let (shared, asking) = (Arc::clone(&app), request.clone());
    let found = app.pool.run(move || find(&shared, &asking, &id, number)).await??;
    let (recorded, opening) = found.ok_or(Code::SealUseNotFound)?;
    Ok(Answer::json(StatusCode::OK, &view(&app, recorded, opening, with_proof).await?))
}

fn wants_proof(request: &Request) -> Result<bool, Problem> {
    match request.query.value("proof") {
        None | Some("wait") => Ok(true),
        Some("none") => Ok(false),
        Some(_) => Err(Problem::parameter("proof")),
    }
}

/// Puts what is asked into the record that is being made. Gives back the name of the use.
fn note(request: &Request, asked: UseRequest) -> Result<String, Problem> {
    let word = |place: &str, text: Option<String>| text.map(|text| unpersonal(request, place, text)).transpose();
    let name = unpersonal(request, "use_id", asked.use_id)?;
    let sm3 = asked.document.sm3.map(|text| Sha256::from_hex(&text).ok_or_else(|| bad("document.sm3"))).transpose()?;
    let details = [
        ("signature", json!(asked.signature)),
        ("title_class", json!(word("title_class", asked.title_class)?)),
        ("page", json!(asked.page)),
        ("position", json!(asked.position.map(|place| [place.x, place.y]))),
        ("approver", json!(word("approver", asked.approver)?)),
        ("certificate", json!(asked.certificate)),
        ("time_stamp", json!(asked.time_stamp)),
        ("use_id", json!(name)),
    ];
    let (item, purpose) = (word("item", asked.item)?, word("purpose", asked.purpose)?);
    let (approval, operator) = (word("approval", asked.approval)?, word("operator", asked.operator)?);
    let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > NAME_MAX);
    if is_long(&asked.case) || is_long(&asked.document_id) {
        return Err(bad("case, document_id"));
    }
    request.trail.note(|draft| {
        let facts = &mut draft.facts;
        facts.document = Some(DocumentMention { sha256: Some(asked.document.sha256), sm3: sm3.map(|digest| digest.to_string()) });
        // What the body says goes before what the headers say.
        facts.item = item.or_else(|| facts.item.take());
        facts.purpose = purpose.or_else(|| facts.purpose.take());
        facts.operator = operator.or_else(|| facts.operator.take());
        facts.approval = approval;
        facts.effective_at = asked.used_at;
        facts.details.extend(noted::told(details));
        // What may be about a citizen stands where it can be erased.
        draft.subject.case = asked.case.or_else(|| draft.subject.case.take());
        draft.subject.licence = asked.document_id;
    });
    Ok(name)
}

fn bad(place: &str) -> Problem {
    Problem::new(Code::BadContent).detail(
        format!("{place} is empty, too long, or not of the expected kind."),
        format!("{place}为空、过长或格式不符合要求。"),
    )
}

/// Demands a seal of the caller's organisation that is in use, unless the use is on record already: then it stays that, whatever
/// became of the seal. One that was in use when the caller says that it was used may be out of use by now: then the record says
/// that it is late.
async fn demand_usable(
    app: &Arc<App>,
    request: &Request,
    (id, name): (&str, &str),
    used_at: Option<Timestamp>,
) -> Result<Option<Recorded>, Problem> {
    let (shared, asking, id, once) = (Arc::clone(app), request.clone(), id.to_owned(), once(request, name));
    let job = move || -> Result<_, Problem> {
        noted::holders(&shared, &asking)?;
        let record = shared.store().seals().seal(&id)?.ok_or(Code::SealNotFound)?;
        noted::seal(&asking, &id, Some(&record));
        demand_own(&asking.caller, &record.organisation)?;
        if let Some(recorded) = shared.store().logs().once(&once)? {
            return Ok(Some(recorded));
        }
        // What is on record has happened, whatever the clock says.
        let last = record.current().map_or(asking.now, |(_, event)| asking.now.max(event.effective_at));
        let is_usable = |status: Option<Status>| status.is_some_and(Status::is_usable);
        let then = record.standing_at(used_at.unwrap_or(last));
        if !is_usable(then) {
            return Err(not_in_use(&asking, then));
        }
        if !is_usable(record.standing_at(last)) {
            asking.trail.detail(LATE, true);
        }
        Ok(None)
    };
    app.pool.run(job).await?
}

fn not_in_use(request: &Request, status: Option<Status>) -> Problem {
    request.trail.detail("state", status.map_or("none", Status::name));
    let (en, zh) = status.map_or(("not on file", "未备案"), |status| (status.name(), status.name_zh()));
    Problem::new(Code::SealNotInUse).detail(format!("The state of the seal is {en}."), format!("印章状态为“{zh}”。"))
}

fn once(request: &Request, name: &str) -> Once {
    Once { caller: request.caller.name.clone(), name: format!("use {name}") }
}

/// Puts the use on record. Only a use that is done takes the name: a refusal leaves it free.
async fn put(request: &Request, name: String) -> Result<Recorded, Problem> {
    let once = once(request, &name);
    request.trail.note(|draft| draft.once = Some(once));
    request.trail.record().await
}

/// What was asked again is on record as that: it is no second use.
fn repeated(request: &Request, number: u64) {
    request.trail.event(EventKind::SealRead);
    request.trail.detail("unchanged", true);
    request.trail.detail("number", number);
}

/// The record, which must be that of what is asked, of this seal.
async fn same(app: &Arc<App>, request: &Request, (id, recorded): (&str, &Recorded)) -> Result<Opening, Problem> {
    let (shared, number) = (Arc::clone(app), recorded.number);
    let opening = app.pool.run(move || shared.store().logs().record(LogName::Seal, number)).await??;
    let opening = opening.ok_or(Code::Internal)?;
    let draft = request.trail.draft();
    let is_same = !recorded.is_repeat || {
        let facts = opening.read::<Facts>(Opening::FACTS);
        let subject = opening.read::<SubjectPart>(Opening::SUBJECT);
        let is_of_it = |facts: &Facts| facts.seals.first().is_some_and(|seal| seal.id == id);
        facts.is_some_and(|facts| is_of_it(&facts) && plain(facts) == plain(draft.facts))
            && subject.is_none_or(|subject| subject == draft.subject)
    };
    if is_same { Ok(opening) } else { Err(Code::SealUseConflict.into()) }
}

/// What of the facts is the caller's word about the use; the seal, of which more is known meanwhile, apart.
fn plain(mut facts: Facts) -> Facts {
    facts.details.remove(LATE);
    facts.details.remove(ROLES);
    Facts { request: None, address: None, certificate: None, code: None, outcome: Ending::Done, seals: Vec::new(), ..facts }
}

fn find(app: &App, request: &Request, id: &str, number: u64) -> Result<Option<(Recorded, Opening)>, Problem> {
    let Some(seal) = app.store().seals().seal(id)? else { return Ok(None) };
    noted::seal(request, id, Some(&seal));
    let Some(opening) = app.store().logs().record(LogName::Seal, number)? else { return Ok(None) };
    let facts = opening.read::<Facts>(Opening::FACTS);
    let is_use = |facts: &Facts| {
        facts.event == EventKind::SealUse && facts.outcome == Ending::Done && facts.seals.iter().any(|seal| seal.id == id)
    };
    let stamp = opening.read::<crypto::record::Stamp>(Opening::STAMP);
    let at: Option<Timestamp> = stamp.map(|stamp| stamp.at);
    let is_readable = |facts: &Facts| {
        let caller = &request.caller;
        let is_own = caller.is(Role::Issuer) && caller.organisation == seal.organisation;
        is_own || (caller.is(Role::Auditor) && caller.sight.sees(facts))
    };
    let (Some(_), Some(at)) = (facts.filter(|facts| is_use(facts) && is_readable(facts)), at) else { return Ok(None) };
    let recorded = Recorded { log: LogName::Seal, number, at, entry: opening.entry(), is_repeat: true };
    Ok(Some((recorded, opening)))
}

async fn view(app: &Arc<App>, recorded: Recorded, opening: Opening, with_proof: bool) -> Result<UseView, Problem> {
    let covered = if with_proof { covered::proof(app, &recorded).await? } else { None };
    let proof = covered.map(|covered| covered.proof.to_string());
    Ok(UseView { standing: Standing::of(&recorded), opening: without_links(opening), proof })
}

/// The record with its links closed.
pub(super) fn without_links(opening: Opening) -> Opening {
    let close = |(place, part): (usize, Part)| if place < Opening::LINKS { part } else { part.closed() };
    Opening { parts: opening.parts.into_iter().enumerate().map(close).collect() }
}

/// Whether a record is that of a use of this very seal.
pub(super) fn is_use_of(facts: &Facts, id: &str, sha256: Sha256) -> bool {
    let is_it = |seal: &crypto::record::SealMention| seal.id == id && seal.sha256 == Some(sha256);
    facts.event == EventKind::SealUse && facts.outcome == Ending::Done && facts.seals.iter().any(is_it)
}
