//! `licet level --config FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use hyper::Method;
use lexopt::prelude::*;
use serde_json::{Value, json};

use super::Failure;
use super::control::{self, Socket};
use crate::config::{Config, LogLevel};
use crate::logging::Wanted;

pub(super) const ARGUMENTS: &str = "--config FILE [MODULE=LEVEL ...] [--for SECONDS]";

const USAGE: &str = "Shows how much the gateway that runs with this configuration writes to its log, or changes it: for all modules that are not named by
LEVEL alone, for one by MODULE=LEVEL. What is changed goes on record (later, where the store takes no records), and ends with --for,
--reset or a restart.

Usage: licet level --config FILE [--json]
       licet level --config FILE [LEVEL] [MODULE=LEVEL ...] [--for SECONDS] [--json]
       licet level --config FILE --reset [--json]

LEVEL is off, error, warn, info, debug or trace; MODULE is storage or a part of the gateway such as broker, trust or server.

Exit status: 0 it answered, 1 none runs or it refused, 2 the command or the configuration is wrong.";

/// Shows or changes levels.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut file, mut is_json, mut is_reset, mut wanted) = (None, false, false, Wanted::default());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("config") => file = Some(PathBuf::from(parser.value()?)),
            Long("json") => is_json = true,
            Long("reset") => is_reset = true,
            Long("for") => wanted.for_s = Some(parser.value()?.parse()?),
            Value(word) => want(&mut wanted, &word.string()?)?,
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage(format!("usage: licet level {ARGUMENTS}")))?;
    let is_change = wanted.level.is_some() || !wanted.levels.is_empty();
    if (is_reset && is_change) || (wanted.for_s.is_some() && !is_change) {
        return Err(Failure::Usage("--for goes with levels, and --reset stands alone".to_owned()));
    }
    let socket = Socket::of(&Config::read(&file)?);
    let told = if is_reset {
        socket.ask(Method::POST, "/level/reset", &Value::Null, &mut |_| {})?
    } else if is_change {
        socket.ask(Method::POST, "/level", &json!(wanted), &mut |_| {})?
    } else {
        socket.ask(Method::GET, "/level", &Value::Null, &mut |_| {})?
    };
    if is_json {
        println!("{told}");
    } else {
        show(&told);
    }
    Ok(ExitCode::SUCCESS)
}

/// `LEVEL` or `MODULE=LEVEL`.
fn want(wanted: &mut Wanted, word: &str) -> Result<(), Failure> {
    let level = |text: &str| LogLevel::named(text).ok_or_else(|| Failure::Usage(format!("there is no level {text:?}")));
    match word.split_once('=') {
        Some((module, text)) => drop(wanted.levels.insert(module.to_owned(), level(text)?)),
        None => wanted.level = Some(level(word)?),
    }
    Ok(())
}

fn show(told: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    println!("all: {}", told.get("level").map(text).unwrap_or_default());
    for (module, level) in told.get("levels").and_then(Value::as_object).into_iter().flatten() {
        println!("{module}: {}", text(level));
    }
    if let Some(seconds) = told.get("ends_in_s") {
        println!("for {seconds} seconds more");
    } else if told.get("configured") == Some(&Value::Bool(false)) {
        println!("until a restart");
    }
    if let Some(gap) = control::gap(told) {
        println!("{gap}");
    }
}
