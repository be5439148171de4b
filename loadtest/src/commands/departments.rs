//! `licet-load departments`

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use lexopt::prelude::{Long, ValueExt};
use loadtest::departments::{Departments, Profile};

use super::{Done, Failure, threads};

const HELP: &str = "\
licet-load departments: play departments that answer over HTTP on this machine, as a profile and a seed have it

usage: licet-load departments [options]

  --profile FILE       the departments (TOML), or `city` or `one-fast` [city]
  --seed N             what everything follows from, for a profile of ours [1]; a file has its own
  --port N             where they listen on 127.0.0.1 [18080]
  --show               print the profile as a file, and end

A department is asked with POST /departments/NAME/query and {\"number\": \"...\"}; GET /departments/NAME/seen counts.
People are its own: numbers of the area 990100, such as 990100194001010001. Any other is answered 400.
";

/// Plays departments.
pub(crate) fn departments(parser: &mut lexopt::Parser) -> Done {
    let Some((profile, port)) = read(parser).map_err(Failure::Misused)? else { return Ok(ExitCode::SUCCESS) };
    threads()?.block_on(listen(profile, port)).map_err(Failure::Failed)?;
    Ok(ExitCode::SUCCESS)
}

fn read(parser: &mut lexopt::Parser) -> Result<Option<(Profile, u16)>, String> {
    let (mut name, mut seed, mut port, mut shows) = ("city".to_owned(), 1, 18_080, false);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Long("profile") => name = value(parser)?.string().map_err(|error| error.to_string())?,
            Long("seed") => seed = value(parser)?.parse().map_err(|error| error.to_string())?,
            Long("port") => port = value(parser)?.parse().map_err(|error| error.to_string())?,
            Long("show") => shows = true,
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
