//! What is asked of the gate.

use std::path::PathBuf;

use lexopt::prelude::{Long, Value, ValueExt};

pub(crate) const HELP: &str = "\
licet-gate: count the instructions of the hot path, and fail when a step takes more than 3 % more than it did

usage: licet-gate [options]

  --file FILE    the counts that were written down [benches/gate.toml]
  --update       writes them down anew
  --only STEP    of this step alone; may be repeated

licet-gate run STEP PREPARED TIMES takes a step so many times: what is counted.
";

/// What is asked.
#[derive(Debug)]
pub(crate) enum Options {
    /// What it can do.
    Help,
    /// Takes a step.
    Run { step: String, warm: u64, times: u64 },
    /// Counts steps.
    Gate { file: PathBuf, update: bool, only: Vec<String> },
}

impl Options {
    /// Reads the command line.
    pub(crate) fn read() -> Result<Self, String> {
        read(lexopt::Parser::from_env()).map_err(|error| error.to_string())
    }
}

fn read(mut parser: lexopt::Parser) -> Result<Options, lexopt::Error> {
    let (mut file, mut update, mut only) = (PathBuf::from("benches/gate.toml"), false, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") => return Ok(Options::Help),
            Long("file") => file = PathBuf::from(parser.value()?),
            Long("update") => update = true,
            Long("only") => only.push(parser.value()?.string()?),
            Value(command) if command == "run" => {
                let step = parser.value()?.string()?;
                return Ok(Options::Run { step, warm: parser.value()?.parse()?, times: parser.value()?.parse()? });
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Options::Gate { file, update, only })
}
