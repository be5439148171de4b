//! `licet config docs`

use std::process::ExitCode;

use lexopt::prelude::*;

use super::HELP;
use crate::cli::Failure;
use crate::config::{Config, Schema};

/// Prints every setting.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut is_schema = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            Long("schema") => is_schema = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let schema = Schema::of::<Config>();
    if is_schema {
        println!("{:#}", schema.json());
    } else {
        print!("{}", schema.document());
    }
    Ok(ExitCode::SUCCESS)
}
