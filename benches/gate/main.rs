//! `licet-gate`: counts the instructions of the hot path, step by step, and fails when one takes more than it did.
//!
//! ```text
//! licet-gate              holds every counted step against benches/gate.toml
//! licet-gate --update     writes that file anew
//! licet-gate --only STEP  the same of one step; may be repeated
//! ```
//!
//! Time says little on a machine that others use as well; a processor that valgrind plays counts the same every day. Each step runs
//! twice under callgrind, with the same preparation: so often that it is warm, and so often and then some more. The difference is what the
//! runs took, on all threads. See `docs/decisions/0002-instruction-gate.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to people")]

mod baseline;
mod callgrind;
mod compare;
mod options;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use baseline::{Baseline, Setting};
use benches::steps::{self, Step};
use options::Options;

fn main() -> ExitCode {
    let outcome = Options::read().and_then(|options| match options {
        Options::Help => {
            print!("{}", options::HELP);
            Ok(true)
        }
        Options::Run { step, warm, times } => run(&step, warm, times).map(|()| true),
        Options::Gate { file, update, only } => gate(&file, update, &only),
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("licet-gate: {reason}");
            ExitCode::from(2)
        }
    }
}

/// What is counted: prepares for all runs, whether they come or not, and takes the first so many.
fn run(step: &str, prepared: u64, times: u64) -> Result<(), String> {
    let mut run = (steps::named(step)?.make)()?;
    run.prepare(prepared);
    for _ in 0..times {
        run.once();
    }
    run.fault().map_or(Ok(()), |fault| Err(fault.to_owned()))
}

/// Whether every step is as it was.
fn gate(file: &Path, update: bool, only: &[String]) -> Result<bool, String> {
    for name in only {
        steps::named(name)?;
    }
    let setting = Setting::here()?;
    let counts = count(|step| only.is_empty() || only.iter().any(|name| name == step.name))?;
    if update {
        let kept = if only.is_empty() { BTreeMap::new() } else { Baseline::read(file)?.steps };
        let steps = kept.into_iter().chain(counts).collect();
        Baseline { setting, steps }.write(file)?;
        println!("{} is written.", file.display());
        return Ok(true);
    }
    let mut baseline = Baseline::read(file)?;
    if !only.is_empty() {
        baseline.steps.retain(|name, _| only.contains(name));
    }
    let findings = compare::compare(&baseline.steps, &counts);
    let differences = baseline.setting.differences(&setting);
    for line in compare::told(&findings, &differences) {
        println!("{line}");
    }
    Ok(differences.is_empty() && findings.iter().all(|finding| finding.judgement.is_good()))
}

/// The instructions of one run of each chosen step.
fn count(chosen: impl Fn(&Step) -> bool) -> Result<BTreeMap<String, u64>, String> {
    let mut counts = BTreeMap::new();
    for step in steps::all().filter(|step| chosen(step)) {
        if let Some(counted) = step.counted {
            let each = callgrind::count(step.name, counted)?;
            println!("{each:>12}  {}", step.name);
            counts.insert(step.name.to_owned(), each);
        }
    }
    Ok(counts)
}
