//! How much a report says: for a clerk, for an auditor, for whoever has to find out.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Diagnostic, Report};

/// How much a report says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// The verdicts, the checks that led to them, and what to do.
    Simple,
    /// Every check, the chains, what each signature covers.
    #[default]
    Detailed,
    /// Beside that, every input that was used.
    Diagnostic,
}

impl Depth {
    /// Stable name: `simple`, `detailed`, `diagnostic`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Detailed => "detailed",
            Self::Diagnostic => "diagnostic",
        }
    }
}

/// The text is no depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDepth;

impl std::fmt::Display for BadDepth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be simple, detailed or diagnostic")
    }
}

impl std::error::Error for BadDepth {}

impl FromStr for Depth {
    type Err = BadDepth;

    fn from_str(text: &str) -> Result<Self, BadDepth> {
        [Self::Simple, Self::Detailed, Self::Diagnostic].into_iter().find(|depth| depth.name() == text).ok_or(BadDepth)
    }
}

impl Depth {
    /// Takes from a report of one depth what this one leaves out.
    pub(crate) fn reduce(self, depth: &mut Self, checks: &mut Vec<Check>, diagnostic: &mut Option<Box<Diagnostic>>) {
        *depth = self.min(*depth);
        if self < Self::Diagnostic {
            *diagnostic = None;
        }
        if self == Self::Simple {
            checks.retain(|check| check.effect.is_some());
        }
    }
}

impl Report {
    /// The same report without what this depth leaves out. Nothing is added: that takes [`Report::with_diagnostic`].
    #[must_use]
    pub fn reduced_to(mut self, depth: Depth) -> Self {
        depth.reduce(&mut self.depth, &mut self.checks, &mut self.diagnostic);
        if depth == Depth::Simple {
            for signature in &mut self.signatures {
                signature.checks.retain(|check| check.effect.is_some());
                signature.chain.clear();
                signature.scope = None;
            }
        }
        self
    }

    /// The same report with every input that was used.
    #[must_use]
    pub fn with_diagnostic(mut self, diagnostic: Diagnostic) -> Self {
        self.depth = Depth::Diagnostic;
        self.diagnostic = Some(Box::new(diagnostic));
        self
    }
}
