//! `licet config check`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::record::LogName;
use lexopt::prelude::*;
use serde::Serialize;
use storage::log::Publisher as _;

use super::surroundings;
use crate::cli::Failure;
use crate::config::{Config, Fault, Faults};
use crate::record_key::LogKeys;
use crate::witness::Service;
use crate::{app, clock};

const USAGE: &str = "Reads a configuration and every file that it names, says everything that is wrong, each with its line and with what could be done, and
changes nothing. It also looks whether everybody could change the file, whether the key fits the store that is there, and, where no
gateway of this configuration runs, whether its ports are free. Of a good one it prints the public keys of the logs, for this period, and that of the gateway as a witness: what
others put into their policies and after --log-key.

Usage: licet config check [--json] FILE

Exit status: 0 good, 2 something is wrong.";

/// What `--json` says.
#[derive(Serialize)]
struct Checked<'f> {
    file: &'f Path,
    good: bool,
    faults: Vec<&'f Fault>,
}

/// Reads a configuration and every file that it names, and changes nothing.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut file, mut is_json) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("json") => is_json = true,
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("usage: licet config check [--json] FILE".to_owned()))?;
    let checked = check(&file, |config| {
        let mut faults = Faults::default();
        faults.take(surroundings::exposed(&file));
        faults.take(surroundings::check(config));
        faults.none_or(())
    });
    if is_json {
        let faults = checked.as_ref().err().into_iter().flat_map(Faults::iter).collect();
        let said = Checked { file: &file, good: checked.is_ok(), faults };
        println!("{}", serde_json::to_string_pretty(&said).map_err(|error| Failure::Work(error.to_string()))?);
        return Ok(ExitCode::from(if checked.is_ok() { 0 } else { 2 }));
    }
    let (log_keys, witness) = checked?;
    println!("{}: good", file.display());
    if let Some(keys) = &log_keys {
        print_keys(keys);
    }
    if let Some(witness) = witness {
        println!("witness {}", witness.verifier());
    }
    Ok(ExitCode::SUCCESS)
}

/// What is printed of a good configuration.
pub(in crate::cli) type Good = (Option<LogKeys>, Option<Service>);

/// Everything that is wrong at once: with the text, with what it says, with the files that it names, and what else is looked at.
pub(in crate::cli) fn check(file: &Path, and: impl Fn(&Config) -> Result<(), Faults>) -> Result<Good, Faults> {
    let mut examined = Config::examine(file)?;
    let good = examined.config.take().and_then(|config| {
        examined.take(and(&config));
        examined.take(app::rehearse(&config))
    });
    let good = good.map(|(log_keys, witness)| (Some(log_keys), witness)).unwrap_or_default();
    examined.faults.none_or(good).map_err(|faults| faults.in_file(file))
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
