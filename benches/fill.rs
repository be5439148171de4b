//! Callers that append one record after the other, each when the one before is durable.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use storage::Store;

use crate::measure::{now, timed};
use crate::subjects::draft;

/// What came of it.
#[derive(Debug)]
pub struct Filled {
    /// Records a second.
    pub per_s: f64,
    /// How long a record took, of one in a hundred.
    pub times: Vec<Duration>,
}

/// Appends so many records, from this number on.
///
/// # Errors
/// When the store takes no records.
pub fn fill(store: &Store, from: u64, count: u64, callers: usize) -> Result<Filled, String> {
    let next = AtomicU64::new(0);
    let (times, took) = timed(|| {
        thread::scope(|scope| {
            let callers: Vec<_> = (0..callers).map(|_| scope.spawn(|| caller(store, &next, (from, count)))).collect();
            let mut all = Vec::new();
            for caller in callers {
                all.extend(caller.join().map_err(|_panic| "a caller broke down".to_owned())??);
            }
            Ok::<_, String>(all)
        })
    });
    let per_s = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.as_secs_f64().max(1e-9);
    Ok(Filled { per_s, times: times? })
}

fn caller(store: &Store, next: &AtomicU64, (from, count): (u64, u64)) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(times);
        }
        let asked = now();
        store.logs().append_and_wait(&[draft(from + number)]).map_err(|error| error.to_string())?;
        // One in a hundred is enough for a quantile, and ten million times need no memory of their own.
        if number.is_multiple_of(100) {
            times.push(now().saturating_duration_since(asked));
        }
    }
}
