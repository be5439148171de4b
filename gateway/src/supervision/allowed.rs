//! What is allowed, and how much of it was used.

use schemars::JsonSchema;
use serde::Serialize;
use storage::ledger::{Colour, Tally};

/// How many of a thousand questions may end so. What is absent is not judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Without an answer.
    pub errors_permille: Option<u16>,
    /// Later than promised.
    pub slow_permille: Option<u16>,
    /// Refused.
    pub refused_permille: Option<u16>,
    /// Wrong in themselves.
    pub wrong_permille: Option<u16>,
}

/// What a limit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Questions without an answer.
    Errors,
    /// Answers that came later than promised, or than the deadline of who asked.
    Slow,
    /// Questions that were refused.
    Refused,
    /// Questions that were wrong in themselves.
    Wrong,
}

/// How much of the tightest limit was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Used {
    /// Which limit that is.
    pub limit: Limit,
    /// How much of it, in thousandths.
    pub permille: u64,
}

/// So much less than the mark has to be used before a card is taken back, in thousandths: nobody gets a card each minute.
const BACK_PERMILLE: u64 = 100;

/// Where a red card begins, in thousandths of what is allowed.
const RED_PERMILLE: u64 = 1000;

impl Limit {
    /// The name in cards, answers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Slow => "slow",
            Self::Refused => "refused",
            Self::Wrong => "wrong",
        }
    }
}

impl Allowed {
    /// The more lenient of both, limit by limit.
    #[must_use]
    pub fn or_more(self, other: Self) -> Self {
        Self {
            errors_permille: self.errors_permille.max(other.errors_permille),
            slow_permille: self.slow_permille.max(other.slow_permille),
            refused_permille: self.refused_permille.max(other.refused_permille),
            wrong_permille: self.wrong_permille.max(other.wrong_permille),
        }
    }

    /// How much of the tightest limit these figures use; none where nothing was asked or nothing is judged.
    #[must_use]
    pub fn used(&self, tally: &Tally) -> Option<Used> {
        let limits = [
            (Limit::Errors, tally.errors, self.errors_permille),
            (Limit::Slow, tally.slow, self.slow_permille),
            (Limit::Refused, tally.refused, self.refused_permille),
            (Limit::Wrong, tally.wrong, self.wrong_permille),
        ];
        let used = limits
            .into_iter()
            .filter_map(|(limit, count, permille)| Some(Used { limit, permille: share(count, tally.calls, permille?)? }));
        // The first of several that are used alike.
        used.reduce(|worst, other| if other.permille > worst.permille { other } else { worst })
    }
}

/// How much of what is allowed of these calls is used, in thousandths. Where nothing is allowed, one is ten times too much.
fn share(count: u64, calls: u64, permille: u16) -> Option<u64> {
    let allowed = calls.checked_mul(u64::from(permille)).filter(|_| calls > 0)?;
    match (count, allowed) {
        (0, _) => Some(0),
        (_, 0) => Some(10 * RED_PERMILLE),
        _ => Some(count.saturating_mul(1_000_000) / allowed),
    }
}

/// The colour for so much of what is allowed, after what it was before.
#[must_use]
pub(super) fn colour(used_permille: u64, yellow_permille: u16, before: Colour) -> Colour {
    let back = |mark: u64, is_there: bool| if is_there { mark.saturating_sub(BACK_PERMILLE) } else { mark };
    let red = back(RED_PERMILLE, before == Colour::Red);
    let yellow = back(yellow_permille.into(), before != Colour::Green);
    match used_permille {
        used if used > red => Colour::Red,
        used if used > 0 && used >= yellow => Colour::Yellow,
        _ => Colour::Green,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(calls: u64, errors: u64, slow: u64) -> Tally {
        Tally { calls, errors, slow, ..Tally::default() }
    }

    #[test]
    fn the_tightest_limit_counts() {
        let allowed = Allowed { errors_permille: Some(10), slow_permille: Some(100), ..Allowed::default() };
        let used = |calls, errors, slow| allowed.used(&tally(calls, errors, slow)).map(|used| (used.limit, used.permille));
        assert_eq!(used(1000, 5, 50), Some((Limit::Errors, 500)));
        assert_eq!(used(1000, 5, 80), Some((Limit::Slow, 800)));
        assert_eq!(used(1000, 20, 80), Some((Limit::Errors, 2000)));
        assert_eq!(used(0, 0, 0), None);
        assert_eq!(used(10, 0, 0), Some((Limit::Errors, 0)));
        let strict = Allowed { errors_permille: Some(0), ..Allowed::default() };
        assert_eq!(strict.used(&tally(1000, 1, 0)).map(|used| used.permille), Some(10_000));
        assert_eq!(strict.used(&tally(1000, 0, 9)).map(|used| used.permille), Some(0));
        assert_eq!(Allowed::default().used(&tally(1000, 9, 9)), None);
    }

    #[test]
    fn cards_come_at_the_mark_and_go_well_below_it() {
        use Colour::{Green, Red, Yellow};
        for (used, before, expected) in [
            (799, Green, Green),
            (800, Green, Yellow),
            (1000, Green, Yellow),
            (1001, Green, Red),
            (901, Red, Red),
            (900, Red, Yellow),
            (701, Yellow, Yellow),
            (700, Yellow, Yellow),
            (699, Yellow, Green),
            (0, Red, Green),
        ] {
            assert_eq!(colour(used, 800, before), expected, "{used} {before:?}");
        }
        assert_eq!(colour(0, 50, Yellow), Green, "nothing used is no card, however low the mark");
    }
}
