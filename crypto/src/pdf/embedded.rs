//! Files embedded in a PDF (ISO 32000-2, 7.11.4): the licence's data are in one of them.

use std::collections::BTreeSet;

use super::PdfError;
use super::document::Document;
use super::object::{Dict, Value};
use crate::budget::Budget;

/// The name under which the licence's data are embedded.
pub(super) const LICENCE_FILE: &[u8] = b"licence.json";
/// The longest such file that is read; a licence's data take a few thousand bytes.
const LICENCE_BYTES_MAX: usize = 1 << 20;
/// Nodes of the tree of names.
const NODES_MAX: usize = 1024;

/// The embedded file with the licence's data, if there is one. Two of that name contradict each other.
pub(super) fn licence(document: &Document<'_>, budget: &mut Budget) -> Result<Option<Vec<u8>>, PdfError> {
    let (_, catalog) = document.catalog()?;
    let Some(names) = document.entry(catalog, "Names")?.dict() else { return Ok(None) };
    let mut open = vec![document.entry(names, "EmbeddedFiles")?];
    let mut seen = BTreeSet::new();
    let mut found = None;
    while let Some(node) = open.pop() {
        let Some(node) = node.dict() else { continue };
        for pair in document.entry(node, "Names")?.array().unwrap_or_default().as_chunks::<2>().0 {
            let [name, file] = pair;
            if document.resolve(name)?.text() == Some(LICENCE_FILE) && found.replace(file).is_some() {
                return Err(PdfError::Malformed);
            }
        }
        for kid in document.entry(node, "Kids")?.array().unwrap_or_default() {
            let id = kid.id().ok_or(PdfError::Malformed)?;
            if !seen.insert(id) || seen.len() > NODES_MAX {
                return Err(PdfError::TooMuch);
            }
            open.push(document.resolve(kid)?);
        }
    }
    let Some(file) = found else { return Ok(None) };
    let file = document.resolve(file)?.dict().ok_or(PdfError::Malformed)?;
    data(document, file, budget).map(Some)
}

fn data(document: &Document<'_>, file: &Dict, budget: &mut Budget) -> Result<Vec<u8>, PdfError> {
    let files = document.entry(file, "EF")?.dict().ok_or(PdfError::Malformed)?;
    let id = files.get(b"F".as_slice()).and_then(Value::id).ok_or(PdfError::Malformed)?;
    // Another file under the newer key would be shown by some readers (table 43).
    if files.get(b"UF".as_slice()).is_some_and(|other| other.id() != Some(id)) {
        return Err(PdfError::Malformed);
    }
    let object = document.object(id)?.ok_or(PdfError::Malformed)?;
    let data = document.data(object, budget)?;
    if data.len() > LICENCE_BYTES_MAX { Err(PdfError::TooMuch) } else { Ok(data) }
}
