//! `licet about --config FILE`

use std::process::ExitCode;

use hyper::Method;
use serde_json::Value;

use super::control::Socket;
use super::{Failure, arguments};
use crate::config::Config;

pub(super) const ARGUMENTS: &str = "--config FILE [--json]";

const USAGE: &str =
    "Asks the gateway that runs with this configuration, over its control socket, which one it is: its version, its process, and
what it has in force.

Usage: licet about --config FILE [--json]

Exit status: 0 it answered, 1 none runs, 2 the command or the configuration is wrong.";

/// Prints what runs.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut is_json = false;
    let usage = format!("about {ARGUMENTS}");
    let Some(file) = arguments::read(parser, (USAGE, &usage), &mut [("json", &mut is_json)])? else {
        return Ok(ExitCode::SUCCESS);
    };
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
