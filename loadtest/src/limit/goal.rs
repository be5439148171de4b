//! What must be met: `p99=20ms`.

use std::fmt;
use std::str::FromStr;

use crate::report::Step;

/// Of the requests that are refused or go wrong, at most one in so many.
const BAD_ONE_IN: u64 = 1_000;
/// At least so much of the rate must be answered.
const ANSWERED: f64 = 0.98;

/// A share of the answers, and the time within which they must come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    share: f64,
    /// The time, in milliseconds.
    pub ms: f64,
}

impl Goal {
    /// Whether a step meets it: the answers come in time, nearly all come, and nearly none is wrong.
    #[must_use]
    pub fn is_met(&self, step: &Step) -> bool {
        let asked = step.asked_per_s.unwrap_or(0.0);
        let bad = step.all.refused + step.all.bad();
        step.all.good > 0
            && self.time_of(step) <= self.ms
            && step.per_s >= asked * ANSWERED
            && bad <= (step.all.good + bad) / BAD_ONE_IN
    }

    fn time_of(&self, step: &Step) -> f64 {
        let latency = &step.all.latency;
        match self.share {
            share if share <= 0.5 => latency.p50_ms,
            share if share <= 0.9 => latency.p90_ms,
            share if share <= 0.99 => latency.p99_ms,
            _ => latency.p999_ms,
        }
    }
}

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no goal such as p99=20ms; there are p50, p90, p99 and p99.9");
        let (name, time) = text.split_once('=').ok_or_else(wrong)?;
        let share = match name {
            "p50" => 0.5,
            "p90" => 0.9,
            "p99" => 0.99,
            "p99.9" => 0.999,
            _ => return Err(wrong()),
        };
        let ms = time.strip_suffix("ms").and_then(|ms| ms.parse().ok()).filter(|ms| (0.01..=60_000.0).contains(ms));
        Ok(Self { share, ms: ms.ok_or_else(wrong)? })
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}={}ms", self.share * 100.0, self.ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latencies::Summary;

    #[test]
    fn goals_are_read_and_written() {
        for text in ["p50=1ms", "p90=2.5ms", "p99=20ms", "p99.9=100ms"] {
            assert_eq!(text.parse::<Goal>().unwrap().to_string(), text);
        }
        for wrong in ["", "p99", "p99=20", "p98=1ms", "p99=0ms", "p99=-1ms", "p99=NaNms"] {
            assert!(wrong.parse::<Goal>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_goal_is_about_time_and_about_answers() {
        let goal: Goal = "p99=20ms".parse().unwrap();
        let mut step = Step { asked_per_s: Some(100.0), per_s: 99.0, ..Step::default() };
        step.all.good = 2_000;
        step.all.latency = Summary { p99_ms: 19.9, ..Summary::default() };
        assert!(goal.is_met(&step));
        for worse in [
            |step: &mut Step| step.all.latency.p99_ms = 20.1,
            |step: &mut Step| step.per_s = 97.0,
            |step: &mut Step| step.all.refused = 3,
            |step: &mut Step| step.all.wrong = 3,
            |step: &mut Step| step.all.good = 0,
        ] {
            let mut step = step.clone();
            worse(&mut step);
            assert!(!goal.is_met(&step));
        }
    }
}
