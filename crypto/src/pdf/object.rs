//! Objects of a PDF, decoded (ISO 32000-2, 7.3).
//!
//! The crate `hayro-syntax` decodes; the strict look of [`super::syntax`] goes before, and both must have seen the same.

use std::collections::BTreeMap;
use std::ops::Range;

use hayro_syntax::object::{Array as RawArray, Dict as RawDict, FromBytes, MaybeRef, Object as Raw};

use super::PdfError;
use super::syntax::{Cursor, Tally, is_space};
use crate::budget::Budget;

/// Below it every whole number has a floating-point number of its own (2^53).
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A dictionary. No key occurs twice.
pub(super) type Dict = BTreeMap<Vec<u8>, Value>;

/// A reference to an indirect object: number and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) number: u32,
    pub(super) generation: u32,
}

/// A value. Two are equal when every reader takes them for the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Self>),
    Dict(Dict),
    Ref(Id),
}

/// An indirect object with the place of its stream's data, if it is one.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) value: Value,
    /// The encoded data, in the file.
    pub(super) data: Option<Range<usize>>,
    /// Where the whole object stands in the file; objects inside object streams stand nowhere.
    pub(super) span: Option<Range<usize>>,
}

impl Value {
    pub(super) const fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) const fn id(&self) -> Option<Id> {
        if let Self::Ref(id) = self { Some(*id) } else { None }
    }

    pub(super) const fn integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// An integer that is a place or a length.
    pub(super) fn size(&self) -> Option<usize> {
        self.integer().and_then(|value| usize::try_from(value).ok())
    }
}

/// Reads one value and says where it ends.
pub(super) fn value(bytes: &[u8], at: usize, budget: &mut Budget) -> Result<(Value, usize), PdfError> {
    let (mut cursor, mut seen) = (Cursor::new(bytes, at), Tally::default());
    cursor.spaces();
    let start = cursor.position();
    let found = cursor.value(&mut seen, 0);
    budget.spend_pdf(cursor.seen())?;
    found?;
    budget.spend_values(seen.values.saturating_add(seen.keys))?;
    let text = bytes.get(start..cursor.position()).ok_or(PdfError::Malformed)?;
    let raw = MaybeRef::<Raw<'_>>::from_bytes(text).ok_or(PdfError::Malformed)?;
    let mut decoded = Tally::default();
    let value = convert(raw, &mut decoded)?;
    // A key that occurs twice, or anything that the decoder passed over, shows in the numbers.
    if decoded == seen { Ok((value, cursor.position())) } else { Err(PdfError::Malformed) }
}

fn convert(raw: MaybeRef<Raw<'_>>, tally: &mut Tally) -> Result<Value, PdfError> {
    tally.values += 1;
    let object = match raw {
        MaybeRef::Ref(reference) => {
            let generation = u32::try_from(reference.gen_number).or(Err(PdfError::Malformed))?;
            return Ok(Value::Ref(Id { number: reference.obj_number, generation }));
        }
        MaybeRef::NotRef(object) => object,
    };
    Ok(match object {
        Raw::Null(_) => Value::Null,
        Raw::Boolean(value) => Value::Bool(value),
        Raw::Number(number) if number.as_f64().fract() == 0.0 && number.as_f64().abs() < EXACT_MAX => {
            Value::Integer(number.as_i64())
        }
        Raw::Number(number) => Value::Real(number.as_f64()),
        Raw::Name(name) => Value::Name(name.as_ref().to_vec()),
        Raw::String(text) => Value::Text(text.as_bytes().to_vec()),
        Raw::Array(items) => Value::Array(array(&items, tally)?),
        Raw::Dict(entries) => Value::Dict(dict(&entries, tally)?),
        Raw::Stream(_) => return Err(PdfError::Malformed),
    })
}

fn array(items: &RawArray<'_>, tally: &mut Tally) -> Result<Vec<Value>, PdfError> {
    items.raw_iter().map(|item| convert(item, tally)).collect()
}

fn dict(entries: &RawDict<'_>, tally: &mut Tally) -> Result<Dict, PdfError> {
    let mut out = Dict::new();
    for (key, value) in entries.entries() {
        tally.keys += 1;
        out.insert(key.as_ref().to_vec(), convert(value, tally)?);
    }
    Ok(out)
}

/// Reads the indirect object at an offset, which must be `id`. `length` finds the length of a stream that stands elsewhere.
pub(super) fn indirect(
    bytes: &[u8],
    at: usize,
    id: Id,
    length: &mut impl FnMut(Id, &mut Budget) -> Result<usize, PdfError>,
    budget: &mut Budget,
) -> Result<Object, PdfError> {
    let start = header(bytes, at, id, budget)?;
    let (value, end) = value(bytes, start, budget)?;
    let mut cursor = Cursor::new(bytes, end);
    cursor.spaces();
    if !cursor.take(b"stream") {
        let closed = cursor.keyword(b"endobj");
        budget.spend_pdf(cursor.seen())?;
        closed?;
        return Ok(Object { value, data: None, span: Some(at..cursor.position()) });
    }
    budget.spend_pdf(cursor.seen())?;
    if !cursor.take(b"\r\n") && !cursor.take(b"\n") {
        return Err(PdfError::Malformed);
    }
    // Data in another file (7.3.8.2) is under nobody's signature.
    if value.dict().is_some_and(|dict| dict.contains_key(b"F".as_slice())) {
        return Err(PdfError::Unsupported);
    }
    let declared = value.dict().and_then(|dict| dict.get(b"Length".as_slice())).ok_or(PdfError::Malformed)?;
    let size = match declared.id() {
        Some(elsewhere) => length(elsewhere, budget)?,
        None => declared.size().ok_or(PdfError::Malformed)?,
    };
    let data = cursor.position()..cursor.position().checked_add(size).ok_or(PdfError::Malformed)?;
    let mut cursor = Cursor::new(bytes, data.end);
    let closed = cursor.keyword(b"endstream").and_then(|()| cursor.keyword(b"endobj"));
    budget.spend_pdf(cursor.seen())?;
    closed?;
    Ok(Object { value, data: Some(data), span: Some(at..cursor.position()) })
}

/// Reads `12 0 obj` and says where it ends.
fn header(bytes: &[u8], at: usize, id: Id, budget: &mut Budget) -> Result<usize, PdfError> {
    let mut cursor = Cursor::new(bytes, at);
    if cursor.peek().is_none_or(is_space) {
        return Err(PdfError::Malformed);
    }
    let expected = [u64::from(id.number), u64::from(id.generation)];
    let is_named = expected.into_iter().all(|part| cursor.unsigned() == Ok(part)) && cursor.keyword(b"obj").is_ok();
    // However many entries of the cross-reference name one place: each look at it counts.
    budget.spend_pdf(cursor.seen())?;
    if is_named { Ok(cursor.position()) } else { Err(PdfError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Exhausted;

    fn read(text: &[u8]) -> Result<Value, PdfError> {
        value(text, 0, &mut Budget::for_document()).map(|(value, _)| value)
    }

    #[test]
    fn values_are_decoded_and_compared_by_meaning() {
        let name = |text: &str| Value::Name(text.as_bytes().to_vec());
        let expected = Value::Array(vec![
            Value::Integer(1),
            Value::Real(-0.5),
            name("A B"),
            Value::Text(b"a)\n".to_vec()),
            Value::Text(vec![0x41, 0x50]),
            Value::Ref(Id { number: 12, generation: 0 }),
            Value::Bool(true),
            Value::Null,
        ]);
        assert_eq!(read(b"[1 -.5 /A#20B (a\\)\\n) <415> 12 0 R true null]"), Ok(expected));
        assert_eq!(read(b"<</A 1/B 2>>"), read(b"<< /B 2.0 /#41 1 >>"));
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused_before_it_is_read() {
        // A dictionary of one entry takes as much as one of eleven.
        let array = |count| format!("[{}]", "<</a 0>>".repeat(count));
        assert_eq!(read(array(133_400).as_bytes()), Err(PdfError::Exhausted(Exhausted::PdfValues)));
        assert!(read(array(10_000).as_bytes()).is_ok());
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused() {
        assert_eq!(read(b"<</A 1/A 2>>"), Err(PdfError::Malformed));
        assert_eq!(read(b"<</A 1/#41 2>>"), Err(PdfError::Malformed));
        assert_eq!(read(b"[<</B<</A 1/A 1>>>>]"), Err(PdfError::Malformed));
    }
}
