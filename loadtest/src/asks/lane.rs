//! Whose connections a request goes over: each caller has its own certificate.

use crate::site::{AUDITOR, CONSUMER, OFFICES, VERIFIER};

/// A caller, by its place among the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Who asks for verdicts.
    Verifier,
    /// Who reads the logs.
    Auditor,
    /// Who looks up by number.
    Consumer,
    /// The office at this place.
    Office(usize),
}

/// How many lanes there are.
pub const LANES: usize = 3 + {
    #[expect(clippy::as_conversions, reason = "a constant of 16")]
    let offices = OFFICES as usize;
    offices
};

impl Lane {
    /// Its place among all.
    #[must_use]
    pub const fn place(self) -> usize {
        match self {
            Self::Verifier => 0,
            Self::Auditor => 1,
            Self::Consumer => 2,
            Self::Office(place) => 3 + place,
        }
    }

    /// The lane at this place.
    #[must_use]
    pub const fn at(place: usize) -> Self {
        match place {
            0 => Self::Verifier,
            1 => Self::Auditor,
            2 => Self::Consumer,
            _ => Self::Office(place - 3),
        }
    }

    /// The caller's name.
    #[must_use]
    pub fn caller(self) -> String {
        match self {
            Self::Verifier => VERIFIER.to_owned(),
            Self::Auditor => AUDITOR.to_owned(),
            Self::Consumer => CONSUMER.to_owned(),
            Self::Office(place) => format!("office-{place:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Offices;

    #[test]
    fn places_and_callers_are_those_of_the_site() {
        assert!((0..LANES).all(|place| Lane::at(place).place() == place));
        for (place, office) in Offices::new(1).all.iter().enumerate() {
            assert_eq!(Lane::Office(place).caller(), office.caller);
        }
        assert_eq!(Lane::at(LANES - 1).caller(), "office-15");
    }
}
