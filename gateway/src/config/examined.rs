//! A configuration that was looked at, and what is wrong with it.

use std::collections::BTreeSet;

use super::reading::section;
use super::{Config, Faults};

/// What was made of a configuration file.
#[derive(Debug)]
pub struct Examined {
    /// What it says; with faults, what it would say if they were mended somehow. For looking on, never for running.
    pub config: Option<Config>,
    /// What is wrong with the text itself.
    pub faults: Faults,
    /// The sections in which something is wrong already.
    pub(super) doubtful: BTreeSet<String>,
}

/// Keys that are checked against another section: how they begin, how they end, and the section without which nothing can be said.
const LEANS: [(&str, &str, &str); 5] = [
    ("callers", ".audits", "organisations"),
    ("policy", "policy", "trust_list"),
    ("status.sources", ".domain", "trust"),
    ("status_list", "status_list", "signing"),
    ("trust_list", "trust_list", "trust"),
];

impl Examined {
    /// Adds what was found to be wrong later on, in files above all. What may come from something that is told already is left out.
    pub fn take<T>(&mut self, result: Result<T, Faults>) -> Option<T> {
        let is_doubtful = |name: &str| self.doubtful.contains(name);
        let leans =
            |key: &str| LEANS.iter().any(|(begin, end, on)| key.starts_with(begin) && key.ends_with(end) && is_doubtful(on));
        let told = result.map_err(|mut faults| {
            faults.retain(|fault| !is_doubtful(section(&fault.key)) && !leans(&fault.key));
            faults
        });
        self.faults.take(told)
    }
}
