//! What of a licence can be told, field by field.

use std::collections::BTreeMap;

use crypto::licence::{Holder, HolderNumber, Record};
use crypto::time::Timestamp;
use serde_json::{Value, json};

/// The name of the field that stands for the whole document: who may have it may have the file.
pub const DOCUMENT: &str = "document";
/// How the names of the fields begin that are about holders.
pub const HOLDERS: &str = "holder_";

/// The offset of China's legal time, in seconds.
const CHINA: i64 = 8 * 3_600;

/// The fields of a licence on record, each a text, by the names that catalogues give them; what the type has beyond the standard by
/// its short name. Where it is asked about somebody, of several holders only that one is named.
#[must_use]
pub fn licence_fields(record: &Record, about: Option<&HolderNumber>, now: Timestamp) -> BTreeMap<String, Value> {
    let metadata = &record.metadata;
    let named = named(record, about);
    let holders = |part: fn(&Holder) -> &str| {
        let parts: Vec<_> = named.iter().map(|holder| part(holder)).collect();
        (!parts.is_empty()).then(|| json!(parts.join(",")))
    };
    let own = [
        ("identifier", Some(json!(metadata.identifier))),
        ("name", Some(json!(metadata.name))),
        ("type_name", Some(json!(metadata.type_name))),
        ("type_code", Some(json!(metadata.type_code))),
        ("number", Some(json!(metadata.number))),
        ("issuer_name", Some(json!(metadata.issuer_name))),
        ("issuer_code", Some(json!(metadata.issuer_code))),
        ("issuer_level", metadata.issuer_level.as_ref().map(|level| json!(level))),
        ("issued", Some(json!(metadata.issued))),
        ("valid_from", Some(json!(metadata.valid_from.unwrap_or(metadata.issued)))),
        ("valid_until", metadata.valid_until.map(|day| json!(day))),
        ("holder_name", holders(|holder| &holder.name)),
        ("holder_code", holders(|holder| &holder.code)),
        ("holder_code_type", holders(|holder| holder.code_type.code())),
        ("status", record.standing_at(now).map(|status| json!(status))),
    ];
    // A field of the type does not take the place of one of the standard, even where this licence has none.
    let is_own = |name: &str| own.iter().any(|(known, _)| *known == name);
    let extras = metadata.extras.iter().filter(|(name, _)| !is_own(name)).map(|(name, value)| (name.clone(), json!(value)));
    let mut fields: BTreeMap<_, _> = extras.collect();
    fields.extend(own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    fields
}

/// The holders who may be named: all, or the one who is asked about.
fn named<'a>(record: &'a Record, about: Option<&HolderNumber>) -> Vec<&'a Holder> {
    let day = record.received_at.plus(CHINA).date();
    let is_asked = |holder: &&Holder| about.is_none_or(|about| holder.number(day).as_ref() == Ok(about));
    let most = if about.is_some() { 1 } else { usize::MAX };
    record.metadata.holders.iter().filter(is_asked).take(most).collect()
}
