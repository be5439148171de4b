//! `licet-log-bench`: fills the two logs of a store with records and says how fast that was, how soon receipts came, how long
//! queries and proofs take, how long the store takes to open, and what a record takes of memory and disk.
//!
//! ```text
//! cargo run --release --package benches --bin licet-log-bench -- --folder /tmp/log --records 10000000
//! ```
//!
//! Every write is durable before it counts, as it is in the gateway. A folder that has records already is filled up.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to people")]

mod options;
mod queries;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use benches::log_signer::Signer;
use benches::measure::{self, quantiles};
use benches::{disk, fill, receipts};
use crypto::record::LogName;
use options::Options;
use storage::{Keys, Store};

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
            eprintln!("licet-log-bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let keys = keys(&options.folder)?;
    let store = open(options, &keys)?;
    println!("floor      {}", disk::sync(&options.folder)?);
    let before = store.logs().size(LogName::Seal).map_err(|error| error.to_string())?;
    let missing = options.records.saturating_sub(before);
    let filled = fill::fill(&store, before, missing, options.callers)?;
    let (callers, per_s) = (options.callers, filled.per_s);
    println!("fill       {missing} records by {callers} callers, {per_s:.0} a second; {}", quantiles(filled.times));
    println!("memory     {} MiB resident after the fill", measure::resident_mib());
    for rate in [options.rate, 0].into_iter().take_while(|rate| *rate > 0) {
        let floor = disk::receipts(&options.folder, rate, options.seconds)?;
        println!("floor      of receipts, written and synced and nothing else: {}", quantiles(floor));
        let receipts = receipts::at_rate(&store, rate, options.seconds)?;
        let (count, seconds) = (receipts.times.len(), receipts.seconds);
        println!("receipts   {count} at {rate} a second in {seconds:.1} s: {}", quantiles(receipts.times));
    }
    queries::run(&store)?;
    drop(store);
    let (store, took) = measure::timed(|| open(options, &keys));
    let size = store?.logs().size(LogName::Seal).map_err(|error| error.to_string())?;
    println!("open       {:.0} ms with {size} records", took.as_secs_f64() * 1000.0);
    println!("memory     {} MiB resident at the end", measure::resident_mib());
    println!("disk       {:.0} bytes a record", measure::per(measure::folder_bytes(&options.folder)?, size));
    Ok(())
}

fn open(options: &Options, keys: &Keys) -> Result<Store, String> {
    let store =
        Store::open(&options.folder.join("data"), keys, &storage::Options::default()).map_err(|error| error.to_string())?;
    store.logs().publish_with(Arc::new(Signer::new()?));
    Ok(store)
}

fn keys(folder: &Path) -> Result<Keys, String> {
    let (value, index) = (folder.join("value.key"), folder.join("index.key"));
    if value.exists() {
        Keys::load_files(&value, &index).map_err(|error| error.to_string())
    } else {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        Keys::generate(folder).map_err(|error| error.to_string())
    }
}
