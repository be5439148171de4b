//! Hands in a whole set through the gateway's own interface: each licence is verified, stored and logged like any other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::licence::Dataset;
use super::progress::Progress;
use crate::asks::post;
use crate::number::count;
use crate::site::Site;
use crate::target::Connection;

/// Callers of one office at a time.
const STREAMS: u64 = 4;

/// One stream of licences: every so many, of one office.
struct Stream {
    dataset: Dataset,
    connection: Connection,
    /// The next number that it hands in.
    next: Arc<AtomicU64>,
    step: u64,
    until: u64,
}

/// Hands in what is missing to a set of this size. What was handed in before is not handed in again, also after a crash.
///
/// # Errors
/// A licence was not taken, in a sentence.
pub async fn load(site: &mut Site, dataset: &Dataset, address: SocketAddr, size: u64) -> Result<(), String> {
    let before = site.book.loaded;
    if before >= size {
        return Ok(());
    }
    let step = count(site.offices.all.len()) * STREAMS;
    let (mut streams, mut places) = (JoinSet::new(), Vec::new());
    for first in before..before + step {
        let office = site.offices.all.get(dataset.place(first)).ok_or("there are no offices")?;
        let next = Arc::new(AtomicU64::new(first));
        places.push(Arc::clone(&next));
        let connection = Connection::new(&site.door(&office.caller, address)?);
        streams.spawn(Stream { dataset: dataset.clone(), connection, next, step, until: size }.run());
    }
    let mut progress = Progress::new(size, before);
    while !streams.is_empty() {
        let ended = tokio::time::timeout(Duration::from_millis(100), streams.join_next()).await;
        if let Ok(Some(ended)) = ended {
            ended.map_err(|error| error.to_string())??;
        }
        // All before the next number of the slowest stream are on record.
        let slowest = places.iter().map(|next| next.load(Ordering::Acquire)).min().unwrap_or(before);
        site.book.loaded = slowest.min(size);
        if progress.tell(site.book.loaded) {
            site.book.write()?;
        }
    }
    site.book.write()
}

impl Stream {
    async fn run(mut self) -> Result<(), String> {
        loop {
            let number = self.next.load(Ordering::Acquire);
            if number >= self.until {
                return Ok(());
            }
            let paper = self.dataset.paper(number)?;
            let request = post("/v1/licences", paper.media_type, &paper.bytes);
            let reply = self.connection.exchange(&request).await.map_err(|reason| format!("licence {number}: {reason}"))?;
            if !matches!(reply.status, 200 | 201) {
                let said = String::from_utf8_lossy(reply.body);
                return Err(format!("licence {number} is answered with {}: {said}", reply.status));
            }
            self.next.store(number + self.step, Ordering::Release);
        }
    }
}
