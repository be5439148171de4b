//! `licet-load limit`, `overload`, `stale`

use std::process::ExitCode;
use std::time::Duration;

use loadtest::limit::{self, Goal, Quest};
use loadtest::mix::{Kind, Mix};
use loadtest::report::{Finding, Report};
use loadtest::rig::Rig;
use loadtest::{overload as surge, stale as staleness};

use super::common::{self, Common, FLAGS, each, rate, read, seconds};
use super::{Done, Failure, thread};

const LIMIT: &str = "\
licet-load limit: find the highest rate at which a goal is still met

usage: licet-load limit --licet FILE --folder FOLDER [--goal p99=20ms] [options]

  --goal GOAL          p50, p90, p99 or p99.9, and the time within which such answers come [p99=20ms]
  --mix KINDS          what is asked; see licet-load run --help [verify-id-hot]
  --from N             the rate that is tried first [1000]
  --most N             the highest that is tried [200k]
  --seconds N          how long each rate is tried [3]
";

/// The goal that is looked for where none is given.
fn usual_goal() -> Result<Goal, Failure> {
    "p99=20ms".parse().map_err(Failure::Failed)
}

/// Finds the highest rate.
pub(crate) fn limit(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mix) = (Common::new(), Mix::of(Kind::VerifyIdHot));
    let mut quest = Quest { mix, goal: usual_goal()?, from: 1_000, most: 200_000, lasts: Duration::from_secs(3), tries_max: 100 };
    let help = [LIMIT, common::HELP].concat();
    let read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "goal" => quest.goal = value.parse()?,
            "mix" => quest.mix = value.parse()?,
            "from" => quest.from = rate(value)?,
            "most" => quest.most = rate(value)?,
            "seconds" => quest.lasts = seconds(value)?,
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !read {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    let found = thread()?.block_on(async {
        let mut rig = Rig::start(&common.settings).await?;
        let found = limit::find(&mut rig, &quest).await?;
        rig.stop().await.map(|()| found)
    });
    let found = found.map_err(Failure::Failed)?;
    let mut report = Report::new(&format!("The highest rate with {}", quest.goal));
    common.describe(&mut report);
    report.set("mix", quest.mix.to_string());
    let line = found.step.as_ref().map_or_else(|| "none".to_owned(), loadtest::report::Step::line);
    report.findings.push(Finding::held("the highest rate", line, &quest.goal.to_string(), found.step.is_some()));
    report.tables.push(found.table());
    report.steps.extend(found.step);
    report.findings.push(report.kept_time());
    common.publish(&report)?;
    Ok(status(&report))
}

const OVERLOAD: &str = "\
licet-load overload: ask twice as much as a gateway can answer, and see what becomes of it

usage: licet-load overload --licet FILE --folder FOLDER [--capacity N] [options]

  --capacity N         requests a second that it can answer; left out, what it answers to 64 callers who wait for their answers
  --mix KINDS          what is asked; see licet-load run --help [verify-file-new]
  --seconds N          for how long: a third each at half, at twice, and at half of the capacity again [15]

The gateway refuses only when more is asked at once than its queues hold: --connections is 1024 here, when left out.
";

/// Asks too much.
pub(crate) fn overload(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mut capacity) = (Common::new(), None);
    let mut mix = Mix::of(Kind::VerifyFileNew);
    let mut lasts = Duration::from_secs(15);
    common.settings.connections = 1_024;
    let help = [OVERLOAD, common::HELP].concat();
    let read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "capacity" => capacity = Some(rate(value)?),
            "mix" => mix = value.parse()?,
            "seconds" => lasts = seconds(value)?,
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !read {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    let mut report = Report::new("Twice as much as it can");
    common.describe(&mut report);
    report.set("mix", mix.to_string());
    let done = thread()?.block_on(async {
        let mut rig = Rig::start(&common.settings).await?;
        let surge = surge::surge(&mut rig, &mix, capacity, lasts).await?;
        rig.stop().await.map(|()| surge)
    });
    let surge = done.map_err(Failure::Failed)?;
    report.findings = surge.findings();
    report.steps.extend([surge.before, surge.step]);
    report.findings.push(report.kept_time());
    common.publish(&report)?;
    Ok(status(&report))
}

const STALE: &str = "\
licet-load stale: revoke licences while others ask about them without a pause; nobody who asks after a revocation was acknowledged
may be told that the licence is good

usage: licet-load stale --licet FILE --folder FOLDER [options]

  --revoke N           how many licences, one after another [50], at most 10000
  --watchers N         connections that ask about each [8], at most 256
";

/// Watches revocations.
pub(crate) fn stale(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mut licences, mut watchers) = (Common::new(), 50, 8);
    let help = [STALE, common::HELP].concat();
    let read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "revoke" => licences = read::<u64>(value)?.clamp(1, 10_000),
            "watchers" => watchers = read::<usize>(value)?.clamp(1, 256),
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !read {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    let found = thread()?.block_on(async {
        let mut rig = Rig::start(&common.settings).await?;
        let found = staleness::watch(&mut rig, licences, watchers).await?;
        rig.stop().await.map(|()| found)
    });
    let mut report = Report::new("From a revocation to the last answer that does not know of it");
    common.describe(&mut report);
    report.set("watchers", watchers.to_string());
    report.findings = found.map_err(Failure::Failed)?.findings();
    common.publish(&report)?;
    Ok(status(&report))
}

/// What a command ends with: a failure where something that was wanted was missed.
pub(super) fn status(report: &Report) -> ExitCode {
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
