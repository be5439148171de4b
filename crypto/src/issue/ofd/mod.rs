//! Complete small OFD documents (GB/T 33190-2016) that show a licence, unsigned or signed.

mod document;
mod signature;

use std::collections::BTreeMap;

pub use signature::{OfdSignature, add_signature};

use super::zip;
use crate::time::Date;

/// The files of a package by path, in the order in which they are packed. Paths have no leading slash.
pub type Files = Vec<(String, Vec<u8>)>;

/// Path of the signature list.
pub const SIGNATURES: &str = "Doc_0/Signs/Signatures.xml";

/// A licence as an OFD document.
#[derive(Clone, Debug)]
pub struct OfdBuilder<'a> {
    fields: BTreeMap<String, String>,
    title: String,
    created: Option<Date>,
    extra: Files,
    is_locatable: bool,
    signatures: Vec<OfdSignature<'a>>,
}

impl<'a> OfdBuilder<'a> {
    /// A document with these licence fields, by their short names (GB/T 36903), in its metadata and on its page.
    #[must_use]
    pub fn new(fields: &BTreeMap<String, String>, title: &str) -> Self {
        Self {
            fields: fields.clone(),
            title: title.to_owned(),
            created: None,
            extra: Vec::new(),
            is_locatable: false,
            signatures: Vec::new(),
        }
    }

    /// The date of making in `DocInfo`.
    #[must_use]
    pub const fn created(mut self, date: Date) -> Self {
        self.created = Some(date);
        self
    }

    /// One more file, which later signatures protect. A path that is there already is replaced.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.extra.push((path.to_owned(), bytes.to_vec()));
        self
    }

    /// Names the signature list in `OFD.xml` even without a signature, so that signatures can be added to the files.
    #[must_use]
    pub const fn locating_signatures(mut self) -> Self {
        self.is_locatable = true;
        self
    }

    /// Signs; each call adds one more signature, in this order.
    #[must_use]
    pub fn sign(mut self, signature: OfdSignature<'a>) -> Self {
        self.signatures.push(signature);
        self
    }

    /// The files of the package, so that tests can change one before they are packed.
    #[must_use]
    pub fn build_files(&self) -> Files {
        let has_list = self.is_locatable || !self.signatures.is_empty();
        let mut files = document::files(&self.fields, &self.title, self.created, has_list);
        for (path, bytes) in &self.extra {
            put(&mut files, path, bytes.clone());
        }
        for signature in &self.signatures {
            add_signature(&mut files, signature);
        }
        files
    }

    /// The package.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        zip::zip(&self.build_files())
    }
}

/// Replaces the file of this path, or appends it.
pub fn put(files: &mut Files, path: &str, bytes: Vec<u8>) {
    match files.iter_mut().find(|(name, _)| name == path) {
        Some((_, old)) => *old = bytes,
        None => files.push((path.to_owned(), bytes)),
    }
}

/// The bytes of the file of this path.
#[must_use]
pub fn find<'f>(files: &'f Files, path: &str) -> Option<&'f [u8]> {
    files.iter().find(|(name, _)| name == path).map(|(_, bytes)| bytes.as_slice())
}
