//! How long a revoked licence still counts as good: for nobody who asks after the revocation was acknowledged.
//!
//! Several connections ask about a licence without a pause, by identifier and by file in turn, while its office revokes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::asks::{Expectation, Lane, Outcome, Source, by_file, by_identifier, revocation};
use crate::latencies::Latencies;
use crate::mix::{Kind, Mix};
use crate::number::{grouped, short};
use crate::report::Finding;
use crate::rig::Rig;
use crate::target::Connection;
use crate::time::now;

/// Right answers of each watcher before the revocation, and answers after it.
const BEFORE: u64 = 4;
const AFTER: u64 = 8;
/// How long one licence may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer about the licence.
#[derive(Clone, Copy, Debug)]
struct Seen {
    asked: Instant,
    came: Instant,
    is_good: bool,
}

/// Who watches one licence.
struct Watcher {
    connection: Connection,
    requests: [Bytes; 2],
    revoked: Arc<Revoked>,
}

/// The revocation, as watchers see it.
#[derive(Debug, Default)]
struct Revoked {
    acknowledged: OnceLock<Instant>,
    /// How many watchers have seen the licence good often enough.
    sure: AtomicU64,
    told: Notify,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Staleness {
    /// Licences that were revoked.
    pub revoked: u64,
    /// Answers about them.
    pub answers: u64,
    /// Answers that said good although they were asked for after the acknowledgement: there must be none.
    pub stale: u64,
    /// How long the acknowledgement took, from the sending.
    pub acknowledged: Latencies,
    /// From sending the revocation to the last answer that still said good.
    pub since_sent: Latencies,
    /// From the acknowledgement to the end of the last answer that still said good: such as were asked for before it.
    pub since_acknowledged: Latencies,
}

/// Revokes so many licences, each watched over so many connections.
///
/// # Errors
/// A licence is not what it must be, or nobody answers.
pub async fn watch(rig: &mut Rig, licences: u64, connections: usize) -> Result<Staleness, String> {
    let mut staleness = Staleness::default();
    let mut watchers = (0..connections.max(1)).map(|_| rig.verifier()).collect::<Result<Vec<_>, _>>()?;
    for watcher in &mut watchers {
        watcher.open().await?;
    }
    for _ in 0..licences {
        let Rig { supply, site, dataset, address, .. } = rig;
        let number = Source::new(supply, &mut site.book, &Mix::of(Kind::Revoke), 1)?.aside()?;
        let (identifier, paper) = (dataset.identifier(number)?, dataset.paper(number)?);
        let requests = [by_identifier(&identifier), by_file(&paper)];
        let mut office = Connection::new(&site.door(&Lane::Office(dataset.place(number)).caller(), *address)?);
        office.open().await?;
        let revocation = revocation(&identifier);
        let one = one(std::mem::take(&mut watchers), &requests, &mut office, &revocation);
        let (seen, moments) = tokio::time::timeout(PATIENCE, one).await.map_err(|_elapsed| "no answers".to_owned())??;
        let (connections, answers): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
        watchers = connections;
        staleness.add(&answers.concat(), moments);
    }
    Ok(staleness)
}

/// What one watcher has.
type Watched = (Connection, Vec<Seen>);

/// Watches one licence; gives what was seen, and when the revocation was sent and acknowledged.
async fn one(
    connections: Vec<Connection>,
    requests: &[Bytes; 2],
    office: &mut Connection,
    revocation: &Bytes,
) -> Result<(Vec<Watched>, (Instant, Instant)), String> {
    let (revoked, mut watching) = (Arc::new(Revoked::default()), JoinSet::new());
    let watchers = crate::number::count(connections.len());
    for connection in connections {
        watching.spawn(Watcher { connection, requests: requests.clone(), revoked: Arc::clone(&revoked) }.run());
    }
    while revoked.sure.load(Ordering::Acquire) < watchers {
        tokio::select! {
            () = revoked.told.notified() => {}
            // Watchers do not end before the revocation, but by a fault.
            Some(ended) = watching.join_next() => {
                ended.map_err(|error| error.to_string())??;
            }
        }
    }
    let sent = now();
    let reply = office.exchange(revocation).await?;
    let acknowledged = now();
    if reply.status != 200 {
        return Err(format!("a revocation is answered with {}: {}", reply.status, String::from_utf8_lossy(reply.body)));
    }
    revoked.acknowledged.get_or_init(|| acknowledged);
    let mut seen = Vec::new();
    while let Some(ended) = watching.join_next().await {
        seen.push(ended.map_err(|error| error.to_string())??);
    }
    Ok((seen, (sent, acknowledged)))
}

impl Watcher {
    async fn run(mut self) -> Result<Watched, String> {
        let (mut seen, mut good, mut after) = (Vec::new(), 0, 0);
        let mut turns = 0;
        while after < AFTER {
            let asked = now();
            let request = self.requests.get(turns % 2).cloned().unwrap_or_default();
            turns += 1;
            let reply = self.connection.exchange(&request).await?;
            let came = now();
            let is_good = Expectation::PASSED.judge(&reply) == Outcome::Good;
            if !is_good && REVOKED.judge(&reply) != Outcome::Good {
                return Err(format!("a verdict is answered with {}: {}", reply.status, String::from_utf8_lossy(reply.body)));
            }
            seen.push(Seen { asked, came, is_good });
            good += u64::from(is_good);
            if is_good && good == BEFORE {
                self.revoked.sure.fetch_add(1, Ordering::AcqRel);
                self.revoked.told.notify_one();
            }
            after += u64::from(self.revoked.acknowledged.get().is_some_and(|acknowledged| asked >= *acknowledged));
        }
        Ok((self.connection, seen))
    }
}

/// A verdict that the licence is revoked.
const REVOKED: Expectation = Expectation { statuses: &[200], says: Some(("sub_indication", "\"REVOKED\"")) };

impl Staleness {
    fn add(&mut self, seen: &[Seen], (sent, acknowledged): (Instant, Instant)) {
        self.revoked += 1;
        self.answers += crate::number::count(seen.len());
        let stale = seen.iter().filter(|seen| seen.is_good && seen.asked >= acknowledged).count();
        self.stale += crate::number::count(stale);
        self.acknowledged.record(acknowledged.saturating_duration_since(sent));
        if let Some(last) = seen.iter().filter(|seen| seen.is_good).map(|seen| seen.came).max() {
            self.since_sent.record(last.saturating_duration_since(sent));
            self.since_acknowledged.record(last.saturating_duration_since(acknowledged));
        }
    }

    /// Whether no answer was stale.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        self.stale == 0 && self.revoked > 0
    }

    /// What it says.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let times = |latencies: &Latencies| {
            let summary = latencies.summary();
            format!("p50 {} ms, p99 {} ms, at most {} ms", short(summary.p50_ms), short(summary.p99_ms), short(summary.max_ms))
        };
        let of = format!("{} of {} answers about {} licences", self.stale, grouped(self.answers), self.revoked);
        vec![
            Finding::held("good, asked for after the revocation was acknowledged", of, "0", self.is_right()),
            Finding::told("from sending a revocation to its acknowledgement", times(&self.acknowledged)),
            Finding::told("from sending a revocation to the last answer that said good", times(&self.since_sent)),
            Finding::told("how late answers came that were asked for before", times(&self.since_acknowledged)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_after_the_acknowledgement_is_stale() {
        let start = now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let seen = |asked: u64, came: u64, is_good: bool| Seen { asked: at(asked), came: at(came), is_good };
        let mut staleness = Staleness::default();
        // Sent at 10, acknowledged at 20: one that was asked for at 19 may come at 25 and say good.
        staleness.add(&[seen(0, 5, true), seen(19, 25, true), seen(21, 26, false)], (at(10), at(20)));
        assert!(staleness.is_right());
        assert!((14..16).contains(&staleness.since_sent.quantile(1.0).as_millis()));
        assert!((4..6).contains(&staleness.since_acknowledged.quantile(1.0).as_millis()));
        staleness.add(&[seen(0, 5, true), seen(21, 26, true)], (at(10), at(20)));
        assert!(!staleness.is_right());
        assert_eq!((staleness.stale, staleness.answers, staleness.revoked), (1, 5, 2));
        assert!(!Staleness::default().is_right());
    }
}
