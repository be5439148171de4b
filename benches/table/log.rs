//! Records appended by many callers, and receipts of them.

use std::path::Path;
use std::sync::Arc;

use benches::fill::fill;
use benches::folder::Folder;
use benches::inside::on_disk;
use benches::log_signer::Signer;
use benches::measure::quantile_ms;
use benches::receipts::at_rate;
use benches::steps::{self, Run};
use crypto::record::LogName;
use storage::Store;

use crate::ratio::median;
use crate::row::{Bound, Found};

const CALLERS: usize = 256;
/// Records of a round.
const RECORDS: u64 = 20_000;
/// What is promised, a second.
const RATE: f64 = 20_000.0;
/// Half of it, at which receipts are timed, and for how many seconds.
const RECEIPTS: (u32, u32) = (10_000, 5);
const RECEIPT_P99_MS: f64 = 20.0;

/// The appending, and the receipts.
pub(crate) fn measure(folder: &Path, rounds: usize) -> [Found; 2] {
    let store = Folder::new(folder).and_then(|folder| {
        let store = on_disk(folder.path())?;
        store.logs().publish_with(Arc::new(Signer::new()?));
        Ok((store, folder))
    });
    let (store, _folder) = match store {
        Ok(store) => store,
        Err(reason) => return [Found::Failed(reason.clone()), Found::Failed(reason)],
    };
    [append(&store, rounds).unwrap_or_else(Found::Failed), receipts(&store, folder).unwrap_or_else(Found::Failed)]
}

fn append(store: &Store, rounds: usize) -> Result<Found, String> {
    let mut floor = (steps::named("floor/rocks-batch-64")?.make)()?;
    let (mut rates, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let from = store.logs().size(LogName::Seal).map_err(|error| error.to_string())?;
        rates.push(fill(store, from, RECORDS, CALLERS)?.per_s);
        floors.push(batches_per_s(&mut floor) * 64.0);
    }
    let (rate, floor) = (median(rates).unwrap_or_default(), median(floors).unwrap_or_default());
    Ok(Found::Measured {
        figure: format!("{rate:.0}/s by {CALLERS} callers"),
        floor: format!("{floor:.0}/s of 1 KiB by one committer, synced in batches of 64"),
        value: rate,
        bound: Bound::AtLeast(RATE),
    })
}

/// A store that cannot keep up at all refuses records: then there is no figure.
fn receipts(store: &Store, folder: &Path) -> Result<Found, String> {
    let (per_s, seconds) = RECEIPTS;
    let mut floor = benches::disk::receipts(folder, per_s, seconds)?;
    let mut times = at_rate(store, per_s, seconds).map_err(|reason| format!("at {per_s}/s: {reason}"))?.times;
    let (p50, p99) = (quantile_ms(&mut times, 500), quantile_ms(&mut times, 990));
    Ok(Found::Measured {
        figure: format!("p50 {p50:.1} ms, p99 {p99:.1} ms at {per_s}/s"),
        floor: format!("p99 {:.1} ms, written and synced and nothing else", quantile_ms(&mut floor, 990)),
        value: p99,
        bound: Bound::AtMost(RECEIPT_P99_MS),
    })
}

/// How many batches a second, from 50 of them.
fn batches_per_s(floor: &mut Run) -> f64 {
    let ((), took) = benches::measure::timed(|| (0..50).for_each(|_| floor.once()));
    50.0 / took.as_secs_f64().max(1e-9)
}
