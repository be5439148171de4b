//! Floors of the disk: what every durable record pays a share of, whoever writes it.

use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::measure::{now, quantiles, timed, wait};

/// What a record takes in the store.
const RECORD: [u8; 1250] = [7; 1250];
/// What is written to a table at a time: 52 records and a part.
static CHUNK: [u8; 65_536] = [7; 65_536];
/// Of how many chunks a table of the store is.
const TABLE_CHUNKS: u32 = 256;

/// How long a KiB takes to be on this disk, appended by one writer.
///
/// # Errors
/// When the file cannot be written.
pub fn sync(folder: &Path) -> Result<String, String> {
    let path = folder.join("floor");
    let mut times = Vec::new();
    let mut file = File::create(&path).map_err(|error| error.to_string())?;
    for _ in 0..500 {
        let (written, took) = timed(|| file.write_all(&[7; 1024]).and_then(|()| file.sync_data()));
        written.map_err(|error| error.to_string())?;
        times.push(took);
    }
    fs::remove_file(&path).map_err(|error| error.to_string())?;
    Ok(format!("{} to sync 1 KiB", quantiles(times)))
}

/// How late records that are due at a steady rate would be on this disk, if nothing had to be done but to write and sync them
/// together, and to write the same bytes once more to a table.
///
/// # Errors
/// When the files cannot be written.
pub fn receipts(folder: &Path, rate: u32, seconds: u32) -> Result<Vec<Duration>, String> {
    let (log, table) = (folder.join("floor-log"), folder.join("floor-table"));
    let is_over = AtomicBool::new(false);
    let times = thread::scope(|scope| {
        let tables = scope.spawn(|| write_tables(&table, rate, &is_over));
        let times = write_due(&log, rate, seconds);
        is_over.store(true, Ordering::Relaxed);
        tables.join().map_err(|_panic| std::io::Error::other("the writer of tables broke down")).flatten().and(times)
    });
    for path in [log, table] {
        fs::remove_file(path).map_err(|error| error.to_string())?;
    }
    times.map_err(|error| error.to_string())
}

/// Writes what is due, all that waits with one sync.
fn write_due(path: &Path, rate: u32, seconds: u32) -> std::io::Result<Vec<Duration>> {
    let mut file = File::create(path)?;
    let (started, count) = (now(), rate.saturating_mul(seconds));
    let due = |number: u32| started + Duration::from_secs(1).saturating_mul(number) / rate;
    let mut times = Vec::new();
    let mut done = 0;
    while done < count {
        wait(due(done));
        let moment = now();
        let from = done;
        while done < count && due(done) <= moment {
            file.write_all(&RECORD)?;
            done += 1;
        }
        file.sync_data()?;
        let moment = now();
        times.extend((from..done).map(|number| moment.saturating_duration_since(due(number))));
    }
    Ok(times)
}

/// Writes as many bytes as the records have, evenly.
fn write_tables(path: &Path, rate: u32, is_over: &AtomicBool) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    let (started, every) = (now(), Duration::from_millis(52_429) / rate.max(1));
    for chunk in 1_u32.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        file.write_all(&CHUNK)?;
        if chunk.is_multiple_of(TABLE_CHUNKS) {
            file.sync_data()?;
            file.rewind()?;
        }
        wait(started + every.saturating_mul(chunk));
    }
    Ok(())
}
