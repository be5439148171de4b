//! `licet config check`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::record::LogName;
use lexopt::prelude::*;
use serde::Serialize;
use storage::log::Publisher as _;
use storage::{Keys, Store};

use crate::cli::Failure;
use crate::config::{Config, Examined, Fault, Faults};
use crate::record_key::LogKeys;
use crate::signing::Signer;
use crate::status::Fetcher;
use crate::status_lists::StatusLists;
use crate::telemetry::{self, Telemetry};
use crate::witness::{Service, Witnesses};
use crate::{app, authority, clock, server, sources, trust};

const USAGE: &str = "Reads a configuration and every file that it names, says everything that is wrong, each with its line and with what could be done, and
binds nothing. Of a good one it prints the public keys of the logs, for this period, and that of the gateway as a witness: what
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

/// Reads a configuration and every file that it names, and binds nothing.
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
    let checked = check(&file);
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
type Good = (Option<LogKeys>, Option<Service>);

/// Everything that is wrong at once: with the text, with what it says, and with the files that it names.
fn check(file: &Path) -> Result<Good, Faults> {
    let mut examined = Config::examine(file)?;
    let mut good = Good::default();
    if let Some(config) = examined.config.take() {
        good = open(&config, &mut examined);
    }
    examined.faults.none_or(good).map_err(|faults| faults.in_file(file))
}

/// Opens every file that a configuration names.
fn open(config: &Config, examined: &mut Examined) -> Good {
    examined.take(server::tls_config(&config.server));
    examined.take(trust::load(config));
    examined.take(app::store_keys(&config.storage));
    examined.take(authority::load(&config.identity_providers));
    examined.take(StatusLists::load(config));
    examined.take(Fetcher::new(&config.status, 0));
    // Nothing is looked up: any store will do.
    let store = Store::memory(&Keys::new([0; 32], [1; 32])).map_err(|error| Faults::one("(memory)", error.to_string()));
    if let Some(store) = examined.take(store) {
        examined.take(sources::load(config, &store));
    }
    if let Some(tally) = examined.take(telemetry::Tally::new().map_err(|error| Faults::one("(metrics)", error.to_string()))) {
        examined.take(Telemetry::new(config.telemetry.as_ref(), &config.record.origin, tally));
    }
    let log_keys = examined.take(LogKeys::load(&config.record));
    examined.take(config.record.witnesses.as_ref().map(Witnesses::check).transpose());
    examined.take(config.signing.as_ref().map(Signer::load).transpose());
    let witness = examined.take(config.witness.as_ref().map(Service::load).transpose());
    (log_keys, witness.flatten())
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
