//! The commands beside the plain one.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use lexopt::prelude::{Long, Value, ValueExt};
use loadtest::city;
use loadtest::departments::{Departments, Profile};
use tokio::runtime::Runtime;

const DEPARTMENTS: &str = "\
licet-load departments: play departments that answer over HTTP on this machine, as a profile and a seed have it

usage: licet-load departments [options]

  --profile FILE       the departments (TOML), or `city` or `one-fast` [city]
  --seed N             what everything follows from, unless the file has its own [1]
  --port N             where they listen on 127.0.0.1 [18080]
  --show               print the profile as a file, and end

A department is asked with POST /departments/NAME/query and {\"number\": \"...\"}; GET /departments/NAME/seen counts.
";

/// The command line is wrong.
pub(crate) fn misused(reason: &str) -> ExitCode {
    eprintln!("licet-load: {reason}");
    ExitCode::from(64)
}

/// It did not work.
pub(crate) fn failed(reason: &str) -> ExitCode {
    eprintln!("licet-load: {reason}");
    ExitCode::FAILURE
}

/// Threads on which everything runs.
pub(crate) fn runtime() -> Result<Runtime, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())
}

/// `licet-load city`
pub(crate) fn city(parser: &mut lexopt::Parser) -> ExitCode {
    drop(parser.next());
    let options = match city::Options::read(parser) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", city::HELP);
            return ExitCode::SUCCESS;
        }
        Err(reason) => return misused(&reason),
    };
    match runtime().and_then(|runtime| runtime.block_on(city::run(&options))) {
        Ok(report) => {
            print!("{report}");
            if report.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(reason) => failed(&reason),
    }
}

/// `licet-load departments`
pub(crate) fn departments(parser: &mut lexopt::Parser) -> ExitCode {
    match play(parser) {
        Ok(Some((profile, port))) => match runtime().and_then(|runtime| runtime.block_on(listen(profile, port))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => failed(&reason),
        },
        Ok(None) => ExitCode::SUCCESS,
        Err(reason) => misused(&reason),
    }
}

fn play(parser: &mut lexopt::Parser) -> Result<Option<(Profile, u16)>, String> {
    let (mut name, mut seed, mut port, mut shows) = ("city".to_owned(), 1, 18_080, false);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("help") => {
                print!("{DEPARTMENTS}");
                return Ok(None);
            }
            Long("profile") => name = value(parser)?.string().map_err(|error| error.to_string())?,
            Long("seed") => seed = value(parser)?.parse().map_err(|error| error.to_string())?,
            Long("port") => port = value(parser)?.parse().map_err(|error| error.to_string())?,
            Long("show") => shows = true,
            Value(word) if word == "departments" => {}
            other => return Err(other.unexpected().to_string()),
        }
    }
    let profile = Profile::named(&name, seed)?;
    if shows {
        print!("{}", profile.to_toml()?);
        return Ok(None);
    }
    Ok(Some((profile, port)))
}

fn value(parser: &mut lexopt::Parser) -> Result<std::ffi::OsString, String> {
    parser.value().map_err(|error| error.to_string())
}

async fn listen(profile: Profile, port: u16) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let departments = Departments::bind(address, profile).await.map_err(|error| error.to_string())?;
    println!("departments listen on http://{}", departments.address().map_err(|error| error.to_string())?);
    tokio::select! {
        () = departments.run() => Ok(()),
        signal = tokio::signal::ctrl_c() => signal.map_err(|error| error.to_string()),
    }
}
