//! `licet restore`: takes a restored store into use.

mod accept;
mod confirm;
pub(super) mod known;

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use super::Failure;
use crate::config::Config;

/// For the help.
pub(super) const ARGUMENTS: &str = "accept | confirm --config FILE --reason TEXT";

const HELP: &str = "\
Takes a store into use that was put back to an earlier state.

Usage: licet restore accept  --config FILE --reason TEXT [--checkpoint FILE]... [--mirror DIR]
       licet restore confirm --config FILE --reason TEXT

  accept   puts on record in both logs which records are known to be lost, goes on in shards of their own, so that nothing is
           published twice under one name, and notes that nobody knows what was revoked meanwhile: until that is confirmed the
           gateway answers nothing that others would take for a good state. The gateway must not be running
  confirm  says that what was lost has been entered again, or that nothing was; to the running gateway, or to a store that
           nobody has open

  --config FILE      the configuration of the gateway
  --reason TEXT      why, for the record; no names, no numbers of anybody
  --checkpoint FILE  a signed checkpoint of one of the logs that somebody kept; repeat for more
  --mirror DIR       what licet log monitor has copied

Exit status: 0 done; 1 there is nothing to be done, or it cannot be; 2 wrong command line or configuration.";

/// The longest reason, in bytes.
const REASON_BYTES_MAX: usize = 1000;

/// Runs one of the two.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut command, mut config, mut reason, mut mirror) = (None, None, None, None);
    let mut checkpoints = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) if command.is_none() => command = Some(word.string()?),
            Long("config") => config = Some(PathBuf::from(parser.value()?)),
            Long("reason") => reason = Some(parser.value()?.string()?),
            Long("checkpoint") => checkpoints.push(PathBuf::from(parser.value()?)),
            Long("mirror") => mirror = Some(PathBuf::from(parser.value()?)),
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let usage = || Failure::Usage(format!("usage: licet restore {ARGUMENTS}; see licet restore --help"));
    let (Some(command), Some(config), Some(reason)) = (command, config, reason) else { return Err(usage()) };
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(Failure::Usage(format!("--reason takes 1 to {REASON_BYTES_MAX} bytes")));
    }
    let config = Config::read(&config)?;
    match command.as_str() {
        "accept" => accept::run(&config, &reason, &known::heads(&config, &checkpoints, mirror.as_deref())?),
        "confirm" if checkpoints.is_empty() && mirror.is_none() => confirm::run(&config, &reason),
        _ => Err(usage()),
    }
}
