//! `licet config`: what a configuration may say, and what is wrong with one.

mod check;
mod docs;
mod surroundings;

use std::process::ExitCode;

use lexopt::prelude::*;

pub(super) use self::check::check;
pub(super) use self::surroundings::{exposed, ports};
use super::Failure;

/// What follows the name of the command.
pub(super) const ARGUMENTS: &str = "check FILE | diff FILE | docs";

const USAGE: &str = "usage: licet config check [--json] FILE | diff FILE | docs [--schema]";

const HELP: &str = "Says what is wrong with a configuration, and what one may say.

Usage: licet config check [--json] FILE    see licet config check --help
       licet config diff FILE              see licet config diff --help
       licet config docs [--schema]        every setting with its default, as Markdown or as a JSON schema

Exit status: 0 good, 2 something is wrong.";

/// Runs one of the subcommands.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    match parser.next()? {
        Some(Value(word)) if word == "check" => check::run(parser),
        Some(Value(word)) if word == "diff" => super::reload::diff(parser),
        Some(Value(word)) if word == "docs" => docs::run(parser),
        Some(Long("help") | Short('h')) => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(Failure::Usage(USAGE.to_owned())),
    }
}
