//! `licet config check FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::record::LogName;
use lexopt::prelude::*;
use storage::log::Publisher as _;

use super::{Failure, reload};
use crate::config::Config;
use crate::record_key::LogKeys;
use crate::{app, clock};

const USAGE: &str = "Reads a configuration and every file that it names, says what is wrong, and binds nothing. Of a good one it prints the public
keys of the logs, for this period, and that of the gateway as a witness: what others put into their policies and after --log-key.

Usage: licet config check FILE
       licet config diff FILE, of which licet config diff --help tells

Exit status: 0 good, 2 something is wrong.";

/// Reads a configuration and every file that it names, and binds nothing.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut file = None;
    match parser.next()? {
        Some(Value(word)) if word == "check" => {}
        Some(Value(word)) if word == "diff" => return reload::diff(parser),
        Some(Long("help") | Short('h')) => {
            println!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        _ => return Err(Failure::Usage("usage: licet config check FILE".to_owned())),
    }
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("usage: licet config check FILE".to_owned()))?;
    let config = Config::read(&file)?;
    let (log_keys, witness) = app::rehearse(&config)?;
    println!("{}: good", file.display());
    print_keys(&log_keys);
    if let Some(witness) = witness {
        println!("witness {}", witness.verifier());
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys with which others verify the logs.
fn print_keys(keys: &LogKeys) {
    for log in LogName::ALL {
        let period = keys.period(log, clock::now());
        for key in keys.verifiers(log, &period) {
            println!("log {key}");
        }
    }
}
