//! `licet trust apply`: replaces the trust list of a gateway, after the checks that the gateway itself would make.

use std::path::Path;
use std::process::ExitCode;

use super::Failure;
use crate::clock;
use crate::config::Config;
use crate::trust::list::{List, Signers};
use crate::trust::{last_accepted, replace, signers};

pub(super) fn run(path: &Path, config: &Path) -> Result<ExitCode, Failure> {
    let source = Config::read(config)?
        .trust_list
        .ok_or_else(|| Failure::Work(format!("{} has no [trust_list] to replace", config.display())))?;
    let refused = |error: &dyn std::fmt::Display| Failure::Work(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| refused(&error))?;
    let signers = signers(&source)?;
    let list = List::read(&bytes, Signers::Pinned(&signers)).map_err(|error| refused(&error))?;
    // What was applied before and the gateway has not read yet counts like what it has accepted.
    let present = std::fs::read(&source.file).ok().and_then(|bytes| List::read(&bytes, Signers::Pinned(&signers)).ok());
    let accepted = last_accepted(&source, &signers);
    let last = [present, accepted].into_iter().flatten().map(|list| list.facts).max_by_key(|facts| facts.version);
    list.may_follow(last.as_ref(), clock::now()).map_err(|error| refused(&error))?;
    replace(&source.file, &bytes)
        .map_err(|error| Failure::Work(format!("{} cannot be replaced: {error}", source.file.display())))?;
    let old = last.map_or_else(|| "none".to_owned(), |last| last.version.to_string());
    println!("{}: version {old} -> {}", source.file.display(), list.facts.version);
    Ok(ExitCode::SUCCESS)
}
