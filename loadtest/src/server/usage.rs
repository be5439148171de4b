//! What a process uses, as Linux tells it under `/proc`.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use crate::number::real;

/// How many ticks of processor time there are in a second: this number on every Linux that there is.
const TICKS: f64 = 100.0;

/// What a process used until a moment, and has then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Moment {
    /// When, in seconds from the beginning.
    pub at_s: f64,
    /// Processor time of its own, in seconds.
    pub user_s: f64,
    /// Processor time of the kernel on its behalf, in seconds.
    pub system_s: f64,
    /// Memory, in bytes.
    pub rss: u64,
    /// The most memory that it ever had, in bytes.
    pub rss_peak: u64,
    /// Bytes that were sent to the disk.
    pub written: u64,
    /// Open files and connections, but for tables.
    pub files: u64,
    /// Open tables of the database: as many as what is stored needs.
    pub tables: u64,
    /// Threads.
    pub threads: u64,
}

impl Moment {
    /// Now, or nothing where there is no such process any more.
    #[must_use]
    pub fn of(process: u32, at_s: f64) -> Option<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}")).ok();
        let (user_s, system_s) = cpu(&read("stat")?)?;
        let status = read("status")?;
        let kilobytes = |name: &str| field(&status, name).unwrap_or(0) * 1024;
        // Of a process of somebody else these are not told.
        let written = read("io").and_then(|io| field(&io, "write_bytes:")).unwrap_or(0);
        let (tables, files) = handles(process);
        Some(Self {
            at_s,
            user_s,
            system_s,
            rss: kilobytes("VmRSS:"),
            rss_peak: kilobytes("VmHWM:"),
            written,
            files,
            tables,
            threads: field(&status, "Threads:").unwrap_or(0),
        })
    }
}

/// How many tables of a database a process has open, and how much else.
fn handles(process: u32) -> (u64, u64) {
    let Ok(handles) = fs::read_dir(format!("/proc/{process}/fd")) else { return (0, 0) };
    let is_table = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "sst");
    let opened = handles.flatten().map(|handle| fs::read_link(handle.path()).unwrap_or_default());
    let (tables, others): (Vec<_>, Vec<_>) = opened.partition(is_table);
    (crate::number::count(tables.len()), crate::number::count(others.len()))
}

/// Processor time of this program so far, in seconds.
#[must_use]
pub fn cpu_seconds() -> f64 {
    Moment::of(std::process::id(), 0.0).map_or(0.0, |moment| moment.user_s + moment.system_s)
}

/// Times of user and kernel out of `stat`, whose second field is a name that may have anything in it, in brackets.
fn cpu(stat: &str) -> Option<(f64, f64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut seconds = || fields.next()?.parse().ok().map(|ticks: u64| real(ticks) / TICKS);
    Some((seconds()?, seconds()?))
}

/// The number behind this name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        let stat = "4711 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 75 0 0 20 0 3 0 12345";
        assert_eq!(cpu(stat), Some((2.5, 0.75)));
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t 1024 kB\nThreads:\t7\n";
        assert_eq!((field(status, "VmRSS:"), field(status, "Threads:"), field(status, "No:")), (Some(1024), Some(7), None));
    }

    #[test]
    fn this_process_is_there_and_another_is_not() {
        let own = Moment::of(std::process::id(), 1.0).unwrap();
        assert!(own.rss > 100_000 && own.rss_peak >= own.rss && own.threads > 0 && own.files > 2, "{own:?}");
        let table = std::env::temp_dir().join(format!("licet-usage-{}.sst", std::process::id()));
        let open = fs::File::create(&table).unwrap();
        let with = Moment::of(std::process::id(), 0.0).unwrap();
        fs::remove_file(&table).unwrap();
        assert!(with.tables >= 1, "{with:?}");
        drop(open);
        assert_eq!(Moment::of(u32::MAX, 0.0), None);
    }
}
