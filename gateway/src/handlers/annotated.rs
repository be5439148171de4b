//! 加注件: a document as it was signed, with a note of whom it was given to and what for.
//!
//! The document itself is not altered, because that would break its signature: the note stands beside it, names it by its digests,
//! and is signed by the gateway. Who shows or prints the copy puts the text of the note on it.

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
    let watermark = watermark(request, (wanted, purpose.as_deref()), recorded);
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

/// In Chinese, whatever the caller speaks: it is for whoever reads the copy.
fn watermark(request: &Request, (wanted, purpose): (&Wanted, Option<&str>), recorded: &Recorded) -> String {
    let case = wanted.case.as_deref().map(|case| format!("（办件{case}）")).unwrap_or_default();
    let purpose = purpose.map(|purpose| format!("，用途：{purpose}")).unwrap_or_default();
    format!(
        "仅供{}（{}）办理事项{}{case}使用{purpose}，他用无效。{}，用证记录{}-{}",
        request.caller.organisation, request.caller.name, wanted.item, request.now, recorded.log, recorded.number
    )
}
