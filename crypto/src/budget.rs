//! Upper bounds on what one document may cost, whatever it says of itself.

use std::fmt;

/// What is left to spend on one document. Every parser takes from it before it works.
#[derive(Clone, Debug)]
pub struct Budget {
    entries: u64,
    inflated_bytes: u64,
    signatures: u64,
    path_steps: u64,
    xml_nodes: u64,
    xml_bytes: u64,
    digested_bytes: u64,
    pdf_values: u64,
    pdf_bytes: u64,
}

/// What the parts of one document may take in memory beside the document itself, in bytes, whatever it says of itself: all that is
/// inflated of it, and as many values as it may have. A tree of XML takes less.
pub const WORKING_BYTES_MAX: u64 = (64 << 20) + (100 << 20);

/// The document would cost more than any honest one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// More entries in the archive than allowed.
    Entries,
    /// More bytes after inflation than allowed.
    InflatedBytes,
    /// More signature verifications than allowed.
    Signatures,
    /// More certificates looked at as issuers than allowed.
    PathSteps,
    /// More XML nodes than allowed.
    XmlNodes,
    /// More bytes of XML read than allowed, a file counting each time that it is read.
    XmlBytes,
    /// More bytes digested than allowed, a file counting once for each signature over it.
    DigestedBytes,
    /// More values and names of entries in the objects of a PDF than allowed, an object counting each time that it is read.
    PdfValues,
    /// More bytes of PDF objects looked at than allowed, a byte counting each time that it is looked at.
    PdfBytes,
}

impl Budget {
    /// The budget for one document.
    #[must_use]
    pub const fn for_document() -> Self {
        Self {
            // A licence has tens of files; multi-page dossiers hundreds.
            entries: 4096,
            // Four times the largest body the gateway takes: compressed pictures do not inflate, text inflates about tenfold.
            inflated_bytes: 64 << 20,
            // A sealed OFD needs two signatures and two paths of three for each seal.
            signatures: 128,
            // Every certificate at hand once for each certificate of a path: some hundreds in an honest document.
            path_steps: 200_000,
            // The largest page of the samples has about 9,000.
            xml_nodes: 1_000_000,
            // Everything twice: once to follow the content, once to look deeper where a signature leaves something open.
            xml_bytes: 128 << 20,
            // Two signatures over the largest package, hundreds over a licence.
            digested_bytes: 128 << 20,
            // A licence has thousands. Each takes up to 250 bytes of memory: a dictionary of one entry, with room for eleven.
            pdf_values: 400_000,
            // Everything but the data of streams, a few times over: pages are in streams.
            pdf_bytes: 128 << 20,
        }
    }

    /// Takes `count` archive entries.
    ///
    /// # Errors
    /// [`Exhausted::Entries`].
    pub fn spend_entries(&mut self, count: u64) -> Result<(), Exhausted> {
        spend(&mut self.entries, count, Exhausted::Entries)
    }

    /// Takes `count` inflated bytes.
    ///
    /// # Errors
    /// [`Exhausted::InflatedBytes`].
    pub fn spend_inflated(&mut self, count: u64) -> Result<(), Exhausted> {
        spend(&mut self.inflated_bytes, count, Exhausted::InflatedBytes)
    }

    /// Takes one signature verification.
    ///
    /// # Errors
    /// [`Exhausted::Signatures`].
    pub fn spend_signature(&mut self) -> Result<(), Exhausted> {
        spend(&mut self.signatures, 1, Exhausted::Signatures)
    }

    /// Takes a look at `count` certificates in search of an issuer.
    ///
    /// # Errors
    /// [`Exhausted::PathSteps`].
    pub fn spend_path_steps(&mut self, count: usize) -> Result<(), Exhausted> {
        spend(&mut self.path_steps, u64::try_from(count).unwrap_or(u64::MAX), Exhausted::PathSteps)
    }

    /// Takes `count` XML nodes; attributes count as well.
    ///
    /// # Errors
    /// [`Exhausted::XmlNodes`].
    pub fn spend_nodes(&mut self, count: u64) -> Result<(), Exhausted> {
        spend(&mut self.xml_nodes, count, Exhausted::XmlNodes)
    }

    /// Takes `count` bytes of XML.
    ///
    /// # Errors
    /// [`Exhausted::XmlBytes`].
    pub fn spend_xml(&mut self, count: usize) -> Result<(), Exhausted> {
        spend(&mut self.xml_bytes, u64::try_from(count).unwrap_or(u64::MAX), Exhausted::XmlBytes)
    }

    /// Takes `count` bytes to be digested.
    ///
    /// # Errors
    /// [`Exhausted::DigestedBytes`].
    pub fn spend_digested(&mut self, count: usize) -> Result<(), Exhausted> {
        spend(&mut self.digested_bytes, u64::try_from(count).unwrap_or(u64::MAX), Exhausted::DigestedBytes)
    }

    /// Takes `count` values of PDF objects, or names of entries.
    ///
    /// # Errors
    /// [`Exhausted::PdfValues`].
    pub fn spend_values(&mut self, count: usize) -> Result<(), Exhausted> {
        spend(&mut self.pdf_values, u64::try_from(count).unwrap_or(u64::MAX), Exhausted::PdfValues)
    }

    /// Takes `count` bytes of PDF objects.
    ///
    /// # Errors
    /// [`Exhausted::PdfBytes`].
    pub fn spend_pdf(&mut self, count: usize) -> Result<(), Exhausted> {
        spend(&mut self.pdf_bytes, u64::try_from(count).unwrap_or(u64::MAX), Exhausted::PdfBytes)
    }

    /// How many bytes may still come out of inflation.
    #[must_use]
    pub const fn inflated_left(&self) -> u64 {
        self.inflated_bytes
    }

    /// What was spent: the kind of work, how much, and how much one document may cost.
    #[must_use]
    pub const fn spent(&self) -> [(&'static str, u64, u64); 9] {
        let all = Self::for_document();
        [
            ("entries", all.entries - self.entries, all.entries),
            ("inflated_bytes", all.inflated_bytes - self.inflated_bytes, all.inflated_bytes),
            ("signatures", all.signatures - self.signatures, all.signatures),
            ("path_steps", all.path_steps - self.path_steps, all.path_steps),
            ("xml_nodes", all.xml_nodes - self.xml_nodes, all.xml_nodes),
            ("xml_bytes", all.xml_bytes - self.xml_bytes, all.xml_bytes),
            ("digested_bytes", all.digested_bytes - self.digested_bytes, all.digested_bytes),
            ("pdf_values", all.pdf_values - self.pdf_values, all.pdf_values),
            ("pdf_bytes", all.pdf_bytes - self.pdf_bytes, all.pdf_bytes),
        ]
    }

    /// How many XML nodes may still be read.
    #[must_use]
    pub const fn nodes_left(&self) -> u64 {
        self.xml_nodes
    }
}

fn spend(left: &mut u64, count: u64, error: Exhausted) -> Result<(), Exhausted> {
    *left = left.checked_sub(count).ok_or(error)?;
    Ok(())
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entries => "too many entries in the archive",
            Self::InflatedBytes => "too many bytes after inflation",
            Self::Signatures => "too many signatures to verify",
            Self::PathSteps => "too many certificates to look at",
            Self::XmlNodes => "too many XML nodes",
            Self::XmlBytes => "too many bytes of XML to read",
            Self::DigestedBytes => "too many bytes to digest for the signatures",
            Self::PdfValues => "too many values in the objects of the PDF",
            Self::PdfBytes => "too many bytes in the objects of the PDF",
        })
    }
}

impl std::error::Error for Exhausted {}
