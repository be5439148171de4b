//! `licet catalogue apply`: changes a gateway's catalogue into that of the files.

use std::process::ExitCode;

use crypto::catalogue::{Catalogue, Change, Entry, diff};
use serde_json::json;

use super::check::of_files;
use super::diff::say;
use super::remote::{Applied, Remote};
use super::{Options, print};
use crate::cli::input::InputError;
use crate::clock;

pub(super) fn run(entries: Vec<Entry>, remote: &Remote, options: &Options) -> Result<ExitCode, InputError> {
    let faults = of_files(&entries);
    let there = remote.read()?;
    let (puts, mut removals) = diff(&there, &Catalogue::of(there.version, entries));
    if !options.is_pruning {
        removals.clear();
    }
    if faults.is_empty() && puts.is_empty() && removals.is_empty() {
        println!("the same as version {}", there.version);
        return Ok(ExitCode::SUCCESS);
    }
    let change = change(&there, puts, removals);
    let faults = if faults.is_empty() { there.apply(&change, None).err().unwrap_or_default() } else { faults };
    if !faults.is_empty() {
        print(&faults);
        println!("something is wrong; nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    let request = json!({
        "base_version": there.version, "puts": change.puts, "removals": change.removals, "reason": options.reason,
    });
    match remote.change(&request)? {
        Applied::Made(made) => {
            say(&there, &change.puts, &change.removals);
            println!("version {} -> {}", there.version, made.version);
            Ok(ExitCode::SUCCESS)
        }
        Applied::Refused(why, faults) => {
            print(&faults);
            println!("refused: {why}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The change as the gateway will make it, but for who and when.
fn change(there: &Catalogue, puts: Vec<Entry>, removals: Vec<crypto::catalogue::Key>) -> Change {
    Change {
        version: there.version.saturating_add(1),
        at: clock::now(),
        caller: String::new(),
        organisation: String::new(),
        reason: None,
        puts,
        removals,
    }
}
