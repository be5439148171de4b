//! `licet-load`: asks a gateway on this machine the same question many times and says how long the answers took. `licet-load
//! departments` plays departments, `licet-load city` a whole city with a gateway of its own.
//!
//! The first is a closed loop: each connection asks again when it has its answer, so the figures are those of a gateway that is busy
//! but not overrun. Only loopback addresses are asked, and the number of requests is bounded.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to people")]

mod client;
mod command;
mod options;
mod report;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::Client;
use loadtest::time::now;
use options::Options;
use report::Latencies;

fn main() -> ExitCode {
    let mut parser = lexopt::Parser::from_env();
    let first = parser.clone().next().ok().flatten().and_then(|argument| match argument {
        lexopt::Arg::Value(name) => name.into_string().ok(),
        _ => None,
    });
    match first.as_deref() {
        Some("departments") => command::departments(&mut parser),
        Some("city") => command::city(&mut parser),
        _ => repeat(),
    }
}

/// The same question many times.
fn repeat() -> ExitCode {
    let options = match Options::read() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(reason) => return command::misused(&reason),
    };
    let latencies = command::runtime().and_then(|runtime| runtime.block_on(run(options)));
    match latencies {
        Ok(latencies) => {
            print!("{latencies}");
            if latencies.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(reason) => command::failed(&reason),
    }
}

async fn run(options: Options) -> Result<Latencies, String> {
    let options = Arc::new(options);
    let left = Arc::new(AtomicUsize::new(options.requests));
    let started = now();
    let mut tasks = Vec::new();
    for _ in 0..options.connections {
        let (options, left) = (Arc::clone(&options), Arc::clone(&left));
        tasks.push(tokio::spawn(async move { ask(&options, &left).await }));
    }
    let mut all = Latencies::default();
    for task in tasks {
        all.add(task.await.map_err(|error| error.to_string())??);
    }
    all.finish(started);
    Ok(all)
}

/// One connection, until there is nothing left to ask.
async fn ask(options: &Options, left: &AtomicUsize) -> Result<Latencies, String> {
    let mut client = Client::connect(options).await?;
    let mut latencies = Latencies::default();
    while let Ok(number) = left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)) {
        let asked = now();
        let status = client.post(&options.target(number), &options.content_type, options.body.clone()).await?;
        latencies.record(asked, status);
    }
    Ok(latencies)
}
