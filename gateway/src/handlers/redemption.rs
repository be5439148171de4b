//! What using up a code takes and gives, whichever code it is.
//!
//! Everything that may refuse is asked before the code is used up: whether it is the caller's, whether the licence holds, whether the
//! grant does. Using it up and the record of that are one batch, and nothing leaves before it is durable.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::digest::to_hex;
use crypto::grants::{Ask, Consumer, Denial, Mode};
use crypto::licence::{Identifier, Record};
use crypto::report::{Report, Verdict};
use crypto::time::Timestamp;
use crypto::verify::Format;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::use_codes::{Bound, Fields, Redemption, UseCode};

use super::annotated::{self, AnnotationView};
use super::noted;
use super::own::today_in_china;
use crate::app::App;
use crate::cache::At;
use crate::http::{Answer, Code, Problem, Request};
use crate::purpose::{holds_citizen_number, is_text};
use crate::receipt::{self, Standing};
use crate::use_codes::{DOCUMENT, HOLDERS, Secret, licence_fields};
use crate::verdict::{self, Document, Inquiry};

/// A code that is to be used up.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedemptionRequest {
    /// The code, as it was given out, typed, or read from an image.
    pub code: String,
    /// The code of the item; as the header `Licet-Item` when absent.
    #[schemars(length(min = 1, max = 256))]
    pub item: Option<String>,
    /// The number of the case; as the header `Licet-Case` when absent.
    #[schemars(length(min = 1, max = 256))]
    pub case: Option<String>,
    /// What is wanted.
    pub want: Want,
}

/// What a code is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Want {
    /// The fields that may be told.
    Data,
    /// The document as it was signed.
    File,
    /// 加注件: the document as it was signed, with a signed note of whom it was given to and what for.
    Copy,
}

/// What came of a code.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RedemptionView {
    /// The licence.
    pub licence: Identifier,
    /// The verdict on it now.
    pub verdict: Verdict,
    /// The moment for which that holds.
    pub validation_time: Timestamp,
    /// The fields that may be told: for `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, Value>>,
    /// The document: for `file` and `copy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentView>,
    /// The note: for `copy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotation: Option<AnnotationView>,
    /// Whether somebody has objected to the licence, and the objection is open.
    pub disputed: bool,
    /// The objections that are open, by their identifiers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<String>,
    /// Where the use is on record.
    pub recorded: Standing,
}

/// A document as it was signed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DocumentView {
    /// Its media type.
    pub media_type: &'static str,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// SM3, 64 hexadecimal digits.
    pub sm3: String,
    /// Its bytes, unaltered, in base64.
    pub content: String,
}

/// What a request wants, read.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) item: String,
    pub(super) case: Option<String>,
    pub(super) want: Want,
}

/// Reads what is wanted, and puts on record what it is for.
pub(super) fn read(request: &Request) -> Result<Wanted, Problem> {
    let asked: RedemptionRequest = request.json()?;
    let draft = request.trail.draft();
    let item = agreed("item", asked.item, draft.facts.item)?.ok_or_else(|| bad("item"))?;
    if holds_citizen_number(&item, today_in_china(request.now)) {
        return Err(bad("item"));
    }
    let case = agreed("case", asked.case, draft.subject.case)?;
    request.trail.note(|draft| {
        draft.facts.item = Some(item.clone());
        draft.subject.case.clone_from(&case);
        draft.facts.details.insert("want".to_owned(), json!(asked.want));
    });
    let id = Secret::parse(&asked.code).ok_or_else(|| bad("code"))?.id();
    request.trail.detail("use_code", id.as_str());
    Ok(Wanted { id, item, case, want: asked.want })
}

/// What the body and the header say, which must be the same where both do.
fn agreed(place: &str, inside: Option<String>, header: Option<String>) -> Result<Option<String>, Problem> {
    match (inside, header) {
        (Some(inside), _) if !is_text(&inside) => Err(bad(place)),
        (Some(inside), Some(header)) if inside != header => Err(bad(place)),
        (inside, header) => Ok(inside.or(header)),
    }
}

/// The code, if this caller may use it for this. Of any other the caller learns no more than that there is none.
pub(super) async fn find(
    app: &Arc<App>,
    request: &Request,
    wanted: &Wanted,
    fits: impl Fn(&UseCode) -> bool,
) -> Result<UseCode, Problem> {
    let (shared, id) = (Arc::clone(app), wanted.id.clone());
    let found = app.pool.run(move || shared.store().use_codes().find(&id)).await??;
    let code = found.filter(|code| fits(code) && request.now < code.expires_at).ok_or(Code::UseCodeNotFound)?;
    noted::asked(request, &code.licence);
    if code.redeemed.is_some() {
        return noted::decided(app, request, Err(Code::UseCodeSpent.into())).await;
    }
    Ok(code)
}

/// Uses a code up, and gives what it is good for.
pub(super) async fn give(app: &Arc<App>, request: &Request, (wanted, code): (&Wanted, &UseCode)) -> Result<Answer, Problem> {
    if wanted.want != Want::Data && !code.fields.tell(DOCUMENT) {
        return noted::decided(app, request, Err(denied(request, Denial::Fields))).await;
    }
    if wanted.want == Want::Copy {
        receipt::signer(app)?;
    }
    let (record, report) = standing(app, request, &code.licence).await?;
    let document = match wanted.want {
        Want::Data => None,
        Want::File | Want::Copy => Some(document(app, &record).await?),
    };
    let (shared, licence) = (Arc::clone(app), code.licence.clone());
    let open = app.pool.run(move || shared.store().objections().disputes_of_licence(&licence)).await??;
    let mut allowed = code.fields.clone();
    if let Bound::Errand { grant, .. } = &code.bound {
        allowed = still_granted(app, code, request.now).map_err(|denial| denied(request, denial))?;
        if wanted.want != Want::Data && !allowed.tell(DOCUMENT) {
            return Err(denied(request, Denial::Fields));
        }
        // One record is about to leave under the grant, which may have ended since the code was given out.
        app.rights.told(grant, 1, request.now).await.map_err(|denial| denied(request, denial))?;
    }
    spend(app, request, &code.id).await?;
    let recorded = request.trail.record().await?;
    let annotation = match (&document, wanted.want) {
        (Some(document), Want::Copy) => Some(annotated::make(app, request, (wanted, code), (document, &recorded))?),
        _ => None,
    };
    let told = || {
        licence_fields(&record, None, request.now)
            .into_iter()
            .filter(|(name, _)| tells((code, &allowed), &record, name))
            .collect()
    };
    let view = RedemptionView {
        licence: code.licence.clone(),
        verdict: report.verdict,
        validation_time: report.validation_time,
        fields: (wanted.want == Want::Data).then(told),
        document,
        annotation,
        disputed: !open.is_empty(),
        disputes: open.into_iter().map(|dispute| dispute.id).collect(),
        recorded: Standing::of(&recorded),
    };
    Ok(Answer::json(StatusCode::OK, &view).verdict(report.verdict.indication))
}

/// What the code was given out for, as far as it is still granted by the grant and the catalogue of now.
fn still_granted(app: &App, code: &UseCode, at: Timestamp) -> Result<Fields, Denial> {
    let (Bound::Errand { item, purpose, grant, authority, .. }, Fields::These(fields)) = (&code.bound, &code.fields) else {
        return Ok(code.fields.clone());
    };
    let resource = app.rights.grant(grant, at)?;
    let ask = Ask {
        caller: &code.issued_to.caller,
        organisation: &code.issued_to.organisation,
        resource: &resource.resource,
        item,
        purpose: purpose.as_deref(),
        fields,
        mode: Mode::Tell,
        authority: *authority,
        at,
    };
    Ok(Fields::These(app.rights.again(&app.catalogues.current(), grant, &ask)?.fields))
}

/// Whether a field may be told. A look-up was about one holder: of a licence with several, none is named under a grant.
fn tells((code, allowed): (&UseCode, &Fields), record: &Record, name: &str) -> bool {
    let is_granted = matches!(code.bound, Bound::Errand { .. });
    let is_of_others = is_granted && record.metadata.holders.len() > 1 && name.starts_with(HOLDERS);
    allowed.tell(name) && !is_of_others
}

pub(super) fn denied(request: &Request, denial: Denial) -> Problem {
    if denial == Denial::Unavailable {
        return Code::Unavailable.into();
    }
    request.trail.detail("reason", denial.name());
    Problem::new(Code::NotGranted).reason(denial.name())
}

/// What is on record of a licence, with the verdict on it, which must be that it holds.
pub(super) async fn standing(app: &Arc<App>, request: &Request, licence: &Identifier) -> Result<(Record, Report), Problem> {
    let (shared, named) = (Arc::clone(app), licence.clone());
    let record = app.pool.run(move || shared.store().licences().record(&named)).await??;
    let record = record.ok_or(Code::LicenceNotFound)?;
    noted::found(request, &record);
    let document = Document::OnRecord(licence.clone());
    let inquiry = Inquiry { document, sha256: record.sha256, at: At::Now, now: request.now, along: None };
    let report = verdict::on(app, inquiry).await?.report().into_owned();
    let Verdict { indication, sub_indication } = report.verdict;
    request.trail.detail("verdict", indication.name());
    if report.verdict.is_passed() {
        return Ok((record, report));
    }
    let why = json!(sub_indication);
    let why = why.as_str().unwrap_or_default();
    let problem = Problem::new(Code::LicenceNotValid);
    Err(problem.detail(
        format!("{} {why}: {}", indication.name(), report.advice.en),
        format!("{} {why}：{}", indication.name(), report.advice.zh),
    ))
}

async fn document(app: &Arc<App>, record: &Record) -> Result<DocumentView, Problem> {
    let (shared, licence) = (Arc::clone(app), record.identifier().clone());
    let media_type = Format::from_name(&record.format).map_or("application/octet-stream", Format::media_type);
    let (sha256, sm3) = (to_hex(&record.sha256.0), record.sm3.clone());
    let read = move || shared.store().licences().file(&licence).map(|file| file.map(|file| STANDARD.encode(file)));
    let content = app.pool.run(read).await??.ok_or(Code::LicenceNotFound)?;
    Ok(DocumentView { media_type, sha256, sm3, content })
}

/// Of all who use a code up at the same time, one does.
async fn spend(app: &Arc<App>, request: &Request, id: &str) -> Result<(), Problem> {
    let mut attempt = [0; 16];
    getrandom::fill(&mut attempt).or(Err(Code::Unavailable))?;
    let redemption = Redemption { at: request.now, by: consumer(request), attempt: to_hex(&attempt) };
    let (shared, trail, id) = (Arc::clone(app), Arc::clone(&request.trail), id.to_owned());
    let work = move || shared.store().use_codes().recording(&trail.carried()).redeem(&id, &redemption);
    if app.pool.run(work).await?? { Ok(()) } else { Err(Code::UseCodeSpent.into()) }
}

/// Who asks.
pub(super) fn consumer(request: &Request) -> Consumer {
    Consumer { caller: request.caller.name.clone(), organisation: request.caller.organisation.clone() }
}

fn bad(place: &str) -> Problem {
    let expected = match place {
        "code" => (
            "a code as it was given out; its check character does not go with the rest",
            "所发放的用证码（校验位与其余部分不符）",
        ),
        "item" => (
            "1 to 256 bytes here or in Licet-Item, the same in both, without the number of a citizen",
            "1至256字节的事项编码，可置于请求体或Licet-Item（须一致），不含公民身份号码",
        ),
        _ => (
            "1 to 256 bytes without control characters, the same as in the header of this name",
            "1至256字节且不含控制字符，与同名请求头一致",
        ),
    };
    Problem::expected(Code::BadContent, place, expected)
}

impl std::fmt::Debug for RedemptionRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedemptionRequest").field("want", &self.want).finish_non_exhaustive()
    }
}
