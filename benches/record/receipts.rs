//! Receipts at a steady rate: from the moment at which a record was due until its proof against a signed checkpoint is there.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crypto::record::LogName;
use storage::Store;
use storage::log::{Published, Recorded};

use crate::measure::{now, quantiles};
use crate::subjects::draft;

/// An open loop: what is late is not waited for, and its lateness counts.
pub(crate) fn at_rate(store: &Store, rate: u32, seconds: u32) -> Result<String, String> {
    let logs = store.logs();
    let from = logs.size(LogName::Seal).map_err(|error| error.to_string())?;
    let (sender, receipts) = channel::<Result<Duration, String>>();
    let count = u64::from(rate) * u64::from(seconds);
    let started = now();
    for number in 0..count {
        let due = started + Duration::from_secs(1).saturating_mul(u32::try_from(number).unwrap_or(u32::MAX)) / rate;
        let early = due.saturating_duration_since(now());
        if !early.is_zero() {
            thread::sleep(early);
        }
        let (store, sender) = (store.clone(), sender.clone());
        let drafts = vec![draft(from + number)];
        let done = move |recorded: Result<Vec<Recorded>, _>| match recorded {
            Ok(recorded) => recorded.into_iter().for_each(|recorded| covered(&store, &recorded, due, sender.clone())),
            Err(error) => drop(sender.send(Err(format!("{error:?}")))),
        };
        logs.append(drafts, Box::new(done));
    }
    drop(sender);
    let mut times = Vec::new();
    for receipt in receipts {
        times.push(receipt?);
    }
    let took = now().saturating_duration_since(started).as_secs_f64();
    Ok(format!("{} at {rate} a second in {took:.1} s: {}", times.len(), quantiles(times)))
}

fn covered(store: &Store, recorded: &Recorded, due: Instant, sender: Sender<Result<Duration, String>>) {
    let (number, logs) = (recorded.number, store.clone());
    let proved = move |published: Option<Arc<Published>>| {
        let proof = published.ok_or_else(|| "never covered".to_owned());
        let proof = proof.and_then(|published| logs.logs().inclusion(number, &published).map_err(|error| error.to_string()));
        // Whoever counts may have given up at the first failure.
        drop(sender.send(proof.map(|_| now().saturating_duration_since(due))));
    };
    store.logs().when_covered(recorded.log, number, Box::new(proved));
}
