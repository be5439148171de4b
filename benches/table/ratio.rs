//! A step and its floor, in turns, so that whatever else the machine does falls on both.

use std::time::Duration;

use benches::measure::now;
use benches::steps::{self, Run};

/// How long a turn takes, about.
const TURN: Duration = Duration::from_millis(60);

/// How many runs a turn has at most: what is made for them is kept in memory.
const RUNS_MAX: u64 = 1 << 20;

/// What came of the turns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ratio {
    /// How long one run of the step took, in microseconds: the median of the rounds.
    pub(crate) step_us: f64,
    /// The same of the floor.
    pub(crate) floor_us: f64,
    /// The time of the step by that of the floor: the median, the lowest and the highest of the rounds.
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Takes a step and its floor so many rounds, each first in every other one.
pub(crate) fn of_steps(step: &str, floor: &str, rounds: usize) -> Result<Ratio, String> {
    let make = |name: &str| steps::named(name).and_then(|step| (step.make)()).map(Turns::new);
    let (mut step, mut floor) = (make(step)?, make(floor)?);
    let ratio = of(rounds, || step.take(), || floor.take());
    let fault = step.run.fault().or_else(|| floor.run.fault());
    fault.map_or(Ok(()), |fault| Err(fault.to_owned()))?;
    ratio.ok_or_else(|| "no rounds were taken".to_owned())
}

/// Takes two things in turns; each says how many microseconds one of it took.
pub(crate) fn of(rounds: usize, mut step: impl FnMut() -> f64, mut floor: impl FnMut() -> f64) -> Option<Ratio> {
    let mut pairs = Vec::new();
    for round in 0..rounds {
        pairs.push(if round.is_multiple_of(2) {
            let first = step();
            (first, floor())
        } else {
            let first = floor();
            (step(), first)
        });
    }
    let ratios: Vec<f64> = pairs.iter().map(|(step, floor)| step / floor).collect();
    Some(Ratio {
        step_us: median(pairs.iter().map(|(step, _)| *step).collect())?,
        floor_us: median(pairs.iter().map(|(_, floor)| *floor).collect())?,
        low: ratios.iter().copied().reduce(f64::min)?,
        high: ratios.iter().copied().reduce(f64::max)?,
        median: median(ratios)?,
    })
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A step that takes turns of about the same length.
struct Turns {
    run: Run,
    times: u64,
}

impl Turns {
    /// Finds out how many runs fill a turn, which also warms up.
    fn new(run: Run) -> Self {
        let mut turns = Self { run, times: 1 };
        while turns.timed() < TURN && turns.times < RUNS_MAX {
            turns.times *= 2;
        }
        turns
    }

    fn timed(&mut self) -> Duration {
        self.run.prepare(self.times);
        let started = now();
        for _ in 0..self.times {
            self.run.once();
        }
        now().saturating_duration_since(started)
    }

    /// Microseconds of one run.
    fn take(&mut self) -> f64 {
        self.timed().as_secs_f64() * 1e6 / f64::from(u32::try_from(self.times).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_rounds_counts_and_not_of_all_times() {
        // A machine that becomes twice as slow after the second round says the same of the ratio.
        let mut steps = [2.0, 2.0, 4.0, 4.0, 40.0].into_iter();
        let mut floors = [1.0, 1.0, 2.0, 2.0, 2.0].into_iter();
        let ratio = of(5, || steps.next().unwrap(), || floors.next().unwrap()).unwrap();
        assert_eq!(ratio, Ratio { step_us: 4.0, floor_us: 2.0, median: 2.0, low: 2.0, high: 20.0 });
        assert_eq!(of(0, || 1.0, || 1.0), None);
    }
}
