//! Signature fields of a form (ISO 32000-2, 12.7.5.5) and the signatures in them (12.8.1).

use std::collections::BTreeSet;

use super::PdfError;
use super::document::Document;
use super::object::{Dict, Id, Value};

/// Fields of one form, all kinds.
const FIELDS_MAX: usize = 10_000;
/// Signatures of one document.
pub(super) const SIGNATURES_MAX: usize = 16;

/// A field of the form that is its own widget or the parent of some.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) id: Id,
    /// Whether it holds a signature or waits for one.
    pub(super) is_signature: bool,
    /// The object that is its value.
    pub(super) value: Option<Id>,
}

/// What a signature may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `adbe.pkcs7.detached`.
    Pkcs7,
    /// `ETSI.CAdES.detached`.
    Cades,
    /// `ETSI.RFC3161`: a time stamp over the document.
    TimeStamp,
    /// Anything else.
    Other,
}

/// What a certification signature allows afterwards (12.8.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Allowed {
    /// P 1: nothing but what keeps the signatures verifiable.
    Nothing,
    /// No certification signature: further signatures.
    Signing,
    /// P 2: filling in forms.
    Filling,
    /// P 3: annotating as well.
    Annotating,
}

/// All fields of the form, in its order, each once.
pub(super) fn fields(document: &Document<'_>) -> Result<Vec<Field>, PdfError> {
    let (_, catalog) = document.catalog()?;
    let Some(form) = document.entry(catalog, "AcroForm")?.dict() else { return Ok(Vec::new()) };
    let mut open: Vec<(&Value, bool)> = Vec::new();
    open.extend(document.entry(form, "Fields")?.array().unwrap_or_default().iter().rev().map(|field| (field, false)));
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some((value, inherited)) = open.pop() {
        let id = value.id().ok_or(PdfError::Malformed)?;
        if !seen.insert(id) {
            continue;
        }
        if found.len() >= FIELDS_MAX || open.len() >= FIELDS_MAX {
            return Err(PdfError::TooMuch);
        }
        let Some(dict) = document.resolve(value)?.dict() else { continue };
        let is_signature = match document.entry(dict, "FT")? {
            Value::Null => inherited,
            kind => kind.name() == Some(b"Sig"),
        };
        open.extend(document.entry(dict, "Kids")?.array().unwrap_or_default().iter().rev().map(|kid| (kid, is_signature)));
        found.push(Field { id, is_signature, value: dict.get(b"V".as_slice()).and_then(Value::id) });
    }
    Ok(found)
}

/// The values of the signature fields that hold one, in the order of the form, each once.
pub(super) fn signatures(document: &Document<'_>) -> Result<Vec<Id>, PdfError> {
    let mut found = Vec::new();
    for id in fields(document)?.into_iter().filter(|field| field.is_signature).filter_map(|field| field.value) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    if found.len() > SIGNATURES_MAX { Err(PdfError::TooMuch) } else { Ok(found) }
}

/// Whether a value looks like a signature that no field holds.
pub(super) fn is_signature(value: &Value) -> bool {
    value.dict().is_some_and(|dict| ["ByteRange", "Contents"].iter().all(|key| dict.contains_key(key.as_bytes())))
}

/// The kind that a signature dictionary names.
pub(super) fn kind(signature: &Dict) -> Kind {
    match signature.get(b"SubFilter".as_slice()).and_then(Value::name) {
        Some(b"adbe.pkcs7.detached") => Kind::Pkcs7,
        Some(b"ETSI.CAdES.detached") => Kind::Cades,
        Some(b"ETSI.RFC3161") => Kind::TimeStamp,
        _ => Kind::Other,
    }
}

/// What the certification signature of a revision allows afterwards.
pub(super) fn allowed(document: &Document<'_>) -> Result<Allowed, PdfError> {
    let (_, catalog) = document.catalog()?;
    let mut strictest = None;
    let permissions = document.entry(catalog, "Perms")?.dict();
    let certification = permissions.map_or(Ok(&Value::Null), |permissions| document.entry(permissions, "DocMDP"))?;
    if let Some(signature) = certification.dict() {
        for reference in references(document, signature)? {
            if document.entry(reference, "TransformMethod")?.name() != Some(b"DocMDP") {
                continue;
            }
            let parameters = document.entry(reference, "TransformParams")?.dict();
            let level = parameters.map_or(Ok(&Value::Null), |parameters| document.entry(parameters, "P"))?;
            // Without a number it is 2 (table 257).
            let allowed = match level {
                Value::Null | Value::Integer(2) => Allowed::Filling,
                Value::Integer(3) => Allowed::Annotating,
                _ => Allowed::Nothing,
            };
            strictest = Some(strictest.map_or(allowed, |found: Allowed| found.min(allowed)));
        }
    }
    // Fields that a signature locks: which ones matters little where filling in leaves a doubt anyway.
    let allowed = strictest.unwrap_or(Allowed::Signing);
    Ok(if locks_fields(document)? { allowed.min(Allowed::Signing) } else { allowed })
}

fn locks_fields(document: &Document<'_>) -> Result<bool, PdfError> {
    for id in signatures(document)? {
        let Some(signature) = document.object(id)?.and_then(|object| object.value.dict()) else { continue };
        for reference in references(document, signature)? {
            if document.entry(reference, "TransformMethod")?.name() == Some(b"FieldMDP") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn references<'d>(document: &'d Document<'_>, signature: &'d Dict) -> Result<Vec<&'d Dict>, PdfError> {
    let items = document.entry(signature, "Reference")?.array().unwrap_or_default();
    items.iter().map(|item| document.resolve(item)?.dict().ok_or(PdfError::Malformed)).collect()
}
