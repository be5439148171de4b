//! The port that every kind of source is reached through.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use super::{Question, Reply};

/// An answer that is under way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, SourceFault>> + Send + 'a>>;

/// Something that answers questions: the licences on record, a department's interface, another gateway.
pub trait Source: fmt::Debug + Send + Sync {
    /// Asks, and tells the department that so much time is left. An adapter need not give up by itself when that is over: the broker
    /// lets the call run on to its own limit, so that it learns how long answers really take, and drops it then. An adapter gives
    /// back fields alone that the question allows. It must not block its thread.
    fn ask<'a>(&'a self, question: &'a Question, left: Duration) -> Answer<'a>;
}

/// Why a source has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceFault {
    /// It was not reached, or the connection broke.
    Unreachable,
    /// It took longer than there was time.
    Slow,
    /// It says that it has too much to do.
    Overloaded,
    /// It refuses: we may not, or it does not take the question.
    Refused,
    /// It failed.
    Failed,
    /// What it said cannot be read by the mapping, or breaks the types of the catalogue.
    Malformed,
}

impl SourceFault {
    /// Every fault.
    pub const ALL: [Self; 6] = [Self::Unreachable, Self::Slow, Self::Overloaded, Self::Refused, Self::Failed, Self::Malformed];

    /// Whether it tells against the health of the source: a refusal is an answer, and a malformed answer will be malformed again.
    #[must_use]
    pub const fn counts_against(self) -> bool {
        !matches!(self, Self::Refused)
    }

    /// The name in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Overloaded => "overloaded",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Malformed => "malformed",
        }
    }
}
