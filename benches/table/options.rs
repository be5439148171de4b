//! What is asked of the table.

use std::path::PathBuf;

use lexopt::prelude::{Long, ValueExt};

pub(crate) const HELP: &str = "\
licet-bench: the table of targets, each a ratio to a floor taken in the same run

usage: licet-bench [options]

  --write FILE    puts the table between the two marks of this file as well
  --load FILE     a report of licet-load, for the rows that it has
  --folder FOLDER on which disk stores are made [where the system has its temporary files]
  --rounds N      how often what is measured and its floor take turns, at least 5 [7]
";

/// The fewest rounds that have a median worth the name.
const ROUNDS_MIN: usize = 5;

/// What is asked.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) write: Option<PathBuf>,
    pub(crate) load: Option<PathBuf>,
    pub(crate) folder: PathBuf,
    pub(crate) rounds: usize,
}

impl Options {
    /// Reads the command line; `None` when help is asked for.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let options = read(lexopt::Parser::from_env()).map_err(|error| error.to_string())?;
        match options {
            Some(options) if options.rounds < ROUNDS_MIN => Err(format!("--rounds: at least {ROUNDS_MIN}")),
            options => Ok(options),
        }
    }
}

fn read(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { write: None, load: None, folder: std::env::temp_dir(), rounds: 7 };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") => return Ok(None),
            Long("write") => options.write = Some(parser.value()?.into()),
            Long("load") => options.load = Some(parser.value()?.into()),
            Long("folder") => options.folder = parser.value()?.into(),
            Long("rounds") => options.rounds = parser.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
