//! Stand-in for verification, until it lands.

use crate::digest::{Sha256, sm3};
use crate::licence::Metadata;

/// The form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GB/T 33190 with GB/T 38540 seals.
    Ofd,
}

impl Format {
    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        "ofd"
    }
}

/// A licence that verification accepted.
#[derive(Clone, Debug)]
pub struct Verified {
    metadata: Metadata,
    document: Vec<u8>,
}

impl Verified {
    /// For tests of those who take one.
    #[doc(hidden)]
    #[must_use]
    pub const fn for_tests(metadata: Metadata, document: Vec<u8>) -> Self {
        Self { metadata, document }
    }

    /// The licence's data.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The form of the document.
    #[must_use]
    pub const fn format(&self) -> Format {
        Format::Ofd
    }

    /// The document as it came.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// SHA-256 of the document.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&[&self.document])
    }

    /// SM3 of the document.
    #[must_use]
    pub fn sm3(&self) -> [u8; 32] {
        sm3(&[&self.document])
    }
}
