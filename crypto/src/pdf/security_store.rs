//! The document security store (ISO 32000-2, 12.8.4.3; ETSI EN 319 142-1, 5.4.2): certificates and evidence of status.
//!
//! It is added after the signatures, so nothing covers it. Nothing in it is believed for standing there: each item is as good as
//! its own signature. Which signature an item was added for (`/VRI`) does not matter.

use std::collections::BTreeSet;

use super::PdfError;
use super::document::Document;
use super::object::{Dict, Value};
use crate::budget::Budget;
use crate::cms::status::EVIDENCE_MAX;
use crate::x509::{Certificate, Evidence, OcspResponse, RevocationList};

/// What the store holds and could be read.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) certificates: Vec<Certificate>,
    pub(super) evidence: Evidence,
}

/// Reads the store of the last revision. What is malformed or too much is left out: if the decision needs it, it will be missed.
pub(super) fn read(document: &Document<'_>, budget: &mut Budget) -> Result<Store, PdfError> {
    let mut store = Store::default();
    let (_, catalog) = document.catalog()?;
    let Some(entries) = document.entry(catalog, "DSS").ok().and_then(Value::dict) else { return Ok(store) };
    store.certificates.extend(items(document, entries, "Certs", budget)?.iter().flat_map(|item| Certificate::from_der(item)));
    let lists = items(document, entries, "CRLs", budget)?;
    store.evidence.lists.extend(lists.iter().flat_map(|item| RevocationList::from_der(item)));
    let responses = items(document, entries, "OCSPs", budget)?;
    store.evidence.responses.extend(responses.iter().flat_map(|item| OcspResponse::from_der(item)));
    Ok(store)
}

/// The decoded streams of one array, each once.
fn items(document: &Document<'_>, store: &Dict, key: &str, budget: &mut Budget) -> Result<Vec<Vec<u8>>, PdfError> {
    let listed = document.entry(store, key).ok().and_then(Value::array).unwrap_or_default();
    let ids: BTreeSet<_> = listed.iter().take(EVIDENCE_MAX).filter_map(Value::id).collect();
    let mut found = Vec::new();
    for id in ids {
        let Ok(Some(object)) = document.object(id) else { continue };
        match document.data(object, budget) {
            Ok(data) => found.push(data),
            Err(error @ (PdfError::Exhausted(_) | PdfError::TooMuch)) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(found)
}
