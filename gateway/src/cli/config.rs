//! `licet config check FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use super::Failure;
use crate::config::Config;
use crate::{app, server, trust};

/// Reads a configuration and every file that it names, and binds nothing.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut file = None;
    match parser.next()? {
        Some(Value(word)) if word == "check" => {}
        _ => return Err(Failure::Usage("usage: licet config check FILE".to_owned())),
    }
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("usage: licet config check FILE".to_owned()))?;
    let config = Config::read(&file)?;
    server::tls_config(&config.server)?;
    trust::load(&config)?;
    app::store_keys(&config.storage)?;
    println!("{}: good", file.display());
    Ok(ExitCode::SUCCESS)
}
