//! Objections: filing them, and reading them.

use std::str::FromStr;
use std::sync::Arc;

use crypto::catalogue::Catalogue;
use crypto::digest::{Sha256, to_hex};
use crypto::licence::{HolderNumber, Identifier, Reason};
use crypto::objection::{About, Attribute, FiledFor, Licence, Objection, State, Subject};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::objections::Listed;
use storage::page::{Cursor, Page};

use super::own::{change, read_identifier, today_in_china};
use super::seal_status::EVIDENCE_MAX;
use super::seals::is_audited;
use super::{HolderRequest, noted, objecting, repeat};
use crate::about;
use crate::app::App;
use crate::auth::{Caller, Role};
use crate::authority::Token;
use crate::http::{Answer, Code, NEXT, Problem, Request};
use crate::lookup::said::unknown;
use crate::purpose::holds_citizen_number;

/// The most objections of one page.
const LIMIT_MAX: usize = 100;

/// An objection that is to be filed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionRequest {
    /// What it is against: either `licence`, or `subject` and `resource`.
    pub about: AboutRequest,
    /// What is held to be wrong. For the responsible organisation, and on record where it can be erased.
    pub text: Reason,
    /// The digests of what shows it.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub evidence: Vec<Sha256>,
    /// In whose name.
    pub filed_for: FiledFor,
}

/// What an objection is against.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AboutRequest {
    /// A licence on record, by its identifier.
    pub licence: Option<String>,
    /// The person or body of whom a resource says something wrong.
    pub subject: Option<HolderRequest>,
    /// The resource, by its code in the catalogue.
    pub resource: Option<String>,
    /// The field of it; the whole record when absent.
    pub field: Option<String>,
}

/// An objection as its reader may see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectionView {
    /// Where it stands.
    pub state: State,
    /// Whether its answer is late.
    pub overdue: bool,
    /// All of it; for auditors without the number of whom it is about.
    #[serde(flatten)]
    pub objection: Objection,
}

/// A page of objections, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectionsView {
    /// The objections. A page may have fewer than `limit`, even none, and yet another behind it.
    pub objections: Vec<ObjectionView>,
    /// For `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which objections are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum ListRequest {
    /// Those that the caller filed.
    Filed,
    /// Those that the caller's organisation has to answer.
    ToAnswer,
    /// Those that the caller's organisation has to answer or has answered.
    Responsible,
    /// Those of the organisations that the caller audits.
    Audited,
}

impl FromStr for ListRequest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "filed" => Ok(Self::Filed),
            "to-answer" => Ok(Self::ToAnswer),
            "responsible" => Ok(Self::Responsible),
            "audited" => Ok(Self::Audited),
            _ => Err(()),
        }
    }
}

impl ObjectionView {
    /// As this caller may see it, if at all.
    pub(super) fn of(objection: Objection, request: &Request) -> Option<Self> {
        let is_masked = !is_party(&request.caller, &objection);
        if is_masked && !is_audited_by(&request.caller, &objection) {
            return None;
        }
        let (state, overdue) = (objection.state(), objection.is_overdue(request.now));
        let about = if is_masked { objection.about.masked() } else { objection.about.clone() };
        Some(Self { state, overdue, objection: Objection { about, ..objection } })
    }
}

/// Whether the caller filed it, or speaks for the organisation that is responsible.
fn is_party(caller: &Caller, objection: &Objection) -> bool {
    let filed = caller.name == objection.filed_by && caller.organisation == objection.organisation;
    filed || (caller.is(Role::Issuer) && caller.organisation == objection.responsible)
}

fn is_audited_by(caller: &Caller, objection: &Objection) -> bool {
    is_audited(caller, &objection.responsible) || is_audited(caller, &objection.organisation)
}

/// `POST /v1/objections`
///
/// # Errors
/// [`Code::NotGranted`], [`Code::TokenRefused`], [`Code::LicenceNotFound`], [`Code::BadContent`], [`Code::RequestReused`],
/// [`Code::ObjectionConflict`].
pub async fn file(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: ObjectionRequest = request.json()?;
    let id = identifier(&request)?;
    let evidence = Some(&asked.evidence).filter(|evidence| !evidence.is_empty());
    let said = [("objection", json!(id)), ("filed_for", json!(asked.filed_for)), ("evidence", json!(evidence))];
    request.trail.note(|draft| {
        draft.facts.details.extend(noted::told(said));
        draft.subject.details.insert("text".to_owned(), json!(asked.text));
    });
    demand_words(&request, "text", &asked.text)?;
    if asked.evidence.len() > EVIDENCE_MAX {
        return Err(bad("evidence", ("at most 32 digests", "至多32个摘要")));
    }
    let Target { about, responsible, token } = target(&app, &request, asked.about, asked.filed_for).await?;
    let due = app.calendar.due(request.now, app.objection_days);
    request.trail.detail("responsible", responsible.as_str());
    request.trail.detail("due", json!(due));
    let objection = Objection {
        id,
        about,
        text: asked.text,
        evidence: asked.evidence,
        filed_for: asked.filed_for,
        filed_at: request.now,
        filed_by: request.caller.name.clone(),
        organisation: request.caller.organisation.clone(),
        responsible,
        due,
        events: Vec::new(),
    };
    if let Some(token) = token {
        token.spend(&app, &request).await?;
    }
    let (licence, trail) = (objection.about.licence().cloned(), Arc::clone(&request.trail));
    let stored = disputing(&app, licence, move |app| {
        let stored = app.store().objections().recording(&trail.carried()).file(&objection)?;
        if !stored.is_new() {
            trail.detail("unchanged", true);
        }
        Ok(stored)
    });
    let stored = stored.await?;
    let status = if stored.is_new() { StatusCode::CREATED } else { StatusCode::OK };
    let view = ObjectionView::of(stored.into_inner(), &request).ok_or(Code::Internal)?;
    Ok(Answer::json(status, &view).located(&format!("/v1/objections/{}", view.objection.id)))
}

/// Changes what counts as disputed. Where that is a licence, verdicts from before are dead before anybody learns of it.
pub(super) async fn disputing<T: Send + 'static>(
    app: &Arc<App>,
    licence: Option<Identifier>,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let shared = Arc::clone(app);
    match licence {
        Some(licence) => change(app, licence, work).await,
        None => app.pool.run(move || work(&shared)).await?,
    }
}

/// Made from the name of the request, so that the same request finds the same objection, or else at random.
fn identifier(request: &Request) -> Result<String, Problem> {
    if let Some(name) = repeat::name(request)? {
        let Sha256(digest) = Sha256::of(&[b"licet objection v1\n", &name.0]);
        return Ok(to_hex(digest.first_chunk::<16>().ok_or(Code::Internal)?));
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).or(Err(Code::Unavailable))?;
    Ok(to_hex(&random))
}

/// What is objected to.
struct Target {
    about: About,
    /// Who has to answer it: the body that issued the licence, or the provider of the resource.
    responsible: String,
    /// By which the holder objects, not used up yet.
    token: Option<Token>,
}

/// Whoever may not object learns nothing of what is on record.
async fn target(app: &Arc<App>, request: &Request, asked: AboutRequest, filed_for: FiledFor) -> Result<Target, Problem> {
    match asked {
        AboutRequest { licence: Some(licence), subject: None, resource: None, field: None } => {
            of_licence(app, request, &licence, filed_for).await
        }
        AboutRequest { licence: None, subject: Some(subject), resource: Some(resource), field } => {
            let number = number(request, &subject)?;
            request.trail.note(|draft| draft.holders.push(number.clone()));
            let token = objecting::demand_resource(app, request, (&number, &resource), filed_for).await?;
            let (about, responsible) = of_resource(&app.catalogues.current(), request, &number, (resource, field))?;
            Ok(Target { about, responsible, token })
        }
        _ => {
            let either = (
                "either licence, or subject and resource, with a field or without",
                "licence，或subject与resource（可另附field），二者择一",
            );
            Err(bad("about", either))
        }
    }
}

async fn of_licence(app: &Arc<App>, request: &Request, text: &str, filed_for: FiledFor) -> Result<Target, Problem> {
    let identifier = read_identifier(Code::BadContent, text)?;
    noted::asked(request, &identifier);
    let (shared, named) = (Arc::clone(app), identifier.clone());
    let record = app.pool.run(move || shared.store().licences().record(&named)).await??;
    let demanded = objecting::demand_licence(app, request, (&identifier, record.as_ref()), filed_for).await;
    let token = noted::decided(app, request, demanded).await?;
    let record = record.ok_or(Code::LicenceNotFound)?;
    request.trail.concerns(&about::About::record(&record, request.now));
    let responsible = record.metadata.issuer_code.clone();
    Ok(Target { about: About::Licence(Licence { licence: record.metadata.identifier }), responsible, token })
}

fn number(request: &Request, subject: &HolderRequest) -> Result<HolderNumber, Problem> {
    HolderNumber::parse(subject.code_type, &subject.code, today_in_china(request.now)).map_err(|error| {
        let text = error.text();
        Problem::new(Code::BadContent).detail(format!("about.subject: {}", text.en), format!("about.subject：{}", text.zh))
    })
}

fn of_resource(
    catalogue: &Catalogue,
    request: &Request,
    number: &HolderNumber,
    (resource, field): (String, Option<String>),
) -> Result<(About, String), Problem> {
    let found = catalogue.resource(&resource).ok_or_else(|| unknown("about.resource", &resource))?;
    if !found.subjects.contains(&number.code_type()) {
        let kind = ("a number of a kind that the resource is looked up by", "该资源可据以查询的主体代码类型");
        return Err(bad("about.subject.code_type", kind));
    }
    if let Some(field) = field.as_ref().filter(|field| found.field(field).is_none()) {
        return Err(unknown("about.field", field));
    }
    let said = noted::told([("resource", json!(found.code)), ("field", json!(field))]);
    request.trail.note(|draft| draft.facts.details.extend(said));
    let attribute = Attribute { subject: Subject::of(number), resource, field };
    Ok((About::Attribute(attribute), found.provider.clone()))
}

/// `GET /v1/objections`
///
/// # Errors
/// [`Code::RoleRequired`] for a list that is not the caller's, [`Code::BadParameter`].
pub async fn list(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    const LISTS: (&str, &str) = ("filed, to-answer, responsible or audited", "filed、to-answer、responsible或audited");
    let which = request.query.read("list", LISTS)?.unwrap_or(ListRequest::Filed);
    let limit = request.query.limit(LIMIT_MAX)?;
    let after: Option<Cursor> = request.query.read("after", NEXT)?;
    let role = match which {
        ListRequest::Filed => None,
        ListRequest::ToAnswer | ListRequest::Responsible => Some(Role::Issuer),
        ListRequest::Audited => Some(Role::Auditor),
    };
    if role.is_some_and(|role| !request.caller.is(role)) {
        return Err(Code::RoleRequired.into());
    }
    let (shared, caller) = (Arc::clone(&app), Arc::clone(&request.caller));
    let look = move || {
        let listed = match which {
            ListRequest::Filed => Listed::FiledBy(&caller.name),
            ListRequest::ToAnswer => Listed::ToAnswer(&caller.organisation),
            ListRequest::Responsible => Listed::Responsible(&caller.organisation),
            ListRequest::Audited => Listed::All,
        };
        shared.store().objections().list(listed, after.as_ref(), limit)
    };
    let Page { items, next } = app.pool.run(look).await??;
    let objections: Vec<_> = items.into_iter().filter_map(|one| ObjectionView::of(one, &request)).collect();
    request.trail.detail("rows", objections.len());
    let next = next.map(|cursor| cursor.to_string());
    Ok(Answer::json(StatusCode::OK, &ObjectionsView { objections, next }))
}

/// `GET /v1/objections/{id}`
///
/// # Errors
/// [`Code::ObjectionNotFound`].
pub async fn read(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let view = find(&app, &request).await?;
    Ok(Answer::json(StatusCode::OK, &view))
}

/// The objection in the path. Whoever may not read it learns no more than of one that is not on record.
pub(super) async fn find(app: &Arc<App>, request: &Request) -> Result<ObjectionView, Problem> {
    let (shared, asking) = (Arc::clone(app), request.clone());
    let look = move || -> Result<_, Problem> {
        let found = shared.store().objections().objection(asking.params.value("id")?)?;
        let view = found.clone().and_then(|one| ObjectionView::of(one, &asking));
        let (view, found) = view.zip(found).ok_or(Code::ObjectionNotFound)?;
        asking.trail.detail("objection", view.objection.id.as_str());
        link(&shared, &asking, &found.about)?;
        Ok(view)
    };
    app.pool.run(look).await?
}

/// Links the record to whom the objection is about.
fn link(app: &App, request: &Request, about: &About) -> Result<(), Problem> {
    match about {
        About::Licence(about) => {
            noted::asked(request, &about.licence);
            noted::holders(app, request)?;
        }
        About::Attribute(about) => {
            let code = about.subject.code.as_deref().unwrap_or_default();
            let number = HolderNumber::parse(about.subject.code_type, code, today_in_china(request.now)).ok();
            request.trail.note(|draft| draft.holders.extend(number));
        }
    }
    Ok(())
}

/// Demands words. Auditors read them, who are not to learn whom an objection is about.
pub(super) fn demand_words(request: &Request, place: &str, words: &Reason) -> Result<(), Problem> {
    const WORDS: (&str, &str) = ("what is to be said, without the number of a citizen", "说明文字，且不含公民身份号码");
    let is_good = !words.expose().trim().is_empty() && !holds_citizen_number(words.expose(), today_in_china(request.now));
    if is_good { Ok(()) } else { Err(bad(place, WORDS)) }
}

fn bad(place: &str, expected: (&str, &str)) -> Problem {
    Problem::expected(Code::BadContent, place, expected)
}
