//! Cross-references: where each revision says its objects are (ISO 32000-2, 7.5.4 to 7.5.8).

use std::collections::BTreeMap;
use std::ops::Range;

use super::PdfError;
use super::object::{self, Dict, Id, Value};
use super::stream;
use super::syntax::{Cursor, number};
use crate::budget::Budget;

/// Cross-reference sections of one file; every saving adds one.
const SECTIONS_MAX: usize = 256;
/// The largest object number that readers must support (ISO 32000-1, annex C).
const NUMBER_MAX: u64 = 8_388_607;
/// What may stand between `startxref` and the end of the file.
const TAIL_BYTES: usize = 64;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Free,
    At { offset: usize, generation: u32 },
    In { stream: u32, index: usize },
}

/// One cross-reference section.
#[derive(Debug)]
pub(super) struct Section {
    /// Where it stands in the file; with its trailer.
    pub(super) span: Range<usize>,
    pub(super) entries: BTreeMap<u32, Entry>,
    pub(super) trailer: Dict,
}

/// The sections of a file, the newest first.
pub(super) fn sections(bytes: &[u8], budget: &mut Budget) -> Result<Vec<Section>, PdfError> {
    let mut found: Vec<Section> = Vec::new();
    let mut next = Some(start(bytes)?);
    while let Some(at) = next {
        let again = found.iter().any(|section| section.span.start == at);
        if again || found.len() >= SECTIONS_MAX {
            return Err(PdfError::CrossReference);
        }
        let section = section(bytes, at, budget)?;
        next = place(&section.trailer, b"Prev")?;
        found.push(section);
    }
    Ok(found)
}

/// The place that `startxref` names, at the very end of the file.
fn start(bytes: &[u8]) -> Result<usize, PdfError> {
    let keyword = b"startxref";
    let tail = bytes.len().saturating_sub(TAIL_BYTES);
    let window = bytes.get(tail..).unwrap_or_default();
    let at = window.windows(keyword.len()).rposition(|found| found == keyword).ok_or(PdfError::End)?;
    let mut cursor = Cursor::new(bytes, tail + at + keyword.len());
    let start = cursor.unsigned().or(Err(PdfError::End))?;
    cursor.spaces();
    if !cursor.take(b"%%EOF") {
        return Err(PdfError::End);
    }
    let rest = bytes.get(cursor.position()..).unwrap_or_default();
    if !rest.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        return Err(PdfError::End);
    }
    usize::try_from(start).or(Err(PdfError::CrossReference))
}

fn place(trailer: &Dict, key: &[u8]) -> Result<Option<usize>, PdfError> {
    match trailer.get(key) {
        None => Ok(None),
        Some(value) => value.size().map(Some).ok_or(PdfError::CrossReference),
    }
}

fn section(bytes: &[u8], at: usize, budget: &mut Budget) -> Result<Section, PdfError> {
    let mut cursor = Cursor::new(bytes, at);
    if !cursor.take(b"xref") {
        return from_stream(bytes, at, budget);
    }
    let mut entries = table(&mut cursor, budget)?;
    let (trailer, end) = object::value(bytes, cursor.position(), budget)?;
    let Value::Dict(trailer) = trailer else { return Err(PdfError::CrossReference) };
    if let Some(hidden) = place(&trailer, b"XRefStm")? {
        // Hybrid files: the stream speaks of the objects that the table calls free (7.5.8.4).
        for (number, entry) in from_stream(bytes, hidden, budget)?.entries {
            if !matches!(entries.get(&number), Some(Entry::At { .. })) {
                entries.insert(number, entry);
            }
        }
    }
    Ok(Section { span: at..end, entries, trailer })
}

/// Reads the subsections of a table up to and with `trailer`.
fn table(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<BTreeMap<u32, Entry>, PdfError> {
    let mut entries = BTreeMap::new();
    loop {
        cursor.spaces();
        let word = cursor.word();
        if word == b"trailer" {
            return Ok(entries);
        }
        let first = number(word).ok_or(PdfError::CrossReference)?;
        let count = cursor.unsigned().or(Err(PdfError::CrossReference))?;
        if first > NUMBER_MAX || count > NUMBER_MAX {
            return Err(PdfError::TooMuch);
        }
        cursor.spaces();
        for at in 0..count {
            budget.spend_values(1)?;
            let entry = entry(cursor.bytes::<20>().ok_or(PdfError::CrossReference)?)?;
            insert(&mut entries, first + at, entry)?;
        }
    }
}

/// An entry of a table has twenty bytes, for readers that count them: `0000000015 00000 n` and a line end of two.
fn entry(line: [u8; 20]) -> Result<Entry, PdfError> {
    let mut cursor = Cursor::new(&line, 0);
    let (offset, generation) = (cursor.word(), {
        cursor.take(b" ");
        cursor.word()
    });
    let (Some(offset), Some(generation), 10, 5) = (number(offset), number(generation), offset.len(), generation.len()) else {
        return Err(PdfError::CrossReference);
    };
    match line.get(16..).unwrap_or_default() {
        b" n\r\n" | b" n \n" | b" n \r" => Ok(Entry::At { offset: fit(offset)?, generation: fit(generation)? }),
        b" f\r\n" | b" f \n" | b" f \r" => Ok(Entry::Free),
        _ => Err(PdfError::CrossReference),
    }
}

fn insert(entries: &mut BTreeMap<u32, Entry>, number: u64, entry: Entry) -> Result<(), PdfError> {
    if number > NUMBER_MAX {
        return Err(PdfError::TooMuch);
    }
    // An object in two places of one section is read from one or the other.
    if entries.insert(fit(number)?, entry).is_some() { Err(PdfError::CrossReference) } else { Ok(()) }
}

fn fit<T: TryFrom<u64>>(value: u64) -> Result<T, PdfError> {
    T::try_from(value).or(Err(PdfError::CrossReference))
}

fn from_stream(bytes: &[u8], at: usize, budget: &mut Budget) -> Result<Section, PdfError> {
    let mut cursor = Cursor::new(bytes, at);
    let id = Id { number: fit(cursor.unsigned()?)?, generation: fit(cursor.unsigned()?)? };
    let found = object::indirect(bytes, at, id, &mut |_, _| Err(PdfError::CrossReference), budget)?;
    let (Some(data), Some(span), Value::Dict(trailer)) = (found.data, found.span, found.value) else {
        return Err(PdfError::CrossReference);
    };
    if trailer.get(b"Type".as_slice()).and_then(Value::name) != Some(b"XRef") {
        return Err(PdfError::CrossReference);
    }
    let data = stream::decode(&trailer, bytes.get(data).ok_or(PdfError::CrossReference)?, budget)?;
    let entries = rows(&trailer, &data, budget)?;
    Ok(Section { span, entries, trailer })
}

fn rows(trailer: &Dict, data: &[u8], budget: &mut Budget) -> Result<BTreeMap<u32, Entry>, PdfError> {
    let sizes = |key: &str| -> Option<Vec<u64>> {
        let items = trailer.get(key.as_bytes())?.array()?;
        items.iter().map(|item| item.integer().and_then(|value| u64::try_from(value).ok())).collect()
    };
    let widths = sizes("W").ok_or(PdfError::CrossReference)?;
    let &[kind_width, second, third] = widths.as_slice() else { return Err(PdfError::CrossReference) };
    if kind_width > 8 || second > 8 || third > 8 || kind_width + second + third == 0 {
        return Err(PdfError::CrossReference);
    }
    let index = match trailer.get(b"Index".as_slice()) {
        Some(_) => sizes("Index").ok_or(PdfError::CrossReference)?,
        None => vec![0, place(trailer, b"Size")?.and_then(|size| u64::try_from(size).ok()).ok_or(PdfError::CrossReference)?],
    };
    let (pairs, rest) = index.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(PdfError::CrossReference);
    }
    let mut data = data;
    let mut entries = BTreeMap::new();
    for [first, count] in pairs {
        if *first > NUMBER_MAX {
            return Err(PdfError::TooMuch);
        }
        for at in 0..*count {
            budget.spend_values(1)?;
            // A missing type is 1 (table 17).
            let kind = if kind_width == 0 { 1 } else { field(&mut data, kind_width)? };
            let (two, three) = (field(&mut data, second)?, field(&mut data, third)?);
            let entry = match kind {
                0 => Entry::Free,
                1 => Entry::At { offset: fit(two)?, generation: fit(three)? },
                2 => Entry::In { stream: fit(two)?, index: fit(three)? },
                _ => return Err(PdfError::CrossReference),
            };
            insert(&mut entries, first + at, entry)?;
        }
    }
    Ok(entries)
}

fn field(data: &mut &[u8], width: u64) -> Result<u64, PdfError> {
    let (field, rest) = data.split_at_checked(fit(width)?).ok_or(PdfError::CrossReference)?;
    *data = rest;
    Ok(field.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}
