//! Clocks, memory and disks.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// The only reader of the clock here.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What it gives, and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = now();
    let value = work();
    (value, now().saturating_duration_since(started))
}

/// How long a KiB takes to be on this disk, appended by one writer: what every durable record pays a share of.
pub(crate) fn floor(folder: &Path) -> Result<String, String> {
    let path = folder.join("floor");
    let mut times = Vec::new();
    let mut file = File::create(&path).map_err(|error| error.to_string())?;
    for _ in 0..500 {
        let (written, took) = timed(|| file.write_all(&[7; 1024]).and_then(|()| file.sync_data()));
        written.map_err(|error| error.to_string())?;
        times.push(took);
    }
    fs::remove_file(&path).map_err(|error| error.to_string())?;
    Ok(format!("{} to sync 1 KiB", quantiles(times)))
}

/// Median, p99 and the longest.
pub(crate) fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |thousandths: usize| {
        let time = times.get(times.len().saturating_sub(1) * thousandths / 1000).copied().unwrap_or_default();
        time.as_secs_f64() * 1000.0
    };
    format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(500), at(990), at(1000))
}

/// So much for each.
pub(crate) fn per(total: u64, count: u64) -> f64 {
    let float = |number: u64| f64::from(u32::try_from(number >> 10).unwrap_or(u32::MAX)) * 1024.0;
    float(total) / float(count).max(1.0)
}

/// What the process has in memory, in MiB.
pub(crate) fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The bytes of all files in a folder and below.
pub(crate) fn folder_bytes(folder: &Path) -> Result<u64, String> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let meta = entry.metadata().map_err(|error| error.to_string())?;
        bytes += if meta.is_dir() { folder_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}
