//! What another gateway says is disputed of what it tells.

use crypto::licence::Identifier;
use crypto::time::Timestamp;
use serde_json::Value;
use storage::objections::Dispute;

use crate::broker::SourceFault;

/// The most objections of one answer, and the longest identifier of one, in bytes.
const DISPUTES_MAX: usize = 1_024;
const TEXT_BYTES_MAX: usize = 128;

/// What is disputed of one resource.
#[derive(Debug)]
pub(super) struct Disputes(Vec<Dispute>);

/// Reads the objections against what came of a resource, which is called `resource` here. One that cannot be read is not left out: what
/// is disputed must not be told as if it were not.
pub(super) fn read(source: &Value, resource: &str) -> Result<Disputes, SourceFault> {
    let each = match source.get("disputes") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(each)) if each.len() <= DISPUTES_MAX => each,
        Some(_) => return Err(SourceFault::Malformed),
    };
    each.iter().map(|one| dispute(one, resource)).collect::<Option<_>>().map(Disputes).ok_or(SourceFault::Malformed)
}

fn dispute(one: &Value, resource: &str) -> Option<Dispute> {
    let since: Timestamp = one.get("since")?.as_str()?.parse().ok()?;
    let licence = text(one, "licence")?.map(str::parse::<Identifier>).transpose().ok()?;
    let resource = licence.is_none().then(|| resource.to_owned());
    Some(Dispute { since, id: text(one, "id")??.to_owned(), licence, resource, field: text(one, "field")?.map(str::to_owned) })
}

/// A text that may be absent. Nothing where there is something else.
fn text<'a>(one: &'a Value, name: &str) -> Option<Option<&'a str>> {
    match one.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => {
            let is_good = (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
            is_good.then_some(Some(text.as_str()))
        }
        Some(_) => None,
    }
}

impl Disputes {
    /// Those that are against this record: all that name no licence, and those that name the one that it is.
    pub(super) fn of(&self, row: &Value) -> Result<Vec<Dispute>, SourceFault> {
        let licence = row.get("licence");
        let identifier = licence.and_then(|licence| licence.get("identifier")).and_then(Value::as_str);
        let is_about = |dispute: &&Dispute| {
            dispute.licence.as_ref().is_none_or(|licence| identifier.is_some_and(|identifier| licence.to_string() == identifier))
        };
        let found: Vec<_> = self.0.iter().filter(is_about).cloned().collect();
        let is_disputed =
            licence.and_then(|licence| licence.get("disputed")).is_some_and(|disputed| *disputed != Value::Bool(false));
        if is_disputed && found.is_empty() { Err(SourceFault::Malformed) } else { Ok(found) }
    }
}
