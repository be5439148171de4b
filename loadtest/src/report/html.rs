//! A report as one page that needs nothing from outside: no script, no font, no picture.

use std::fmt::Write as _;

use super::finding::Verdict;
use super::markdown::{COLUMNS, KIND_COLUMNS, counted, kind, measurement, used};
use super::model::Report;
use super::plot::{Line, Plot, Scale, escape};
use super::step::Step;
use crate::engine::SLOT;
use crate::number::real;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;margin:1rem 0;font-size:13px}th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left}\
th{background:#f2f2f2}.missed{background:#fbe3de}.met{background:#e4f3e6}.doubt{color:#b03a1e;font-weight:600}\
figure{display:inline-block;margin:.5rem;width:31rem;max-width:100%}figcaption{font-weight:600;font-size:13px}\
svg text{font:11px system-ui,sans-serif;fill:#444}.grid{stroke:#ddd}polyline{stroke-width:1.4}";

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a text cannot fail.
    write_all(report, &mut page).unwrap_or_default();
    page
}

fn write_all(report: &Report, page: &mut String) -> std::fmt::Result {
    let (title, machine) = (escape(&report.title), &report.machine);
    write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>"
    )?;
    write!(
        page,
        "<body><h1>{title}</h1><p>{} by licet-load {}, on {} ({} cores, Linux {}, load {} at the beginning).</p>",
        report.made,
        report.version,
        escape(&machine.processor),
        machine.cores,
        escape(&machine.kernel),
        escape(&machine.load)
    )?;
    let settings = report.settings.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect::<Vec<_>>();
    table(page, &["with", ""], &settings)?;
    if !report.findings.is_empty() {
        write!(page, "<table><tr><th>what</th><th>found</th><th>wanted</th><th></th></tr>")?;
        for finding in &report.findings {
            let class = if finding.verdict == Verdict::Told { "" } else { finding.verdict.name() };
            let cells =
                [&finding.what, &finding.found, &finding.wanted].map(|cell| format!("<td>{}</td>", escape(cell))).concat();
            write!(page, "<tr class=\"{class}\">{cells}<td>{class}</td></tr>")?;
        }
        write!(page, "</table>")?;
    }
    for own in &report.tables {
        write!(page, "<h2>{}</h2>", escape(&own.title))?;
        let columns: Vec<&str> = own.columns.iter().map(String::as_str).collect();
        table(page, &columns, &own.rows)?;
    }
    if !report.floors.is_empty() {
        write!(page, "<h2>The floor: the same TLS, and nothing behind it</h2>")?;
        table(page, &COLUMNS, &report.floors.iter().map(measurement).collect::<Vec<_>>())?;
    }
    if !report.steps.is_empty() {
        write!(page, "<h2>Measurements</h2>")?;
        table(page, &COLUMNS, &report.steps.iter().map(measurement).collect::<Vec<_>>())?;
    }
    report.steps.iter().try_for_each(|step| details(page, step, floor_of(report, step)))?;
    page.push_str("</body></html>\n");
    Ok(())
}

/// The floor that a measurement is drawn beside: the one at the same rate, or any of the same kind of load.
fn floor_of<'a>(report: &'a Report, step: &Step) -> Option<&'a Step> {
    let same = report.floors.iter().find(|floor| floor.load == step.load);
    same.or_else(|| report.floors.iter().find(|floor| floor.asked_per_s.is_some() == step.asked_per_s.is_some()))
}

fn table(page: &mut String, columns: &[&str], rows: &[Vec<String>]) -> std::fmt::Result {
    let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| {
        cells.map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect::<String>()
    };
    write!(page, "<table><tr>{}</tr>", cells("th", &mut columns.iter().copied()))?;
    for row in rows {
        write!(page, "<tr>{}</tr>", cells("td", &mut row.iter().map(String::as_str)))?;
    }
    writeln!(page, "</table>")
}

fn details(page: &mut String, step: &Step, floor: Option<&Step>) -> std::fmt::Result {
    write!(page, "<h3>{}</h3><p>{}; mix {}.</p>", escape(&step.name), escape(&step.load), escape(&step.mix))?;
    for doubt in &step.doubts {
        write!(page, "<p class=\"doubt\">Doubtful: {}.</p>", escape(doubt))?;
    }
    table(page, &KIND_COLUMNS, &step.kinds.iter().map(kind).collect::<Vec<_>>())?;
    for row in &step.kinds {
        if let Some(complaint) = &row.complaint {
            write!(page, "<p>The first {} that went wrong: <code>{}</code></p>", row.kind, escape(complaint))?;
        }
    }
    page.push_str(&percentiles(step, floor).svg());
    page.push_str(&rates(step).svg());
    if let Some(usage) = &step.usage {
        page.push_str(&memory(step).svg());
        write!(page, "<p>{}</p>", escape(&used(usage)))?;
    }
    if let Some(counted) = counted(step) {
        write!(page, "<p>{}</p>", escape(&counted))?;
    }
    Ok(())
}

/// Nines: 1 is nine of ten, 2 is 99 of a hundred.
fn nines(share: f64) -> f64 {
    -(1.0 - share).max(1e-9).log10()
}

fn percentiles(step: &Step, floor: Option<&Step>) -> Plot {
    let line = |step: &Step, name: &str| Line {
        name: name.to_owned(),
        points: step.curve.iter().map(|point| (nines(point.share), point.ms)).collect(),
    };
    let mut lines = vec![line(step, "from when it was due")];
    lines.extend(floor.map(|floor| line(floor, "floor")));
    let most = lines.iter().flat_map(|line| &line.points).map(|(x, _)| *x).fold(1.0, f64::max);
    let marks = [("50 %", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("99.9 %", 0.999), ("99.99 %", 0.9999), ("99.999 %", 0.99999)];
    let marks = marks.into_iter().map(|(name, share)| (nines(share), name.to_owned())).filter(|(at, _)| *at <= most + 0.01);
    let (across, up) = ("share of the answers that came within".to_owned(), "ms".to_owned());
    Plot { title: "Percentiles".to_owned(), across, up, scale: Scale::Logarithmic, marks: marks.collect(), lines }
}

fn rates(step: &Step) -> Plot {
    let (slot, seconds) = (SLOT.as_secs_f64(), || (0u32..).map(|place| f64::from(place) * SLOT.as_secs_f64()));
    let line = |name: &str, of: fn(&crate::engine::Slot) -> u32| Line {
        name: name.to_owned(),
        points: seconds().zip(&step.timeline).map(|(at, of_slot)| (at, f64::from(of(of_slot)) / slot)).collect(),
    };
    let mut lines = vec![line("answers", |slot| slot.good)];
    if step.asked_per_s.is_some() {
        lines.push(line("due", |slot| slot.due));
    }
    if step.all.refused > 0 {
        lines.push(line("refused", |slot| slot.refused));
    }
    if step.all.bad() > 0 {
        lines.push(line("wrong or missing", |slot| slot.bad));
    }
    let (across, up) = ("seconds".to_owned(), "a second".to_owned());
    Plot { title: "Rate".to_owned(), across, up, scale: Scale::Linear, marks: Vec::new(), lines }
}

fn memory(step: &Step) -> Plot {
    let moments = step.usage.as_ref().map(|usage| usage.moments.as_slice()).unwrap_or_default();
    let points = moments.iter().map(|moment| (moment.at_s, real(moment.rss) / 1_048_576.0)).collect();
    let lines = vec![Line { name: "resident".to_owned(), points }];
    let (across, up) = ("seconds".to_owned(), "MiB".to_owned());
    Plot { title: "Memory of the server".to_owned(), across, up, scale: Scale::Linear, marks: Vec::new(), lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Slot;
    use crate::latencies::Point;
    use crate::report::{Finding, KindRow, Table};
    use crate::server::{Moment, Usage};

    fn report() -> Report {
        let usage = Usage {
            moments: vec![Moment::default(), Moment { at_s: 1.0, rss: 1 << 20, ..Moment::default() }],
            ..Usage::default()
        };
        let row = KindRow { kind: "audit".into(), wrong: 1, complaint: Some("500 <script>".to_owned()), ..KindRow::default() };
        let step = Step {
            name: "a <step>".to_owned(),
            kinds: vec![row.clone()],
            all: row,
            curve: vec![Point { share: 0.5, ms: 1.0 }, Point { share: 0.9, ms: 2.0 }],
            timeline: vec![Slot { good: 3, ..Slot::default() }; 20],
            usage: Some(usage),
            doubts: vec!["late".to_owned()],
            ..Step::default()
        };
        let mut report = Report::new("title");
        report.set("licences", "10");
        report.findings = vec![Finding::held("x", "1".to_owned(), "2", false), Finding::told("y", "<b>".to_owned())];
        report.tables = vec![Table { title: "t".to_owned(), columns: vec!["a".to_owned()], rows: vec![vec!["b".to_owned()]] }];
        report.floors = vec![step.clone()];
        report.steps = vec![step];
        report
    }

    #[test]
    fn the_page_needs_nothing_from_outside_and_lets_nothing_in() {
        let page = page(&report());
        for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "<b>", "<step>"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("<svg").count(), 3);
        assert!(page.contains("Doubtful: late") && page.contains("class=\"missed\""));
        for tag in ["table", "tr", "td", "figure", "svg", "p"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn markdown_tells_the_same() {
        let text = super::super::markdown::text(&report());
        for told in ["# title", "| x | 1 | 2 | missed |", "### a <step>", "**Doubtful**: late.", "500 <script>", "- licences: 10"]
        {
            assert!(text.contains(told), "{told} in {text}");
        }
    }
}
