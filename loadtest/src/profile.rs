//! The standard profile: what a gateway does, in about two minutes, beside the floor of the same run.

use std::time::Duration;

use crate::arrivals::Rhythm;
use crate::engine::{Load, Plan};
use crate::floor::Floor;
use crate::limit::{self, Goal, Quest};
use crate::mix::{Kind, Mix};
use crate::number::{grouped, median, ratio, real, short, whole};
use crate::report::{Finding, Report, Step};
use crate::rig::{Rig, Settings, saturating};
use crate::server::Moment;
use crate::{overload, stale};

/// Of the floor's rate, what a gateway reaches with kept verdicts, and by identifier, each put on record durably.
const KEPT: (f64, &str) = (0.3, "0.3");
const BY_IDENTIFIER: (f64, &str) = (0.5, "0.5");
/// Memory with caches at default.
const MEMORY_MIB: f64 = 300.0;

/// How the standard profile is carried out.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The rate of what a city asks.
    pub rate: u64,
    /// What must be met where a limit is looked for.
    pub goal: Goal,
    /// How long a part takes: one limit is some ten such parts.
    pub part: Duration,
    /// Connections of the surge.
    pub surge_connections: usize,
    /// Licences that are revoked while they are watched.
    pub revoked: u64,
}

/// Carries it out.
///
/// # Errors
/// There is nothing to ask, or nobody to ask.
pub async fn run(settings: &Settings, profile: &Profile) -> Result<Report, String> {
    let mut report = Report::new("The standard profile");
    let mut rig = Rig::start(settings).await?;
    let mut floor = settings.floor().await?;
    rest(&rig, &mut report);
    city(&mut rig, &mut floor, profile, &mut report).await?;
    let most = busy(&mut rig, &mut floor, settings, profile, &mut report).await?;
    quest(&mut rig, most, profile, &mut report).await?;
    let staleness = stale::watch(&mut rig, profile.revoked, 8).await?;
    report.findings.extend(staleness.findings());
    rig.stop().await?;
    // The surge needs more connections than the gateway takes in at once: a rig of its own.
    let many = Settings { connections: profile.surge_connections, ..settings.clone() };
    let mut rig = Rig::start(&many).await?;
    let surge = overload::surge(&mut rig, &Mix::of(Kind::VerifyFileNew), None, profile.part * 4).await?;
    report.findings.extend(surge.findings());
    report.steps.extend([surge.before, surge.step]);
    rig.stop().await?;
    report.findings.push(report.kept_time());
    Ok(report)
}

/// What it is before anything is asked.
fn rest(rig: &Rig, report: &mut Report) {
    let Some(gateway) = &rig.gateway else { return };
    if let Some(rest) = gateway.id().and_then(|id| Moment::of(id, 0.0)) {
        let mib = real(rest.rss) / 1_048_576.0;
        report.findings.push(Finding::held("memory at rest", format!("{} MiB", short(mib)), "300 MiB", mib <= MEMORY_MIB));
    }
    let start = format!("{} s, with {} licences", short(gateway.start_took.as_secs_f64()), grouped(rig.site.book.loaded));
    report.findings.push(Finding::told("from start to serving", start));
}

/// What a city asks, at a fixed rate.
async fn city(rig: &mut Rig, floor: &mut Floor, profile: &Profile, report: &mut Report) -> Result<(), String> {
    let load = Load::Open { per_second: profile.rate, rhythm: Rhythm::Random };
    let below = floor.measure("floor at the city's rate", &Plan::new(load, profile.part)).await?;
    let (step, _) = rig.measure("what a city asks", &Mix::standard(), &Plan::new(load, profile.part * 4)).await?;
    report.findings.push(Finding::told("what a city asks", step.line()));
    let times = ratio(step.all.latency.p50_ms, below.all.latency.p50_ms).map(short).unwrap_or_default();
    report
        .findings
        .push(Finding::told("its p50, beside the floor's", format!("{times} times {} ms", short(below.all.latency.p50_ms))));
    report.findings.push(Finding::held(
        "its answers that are wrong or missing",
        step.all.bad().to_string(),
        "0",
        step.all.bad() == 0,
    ));
    if let Some(usage) = &step.usage {
        let mib = real(usage.rss_most) / 1_048_576.0;
        report.findings.push(Finding::held("its memory", format!("{} MiB", short(mib)), "300 MiB", mib <= MEMORY_MIB));
    }
    report.floors.push(below);
    report.steps.push(step);
    Ok(())
}

/// As much as it can, with the floor before, between and after; gives the rate of kept verdicts.
async fn busy(
    rig: &mut Rig,
    floor: &mut Floor,
    settings: &Settings,
    profile: &Profile,
    report: &mut Report,
) -> Result<f64, String> {
    let plan = Plan::new(saturating(settings.connections), profile.part);
    let mut floors = vec![floor.measure("floor, at most", &plan).await?];
    let mut steps = Vec::new();
    for (name, kind) in [("kept verdicts, at most", Kind::VerifyFile), ("by identifier, at most", Kind::VerifyIdHot)] {
        steps.push(rig.measure(name, &Mix::of(kind), &plan).await?.0);
        floors.push(floor.measure("floor, at most", &plan).await?);
    }
    for (name, kind) in [("sealed documents anew, at most", Kind::VerifyOfdNew), ("handed in, at most", Kind::Ingest)] {
        steps.push(rig.measure(name, &Mix::of(kind), &plan).await?.0);
    }
    let below = median(floors.iter().map(|floor| floor.per_s).collect()).unwrap_or_default();
    for (place, step) in steps.iter().enumerate() {
        let share = ratio(step.per_s, below).unwrap_or_default();
        let found = format!("{} of the floor's {}: {}", short(share), short(below), step.line());
        report.findings.push(match place {
            0 => Finding::held(&step.name, found, KEPT.1, share >= KEPT.0),
            1 => Finding::held(&step.name, found, BY_IDENTIFIER.1, share >= BY_IDENTIFIER.0),
            _ => Finding::told(&step.name, found),
        });
    }
    report.floors.extend(floors);
    let kept = steps.first().map_or(0.0, |step| step.per_s);
    report.steps.extend(steps);
    Ok(kept)
}

/// The highest rate at which callers get kept verdicts in time. What it does at most is known: half of that is where it begins, and
/// a dozen measurements do.
async fn quest(rig: &mut Rig, most: f64, profile: &Profile, report: &mut Report) -> Result<(), String> {
    let quest = Quest {
        mix: Mix::of(Kind::VerifyFile),
        goal: profile.goal,
        from: whole(most / 2.0).max(1),
        most: 200_000,
        lasts: profile.part / 2,
        tries_max: 12,
    };
    let found = limit::find(rig, &quest).await?;
    let line = found.step.as_ref().map_or_else(|| "none".to_owned(), Step::line);
    report.findings.push(Finding::held(
        &format!("kept verdicts with {}, at most", profile.goal),
        line,
        "any",
        found.step.is_some(),
    ));
    report.tables.push(found.table());
    report.steps.extend(found.step);
    Ok(())
}
