//! The bytes behind a signed revision: nothing may stand there that the cross-reference does not explain.
//!
//! Readers that find a file broken search it for objects. What only they would find must not be there.

use super::PdfError;
use super::document::Document;
use super::object::Id;
use super::syntax::Cursor;
use super::xref::{Entry, Section};
use crate::budget::Budget;

/// Checks the revisions after the signed one. The inner `Err` says what is wrong.
pub(super) fn check(old: &Document<'_>, new: &Document<'_>, budget: &mut Budget) -> Result<Result<(), &'static str>, PdfError> {
    let signed = old.bytes.len();
    let Some(count) = new.sections.len().checked_sub(old.sections.len()) else {
        return Ok(Err("later revisions leave the signed one out"));
    };
    let (added, kept) = new.sections.split_at_checked(count).unwrap_or_default();
    let starts = |sections: &[Section]| -> Vec<usize> { sections.iter().map(|section| section.span.start).collect() };
    if starts(kept) != starts(&old.sections) || starts(added).iter().any(|start| *start < signed) {
        return Ok(Err("later revisions leave the signed one out"));
    }
    let mut spans = Vec::new();
    for section in added {
        spans.push(section.span.clone());
        for (number, entry) in &section.entries {
            let Entry::At { offset, generation } = *entry else { continue };
            if offset >= signed {
                let object = new.at(offset, Id { number: *number, generation }, budget)?;
                let Some(span) = object.and_then(|object| object.span) else { return Ok(Err("an object cannot be read")) };
                spans.push(span);
            } else if old.place(*number) != Some(*entry) {
                return Ok(Err("an object was moved back into the signed revision"));
            }
        }
    }
    spans.sort_by_key(|span| (span.start, span.end));
    spans.dedup();
    let mut at = signed;
    for span in spans {
        if span.start < at {
            return Ok(Err("objects overlap"));
        }
        if !new.bytes.get(at..span.start).is_some_and(is_filler) {
            return Ok(Err("bytes that belong to no object"));
        }
        at = span.end;
    }
    let explained = new.bytes.get(at..).is_some_and(is_filler);
    Ok(if explained { Ok(()) } else { Err("bytes that belong to no object") })
}

/// White space and the ends of revisions.
fn is_filler(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes, 0);
    loop {
        cursor.spaces();
        if cursor.peek().is_none() {
            return true;
        }
        if !cursor.take(b"%%EOF") && (!cursor.take(b"startxref") || cursor.unsigned().is_err()) {
            return false;
        }
    }
}
