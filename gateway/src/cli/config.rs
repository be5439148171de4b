//! `licet config check FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use super::Failure;
use crate::config::{Config, Faults};
use crate::record_key::LogKeys;
use crate::signing::Signer;
use crate::witness::Service;
use crate::{app, server, trust};

const USAGE: &str = "Reads a configuration and every file that it names, says what is wrong, and binds nothing.

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
    let config = Config::read(&file)?;
    let mut faults = Faults::default();
    faults.take(server::tls_config(&config.server));
    faults.take(trust::load(&config));
    faults.take(app::store_keys(&config.storage));
    faults.take(LogKeys::load(&config.record));
    faults.take(config.signing.as_ref().map(Signer::load).transpose());
    faults.take(config.witness.as_ref().map(Service::load).transpose());
    faults.none_or(())?;
    println!("{}: good", file.display());
    Ok(ExitCode::SUCCESS)
}
