//! Is it genuine and valid, now or at a time? A file, its digest, or the licence's identifier.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use crypto::digest::{Sha256, from_hex, to_hex};
use crypto::licence::{Identifier, Record};
use crypto::record::DocumentMention;
use crypto::report::checks::DOCUMENT_FORMAT;
use crypto::report::{CacheUsed, Report};
use crypto::time::Timestamp;
use crypto::verify::Format;
use crypto::x509::Trust;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::along::{self, PresentationRequest, StapledEvidence};
use super::own::{demand_readable, is_readable, read_identifier};
use super::{logged_use, noted};
use crate::app::App;
use crate::cache::{At, Given};
use crate::http::{Answer, Code, Media, Octets, Problem, Request};
use crate::receipt::{self, Standing};
use crate::verdict::{self, Document, Inquiry};

/// Says where the verdict came from, as in `hit; age=12`.
const CACHE: HeaderName = HeaderName::from_static("licet-cache");
/// How often a verdict is asked for again when trust is swapped meanwhile.
const TRUST_TRIES_MAX: usize = 3;
/// More bytes than these are read and hashed where tasks do not wait.
const AT_ONCE_BYTES: usize = 256 << 10;

/// A question about a licence that is on record, or about a file with what belongs to it. Exactly one of `identifier`, `digest`
/// and `document` is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = one_is_given)]
pub struct VerificationRequest {
    /// The licence's identifier.
    #[schemars(with = "Option<Identifier>")]
    pub identifier: Option<String>,
    /// The digest of the licence's file.
    pub digest: Option<Digest>,
    /// The file itself, in base64.
    pub document: Option<Octets>,
    /// Form of the file, such as `ofd`; recognised by its content when absent.
    pub format: Option<String>,
    /// The moment in question; the present when absent.
    pub at: Option<Timestamp>,
    /// Certificates from which paths may be built, or of signers that the file does not carry: each PEM, DER or PKCS#7 in base64.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub certificates: Vec<Octets>,
    /// Evidence of the status of certificates and credentials.
    #[serde(default)]
    pub evidence: StapledEvidence,
    /// What the holder of a credential was asked to sign.
    pub presentation: Option<PresentationRequest>,
    /// What is demanded beside what every verification demands.
    pub require: Option<Requirement>,
}

/// Says in a schema that exactly one of the three is given, and a form only with the file.
fn one_is_given(schema: &mut Schema) {
    let given = |(name, kind): (&str, &str)| {
        let absent = ["identifier", "digest", "document", "format"].into_iter().filter(|other| *other != name);
        let absent = absent.filter(|other| (name, *other) != ("document", "format"));
        let mut rules: Map<String, Value> = absent.map(|other| (other.to_owned(), json!({ "type": "null" }))).collect();
        rules.insert(name.to_owned(), json!({ "type": kind }));
        json!({ "required": [name], "properties": rules })
    };
    let given_one = [("identifier", "string"), ("digest", "object"), ("document", "string")];
    schema.insert("oneOf".to_owned(), given_one.map(given).into_iter().collect());
}

/// What may be demanded of a document beside what every verification demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// The seal log holds the use of each of its seals on this very document.
    LoggedUse,
}

impl FromStr for Requirement {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "logged-use" { Ok(Self::LoggedUse) } else { Err(()) }
    }
}

/// A report, with the receipt of it where one was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerificationAnswer<'a> {
    /// The report.
    #[serde(flatten)]
    pub report: Cow<'a, Report>,
    /// The receipt: a compact JWS of the type `licet-receipt+jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Where it is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Standing>,
}

/// A question, read.
#[derive(Debug)]
pub(super) struct Asked {
    /// What is asked.
    pub(super) inquiry: Inquiry,
    /// What is demanded beside.
    pub(super) require: Option<Requirement>,
}

/// A digest with its algorithm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// The algorithm.
    pub algorithm: DigestName,
    /// 64 hexadecimal digits.
    #[schemars(with = "Sha256")]
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

/// `POST /v1/verifications`
///
/// # Errors
/// Problems of the request or of the gateway, and [`Code::MalformedDocument`] for what is no document. A document that does not
/// verify is no problem but a report.
pub async fn verify(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let depth = request.query.parsed("depth")?.unwrap_or_default();
    let with_receipt = request.query.parsed("receipt")?.unwrap_or(false);
    if with_receipt {
        receipt::signer(&app)?;
    }
    let Asked { inquiry, require } = inquire(&app, &request).await?;
    let (given, trust) = judge(&app, &inquiry, require).await?;
    noted::verdict(&request, &given);
    demand_document(given.reached())?;
    let receipted = if with_receipt {
        let mention = DocumentMention { sha256: Some(inquiry.sha256), sm3: sm3(&app, &request, &inquiry).await? };
        noted::document(&request, inquiry.sha256, mention.sm3.clone());
        Some(receipt::make(&app, &request, &receipt::claims(&request, &given.report(), mention, &trust)?).await?)
    } else {
        None
    };
    let answer = match receipted {
        None => Answer::bytes(StatusCode::OK, "application/json", given.json(depth).ok_or(Code::Internal)?),
        Some(made) => {
            let recorded = Some(Standing::of(&made.recorded));
            Answer::json(
                StatusCode::OK,
                &VerificationAnswer { report: given.at_depth(depth), receipt: Some(made.text), recorded },
            )
        }
    };
    let CacheUsed { outcome, age_s } = given.cache;
    let answer = answer.verdict(given.reached().verdict.indication);
    Ok(match HeaderValue::from_str(&format!("{}; age={age_s}", outcome.name())) {
        Ok(value) => answer.header(CACHE, value),
        Err(_) => answer,
    })
}

/// What is asked, in a file or in JSON.
pub(super) async fn inquire(app: &Arc<App>, request: &Request) -> Result<Asked, Problem> {
    let require = request.query.parsed("require")?;
    let asked = if request.media == Some(Media::Json) {
        asked(app, request).await?
    } else {
        let at = moment(request.query.parsed("at")?, request.now)?;
        declared(request.media, &request.body)?;
        Asked { inquiry: given(app, request.body.clone(), at, request.now).await?, require: None }
    };
    if matches!(asked.inquiry.document, Document::Given(_)) {
        noted::document(request, asked.inquiry.sha256, None);
    }
    Ok(Asked { require: asked.require.or(require), ..asked })
}

/// The verdict, with what is demanded beside it, and the generation of trust that it was reached under.
async fn judge(app: &Arc<App>, inquiry: &Inquiry, require: Option<Requirement>) -> Result<(Given, Arc<Trust>), Problem> {
    let mut trust = app.trust.current();
    let mut given = verdict::on(app, inquiry.clone()).await?;
    for _ in 0..TRUST_TRIES_MAX {
        if given.reached().trust_generation == trust.generation() {
            break;
        }
        // Trust was swapped in between.
        trust = app.trust.current();
        given = verdict::on(app, inquiry.clone()).await?;
    }
    let given = match require {
        None => given,
        Some(Requirement::LoggedUse) => logged_use::demand(app, given, inquiry.at).await?,
    };
    Ok((given, trust))
}

/// Refuses what cannot be read as a document.
pub(super) fn demand_document(report: &Report) -> Result<(), Problem> {
    if report.checks.iter().any(|check| check.id == DOCUMENT_FORMAT.id && check.effect.is_some()) {
        return Err(Problem::new(Code::MalformedDocument).report(Arc::new(report.clone())));
    }
    Ok(())
}

/// SM3 of the document.
async fn sm3(app: &App, request: &Request, inquiry: &Inquiry) -> Result<Option<String>, Problem> {
    match &inquiry.document {
        // It was noted with the record.
        Document::OnRecord(_) => Ok(request.trail.draft().facts.document.and_then(|document| document.sm3)),
        Document::Given(document) => {
            let document = document.clone();
            app.pool.run(move || Some(to_hex(&crypto::digest::sm3(&[&document])))).await
        }
    }
}

/// A question in JSON.
async fn asked(app: &Arc<App>, request: &Request) -> Result<Asked, Problem> {
    let question = read(app, request).await?;
    let at = match (question.at, request.query.parsed("at")?) {
        (Some(_), Some(_)) => {
            let problem = Problem::new(Code::BadParameter);
            return Err(
                problem.detail("The moment is given twice, in the query and in the body.", "查询参数与请求体中重复给出了时间。")
            );
        }
        (inside, beside) => moment(inside.or(beside), request.now)?,
    };
    let require = question.require;
    let VerificationRequest { identifier, digest, document, format, certificates, evidence, presentation, .. } = question;
    let along = if certificates.is_empty() && evidence.is_empty() && presentation.is_none() {
        None
    } else {
        Some(Arc::new(app.pool.run(move || along::read(&certificates, evidence, presentation)).await??))
    };
    let inquiry = match (identifier, digest, document, format) {
        (None, None, Some(document), format) => {
            expected(format.as_deref(), &document.0)?;
            given(app, document.0.into(), at, request.now).await?
        }
        (identifier, digest, None, None) => on_record(app, request, (identifier, digest), at)?,
        _ => return Err(one_of_three()),
    };
    Ok(Asked { inquiry: Inquiry { along, ..inquiry }, require })
}

/// Reads the JSON: at once when it is small, in the pool when that takes longer than a task may.
async fn read(app: &App, request: &Request) -> Result<VerificationRequest, Problem> {
    if request.body.len() <= AT_ONCE_BYTES {
        return request.json();
    }
    let request = request.clone();
    app.pool.run(move || request.json()).await?
}

fn one_of_three() -> Problem {
    Problem::new(Code::BadJson).detail(
        "Exactly one of identifier, digest and document is needed; format goes with document.",
        "identifier、digest与document须且只须提供一项；format仅与document同用。",
    )
}

/// Refuses a document that is recognisably of another form than the caller says.
fn expected(format: Option<&str>, document: &[u8]) -> Result<(), Problem> {
    let Some(name) = format else { return Ok(()) };
    let format = Format::from_name(name)
        .ok_or_else(|| Problem::new(Code::BadContent).detail("The format is not known.", "format取值未知。"))?;
    match Format::detect(document) {
        Some(found) if found != format => Err(Problem::new(Code::UnsupportedMediaType).detail(
            format!("The content is {}, not {}.", found.name(), format.name()),
            format!("内容实为{}，而非{}。", found.name(), format.name()),
        )),
        _ => Ok(()),
    }
}

async fn given(app: &App, document: Bytes, at: At, now: Timestamp) -> Result<Inquiry, Problem> {
    let sha256 = digest(app, &document).await?;
    Ok(Inquiry { document: Document::Given(document), sha256, at, now, along: None })
}

/// The digest of a document: at once for a small one, in the pool for one that takes longer than a task may.
async fn digest(app: &App, document: &Bytes) -> Result<Sha256, Problem> {
    if document.len() <= AT_ONCE_BYTES {
        return Ok(Sha256::of(&[document]));
    }
    let document = document.clone();
    app.pool.run(move || Sha256::of(&[&document])).await
}

fn on_record(app: &Arc<App>, request: &Request, named: (Option<String>, Option<Digest>), at: At) -> Result<Inquiry, Problem> {
    let found = match named {
        (Some(text), None) => {
            let identifier = read_identifier(Code::BadContent, &text)?;
            noted::asked(request, &identifier);
            request.trail.is_of_named();
            noted::linked(app, request, demand_readable(&request.caller, identifier.issuer()))?;
            app.store().licences().record(&identifier)?
        }
        // Whoever may not read it learns no more than of a digest that is not on record.
        (None, Some(digest)) => {
            let mention = mention(&digest);
            request.trail.note(|draft| draft.facts.document = Some(mention));
            by_digest(app, &digest)?.filter(|record| is_readable(&request.caller, &record.metadata.issuer_code))
        }
        _ => return Err(one_of_three()),
    };
    let record = noted::linked(app, request, found.ok_or_else(|| Code::LicenceNotFound.into()))?;
    noted::found(request, &record);
    let document = Document::OnRecord(record.identifier().clone());
    Ok(Inquiry { document, sha256: record.sha256, at, now: request.now, along: None })
}

/// The digest as it is put on record; nothing of one that is none.
fn mention(digest: &Digest) -> DocumentMention {
    let value = Sha256::from_hex(&digest.value);
    match digest.algorithm {
        DigestName::Sha256 => DocumentMention { sha256: value, sm3: None },
        DigestName::Sm3 => DocumentMention { sha256: None, sm3: value.map(|value| value.to_string()) },
    }
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
        Some(Media::Pdf) => Format::Pdf,
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
