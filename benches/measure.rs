//! Clocks, quantiles, memory and folders.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The only reader of the clock here.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits until a moment, if it has not come.
pub fn wait(until: Instant) {
    let early = until.saturating_duration_since(now());
    if !early.is_zero() {
        thread::sleep(early);
    }
}

/// What it gives, and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = now();
    let value = work();
    (value, now().saturating_duration_since(started))
}

/// What so many thousandths of the times do not exceed, in milliseconds.
#[must_use]
pub fn quantile_ms(times: &mut [Duration], thousandths: usize) -> f64 {
    times.sort_unstable();
    let time = times.get(times.len().saturating_sub(1) * thousandths / 1000).copied().unwrap_or_default();
    time.as_secs_f64() * 1000.0
}

/// Median, p99 and the longest.
#[must_use]
pub fn quantiles(mut times: Vec<Duration>) -> String {
    let mut at = |thousandths: usize| quantile_ms(&mut times, thousandths);
    format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(500), at(990), at(1000))
}

/// So much for each.
#[must_use]
pub fn per(total: u64, count: u64) -> f64 {
    let float = |number: u64| f64::from(u32::try_from(number >> 10).unwrap_or(u32::MAX)) * 1024.0;
    float(total) / float(count).max(1.0)
}

/// What the process has in memory, in MiB.
#[must_use]
pub fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The bytes of all files in a folder and below.
///
/// # Errors
/// When it cannot be read.
pub fn folder_bytes(folder: &Path) -> Result<u64, String> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let meta = entry.metadata().map_err(|error| error.to_string())?;
        bytes += if meta.is_dir() { folder_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}
