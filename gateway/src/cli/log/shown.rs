//! What several commands read from their command line, and how they say what they found.

use std::path::Path;
use std::process::ExitCode;

use crypto::record::LogName;
use crypto::tlog::{Checkpoint, Note};

use crate::cli::input::InputError;

/// Exit status when something is wrong with what was looked at.
pub(super) const FOUND: u8 = 1;

/// The logs that a command is about: the one that is named, or both.
pub(super) fn logs(named: Option<LogName>) -> Vec<LogName> {
    named.map_or_else(|| LogName::ALL.to_vec(), |log| vec![log])
}

/// The name of a log.
pub(super) fn log_name(text: &str) -> Result<LogName, &'static str> {
    text.parse().map_err(|()| "must be seal or access")
}

/// A signed checkpoint.
pub(super) fn note(what: &Path, bytes: &[u8]) -> Result<(Note, Checkpoint), InputError> {
    let malformed = |error| InputError::malformed(what, "checkpoint", &error);
    let note = Note::parse(bytes).map_err(malformed)?;
    let checkpoint = Checkpoint::of(&note).map_err(malformed)?;
    Ok((note, checkpoint))
}

/// Says what was found, each in a line of its own, and ends accordingly.
pub(super) fn end(findings: &[String]) -> ExitCode {
    for finding in findings {
        println!("{finding}");
    }
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
}
