//! Answers of departments, read by the rules of the configuration.

use std::collections::BTreeMap;

use crypto::jws;
use crypto::time::Timestamp;
use serde_json::Value;

use super::client;
use super::convert;
use crate::broker::{Question, Reply, Row, SourceFault};
use crate::config::{AnswerRule, AnswerRules, Pointer};

/// What the source says, in the words of the catalogue.
pub(super) fn read(rules: &AnswerRules, answer: &client::Reply, question: &Question) -> Result<Reply, SourceFault> {
    let status = answer.status;
    if rules.overloaded_status.contains(&status) {
        return Err(SourceFault::Overloaded);
    }
    if rules.refused_status.contains(&status) {
        return Err(SourceFault::Refused);
    }
    if rules.not_found_status.contains(&status) {
        return Ok(Reply::nothing(question.errand.now));
    }
    if !rules.found_status.contains(&status) {
        // The question is not taken as it is, and will not be when it is asked again.
        return Err(if (400..500).contains(&status) { SourceFault::Refused } else { SourceFault::Failed });
    }
    let value = jws::value(&answer.body).ok_or(SourceFault::Malformed)?;
    let as_of = as_of(rules, &value, question.errand.now)?;
    if any(&rules.overloaded, &value) {
        return Err(SourceFault::Overloaded);
    }
    if any(&rules.refused, &value) {
        return Err(SourceFault::Refused);
    }
    if any(&rules.not_found, &value) {
        return Ok(Reply::nothing(as_of));
    }
    if !rules.found.is_empty() && !any(&rules.found, &value) {
        return Err(SourceFault::Failed);
    }
    let records: &[Value] = match rules.rows.of(&value) {
        None | Some(Value::Null) => &[],
        Some(Value::Array(records)) => records,
        Some(record @ Value::Object(_)) => std::slice::from_ref(record),
        Some(_) => return Err(SourceFault::Malformed),
    };
    if records.len() > rules.rows_max.into() {
        return Err(SourceFault::Malformed);
    }
    let rows = records.iter().map(|record| row(&rules.fields, record, question)).collect::<Result<_, _>>()?;
    Ok(Reply { rows, as_of })
}

/// A record with the fields that may be told, each in its type. No other field is looked at.
pub(super) fn row(pointers: &BTreeMap<String, Pointer>, record: &Value, question: &Question) -> Result<Row, SourceFault> {
    if !record.is_object() {
        return Err(SourceFault::Malformed);
    }
    let mut fields = BTreeMap::new();
    for field in question.resource.fields.iter().filter(|field| question.fields.contains(&field.name)) {
        let there = match pointers.get(&field.name) {
            Some(pointer) => pointer.of(record),
            None => record.get(&field.name),
        };
        if let Some(value) = there.map(|value| convert::value(field.kind, value)).transpose()?.flatten() {
            fields.insert(field.name.clone(), value);
        }
    }
    Ok(Row { fields, licence: None, disputes: Vec::new() })
}

/// What the source says of it; never later than now, as clocks differ.
fn as_of(rules: &AnswerRules, answer: &Value, now: Timestamp) -> Result<Timestamp, SourceFault> {
    let Some(pointer) = &rules.as_of else { return Ok(now) };
    match pointer.of(answer) {
        None | Some(Value::Null) => Ok(now),
        Some(value) => {
            let text = scalar(value).ok_or(SourceFault::Malformed)?;
            convert::moment(&text).map(|moment| moment.min(now)).ok_or(SourceFault::Malformed)
        }
    }
}

fn any(rules: &[AnswerRule], answer: &Value) -> bool {
    rules.iter().any(|rule| {
        let there = rule.pointer.of(answer).unwrap_or(&Value::Null);
        rule.equals.iter().any(|value| value == there || scalar(value).is_some_and(|text| scalar(there) == Some(text)))
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        _ => None,
    }
}
