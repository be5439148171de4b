//! Receipts at a steady rate: from the moment at which a record was due until its proof against a signed checkpoint is there.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crypto::record::LogName;
use storage::log::{Published, Recorded};
use storage::{StorageError, Store};

use crate::measure::{now, wait};
use crate::subjects::draft;

/// A record that a checkpoint covers, and when it was due.
type Covered = Result<(u64, Arc<Published>, Instant), String>;

/// What came of it.
#[derive(Debug)]
pub struct Receipts {
    /// How late each receipt was there.
    pub times: Vec<Duration>,
    /// How long all of it took, in seconds.
    pub seconds: f64,
}

/// An open loop: what is late is not waited for, and its lateness counts.
///
/// # Errors
/// When the store takes no records, or a checkpoint never covers one.
pub fn at_rate(store: &Store, rate: u32, seconds: u32) -> Result<Receipts, String> {
    let count = rate.saturating_mul(seconds);
    let (sender, covered) = channel::<Covered>();
    let covered = Mutex::new(covered);
    let started = now();
    let times = thread::scope(|scope| {
        let provers: Vec<_> = (0..2).map(|_| scope.spawn(|| prove(store, &covered))).collect();
        ask(store, (started, rate, count), sender)?;
        let mut times = Vec::new();
        for prover in provers {
            times.extend(prover.join().map_err(|_panic| "a prover broke down".to_owned())??);
        }
        Ok::<_, String>(times)
    })?;
    let took = now().saturating_duration_since(started).as_secs_f64();
    Ok(Receipts { times, seconds: took })
}

/// Appends each record when it is due.
fn ask(store: &Store, (started, rate, count): (Instant, u32, u32), sender: Sender<Covered>) -> Result<(), String> {
    let from = store.logs().size(LogName::Seal).map_err(|error| error.to_string())?;
    for number in 0..count {
        let due = started + Duration::from_secs(1).saturating_mul(number) / rate;
        wait(due);
        let (sender, logs) = (sender.clone(), store.logs().clone());
        let done = move |recorded: Result<Vec<Recorded>, StorageError>| match recorded {
            Ok(recorded) => recorded.into_iter().for_each(|recorded| {
                let sender = sender.clone();
                let number = recorded.number;
                let covered = move |published: Option<Arc<Published>>| {
                    let covered = published.map(|published| (number, published, due)).ok_or_else(|| "never covered".to_owned());
                    // Whoever counts may have given up at the first failure.
                    drop(sender.send(covered));
                };
                logs.when_covered(recorded.log, number, Box::new(covered));
            }),
            Err(error) => drop(sender.send(Err(error.to_string()))),
        };
        store.logs().append(vec![draft(from + u64::from(number))], Box::new(done));
    }
    drop(sender);
    Ok(())
}

fn prove(store: &Store, covered: &Mutex<Receiver<Covered>>) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    loop {
        let next = covered.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return Ok(times) };
        let (number, published, due) = next?;
        store.logs().inclusion(number, &published).map_err(|error| error.to_string())?;
        times.push(now().saturating_duration_since(due));
    }
}
