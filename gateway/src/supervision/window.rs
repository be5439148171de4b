//! What happened in the last minutes.

use std::collections::VecDeque;

use crypto::time::Timestamp;
use storage::ledger::Tally;

/// Seconds of a minute.
const MINUTE_S: i64 = 60;

/// Figures of the last minutes, minute by minute.
#[derive(Clone, Debug, Default)]
pub struct Window {
    minutes: VecDeque<(i64, Tally)>,
}

impl Window {
    /// Adds to the figures of the minute of this moment. A clock that was set back adds to the newest minute.
    pub fn add(&mut self, at: Timestamp, tally: &Tally) {
        let minute = at.unix().div_euclid(MINUTE_S);
        match self.minutes.back_mut() {
            Some((newest, figures)) if *newest >= minute => figures.add(tally),
            _ => self.minutes.push_back((minute, tally.clone())),
        }
    }

    /// The figures of so many minutes, that of this moment included. What is older is let go.
    pub fn sum(&mut self, at: Timestamp, minutes: u16) -> Tally {
        let oldest = at.unix().div_euclid(MINUTE_S) - i64::from(minutes);
        while self.minutes.front().is_some_and(|(minute, _)| *minute <= oldest) {
            self.minutes.pop_front();
        }
        let mut sum = Tally::default();
        self.minutes.iter().for_each(|(_, tally)| sum.add(tally));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_is_let_go() {
        let start: Timestamp = "2026-07-01T08:00:30Z".parse().unwrap();
        let (mut window, one) = (Window::default(), Tally { calls: 1, ..Tally::default() });
        for minute in 0..5 {
            window.add(start.plus(minute * 60), &one);
        }
        let last = start.plus(4 * 60);
        assert_eq!(window.clone().sum(last, 60).calls, 5);
        assert_eq!(window.clone().sum(last, 2).calls, 2);
        window.add(start, &one);
        assert_eq!(window.clone().sum(last, 1).calls, 2, "a clock that was set back adds to the newest minute");
        assert_eq!(window.sum(last.plus(600), 5).calls, 0);
        assert!(window.minutes.is_empty());
    }
}
