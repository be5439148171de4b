//! `licet catalogue diff`: what the files have otherwise than a gateway.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crypto::catalogue::{Catalogue, Entry, Key, diff};
use serde_json::Value;

pub(super) fn run(entries: Vec<Entry>, there: &Catalogue) -> ExitCode {
    let (puts, removals) = diff(there, &Catalogue::of(there.version, entries));
    if puts.is_empty() && removals.is_empty() {
        println!("the same as version {}", there.version);
        return ExitCode::SUCCESS;
    }
    say(there, &puts, &removals);
    ExitCode::FAILURE
}

/// One line for each entry.
pub(super) fn say(there: &Catalogue, puts: &[Entry], removals: &[Key]) {
    for entry in puts {
        let key = entry.key();
        match there.entry(&key) {
            None => println!("+ {key}"),
            Some(old) => println!("~ {key}: {}", changed(old, entry).join(", ")),
        }
    }
    for key in removals {
        println!("- {key}");
    }
}

/// The names of the fields that are not the same.
fn changed(old: &Entry, new: &Entry) -> Vec<String> {
    let [old, new] = [old, new].map(|entry| serde_json::to_value(entry).unwrap_or_default());
    let names = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default();
    names(&old).union(&names(&new)).filter(|name| old.get(name) != new.get(name)).cloned().collect()
}
