//! Counting under callgrind.

use std::path::Path;
use std::process::{Command, Stdio};

use benches::folder::Folder;
use benches::steps::Counted;

/// The instructions of one run of a step.
pub(crate) fn count(step: &str, Counted { warm, times }: Counted) -> Result<u64, String> {
    let folder = Folder::temporary()?;
    let prepared = warm.saturating_add(times);
    let before = total_of(step, (prepared, warm), &folder.path().join("warm"))?;
    let after = total_of(step, (prepared, prepared), &folder.path().join("all"))?;
    each(step, (before, after), times)
}

/// What one run took, from two counts.
fn each(step: &str, (before, after): (u64, u64), times: u64) -> Result<u64, String> {
    let taken = after.checked_sub(before).filter(|taken| *taken > 0);
    let taken = taken.ok_or_else(|| format!("{step}: {times} runs more took no instruction more"))?;
    taken.checked_div(times).ok_or_else(|| format!("{step} is counted no times"))
}

fn total_of(step: &str, (prepared, times): (u64, u64), file: &Path) -> Result<u64, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("valgrind");
    // Nothing of the environment of whoever runs it: it lies on the stack, and moves what lies below.
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").stdin(Stdio::null()).stdout(Stdio::null());
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(this).arg("run").arg(step).arg(prepared.to_string()).arg(times.to_string());
    let output = command.output().map_err(|error| format!("valgrind does not start ({error}); Debian has it in `valgrind`"))?;
    if !output.status.success() {
        return Err(format!("{step} failed under valgrind:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let profile = std::fs::read_to_string(file).map_err(|error| format!("{step}: callgrind wrote nothing: {error}"))?;
    total(&profile).ok_or_else(|| format!("{step}: callgrind's profile has no count of instructions"))
}

/// The instructions in a profile of callgrind: its `summary`, if instructions are what it counts.
fn total(profile: &str) -> Option<u64> {
    let field = |name: &str| profile.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("events:")? != "Ir" {
        return None;
    }
    field("summary:").or_else(|| field("totals:"))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\ncmd:  licet-gate run a 1 1\npart: 1\n\n\
        desc: Trigger: Program termination\n\npositions: line\nevents: Ir\nsummary: 4711\n\nfl=(1) ???\nfn=(1) main\n0 4711\n\ntotals: 4711\n";

    #[test]
    fn the_summary_is_read() {
        assert_eq!(total(PROFILE), Some(4711));
        assert_eq!(total(&PROFILE.replace("summary: 4711\n", "")), Some(4711), "the totals at the end do as well");
        assert_eq!(total(&PROFILE.replace("events: Ir", "events: Ir Dr")), None, "other things were counted too");
        assert_eq!(total(&PROFILE.replace("4711", "many")), None);
        assert_eq!(total(""), None);
    }

    #[test]
    fn one_run_is_the_difference_by_the_times() {
        assert_eq!(each("a", (1000, 3000), 20), Ok(100));
        assert!(each("a", (1000, 1000), 20).is_err(), "a step that takes nothing was optimised away");
        assert!(each("a", (1000, 999), 20).is_err());
        assert!(each("a", (0, 1), 0).is_err());
    }
}
