//! `licet config check FILE`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::record::LogName;
use lexopt::prelude::*;
use storage::log::Publisher as _;
use storage::{Keys, Store};

use super::Failure;
use crate::config::{Config, Faults};
use crate::record_key::LogKeys;
use crate::signing::Signer;
use crate::status::Fetcher;
use crate::status_lists::StatusLists;
use crate::witness::{Service, Witnesses};
use crate::{app, authority, clock, server, sources, trust};

const USAGE: &str = "Reads a configuration and every file that it names, says what is wrong, and binds nothing. Of a good one it prints the public
keys of the logs, for this period, and that of the gateway as a witness: what others put into their policies and after --log-key.

Usage: licet config check FILE

Exit status: 0 good, 2 something is wrong.";

/// Reads a configuration and every file that it names, and binds nothing.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut file = None;
    match parser.next()? {
        Some(Value(word)) if word == "check" => {}
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
    let (log_keys, witness) = check(&file)?;
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

/// Everything that is wrong: with what it says, and with the files that it names.
pub(super) fn check(file: &Path) -> Result<Good, Faults> {
    let config = Config::read(file)?;
    let mut faults = Faults::default();
    faults.take(server::tls_config(&config.server));
    faults.take(trust::load(&config));
    faults.take(app::store_keys(&config.storage));
    faults.take(authority::load(&config.identity_providers));
    faults.take(StatusLists::load(&config));
    faults.take(Fetcher::new(&config.status, 0));
    // Nothing is looked up: any store will do.
    let store = Store::memory(&Keys::new([0; 32], [1; 32])).map_err(|error| Faults::one("(memory)", error.to_string()))?;
    faults.take(sources::load(&config, &store));
    let log_keys = faults.take(LogKeys::load(&config.record));
    faults.take(config.record.witnesses.as_ref().map(Witnesses::check).transpose());
    faults.take(config.signing.as_ref().map(Signer::load).transpose());
    let witness = faults.take(config.witness.as_ref().map(Service::load).transpose());
    faults.none_or((log_keys, witness.flatten()))
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
