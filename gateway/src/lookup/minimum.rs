//! The minimum of fields, over random grants, records and objections: of what is not granted neither a value nor a name leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crypto::grants::{Authority, Consumer, Mode, Permit};
use crypto::licence::{HolderCodeType, HolderNumber, Identifier};
use crypto::time::Timestamp;
use serde_json::{Value, json};
use storage::objections::Dispute;

use super::findings::Findings;
use super::licences::Licences;
use super::plan::{Asked, Leave, Plan};
use super::testing::catalogue;
use super::view::{SourceView, attributes, disputes};
use crate::broker::{Class, Errand, Outcome, Reply, Row, State};
use crate::spread::Spread;

/// Resources of the catalogue with their fields. No name of a field is part of another word of an answer.
const RESOURCES: [(&str, [&str; 2]); 3] =
    [("civil/1", FIELDS_CIVIL), ("people/1", FIELDS_PEOPLE), ("licences/1", FIELDS_LICENCES)];
const FIELDS_CIVIL: [&str; 2] = ["person", "married"];
const FIELDS_PEOPLE: [&str; 2] = ["name", "sex"];
const FIELDS_LICENCES: [&str; 2] = ["number", "status"];
const LICENCE: &str = "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0";

struct Dice(Spread);

impl Dice {
    /// Heads or tails.
    fn toss(&mut self) -> bool {
        self.0.shorten(1024) % 2 == 0
    }

    fn some(&mut self, names: &[&str]) -> BTreeSet<String> {
        names.iter().filter(|_| self.toss()).map(|name| (*name).to_owned()).collect()
    }
}

fn now() -> Timestamp {
    "2026-07-01T08:00:00Z".parse().unwrap()
}

fn asked(dice: &mut Dice, code: &str, fields: &[&str]) -> Asked {
    let fields = dice.some(fields);
    let leave = match fields.is_empty() {
        true => Leave::Denied(crypto::grants::Denial::Fields),
        false => Leave::Permitted(Permit { grant: "g".to_owned(), fields, stale_s_max: None }),
    };
    let resource = catalogue().resource(code).map(|resource| Arc::new(resource.clone()));
    Asked { code: code.to_owned(), resource, fields: BTreeSet::new(), is_named: true, is_stating: false, leave }
}

fn plan(dice: &mut Dice) -> Plan {
    let errand = Errand {
        now: now(),
        request_id: "r".to_owned(),
        consumer: Consumer { caller: "c".to_owned(), organisation: "o".to_owned() },
        authority: Authority::Duty,
        item: "item-1".to_owned(),
        purpose: None,
        case: None,
        operator: None,
        class: Class::Interactive,
    };
    Plan {
        catalogue: Arc::new(catalogue()),
        errand: Arc::new(errand),
        subject: HolderNumber::parse(HolderCodeType::OtherPerson, "S1", now().date()).unwrap(),
        asked: RESOURCES.iter().map(|(code, fields)| asked(dice, code, fields)).collect(),
        mode: if dice.toss() { Mode::Tell } else { Mode::Compare },
        use_codes: false,
    }
}

/// Objections against any of the fields, or against the whole, each with the name of what it is against.
fn objections(dice: &mut Dice, resource: &str, fields: &[&str]) -> Vec<Dispute> {
    let against = |field: Option<String>| Dispute {
        since: now(),
        id: format!("against {}", field.as_deref().unwrap_or("all")),
        licence: None,
        resource: Some(resource.to_owned()),
        field,
    };
    let whole = dice.toss().then_some(None);
    dice.some(fields).into_iter().map(Some).chain(whole).map(against).collect()
}

/// What came: a source that gives more than it was asked for, and tells of more that is disputed.
fn world(seed: u64) -> Findings {
    let mut dice = Dice(Spread::new(seed));
    let mut findings = Findings::new(plan(&mut dice));
    for (place, (code, fields)) in RESOURCES.iter().enumerate() {
        findings.disputes.extend(objections(&mut dice, code, fields));
        let values: BTreeMap<_, _> = fields.iter().map(|name| ((*name).to_owned(), json!(format!("value of {name}")))).collect();
        let licence = (*code == "licences/1").then(|| LICENCE.parse::<Identifier>().unwrap());
        let row = Row { fields: values, licence, disputes: objections(&mut dice, code, fields) };
        let Some(resource) = findings.plan.asked[place].resource.clone() else { panic!("{code}") };
        findings.came[place] = Some(Outcome {
            place,
            resource,
            state: State::Answered,
            reply: Some(Arc::new(Reply { rows: vec![row], as_of: now() })),
            instead_of: None,
            age: None,
            took: Duration::ZERO,
            is_shared: false,
            was_asked: true,
            is_hedged: false,
            expected: None,
        });
    }
    findings
}

/// Every text in it, names of members included.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(each) => each.iter().for_each(|one| texts(one, found)),
        Value::Object(members) => members.values().for_each(|one| texts(one, found)),
        _ => {}
    }
}

#[test]
fn of_what_is_not_granted_nothing_leaves_not_even_that_it_is_disputed() {
    let (mut hidden, mut shown) = (0, 0);
    for seed in 0..2_000 {
        let findings = world(seed);
        for (place, (code, fields)) in RESOURCES.iter().enumerate() {
            let finding = findings.at(place).unwrap();
            let permitted = finding.asked.leave.permit().map(|permit| permit.fields.clone()).unwrap_or_default();
            let view = serde_json::to_value(SourceView::new(&finding, &findings, &Licences::default())).unwrap();
            let mut said = BTreeSet::new();
            texts(&view["rows"], &mut said);
            texts(&view["disputes"], &mut said);
            texts(&serde_json::to_value(disputes(&finding, &findings)).unwrap(), &mut said);
            let row = &finding.rows()[0];
            for field in fields {
                let is_granted = permitted.contains(*field);
                let names = [format!("value of {field}"), format!("against {field}"), (*field).to_owned()];
                let is_said = names.iter().any(|name| said.contains(name));
                assert!(is_granted || !is_said, "{seed}: {code} {field} in {view:#}");
                assert!(is_granted || view["rows"][0]["fields"].get(*field).is_none(), "{seed}: {code} {field} in {view:#}");
                let objected = findings.disputes.iter().filter(|one| one.resource.as_deref() == Some(*code)).chain(&row.disputes);
                let is_objected = objected.clone().any(|one| one.field.is_none() || one.field.as_deref() == Some(*field));
                let is_disputed = findings.is_disputed(finding.asked, row, field);
                // What is granted and disputed always says so, and what is not granted says so for the whole record alone.
                let is_whole = !permitted.is_empty() && objected.clone().any(|one| one.field.is_none());
                assert_eq!(is_disputed, if is_granted { is_objected } else { is_whole }, "{seed}: {code} {field}");
                hidden += u32::from(!is_granted && is_objected && !is_whole);
                shown += u32::from(is_granted && is_objected);
            }
        }
        for attribute in attributes(&findings) {
            let others = attribute.view.disagree.iter().map(|other| &other.from);
            for from in std::iter::once(&attribute.view.from).chain(&attribute.view.agree).chain(others) {
                let permit = findings.of(&from.resource).and_then(|finding| finding.asked.leave.permit());
                assert!(permit.is_some_and(|permit| permit.fields.contains(&from.field)), "{seed}: {from:?}");
            }
        }
    }
    assert!(hidden > 500 && shown > 500, "{hidden} hidden, {shown} shown");
}
