//! Is it genuine and valid, now or at a time? A file, its digest, or the licence's identifier.

use std::str::FromStr;
use std::sync::Arc;

use crypto::digest::{Sha256, from_hex};
use crypto::licence::{Identifier, Record};
use crypto::report::Report;
use crypto::report::checks::DOCUMENT_FORMAT;
use crypto::time::Timestamp;
use crypto::verify::Format;
use hyper::StatusCode;
use hyper::body::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

use super::own::{demand_readable, is_readable, read_identifier};
use crate::app::App;
use crate::cache::At;
use crate::http::{Answer, Code, Media, Problem, Request};
use crate::verdict::{self, Document};

/// A question about a licence that is on record. Exactly one of `identifier` and `digest` is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationRequest {
    /// The licence's identifier.
    #[schemars(with = "Option<Identifier>")]
    pub identifier: Option<String>,
    /// The digest of the licence's file.
    pub digest: Option<Digest>,
    /// The moment in question; the present when absent.
    pub at: Option<Timestamp>,
}

/// A digest with its algorithm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// The algorithm.
    pub algorithm: DigestName,
    /// 64 hexadecimal digits.
    pub value: String,
}

/// The digests by which licences are found.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum DigestName {
    /// SHA-256.
    #[serde(rename = "SHA-256")]
    Sha256,
    /// SM3.
    #[serde(rename = "SM3")]
    Sm3,
}

/// How much a report says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Depth {
    /// The verdict, and the checks that led to it.
    Simple,
    /// Every check.
    #[default]
    Detailed,
}

impl FromStr for Depth {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "simple" => Ok(Self::Simple),
            "detailed" => Ok(Self::Detailed),
            _ => Err(()),
        }
    }
}

/// `POST /v1/verifications`
///
/// # Errors
/// Problems of the request or of the gateway, and [`Code::MalformedDocument`] for what is no document. A document that does not
/// verify is no problem but a report.
pub async fn verify(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let depth = request.query.parsed("depth")?.unwrap_or_default();
    let report = if request.media == Some(Media::Json) {
        let question: VerificationRequest = request.json()?;
        let at = match (question.at, request.query.parsed("at")?) {
            (Some(_), Some(_)) => {
                let problem = Problem::new(Code::BadParameter);
                return Err(problem
                    .detail("The moment is given twice, in the query and in the body.", "查询参数与请求体中重复给出了时间。"));
            }
            (inside, beside) => moment(inside.or(beside), request.now)?,
        };
        on_record(&app, &request, question, at).await?
    } else {
        let at = moment(request.query.parsed("at")?, request.now)?;
        declared(request.media, &request.body)?;
        let sha256 = digest(&app, &request.body).await?;
        verdict::on(&app, &Document::Given(request.body.clone()), sha256, at, request.now).await?
    };
    if report.checks.iter().any(|check| check.id == DOCUMENT_FORMAT.id && check.effect.is_some()) {
        return Err(Problem::new(Code::MalformedDocument).report(report));
    }
    let verdict = report.verdict.indication;
    let answer = match depth {
        Depth::Detailed => Answer::json(StatusCode::OK, &*report),
        Depth::Simple => Answer::json(StatusCode::OK, &simple(&report)),
    };
    Ok(answer.verdict(verdict))
}

/// The digest of a document: at once for a small one, in the pool for one that takes longer than a task may.
async fn digest(app: &App, document: &Bytes) -> Result<Sha256, Problem> {
    if document.len() <= 256 << 10 {
        return Ok(Sha256::of(&[document]));
    }
    let document = document.clone();
    app.pool.run(move || Sha256::of(&[&document])).await
}

async fn on_record(app: &Arc<App>, request: &Request, question: VerificationRequest, at: At) -> Result<Arc<Report>, Problem> {
    let found = match (question.identifier, question.digest) {
        (Some(text), None) => {
            let identifier = read_identifier(Code::BadContent, &text)?;
            demand_readable(&request.caller, identifier.issuer())?;
            app.store().licences().record(&identifier)?
        }
        // Whoever may not read it learns no more than of a digest that is not on record.
        (None, Some(digest)) => {
            by_digest(app, &digest)?.filter(|record| is_readable(&request.caller, &record.metadata.issuer_code))
        }
        _ => {
            return Err(Problem::new(Code::BadJson)
                .detail("Exactly one of identifier and digest is needed.", "identifier与digest须且只须提供一项。"));
        }
    };
    let record = found.ok_or(Code::LicenceNotFound)?;
    verdict::on(app, &Document::OnRecord(record.identifier().clone()), record.sha256, at, request.now).await
}

fn by_digest(app: &App, digest: &Digest) -> Result<Option<Record>, Problem> {
    let bytes = from_hex(&digest.value).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| {
        Problem::new(Code::BadContent).detail("The digest is not 64 hexadecimal digits.", "摘要值应为64位十六进制数字。")
    })?;
    Ok(match digest.algorithm {
        DigestName::Sha256 => app.store().licences().by_sha256(&Sha256(bytes))?,
        DigestName::Sm3 => app.store().licences().by_sm3(&bytes)?,
    })
}

/// The moment in question. Nobody knows the future, so it is refused.
fn moment(at: Option<Timestamp>, now: Timestamp) -> Result<At, Problem> {
    match at {
        None => Ok(At::Now),
        Some(at) if at <= now => Ok(At::Moment(at)),
        Some(_) => Err(Problem::new(Code::BadParameter).detail("The moment lies in the future.", "所询问的时间晚于当前时间。")),
    }
}

/// Refuses a document that is recognisably something else than its declared type; what cannot be recognised gets a report.
pub(super) fn declared(media: Option<Media>, document: &[u8]) -> Result<(), Problem> {
    let declared = match media {
        Some(Media::Ofd) => Format::Ofd,
        Some(Media::Jose) => Format::Jws,
        Some(Media::SdJwt) => Format::SdJwt,
        Some(Media::Cms) => Format::Cms,
        _ => return Ok(()),
    };
    match Format::detect(document) {
        Some(found) if found != declared => Err(Problem::new(Code::UnsupportedMediaType).detail(
            format!("The content is {}, not what its type says.", found.media_type()),
            format!("内容实为{}，与声明的类型不符。", found.media_type()),
        )),
        _ => Ok(()),
    }
}

/// The report without what did not count.
fn simple(report: &Report) -> Report {
    let mut report = report.clone();
    report.checks.retain(|check| check.effect.is_some());
    for signature in &mut report.signatures {
        signature.checks.retain(|check| check.effect.is_some());
        signature.chain.clear();
    }
    report
}
