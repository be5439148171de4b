//! `licet log`: the logs as everybody can check them, online, in a copy of a store, or in a mirror of the tiles.

mod answer;
mod check;
mod export;
mod fsck;
mod gossip;
mod mirror;
mod monitor;
pub(super) mod online;
pub(super) mod place;
mod prove;
mod show;
mod shown;
mod trusted;

use std::process::ExitCode;

use lexopt::prelude::*;

use super::Failure;

/// What the help of `licet` shows of it.
pub(super) const ARGUMENTS: &str = "show | prove | check | monitor | export | fsck | gossip";

const HELP: &str = "\
Looks at the logs of what happened, and checks them.

Usage: licet log show     sizes, checkpoints and witnesses, or one record
       licet log prove    writes the proof that a record is in its log, or that an answer is complete
       licet log check    checks proofs and records; needs no network and no store
       licet log monitor  copies a log, and checks that it only grew
       licet log export   writes the records of a log to a file
       licet log fsck     checks the logs of a store that nobody has open, byte for byte
       licet log gossip   compares checkpoints that several clients saw

Each explains itself with --help. Exit status of all: 0 good, 1 something is wrong with what was looked at, 64 wrong command line,
configuration or file, 66 a file or an address cannot be read.";

/// Runs one of the commands.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let word = match parser.next() {
        Ok(Some(Value(word))) => word,
        Ok(Some(Long("help") | Short('h'))) => {
            println!("{HELP}");
            return Ok(ExitCode::SUCCESS);
        }
        _ => {
            eprintln!("licet log: a command is needed; see licet log --help");
            return Ok(ExitCode::from(super::input::USAGE));
        }
    };
    Ok(match word.to_str() {
        Some("show") => show::run(parser),
        Some("prove") => prove::run(parser),
        Some("check") => check::run(parser),
        Some("monitor") => monitor::run(parser),
        Some("export") => export::run(parser),
        Some("fsck") => fsck::run(parser),
        Some("gossip") => gossip::run(parser),
        _ => {
            eprintln!("licet log: there is no command {}; see licet log --help", word.display());
            ExitCode::from(super::input::USAGE)
        }
    })
}
