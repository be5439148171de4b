//! Seals on file: registering them, and reading them back.

use std::sync::Arc;

use crypto::context::Context;
use crypto::digest::Sha256;
use crypto::report::Report;
use crypto::seal::verify::verify_seal;
use crypto::seal::{CertificateList, Seal};
use crypto::time::Timestamp;
use crypto::x509::{Certificate, Trust};
use hyper::StatusCode;
use storage::Stored;
use storage::seals::SealRecord;

use super::licences::tagged;
use crate::app::App;
use crate::auth::{Caller, Role};
use crate::http::{Answer, Code, Problem, Request};

/// `POST /v1/seals`
///
/// # Errors
/// [`Code::NotVerified`] with the report, [`Code::OtherOrganisation`], [`Code::SealExists`].
pub async fn register(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (shared, trust, caller, now) = (Arc::clone(&app), app.trust.current(), Arc::clone(&request.caller), request.now);
    let body = request.body.clone();
    let stored = app
        .pool
        .run(move || -> Result<_, Problem> {
            let record = verified(&body, &caller, &trust, now)?;
            Ok(shared.store().seals().register(record)?)
        })
        .await??;
    Ok(match stored {
        Stored::Created(record) => Answer::json(StatusCode::CREATED, &record).located(&format!("/v1/seals/{}", record.id)),
        Stored::Unchanged(record) => Answer::json(StatusCode::OK, &record),
    })
}

fn verified(der: &[u8], caller: &Caller, trust: &Trust, now: Timestamp) -> Result<SealRecord, Problem> {
    let seal = Seal::from_der(der)
        .map_err(|error| Problem::new(Code::BadContent).detail(format!("This is no seal: {error}."), "内容不是电子印章。"))?;
    let organisation = organisation(&seal, caller)?;
    let report = judge(&seal, trust, now)?;
    if !report.verdict.is_passed() {
        return Err(Problem::new(Code::NotVerified).report(Arc::new(report)));
    }
    let maker = Certificate::from_der(seal.maker).or(Err(Code::Internal))?;
    Ok(SealRecord {
        id: seal.id.clone().into_owned(),
        der: der.to_vec(),
        sha256: seal.sha256(),
        name: seal.name.to_owned(),
        version: u8::try_from(seal.version.number()).or(Err(Code::Internal))?,
        maker_sha256: maker.sha256(),
        valid_from: seal.valid_from,
        valid_until: seal.valid_until,
        organisation,
        registered_at: now,
        registered_by: caller.name.clone(),
    })
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
/// [`Code::SealNotFound`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    Ok(Answer::json(StatusCode::OK, &find(&app, &request).await?))
}

/// `GET /v1/seals/{id}/file`
///
/// # Errors
/// [`Code::SealNotFound`].
pub async fn file(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let seal = find(&app, &request).await?;
    tagged(&request, &seal.sha256.to_string(), "application/octet-stream", seal.der)
}

async fn find(app: &Arc<App>, request: &Request) -> Result<SealRecord, Problem> {
    let (shared, id) = (Arc::clone(app), request.params.value("id")?.to_owned());
    let seal = app.pool.run(move || shared.store().seals().seal(&id)).await??;
    Ok(seal.ok_or(Code::SealNotFound)?)
}
