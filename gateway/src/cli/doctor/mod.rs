//! `licet doctor --config FILE`

mod finding;
mod offline;
mod online;

use std::cmp::Reverse;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use self::finding::{Finding, Severity};
use self::online::Said;
use super::{Failure, arguments};
use crate::clock;
use crate::config::Config;

pub(super) const ARGUMENTS: &str = "--config FILE [--json]";

const USAGE: &str = "Says how the gateway with this configuration is: whether it serves, what is wrong, how bad that is, what it means, and what to type
next. It looks at the configuration and its files, their modes, certificates, the disk; asks a gateway that runs; and looks into
the store of one that does not, which it opens: that folds the write-ahead log into tables, as a start does. Where the state is
evidence, copy the folder first. It changes nothing else. Run it as the user of the gateway.

Usage: licet doctor --config FILE [--json]

Exit status: 0 all is well, 1 it serves and something needs a look, 2 it does not serve, or not all of it.";

/// What was found.
struct Diagnosis {
    /// Whether a gateway listens; nothing where that cannot be known.
    is_running: Option<bool>,
    findings: Vec<Finding>,
}

/// Looks, and says what was found.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut is_json = false;
    let usage = format!("doctor {ARGUMENTS}");
    let Some(file) = arguments::read(parser, (USAGE, &usage), &mut [("json", &mut is_json)])? else {
        return Ok(ExitCode::SUCCESS);
    };
    let diagnosis = examine(&file);
    let (status, verdict) = diagnosis.verdict();
    if is_json {
        let told =
            json!({ "status": status, "verdict": verdict, "running": diagnosis.is_running, "findings": diagnosis.findings });
        println!("{told}");
    } else {
        println!("{verdict}");
        diagnosis.findings.iter().for_each(print);
    }
    Ok(ExitCode::from(status))
}

/// Everything that can be found out, the worst first.
fn examine(file: &Path) -> Diagnosis {
    let now = clock::now();
    let read = Config::read(file).ok();
    // What another user cannot open says nothing about the gateway.
    let user = read.as_ref().and_then(offline::user);
    let is_stranger = user.is_some();
    let configuration = if is_stranger { None } else { offline::configuration(file) };
    let mut findings: Vec<_> = configuration.into_iter().chain(user).collect();
    let mut is_running = None;
    if let Some(config) = read {
        findings.extend(offline::exposed(file));
        findings.extend(offline::modes(&config));
        match online::ask(&config) {
            Said::Found(found) => {
                is_running = Some(true);
                findings.extend(found);
                // What is wrong with the file has been said.
                let is_said = is_stranger || findings.iter().any(|finding| finding.check == "configuration");
                findings.extend(if is_said { None } else { offline::keys(&config) });
            }
            Said::Nobody => {
                is_running = Some(false);
                findings.push(Finding::fault("running", "no gateway runs with this configuration"));
                findings.extend(offline::ports(&config));
                if !is_stranger {
                    findings.extend(offline::anchor(&config));
                    findings.extend(offline::store(&config, now));
                }
            }
            Said::Unknown(why) => findings.push(why),
        }
        // What the gateway has said of these itself is not said twice.
        let later = offline::certificates(&config, now).into_iter().chain(offline::disk(&config));
        let told: Vec<String> = findings.iter().map(|finding| finding.check.clone()).collect();
        findings.extend(later.filter(|finding| !told.contains(&finding.check)));
    }
    for finding in &mut findings {
        finding.next = finding.next.replace("CONFIG", &file.display().to_string());
    }
    // That nobody runs comes last of the faults: the others are to be mended first.
    findings.sort_by_key(|finding| (Reverse(finding.severity), finding.check == "running"));
    let faults = findings.iter().filter(|finding| finding.severity == Severity::Fault).count();
    if faults > 1
        && let Some(down) = findings.iter_mut().find(|finding| finding.check == "running")
    {
        "mend the faults above first; journalctl -u licet -n 50 has what it said last".clone_into(&mut down.next);
    }
    Diagnosis { is_running, findings }
}

impl Diagnosis {
    /// The exit status, and the one line that says it all.
    fn verdict(&self) -> (u8, String) {
        let faults: Vec<&str> = self.findings.iter().filter(|it| it.severity == Severity::Fault).map(|it| &*it.check).collect();
        let warnings = self.findings.len() - faults.len();
        let (look, need) = if warnings == 1 { ("thing", "needs") } else { ("things", "need") };
        match (faults.as_slice(), self.is_running) {
            (["running"], _) if self.findings.iter().any(|it| it.check == "user") => {
                (2, "licet does not run; keys and store were not looked at, as they belong to another user.".to_owned())
            }
            ([], _) if warnings == 0 => (0, "licet is well.".to_owned()),
            ([], _) => (1, format!("licet serves; {warnings} {look} {need} a look.")),
            (["running"], _) => (2, "licet does not run; nothing was found that would keep it from starting.".to_owned()),
            (_, Some(false)) => (2, format!("licet does not run; {} wrong.", are(&faults))),
            (_, Some(true)) => (2, format!("licet runs, and does not do all of its work; {} wrong.", are(&faults))),
            (faults, None) if !faults.contains(&"configuration") => {
                (2, format!("It is not known whether licet runs; {} wrong.", are(faults)))
            }
            (_, None) => (2, "The configuration cannot be read, so that it is not known whether licet runs.".to_owned()),
        }
    }
}

/// The names, each once, with the verb that goes with them.
fn are(names: &[&str]) -> String {
    let mut once: Vec<&str> = names.iter().copied().filter(|name| *name != "running").collect();
    once.dedup();
    format!("{} {}", once.join(", "), if once.len() == 1 { "is" } else { "are" })
}

fn print(finding: &Finding) {
    let severity = match finding.severity {
        Severity::Warning => "warning",
        Severity::Fault => "FAULT",
    };
    println!("\n{severity:<8}{}: {}", finding.check, finding.what);
    println!("  means {}", finding.means);
    println!("  next  {}", finding.next);
    println!("  page  {}", finding.page);
}
