//! Which bytes a signature covers (ISO 32000-2, 12.8.1; ETSI EN 319 142-1, 5.4).

use super::object::{Dict, Object, Value};
use super::syntax::is_space;

/// The bytes that a signature covers: everything up to the end of its revision but the signature itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Covered<'a> {
    /// Before and after the gap.
    pub(super) parts: [&'a [u8]; 2],
    /// Where the signed revision ends.
    pub(super) end: usize,
}

/// Why a byte range is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRange {
    /// Not two ranges from the start of the file, in order and within it.
    Shape,
    /// What is left out is not exactly the text of this signature.
    Gap,
    /// The signed bytes do not end with a revision.
    End,
}

impl BadRange {
    /// A reason for the report.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Shape => "not two ranges from the start of the file, in order and within it",
            Self::Gap => "what is left out is not exactly the text of this signature",
            Self::End => "the signed bytes do not end with a revision",
        }
    }
}

/// The covered bytes of the signature in an object of the file.
pub(super) fn covered<'a>(file: &'a [u8], object: &Object) -> Result<Covered<'a>, BadRange> {
    let signature = object.value.dict().ok_or(BadRange::Shape)?;
    let range = signature.get(b"ByteRange".as_slice()).and_then(Value::array).ok_or(BadRange::Shape)?;
    let numbers: Option<Vec<usize>> = range.iter().map(Value::size).collect();
    let numbers = numbers.ok_or(BadRange::Shape)?;
    let &[0, gap, after, length] = numbers.as_slice() else { return Err(BadRange::Shape) };
    let end = after.checked_add(length).ok_or(BadRange::Shape)?;
    let (Some(before), Some(left_out), Some(behind)) = (file.get(..gap), file.get(gap..after), file.get(after..end)) else {
        return Err(BadRange::Shape);
    };
    // The gap must be the value of Contents in this very object, not somewhere else where the same digits stand.
    let inside = object.span.as_ref().is_some_and(|span| span.start < gap && after < span.end);
    let is_value = before.trim_ascii_end().ends_with(b"/Contents");
    if !inside || !is_value || decode(left_out).as_deref() != contents(signature) {
        return Err(BadRange::Gap);
    }
    let tail = behind.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    if !behind.get(..tail).is_some_and(|behind| behind.ends_with(b"%%EOF")) {
        return Err(BadRange::End);
    }
    Ok(Covered { parts: [before, behind], end })
}

/// The signature value with its padding.
pub(super) fn contents(signature: &Dict) -> Option<&[u8]> {
    signature.get(b"Contents".as_slice()).and_then(Value::text)
}

/// The signature value without its padding: one DER element, then nothing but zeros.
pub(super) fn unpadded(contents: &[u8]) -> Option<&[u8]> {
    let element = crate::der::Reader::new(contents).any().ok()?;
    let padding = contents.get(element.raw.len()..)?;
    padding.iter().all(|byte| *byte == 0).then_some(element.raw)
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.strip_prefix(b"<")?.strip_suffix(b">")?;
    if digits.iter().any(|byte| is_space(*byte)) {
        return None;
    }
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
