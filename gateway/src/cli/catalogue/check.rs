//! `licet catalogue check`: what is wrong with the catalogue of the files.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crypto::catalogue::{Catalogue, CatalogueFault, Entry, Rule, check};

use super::print;
use crate::catalogue::citizen_numbers;
use crate::clock;
use crate::handlers::today_in_china;

pub(super) fn run(entries: Vec<Entry>) -> ExitCode {
    let mut faults = of_files(&entries);
    let catalogue = Catalogue::of(0, entries);
    faults.extend(check(&catalogue, None));
    print(&faults);
    if faults.is_empty() {
        println!("{} entries, nothing is wrong", catalogue.len());
        return ExitCode::SUCCESS;
    }
    println!("something is wrong");
    ExitCode::FAILURE
}

/// What is wrong with the files, whatever else there is in a catalogue.
pub(super) fn of_files(entries: &[Entry]) -> Vec<CatalogueFault> {
    let mut faults = citizen_numbers(entries, today_in_china(clock::now()));
    let mut keys = BTreeSet::new();
    for key in entries.iter().map(Entry::key) {
        if !keys.insert(key.clone()) {
            faults.push(CatalogueFault { entry: Some(key), field: String::new(), rule: Rule::Repeated });
        }
    }
    faults
}
