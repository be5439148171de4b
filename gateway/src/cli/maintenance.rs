//! `licet maintenance [on|off] --config FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use hyper::Method;
use lexopt::prelude::*;
use serde_json::{Value as Json, json};

use super::Failure;
use super::control::{self, Socket};
use crate::config::Config;

pub(super) const ARGUMENTS: &str = "[on|off] --config FILE";

const USAGE: &str =
    "Stops changes and look-ups of the gateway that runs with this configuration, lets them in again, or says how it stands. Verdicts,
what is public, and whatever operators ask go on; all else is answered 503 maintenance. It is on record, and holds over a restart.

Usage: licet maintenance [on [--reason TEXT] [--for SECONDS] | off] --config FILE [--json]

  --reason TEXT  why, for the record and for /ready: no number of a citizen
  --for SECONDS  lets them in again by itself after this time; callers are told so

Exit status: 0 done, 1 it could not be done or none runs, 2 the command or the configuration is wrong.";

/// What was asked for.
#[derive(Default)]
struct Asked {
    on: Option<bool>,
    reason: Option<String>,
    for_s: Option<u32>,
    file: Option<PathBuf>,
    is_json: bool,
}

/// Stops and lets in.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut asked = Asked::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("config") => asked.file = Some(PathBuf::from(parser.value()?)),
            Long("reason") => asked.reason = Some(parser.value()?.string()?),
            Long("for") => asked.for_s = Some(parser.value()?.parse()?),
            Long("json") => asked.is_json = true,
            Value(word) if word == "on" && asked.on.is_none() => asked.on = Some(true),
            Value(word) if word == "off" && asked.on.is_none() => asked.on = Some(false),
            other => return Err(other.unexpected().into()),
        }
    }
    if asked.on != Some(true) && (asked.reason.is_some() || asked.for_s.is_some()) {
        return Err(Failure::Usage("--reason and --for go with on".to_owned()));
    }
    let Some(file) = &asked.file else { return Err(Failure::Usage(format!("usage: licet maintenance {ARGUMENTS}"))) };
    let socket = Socket::of(&Config::read(file)?);
    let told = match asked.on {
        None => socket.ask(Method::GET, "/maintenance", &Json::Null, &mut |_| {})?,
        Some(on) => {
            let wanted = json!({ "on": on, "reason": asked.reason, "for_s": asked.for_s });
            socket.ask(Method::POST, "/maintenance", &wanted, &mut |_| {})?
        }
    };
    if asked.is_json {
        println!("{told}");
    } else {
        println!("{}", sentence(&told));
        if let Some(gap) = control::gap(&told) {
            println!("{gap}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn sentence(told: &Json) -> String {
    let text = |name: &str| told.get(name).and_then(Json::as_str);
    if text("state") != Some("on") {
        return "changes and look-ups are let in".to_owned();
    }
    let since = text("since").map(|since| format!(" since {since}")).unwrap_or_default();
    let until = text("until").map(|until| format!(" until {until}")).unwrap_or_default();
    let reason = text("reason").map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("changes and look-ups are stopped{since}{until}{reason}")
}
