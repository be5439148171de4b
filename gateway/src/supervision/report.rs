//! The report of a month (SLA): how each resource of a department kept what was promised.

use std::fmt::Write as _;
use std::str::FromStr;

use crypto::catalogue::{Resource, Sla};
use crypto::time::{Date, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use storage::StorageError;
use storage::ledger::{Ledger, Watched};

/// A month in China.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    year: u16,
    month: u8,
}

/// The report of a month.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MonthReport {
    /// The month, such as `2026-07`.
    pub month: String,
    /// Its beginning, in China.
    pub from: Timestamp,
    /// Its end, excluded.
    pub until: Timestamp,
    /// Whether it is over.
    pub is_complete: bool,
    /// The resources, by provider and code.
    pub resources: Vec<ResourceReport>,
}

/// How a resource kept what was promised.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ResourceReport {
    /// The organisation that provides it.
    pub provider: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What was promised, as the catalogue has it now.
    pub promised: Sla,
    /// Questions.
    pub calls: u64,
    /// Those without an answer.
    pub errors: u64,
    /// Answers that came later than promised.
    pub slow: u64,
    /// How many of 100,000 questions were answered; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_per_100000: Option<u64>,
    /// Half of the answers came within so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<u32>,
    /// 95 of a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<u32>,
    /// 99 of a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<u32>,
    /// Whether all of it was kept; absent where there were no questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_kept: Option<bool>,
}

impl FromStr for Month {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2).ok_or(())?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month) = if is_number(year) && is_number(month) { (year, month) } else { return Err(()) };
        let found = Self { year: year.parse().or(Err(()))?, month: month.parse().or(Err(()))? };
        Date::new(found.year, found.month, 1).map(|_| found).ok_or(())
    }
}

impl Month {
    /// From when to when, the end excluded. None for the last month that there is.
    #[must_use]
    pub fn span(self) -> Option<(Timestamp, Timestamp)> {
        let next = if self.month == 12 { (self.year.checked_add(1)?, 1) } else { (self.year, self.month + 1) };
        let start = |year, month| Date::new(year, month, 1).map(Date::start_in_china);
        start(self.year, self.month).zip(start(next.0, next.1))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl MonthReport {
    /// The report about these resources. An hour that the beginning or the end lies in counts where it begins: China's hours are those
    /// of the ledger.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn make<'a>(
        ledger: &Ledger,
        month: Month,
        resources: impl Iterator<Item = &'a Resource>,
        now: Timestamp,
    ) -> Result<Option<Self>, StorageError> {
        let Some((from, until)) = month.span() else { return Ok(None) };
        let mut rows = Vec::new();
        for resource in resources {
            rows.push(row(ledger, resource, from, until)?);
        }
        rows.sort_by(|a, b| (&a.provider, &a.code).cmp(&(&b.provider, &b.code)));
        Ok(Some(Self { month: month.to_string(), from, until, is_complete: now >= until, resources: rows }))
    }

    /// The same as comma-separated values (RFC 4180), safe to open in a spreadsheet.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "month,provider,code,name,calls,errors,slow,available_per_100000,p50_ms,p95_ms,p99_ms,promised_ms,kept\r\n",
        );
        for row in &self.resources {
            let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
            let available = row.available_per_100000.map(|value| value.to_string()).unwrap_or_default();
            let kept = row.is_kept.map(|kept| kept.to_string()).unwrap_or_default();
            let columns = [
                self.month.clone(),
                row.provider.clone(),
                row.code.clone(),
                row.name.clone(),
                row.calls.to_string(),
                row.errors.to_string(),
                row.slow.to_string(),
                available,
                number(row.p50_ms),
                number(row.p95_ms),
                number(row.p99_ms),
                row.promised.latency_ms.to_string(),
                kept,
            ];
            // Writing to a text cannot fail.
            write!(out, "{}\r\n", columns.map(|text| cell(&text)).join(",")).unwrap_or_default();
        }
        out
    }
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn row(ledger: &Ledger, resource: &Resource, from: Timestamp, until: Timestamp) -> Result<ResourceReport, StorageError> {
    let sum = ledger.sum(&Watched::Resource(resource.code.clone()), from, until)?;
    let within = |count: u64, permille: u16| count.saturating_mul(1000) <= sum.calls.saturating_mul(permille.into());
    let sla = resource.sla;
    let is_kept = within(sum.errors, sla.error_permille_max) && within(sum.slow, sla.slow_permille_max);
    Ok(ResourceReport {
        provider: resource.provider.clone(),
        code: resource.code.clone(),
        name: resource.name.clone(),
        promised: sla,
        calls: sum.calls,
        errors: sum.errors,
        slow: sum.slow,
        available_per_100000: (sum.calls - sum.errors.min(sum.calls)).saturating_mul(100_000).checked_div(sum.calls),
        p50_ms: sum.quantile_ms(500),
        p95_ms: sum.quantile_ms(950),
        p99_ms: sum.quantile_ms(990),
        is_kept: (sum.calls > 0).then_some(is_kept),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_china() {
        let span = |text: &str| text.parse::<Month>().unwrap().span().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(span("2026-07"), (at("2026-06-30T16:00:00Z"), at("2026-07-31T16:00:00Z")));
        assert_eq!(span("2026-12").1, at("2026-12-31T16:00:00Z"));
        for bad in ["2026-13", "2026-00", "2026-7", "202607", "+026-07", "2026-07-01", ""] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }

    #[test]
    fn cells_are_no_formulas() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("户籍"), "户籍");
    }
}
