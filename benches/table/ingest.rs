//! Licences handed in by 64 callers at once, beside one committer that writes the same bytes.

use std::path::Path;

use benches::folder::Folder;
use benches::inside::{Inside, Who, on_disk};
use benches::measure::timed;
use benches::office::Office;
use benches::pipe::{Ask, Pipe};
use crypto::issue::seal::SealVersion;
use hyper::StatusCode;
use storage::Options;
use storage::engine::rocks::Rocks;
use storage::engine::{Batch, Engine as _, Part, Space};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::ratio::{self, Ratio};

const CALLERS: u32 = 64;
/// How many licences each caller hands in, a round.
const EACH: u32 = 4;
/// What a licence takes beside its file: its record, its rows, and what the logs hold of it.
const ROWS: (usize, usize) = (10, 256);

/// Measures it, on this disk.
pub(crate) fn measure(folder: &Path, rounds: usize) -> Result<Ratio, String> {
    let (ours, floors) = (Folder::new(folder)?, Folder::new(folder)?);
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let office = Office::new(SealVersion::V4);
    let gateway = Inside::new(&office, on_disk(ours.path())?)?;
    let mut pipes = Vec::new();
    for _ in 0..CALLERS {
        pipes.push(runtime.block_on(gateway.connect(Who::Issuer))?);
    }
    let rocks = Rocks::open(&floors.path().join("data"), &Options::default()).map_err(|error| error.to_string())?;
    let (mut next, mut written, mut fault) = (0, 0, Ok(()));
    let mut pipes = Some(pipes);
    let mut hand_in = || {
        let licences: Vec<_> = (next..next + CALLERS * EACH).map(|number| office.licence(number)).collect();
        next += CALLERS * EACH;
        let (outcome, took) = timed(|| run(&runtime, pipes.take().unwrap_or_default(), licences));
        match outcome {
            Ok(back) => pipes = Some(back),
            Err(error) => fault = Err(error),
        }
        took.as_secs_f64() * 1e6 / f64::from(CALLERS * EACH)
    };
    let document = office.licence(0);
    let mut commit = || {
        let batches: Vec<_> = (0..EACH).map(|number| batch(written + number, &document)).collect();
        written += EACH;
        let ((), took) = timed(|| batches.into_iter().for_each(|batch| rocks.commit(Part(7), batch).unwrap_or_default()));
        took.as_secs_f64() * 1e6 / f64::from(CALLERS * EACH)
    };
    // The first of each opens files.
    hand_in();
    commit();
    let ratio = ratio::of(rounds, hand_in, commit).ok_or("no rounds were taken")?;
    fault.map(|()| ratio)
}

/// Hands these in, each caller its share, one after the other.
fn run(runtime: &Runtime, pipes: Vec<Pipe>, licences: Vec<Vec<u8>>) -> Result<Vec<Pipe>, String> {
    runtime.block_on(async {
        let mut licences = licences.into_iter();
        let mut callers = JoinSet::new();
        for mut pipe in pipes {
            let share: Vec<_> = licences.by_ref().take(usize::try_from(EACH).unwrap_or(1)).collect();
            callers.spawn(async move {
                for licence in share {
                    let (status, body) = pipe.post(&Ask::ofd("/v1/licences", licence)).await?;
                    if status != StatusCode::CREATED {
                        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
                    }
                }
                Ok(pipe)
            });
        }
        let mut back = Vec::new();
        while let Some(caller) = callers.join_next().await {
            back.push(caller.map_err(|error| error.to_string())??);
        }
        Ok(back)
    })
}

/// As many bytes as 64 licences write.
fn batch(number: u32, document: &[u8]) -> Batch {
    let mut batch = Batch::new();
    for licence in 0..CALLERS {
        let key = [number.to_be_bytes(), licence.to_be_bytes()].concat();
        batch.put(Space::Obj, key.clone(), document.to_vec());
        for row in 0..ROWS.0 {
            batch.put(Space::Idx, [&key[..], &row.to_be_bytes()].concat(), vec![7; ROWS.1]);
        }
    }
    batch
}
