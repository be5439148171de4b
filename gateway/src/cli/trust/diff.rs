//! `licet trust diff`: what came, went or changed.

use std::path::Path;
use std::process::ExitCode;

use super::facts::facts;
use super::{Failure, believe};
use crate::difference::Difference;

/// Says what is different. A side that cannot be read is no difference: scripts tell them apart by the exit status.
pub(super) fn run(old: &Path, new: &Path, is_json: bool) -> Result<ExitCode, Failure> {
    let read = |path| believe(path).map(|belief| facts(&belief.rules)).map_err(|failure| Failure::Usage(failure.to_string()));
    let difference = Difference::between(&read(old)?, &read(new)?);
    if is_json {
        println!("{}", serde_json::to_string(&difference).map_err(|error| Failure::Work(error.to_string()))?);
    } else {
        print!("{difference}");
    }
    Ok(if difference.same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
