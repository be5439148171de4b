//! A report as Markdown.

use std::fmt::Write as _;

use super::model::{Report, Table};
use super::step::{KindRow, Step};
use crate::number::{grouped, ratio, real, short};
use crate::server::{Usage, sum};

/// The whole report.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    write_all(report, &mut text).unwrap_or_default();
    text
}

fn write_all(report: &Report, text: &mut String) -> std::fmt::Result {
    let machine = &report.machine;
    writeln!(text, "# {}\n", report.title)?;
    writeln!(
        text,
        "{} by licet-load {}, on {} ({} cores, Linux {}, load {} at the beginning).\n",
        report.made, report.version, machine.processor, machine.cores, machine.kernel, machine.load
    )?;
    for (name, value) in &report.settings {
        writeln!(text, "- {name}: {value}")?;
    }
    if !report.findings.is_empty() {
        writeln!(text, "\n| what | found | wanted | |\n|---|---|---|---|")?;
        for finding in &report.findings {
            writeln!(text, "| {} | {} | {} | {} |", finding.what, finding.found, finding.wanted, finding.verdict.name())?;
        }
    }
    for table in &report.tables {
        table_of(table, text)?;
    }
    if !report.floors.is_empty() {
        writeln!(text, "\n## The floor: the same TLS, and nothing behind it")?;
        measurements(&report.floors, text)?;
    }
    if !report.steps.is_empty() {
        writeln!(text, "\n## Measurements")?;
        measurements(&report.steps, text)?;
    }
    for step in &report.steps {
        details(step, text)?;
    }
    Ok(())
}

fn table_of(table: &Table, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n## {}\n\n| {} |\n|{}", table.title, table.columns.join(" | "), "---|".repeat(table.columns.len()))?;
    table.rows.iter().try_for_each(|row| writeln!(text, "| {} |", row.join(" | ")))
}

/// The names of the columns of [`measurement`].
pub(super) const COLUMNS: [&str; 12] = [
    "what",
    "how",
    "answers a second",
    "p50 ms",
    "p90 ms",
    "p99 ms",
    "p99.9 ms",
    "max ms",
    "refused",
    "wrong or missing",
    "server: cores, µs a request",
    "load: cores, lag p99 ms",
];

/// A measurement as a row.
pub(super) fn measurement(step: &Step) -> Vec<String> {
    let latency = &step.all.latency;
    let server = step.usage.as_ref().map_or_else(String::new, |usage| {
        let per_request = step.cpu_us().map_or_else(String::new, |us| format!(", {}", short(us)));
        format!("{:.2}{per_request}", cores(usage))
    });
    let own = step.own_cores.map_or_else(String::new, |own| format!("{own:.2}, "));
    let mut row = vec![step.name.clone(), step.load.clone(), short(step.per_s)];
    row.extend([latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms, latency.max_ms].map(short));
    row.extend([grouped(step.all.refused), grouped(step.all.bad()), server, format!("{own}{}", short(step.lag.p99_ms))]);
    row
}

/// How many cores a server used on average.
pub(super) fn cores(usage: &Usage) -> f64 {
    (usage.user_s + usage.system_s) / usage.lasted_s.max(1e-9)
}

fn measurements(steps: &[Step], text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n| {} |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()))?;
    steps.iter().try_for_each(|step| writeln!(text, "| {} |", measurement(step).join(" | ")))
}

/// The names of the columns of [`kind`].
pub(super) const KIND_COLUMNS: [&str; 9] =
    ["kind", "good", "refused", "wrong", "failed", "not sent", "p50 ms", "p99 ms", "p99 ms from sending"];

/// A kind of request as a row.
pub(super) fn kind(row: &KindRow) -> Vec<String> {
    let mut cells = vec![row.kind.to_string()];
    cells.extend([row.good, row.refused, row.wrong, row.failed, row.unsent].map(grouped));
    cells.extend([row.latency.p50_ms, row.latency.p99_ms, row.service.p99_ms].map(short));
    cells
}

/// What the server used, in a sentence.
pub(super) fn used(usage: &Usage) -> String {
    let mib = |bytes: u64| short(real(bytes) / 1_048_576.0);
    format!(
        "The server used {} s of processor time of its own and {} s of the kernel in {} s; its memory was {} MiB at the beginning, \
         {} at the end and {} at most; it wrote {} MiB to the disk, and had {} files and connections open and {} threads at most.",
        short(usage.user_s),
        short(usage.system_s),
        short(usage.lasted_s),
        mib(usage.rss_first),
        mib(usage.rss_last),
        mib(usage.rss_most),
        mib(usage.written),
        usage.files_most,
        usage.threads_most
    )
}

/// What the server counted itself, in a sentence; nothing where that is not known.
pub(super) fn counted(step: &Step) -> Option<String> {
    let of = |beginning: &str| sum(&step.counters, beginning);
    let (looked, kept) = (of("licet_cache_lookups_total"), of("licet_cache_lookups_total{outcome=\"hit\"}"));
    let (records, took) = (of("licet_log_append_seconds_count"), of("licet_log_append_seconds_sum"));
    let share = ratio(kept * 100.0, looked).map_or_else(|| "none".to_owned(), |share| format!("{share:.1} %"));
    let each = ratio(took * 1000.0, records).map_or_else(|| "no time".to_owned(), |each| format!("{} ms", short(each)));
    (!step.counters.is_empty()).then(|| {
        format!(
            "Of {} verdicts that the server looked for it had kept {share}; it put {} records into its logs, each durable after {each} \
             on average.",
            short(looked), short(of("licet_log_records_total"))
        )
    })
}

fn details(step: &Step, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n### {}\n\n{}; mix {}; {} s.", step.name, step.load, step.mix, short(step.lasted_s))?;
    for doubt in &step.doubts {
        writeln!(text, "\n**Doubtful**: {doubt}.")?;
    }
    writeln!(text, "\n| {} |\n|{}", KIND_COLUMNS.join(" | "), "---|".repeat(KIND_COLUMNS.len()))?;
    for row in &step.kinds {
        writeln!(text, "| {} |", kind(row).join(" | "))?;
    }
    for row in &step.kinds {
        if let Some(complaint) = &row.complaint {
            writeln!(text, "\nThe first {} that went wrong: `{}`", row.kind, complaint.replace('`', "'"))?;
        }
    }
    if let Some(usage) = &step.usage {
        writeln!(text, "\n{}", used(usage))?;
    }
    if let Some(counted) = counted(step) {
        writeln!(text, "\n{counted}")?;
    }
    Ok(())
}
