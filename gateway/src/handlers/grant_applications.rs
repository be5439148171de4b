//! Applications for grants: filing them, checking that they conform, deciding them, reading them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::catalogue::{Catalogue, ShareClass};
use crypto::digest::{Sha256, to_hex};
use crypto::grants::{Application, ApplicationState, Assessment, Check, Consumer, Decision, GrantError, Verdict, Wish, examine};
use crypto::licence::Reason;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::StorageError;
use storage::grants::Acted;

use super::grants::{Listing, may_see};
use super::noted::told;
use super::own::today_in_china;
use super::repeat;
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};
use crate::lookup::said::unknown;
use crate::purpose::holds_citizen_number;

/// The most items and purposes of one application.
const NAMED_MAX: usize = 64;
/// The most fields.
const FIELDS_MAX: usize = 256;
/// The longest code or name, in characters.
const WORD_MAX: usize = 64;
/// The longest text, in characters.
const TEXT_MAX: usize = 256;

/// A conformity check, or a decision, of an application for a grant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictRequest {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why; a no has a reason. Kept on record for who may read the application.
    pub reason: Option<Reason>,
}

/// What is expected of `state`.
const STATES: (&str, &str) =
    ("applied, nonconforming, checked, refused or granted", "applied、nonconforming、checked、refused或granted");

/// An application for a grant, and how it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantApplicationView {
    /// Where it stands.
    pub state: ApplicationState,
    /// Whether the check or the decision should have been made by now.
    pub overdue: bool,
    /// Everything on record about it. As long as nothing is decided, `findings` are those of now.
    #[serde(flatten)]
    pub application: Application,
}

/// A page of applications for grants, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantApplicationsAnswer {
    /// Those that the caller may see. A page may have fewer than `limit`, even none, and yet another behind it.
    pub applications: Vec<GrantApplicationView>,
    /// For `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl GrantApplicationView {
    fn new(mut application: Application, catalogue: &Catalogue, now: Timestamp) -> Self {
        let state = application.state();
        if matches!(state, ApplicationState::Applied | ApplicationState::Checked) {
            application.findings = examine(&application, catalogue, now);
        }
        Self { state, overdue: application.is_overdue(now), application }
    }
}

/// `POST /v1/grants/applications`
///
/// # Errors
/// [`Code::BadContent`], [`Code::RequestReused`].
pub async fn apply(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let catalogue = app.catalogues.current();
    let application = application(&app, &request, &catalogue)?;
    note(&request, &application);
    let (shared, trail) = (Arc::clone(&app), Arc::clone(&request.trail));
    let stored = app.pool.run(move || shared.store().grants().recording(&trail.carried()).apply(&application)).await??;
    let status = if stored.is_new() { StatusCode::CREATED } else { StatusCode::OK };
    let view = GrantApplicationView::new(stored.into_inner(), &catalogue, request.now);
    let place = format!("/v1/grants/applications/{}", view.application.id);
    Ok(Answer::json(status, &view).located(&place))
}

fn application(app: &App, request: &Request, catalogue: &Catalogue) -> Result<Application, Problem> {
    let wish: Wish = request.json()?;
    demand_good(&wish, request.now)?;
    let resource = catalogue.resource(&wish.resource).ok_or_else(|| unknown("resource", &wish.resource))?;
    let mut application = Application {
        id: identifier(request)?,
        consumer: Consumer { caller: request.caller.name.clone(), organisation: request.caller.organisation.clone() },
        provider: resource.provider.clone(),
        wish,
        applied_at: request.now,
        applied_by: request.caller.name.clone(),
        findings: Vec::new(),
        check_due: app.calendar.due(request.now, app.grant_terms.check_days),
        check: None,
        decision_due: None,
        decision: None,
    };
    application.findings = examine(&application, catalogue, request.now);
    Ok(application)
}

/// Refuses what is no application at all. What the catalogue says against it, the check says.
fn demand_good(wish: &Wish, now: Timestamp) -> Result<(), Problem> {
    let is_word = |text: &String, most: usize| is_word(text, most, now);
    let are_words = |words: &BTreeSet<String>, most: usize| words.iter().all(|word| is_word(word, most));
    let counts = [wish.quota.per_day, wish.quota.total, wish.quota.volume.map(|volume| volume.per_day)];
    let is_counted = wish.quota.per_second != Some(0) && !counts.contains(&Some(0));
    let is_some = |count: usize| (1..=NAMED_MAX).contains(&count);
    let demands = [
        ("resource", is_word(&wish.resource, WORD_MAX), CODE),
        ("items", is_some(wish.items.len()) && are_words(&wish.items, WORD_MAX), ITEMS),
        ("purposes", wish.purposes.len() <= NAMED_MAX && are_words(&wish.purposes, TEXT_MAX), PURPOSES),
        ("fields", wish.fields.len() <= FIELDS_MAX && are_words(&wish.fields, WORD_MAX), FIELDS),
        ("compared", wish.compared.len() <= FIELDS_MAX && are_words(&wish.compared, WORD_MAX), FIELDS),
        ("authorities", !wish.authorities.is_empty(), AUTHORITIES),
        ("quota", is_counted, QUOTA),
        ("until", wish.until > wish.from.map_or(now, |from| from.max(now)), UNTIL),
        ("legal_basis", is_word(&wish.legal_basis, TEXT_MAX), BASIS),
    ];
    let bad = demands.into_iter().find(|(_, is_good, _)| !is_good);
    bad.map_or(Ok(()), |(place, _, expected)| Err(Problem::expected(Code::BadContent, place, expected)))
}

// What is expected of an application, in English and in Chinese.
const CODE: (&str, &str) =
    ("a code of up to 64 characters, without the number of a citizen", "不超过64个字符且不含公民身份号码的编码");
const ITEMS: (&str, &str) = (
    "1 to 64 codes of up to 64 characters, without the number of a citizen",
    "1至64个不超过64个字符且不含公民身份号码的事项编码",
);
const PURPOSES: (&str, &str) = (
    "up to 64 texts of up to 256 characters, without the number of a citizen",
    "至多64项、每项不超过256个字符且不含公民身份号码的用途",
);
const FIELDS: (&str, &str) = (
    "up to 256 names of up to 64 characters, without the number of a citizen",
    "至多256个不超过64个字符且不含公民身份号码的字段名",
);
const AUTHORITIES: (&str, &str) =
    ("one or more of duty, consent, delegation and holder", "duty、consent、delegation、holder中的一项或多项");
const QUOTA: (&str, &str) =
    ("1 or more wherever it says a number, and nothing where there is no limit", "各项限额为1以上，不限则省略");
const UNTIL: (&str, &str) = ("a moment that is to come, and after `from`", "晚于当前时间及from的时间");
const BASIS: (&str, &str) = ("1 to 256 characters, without the number of a citizen", "1至256个字符且不含公民身份号码的依据");

/// A text that stays on record for ever, where the number of a citizen must not be.
fn is_word(text: &str, most: usize, now: Timestamp) -> bool {
    let is_good = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    is_good && !holds_citizen_number(text, today_in_china(now))
}

/// Made from the name of the request, so that the same request finds the same application, or else at random.
fn identifier(request: &Request) -> Result<String, Problem> {
    if let Some(name) = repeat::name(request)? {
        let Sha256(digest) = Sha256::of(&[b"licet grant application v1\n", &name.0]);
        return Ok(to_hex(digest.first_chunk::<16>().ok_or(Code::Internal)?));
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).or(Err(Code::Unavailable))?;
    Ok(to_hex(&random))
}

/// Reasons are in somebody's words, and stand where they can be erased.
fn note(request: &Request, application: &Application) {
    let wish = &application.wish;
    request.trail.note(|draft| {
        draft.facts.approval = Some(application.id.clone());
        draft.facts.details.extend(told([
            ("consumer", json!(application.consumer)),
            ("resource", json!(wish.resource)),
            ("provider", json!(application.provider)),
            ("items", json!(wish.items)),
            ("purposes", json!(wish.purposes)),
            ("fields", json!(wish.fields)),
            ("compared", json!(wish.compared)),
            ("authorities", json!(wish.authorities)),
            ("quota", json!(wish.quota)),
            ("until", json!(wish.until)),
            ("feed", json!(wish.feed)),
            ("legal_basis", json!(wish.legal_basis)),
        ]));
        draft.subject.details.extend(told([("reason", json!(wish.reason))]));
    });
}

/// `POST /v1/grants/applications/{id}/check`
///
/// # Errors
/// [`Code::OwnApplication`], [`Code::GrantConflict`], [`Code::GrantNonconforming`], [`Code::GrantApplicationNotFound`].
pub async fn check(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: VerdictRequest = request.json()?;
    let (at, by) = (request.now, request.caller.name.clone());
    let check = Check { verdict: asked.verdict, reason: asked.reason, at, by };
    act(&app, request, (check.verdict, check.reason.clone()), move |act| {
        act.grants.check(&act.application.id, &check, &act.assessment)
    })
    .await
}

/// `POST /v1/grants/applications/{id}/decision`
///
/// # Errors
/// [`Code::OtherOrganisation`], [`Code::OwnApplication`], [`Code::GrantConflict`], [`Code::GrantNonconforming`],
/// [`Code::GrantApplicationNotFound`].
pub async fn decide(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: VerdictRequest = request.json()?;
    let (at, by) = (request.now, request.caller.name.clone());
    let decision = Decision { verdict: asked.verdict, reason: asked.reason, at, by };
    let organisation = request.caller.organisation.clone();
    act(&app, request, (decision.verdict, decision.reason.clone()), move |act| {
        act.grants.decide(&act.application.id, &decision, &organisation, &act.assessment)
    })
    .await
}

/// A step that somebody takes.
struct Act<'a> {
    grants: &'a storage::grants::Grants,
    application: &'a Application,
    assessment: Assessment,
}

async fn act(
    app: &Arc<App>,
    request: Request,
    (verdict, reason): (Verdict, Option<Reason>),
    step: impl Fn(&Act<'_>) -> Result<Acted, StorageError> + Send + 'static,
) -> Result<Answer, Problem> {
    let (shared, catalogue, now) = (Arc::clone(app), app.catalogues.current(), request.now);
    let (current, turn) = (Arc::clone(&catalogue), app.rights.turn().await);
    let work = move || -> Result<_, Problem> {
        let _turn = turn;
        let application = find(&shared, &request)?;
        note(&request, &application);
        request.trail.note(|draft| {
            draft.facts.details.insert("verdict".to_owned(), json!(verdict));
            draft.subject.details.extend(told([("reason", json!(reason))]));
        });
        let assessment = assess(&shared, &application, &current, now);
        let carried = request.trail.carried();
        let grants = shared.store().grants().recording(&carried);
        let act = Act { grants: &grants, application: &application, assessment };
        let acted = shared.rights.make(&application.id, || step(&act));
        acted.map(|acted| acted.application).map_err(|error| refused(error, &act.assessment))
    };
    let application = app.pool.run(work).await??;
    Ok(Answer::json(StatusCode::OK, &GrantApplicationView::new(application, &catalogue, now)))
}

/// What holds now: what the catalogue says, and whether the provider has something to decide.
fn assess(app: &App, application: &Application, catalogue: &Catalogue, now: Timestamp) -> Assessment {
    let is_free = |resource: &crypto::catalogue::Resource| resource.share == ShareClass::Unconditional;
    let decision_due = match catalogue.resource(&application.wish.resource).is_some_and(is_free) {
        true => None,
        false => Some(app.calendar.due(now, app.grant_terms.decision_days)),
    };
    Assessment { findings: examine(application, catalogue, now), decision_due }
}

/// Says which faults there are.
fn refused(error: StorageError, assessment: &Assessment) -> Problem {
    if error != StorageError::Grant(GrantError::Faulty) {
        return error.into();
    }
    let faults: BTreeSet<_> = assessment.findings.iter().filter(|finding| finding.fault).map(|fault| fault.code.name()).collect();
    let faults = faults.into_iter().collect::<Vec<_>>().join(", ");
    Problem::new(Code::GrantNonconforming)
        .detail(format!("The automatic check finds: {faults}."), format!("自动审核发现的问题：{faults}。"))
}

/// `GET /v1/grants/applications/{id}`
///
/// # Errors
/// [`Code::GrantApplicationNotFound`].
pub async fn record(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let (shared, now) = (Arc::clone(&app), request.now);
    let application = app.pool.run(move || find(&shared, &request)).await??;
    Ok(Answer::json(StatusCode::OK, &GrantApplicationView::new(application, &app.catalogues.current(), now)))
}

/// `GET /v1/grants/applications`
///
/// # Errors
/// [`Code::BadParameter`].
pub async fn list(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let state: Option<ApplicationState> = request.query.read("state", STATES)?;
    let listing = Listing::read(&request)?;
    let (shared, caller) = (Arc::clone(&app), Arc::clone(&request.caller));
    let find = move || {
        shared.store().grants().applications(listing.whose(), listing.page(), |found| {
            may_see(&caller, &found.consumer.organisation, &found.provider) && state.is_none_or(|state| found.state() == state)
        })
    };
    let page = app.pool.run(find).await??;
    request.trail.detail("rows", page.items.len());
    let catalogue = app.catalogues.current();
    let view = |application| GrantApplicationView::new(application, &catalogue, request.now);
    let answer = GrantApplicationsAnswer {
        applications: page.items.into_iter().map(view).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    };
    Ok(Answer::json(StatusCode::OK, &answer))
}

/// The application in the path. Whoever may not read it learns no more than of one that is not on record.
fn find(app: &App, request: &Request) -> Result<Application, Problem> {
    let found = app.store().grants().application(request.params.value("id")?)?;
    let may_see = |found: &Application| may_see(&request.caller, &found.consumer.organisation, &found.provider);
    let application = found.filter(may_see).ok_or(Code::GrantApplicationNotFound)?;
    request.trail.note(|draft| draft.facts.approval = Some(application.id.clone()));
    Ok(application)
}
