//! What came of a campaign.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ledger::Ledger;
use super::plan::{Fault, Plan};
use super::strike::Struck;
use super::{Options, sum};
use crate::fault::Lost;
use crate::number::{count, grouped, median, millis, short};
use crate::report::{Finding, Report, Table};

/// A round that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// What was to happen.
    pub plan: Plan,
    /// How long the start before it took.
    pub start: Duration,
    /// How long that and the check took.
    pub checked: Duration,
    /// How long all of it took.
    pub took: Duration,
    /// What came of the fault.
    pub struck: Struck,
    /// What the loss of power took.
    pub lost: Lost,
    /// How much was acknowledged until then and must be there.
    pub acknowledged: u64,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// What came of all rounds.
#[derive(Clone, Debug)]
pub struct Outcome {
    seed: u64,
    rounds: Vec<Round>,
    /// What is wrong after the last one.
    last: Vec<String>,
    counts: Vec<(String, u64, u64)>,
    acknowledged: u64,
}

impl Round {
    /// One before which the gateway did not come back.
    pub(super) fn lost(plan: Plan, why: String) -> Self {
        let (start, checked, took) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let (struck, lost) = (Struck::default(), Lost::default());
        Self { plan, start, checked, took, struck, lost, acknowledged: 0, wrong: vec![why] }
    }

    /// In a line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { plan, struck, lost, wrong, .. } = self;
        let mut parts = vec![format!("round {}: {}", plan.round, plan.fault.name())];
        if plan.power && plan.fault != Fault::Power {
            parts.push("power lost".to_owned());
        }
        if struck.hits > 0 {
            parts.push(format!("{} calls failed", grouped(struck.hits)));
        }
        if *lost != Lost::default() {
            let Lost { cut, gone, holed, garbled, bytes } = lost;
            let bytes = grouped(*bytes);
            parts.push(format!("{bytes} bytes lost: {cut} files cut, {gone} gone, {holed} with holes, {garbled} with garbage"));
        }
        parts.push(format!("start {} ms, check {} ms", short(millis(self.start)), short(millis(self.checked - self.start))));
        parts.push(format!("{} acknowledged", grouped(self.acknowledged)));
        parts.push(if wrong.is_empty() { "nothing wrong".to_owned() } else { format!("WRONG: {}", wrong.join("; ")) });
        parts.join(", ")
    }
}

impl Outcome {
    pub(super) fn new(options: &Options, rounds: Vec<Round>, last: Vec<String>, ledger: &Ledger) -> Self {
        let counts = ledger.counts.iter().map(|(kind, count)| ((*kind).to_owned(), count.done, count.unsure)).collect();
        Self { seed: options.seed, rounds, last, counts, acknowledged: ledger.acknowledged() }
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.last.is_empty() && sum(self.rounds.iter()) == 0
    }

    /// How the round that failed is done again; nothing where none did.
    #[must_use]
    pub fn again(&self) -> Option<String> {
        let failed = self.rounds.iter().find(|round| !round.wrong.is_empty()).or_else(|| self.rounds.last())?;
        // What is found wrong at the beginning of a round is of the one before it.
        let from = failed.plan.round.saturating_sub(1);
        (!self.is_right()).then(|| format!("licet-load campaign --seed {} --from {from} --rounds 2", self.seed))
    }

    /// As a report.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = Report::new("Faults, and what was acknowledged");
        report.set("seed", self.seed.to_string());
        report.set("rounds", grouped(count(self.rounds.len())));
        let wrong = sum(self.rounds.iter()) + count(self.last.len());
        let found = format!("{wrong} of {} that were acknowledged", grouped(self.acknowledged));
        report.findings.push(Finding::held("missing, come back, stale, or written after a failed write", found, "0", wrong == 0));
        let answered: u64 = self.counts.iter().map(|(_, done, _)| done).sum();
        report.findings.push(Finding::told("requests answered", grouped(answered)));
        let unsure: u64 = self.counts.iter().map(|(.., unsure)| unsure).sum();
        report.findings.push(Finding::told("requests without an answer, or put off", grouped(unsure)));
        let starts: Vec<f64> = self.rounds.iter().map(|round| millis(round.start)).collect();
        let longest = starts.iter().copied().fold(0.0, f64::max);
        let found = format!("{} ms in the middle, {} at most", short(median(starts).unwrap_or(0.0)), short(longest));
        report.findings.push(Finding::told("from start to serving", found));
        report.tables.extend([self.faults(), self.requests()]);
        if wrong > 0 {
            report.tables.push(self.wrong());
        }
        report
    }

    fn faults(&self) -> Table {
        let mut rows: BTreeMap<&str, Vec<&Round>> = BTreeMap::new();
        for round in &self.rounds {
            rows.entry(round.plan.fault.name()).or_default().push(round);
        }
        let row = |(name, rounds): (&str, Vec<&Round>)| {
            let all = |of: fn(&Round) -> u64| grouped(rounds.iter().map(|round| of(round)).sum());
            let longest = rounds.iter().map(|round| millis(round.took)).fold(0.0, f64::max);
            vec![
                name.to_owned(),
                grouped(count(rounds.len())),
                all(|round| u64::from(round.plan.power)),
                all(|round| round.struck.hits),
                all(|round| round.lost.cut),
                all(|round| round.lost.gone),
                all(|round| round.lost.holed),
                all(|round| round.lost.garbled),
                all(|round| round.lost.bytes),
                short(longest / 1000.0),
            ]
        };
        let columns = [
            "fault",
            "rounds",
            "with power lost",
            "calls that failed",
            "files cut",
            "files gone",
            "with holes",
            "with garbage",
            "bytes lost",
            "longest, s",
        ];
        let columns = columns.map(str::to_owned).to_vec();
        Table { title: "By fault".to_owned(), columns, rows: rows.into_iter().map(row).collect() }
    }

    fn requests(&self) -> Table {
        let row = |(kind, done, unsure): &(String, u64, u64)| vec![kind.clone(), grouped(*done), grouped(*unsure)];
        let columns = ["request", "answered", "without an answer, or put off"].map(str::to_owned).to_vec();
        Table { title: "By request".to_owned(), columns, rows: self.counts.iter().map(row).collect() }
    }

    fn wrong(&self) -> Table {
        let of = |round: &Round| {
            let number = round.plan.round.to_string();
            round.wrong.iter().map(|what| vec![number.clone(), cell(what)]).collect::<Vec<_>>()
        };
        let mut rows: Vec<Vec<String>> = self.rounds.iter().flat_map(of).collect();
        rows.extend(self.last.iter().map(|what| vec!["end".to_owned(), cell(what)]));
        Table { title: "What is wrong".to_owned(), columns: vec!["round".to_owned(), "what".to_owned()], rows }
    }
}

/// A text that does not break a table.
fn cell(text: &str) -> String {
    text.replace('|', "/").replace('\n', " ")
}
