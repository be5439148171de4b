//! `licet log export`: the records of a log, to a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::record::{LogName, Opening, Stamp};
use lexopt::prelude::*;
use serde_json::{Map, Value as Json, json};
use storage::StorageError;
use storage::log::Logs;

use super::place::{self, Place, PlaceOptions};
use super::shown;
use crate::cli::input::{self, InputError};

const HELP: &str = "\
Writes the records of a log to a file, oldest first.

Usage: licet log export LOG [--format jsonl|csv] [--filter JSON] --out FILE WHERE

  LOG                  seal or access
  --format             jsonl, the default: a JSON object on each line, the last one says how many there are; csv: RFC 4180, online
  --filter JSON        which records, as POST /v1/logs/{log}/search takes it, such as '{\"event\": \"seal.use\"}'; online
  --out FILE           where to write them

WHERE is --url or --config:
";

#[derive(Default)]
struct Options {
    place: PlaceOptions,
    log: Option<LogName>,
    format: Option<String>,
    filter: Option<String>,
    out: Option<PathBuf>,
}

fn help() -> String {
    format!("{HELP}{}\n{}", place::ONLINE, place::STORE)
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log export", &help(), options(parser), export)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("format") => options.format = Some(parser.value()?.string()?),
            Long("filter") => options.filter = Some(parser.value()?.string()?),
            Long("out") => options.out = Some(parser.value()?.into()),
            Value(word) if options.log.is_none() => options.log = Some(word.parse_with(shown::log_name)?),
            Long(name) => {
                let name = name.to_owned();
                options.place.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    match (options.format.as_deref().unwrap_or("jsonl"), &options.log) {
        (_, None) => Err("a log is needed: seal or access".into()),
        ("jsonl" | "csv", _) => Ok(Some(options)),
        _ => Err("--format must be jsonl or csv".into()),
    }
}

fn export(options: &Options) -> Result<ExitCode, InputError> {
    let out = options.out.as_deref().ok_or_else(|| InputError::Wrong("--out is needed".to_owned()))?;
    let log = options.log.unwrap_or(LogName::Seal);
    let format = options.format.as_deref().unwrap_or("jsonl");
    let filter = options.filter.as_deref().map_or_else(|| Ok(Json::Object(Map::new())), serde_json::from_str);
    let filter = filter.map_err(|error| InputError::Wrong(format!("--filter: {error}")))?;
    match options.place.open()? {
        Place::Online(online) => {
            let question = json!({ "filter": filter });
            let saved = online.save(&format!("/v1/logs/{log}/export?format={format}"), &question, out);
            // Half an export must not be taken for a whole one.
            saved.inspect_err(|_| std::fs::remove_file(out).unwrap_or_default())?;
        }
        Place::Store(copy) if format == "jsonl" && options.filter.is_none() => from_store(copy.logs(), log, out)?,
        Place::Store(_) => return Err(InputError::Wrong("from a store come all records, as jsonl".to_owned())),
        Place::Mirror(_) => return Err(InputError::Wrong("a mirror has entries alone, and no records".to_owned())),
    }
    println!("{}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// All records that are kept, in the form of the interface.
fn from_store(logs: &Logs, log: LogName, out: &Path) -> Result<(), InputError> {
    let failed = |error| InputError::Unreadable { path: out.to_owned(), error };
    let mut file = BufWriter::new(File::create(out).map_err(failed)?);
    let size = logs.size(log).map_err(|error| place::stored(&error))?;
    let (mut rows, mut through) = (0_u64, None);
    for number in 0..size {
        let record = match logs.record(log, number) {
            Ok(Some(record)) => record,
            // Old records are let go, and their entries stay.
            Ok(None) | Err(StorageError::Retired { .. }) => continue,
            Err(error) => return Err(place::stored(&error)),
        };
        let at = record.read::<Stamp>(Opening::STAMP).map(|stamp| stamp.at);
        let part = |place: usize| record.read::<Json>(place);
        let (facts, subject) = (part(Opening::FACTS), part(Opening::SUBJECT));
        let row = json!({ "number": number, "at": at, "facts": facts, "subject": subject, "entry": record.entry() });
        writeln!(file, "{row}").map_err(failed)?;
        (rows, through) = (rows + 1, Some(number));
    }
    let end = json!({ "end": { "rows": rows, "through": through, "size": size } });
    writeln!(file, "{end}").and_then(|()| file.flush()).map_err(failed)
}
