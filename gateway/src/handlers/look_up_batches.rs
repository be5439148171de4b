//! Look-ups about many subjects at once, under one deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crypto::grants::{Authority, Mode};
use crypto::licence::HolderNumber;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::log::Draft;

use super::HolderRequest;
use super::look_ups::{view, yes};
use super::own::today_in_china;
use crate::app::App;
use crate::broker::Class;
use crate::http::{Answer, Code, Problem, Request};
use crate::lookup::findings::Findings;
use crate::lookup::noted;
use crate::lookup::order::Order;
use crate::lookup::plan::{Intent, Plan, granted, tally};
use crate::lookup::said::Said;
use crate::lookup::supervised;
use crate::lookup::underway::{Ended, apart, file};
use crate::lookup::view::{Completeness, LookUpAnswer};
use crate::lookup::wish::{ResourcesRequest, Wish};
use crate::{about, authority, clock};

/// The longest name of a subject within a batch, in characters.
const REF_MAX: usize = 64;

/// Most questions of one batch.
const QUESTIONS_MAX: usize = 2048;

/// Look-ups about many subjects, for one item.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpBatchRequest {
    /// The code of the item that it serves, unless the header Licet-Item has it.
    pub item: Option<String>,
    /// The purpose, unless the header Licet-Purpose has it.
    pub purpose: Option<String>,
    /// The person who asks, by a pseudonym, unless the header Licet-Operator has it.
    pub operator: Option<String>,
    /// Which resources, as for one look-up.
    pub resources: Option<ResourcesRequest>,
    /// Which fields, as for one look-up.
    #[serde(default)]
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// Which attributes, as for one look-up.
    #[serde(default)]
    pub attributes: BTreeSet<String>,
    /// Whether use codes are made, as for one look-up.
    #[serde(default = "yes")]
    pub use_codes: bool,
    /// About whom.
    #[schemars(length(min = 1))]
    pub lookups: Vec<BatchSubject>,
}

/// A subject of a batch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchSubject {
    /// What the answer calls it, chosen by the caller; one within the batch, and not kept.
    #[schemars(length(min = 1, max = 64))]
    pub r#ref: String,
    /// About whom.
    pub subject: HolderRequest,
    /// The number of the case of this subject.
    pub case: Option<String>,
}

/// The answer to a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LookUpBatchAnswer {
    /// Whether every answer in it says all that it could.
    pub status: Completeness,
    /// When it was asked.
    pub as_of: Timestamp,
    /// Within how many milliseconds it was to be given.
    pub deadline_ms: u32,
    /// How many milliseconds it took.
    pub took_ms: u64,
    /// The answers, in the order of the request.
    pub lookups: Vec<BatchAnswer>,
}

/// The answer about one subject of a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BatchAnswer {
    /// What the request calls it.
    pub r#ref: String,
    /// The answer.
    pub answer: LookUpAnswer,
}

/// A subject of a batch that was read.
struct Entry {
    name: String,
    subject: HolderNumber,
    order: Order,
}

/// `POST /v1/lookups/batch`
///
/// # Errors
/// [`crate::http::Code::BadContent`], [`crate::http::Code::NotGranted`], [`crate::http::Code::ItemNotFound`],
/// [`crate::http::Code::Overloaded`].
pub async fn post(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    apart(&app, &request, answer(Arc::clone(&app), request.clone())).await
}

async fn answer(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let LookUpBatchRequest { item, purpose, operator, resources, fields, attributes, use_codes, lookups } = request.json()?;
    if request.headers.contains_key(authority::HEADER) {
        // A token speaks for one holder.
        return Err(bad("Licet-Authorization", ("none: many are asked by duty", "空（批量查询仅限依职能）")));
    }
    let count = u32::try_from(lookups.len()).unwrap_or(u32::MAX);
    if !(1..=app.lookup.batch_max).contains(&count) {
        let most = app.lookup.batch_max;
        return Err(bad("lookups", (&format!("1 to {most} subjects"), &format!("1至{most}个主体"))));
    }
    let order = Order::read(&app, &request, Said { item, purpose, operator, case: None }, Class::Batch)?;
    let entries = entries(&request, &order, lookups)?;
    request.trail.detail("subjects", count);
    let _held = app.places.take(&request.caller.name, order.class, count)?;
    let plans = plans(&app, &order, &entries, (&Wish { resources, fields, attributes }, use_codes)).await?;
    let all = gather(&app, &order, plans).await;
    let mut ended = Ended::each(&app, all, request.arrived).await?;
    record(&app, &request, &entries, &mut ended).await?;
    let is_complete = ended.iter().all(|ended| ended.status == Completeness::Complete);
    let status = if is_complete { Completeness::Complete } else { Completeness::Partial };
    supervised::answered(&app, "batch", status, (&order, request.arrived));
    let took = clock::tokio_instant().saturating_duration_since(request.arrived);
    let answers = entries.into_iter().zip(&ended);
    let answer = LookUpBatchAnswer {
        status,
        as_of: order.now,
        deadline_ms: order.deadline.ms,
        took_ms: crate::lookup::view::millis(took),
        lookups: answers.map(|(entry, ended)| BatchAnswer { r#ref: entry.name, answer: view(ended, &entry.order) }).collect(),
    };
    Ok(Answer::json(StatusCode::OK, &answer))
}

fn bad(place: &str, expected: (&str, &str)) -> Problem {
    Problem::expected(Code::BadContent, place, expected)
}

fn entries(request: &Request, order: &Order, lookups: Vec<BatchSubject>) -> Result<Vec<Entry>, Problem> {
    let mut names = BTreeSet::new();
    let mut entries = Vec::with_capacity(lookups.len());
    for (place, BatchSubject { r#ref: name, subject: number, case }) in lookups.into_iter().enumerate() {
        let is_good = (1..=REF_MAX).contains(&name.chars().count()) && names.insert(name.clone());
        let is_case = case.as_deref().is_none_or(crate::purpose::is_text);
        // The place says which one it is: its name may be about somebody.
        let place = format!("lookups[{place}]");
        let number = HolderNumber::parse(number.code_type, &number.code, today_in_china(request.now));
        let subject = number.map_err(|error| {
            let text = error.text();
            let problem = Problem::new(Code::BadContent);
            problem.detail(format!("{place}.subject: {}", text.en), format!("{place}.subject：{}", text.zh))
        })?;
        if !is_good {
            let name = ("1 to 64 characters, and another name than before it", "1至64个字符且互不相同的名称");
            return Err(bad(&format!("{place}.ref"), name));
        }
        if !is_case {
            let case = ("1 to 256 bytes without control characters", "1至256字节且不含控制字符的文本");
            return Err(bad(&format!("{place}.case"), case));
        }
        let case = case.or_else(|| order.case.clone());
        entries.push(Entry { name, subject, order: Order { case, ..order.clone() } });
    }
    Ok(entries)
}

/// What is asked about each subject. Refused when nothing may be asked about any of them.
async fn plans(app: &Arc<App>, order: &Order, entries: &[Entry], (wish, use_codes): (&Wish, bool)) -> Result<Vec<Plan>, Problem> {
    let catalogue = app.catalogues.current();
    let granted = granted(app, order);
    let granted = granted.iter().map(String::as_str).collect();
    let wanted = wish.resolve(&catalogue, &order.item, &granted)?;
    if wanted.len().saturating_mul(entries.len()) > QUESTIONS_MAX {
        let (en, zh) = (format!("at most {QUESTIONS_MAX} questions to resources"), format!("合计至多{QUESTIONS_MAX}次资源查询"));
        return Err(bad("lookups", (&en, &zh)));
    }
    let mut plans = Vec::with_capacity(entries.len());
    for entry in entries {
        let (order, subject, wanted) = (&entry.order, entry.subject.clone(), wanted.clone());
        let intent = Intent { catalogue: &catalogue, order, subject, wanted, mode: Mode::Tell, use_codes };
        plans.push(Plan::decide(app, intent, Authority::Duty).await);
    }
    let refused = plans.iter().map(Plan::demand_any).find_map(Result::err);
    match refused {
        Some(problem) if plans.iter().all(|plan| plan.demand_any().is_err()) => Err(problem),
        _ => Ok(plans),
    }
}

/// Asks about all of them at once.
async fn gather(app: &App, order: &Order, plans: Vec<Plan>) -> Vec<Findings> {
    let mut places = Vec::new();
    let mut questions = Vec::new();
    for (nth, plan) in plans.iter().enumerate() {
        for (place, question) in plan.questions() {
            places.push((nth, place));
            questions.push(question);
        }
    }
    let mut all: Vec<_> = plans.into_iter().map(Findings::new).collect();
    let mut gathering = app.broker.scatter(questions, order.deadline.until);
    while let Some(outcome) = gathering.next().await {
        let Some((nth, place)) = places.get(outcome.place).copied() else { continue };
        if let Some(findings) = all.get_mut(nth) {
            findings.take(app, (place, order.deadline.until), outcome).await;
        }
    }
    all
}

/// About each subject a record of its own, linked to it alone; all of them, and all codes, in one batch.
async fn record(app: &Arc<App>, request: &Request, entries: &[Entry], ended: &mut [Ended]) -> Result<(), Problem> {
    let draft = request.trail.draft();
    let each = entries.iter().zip(&*ended).enumerate().map(|(place, (entry, ended))| {
        let mut draft: Draft = draft.clone();
        draft.subject.case.clone_from(&entry.order.case);
        draft.facts.details.insert("place".to_owned(), json!(place));
        noted::ended(&mut draft, ended);
        about::link_named(&mut draft);
        draft
    });
    let further: Vec<_> = each.collect();
    let statuses = tally(ended.iter().map(|ended| ended.status.name()));
    request.trail.detail("statuses", json!(statuses));
    let codes = ended.iter_mut().flat_map(|ended| std::mem::take(&mut ended.licences.codes)).collect();
    file(app, request, codes, further).await
}
