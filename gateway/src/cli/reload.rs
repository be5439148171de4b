//! `licet reload`, and `licet config diff FILE`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hyper::Method;
use lexopt::prelude::*;
use serde_json::{Value, json};

use super::control::Socket;
use super::{Failure, arguments};
use crate::config::Config;
use crate::reload::{Outcome, Reloaded};

pub(super) const ARGUMENTS: &str = "--config FILE [--dry-run] [--json]";

const USAGE: &str =
    "Has the gateway that runs with this configuration read it again: callers, limits, sources, trust, certificates, keys and
secrets. All of it comes in force, at once, or nothing does. Says what has changed: - was, + is, ~ is not what it was.

Usage: licet reload --config FILE [--dry-run] [--json]

  --dry-run  opens everything, says what would change, and changes nothing

Exit status: 0 it is in force, or would be, 1 it was refused or no gateway runs, 2 the command or the configuration is wrong.";

const DIFF_USAGE: &str =
    "Says what would change if a gateway that runs went by another file: - was, + is, ~ is not what it was. Changes nothing.

Usage: licet config diff FILE [--config RUNNING] [--json]

  --config RUNNING  the configuration of the gateway that runs, which says where its control socket is; FILE when left out

Exit status: 0 nothing, 1 something, 2 it cannot be said: the file is wrong, or no gateway runs.";

/// Has the configuration read again.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut dry_run, mut is_json) = (false, false);
    let usage = format!("reload {ARGUMENTS}");
    let mut flags = [("dry-run", &mut dry_run), ("json", &mut is_json)];
    let Some(file) = arguments::read(parser, (USAGE, &usage), &mut flags)? else { return Ok(ExitCode::SUCCESS) };
    let done = ask(&file, &json!({ "dry_run": dry_run }))?;
    print(&done, is_json)?;
    let is_refused = !done.needs_restart.is_empty();
    Ok(if is_refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Says what another file would change.
pub(super) fn diff(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut file, mut running, mut is_json) = (None, None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{DIFF_USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("config") => running = Some(PathBuf::from(parser.value()?)),
            Long("json") => is_json = true,
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("usage: licet config diff FILE [--config RUNNING] [--json]".to_owned()))?;
    let whole = std::path::absolute(&file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let order = json!({ "dry_run": true, "file": whole });
    let cannot = |failure: Failure| Failure::Usage(failure.to_string());
    let done = ask(running.as_deref().unwrap_or(&file), &order).map_err(cannot)?;
    print(&done, is_json)?;
    Ok(if done.difference.same && done.files.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ask(config: &Path, order: &Value) -> Result<Reloaded, Failure> {
    // The gateway says itself what is wrong with the rest of the file: only its control socket is looked for here.
    let told = Socket::of(&Config::read(config)?).ask(Method::POST, "/reload", order, &mut |_| {})?;
    serde_json::from_value(told).map_err(|error| Failure::Work(format!("the answer is not understood: {error}")))
}

fn print(done: &Reloaded, is_json: bool) -> Result<(), Failure> {
    if is_json {
        println!("{}", serde_json::to_string(done).map_err(|error| Failure::Work(error.to_string()))?);
        return Ok(());
    }
    if !done.difference.same || done.files.is_empty() {
        print!("{}", done.difference);
    }
    for section in &done.files {
        println!("~ [{section}]: other files");
    }
    for key in &done.needs_restart {
        println!("needs a restart: {key}");
    }
    match done.outcome {
        Outcome::InForce => println!("in force as generation {}", done.generation),
        Outcome::Unchanged => println!("generation {} stays in force", done.generation),
        Outcome::DryRun => {}
    }
    Ok(())
}
