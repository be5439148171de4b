//! Seals on file: registering them, and reading them back.

use std::sync::Arc;

use crypto::context::Context;
use crypto::digest::Sha256;
use crypto::report::Report;
use crypto::seal::verify::verify_seal;
use crypto::seal::{CertificateList, Seal};
use crypto::seal_register::{Record, Status};
use crypto::time::Timestamp;
use crypto::x509::{Certificate, Trust};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::licences::tagged;
use super::noted;
use super::own::demand_own;
use super::seal_applications::unpersonal;
use crate::app::App;
use crate::auth::{Caller, Role};
use crate::config::SealApplications;
use crate::http::{Answer, Code, Problem, Request};

/// A seal as it is on file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SealView {
    /// Its state at the moment in question; one that nobody ended has expired when its time is over. Absent for a moment before it
    /// was put on file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The moment in question.
    pub status_at: Timestamp,
    /// Everything on file about it.
    #[serde(flatten)]
    pub record: Record,
}

impl SealView {
    /// As this caller may see it, with its state at a moment; without one, now.
    pub(super) fn new(mut record: Record, request: &Request, at: Option<Timestamp>) -> Self {
        // What is on record has happened, also when the clock was set back.
        let now = record.current().map_or(request.now, |(_, last)| request.now.max(last.effective_at));
        let at = at.unwrap_or(now);
        if !is_owner(&request.caller, &record.organisation) && !is_audited(&request.caller, &record.organisation) {
            // Reasons are in somebody's words, who holds it is a person, and everybody may ask about a seal.
            for event in &mut record.events {
                (event.reason, event.delivery, event.request) = (None, None, None);
            }
        }
        Self { status: record.standing_at(at), status_at: at, record }
    }
}

/// Under what a seal is put on file.
struct Filing {
    number: Option<String>,
    application: Option<String>,
}

/// `POST /v1/seals`
///
/// # Errors
/// [`Code::NotVerified`] with the report, [`Code::OtherOrganisation`], [`Code::SealExists`], [`Code::SealApplicationRequired`] and
/// what its application does not allow.
pub async fn register(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let filing = filing(&app, &request)?;
    let trust = app.trust.current();
    let asking = request.clone();
    let record = app.pool.run(move || verified(&asking, filing, &trust)).await??;
    let (asking, id) = (request.clone(), record.id.clone());
    let work = move |app: &App| {
        let stored = app.store().seals().recording(&asking.trail.carried()).register(&record, &asking.body)?;
        if !stored.is_new() {
            asking.trail.detail("unchanged", true);
        }
        Ok(stored)
    };
    let stored = change(&app, id, work).await?;
    let status = if stored.is_new() { StatusCode::CREATED } else { StatusCode::OK };
    let record = stored.into_inner();
    let place = format!("/v1/seals/{}", record.id);
    Ok(Answer::json(status, &SealView::new(record, &request, None)).located(&place))
}

fn filing(app: &App, request: &Request) -> Result<Filing, Problem> {
    let text = |name: &str| request.query.value(name).map(str::to_owned);
    let number = text("filing").map(|number| unpersonal(request, "filing", number)).transpose()?;
    let application = text("application").map(|id| unpersonal(request, "application", id)).transpose()?;
    if application.is_none() && app.seal_applications == SealApplications::Required {
        return Err(Code::SealApplicationRequired.into());
    }
    Ok(Filing { number, application })
}

fn verified(request: &Request, filing: Filing, trust: &Trust) -> Result<Record, Problem> {
    let seal = Seal::from_der(&request.body)
        .map_err(|error| Problem::new(Code::BadContent).detail(format!("This is no seal: {error}."), "内容不是电子印章。"))?;
    noted::seal(request, &seal.id, None);
    let (caller, now) = (&request.caller, request.now);
    let owner = organisation(&seal, caller)?;
    let report = judge(&seal, trust, now)?;
    if !report.verdict.is_passed() {
        return Err(Problem::new(Code::NotVerified).report(Arc::new(report)));
    }
    let record = Record::new(&seal, &owner, (&caller.name, &caller.organisation), now);
    let record = Record { filing: filing.number, application: filing.application, ..record };
    noted::filing(request, &record);
    Ok(record)
}

/// Whose seal it is: that of the organisation in the certificates that it lists. An issuer registers its own alone; where the
/// list holds only digests, it answers for its seal itself.
fn organisation(seal: &Seal<'_>, caller: &Caller) -> Result<String, Problem> {
    let CertificateList::Certificates(list) = &seal.certificates else { return Ok(caller.organisation.clone()) };
    let codes: Vec<String> = list
        .iter()
        .filter_map(|raw| Certificate::from_der(raw).ok().and_then(|certificate| certificate.organisation_code()))
        .collect();
    match codes.first() {
        None => Ok(caller.organisation.clone()),
        Some(_) if codes.contains(&caller.organisation) => Ok(caller.organisation.clone()),
        Some(first) if caller.is(Role::Operator) => Ok(first.clone()),
        Some(_) => Err(Code::OtherOrganisation.into()),
    }
}

fn judge(seal: &Seal<'_>, trust: &Trust, now: Timestamp) -> Result<Report, Problem> {
    let mut context = Context::new(trust, now);
    let own = verify_seal(seal, &mut context).map_err(|error| {
        Problem::new(Code::BadContent).detail(format!("The seal is beyond the limits: {error}."), "印章超出处理限制。")
    })?;
    let mut report = Report::new("seal", Sha256::of(&[seal.raw]), now, trust);
    report.signatures.push(own);
    report.holds_until = context.horizon.next();
    report.conclude();
    Ok(report)
}

/// `GET /v1/seals/{id}`
///
/// # Errors
/// [`Code::SealNotFound`], and [`Code::BadParameter`] for a moment that is yet to come.
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let at: Option<Timestamp> = request.query.parsed("at")?;
    if at.is_some_and(|at| at > request.now) {
        return Err(Problem::new(Code::BadParameter).detail("The moment lies in the future.", "所询问的时间晚于当前时间。"));
    }
    let record = find(&app, &request).await?;
    Ok(Answer::json(StatusCode::OK, &SealView::new(record, &request, at)))
}

/// `GET /v1/seals/{id}/file`
///
/// # Errors
/// [`Code::SealNotFound`].
pub async fn file(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let record = find(&app, &request).await?;
    let (shared, tag) = (Arc::clone(&app), record.sha256.to_string());
    let der = app.pool.run(move || shared.store().seals().file(&record)).await??;
    tagged(&request, &tag, "application/octet-stream", der)
}

async fn find(app: &Arc<App>, request: &Request) -> Result<Record, Problem> {
    let (shared, id) = (Arc::clone(app), request.params.value("id")?.to_owned());
    noted::seal(request, &id, None);
    let record = app.pool.run(move || shared.store().seals().seal(&id)).await??.ok_or(Code::SealNotFound)?;
    noted::seal(request, &record.id, Some(&record));
    Ok(record)
}

/// Whether the seals of this organisation are the caller's to deal with.
pub(super) fn is_owner(caller: &Caller, organisation: &str) -> bool {
    caller.is(Role::Operator) || caller.organisation == organisation
}

/// Whether they are the caller's to look into, as an auditor.
pub(super) fn is_audited(caller: &Caller, organisation: &str) -> bool {
    caller.is(Role::Auditor) && caller.sight.covers(organisation)
}

/// Refuses unless they are.
pub(super) fn demand_owner(caller: &Caller, organisation: &str) -> Result<(), Problem> {
    if caller.is(Role::Operator) { Ok(()) } else { demand_own(caller, organisation) }
}

/// Changes what is on file about a seal. Verdicts from before are dead before anybody learns of the change, whether it succeeds,
/// fails half-way or panics.
pub(super) async fn change<T: Send + 'static>(
    app: &Arc<App>,
    seal: String,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    struct Bump(Arc<App>, String);
    impl Drop for Bump {
        fn drop(&mut self) {
            self.0.judge.epochs.bump_seal(&self.1);
        }
    }
    let shared = Arc::clone(app);
    // Uses that began before it are on record before it.
    let turn = app.turns.change(&seal).await;
    app.pool
        .run(move || {
            let _turn = turn;
            let bump = Bump(shared, seal);
            work(&bump.0)
        })
        .await?
}
