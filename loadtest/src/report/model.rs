//! A whole report.

use serde::Serialize;

use super::finding::{Finding, Verdict};
use super::machine::Machine;
use super::step::Step;
use crate::time::wall;

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was done.
    pub title: String,
    /// When.
    pub made: String,
    /// By which version of this program.
    pub version: &'static str,
    /// On what.
    pub machine: Machine,
    /// With what: name and value.
    pub settings: Vec<(String, String)>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Tables that say more than findings: a heading, the names of columns, rows.
    pub tables: Vec<Table>,
    /// Measurements of a server that does nothing.
    pub floors: Vec<Step>,
    /// Measurements.
    pub steps: Vec<Step>,
}

/// A table of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The names of columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Report {
    /// An empty one, of this moment.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            made: wall().to_string(),
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::this(),
            settings: Vec::new(),
            findings: Vec::new(),
            tables: Vec::new(),
            floors: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// With what it was measured.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.settings.push((name.to_owned(), value.into()));
    }

    /// Whether the figures are the server's: no measurement, of the floor neither, is in doubt.
    #[must_use]
    pub fn kept_time(&self) -> Finding {
        let all = self.floors.iter().chain(&self.steps);
        let doubts: Vec<String> =
            all.flat_map(|step| step.doubts.iter().map(|doubt| format!("{}: {doubt}", step.name))).collect();
        Finding::held("the load kept its time", doubts.join("; "), "", doubts.is_empty())
    }

    /// Whether nothing that was wanted was missed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.verdict != Verdict::Missed)
    }
}
