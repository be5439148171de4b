//! Whom a document concerns, as far as the record needs it.

use crypto::licence::{HolderCodeType, HolderNumber, Metadata, Record};
use crypto::time::{Date, Timestamp};
use serde_json::Value;
use storage::log::Draft;

use crate::handlers::today_in_china;
use crate::purpose::citizen_numbers;

/// The licence that a document is, and its holders. Never shown: it is for the record alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    issuer: String,
    licence: String,
    holders: Vec<HolderNumber>,
}

impl About {
    /// What a licence says of itself.
    #[must_use]
    pub fn metadata(metadata: &Metadata, now: Timestamp) -> Self {
        let today: Date = today_in_china(now);
        Self {
            issuer: metadata.issuer_code.clone(),
            licence: metadata.identifier.to_string(),
            // A number that is none finds nobody.
            holders: metadata.holders.iter().filter_map(|holder| holder.number(today).ok()).collect(),
        }
    }

    /// What is on record about it.
    #[must_use]
    pub fn record(record: &Record, now: Timestamp) -> Self {
        Self::metadata(&record.metadata, now)
    }

    pub(crate) fn add_to(&self, draft: &mut Draft) {
        draft.facts.issuer = Some(self.issuer.clone());
        draft.subject.licence = Some(self.licence.clone());
        self.link(draft);
    }

    /// Links the record to the holders, and says nothing more.
    pub(crate) fn link(&self, draft: &mut Draft) {
        self.holders.iter().for_each(|holder| link(draft, holder.clone()));
    }
}

fn link(draft: &mut Draft, holder: HolderNumber) {
    if !draft.holders.contains(&holder) {
        draft.holders.push(holder);
    }
}

/// Links a record to everybody whose citizen number stands in what it says of a citizen, whatever it stands there for: what is
/// about somebody is found, and erased, by the link alone.
pub(crate) fn link_named(draft: &mut Draft) {
    let today: Date = today_in_china(draft.at);
    let mut texts = Vec::new();
    texts.extend(draft.subject.case.as_deref());
    texts.extend(draft.subject.licence.as_deref());
    draft.subject.details.values().for_each(|value| strings(value, &mut texts));
    let number = |text: &str| HolderNumber::parse(HolderCodeType::CitizenNumber, text, today).ok();
    // A whole text may also be one of 15 digits; within a text these are found too easily.
    let whole = texts.iter().filter_map(|text| number(text));
    let within = texts.iter().flat_map(|text| citizen_numbers(text, today)).filter_map(|text| number(&text));
    let found: Vec<_> = whole.chain(within).collect();
    found.into_iter().for_each(|holder| link(draft, holder));
}

fn strings<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, texts)),
        Value::Object(values) => values.values().for_each(|value| strings(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, Facts};
    use serde_json::json;

    use super::*;

    const NUMBER: &str = "11010519491231002X";

    fn linked(note: impl FnOnce(&mut Draft)) -> Vec<String> {
        let now: Timestamp = "2026-07-01T08:00:00Z".parse().unwrap();
        let mut draft = Draft::new(now, Facts::new(EventKind::Request, Ending::Done, "a".to_owned()));
        note(&mut draft);
        link_named(&mut draft);
        draft.holders.iter().map(|holder| holder.expose().to_owned()).collect()
    }

    #[test]
    fn whoever_is_named_is_linked_once() {
        assert_eq!(linked(|draft| draft.subject.case = Some(NUMBER.to_owned())), [NUMBER]);
        assert_eq!(linked(|draft| draft.subject.licence = Some(format!("号{}-1", NUMBER.to_lowercase()))), [NUMBER]);
        assert_eq!(linked(|draft| draft.subject.case = Some("110105491231002".to_owned())), ["110105491231002"]);
        let twice = |draft: &mut Draft| {
            draft.subject.case = Some(NUMBER.to_owned());
            draft.subject.details.insert("reason".to_owned(), json!({ "text": [format!("{NUMBER}死亡")] }));
        };
        assert_eq!(linked(twice), [NUMBER]);
        assert_eq!(linked(|draft| draft.subject.case = Some("110105194912310021".to_owned())), [""; 0]);
    }
}
