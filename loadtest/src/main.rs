//! `licet-load`: measures a gateway from outside, beside a floor of the same run. docs/LOAD.md says how.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to people")]

mod commands;

use std::process::ExitCode;

use lexopt::Arg;

const HELP: &str = "\
licet-load: measure a gateway from outside

usage: licet-load COMMAND [options]; each says more with --help

  run          a load, and how long the answers took
  load         hand in a set of licences
  floor        the same load on a server that does nothing
  limit        the highest rate at which a goal is met
  overload     twice as much as the gateway can do
  stale        revocations, watched for answers that do not know of them
  compare      two programs or two configurations, in turns
  growth       the same measurements at several sizes of the set
  profile      the standard profile: all of this in two minutes

  campaign     faults: what was acknowledged must be there after each
  soak         a long time at a rate that it can bear: whether anything grows
  reloads      two configurations that take turns under load

  repeat       one file to any gateway, many times
  departments  play departments that answer over HTTP
  city         a gateway among departments, every answer held against what they have
";

fn main() -> ExitCode {
    let mut parser = lexopt::Parser::from_env();
    let command = match parser.next() {
        Ok(Some(Arg::Value(name))) => name.into_string().unwrap_or_default(),
        _ => String::new(),
    };
    let done = match command.as_str() {
        "run" => commands::run(&mut parser),
        "load" => commands::load(&mut parser),
        "floor" => commands::floor(&mut parser),
        "limit" => commands::limit(&mut parser),
        "overload" => commands::overload(&mut parser),
        "stale" => commands::stale(&mut parser),
        "campaign" => commands::campaign(&mut parser),
        "compare" => commands::compare(&mut parser),
        "soak" => commands::soak(&mut parser),
        "reloads" => commands::reloads(&mut parser),
        "growth" => commands::growth(&mut parser),
        "profile" => commands::profile(&mut parser),
        "repeat" => commands::repeat(&mut parser),
        "bare" => commands::bare(&mut parser),
        "departments" => commands::departments(&mut parser),
        "city" => commands::city(&mut parser),
        _ => {
            print!("{HELP}");
            return if command.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(64) };
        }
    };
    done.unwrap_or_else(|failure| failure.tell())
}
