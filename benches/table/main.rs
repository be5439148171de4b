//! `licet-bench`: makes the table of targets, each a ratio to a floor taken in the same run.
//!
//! ```text
//! licet-bench                                   prints the table
//! licet-bench --write docs/PERFORMANCE.md       and puts it between the two marks of that file
//! licet-bench --load report.json                with the rows that a report of licet-load has
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to people")]

mod ingest;
mod load;
mod log;
mod markdown;
mod noise;
mod options;
mod ratio;
mod row;
mod rows;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let run = Options::read().and_then(|options| match options {
        Some(options) => run(&options),
        None => {
            print!("{}", options::HELP);
            Ok(())
        }
    });
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("licet-bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let load = options.load.as_deref().map(load::Report::read).transpose()?;
    let before = noise::Sample::take()?;
    let rows = rows::all(options, load, |row| eprint!("{}", markdown::line(row)));
    let noise = before.until(&noise::Sample::take()?);
    let table = markdown::table(&rows, &noise);
    println!("{table}");
    if let Some(file) = &options.write {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let text = markdown::put(&text, &table).map_err(|error| format!("{}: {error}", file.display()))?;
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}
