//! What came of a question by the deadline.

use std::sync::Arc;
use std::time::Duration;

use crypto::catalogue::Resource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reply;

/// What came of a question.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which question, by its place among those that were asked together.
    pub place: usize,
    /// Of which resource.
    pub resource: Arc<Resource>,
    /// What came.
    pub state: State,
    /// What the source said: there for [`State::Answered`], [`State::NotFound`] and [`State::Stale`].
    pub reply: Option<Arc<Reply>>,
    /// Why an old answer is given, for [`State::Stale`]: what would be told without it.
    pub instead_of: Option<State>,
    /// How long ago the reply was asked for, where it was kept: for [`State::Stale`], and where "nothing" was said a moment ago.
    pub age: Option<Duration>,
    /// How long it took, from when it was asked until this was known.
    pub took: Duration,
    /// Whether the answer was kept or came with somebody else's question, and the source was not asked for this one.
    pub is_shared: bool,
    /// Whether the source was asked at all. It is not where its breaker is open, or where too many wait for it.
    pub was_asked: bool,
    /// Whether the source was asked twice, because the first answer was late.
    pub is_hedged: bool,
    /// Where nothing came in time: by when, from the beginning, nine of ten answers come that take longer than this one was waited
    /// for. None where that is not known, or waiting would not help.
    pub expected: Option<Duration>,
}

/// What came of a question, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The source has records, and here they are.
    Answered,
    /// The source says that it has nothing.
    NotFound,
    /// The source does not answer; this is what it said before.
    Stale,
    /// The source refuses.
    Refused,
    /// It did not answer in time.
    TimedOut,
    /// It failed so often that it is not asked for the time being.
    BreakerOpen,
    /// Too many questions wait for it already.
    Overloaded,
    /// It was not reached, failed, or said something that cannot be read.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::NotFound,
        Self::Stale,
        Self::Refused,
        Self::TimedOut,
        Self::BreakerOpen,
        Self::Overloaded,
        Self::Failed,
    ];

    /// The name in answers, records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NotFound => "not-found",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::BreakerOpen => "breaker-open",
            Self::Overloaded => "overloaded",
            Self::Failed => "failed",
        }
    }

    /// Whether the source has spoken for the present: only then "nothing" means that there is nothing.
    #[must_use]
    pub const fn is_conclusive(self) -> bool {
        matches!(self, Self::Answered | Self::NotFound)
    }
}
