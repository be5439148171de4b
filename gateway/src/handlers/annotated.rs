//! 加注件: a document as it was signed, with a note of whom it was given to and what for.
//!
//! The document itself is not altered, because that would break its signature: the note stands beside it, names it by its digests,
//! and is signed by the gateway. Who shows or prints the copy puts the text of the note on it.

use crypto::catalogue::Catalogue;
use crypto::licence::Identifier;
use crypto::record::LogName;
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use storage::log::Recorded;
use storage::use_codes::{Bound, UseCode};

use super::redemption::{DocumentView, Wanted};
use crate::app::App;
use crate::http::{Problem, Request};
use crate::receipt;

/// The offset of China's legal time, in seconds.
const BEIJING_S: i64 = 8 * 3_600;

/// What a note says that it is, in `typ`.
const TYPE: &str = "licet-annotated-copy+jwt";

/// The note of an annotated copy.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnnotationView {
    /// The text that belongs on the copy as a watermark.
    pub watermark: String,
    /// The note, signed: a compact JWS of the type `licet-annotated-copy+jwt`.
    pub signature: String,
}

/// What the gateway signs of a copy.
#[derive(Debug, Serialize)]
struct Note<'a> {
    licence: &'a Identifier,
    document: Digests<'a>,
    watermark: &'a str,
    consumer: &'a str,
    organisation: &'a str,
    item: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    at: Timestamp,
    record: Place,
}

#[derive(Debug, Serialize)]
struct Digests<'a> {
    sha256: &'a str,
    sm3: &'a str,
}

#[derive(Debug, Serialize)]
struct Place {
    log: LogName,
    number: u64,
}

/// The note for a copy whose use is on record.
pub(super) fn make(
    app: &App,
    request: &Request,
    (wanted, code): (&Wanted, &UseCode),
    (document, recorded): (&DocumentView, &Recorded),
) -> Result<AnnotationView, Problem> {
    let purpose = request.trail.draft().facts.purpose.or_else(|| match &code.bound {
        Bound::Errand { purpose, .. } => purpose.clone(),
        Bound::Shown { .. } => None,
    });
    let watermark = watermark(&app.catalogues.current(), request, (wanted, purpose.as_deref()), recorded);
    let note = Note {
        licence: &code.licence,
        document: Digests { sha256: &document.sha256, sm3: &document.sm3 },
        watermark: &watermark,
        consumer: &request.caller.name,
        organisation: &request.caller.organisation,
        item: &wanted.item,
        case: wanted.case.as_deref(),
        purpose: purpose.as_deref(),
        at: request.now,
        record: Place { log: recorded.log, number: recorded.number },
    };
    let signature = receipt::sign(receipt::signer(app)?, TYPE, &note)?;
    Ok(AnnotationView { watermark, signature })
}

/// In Chinese, whatever the caller speaks: it is for whoever reads the copy. Organisation and item go by their names, with their codes
/// beside them; by the code alone where the catalogue has no name.
fn watermark(
    catalogue: &Catalogue,
    request: &Request,
    (wanted, purpose): (&Wanted, Option<&str>),
    recorded: &Recorded,
) -> String {
    let organisation = catalogue.organisation(&request.caller.organisation).map(|found| found.name.as_str());
    let organisation = named(organisation, &request.caller.organisation);
    let item = named(catalogue.item(&wanted.item).map(|found| found.name.as_str()), &wanted.item);
    let case = wanted.case.as_deref().map(|case| format!("，办件{case}")).unwrap_or_default();
    let purpose = purpose.map(|purpose| format!("，用途：{purpose}")).unwrap_or_default();
    format!(
        "仅供{organisation}（{}）办理{item}{case}使用{purpose}，他用无效。{}，用证记录{}-{}",
        request.caller.name,
        beijing(request.now),
        recorded.log,
        recorded.number
    )
}

fn named(name: Option<&str>, code: &str) -> String {
    name.map_or_else(|| code.to_owned(), |name| format!("{name}（{code}）"))
}

/// The moment as clocks in China show it.
fn beijing(at: Timestamp) -> String {
    let shifted = at.plus(BEIJING_S).to_string();
    format!("北京时间{}（UTC+8）", shifted.trim_end_matches('Z').replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_china() {
        let told = |text: &str| beijing(text.parse().unwrap());
        assert_eq!(told("2026-07-01T08:00:05Z"), "北京时间2026-07-01 16:00:05（UTC+8）");
        assert_eq!(told("2026-12-31T16:00:00Z"), "北京时间2027-01-01 00:00:00（UTC+8）");
    }
}
