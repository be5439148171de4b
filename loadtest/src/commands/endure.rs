//! `licet-load soak`, `reloads`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use loadtest::mix::Mix;
use loadtest::report::{Finding, Report};
use loadtest::rig::Rig;
use loadtest::{reloads as turns, soak as long};

use super::common::{self, Common, FLAGS, each, rate, read};
use super::seek::status;
use super::{Done, Failure, thread, threads};

const SOAK: &str = "\
licet-load soak: a long time at a rate that the gateway can bear; whether its memory, handles, threads and answers stay as they are

usage: licet-load soak --licet FILE --folder FOLDER [options]

  --minutes N          for how long [60], at most 600
  --share X            at which share of what it answers to 64 callers who wait for their answers [0.5]; or
  --rate N             at so many requests a second
  --mix KINDS          what is asked; see licet-load run --help [what a city asks]

Two in a thousand of what a city asks are revocations: --licences must be enough for them.
";

/// Asks for a long time.
pub(crate) fn soak(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mut mix) = (Common::new(), Mix::standard());
    let (mut minutes, mut share, mut fixed) = (60_u64, 0.5_f64, None);
    let help = [SOAK, common::HELP].concat();
    let is_read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "minutes" => minutes = read::<u64>(value)?.clamp(1, 600),
            "share" => share = read::<f64>(value)?.clamp(0.01, 1.0),
            "rate" => fixed = Some(rate(value)?),
            "mix" => mix = value.parse()?,
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !is_read {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    if common.settings.overlay.is_none() {
        common.settings.overlay = Some(small(&common.settings.folder).map_err(Failure::Failed)?);
    }
    let mut report = Report::new("A long time at a rate that it can bear");
    common.describe(&mut report);
    report.set("mix", mix.to_string());
    report.set("minutes", minutes.to_string());
    let found = thread()?.block_on(async {
        let mut rig = Rig::start(&common.settings).await?;
        let found = long::soak(&mut rig, &mix, fixed, share, Duration::from_secs(minutes * 60)).await?;
        rig.stop().await.map(|()| found)
    });
    let found = found.map_err(Failure::Failed)?;
    report.findings = found.findings();
    report.steps = found.thirds;
    common.publish(&report)?;
    Ok(status(&report))
}

/// Writes the caches of a soak beside the folder of the site, which is made later.
fn small(folder: &Path) -> Result<PathBuf, String> {
    let path = folder.with_extension("soak.toml");
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, long::SMALL));
    made.map(|()| path.clone()).map_err(|error| format!("{}: {error}", path.display()))
}

const RELOADS: &str = "\
licet-load reloads: two configurations that take turns under load; no request may fail, no connection may be dropped, and no answer
may show facts of both

usage: licet-load reloads --licet FILE --folder FOLDER [options]

  --count N            how many reloads (SIGHUP) [1000], at most 100000
";

/// Reloads.
pub(crate) fn reloads(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mut count) = (Common::new(), 1_000_u64);
    common.settings.licences = 200;
    let help = [RELOADS, common::HELP].concat();
    let is_read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "count" => count = read::<u64>(value)?.clamp(1, 100_000),
            "address" | "pid" | "config" => return Ok(false),
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !is_read {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    let found = threads()?.block_on(turns::run(&common.settings, count)).map_err(Failure::Failed)?;
    let mut report = Report::new("Configurations that take turns");
    common.describe(&mut report);
    report.findings = found.findings();
    report.findings.push(Finding::held(
        "all of them took effect",
        found.reloads.to_string(),
        &count.to_string(),
        found.reloads == count,
    ));
    common.publish(&report)?;
    Ok(status(&report))
}
