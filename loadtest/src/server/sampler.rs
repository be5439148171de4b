//! Looks at a process four times a second, from a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

use super::usage::Moment;
use crate::time::now;

const PAUSE: Duration = Duration::from_millis(250);
/// More than an hour of it.
const MOMENTS_MAX: usize = 20_000;

/// Looks until it is told to end.
#[derive(Debug)]
pub struct Sampler {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Moment>>,
}

/// What a process used over a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// How long it was looked at, in seconds.
    pub lasted_s: f64,
    /// Processor time of its own, in seconds.
    pub user_s: f64,
    /// Processor time of the kernel on its behalf, in seconds.
    pub system_s: f64,
    /// Memory at the beginning, in bytes.
    pub rss_first: u64,
    /// Memory at the end.
    pub rss_last: u64,
    /// The most memory that was seen.
    pub rss_most: u64,
    /// Bytes that were sent to the disk.
    pub written: u64,
    /// The most open files and connections that were seen.
    pub files_most: u64,
    /// The most threads.
    pub threads_most: u64,
    /// Moment after moment.
    pub moments: Vec<Moment>,
}

impl Sampler {
    /// Begins to look at this process.
    #[must_use]
    pub fn start(process: u32) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let (started, mut moments) = (now(), Vec::new());
            loop {
                let is_last = told.load(Ordering::Acquire);
                let at = now().saturating_duration_since(started).as_secs_f64();
                moments.extend(Moment::of(process, at));
                if is_last || moments.len() >= MOMENTS_MAX {
                    return moments;
                }
                std::thread::park_timeout(PAUSE);
            }
        });
        Self { ends, thread }
    }

    /// Looks once more, and says what was seen.
    #[must_use]
    pub fn end(self) -> Usage {
        self.ends.store(true, Ordering::Release);
        self.thread.thread().unpark();
        Usage::of(self.thread.join().unwrap_or_default())
    }
}

impl Usage {
    fn of(moments: Vec<Moment>) -> Self {
        let (Some(first), Some(last)) = (moments.first().copied(), moments.last().copied()) else { return Self::default() };
        let most = |of: fn(&Moment) -> u64| moments.iter().map(of).max().unwrap_or(0);
        Self {
            lasted_s: last.at_s - first.at_s,
            user_s: last.user_s - first.user_s,
            system_s: last.system_s - first.system_s,
            rss_first: first.rss,
            rss_last: last.rss,
            rss_most: most(|moment| moment.rss),
            written: last.written.saturating_sub(first.written),
            files_most: most(|moment| moment.files + moment.tables),
            threads_most: most(|moment| moment.threads),
            moments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_use_of_a_time_is_its_end_less_its_beginning() {
        let first = Moment { user_s: 1.0, system_s: 2.0, rss: 10, written: 5, files: 3, ..Moment::default() };
        let middle = Moment { at_s: 1.0, rss: 40, files: 9, ..first };
        let last = Moment { at_s: 2.0, user_s: 1.5, system_s: 2.25, rss: 20, written: 105, files: 4, ..first };
        let usage = Usage::of(vec![first, middle, last]);
        assert_eq!((usage.lasted_s, usage.user_s, usage.system_s), (2.0, 0.5, 0.25));
        assert_eq!((usage.rss_first, usage.rss_most, usage.rss_last, usage.written, usage.files_most), (10, 40, 20, 100, 9));
        assert_eq!(Usage::of(Vec::new()), Usage::default());
    }

    #[test]
    fn a_process_is_looked_at_at_least_once() {
        assert!(!Sampler::start(std::process::id()).end().moments.is_empty());
    }
}
