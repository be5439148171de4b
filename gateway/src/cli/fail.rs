//! How a command fails.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use crate::config::Faults;
use crate::demo::DemoError;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The configuration is wrong.
    Config(Faults),
    /// The command line is wrong.
    Usage(String),
    /// The work failed.
    Work(String),
}

impl Failure {
    /// 2 for what the user can mend in the command line or the configuration, otherwise 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Usage(_) => 2,
            Self::Work(_) => 1,
        })
    }
}

impl Failure {
    /// With the places of what is wrong with this configuration.
    #[must_use]
    pub fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Config(faults) => Self::Config(faults.in_file(file)),
            other => other,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(faults) => write!(f, "the configuration is wrong\n{faults}"),
            Self::Usage(text) | Self::Work(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Config(faults)
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        Self::Work(error.to_string())
    }
}
