//! How a wanted resource stands in an answer.

use schemars::JsonSchema;
use serde::Serialize;

use crate::broker::State;

/// How a wanted resource stands in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
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
    /// No grant allows it: the source was not asked, or what it said is not told.
    Denied,
    /// It is not looked up by numbers of this kind.
    NotApplicable,
}

impl From<State> for Standing {
    fn from(state: State) -> Self {
        match state {
            State::Answered => Self::Answered,
            State::NotFound => Self::NotFound,
            State::Stale => Self::Stale,
            State::Refused => Self::Refused,
            State::TimedOut => Self::TimedOut,
            State::BreakerOpen => Self::BreakerOpen,
            State::Overloaded => Self::Overloaded,
            State::Failed => Self::Failed,
        }
    }
}

impl Standing {
    /// The name in answers and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => State::Answered.name(),
            Self::NotFound => State::NotFound.name(),
            Self::Stale => State::Stale.name(),
            Self::Refused => State::Refused.name(),
            Self::TimedOut => State::TimedOut.name(),
            Self::BreakerOpen => State::BreakerOpen.name(),
            Self::Overloaded => State::Overloaded.name(),
            Self::Failed => State::Failed.name(),
            Self::Denied => "denied",
            Self::NotApplicable => "not-applicable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_answers() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(Standing::from(state)).unwrap(), state.name());
        }
        for standing in [Standing::Denied, Standing::NotApplicable] {
            assert_eq!(serde_json::to_value(standing).unwrap(), standing.name());
        }
    }
}
