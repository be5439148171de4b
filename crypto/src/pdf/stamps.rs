//! Time stamps over the document (ISO 32000-2, 12.8.5; ETSI EN 319 142-1, 5.4.3).
//!
//! A time stamp covers the bytes up to the end of its revision. Every earlier revision that is among them existed then, and with
//! it whatever was signed or stamped in it.

use super::PdfError;
use super::coverage::{self, Covered};
use super::document::Document;
use super::fields::{self, Kind};
use super::object::Id;
use crate::context::Context;
use crate::report::Check;
use crate::report::checks::PDF_TIME_STAMP;
use crate::timestamp::verify::{Expected, Imprint, Stamp};

/// A time stamp over the document, and what came of it.
#[derive(Debug)]
pub(super) struct DocumentStamp {
    /// Bytes from the start of the file that it covers without a gap.
    unbroken: usize,
    pub(super) stamp: Stamp,
}

/// Verifies the time stamps among the signatures, the youngest first: each may prove that the ones before it are old enough.
pub(super) fn verify(document: &Document<'_>, listed: &[Id], context: &mut Context<'_>) -> Result<Vec<DocumentStamp>, PdfError> {
    let mut found = Vec::new();
    let mut places = Vec::new();
    for id in listed {
        let Some(object) = document.object(*id)? else { continue };
        let Some(dict) = object.value.dict().filter(|dict| fields::kind(dict) == Kind::TimeStamp) else { continue };
        match (coverage::covered(document.bytes, object), coverage::contents(dict).and_then(coverage::unpadded)) {
            (Ok(covered), Some(token)) => places.push((covered, token, *id)),
            (Err(error), _) => found.push(useless(*id, error.reason())),
            (Ok(_), None) => found.push(useless(*id, "it is not a time-stamp token")),
        }
    }
    places.sort_by_key(|(covered, ..)| std::cmp::Reverse(covered.end));
    for (covered, token, id) in places {
        let stamp = context.with_stamp(earliest(&found, covered.end), |context| one(&covered, token, context))?;
        let checks = stamp.checks.into_iter().map(|check| about(id, check)).collect();
        let [before, _] = covered.parts;
        found.push(DocumentStamp { unbroken: before.len(), stamp: Stamp { checks, ..stamp } });
    }
    Ok(found)
}

fn one(covered: &Covered<'_>, token: &[u8], context: &mut Context<'_>) -> Result<Stamp, PdfError> {
    let expected = Expected { kind: &PDF_TIME_STAMP, imprint: Imprint::OfPieces(&covered.parts), not_before: None };
    Ok(crate::timestamp::verify::verify(token, &expected, context)?)
}

/// The time stamp that proves most about a revision which ends there.
pub(super) fn earliest(stamps: &[DocumentStamp], end: usize) -> Option<&Stamp> {
    let covering = stamps.iter().filter(|stamp| stamp.unbroken >= end).map(|stamp| &stamp.stamp);
    covering.filter(|stamp| stamp.proves.is_some()).min_by_key(|stamp| stamp.proves)
}

fn useless(id: Id, reason: &'static str) -> DocumentStamp {
    let check = about(id, PDF_TIME_STAMP.fail().with("reason", reason));
    DocumentStamp { unbroken: 0, stamp: Stamp { checks: vec![check], ..Stamp::default() } }
}

/// A time stamp that proves nothing takes nothing away from the signatures.
fn about(id: Id, check: Check) -> Check {
    check.without_effect().with("object", &id.number)
}
