//! `licet catalogue`: the catalogue as files, checked here, compared with a gateway's, and applied to it.

mod apply;
mod check;
mod diff;
mod files;
mod remote;

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::catalogue::CatalogueFault;
use lexopt::prelude::*;

use self::remote::Remote;
use super::Failure;
use super::input::{self, InputError};
use super::log::online::OnlineOptions;
use super::log::place::ONLINE;
use super::table::Table;

/// What the help of `licet` shows of it.
pub(super) const ARGUMENTS: &str = "check | diff | apply FILE...";

const HELP: &str = "\
Keeps the catalogue of organisations, types of licences, resources, items and demands as files.

Usage: licet catalogue check FILE...
       licet catalogue diff FILE... WHERE
       licet catalogue apply FILE... [--reason TEXT] [--prune] WHERE

  check          says everything that is wrong with the catalogue that the files make together; needs no gateway
  diff           says what the files have otherwise than the gateway's catalogue: + new, ~ another, - in the gateway alone
  apply          changes the gateway's catalogue into that of the files, all at once, or not at all where anything would be wrong

  FILE           TOML with [[organisations]], [[licence_types]], [[resources]], [[items]] and [[demands]]; or a folder, for every
                 .toml in it
  --reason TEXT  why, for the history of the catalogue
  --prune        for apply: remove what the files do not have; without it entries are put alone

WHERE is:
";

const STATUS: &str =
    "Exit status: 0 nothing is wrong, the same, or applied; 1 something is wrong, different, or refused; 64 wrong command line
or file, 66 a file or an address cannot be read.";

#[derive(Default)]
struct Options {
    command: Option<String>,
    files: Vec<PathBuf>,
    online: OnlineOptions,
    reason: Option<String>,
    is_pruning: bool,
}

/// Runs one of the three.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    Ok(input::with_options("catalogue", &format!("{HELP}{ONLINE}\n\n{STATUS}"), options(parser), work))
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("reason") => options.reason = Some(parser.value()?.string()?),
            Long("prune") => options.is_pruning = true,
            Long("url") => options.online.url = Some(parser.value()?.string()?),
            Long("ca") => options.online.anchors.push(parser.value()?.into()),
            Long("cert") => options.online.certificate = Some(parser.value()?.into()),
            Long("key") => options.online.key = Some(parser.value()?.into()),
            Value(word) if options.command.is_none() => options.command = Some(word.string()?),
            Value(file) => options.files.push(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    let (is_online, is_applied) = (options.online.url.is_some(), options.reason.is_some() || options.is_pruning);
    match options.command.as_deref() {
        Some("check" | "diff" | "apply") if options.files.is_empty() => Err("files are needed".into()),
        Some("check") if !is_online && !is_applied => Ok(Some(options)),
        Some("diff") if is_online && !is_applied => Ok(Some(options)),
        Some("apply") if is_online => Ok(Some(options)),
        Some("diff" | "apply") if !is_online => Err("--url is needed".into()),
        Some("check" | "diff") => Err("one of the options is not for this command".into()),
        _ => Err("check, diff or apply is needed".into()),
    }
}

fn work(options: &Options) -> Result<ExitCode, InputError> {
    let entries = files::read(&options.files)?;
    match (options.command.as_deref(), &options.online.url) {
        (Some("diff"), Some(url)) => Ok(diff::run(entries, &Remote::open(&options.online, url)?.read()?)),
        (Some("apply"), Some(url)) => apply::run(entries, &Remote::open(&options.online, url)?, options),
        _ => Ok(check::run(entries)),
    }
}

/// Says what is wrong, one line for each fault.
fn print(faults: &[CatalogueFault]) {
    let mut table = Table::default();
    for fault in faults {
        let entry = fault.entry.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let place = if fault.field.is_empty() { "-" } else { &fault.field };
        table.row([&entry, place, fault.rule.code(), &fault.rule.text().en]);
    }
    print!("{table}");
}
