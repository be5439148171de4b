//! 比对核验: verify and do not disclose: whether what the caller knows is what is on record, and nothing beyond yes or no.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crypto::catalogue::{Catalogue, FieldType};
use crypto::grants::{Denial, Mode};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::HolderRequest;
use crate::app::App;
use crate::broker::Class;
use crate::broker::same::{half_width, normal};
use crate::http::{Answer, Code, Problem, Request};
use crate::lookup::findings::Findings;
use crate::lookup::order::{Order, subject};
use crate::lookup::plan::{Intent, Plan, granted};
use crate::lookup::said::{Said, unknown};
use crate::lookup::state::Standing;
use crate::lookup::supervised;
use crate::lookup::underway::{Ended, Underway, apart};
use crate::lookup::view::{Completeness, millis};
use crate::lookup::wish::Wanted;
use crate::sources::converted;

/// Most facts of one comparison.
const FACTS_MAX: usize = 16;

/// Is it so?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonRequest {
    /// About whom.
    pub subject: HolderRequest,
    /// The code of the item that it serves, unless the header Licet-Item has it.
    pub item: Option<String>,
    /// The number of the case, unless the header Licet-Case has it.
    pub case: Option<String>,
    /// The purpose, unless the header Licet-Purpose has it.
    pub purpose: Option<String>,
    /// The person who asks, by a pseudonym, unless the header Licet-Operator has it.
    pub operator: Option<String>,
    /// What is to be compared. No field twice.
    #[schemars(length(min = 1, max = 16))]
    pub facts: Vec<FactRequest>,
}

/// What the caller holds to be so: of a field of a resource, or of an attribute. Its `Debug` shows no value.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactRequest {
    /// The resource, by its code; with `field`.
    pub resource: Option<String>,
    /// The field of the resource.
    pub field: Option<String>,
    /// The attribute, such as `person.name`: compared where it comes from, or else with another resource that states it and of which
    /// the caller has a grant.
    pub attribute: Option<String>,
    /// What it is held to be.
    pub value: Value,
}

/// Whether it is so.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ComparisonAnswer {
    /// Whether every source has spoken, and none of the facts is denied.
    pub status: Completeness,
    /// When it was asked.
    pub as_of: Timestamp,
    /// The version of the catalogue that it was given by.
    pub catalogue_version: u64,
    /// Within how many milliseconds it was to be given.
    pub deadline_ms: u32,
    /// How many milliseconds it took.
    pub took_ms: u64,
    /// The facts, in the order of the request.
    pub facts: Vec<FactView>,
}

/// Whether one fact is so.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FactView {
    /// The resource that it was compared with.
    pub resource: String,
    /// The field.
    pub field: String,
    /// The attribute, where it was asked by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Whether it is so.
    pub result: Comparison,
    /// What came of the resource.
    pub state: Standing,
    /// Why it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<&'static str>,
    /// By when, in milliseconds from the beginning, nine of ten answers of the source come, where it has not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
    /// Whether somebody has objected to what is on record, and the objection is open.
    pub disputed: bool,
}

/// Whether it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// It is.
    Match,
    /// It is not.
    NoMatch,
    /// Nobody has said; the state tells why.
    Unknown,
}

/// A fact, with the field that it is compared with.
struct Fact {
    resource: String,
    field: String,
    attribute: Option<String>,
    kind: FieldType,
    /// In its one form.
    value: String,
}

impl fmt::Debug for FactRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactRequest").field("resource", &self.resource).field("field", &self.field).finish_non_exhaustive()
    }
}

/// `POST /v1/comparisons`
///
/// # Errors
/// [`crate::http::Code::BadContent`], [`crate::http::Code::NotGranted`], [`crate::http::Code::Overloaded`].
pub async fn post(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    apart(&app, &request, answer(Arc::clone(&app), request.clone())).await
}

async fn answer(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let ComparisonRequest { subject: number, item, case, purpose, operator, facts } = request.json()?;
    let subject = subject(&number, request.now)?;
    request.trail.note(|draft| draft.holders.push(subject.clone()));
    let order = Order::read(&app, &request, Said { item, case, purpose, operator }, Class::Interactive)?;
    let _held = app.places.take(&request.caller.name, order.class, 1)?;
    let catalogue = app.catalogues.current();
    let facts = read(facts, &catalogue, &granted(&app, &order))?;
    let wanted = wanted(&facts)?;
    let intent = Intent { catalogue: &catalogue, order: &order, subject, wanted, mode: Mode::Compare, use_codes: false };
    let plan = Plan::make(&app, &request, intent).await?;
    let findings = Underway::begin(&app, plan, order.deadline.until).all(&app).await;
    let mut ended = Ended::new(&app, findings, request.arrived).await?;
    let views: Vec<_> = facts.into_iter().map(|fact| view(fact, &ended.findings)).collect();
    // What was compared stays on record, and not with what, or how it turned out.
    let compared: Vec<_> = views.iter().map(|view| json!([view.resource, view.field])).collect();
    request.trail.detail("compared", compared);
    ended.record(&app, &request).await?;
    supervised::answered(&app, "comparison", ended.status, (&order, request.arrived));
    let answer = ComparisonAnswer {
        status: ended.status,
        as_of: order.now,
        catalogue_version: catalogue.version,
        deadline_ms: order.deadline.ms,
        took_ms: ended.took_ms,
        facts: views,
    };
    Ok(Answer::json(StatusCode::OK, &answer))
}

/// Finds the field that each fact is about. The same field twice would be two guesses for one question.
fn read(asked: Vec<FactRequest>, catalogue: &Catalogue, granted: &BTreeSet<String>) -> Result<Vec<Fact>, Problem> {
    if !(1..=FACTS_MAX).contains(&asked.len()) {
        return Err(bad("facts", ("1 to 16 facts", "1至16项事实")));
    }
    let mut seen = BTreeSet::new();
    let mut facts = Vec::with_capacity(asked.len());
    for (place, FactRequest { resource, field, attribute, value }) in asked.into_iter().enumerate() {
        let (resource, field) = match (resource, field, &attribute) {
            (Some(resource), Some(field), None) => (resource, field),
            (None, None, Some(attribute)) => {
                stated(catalogue, attribute, granted).ok_or_else(|| unknown(&format!("facts[{place}].attribute"), attribute))?
            }
            _ => {
                let either = ("either attribute, or resource and field", "attribute，或resource与field，二者择一");
                return Err(bad(&format!("facts[{place}]"), either));
            }
        };
        let found = catalogue.resource(&resource).ok_or_else(|| unknown(&format!("facts[{place}].resource"), &resource))?;
        let kind = found.field(&field).ok_or_else(|| unknown(&format!("facts[{place}].field"), &field))?.kind;
        let value = form(&value, kind).ok_or_else(|| bad(&format!("facts[{place}].value"), of_kind(kind)))?;
        if !seen.insert((resource.clone(), field.clone())) {
            return Err(bad(&format!("facts[{place}]"), ("a field that is in no fact before it", "与此前各项不同的字段")));
        }
        facts.push(Fact { resource, field, attribute, kind, value });
    }
    Ok(facts)
}

fn bad(place: &str, expected: (&str, &str)) -> Problem {
    Problem::expected(Code::BadContent, place, expected)
}

/// What is expected of the value of a field.
const fn of_kind(kind: FieldType) -> (&'static str, &'static str) {
    match kind {
        FieldType::Text | FieldType::Code => ("a text that is not blank", "非空文本"),
        FieldType::Number => ("a number, such as 12.5", "数字，如12.5"),
        FieldType::Date => ("a day, such as 1960-05-01", "日期，如1960-05-01"),
        FieldType::Boolean => ("true or false", "true或false"),
    }
}

/// A value of the caller in the one form of its type, brought there as what sources say is. Nothing where that cannot be.
fn form(value: &Value, kind: FieldType) -> Option<String> {
    let value = match value {
        Value::String(text) => Value::String(half_width(text)),
        other => other.clone(),
    };
    normal(&converted(kind, &value).ok()??, kind)
}

/// Where an attribute comes from; or where else it is stated, if the caller has no grant of that. Nothing where nobody states it.
fn stated(catalogue: &Catalogue, attribute: &str, granted: &BTreeSet<String>) -> Option<(String, String)> {
    let each = catalogue.resources().flat_map(|resource| resource.fields.iter().map(move |field| (resource, field)));
    let stating = each.filter(|(_, field)| field.attribute.as_deref() == Some(attribute));
    // Of those alike the first counts, which is the first by code.
    let best = stating.min_by_key(|(resource, field)| (!granted.contains(&resource.code), !field.authoritative));
    best.map(|(resource, field)| (resource.code.clone(), field.name.clone()))
}

fn wanted(facts: &[Fact]) -> Result<Vec<Wanted>, Problem> {
    let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for fact in facts {
        wanted.entry(&fact.resource).or_default().insert(fact.field.clone());
    }
    let all =
        wanted.into_iter().map(|(code, fields)| Wanted { code: code.to_owned(), fields, is_named: true, is_stating: false });
    Ok(all.collect())
}

fn view(fact: Fact, findings: &Findings) -> FactView {
    let finding = findings.of(&fact.resource);
    let permit = finding.and_then(|finding| finding.asked.leave.permit());
    let is_permitted = permit.is_some_and(|permit| permit.fields.contains(&fact.field));
    let denial = match (finding.and_then(|finding| finding.denial()), permit) {
        (None, Some(_)) if !is_permitted => Some(Denial::Fields),
        (denial, _) => denial,
    };
    let state = match (denial, finding) {
        (Some(_), _) | (None, None) => Standing::Denied,
        (None, Some(finding)) => finding.standing(),
    };
    let told = finding.filter(|_| is_permitted);
    let rows = told.map_or(&[][..], |finding| finding.rows());
    let values: Vec<_> = rows.iter().filter_map(|row| normal(row.fields.get(&fact.field)?, fact.kind)).collect();
    let result = match values.contains(&fact.value) {
        true => Comparison::Match,
        false if values.is_empty() => Comparison::Unknown,
        false => Comparison::NoMatch,
    };
    FactView {
        // The source has a record, and this is not in it.
        state: if result == Comparison::Unknown && state == Standing::Answered { Standing::NotFound } else { state },
        denied: denial.map(Denial::name),
        expected_ms: finding.and_then(|finding| finding.outcome).and_then(|outcome| outcome.expected).map(millis),
        disputed: told.is_some_and(|finding| rows.iter().any(|row| findings.is_disputed(finding.asked, row, &fact.field))),
        resource: fact.resource,
        field: fact.field,
        attribute: fact.attribute,
        result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::testing::catalogue;

    fn fact(value: Value) -> FactRequest {
        serde_json::from_value(value).unwrap()
    }

    fn granted(codes: &[&str]) -> BTreeSet<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn an_attribute_is_compared_where_it_comes_from_if_there_is_a_grant_of_that() {
        let stated = |codes: &[&str]| stated(&catalogue(), "person.name", &granted(codes)).unwrap().0;
        assert_eq!(stated(&["people/1", "civil/1"]), "people/1");
        assert_eq!(stated(&["civil/1"]), "civil/1");
        // It is denied there, and the caller learns which grant to apply for.
        assert_eq!(stated(&[]), "people/1");
        assert_eq!(super::stated(&catalogue(), "person.height", &granted(&[])), None);
    }

    #[test]
    fn one_guess_for_each_field() {
        let facts_of = |facts: Vec<FactRequest>| read(facts, &catalogue(), &granted(&["people/1"]));
        let name = |value: &str| fact(json!({ "resource": "people/1", "field": "name", "value": value }));
        assert_eq!(facts_of(vec![name("a")]).unwrap().len(), 1);
        let by_attribute = fact(json!({ "attribute": "person.name", "value": "b" }));
        for bad in [
            vec![name("a"), name("b")],
            vec![name("a"), by_attribute],
            vec![name("")],
            vec![fact(json!({ "resource": "people/1", "value": "a" }))],
            vec![fact(json!({ "resource": "people/1", "field": "name", "attribute": "person.name", "value": "a" }))],
            vec![fact(json!({ "attribute": "person.height", "value": 2 }))],
            Vec::new(),
            (0..17).map(|n| fact(json!({ "resource": "people/1", "field": n.to_string(), "value": n }))).collect(),
        ] {
            assert_eq!(facts_of(bad).map(|facts| facts.len()).unwrap_err().code(), Code::BadContent);
        }
    }

    #[test]
    fn values_are_read_as_those_of_sources_are() {
        let dates = ["1960-05-01", "19600501", "1960/05/01", "1960年5月1日", "１９６０年５月１日", " 1960-05-01T08:00:00 "];
        assert!(dates.iter().all(|text| form(&json!(text), FieldType::Date).as_deref() == Some("1960-05-01")));
        let truths = [json!(true), json!("是"), json!("1"), json!(1), json!("Y")];
        assert!(truths.iter().all(|value| form(value, FieldType::Boolean).as_deref() == Some("true")));
        let numbers = [json!(12.5), json!("12.50"), json!("＋12.5"), json!(" 012.5")];
        assert!(numbers.iter().all(|value| form(value, FieldType::Number).as_deref() == Some("12.5")));
        let bad =
            [(json!("1960-13-01"), FieldType::Date), (json!("maybe"), FieldType::Boolean), (json!("1,5"), FieldType::Number)];
        assert!(bad.iter().all(|(value, kind)| form(value, *kind).is_none()));
        let refused =
            read(vec![fact(json!({ "resource": "people/1", "field": "height", "value": "a" }))], &catalogue(), &granted(&[]));
        assert!(format!("{:?}", refused.err()).contains("height"));
    }

    #[test]
    fn what_is_compared_is_not_shown() {
        assert!(!format!("{:?}", fact(json!({ "attribute": "person.name", "value": "某甲" }))).contains("某甲"));
    }
}
