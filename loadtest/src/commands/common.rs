//! Options that all measurements have.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lexopt::prelude::{Long, ValueExt};
use loadtest::number;
use loadtest::report::Report;
use loadtest::rig::Settings;
use loadtest::server::{Pin, pin_self};
use loadtest::target::allowed;

use super::Failure;

/// What is said of these options.
pub(super) const HELP: &str = "
the gateway:
  --licet FILE         its program, started over the folder; or
  --address ADDR       where it runs already, set up with the folder; --pid N says which process it is
  --anywhere           ADDR may be another machine: whoever owns it knows of this
  --config FILE        TOML that is laid over the configuration in the folder
  --pin                the gateway on the first core, the load on the second (taskset)

the data:
  --folder FOLDER      certificates, configuration, store; made new, or used again
  --seed N             what everything follows from [1]
  --licences N         how many there are, handed in as far as they are missing: 10k, 1M, up to 10M [10k]
  --hot N              how many of them are asked about all the time [1k]

  --connections N      of who asks for verdicts [64], at most 4096
  --out FOLDER         where report.json, report.md and report.html are written; left out, Markdown is printed
";

/// Licences that a set has at most: there are numbers of citizens for so many.
const LICENCES_MAX: u64 = 10_000_000;
const CONNECTIONS_MAX: usize = 4_096;

/// These options.
pub(super) struct Common {
    pub(super) settings: Settings,
    address: Option<SocketAddr>,
    process: Option<u32>,
    out: Option<PathBuf>,
}

/// Reads an option as whatever is wanted.
pub(super) fn read<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

/// Reads seconds, from one to an hour.
pub(super) fn seconds(value: &str) -> Result<Duration, String> {
    let seconds = read::<u64>(value)?;
    if (1..=3_600).contains(&seconds) { Ok(Duration::from_secs(seconds)) } else { Err("is from 1 to 3600".to_owned()) }
}

/// Reads a rate.
pub(super) fn rate(value: &str) -> Result<u64, String> {
    let rate = number::read(value)?;
    if (1..=1_000_000).contains(&rate) { Ok(rate) } else { Err("is from 1 to 1M".to_owned()) }
}

/// Reads a command line: flags that have no value are in `flags`. False where help was asked for, and given.
pub(super) fn each(
    parser: &mut lexopt::Parser,
    help: &str,
    flags: &[&str],
    mut take: impl FnMut(&str, &str) -> Result<bool, String>,
) -> Result<bool, Failure> {
    let fault = |error: lexopt::Error| Failure::Misused(error.to_string());
    while let Some(argument) = parser.next().map_err(fault)? {
        let Long(name) = argument else { return Err(fault(argument.unexpected())) };
        if name == "help" {
            print!("{help}");
            return Ok(false);
        }
        let name = name.to_owned();
        let value = if flags.contains(&name.as_str()) {
            String::new()
        } else {
            parser.value().and_then(|v| v.string()).map_err(fault)?
        };
        match take(&name, &value) {
            Ok(true) => {}
            Ok(false) => return Err(Failure::Misused(format!("--{name}: unknown option; --help lists them"))),
            Err(reason) => return Err(Failure::Misused(format!("--{name} {value}: {reason}"))),
        }
    }
    Ok(true)
}

/// Options without a value.
pub(super) const FLAGS: [&str; 2] = ["pin", "anywhere"];

impl Common {
    pub(super) fn new() -> Self {
        let settings = Settings {
            licet: None,
            own: std::env::current_exe().ok(),
            folder: PathBuf::new(),
            seed: 1,
            licences: 10_000,
            hot: 1_000,
            connections: 64,
            pin: Pin::Nowhere,
            address: None,
            anywhere: false,
            overlay: None,
        };
        Self { settings, address: None, process: None, out: None }
    }

    /// Takes an option, if it is one of these.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        let settings = &mut self.settings;
        match name {
            "licet" => settings.licet = Some(PathBuf::from(value)),
            "address" => self.address = Some(read(value)?),
            "pid" => self.process = Some(read(value)?),
            "anywhere" => settings.anywhere = true,
            "config" => settings.overlay = Some(PathBuf::from(value)),
            "pin" => settings.pin = Pin::Apart,
            "folder" => settings.folder = PathBuf::from(value),
            "seed" => settings.seed = read(value)?,
            "licences" => settings.licences = licences(value)?,
            "hot" => settings.hot = number::read(value)?.clamp(1, 100_000),
            "connections" => settings.connections = read::<usize>(value)?.clamp(1, CONNECTIONS_MAX),
            "out" => self.out = Some(PathBuf::from(value)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What can be known to be wrong before anything is started. Pins this program, if it is to be pinned.
    pub(super) fn ready(&mut self) -> Result<(), Failure> {
        let settings = &mut self.settings;
        if settings.folder.as_os_str().is_empty() {
            return Err(Failure::Misused("--folder is needed".to_owned()));
        }
        if settings.licet.is_some() == self.address.is_some() {
            return Err(Failure::Misused("either --licet or --address is needed".to_owned()));
        }
        if let Some(address) = self.address {
            allowed(address, settings.anywhere).map_err(Failure::Misused)?;
            settings.address = Some((address, self.process));
        }
        self.pin()
    }

    /// Pins this program, if it is to be pinned.
    pub(super) fn pin(&self) -> Result<(), Failure> {
        if self.settings.pin == Pin::Apart {
            pin_self().map_err(Failure::Failed)?;
        }
        Ok(())
    }

    /// What is told of these options.
    pub(super) fn describe(&self, report: &mut Report) {
        let settings = &self.settings;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let gateway = path(&settings.licet).or_else(|| self.address.map(|address| address.to_string()));
        report.set("gateway", gateway.unwrap_or_else(|| "none".to_owned()));
        if let Some(overlay) = path(&settings.overlay) {
            report.set("configuration", overlay);
        }
        report.set("seed", settings.seed.to_string());
        report.set("licences", number::grouped(settings.licences));
        report.set("asked about all the time", number::grouped(settings.hot));
        report.set("connections", settings.connections.to_string());
        let cores = match settings.pin {
            Pin::Apart => "the server on the first, the load on the second",
            Pin::Nowhere => "as the kernel likes",
        };
        report.set("cores", cores);
    }

    /// Writes or prints a report.
    pub(super) fn publish(&self, report: &Report) -> Result<(), Failure> {
        match &self.out {
            Some(folder) => {
                report.write(folder).map_err(Failure::Failed)?;
                for finding in &report.findings {
                    println!("{:<44} {}  {}", finding.what, finding.found, finding.verdict.name());
                }
                println!("{}", folder.join("report.html").display());
            }
            None => print!("{}", report.markdown()),
        }
        Ok(())
    }
}

/// Reads how many licences there are to be.
pub(super) fn licences(value: &str) -> Result<u64, String> {
    let licences = number::read(value)?;
    if (200..=LICENCES_MAX).contains(&licences) { Ok(licences) } else { Err("is from 200 to 10M".to_owned()) }
}
