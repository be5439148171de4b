//! `licet about --config FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use hyper::Method;
use lexopt::prelude::*;
use serde_json::Value;

use super::Failure;
use super::control::Socket;
use crate::config::Config;

pub(super) const ARGUMENTS: &str = "--config FILE [--json]";

const USAGE: &str =
    "Asks the gateway that runs with this configuration, over its control socket, which one it is: its version, its process, and
what it has in force.

Usage: licet about --config FILE [--json]

Exit status: 0 it answered, 1 none runs, 2 the command or the configuration is wrong.";

/// Prints what runs.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut file, mut is_json) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("config") => file = Some(PathBuf::from(parser.value()?)),
            Long("json") => is_json = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("usage: licet about --config FILE [--json]".to_owned()))?;
    let told = Socket::of(&Config::read(&file)?).ask(Method::GET, "/about", &Value::Null, &mut |_| {})?;
    if is_json {
        println!("{told}");
    } else {
        for (name, value) in told.as_object().into_iter().flatten() {
            println!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    Ok(ExitCode::SUCCESS)
}
