//! What of a licence can be told, field by field.

use std::collections::BTreeMap;

use crypto::licence::Record;
use crypto::time::Timestamp;
use serde_json::{Value, json};

/// The name of the field that stands for the whole document: who may have it may have the file.
pub const DOCUMENT: &str = "document";
/// How the names of the fields begin that are about holders.
pub const HOLDERS: &str = "holder_";

/// The fields of a licence on record, by the names that catalogues give them; what the type has beyond the standard by its short
/// name.
#[must_use]
pub fn licence_fields(record: &Record, now: Timestamp) -> BTreeMap<String, Value> {
    let metadata = &record.metadata;
    let holders =
        |part: fn(&crypto::licence::Holder) -> &str| Some(json!(metadata.holders.iter().map(part).collect::<Vec<_>>().join(",")));
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
    let extras = metadata.extras.iter().map(|(name, value)| (name.clone(), json!(value)));
    // A field of the type does not take the place of one of the standard.
    extras.chain(own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))).collect()
}
