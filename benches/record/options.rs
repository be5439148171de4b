//! What is asked of the benchmark.

use std::path::PathBuf;

use lexopt::prelude::{Long, ValueExt};

pub(crate) const HELP: &str = "\
licet-log-bench: fill the logs of a store, and say what that takes

usage: licet-log-bench --folder FOLDER [options]

  --folder FOLDER   where the store is, or is made
  --records N       how many records the seal log shall have [1000000]
  --callers N       how many append at a time, each waiting until its record is durable [256]
  --rate N          at how many records a second receipts are timed, open loop; 0 for not at all [10000]
  --seconds N       for how long [20]
";

/// What is asked of the benchmark.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    pub(crate) records: u64,
    pub(crate) callers: usize,
    pub(crate) rate: u32,
    pub(crate) seconds: u32,
}

impl Options {
    /// Reads the command line; `None` when help is asked for.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let mut options = Self { folder: PathBuf::new(), records: 1_000_000, callers: 256, rate: 10_000, seconds: 20 };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let Long(name) = argument else { return Err(argument.unexpected().to_string()) };
            let name = name.to_owned();
            if name == "help" {
                return Ok(None);
            }
            let value = parser.value().map_err(|error| error.to_string())?;
            let fault = |error: lexopt::Error| format!("--{name}: {error}");
            match name.as_str() {
                "folder" => options.folder = PathBuf::from(value),
                "records" => options.records = value.parse().map_err(fault)?,
                "callers" => options.callers = value.parse().map_err(fault)?,
                "rate" => options.rate = value.parse().map_err(fault)?,
                "seconds" => options.seconds = value.parse().map_err(fault)?,
                _ => return Err(format!("--{name}: unknown option; --help lists them")),
            }
        }
        if options.folder.as_os_str().is_empty() {
            return Err("--folder is needed".to_owned());
        }
        Ok(Some(options))
    }
}
