//! What is asked of the city.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::{Long, ValueExt};

use crate::departments::Profile;

/// What the command says of itself.
pub const HELP: &str = "\
licet-load city: run departments, a gateway and look-ups on this machine, and hold every answer against what is known

usage: licet-load city --licet FILE --folder FOLDER [options]

  --licet FILE         the gateway's program
  --folder FOLDER      where certificates, configuration, store and log of the gateway are written; made new, must not exist
  --profile FILE       the departments (TOML), or `city` or `one-fast` [city]
  --seed N             what everything follows from [1]
  --rate N             look-ups a second, in an open loop [200], at most 20000
  --seconds N          for how long [10], at most 600
  --deadline MS        the deadline of each look-up [150]
  --connections N      connections (HTTP/2) [4], at most 64
  --port N             where the departments listen [0: any]
";

/// What is asked of the city.
#[derive(Clone, Debug)]
pub struct Options {
    /// The gateway's program.
    pub licet: PathBuf,
    /// Where everything is written.
    pub folder: PathBuf,
    /// The departments.
    pub profile: Profile,
    /// Look-ups a second.
    pub rate: u32,
    /// For how many seconds.
    pub seconds: u32,
    /// The deadline of each.
    pub deadline: Duration,
    /// Connections.
    pub connections: usize,
    /// Where the departments listen.
    pub port: u16,
}

impl Options {
    /// Reads the command line behind the name of the command; `None` when help is asked for.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn read(parser: &mut lexopt::Parser) -> Result<Option<Self>, String> {
        let (mut licet, mut folder, mut profile, mut seed) = (PathBuf::new(), PathBuf::new(), "city".to_owned(), 1);
        let (mut rate, mut seconds, mut deadline, mut connections, mut port) = (200, 10, 150, 4, 0);
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let Long(name) = argument else { return Err(argument.unexpected().to_string()) };
            if name == "help" {
                return Ok(None);
            }
            let name = name.to_owned();
            let value = parser.value().map_err(|error| error.to_string())?;
            let fault = |error: lexopt::Error| format!("--{name}: {error}");
            match name.as_str() {
                "licet" => licet = PathBuf::from(value),
                "folder" => folder = PathBuf::from(value),
                "profile" => profile = value.string().map_err(fault)?,
                "seed" => seed = value.parse().map_err(fault)?,
                "rate" => rate = value.parse().map_err(fault)?,
                "seconds" => seconds = value.parse().map_err(fault)?,
                "deadline" => deadline = value.parse().map_err(fault)?,
                "connections" => connections = value.parse().map_err(fault)?,
                "port" => port = value.parse().map_err(fault)?,
                _ => return Err(format!("--{name}: unknown option; --help lists them")),
            }
        }
        let profile = Profile::named(&profile, seed)?;
        let deadline = Duration::from_millis(deadline);
        let options = Self { licet, folder, profile, rate, seconds, deadline, connections, port };
        options.check().map(|()| Some(options))
    }

    fn check(&self) -> Result<(), String> {
        for (name, path) in [("licet", &self.licet), ("folder", &self.folder)] {
            if path.as_os_str().is_empty() {
                return Err(format!("--{name} is needed"));
            }
        }
        let is_good = (1..=20_000).contains(&self.rate)
            && (1..=600).contains(&self.seconds)
            && (1..=64).contains(&self.connections)
            && (20..=5_000).contains(&self.deadline.as_millis());
        if is_good { Ok(()) } else { Err("rate, seconds, connections or deadline (20 to 5000) is out of range".to_owned()) }
    }
}
