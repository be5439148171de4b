//! What a measurement says about a question, and whether that is what was wanted.

use serde::Serialize;

/// Whether what was wanted was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was.
    Met,
    /// It was not.
    Missed,
    /// Nothing certain was wanted.
    Told,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The question.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What was wanted; nothing certain where it is empty.
    pub wanted: String,
    /// Whether it was found.
    pub verdict: Verdict,
}

impl Finding {
    /// Something without a target.
    #[must_use]
    pub fn told(what: &str, found: String) -> Self {
        Self { what: what.to_owned(), found, wanted: String::new(), verdict: Verdict::Told }
    }

    /// Something with a target.
    #[must_use]
    pub fn held(what: &str, found: String, wanted: &str, is_met: bool) -> Self {
        let verdict = if is_met { Verdict::Met } else { Verdict::Missed };
        Self { what: what.to_owned(), found, wanted: wanted.to_owned(), verdict }
    }
}

impl Verdict {
    /// For tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Told => "",
        }
    }
}
