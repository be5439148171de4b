//! How far a long work is: one line that is written over, on the standard error of a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::clock;

/// How often the line is written.
const PAUSE: Duration = Duration::from_millis(200);

/// The line.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    is_shown: bool,
    started: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// Of this work, which begins.
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, is_shown: std::io::stderr().is_terminal(), started: clock::instant(), told: None }
    }

    /// Tells how many bytes are done, now and then, and at the end.
    pub(super) fn tell(&mut self, done: u64, all: u64) {
        let now = clock::instant();
        let is_time = self.told.is_none_or(|told| now.saturating_duration_since(told) >= PAUSE);
        if !self.is_shown || !(is_time || done >= all) {
            return;
        }
        self.told = Some(now);
        let line = line(self.what, (done, all), now.saturating_duration_since(self.started));
        // Nobody may be reading: that stops no work.
        write!(std::io::stderr(), "\r{line:<78}").unwrap_or_default();
    }

    /// Ends the line, so that what is said next stands on one of its own.
    pub(super) fn end(self) {
        if self.told.is_some() {
            writeln!(std::io::stderr()).unwrap_or_default();
        }
    }
}

fn line(what: &str, (done, all): (u64, u64), took: Duration) -> String {
    const WIDTH: u64 = 24;
    let part = u128::from(done.min(all)) * u128::from(WIDTH) / u128::from(all.max(1));
    let bar = "#".repeat(usize::try_from(part).unwrap_or(0));
    let ms = took.as_millis().max(1);
    let a_second = u64::try_from(u128::from(done) * 1000 / ms).unwrap_or(u64::MAX);
    let left = match a_second {
        0 => "?".to_owned(),
        rate => clock(all.saturating_sub(done) / rate),
    };
    format!("{what} [{bar:<24}] {} of {}, {} a second, {left} left", size(done), size(all), size(a_second))
}

/// `1:02:03` or `2:03`.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A number of bytes, to be read by people.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => {
            let tenths = (u128::from(bytes) * 10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_much_how_fast_and_how_long_yet() {
        let told = line("backup", (512 << 20, 2 << 30), Duration::from_secs(16));
        assert_eq!(told, "backup [######                  ] 512.0 MiB of 2.0 GiB, 32.0 MiB a second, 0:48 left");
        assert!(line("backup", (0, 10), Duration::ZERO).ends_with("0 B a second, ? left"));
        assert!(line("backup", (0, 0), Duration::ZERO).contains("0 B of 0 B"));
        assert_eq!((clock(3_723), clock(123)), ("1:02:03".to_owned(), "2:03".to_owned()));
    }

    #[test]
    fn sizes_are_in_units_that_people_read() {
        let sizes = [0, 1023, 1024, 1536, 1 << 20, 3 << 40, u64::MAX].map(size);
        assert_eq!(sizes[..6], ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "3.0 TiB"]);
        assert!(sizes[6].ends_with(" TiB"));
    }
}
