//! Runs the command that prints a key: without a shell, without an environment, for a bounded time and with a bounded output.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::clock;
use crate::config::KeyCommand;
use crate::secrets::BYTES_MAX;

/// How much of the complaint of a command is told, in bytes: of its first line.
const COMPLAINT_BYTES_MAX: u64 = 200;

/// How many hexadecimal digits in a row are shown of a complaint: fewer. So many may be a key.
const HEX_SHOWN: usize = 32;

/// How often it is looked whether a command that has said all has ended.
const LOOK: Duration = Duration::from_millis(5);

/// What a command prints. Waits for it.
///
/// # Errors
/// Why there is nothing, as the end of a sentence about the command. What it printed is not in it; of what it complained about, one line.
pub(crate) fn run(hook: &KeyCommand) -> Result<Zeroizing<Vec<u8>>, String> {
    let until = clock::instant() + hook.timeout();
    let mut command = Command::new(hook.program());
    command.args(hook.command.iter().skip(1)).env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let ended = listen(&mut child, until);
    if ended.is_err() {
        // It may have ended by itself meanwhile. What it started in turn is its own affair.
        child.kill().unwrap_or_default();
        child.wait().map(drop).unwrap_or_default();
    }
    let (status, printed, complaint) = ended.map_err(|why| match why {
        Why::Slow => format!("did not end within {} ms and was killed", hook.timeout_ms),
        Why::Long => format!("printed more than {BYTES_MAX} bytes and was killed"),
        Why::Broken(error) => format!("cannot be read: {error}"),
    })?;
    if status.success() { Ok(printed) } else { Err(format!("failed ({status}){}", line(&complaint))) }
}

enum Why {
    Slow,
    Long,
    Broken(std::io::Error),
}

/// What a command prints, from one of its ends.
type Pipe = Box<dyn Read + Send>;

/// What was heard of a command: how it ended, what it printed, and what it complained of.
type Heard = (ExitStatus, Zeroizing<Vec<u8>>, Vec<u8>);

/// Hears all that a command prints, and sees it end.
fn listen(child: &mut Child, until: Instant) -> Result<Heard, Why> {
    let (tell, told) = mpsc::channel();
    let pipes: [(bool, Option<Pipe>, u64); 2] = [
        (true, child.stdout.take().map(|pipe| -> Pipe { Box::new(pipe) }), BYTES_MAX + 1),
        (false, child.stderr.take().map(|pipe| -> Pipe { Box::new(pipe) }), COMPLAINT_BYTES_MAX),
    ];
    for (is_output, pipe, bytes_max) in pipes {
        let (tell, Some(pipe)) = (tell.clone(), pipe) else { continue };
        // It ends with the pipe, or with whoever listens.
        drop(thread::spawn(move || tell.send((is_output, hear(pipe, bytes_max)))));
    }
    drop(tell);
    let (mut printed, mut complaint) = (Zeroizing::new(Vec::new()), Vec::new());
    loop {
        match told.recv_timeout(left(until)) {
            Ok((true, bytes)) => {
                printed = bytes.map_err(Why::Broken)?;
                if u64::try_from(printed.len()).is_ok_and(|length| length > BYTES_MAX) {
                    return Err(Why::Long);
                }
            }
            Ok((false, bytes)) => complaint = bytes.map_err(Why::Broken)?.to_vec(),
            Err(RecvTimeoutError::Timeout) => return Err(Why::Slow),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((status, printed, complaint)),
            Ok(None) if left(until).is_zero() => return Err(Why::Slow),
            Ok(None) => thread::sleep(LOOK),
            Err(error) => return Err(Why::Broken(error)),
        }
    }
}

/// Reads up to so many bytes, and lets the rest of a complaint go by, so that nobody waits to be heard.
fn hear(mut pipe: Box<dyn Read + Send>, bytes_max: u64) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it at once: what a vector leaves behind when it grows is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(bytes_max).unwrap_or_default()));
    pipe.by_ref().take(bytes_max).read_to_end(&mut bytes)?;
    if bytes_max == COMPLAINT_BYTES_MAX {
        std::io::copy(&mut pipe, &mut std::io::sink())?;
    }
    Ok(bytes)
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(clock::instant())
}

/// The first line of a complaint, fit to be shown.
fn line(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line: String = text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if line.is_empty() { line } else { format!(": {}", masked(&line)) }
}

/// A text without what may be a key.
fn masked(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(digits);
        shown.push_str(if run.len() < HEX_SHOWN { run } else { "[digits]" });
        let next = behind.find(|c: char| c.is_ascii_hexdigit()).unwrap_or(behind.len());
        let (between, behind) = behind.split_at(next);
        shown.push_str(between);
        rest = behind;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(script: &str, timeout_ms: u64) -> Result<String, String> {
        let command = ["/bin/sh", "-c", script, "hook", "argument"].map(str::to_owned).to_vec();
        run(&KeyCommand { command, timeout_ms }).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn what_it_prints_is_the_key() {
        assert_eq!(ran("printf '%s' \"$1\"", 60_000).unwrap(), "argument");
        // No environment but what a shell makes for itself, and nothing to read.
        assert_eq!(ran("printf '%s' \"$HOME$CARGO$LANG\"; cat", 60_000).unwrap(), "");
        assert_eq!(ran("pwd", 60_000).unwrap(), "/\n");
        assert_eq!(ran("printf key; head -c 100000 /dev/zero >&2", 60_000).unwrap(), "key");
    }

    #[test]
    fn whoever_fails_is_told_by_one_line() {
        let failed = ran("echo secret; printf 'no token\\033[31m today\\nsecond\\n' >&2; exit 3", 60_000).unwrap_err();
        assert_eq!(failed, "failed (exit status: 3): no token[31m today");
        let half = "0123456789abcdefABCDEF0123456789";
        let short = "0123456789abcdefABCDEF012345678";
        let failed = ran(&format!("echo 'bad key {half}{half}, {half}: {short} {half}0é' >&2; exit 1"), 60_000);
        let shown = format!("failed (exit status: 1): bad key [digits], [digits]: {short} [digits]é");
        assert_eq!(failed.unwrap_err(), shown);
        let long = ran("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1", 60_000).unwrap_err();
        assert!(long.ends_with("x") && long.len() < 250, "{long}");
        let missing = KeyCommand { command: vec!["/nonexistent/hook".to_owned()], timeout_ms: 60_000 };
        assert!(run(&missing).unwrap_err().starts_with("cannot be run: "));
    }

    #[test]
    fn whoever_says_too_much_or_nothing_at_all_is_killed() {
        assert_eq!(ran("exec cat /dev/zero", 60_000).unwrap_err(), "printed more than 16384 bytes and was killed");
        assert_eq!(ran("exec tail -f /dev/null", 50).unwrap_err(), "did not end within 50 ms and was killed");
        assert_eq!(ran("exec >&- 2>&-; while :; do :; done", 50).unwrap_err(), "did not end within 50 ms and was killed");
    }
}
