//! A row of the table: what was promised, what is so.

use crate::load::Finding;
use crate::ratio::Ratio;

/// A row.
#[derive(Debug)]
pub(crate) struct Row {
    /// What it is about.
    pub(crate) what: String,
    /// What was promised, in words.
    pub(crate) target: String,
    /// What is so.
    pub(crate) found: Found,
}

/// What is so.
#[derive(Debug)]
pub(crate) enum Found {
    /// It was measured.
    Measured {
        /// The figure, in words.
        figure: String,
        /// That of the floor.
        floor: String,
        /// The one by the other, or whatever else the promise is about.
        value: f64,
        /// What it should be.
        bound: Bound,
    },
    /// It was measured, and nothing was promised.
    Told {
        /// The figure, in words.
        figure: String,
        /// That of the floor.
        floor: String,
        /// The one by the other.
        value: f64,
    },
    /// `licet-load` measured it.
    Reported(Finding),
    /// It was tried, and did not come to an end, for this reason.
    Failed(String),
    /// It is not measured here, but so.
    Elsewhere(&'static str),
}

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// A row.
    pub(crate) fn new(what: &str, target: &str, found: Found) -> Self {
        Self { what: what.to_owned(), target: target.to_owned(), found }
    }
}

impl Bound {
    /// Whether this is as it should be.
    pub(crate) fn admits(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Found {
    /// How many times as fast as the floor the step is.
    pub(crate) fn speed(ratio: &Ratio, least: f64) -> Self {
        let (figure, floor) = times(ratio);
        Self::Measured { figure, floor, value: 1.0 / ratio.median, bound: Bound::AtLeast(least) }
    }

    /// The same where nothing was promised.
    pub(crate) fn told_speed(ratio: &Ratio) -> Self {
        let (figure, floor) = times(ratio);
        Self::Told { figure, floor, value: 1.0 / ratio.median }
    }

    /// How many times as long as the floor the step takes.
    pub(crate) fn time(ratio: &Ratio, most: f64) -> Self {
        let (figure, floor) = times(ratio);
        Self::Measured { figure, floor, value: ratio.median, bound: Bound::AtMost(most) }
    }
}

fn times(ratio: &Ratio) -> (String, String) {
    let Ratio { step_us, floor_us, low, high, .. } = ratio;
    (format!("{step_us:.1} µs (rounds {low:.2} to {high:.2} × the floor's time)"), format!("{floor_us:.1} µs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_promised_to_the_last_bit_is_as_promised() {
        assert!(Bound::AtLeast(1.15).admits(1.15) && !Bound::AtLeast(1.15).admits(1.1499));
        assert!(Bound::AtMost(1.5).admits(1.5) && !Bound::AtMost(1.5).admits(1.5001));
        assert!(!Bound::AtLeast(1.0).admits(f64::NAN) && !Bound::AtMost(1.0).admits(f64::NAN));
    }

    #[test]
    fn twice_the_speed_is_half_the_time() {
        let ratio = Ratio { step_us: 25.0, floor_us: 50.0, median: 0.5, low: 0.4, high: 0.6 };
        assert!(matches!(Found::speed(&ratio, 2.0), Found::Measured { value: 2.0, .. }));
        assert!(matches!(Found::time(&ratio, 2.0), Found::Measured { value: 0.5, .. }));
    }
}
