//! `licet log fsck`: every byte of the logs of a store that nobody has open.

use std::process::ExitCode;

use lexopt::prelude::*;
use serde_json::json;

use super::place::{Place, PlaceOptions, stored};
use super::shown;
use crate::cli::input::{self, InputError};

/// Findings beyond these are only counted.
const SHOWN_MAX: usize = 1000;

const HELP: &str = "\
Checks the logs of a store: that every record is what the tree holds of it, that bundles, tiles, heads and what was signed follow
from the records, that no number is missing and no time runs backwards, that the links of every seal and every person follow one
another, and that the index says what the records say.

Usage: licet log fsck --config FILE [--data DIR] [--json]

  --config FILE  the configuration of the gateway, which must not be running
  --data DIR     a copy of its store, instead of the store itself
  --json         one JSON object for each finding

Exit status: 0 all is as it should be, 1 something is not; 64 wrong command line or configuration; 66 the store cannot be read.";

struct Options {
    place: PlaceOptions,
    is_json: bool,
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log fsck", HELP, options(parser), check)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { place: PlaceOptions::default(), is_json: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("json") => options.is_json = true,
            Long(name @ ("config" | "data")) => {
                let name = name.to_owned();
                options.place.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

fn check(options: &Options) -> Result<ExitCode, InputError> {
    let Place::Store(copy) = options.place.open()? else { return Err(InputError::Wrong("--config is needed".to_owned())) };
    let mut count = 0_usize;
    let mut say = |finding: storage::log::Finding| {
        count += 1;
        if count > SHOWN_MAX {
            return;
        }
        if options.is_json {
            let text = finding.fault.text();
            let log = finding.log.map(crypto::record::LogName::name);
            println!("{}", json!({ "code": finding.fault.code(), "log": log, "at": finding.at, "en": text.en, "zh": text.zh }));
        } else {
            println!("{finding}");
        }
    };
    copy.logs().fsck(&mut say).map_err(|error| stored(&error))?;
    if count > SHOWN_MAX {
        println!("{} more", count - SHOWN_MAX);
    }
    if count == 0 && !options.is_json {
        println!("good");
    }
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::from(shown::FOUND) })
}
