//! When requests are due: whatever the server does, and whatever became of the requests before.

use std::time::Duration;

use crate::departments::Chance;
use crate::number::real;

/// How requests are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// At equal distances.
    Steady,
    /// As many callers who know nothing of each other: at random, so many a second on average.
    Random,
}

/// The moments at which requests are due, counted from the start.
#[derive(Clone, Debug)]
pub struct Arrivals {
    rhythm: Rhythm,
    per_second: u64,
    chance: Chance,
    number: u64,
    at: Duration,
    until: Duration,
}

impl Arrivals {
    /// So many a second, for so long. The same seed makes the same moments.
    #[must_use]
    pub fn new(rhythm: Rhythm, per_second: u64, until: Duration, seed: u64) -> Self {
        Self { rhythm, per_second: per_second.max(1), chance: Chance::of(&[seed, 7]), number: 0, at: Duration::ZERO, until }
    }
}

/// A usual rate in the first and the last third of a time, and another one between.
pub fn surge(rhythm: Rhythm, (usual, surge): (u64, u64), until: Duration, seed: u64) -> impl Iterator<Item = Duration> + Send {
    let third = until / 3;
    let part = move |place: u32, per_second: u64| {
        Arrivals::new(rhythm, per_second, third, seed + u64::from(place)).map(move |at| at + third * place)
    };
    part(0, usual).chain(part(1, surge)).chain(part(2, usual))
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        match self.rhythm {
            // Each from the start, so that no error adds up.
            Rhythm::Steady => {
                let nanos = u128::from(self.number) * 1_000_000_000 / u128::from(self.per_second);
                self.at = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            }
            Rhythm::Random => {
                // The distance of independent events is distributed exponentially. The logarithm is of (0, 1].
                let gap = -(1.0 - self.chance.unit()).ln() / real(self.per_second);
                self.at += Duration::try_from_secs_f64(gap).unwrap_or_default();
            }
        }
        self.number += 1;
        (self.at < self.until).then_some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_arrivals_are_at_equal_distances_and_exact() {
        let all: Vec<_> = Arrivals::new(Rhythm::Steady, 3, Duration::from_secs(2), 1).collect();
        assert_eq!(all.len(), 6);
        assert_eq!(all[3], Duration::from_secs(1));
        let long = Arrivals::new(Rhythm::Steady, 7, Duration::from_secs(1_000), 1);
        assert_eq!(long.count(), 7_000);
    }

    #[test]
    fn a_surge_lies_in_the_middle() {
        let all: Vec<_> = surge(Rhythm::Steady, (100, 1_000), Duration::from_secs(9), 1).collect();
        assert!(all.is_sorted());
        let of = |from: u64, to: u64| all.iter().filter(|at| (from..to).contains(&at.as_secs())).count();
        assert_eq!((of(0, 3), of(3, 6), of(6, 9), all.len()), (300, 3_000, 300, 3_600));
    }

    #[test]
    fn random_arrivals_follow_from_the_seed_and_come_as_often_as_they_should() {
        let draw = |seed| Arrivals::new(Rhythm::Random, 1_000, Duration::from_secs(20), seed).collect::<Vec<_>>();
        let all = draw(1);
        assert_eq!(all, draw(1));
        assert_ne!(all, draw(2));
        assert!(all.is_sorted());
        assert!((19_300..20_700).contains(&all.len()), "{}", all.len());
        // Of exponential gaps about one in e is longer than the average.
        let long = all.windows(2).filter(|pair| pair[1] - pair[0] > Duration::from_millis(1)).count();
        assert!((0.35..0.39).contains(&(real(u64::try_from(long).unwrap()) / 20_000.0)), "{long}");
    }
}
