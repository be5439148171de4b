//! PDF (ISO 32000-2): the part that signatures need.
//!
//! A PDF grows by revisions, each appended to the one before. A signature covers one revision, and a reader shows the last.
//! So each signed revision is read as a document of its own, and whatever differs from it in the last one is judged.

mod appended;
mod changes;
mod coverage;
mod document;
mod embedded;
mod fields;
mod object;
mod security_store;
mod stamps;
mod stream;
mod syntax;
pub mod verify;
mod xref;

use std::fmt;

use crate::budget::Exhausted;

/// The longest PDF that is read.
pub const BYTES_MAX: usize = 64 << 20;

/// Why a PDF is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PdfError {
    /// Something is not as ISO 32000 demands; readers would mend it, each in its own way.
    Malformed,
    /// It does not begin with its header.
    Header,
    /// It does not end as a revision does.
    End,
    /// The cross-reference is missing or broken.
    CrossReference,
    /// It is encrypted.
    Encrypted,
    /// A filter or an older form that is not read.
    Unsupported,
    /// More of something than allowed.
    TooMuch,
    /// The budget is spent.
    Exhausted(Exhausted),
}

impl From<Exhausted> for PdfError {
    fn from(error: Exhausted) -> Self {
        Self::Exhausted(error)
    }
}

impl fmt::Display for PdfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "an object of the PDF is malformed",
            Self::Header => "the PDF does not begin with its header",
            Self::End => "the PDF does not end with the end of a revision",
            Self::CrossReference => "the cross-reference of the PDF is broken",
            Self::Encrypted => "the PDF is encrypted",
            Self::Unsupported => "the PDF uses a form that is not supported",
            Self::TooMuch => "the PDF exceeds a limit",
            Self::Exhausted(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for PdfError {}

/// Whether the bytes begin like a PDF, perhaps after something else that readers pass over.
#[must_use]
pub fn is_likely(document: &[u8]) -> bool {
    document.get(..document.len().min(1024)).is_some_and(|start| start.windows(5).any(|window| window == b"%PDF-"))
}
