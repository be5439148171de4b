//! How much is asked, and for how long.

use std::time::Duration;

use super::pace::Pace;
use crate::arrivals::Rhythm;
use crate::number::grouped;

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// So many a second, whatever becomes of them.
    Open {
        /// How many a second.
        per_second: u64,
        /// How they are spread.
        rhythm: Rhythm,
    },
    /// As many as usual, then a surge for a third of the time, then as many as usual again.
    Surge {
        /// How many a second usually.
        usual: u64,
        /// How many a second in the surge.
        surge: u64,
    },
    /// So many callers who each ask again when they have their answer.
    Closed {
        /// How many.
        callers: u64,
    },
}

/// How much is asked, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How requests follow each other.
    pub load: Load,
    /// At first, what is not counted.
    pub warm: Duration,
    /// How long it is counted.
    pub lasts: Duration,
    /// After how long a caller gives up whose request could not even be sent.
    pub patience: Duration,
    /// No more requests than this.
    pub requests_max: u64,
    /// Who keeps the time.
    pub pace: Pace,
    /// What chance follows from.
    pub seed: u64,
}

impl Plan {
    /// Measures this load for so long.
    #[must_use]
    pub const fn new(load: Load, lasts: Duration) -> Self {
        Self {
            load,
            warm: Duration::from_millis(500),
            lasts,
            patience: Duration::from_secs(10),
            requests_max: 100_000_000,
            pace: Pace::Thread,
            seed: 1,
        }
    }

    /// Without a beginning that is not counted.
    #[must_use]
    pub const fn cold(mut self) -> Self {
        self.warm = Duration::ZERO;
        self
    }

    /// With callers who give up after so long.
    #[must_use]
    pub const fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many requests there will be; where callers wait for answers, nobody knows: none.
    #[must_use]
    pub fn expected(&self) -> u64 {
        let per_second = match self.load {
            Load::Open { per_second, .. } => per_second,
            Load::Surge { usual, surge } => (2 * usual + surge) / 3,
            Load::Closed { .. } => 0,
        };
        let all = (self.warm + self.lasts).as_millis().saturating_mul(u128::from(per_second)) / 1000;
        u64::try_from(all).unwrap_or(u64::MAX).min(self.requests_max)
    }
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open { per_second, rhythm: Rhythm::Steady } => write!(f, "{} a second", grouped(*per_second)),
            Self::Open { per_second, rhythm: Rhythm::Random } => write!(f, "{} a second at random", grouped(*per_second)),
            Self::Surge { usual, surge } => {
                write!(f, "{} a second, then {}, then {0} again", grouped(*usual), grouped(*surge))
            }
            Self::Closed { callers } => write!(f, "{callers} callers who wait for their answers"),
        }
    }
}
