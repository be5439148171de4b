//! `licet log show`: how far the logs have come, or one record.

use std::process::ExitCode;

use crypto::record::{LogName, Opening};
use crypto::tlog::{Checkpoint, Note};
use lexopt::prelude::*;
use serde_json::{Value as Json, json};

use super::place::{self, Place, PlaceOptions, ShardRow};
use super::shown;
use crate::cli::input::{self, InputError};
use crate::cli::table::Table;

const HELP: &str = "\
Shows the logs: their shards, sizes, checkpoints and witnesses; or with a log and a number one record.

Usage: licet log show [LOG [NUMBER]] [--json] WHERE

  LOG NUMBER           seal or access; the number of a record. A mirror has no records.
  --json               one JSON object

WHERE is one of --url, --config and --mirror:
";

struct Options {
    place: PlaceOptions,
    log: Option<LogName>,
    number: Option<u64>,
    is_json: bool,
}

fn help() -> String {
    format!("{HELP}{}\n{}\n{}", place::ONLINE, place::STORE, place::MIRROR)
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log show", &help(), options(parser), show)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { place: PlaceOptions::default(), log: None, number: None, is_json: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("json") => options.is_json = true,
            Value(word) if options.log.is_none() => options.log = Some(word.parse_with(shown::log_name)?),
            Value(word) if options.number.is_none() => options.number = Some(word.parse()?),
            Long(name) => {
                let name = name.to_owned();
                options.place.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

fn show(options: &Options) -> Result<ExitCode, InputError> {
    let place = options.place.open()?;
    if let (Some(log), Some(number)) = (options.log, options.number) {
        let record = record(&place, log, number)?;
        println!("{}", if options.is_json { record.to_string() } else { in_lines(&record) });
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for shard in place.shards(&shown::logs(options.log))? {
        let checkpoint = place.checkpoint(shard.log, &shard.period)?.and_then(|bytes| Note::parse(&bytes).ok());
        rows.push((shard, checkpoint));
    }
    if options.is_json {
        println!("{}", json!({ "shards": rows.iter().map(as_json).collect::<Vec<_>>() }));
    } else {
        print!("{}", as_table(&rows));
    }
    Ok(ExitCode::SUCCESS)
}

type Row = (ShardRow, Option<Note>);

fn as_json((shard, note): &Row) -> Json {
    json!({
        "log": shard.log,
        "period": shard.period,
        "origin": shard.origin,
        "keys": shard.keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "first": shard.first,
        "size": shard.size,
        "closed": shard.is_closed,
        "checkpoint": note.as_ref().map(ToString::to_string),
        "witnesses": shard.witnesses,
    })
}

fn as_table(rows: &[Row]) -> Table {
    let mut table = Table::default();
    table.row(["log", "period", "first", "size", "checkpoint", "root", "signatures", "witnesses"]);
    for (shard, note) in rows {
        let checkpoint = note.as_ref().and_then(|note| Checkpoint::of(note).ok());
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let state = shard.witnesses.as_ref().and_then(|view| view.get("state")?.as_str().map(str::to_owned));
        table.row([
            shard.log.name(),
            &format!("{}{}", shard.period, if shard.is_closed == Some(true) { " (ended)" } else { "" }),
            &or_dash(shard.first.map(|first| first.to_string())),
            &shard.size.to_string(),
            &or_dash(checkpoint.as_ref().map(|checkpoint| checkpoint.size().to_string())),
            &or_dash(checkpoint.as_ref().map(|checkpoint| checkpoint.root().to_string())),
            &or_dash(note.as_ref().map(|note| note.lines().len().to_string())),
            &or_dash(state),
        ]);
    }
    let mut keys: Vec<String> = rows.iter().flat_map(|(shard, _)| shard.keys.iter().map(ToString::to_string)).collect();
    keys.dedup();
    for key in keys {
        table.text(format!("key {key}"));
    }
    table
}

/// A record with what its parts say.
pub(super) fn record(place: &Place, log: LogName, number: u64) -> Result<Json, InputError> {
    let opening = opening(place, log, number)?;
    let part = |at: usize| opening.read::<Json>(at);
    let links: Vec<Json> = (Opening::LINKS..opening.parts.len()).filter_map(part).collect();
    Ok(json!({
        "log": log,
        "number": number,
        "entry": opening.entry(),
        "stamp": part(Opening::STAMP),
        "facts": part(Opening::FACTS),
        "subject": part(Opening::SUBJECT),
        "links": links,
        "opening": opening,
    }))
}

/// A record, as far as it may be seen there.
pub(super) fn opening(place: &Place, log: LogName, number: u64) -> Result<Opening, InputError> {
    let none = || InputError::Wrong(format!("{log} has no record {number} that can be seen there"));
    match place {
        Place::Mirror(_) => Err(InputError::Wrong("a mirror has entries alone, and no records".to_owned())),
        Place::Store(copy) => {
            let found = copy.logs().record(log, number).map_err(|error| place::stored(&error))?;
            found.ok_or_else(none)
        }
        Place::Online(online) => {
            let bytes = online.get(&format!("/v1/logs/{log}/entries/{number}"))?.ok_or_else(none)?;
            let row: Json = serde_json::from_slice(&bytes).unwrap_or_default();
            row.get("opening").and_then(|opening| serde_json::from_value(opening.clone()).ok()).ok_or_else(none)
        }
    }
}

/// One member a line, what is within it below.
fn in_lines(record: &Json) -> String {
    let mut lines = Vec::new();
    for (name, value) in record.as_object().into_iter().flatten().filter(|(name, _)| *name != "opening") {
        match value {
            Json::Object(members) => {
                lines.push(format!("{name}:"));
                lines.extend(members.iter().map(|(name, value)| format!("  {name}: {}", plain(value))));
            }
            Json::Array(items) => {
                lines.push(format!("{name}:"));
                lines.extend(items.iter().map(|item| format!("  {}", plain(item))));
            }
            Json::Null => lines.push(format!("{name}: (erased, or not to be seen)")),
            _ => lines.push(format!("{name}: {}", plain(value))),
        }
    }
    lines.join("\n")
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
