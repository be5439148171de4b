//! `licet-load run`, `load`, `floor`, `bare`

use std::process::ExitCode;
use std::time::Duration;

use loadtest::arrivals::Rhythm;
use loadtest::bare as server;
use loadtest::engine::{Load, Plan};
use loadtest::mix::Mix;
use loadtest::number::{ratio, short};
use loadtest::report::{Finding, Report, Step};
use loadtest::rig::{Rig, saturating};

use super::common::{self, Common, FLAGS, each, rate, read, seconds};
use super::seek::status;
use super::{Done, Failure, thread, threads};

const RUN: &str = "\
licet-load run: ask a gateway as callers do, each when it is due, and say how long the answers took

usage: licet-load run --licet FILE --folder FOLDER [options]

  --mix KINDS          what is asked, with weights, such as verify-id=70,ingest=5 [what a city asks]
                       verify-id, verify-id-hot, verify-file, verify-file-new, verify-ofd, verify-ofd-new,
                       ingest, look-up, audit, revoke
  --rate N             requests a second, whatever becomes of them [500]
  --steady             at equal distances instead of at random
  --closed             instead of --rate: each connection asks again when it has its answer
  --seconds N          for how long [30], at most 3600
  --requests N         how many at most [100M]
  --floor SECONDS      how long the floor is measured before and after, 0 for not at all [3]
";

/// What `run` is asked to do.
struct Run {
    common: Common,
    mix: Mix,
    rate: u64,
    rhythm: Rhythm,
    is_closed: bool,
    lasts: Duration,
    requests_max: u64,
    floor: u64,
}

/// Measures one load.
pub(crate) fn run(parser: &mut lexopt::Parser) -> Done {
    let mut run = Run {
        common: Common::new(),
        mix: Mix::standard(),
        rate: 500,
        rhythm: Rhythm::Random,
        is_closed: false,
        lasts: Duration::from_secs(30),
        requests_max: 100_000_000,
        floor: 3,
    };
    let flags = [FLAGS.as_slice(), &["steady", "closed"]].concat();
    let help = [RUN, common::HELP].concat();
    if !each(parser, &help, &flags, |name, value| run.take(name, value))? {
        return Ok(ExitCode::SUCCESS);
    }
    run.common.ready()?;
    let report = thread()?.block_on(run.measure()).map_err(Failure::Failed)?;
    run.common.publish(&report)?;
    Ok(status(&report))
}

impl Run {
    fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        match name {
            "mix" => self.mix = value.parse()?,
            "rate" => self.rate = rate(value)?,
            "steady" => self.rhythm = Rhythm::Steady,
            "closed" => self.is_closed = true,
            "seconds" => self.lasts = seconds(value)?,
            "requests" => self.requests_max = loadtest::number::read(value)?.clamp(1, 100_000_000),
            "floor" => self.floor = read::<u64>(value)?.min(60),
            _ => return self.common.take(name, value),
        }
        Ok(true)
    }

    async fn measure(&self) -> Result<Report, String> {
        let settings = &self.common.settings;
        let load = if self.is_closed {
            saturating(settings.connections)
        } else {
            Load::Open { per_second: self.rate, rhythm: self.rhythm }
        };
        let mut report = Report::new("A gateway under load");
        self.common.describe(&mut report);
        let mut rig = Rig::start(settings).await?;
        let mut floor = settings.floor().await?;
        let below = Plan::new(load, Duration::from_secs(self.floor));
        if self.floor > 0 {
            report.floors.push(floor.measure("floor before", &below).await?);
        }
        let plan = Plan { requests_max: self.requests_max, ..Plan::new(load, self.lasts) };
        let (step, _) = rig.measure("run", &self.mix, &plan).await?;
        if self.floor > 0 {
            report.floors.push(floor.measure("floor after", &below).await?);
        }
        rig.stop().await?;
        report.findings = findings(&step, &report.floors);
        report.steps.push(step);
        report.findings.push(report.kept_time());
        Ok(report)
    }
}

/// Reads a figure of a measurement.
type Figure = fn(&Step) -> f64;

/// What a measurement says beside the floor.
fn findings(step: &Step, floors: &[Step]) -> Vec<Finding> {
    let mut findings = vec![Finding::told("answers", step.line())];
    let middle = |of: Figure| loadtest::number::median(floors.iter().map(of).collect());
    if let Some(floor) = middle(|floor| floor.per_s).filter(|_| step.asked_per_s.is_none()) {
        let share = ratio(step.per_s, floor).map(short).unwrap_or_default();
        findings.push(Finding::told("rate, as a share of the floor's", format!("{share} of {} a second", short(floor))));
    }
    let looked_at: [(&str, Figure); 2] = [("p50", |step| step.all.latency.p50_ms), ("p99", |step| step.all.latency.p99_ms)];
    for (what, of) in looked_at {
        if let Some(floor) = middle(of) {
            let times = ratio(of(step), floor).map(short).unwrap_or_default();
            findings.push(Finding::told(&format!("{what}, beside the floor's"), format!("{times} times {} ms", short(floor))));
        }
    }
    let is_right = step.all.bad() == 0;
    findings.push(Finding::held("answers that are wrong or missing", step.all.bad().to_string(), "0", is_right));
    findings
}

const LOAD: &str = "\
licet-load load: hand in a set of licences through the gateway's own interface; goes on where it was stopped

usage: licet-load load --licet FILE --folder FOLDER --licences N [options]
";

/// Hands in a set.
pub(crate) fn load(parser: &mut lexopt::Parser) -> Done {
    let mut common = Common::new();
    let help = [LOAD, common::HELP].concat();
    if !each(parser, &help, &FLAGS, |name, value| common.take(name, value))? {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    // Making licences costs as much as checking them: on more than one thread.
    threads()?.block_on(async { Rig::start(&common.settings).await?.stop().await }).map_err(Failure::Failed)?;
    Ok(ExitCode::SUCCESS)
}

const FLOOR: &str = "\
licet-load floor: measure a server with the same TLS that does nothing but answer 300 bytes

usage: licet-load floor [--rate N | --closed] [--seconds N] [--connections N] [--pin] [--out FOLDER]

  --rate N             requests a second; left out, each connection asks again when it has its answer
  --seconds N          for how long [5]
";

/// Measures the floor.
pub(crate) fn floor(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mut asked, mut lasts) = (Common::new(), None, Duration::from_secs(5));
    let read = each(parser, FLOOR, &FLAGS, |name, value| {
        match name {
            "rate" => asked = Some(rate(value)?),
            "seconds" => lasts = seconds(value)?,
            "connections" | "pin" | "out" => return common.take(name, value),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if !read {
        return Ok(ExitCode::SUCCESS);
    }
    common.pin()?;
    let load = asked
        .map_or_else(|| saturating(common.settings.connections), |per_second| Load::Open { per_second, rhythm: Rhythm::Random });
    let measured = thread()?.block_on(async {
        let mut floor = common.settings.floor().await?;
        floor.measure("floor", &Plan::new(load, lasts)).await
    });
    let mut report = Report::new("The floor");
    let step = measured.map_err(Failure::Failed)?;
    report.findings.push(Finding::told("answers", step.line()));
    report.floors.push(step);
    report.findings.push(report.kept_time());
    common.publish(&report)?;
    Ok(status(&report))
}

/// Is the floor: listens until it is stopped. Called by the others.
pub(crate) fn bare(parser: &mut lexopt::Parser) -> Done {
    if let Some(argument) = parser.next().map_err(|error| Failure::Misused(error.to_string()))? {
        return Err(Failure::Misused(argument.unexpected().to_string()));
    }
    let serve = async {
        let listener = server::bind().await?;
        println!("bare server on https://{}", listener.local_addr().map_err(|error| error.to_string())?);
        server::serve(listener).await
    };
    threads()?.block_on(serve).map_err(Failure::Failed)?;
    Ok(ExitCode::SUCCESS)
}
