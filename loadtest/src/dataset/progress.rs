//! How far a long work is: one line that is written over, on the standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::number::{grouped, real};
use crate::time::now;

/// How often the line is written.
const PAUSE: Duration = Duration::from_millis(500);

/// The line.
#[derive(Debug)]
pub(super) struct Progress {
    all: u64,
    before: u64,
    started: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// Of so much work, of which this was done before.
    pub(super) fn new(all: u64, before: u64) -> Self {
        Self { all, before, started: now(), told: None }
    }

    /// Tells how much is done, now and then; whether it was told.
    pub(super) fn tell(&mut self, done: u64) -> bool {
        let is_time = self.told.is_none_or(|told| now().saturating_duration_since(told) >= PAUSE);
        // A file has no line that could be written over: there only the end is told.
        if done >= self.all || (is_time && std::io::stderr().is_terminal()) {
            let line = self.line(done, now().saturating_duration_since(self.started));
            let end = if done >= self.all { "\n" } else { "" };
            // Nobody may be reading: that stops no work.
            write!(std::io::stderr(), "\r{line:<78}{end}").unwrap_or_default();
        }
        if is_time {
            self.told = Some(now());
        }
        is_time
    }

    fn line(&self, done: u64, took: Duration) -> String {
        const WIDTH: u64 = 24;
        let full = usize::try_from(done * WIDTH / self.all.max(1)).unwrap_or(0);
        let rate = real(done.saturating_sub(self.before)) / took.as_secs_f64().max(1e-9);
        let left = real(self.all.saturating_sub(done)) / rate.max(1e-9);
        let bar = "#".repeat(full);
        let left = if rate < 1.0 { "?".to_owned() } else { clock(left) };
        format!("[{bar:<24}] {} of {}, {rate:.0} a second, {left} left", grouped(done), grouped(self.all))
    }
}

/// `1:02:03` or `2:03`.
fn clock(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_much_how_fast_and_how_long_yet() {
        let progress = Progress::new(1_000_000, 200_000);
        let line = progress.line(500_000, Duration::from_secs(100));
        assert_eq!(line, "[############            ] 500,000 of 1,000,000, 3000 a second, 2:46 left");
        assert!(progress.line(200_000, Duration::ZERO).ends_with("? left"));
        assert_eq!(clock(3_723.0), "1:02:03");
    }
}
