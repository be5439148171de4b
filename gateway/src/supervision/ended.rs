//! How a question of a consumer ended.

use std::time::Duration;

use storage::ledger::Tally;

/// How a question of a consumer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was answered.
    Answered {
        /// After so long, from its arrival until it was on record.
        took: Duration,
        /// Within how long the consumer wanted it.
        within: Duration,
    },
    /// The consumer may not ask that: for want of rights or quota, or for a token that is refused.
    Refused,
    /// The request was wrong in itself.
    Wrong,
    /// This gateway could not answer it.
    Failed,
}

impl Ended {
    /// One question that ended so. An answer is slow past the deadline of the request, and past the budget where there is one.
    #[must_use]
    pub fn tally(self, budget: Option<Duration>) -> Tally {
        let mut tally = Tally { calls: 1, ..Tally::default() };
        match self {
            Self::Answered { took, within } => {
                let limit = budget.map_or(within, |budget| budget.min(within));
                tally.slow = u64::from(took > limit);
                tally.took(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            }
            Self::Refused => tally.refused = 1,
            Self::Wrong => tally.wrong = 1,
            Self::Failed => tally.errors = 1,
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_counts_once_and_slow_is_past_the_deadline_or_the_budget() {
        let ms = Duration::from_millis;
        let counts = |ended: Ended, budget: Option<Duration>| {
            let Tally { calls, errors, slow, refused, wrong, .. } = ended.tally(budget);
            (calls, errors, slow, refused, wrong)
        };
        let answered = |took| Ended::Answered { took: ms(took), within: ms(150) };
        assert_eq!(counts(answered(150), None), (1, 0, 0, 0, 0));
        assert_eq!(counts(answered(151), None), (1, 0, 1, 0, 0));
        assert_eq!(counts(answered(101), Some(ms(100))), (1, 0, 1, 0, 0));
        assert_eq!(counts(answered(151), Some(ms(500))), (1, 0, 1, 0, 0), "a budget does not lengthen a deadline");
        assert_eq!(counts(Ended::Refused, None), (1, 0, 0, 1, 0));
        assert_eq!(counts(Ended::Wrong, None), (1, 0, 0, 0, 1));
        assert_eq!(counts(Ended::Failed, None), (1, 1, 0, 0, 0));
        assert_eq!(answered(40).tally(None).quantile_ms(990), Some(50));
    }
}
