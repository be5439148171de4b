//! The commands, each with its options.

mod campaign;
mod city;
mod common;
mod departments;
mod endure;
mod measure;
mod repeat;
mod seek;
mod series;

use std::process::ExitCode;

use tokio::runtime::Runtime;

pub(crate) use campaign::campaign;
pub(crate) use city::city;
pub(crate) use departments::departments;
pub(crate) use endure::{reloads, soak};
pub(crate) use measure::{bare, floor, load, run};
pub(crate) use repeat::repeat;
pub(crate) use seek::{limit, overload, stale};
pub(crate) use series::{compare, growth, profile};

/// What a command comes to.
pub(crate) type Done = Result<ExitCode, Failure>;

/// Why a command did not come to its end.
pub(crate) enum Failure {
    /// The command line is wrong.
    Misused(String),
    /// It did not work.
    Failed(String),
}

impl Failure {
    /// Says so, and what the program ends with.
    pub(crate) fn tell(&self) -> ExitCode {
        let (Self::Misused(reason) | Self::Failed(reason)) = self;
        eprintln!("licet-load: {reason}");
        match self {
            Self::Misused(_) => ExitCode::from(64),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

/// Threads for servers.
fn threads() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(error.to_string()))
}

/// One thread for load: all connections on it, so that it takes one core at most and its own cost is known.
fn thread() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(error.to_string()))
}
