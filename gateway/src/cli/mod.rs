//! The command line: one file for each subcommand.

// A command speaks to its user with these, and they stand in the way of those of the standard library, which panic when whoever
// reads has gone.
macro_rules! print {
    ($($text:tt)*) => { $crate::cli::out::say(format_args!($($text)*)) };
}
macro_rules! println {
    ($($text:tt)+) => { $crate::cli::out::say(format_args!("{}\n", format_args!($($text)+))) };
}
macro_rules! eprintln {
    ($($text:tt)+) => { $crate::cli::out::complain(format_args!("{}\n", format_args!($($text)+))) };
}

mod about;
mod arguments;
mod backup;
mod catalogue;
mod config;
mod control;
mod demo;
mod doctor;
mod evidence;
mod fail;
mod input;
mod keys;
mod level;
mod log;
mod maintenance;
mod notify;
mod out;
mod pki;
mod progress;
mod reload;
mod report;
mod restore;
mod serve;
mod store;
mod table;
mod trust;
mod verify;

use std::process::ExitCode;

use lexopt::prelude::*;

pub use fail::Failure;

/// Exit status when what was to be said could not be written (`EX_IOERR`).
const LOST: u8 = 74;

/// A subcommand.
struct Command {
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(lexopt::Parser) -> Result<ExitCode, Failure>,
}

/// Every subcommand, in the order of the help.
static COMMANDS: &[Command] = &[
    Command { name: "serve", arguments: "--config FILE", help: "run the gateway", run: serve::run },
    Command {
        name: "reload",
        arguments: reload::ARGUMENTS,
        help: "have the gateway that runs read its configuration again",
        run: reload::run,
    },
    Command { name: "about", arguments: about::ARGUMENTS, help: "ask the gateway that runs which one it is", run: about::run },
    Command {
        name: "level",
        arguments: level::ARGUMENTS,
        help: "see or change how much the gateway that runs writes to its log",
        run: level::run,
    },
    Command { name: "demo", arguments: demo::ARGUMENTS, help: "try everything out on this machine", run: demo::run },
    Command {
        name: "verify",
        arguments: verify::ARGUMENTS,
        help: "verify files without a gateway; see licet verify --help",
        run: verify::run,
    },
    Command {
        name: "evidence",
        arguments: evidence::ARGUMENTS,
        help: "check an evidence bundle, with nothing else at hand",
        run: evidence::run,
    },
    Command {
        name: "report",
        arguments: "diff A B [--json]",
        help: "compare two reports of the same document",
        run: report::run,
    },
    Command { name: "pki", arguments: "new DIR | show FILE", help: "make or show keys and certificates", run: pki::run },
    Command {
        name: "trust",
        arguments: trust::ARGUMENTS,
        help: "look at, compare, apply and sign trust; see licet trust --help",
        run: trust::run,
    },
    Command {
        name: "log",
        arguments: log::ARGUMENTS,
        help: "look at and check the logs of what happened; see licet log --help",
        run: log::run,
    },
    Command {
        name: "catalogue",
        arguments: catalogue::ARGUMENTS,
        help: "check, compare and apply files of the catalogue; see licet catalogue --help",
        run: catalogue::run,
    },
    Command {
        name: "backup",
        arguments: backup::ARGUMENTS,
        help: "make, list, check and restore backups; see licet backup --help",
        run: backup::run,
    },
    Command {
        name: "restore",
        arguments: restore::ARGUMENTS,
        help: "take a restored store into use; see licet restore --help",
        run: restore::run,
    },
    Command {
        name: "doctor",
        arguments: doctor::ARGUMENTS,
        help: "say how the gateway is, and what to do about it",
        run: doctor::run,
    },
    Command {
        name: "maintenance",
        arguments: maintenance::ARGUMENTS,
        help: "stop changes and look-ups of the running gateway, or let them in",
        run: maintenance::run,
    },
    Command {
        name: "keys",
        arguments: keys::ARGUMENTS,
        help: "list, rotate, retire and rewrap the keys of the store; see licet keys --help",
        run: keys::run,
    },
    Command {
        name: "store",
        arguments: store::ARGUMENTS,
        help: "show the format of a store, or bring it to the newest",
        run: store::run,
    },
    Command {
        name: "config",
        arguments: config::ARGUMENTS,
        help: "check a configuration, or print every setting; see licet config --help",
        run: config::run,
    },
];

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let code = match run(lexopt::Parser::from_env()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("licet: {failure}");
            failure.exit_code()
        }
    };
    if out::is_lost() {
        eprintln!("licet: the standard output could not be written to its end");
        return ExitCode::from(LOST);
    }
    code
}

fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    match parser.next()? {
        Some(Value(name)) => match COMMANDS.iter().find(|command| name == command.name) {
            Some(command) => (command.run)(parser),
            None => Err(Failure::Usage(format!("there is no command {}; see licet --help", name.display()))),
        },
        Some(Long("version") | Short('V')) => {
            println!("licet {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        Some(Long("help") | Short('h')) => {
            println!("{}", help());
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => Err(other.unexpected().into()),
        None => Err(Failure::Usage(help())),
    }
}

fn help() -> String {
    let mut text = "licet stores and verifies electronic licences.\n\nUsage:\n".to_owned();
    for command in COMMANDS {
        let line = format!("licet {} {}", command.name, command.arguments);
        text.push_str(&format!("  {line:<44} {}\n", command.help));
    }
    text.push_str("  licet --version | --help");
    text
}
