//! `licet store`: the format of a store that no gateway has open.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;
use storage::engine::FORMAT_NEWEST;
use storage::{Options, Progress, Store, StoreError};

use super::{Failure, out};
use crate::app;
use crate::config::Config;

pub(super) const ARGUMENTS: &str = "show | migrate --config FILE";

const HELP: &str = "\
Shows the format of the store of a configuration, or brings it to the newest. No gateway may run over it.

Usage: licet store show --config FILE
       licet store migrate --config FILE

  show     its format, the program that wrote it, and the names of its keys; nothing is changed
  migrate  takes every step to the newest format; what is broken off goes on when it is begun again. There is no way back: an
           older licet refuses the store by name, so make a backup first

A gateway that starts takes steps by itself that take moments, and names this command for those that do not.

Exit status: 0 done, 1 not done, 2 the command or the configuration is wrong.";

/// How many rows go by between two lines, where nobody looks at a terminal.
const ROWS_A_LINE: u64 = 100_000;

/// Shows or migrates.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let usage = || Failure::Usage("usage: licet store show | migrate --config FILE".to_owned());
    let (mut words, mut file) = (Vec::new(), None);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word.string()?),
            Long("config") => file = Some(PathBuf::from(parser.value()?)),
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let config = Config::read(file.as_deref().ok_or_else(usage)?)?;
    let failed = |error: StoreError| Failure::Work(format!("{}: {error}", config.storage.path.display()));
    if !config.storage.path.exists() {
        return Err(Failure::Work(format!("{}: there is no store", config.storage.path.display())));
    }
    let keys = app::store_keys(&config.storage)?;
    match words.as_slice() {
        [word] if word == "show" => {
            let store = Store::inspect(&config.storage.path, &keys, &Options::default()).map_err(failed)?;
            let format = store.format().map_err(failed)?;
            println!("format {} of {FORMAT_NEWEST}, written by licet {}", format.format, format.written_by);
            if !format.needs.is_empty() {
                println!("needs {}", format.needs.join(", "));
            }
            for key in store.keyring().list().map_err(|error| failed(error.into()))? {
                let state = if key.is_current { "current" } else { "older" };
                println!("key {} {} {state}", key.id, key.cipher.name());
            }
        }
        [word] if word == "migrate" => {
            let mut shown = Shown { is_terminal: std::io::stderr().is_terminal(), rows: 0 };
            let done = Store::migrate(&config.storage.path, &keys, &Options::default(), &mut |progress| shown.tell(progress));
            shown.end();
            let done = done.map_err(failed)?;
            match done.from == done.to {
                true => println!("{}: has format {} already", config.storage.path.display(), done.to),
                false => println!("{}: format {} is now format {}", config.storage.path.display(), done.from, done.to),
            }
        }
        _ => return Err(usage()),
    }
    Ok(ExitCode::SUCCESS)
}

/// What is told of a step while it is under way: one line that changes on a terminal, and a line now and then elsewhere.
struct Shown {
    is_terminal: bool,
    rows: u64,
}

impl Shown {
    fn tell(&mut self, progress: Progress) {
        let Progress { from, to, name, done } = progress;
        if self.is_terminal {
            out::complain(format_args!("\rformat {from} to {to} ({name}): {done} rows"));
        } else if done / ROWS_A_LINE > self.rows / ROWS_A_LINE {
            eprintln!("format {from} to {to} ({name}): {done} rows");
        }
        self.rows = done;
    }

    fn end(&self) {
        if self.is_terminal && self.rows > 0 {
            eprintln!("");
        }
    }
}
