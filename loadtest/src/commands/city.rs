//! `licet-load city`

use std::process::ExitCode;

use loadtest::city;

use super::{Done, Failure, threads};

/// Plays a city.
pub(crate) fn city(parser: &mut lexopt::Parser) -> Done {
    let Some(options) = city::Options::read(parser).map_err(Failure::Misused)? else {
        print!("{}", city::HELP);
        return Ok(ExitCode::SUCCESS);
    };
    let report = threads()?.block_on(city::run(&options)).map_err(Failure::Failed)?;
    print!("{report}");
    Ok(if report.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
