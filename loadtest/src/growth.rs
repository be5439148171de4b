//! The same measurements at each of several sizes of the set: what grows with it, and how.

use std::time::Duration;

use crate::arrivals::Rhythm;
use crate::engine::{Load, Plan};
use crate::mix::{Kind, Mix};
use crate::number::{grouped, real, short};
use crate::report::{Report, Step, Table};
use crate::rig::{Rig, Settings, saturating};

/// What is measured at each size.
const KINDS: [Kind; 5] = [Kind::VerifyId, Kind::VerifyFileNew, Kind::LookUp, Kind::Audit, Kind::Ingest];

/// What there is at one size.
struct Size {
    licences: u64,
    start_s: f64,
    rss_mib: f64,
    disk_mib: f64,
    quiet: Vec<Step>,
    busy: Step,
}

/// Measures at each size, in order: the set grows from one to the next, and the gateway is started anew at each.
///
/// # Errors
/// There is nothing to ask, or nobody to ask.
pub async fn grow(settings: &Settings, sizes: &[u64], rate: u64, lasts: Duration) -> Result<Report, String> {
    let mut report = Report::new("How a gateway grows with its licences");
    let mut floor = settings.floor().await?;
    let mut found = Vec::new();
    for licences in sizes {
        let settings = Settings { licences: *licences, ..settings.clone() };
        // Handing in first, so that what is measured is a gateway as it is after its start.
        Rig::start(&settings).await?.stop().await?;
        let mut rig = Rig::start(&settings).await?;
        let start_s = rig.gateway.as_ref().map_or(0.0, |gateway| gateway.start_took.as_secs_f64());
        let load = Load::Open { per_second: rate, rhythm: Rhythm::Random };
        report.floors.push(floor.measure(&format!("floor at {}", grouped(*licences)), &Plan::new(load, lasts)).await?);
        let mut quiet = Vec::new();
        for kind in KINDS {
            let name = format!("{} at {}", kind.name(), grouped(*licences));
            quiet.push(rig.measure(&name, &Mix::of(kind), &Plan::new(load, lasts)).await?.0);
        }
        let (plan, name) = (Plan::new(saturating(settings.connections), lasts), format!("at most, at {}", grouped(*licences)));
        let busy = rig.measure(&name, &Mix::of(Kind::VerifyId), &plan).await?.0;
        let rss = busy.usage.as_ref().map_or(0, |usage| usage.rss_last);
        let disk_mib = real(bytes_of(&rig.site.folder.join("data"))) / 1_048_576.0;
        found.push(Size { licences: *licences, start_s, rss_mib: real(rss) / 1_048_576.0, disk_mib, quiet, busy });
        rig.stop().await?;
    }
    report.tables.push(table(&found, &report.floors));
    for size in found {
        report.steps.extend(size.quiet);
        report.steps.push(size.busy);
    }
    report.findings.push(report.kept_time());
    Ok(report)
}

fn table(found: &[Size], floors: &[Step]) -> Table {
    let mut columns = vec!["what".to_owned()];
    columns.extend(found.iter().map(|size| grouped(size.licences)));
    columns.push("last ÷ first".to_owned());
    let row = |name: String, values: Vec<f64>| {
        let times = values.first().zip(values.last()).and_then(|(first, last)| crate::number::ratio(*last, *first));
        let mut row = vec![name];
        row.extend(values.into_iter().map(short));
        row.push(times.map(short).unwrap_or_default());
        row
    };
    let of = |value: &dyn Fn(&Size) -> f64| found.iter().map(value).collect::<Vec<f64>>();
    let mut rows = vec![row("floor: p50 ms".to_owned(), floors.iter().map(|floor| floor.all.latency.p50_ms).collect())];
    rows.push(row("floor: p99 ms".to_owned(), floors.iter().map(|floor| floor.all.latency.p99_ms).collect()));
    for (place, kind) in KINDS.iter().enumerate() {
        let latency = |size: &Size, of: fn(&Step) -> f64| size.quiet.get(place).map_or(0.0, of);
        rows.push(row(format!("{}: p50 ms", kind.name()), of(&|size| latency(size, |step| step.all.latency.p50_ms))));
        rows.push(row(format!("{}: p99 ms", kind.name()), of(&|size| latency(size, |step| step.all.latency.p99_ms))));
    }
    rows.push(row("verify-id: at most, a second".to_owned(), of(&|size| size.busy.per_s)));
    rows.push(row("from start to serving, s".to_owned(), of(&|size| size.start_s)));
    rows.push(row("memory, MiB".to_owned(), of(&|size| size.rss_mib)));
    rows.push(row("disk, MiB".to_owned(), of(&|size| size.disk_mib)));
    Table { title: "By size".to_owned(), columns, rows }
}

/// The sizes of all files below a folder.
fn bytes_of(folder: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}
