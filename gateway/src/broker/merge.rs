//! One fact, told by several: for each attribute the value that counts, who else says so, and who does not.
//!
//! Statements are compared in their one form ([`normal`]): what was typed differently is the same. The value comes from where the
//! catalogue says that it comes from (一数一源), if that source has spoken for the present; or else from who was up to date last, and
//! what is given in place of an answer comes after all that is from now.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use crypto::catalogue::{Catalogue, FieldType};
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::same::normal;
use super::{Outcome, Row, State};

/// An attribute, as several resources state it.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttributeView {
    /// Its name in the catalogue.
    pub attribute: String,
    /// The value that counts.
    pub value: Value,
    /// Where it is from.
    pub from: Statement,
    /// How sure it is.
    pub confidence: Confidence,
    /// The resource that it comes from by the catalogue, whether it has spoken or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Who else says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agree: Vec<Statement>,
    /// Who says something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disagree: Vec<Other>,
}

/// Another value of an attribute.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Other {
    /// The value.
    pub value: Value,
    /// Where it is from.
    pub from: Statement,
}

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Statement {
    /// The resource.
    pub resource: String,
    /// Its field.
    pub field: String,
    /// The organisation that provides it.
    pub provider: String,
    /// As of when.
    pub as_of: Timestamp,
    /// Whether the attribute comes from there by the catalogue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authoritative: bool,
    /// Whether it was said before, and is told because the source does not answer now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// Whether somebody has objected to it, and the objection is open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
}

/// How sure a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It comes from where it should, others say the same, and nobody says otherwise.
    Confirmed,
    /// It comes from where it should, and nobody says otherwise.
    Authoritative,
    /// Where it should come from has not spoken; who has says the same.
    Uncontested,
    /// Not all say the same.
    Contradicted,
}

/// A value with where it is from.
struct Said<'a> {
    value: &'a Value,
    form: String,
    from: Statement,
}

impl Statement {
    /// Whether it is from where the other is from.
    fn is_from(&self, other: &Self) -> bool {
        (&self.resource, &self.field, self.as_of, self.stale) == (&other.resource, &other.field, other.as_of, other.stale)
    }
}

impl Said<'_> {
    /// What comes first counts.
    fn rank(&self) -> impl Ord + use<> {
        let Statement { resource, field, as_of, authoritative, stale, .. } = &self.from;
        (*stale, !authoritative, Reverse(*as_of), (resource.clone(), field.clone()), self.form.clone())
    }

    fn is_authoritative(&self) -> bool {
        self.from.authoritative && !self.from.stale
    }
}

/// What came, by attribute. `disputed` says of the resource, a record of it and a field of that whether it is disputed, and nothing where
/// the field is not to be told.
#[must_use]
pub fn attributes(
    catalogue: &Catalogue,
    outcomes: &[Outcome],
    disputed: impl Fn(&str, &Row, &str) -> Option<bool>,
) -> Vec<AttributeView> {
    let mut said: BTreeMap<&str, Vec<Said<'_>>> = BTreeMap::new();
    for (attribute, one) in outcomes.iter().flat_map(|outcome| statements(outcome, &disputed)) {
        said.entry(attribute).or_default().push(one);
    }
    let views = said.into_iter().filter_map(|(attribute, said)| merged(attribute, said, catalogue));
    views.collect()
}

fn statements<'a>(
    outcome: &'a Outcome,
    disputed: &'a impl Fn(&str, &Row, &str) -> Option<bool>,
) -> impl Iterator<Item = (&'a str, Said<'a>)> {
    let resource = &outcome.resource;
    let stated = resource.fields.iter().filter_map(|field| Some((field.attribute.as_deref()?, field)));
    let reply = outcome.reply.as_ref();
    reply.into_iter().flat_map(move |reply| {
        let stated = stated.clone();
        reply.rows.iter().flat_map(move |row| {
            stated.clone().filter_map(move |(attribute, field)| {
                let value = row.fields.get(&field.name)?;
                let from = Statement {
                    resource: resource.code.clone(),
                    field: field.name.clone(),
                    provider: resource.provider.clone(),
                    as_of: reply.as_of,
                    authoritative: field.authoritative,
                    stale: outcome.state == State::Stale,
                    disputed: disputed(&resource.code, row, &field.name)?,
                };
                Some((attribute, Said { value, form: form(value, field.kind)?, from }))
            })
        })
    })
}

/// What a value is compared by. What has no one form is itself; what is empty says nothing.
fn form(value: &Value, kind: FieldType) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        other => Some(normal(other, kind).unwrap_or_else(|| other.to_string())),
    }
}

fn merged(attribute: &str, mut said: Vec<Said<'_>>, catalogue: &Catalogue) -> Option<AttributeView> {
    said.sort_by_cached_key(Said::rank);
    // Several records of one resource that say the same say it once; if one of them is disputed, that is.
    said.dedup_by(|a, b| {
        let disputed = a.from.disputed || b.from.disputed;
        let is_same = a.form == b.form && a.from.is_from(&b.from);
        b.from.disputed = if is_same { disputed } else { b.from.disputed };
        is_same
    });
    let mut said = said.into_iter();
    let first = said.next()?;
    let is_authoritative = first.is_authoritative();
    let (agree, disagree): (Vec<_>, Vec<_>) = said.partition(|other| other.form == first.form);
    let confidence = match (is_authoritative, agree.is_empty(), disagree.is_empty()) {
        (_, _, false) => Confidence::Contradicted,
        (true, false, true) => Confidence::Confirmed,
        (true, true, true) => Confidence::Authoritative,
        (false, _, true) => Confidence::Uncontested,
    };
    Some(AttributeView {
        attribute: attribute.to_owned(),
        value: first.value.clone(),
        from: first.from,
        confidence,
        authority: authority(attribute, catalogue),
        agree: agree.into_iter().map(|said| said.from).collect(),
        disagree: disagree.into_iter().map(|said| Other { value: said.value.clone(), from: said.from }).collect(),
    })
}

/// The resource that an attribute comes from.
fn authority(attribute: &str, catalogue: &Catalogue) -> Option<String> {
    let is_it = |field: &crypto::catalogue::Field| field.authoritative && field.attribute.as_deref() == Some(attribute);
    catalogue.resources().find(|resource| resource.fields.iter().any(is_it)).map(|resource| resource.code.clone())
}

impl fmt::Debug for AttributeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attribute, from, confidence, agree, disagree, .. } = self;
        f.debug_struct("AttributeView")
            .field("attribute", attribute)
            .field("from", from)
            .field("confidence", confidence)
            .field("agree", agree)
            .field("disagree", disagree)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Other").field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crypto::catalogue::{Entry, Resource};
    use serde_json::json;

    use super::*;
    use crate::broker::{Reply, Row};

    fn resource(code: &str, authoritative: bool) -> Arc<Resource> {
        let resource = json!({
            "code": code, "name": code, "provider": "11330105002500287C", "share": "conditional", "legal_basis": "law",
            "sensitivity": "personal", "subjects": ["111"], "update": "live",
            "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 },
            "fields": [
                { "name": "name", "title": "name", "type": "text", "attribute": "person.name", "authoritative": authoritative },
                { "name": "note", "title": "note", "type": "text" },
            ],
        });
        Arc::new(serde_json::from_value(resource).unwrap())
    }

    fn outcome(code: &str, state: State, as_of: i64, names: &[Value]) -> Outcome {
        let row = |name: &Value| Row {
            fields: [("name", name), ("note", &json!("x"))].map(|(k, v)| (k.into(), v.clone())).into(),
            licence: None,
            disputes: Vec::new(),
        };
        let reply = Reply { rows: names.iter().map(row).collect(), as_of: Timestamp::from_unix(as_of) };
        Outcome {
            place: 0,
            resource: resource(code, code == "police"),
            state,
            reply: Some(Arc::new(reply)),
            instead_of: None,
            age: None,
            took: Duration::ZERO,
            is_shared: false,
            was_asked: true,
            is_hedged: false,
            expected: None,
        }
    }

    fn merge(outcomes: &[Outcome]) -> Vec<AttributeView> {
        let catalogue =
            Catalogue::of(1, ["civil", "police"].map(|code| Entry::Resource((*resource(code, code == "police")).clone())));
        let merged = attributes(&catalogue, outcomes, |_, _, _| Some(false));
        assert!(merged.iter().all(|view| view.authority.as_deref() == Some("police")));
        merged
    }

    /// The one attribute: its value, from where, how sure, who agrees, who does not.
    fn name(outcomes: &[Outcome]) -> (Value, String, Confidence, Vec<String>, Vec<(String, Value)>) {
        let [view] = merge(outcomes).try_into().unwrap();
        let agree = view.agree.into_iter().map(|from| from.resource).collect();
        let disagree = view.disagree.into_iter().map(|other| (other.from.resource, other.value)).collect();
        (view.value, view.from.resource, view.confidence, agree, disagree)
    }

    #[test]
    fn the_authority_counts_and_the_rest_is_held_against_it() {
        let police = outcome("police", State::Answered, 10, &[json!("某甲")]);
        let same = outcome("civil", State::Answered, 20, &[json!(" 某甲\u{3000}"), json!("某甲")]);
        let other = outcome("tax", State::Answered, 30, &[json!("某乙")]);
        let alone = (json!("某甲"), "police".into(), Confidence::Authoritative, vec![], vec![]);
        assert_eq!(name(std::slice::from_ref(&police)), alone);
        let confirmed = (json!("某甲"), "police".into(), Confidence::Confirmed, vec!["civil".into()], vec![]);
        assert_eq!(name(&[same.clone(), police.clone()]), confirmed, "two records of one resource agree once");
        let contradicted =
            (json!("某甲"), "police".into(), Confidence::Contradicted, vec!["civil".into()], vec![("tax".into(), json!("某乙"))]);
        assert_eq!(name(&[other.clone(), same.clone(), police]), contradicted);
        let (value, from, confidence, ..) = name(&[other, same]);
        assert_eq!(
            (value, from.as_str(), confidence),
            (json!("某乙"), "tax", Confidence::Contradicted),
            "who is up to date last"
        );
    }

    #[test]
    fn what_was_said_before_comes_after_what_is_said_now() {
        let police = outcome("police", State::Stale, 10, &[json!("某甲")]);
        let civil = outcome("civil", State::Answered, 5, &[json!("某甲")]);
        let (_, from, confidence, agree, _) = name(&[police.clone(), civil]);
        assert_eq!((from.as_str(), confidence, agree), ("civil", Confidence::Uncontested, vec!["police".to_owned()]));
        let [view] = merge(&[police]).try_into().unwrap();
        assert!(view.from.stale && view.confidence == Confidence::Uncontested);
    }

    #[test]
    fn an_authority_that_contradicts_itself_is_contradicted_and_silence_states_nothing() {
        let two = outcome("police", State::Answered, 10, &[json!("某甲"), json!("某乙")]);
        let (.., confidence, agree, disagree) = name(&[two]);
        assert_eq!((confidence, agree.len(), disagree.len()), (Confidence::Contradicted, 0, 1));
        let nothing = outcome("police", State::Answered, 10, &[json!(null), json!(" ")]);
        assert_eq!(merge(&[nothing, outcome("civil", State::NotFound, 10, &[])]), []);
        let lists = outcome("police", State::Answered, 10, &[json!(["a"]), json!(["a"]), json!(["b"])]);
        let [view] = merge(&[lists]).try_into().unwrap();
        assert_eq!((view.disagree.len(), view.value.clone()), (1, json!(["a"])));
        assert!(!format!("{view:?}").contains("[\"a"), "{view:?}");
    }

    #[test]
    fn one_disputed_record_of_several_that_say_the_same_makes_the_statement_disputed() {
        let mut police = outcome("police", State::Answered, 10, &[json!("a"), json!("a"), json!("b")]);
        let dispute = json!({ "since": "2026-07-01T00:00:00Z", "id": "x", "resource": "police" });
        let reply = police.reply.as_mut().and_then(Arc::get_mut).unwrap();
        reply.rows[1].disputes.push(serde_json::from_value(dispute).unwrap());
        let catalogue = Catalogue::of(1, [Entry::Resource((*resource("police", true)).clone())]);
        let disputed =
            |resource: &str, row: &Row, field: &str| Some((resource, field) == ("police", "name") && !row.disputes.is_empty());
        let [view] = attributes(&catalogue, &[police], disputed).try_into().unwrap();
        assert!(view.from.disputed && view.agree.is_empty() && !view.disagree[0].from.disputed, "{view:?}");
    }
}
