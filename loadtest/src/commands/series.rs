//! `licet-load compare`, `growth`, `profile`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use loadtest::arrivals::Rhythm;
use loadtest::compare as comparison;
use loadtest::engine::{Load, Plan};
use loadtest::growth as sizes;
use loadtest::limit::Goal;
use loadtest::mix::{Kind, Mix};
use loadtest::profile as standard;
use loadtest::report::Report;
use loadtest::rig::{Rig, Settings, saturating};

use super::common::{self, Common, FLAGS, each, licences, rate, read, seconds};
use super::seek::status;
use super::{Done, Failure, thread};

const COMPARE: &str = "\
licet-load compare: two programs or two configurations under the same load, in turns

usage: licet-load compare --a FILE [--b FILE] [--config-a FILE] [--config-b FILE] --folder FOLDER [options]

  --a FILE             a gateway's program
  --b FILE             the other one [the same]
  --config-a FILE      TOML that is laid over the configuration of the first
  --config-b FILE      the same of the second
  --mix KINDS          what is asked; see licet-load run --help [verify-id-hot]
  --rate N             requests a second; left out, each connection asks again when it has its answer
  --seconds N          how long each is measured each time [5]
  --rounds N           how often [6], at most 100

FOLDER has a folder for each, with the same licences. --licet, --address and --config are not taken here.
";

/// What `compare` is asked to do.
struct Compare {
    common: Common,
    programs: [Option<PathBuf>; 2],
    overlays: [Option<PathBuf>; 2],
    mix: Mix,
    rate: Option<u64>,
    lasts: Duration,
    rounds: u64,
}

/// Compares.
pub(crate) fn compare(parser: &mut lexopt::Parser) -> Done {
    let mut compare = Compare {
        common: Common::new(),
        programs: [None, None],
        overlays: [None, None],
        mix: Mix::of(Kind::VerifyIdHot),
        rate: None,
        lasts: Duration::from_secs(5),
        rounds: 6,
    };
    let help = [COMPARE, common::HELP].concat();
    if !each(parser, &help, &FLAGS, |name, value| compare.take(name, value))? {
        return Ok(ExitCode::SUCCESS);
    }
    let [a, b] = compare.settings()?;
    let report = thread()?.block_on(compare.measure(&a, &b)).map_err(Failure::Failed)?;
    compare.common.publish(&report)?;
    Ok(status(&report))
}

impl Compare {
    fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        let path = || Some(PathBuf::from(value));
        let ([a, b], [config_a, config_b]) = (&mut self.programs, &mut self.overlays);
        match name {
            "a" => *a = path(),
            "b" => *b = path(),
            "config-a" => *config_a = path(),
            "config-b" => *config_b = path(),
            "mix" => self.mix = value.parse()?,
            "rate" => self.rate = Some(rate(value)?),
            "seconds" => self.lasts = seconds(value)?,
            "rounds" => self.rounds = read::<u64>(value)?.clamp(1, 100),
            "licet" | "address" | "pid" | "config" => return Ok(false),
            _ => return self.common.take(name, value),
        }
        Ok(true)
    }

    fn settings(&mut self) -> Result<[Settings; 2], Failure> {
        let [a, b] = self.programs.clone();
        let a = a.ok_or_else(|| Failure::Misused("--a is needed".to_owned()))?;
        let b = b.unwrap_or_else(|| a.clone());
        self.common.settings.licet = Some(a.clone());
        self.common.ready()?;
        let of = |program: PathBuf, overlay: &Option<PathBuf>, name: &str| Settings {
            licet: Some(program),
            overlay: overlay.clone(),
            folder: self.common.settings.folder.join(name),
            ..self.common.settings.clone()
        };
        let [config_a, config_b] = &self.overlays;
        Ok([of(a, config_a, "a"), of(b, config_b, "b")])
    }

    async fn measure(&self, a: &Settings, b: &Settings) -> Result<Report, String> {
        let load =
            self.rate.map_or_else(|| saturating(a.connections), |per_second| Load::Open { per_second, rhythm: Rhythm::Random });
        let mut report = Report::new("a and b");
        self.common.describe(&mut report);
        for (name, settings) in [("a", a), ("b", b)] {
            let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            report.set(name, format!("{} {}", path(&settings.licet), path(&settings.overlay)));
        }
        report.set("mix", self.mix.to_string());
        let mut floor = a.floor().await?;
        report.floors.push(floor.measure("floor before", &Plan::new(load, self.lasts)).await?);
        let (mut first, mut second) = (Rig::start(a).await?, Rig::start(b).await?);
        let plan = Plan::new(load, self.lasts);
        let compared = comparison::compare(&mut first, &mut second, &self.mix, &plan, self.rounds).await?;
        first.stop().await?;
        second.stop().await?;
        report.floors.push(floor.measure("floor after", &Plan::new(load, self.lasts)).await?);
        report.tables.push(compared.table());
        report.findings = compared.findings();
        for (a, b) in compared.a.into_iter().zip(compared.b) {
            report.steps.extend([a, b]);
        }
        report.findings.push(report.kept_time());
        Ok(report)
    }
}

const GROWTH: &str = "\
licet-load growth: the same measurements at each of several sizes of the set

usage: licet-load growth --licet FILE --folder FOLDER --sizes 10k,100k,1M [options]

  --sizes N,N,…        how many licences, from few to many
  --rate N             requests a second of each kind [200]
  --seconds N          how long each kind is measured [10]
";

/// Measures growth.
pub(crate) fn growth(parser: &mut lexopt::Parser) -> Done {
    let (mut common, mut wanted, mut per_second, mut lasts) = (Common::new(), Vec::new(), 200, Duration::from_secs(10));
    let help = [GROWTH, common::HELP].concat();
    let read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "sizes" => wanted = value.split(',').map(licences).collect::<Result<Vec<u64>, _>>()?,
            "rate" => per_second = rate(value)?,
            "seconds" => lasts = seconds(value)?,
            "licences" | "address" | "pid" => return Ok(false),
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !read {
        return Ok(ExitCode::SUCCESS);
    }
    if !(1..=8).contains(&wanted.len()) || !wanted.is_sorted() {
        return Err(Failure::Misused("--sizes is needed: up to eight, from few to many".to_owned()));
    }
    common.ready()?;
    let mut report = thread()?.block_on(sizes::grow(&common.settings, &wanted, per_second, lasts)).map_err(Failure::Failed)?;
    common.settings.licences = wanted.last().copied().unwrap_or_default();
    common.describe(&mut report);
    common.publish(&report)?;
    Ok(status(&report))
}

const PROFILE: &str = "\
licet-load profile: the standard profile, in about two minutes: what a city asks, as much as it can, the highest rate with a goal,
revocations that are watched, twice as much as it can; all beside the floor

usage: licet-load profile --licet FILE --folder FOLDER --out FOLDER [options]

  --rate N             of what a city asks, a second [300]
  --goal GOAL          see licet-load limit --help [p99=50ms]
  --seconds N          how long a part takes [4]
  --surge-connections N  of the surge [1024], at most 4096
";

/// Carries out the standard profile.
pub(crate) fn profile(parser: &mut lexopt::Parser) -> Done {
    let mut common = Common::new();
    let goal: Goal = "p99=50ms".parse().map_err(Failure::Failed)?;
    let part = Duration::from_secs(4);
    let mut profile = standard::Profile { rate: 300, goal, part, surge_connections: 1_024, revoked: 40 };
    let help = [PROFILE, common::HELP].concat();
    let read = each(parser, &help, &FLAGS, |name, value| {
        match name {
            "rate" => profile.rate = rate(value)?,
            "goal" => profile.goal = value.parse()?,
            "seconds" => profile.part = seconds(value)?,
            "surge-connections" => profile.surge_connections = read::<usize>(value)?.clamp(1, 4_096),
            _ => return common.take(name, value),
        }
        Ok(true)
    })?;
    if !read {
        return Ok(ExitCode::SUCCESS);
    }
    common.ready()?;
    let mut report = thread()?.block_on(standard::run(&common.settings, &profile)).map_err(Failure::Failed)?;
    common.describe(&mut report);
    common.publish(&report)?;
    // What is missed is told, not failed: a machine may be what misses it.
    Ok(ExitCode::SUCCESS)
}
