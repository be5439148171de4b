//! What puts records into the logs: waits without a thread, counts what it does, and bounds what may be refused in masses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, LogName, Opening};
use crypto::time::Timestamp;
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts};
use serde_json::{Value, json};
use storage::StorageError;
use storage::log::{Draft, Logs, Order, Query, Recorded, Row};
use tokio::sync::oneshot;

use crate::clock;
use crate::config::Digests;
use crate::metrics::rows;

/// The name of the gateway itself in records.
pub(crate) const OWN_NAME: &str = "licet";

/// Upper bounds of the latencies of appending, in seconds.
const SECONDS: [f64; 11] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0];

/// How long the gateway waits for the records of what it does by itself.
const OWN_WAIT_MAX: Duration = Duration::from_secs(10);

/// What the gateway was started with, in the details of a record.
const SETTINGS: &str = "configuration";

/// How many records of a kind are looked through for it.
const LAST_MAX: usize = 16;

/// Puts records into the logs.
#[derive(Debug)]
pub struct Recorder {
    logs: Logs,
    tally: Tally,
    strangers: Mutex<Bucket>,
    without_room: Mutex<Bucket>,
    suppressed: AtomicU64,
    /// Answers that were given without a record, and are not told of yet.
    unrecorded: AtomicU64,
}

/// A configuration that is about to take the place of another.
#[derive(Clone, Copy, Debug)]
pub struct Reload<'a> {
    /// Who wants it: `files`, `signal`, or the number of a user of this machine.
    pub by: &'a str,
    /// How many were in force before it since the start.
    pub generation: u64,
    /// What is in force.
    pub before: &'a Digests,
    /// What it says.
    pub settings: &'a Digests,
}

/// What the metrics tell of the logs.
#[derive(Clone, Debug)]
pub struct Tally {
    appended: IntCounterVec,
    seconds: Histogram,
    suppressed: IntCounter,
    failed: IntCounter,
    size: IntGaugeVec,
    published: IntGaugeVec,
}

/// Refusals that may come in any number, of which no more are put on record than so many a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Masses {
    /// Of callers that are not known.
    Strangers,
    /// For want of room: nothing was looked at, and writing each down would take the room from those who are answered.
    WithoutRoom,
}

/// So many a second, and no more at once.
#[derive(Clone, Debug)]
struct Bucket {
    per_s: f64,
    left: f64,
    since: Option<Instant>,
}

impl Recorder {
    /// What puts records into these logs; of each kind of refusals in masses no more than so many a second.
    #[must_use]
    pub fn new(logs: Logs, tally: Tally, refusals_per_s: u32) -> Self {
        let per_s = f64::from(refusals_per_s);
        let bucket = Bucket { per_s, left: per_s, since: None };
        let (strangers, without_room) = (Mutex::new(bucket.clone()), Mutex::new(bucket));
        Self { logs, tally, strangers, without_room, suppressed: AtomicU64::new(0), unrecorded: AtomicU64::new(0) }
    }

    /// The logs.
    #[must_use]
    pub const fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Puts records into the logs, and waits until they are durable, but not for longer than this.
    ///
    /// # Errors
    /// [`StorageError::Unknown`] when it takes too long, and those of a store that does not work.
    pub async fn append(&self, mut drafts: Vec<Draft>, wait: Duration) -> Result<Vec<Recorded>, StorageError> {
        let made = Making::of(self.tell_missing(&mut drafts), &drafts);
        let (tell, told) = oneshot::channel();
        // Whoever waited may be gone: the record stands all the same.
        self.logs.append(drafts, Box::new(move |result| drop(tell.send(result))));
        let result = match tokio::time::timeout(wait, told).await {
            Ok(told) => told.unwrap_or(Err(StorageError::Unavailable)),
            Err(_) => Err(StorageError::Unknown),
        };
        self.made(&made, &result);
        result
    }

    /// The same for threads that may wait, which tasks must not: the thread goes on when the records are durable.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn append_and_wait(&self, mut drafts: Vec<Draft>) -> Result<Vec<Recorded>, StorageError> {
        let made = Making::of(self.tell_missing(&mut drafts), &drafts);
        let result = self.logs.append_and_wait(&drafts);
        self.made(&made, &result);
        result
    }

    /// Counts what came of it.
    fn made(&self, making: &Making, result: &Result<Vec<Recorded>, StorageError>) {
        match result {
            Ok(recorded) => {
                self.tally.seconds.observe(clock::instant().saturating_duration_since(making.started).as_secs_f64());
                self.counted(&making.labels, recorded);
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, "a record could not be made");
                self.tally.failed.inc();
                self.suppressed.fetch_add(making.missing.suppressed, Ordering::Relaxed);
                self.unrecorded.fetch_add(making.missing.unrecorded, Ordering::Relaxed);
            }
        }
    }

    /// Puts on record that the gateway begins to serve, with which configuration, and before that what of it is not as it was at
    /// the last start on record.
    ///
    /// # Errors
    /// As for [`Recorder::append`].
    pub async fn note_start(&self, settings: &Digests, trust: Sha256, at: Timestamp) -> Result<(), StorageError> {
        let changed = self.last_settings()?.map(|before| settings.since(&before)).filter(|changed| !changed.is_empty());
        let change = changed.map(|changed| {
            let mut draft = own(EventKind::ConfigChange, trust, at);
            draft.facts.details.insert("changed".to_owned(), json!(changed));
            draft
        });
        let mut start = service("started", trust, at);
        start.facts.details.insert(SETTINGS.to_owned(), json!(settings));
        self.append(change.into_iter().chain([start]).collect(), OWN_WAIT_MAX).await.map(drop)
    }

    /// Puts on record that the gateway stopped to serve.
    ///
    /// # Errors
    /// As for [`Recorder::append`].
    pub async fn note_stop(&self, trust: Sha256, at: Timestamp) -> Result<(), StorageError> {
        self.append(vec![service("stopped", trust, at)], OWN_WAIT_MAX).await.map(drop)
    }

    /// Puts on record what the gateway does by itself, or because an operator told it to.
    ///
    /// # Errors
    /// As for [`Recorder::append`].
    pub async fn note_own(
        &self,
        event: EventKind,
        details: BTreeMap<String, Value>,
        trust: Sha256,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut draft = own(event, trust, at);
        draft.facts.details.extend(details);
        self.append(vec![draft], OWN_WAIT_MAX).await.map(drop)
    }

    /// Puts on record which configuration the gateway is about to go by while it runs, and what of it is other than `before`. For a
    /// thread that may wait.
    ///
    /// # Errors
    /// As for [`Recorder::append_and_wait`].
    pub fn note_reload(&self, reload: Reload<'_>, trust: Sha256, at: Timestamp) -> Result<(), StorageError> {
        let mut draft = own(EventKind::ConfigChange, trust, at);
        let details = [
            ("by", json!(reload.by)),
            ("changed", json!(reload.settings.since(reload.before))),
            ("generation", json!(reload.generation)),
            (SETTINGS, json!(reload.settings)),
        ];
        draft.facts.details.extend(details.map(|(name, value)| (name.to_owned(), value)));
        self.append_and_wait(vec![draft]).map(drop)
    }

    /// Puts no more than so many refusals in masses on record from now on.
    pub fn follow(&self, refusals_per_s: u32) {
        for bucket in [&self.strangers, &self.without_room] {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).per_s = f64::from(refusals_per_s);
        }
    }

    /// What the gateway went by the last time: since its start, or since it took up another configuration.
    fn last_settings(&self) -> Result<Option<Digests>, StorageError> {
        let told = |row: &Row| Some((row.number, row.opening.read::<Facts>(Opening::FACTS)?.details.remove(SETTINGS)?));
        let mut newest = None;
        for event in [EventKind::Service, EventKind::ConfigChange] {
            let query = Query { event: Some(event), ..Query::default() };
            // Stops say nothing of it, and each has its start.
            let hits = self.logs.search(LogName::Access, &query, Order::NewestFirst, None, LAST_MAX)?;
            newest = hits.rows.iter().find_map(told).into_iter().chain(newest).max_by_key(|(number, _)| *number);
        }
        Ok(newest.and_then(|(_, told)| serde_json::from_value(told).ok()))
    }

    /// Puts on record which rules of trust the gateway is about to put in force by itself. For a thread that may wait.
    ///
    /// # Errors
    /// As for [`Recorder::append_and_wait`].
    pub fn note_trust(&self, source: &str, trust: Sha256, at: Timestamp) -> Result<(), StorageError> {
        let mut draft = own(EventKind::TrustChange, trust, at);
        draft.facts.details.insert("source".to_owned(), json!(source));
        self.append_and_wait(vec![draft]).map(drop)
    }

    /// Puts a record into its log when nobody waits for it.
    pub(crate) fn append_unattended(&self, draft: Draft) {
        let failed = self.tally.failed.clone();
        let appended = self.tally.appended.clone();
        let labels = Labels::of(&draft);
        let done = move |result: Result<Vec<Recorded>, StorageError>| match result {
            Ok(_) => labels.count(&appended),
            Err(error) => {
                tracing::error!(code = error.code(), %error, "a record could not be made");
                failed.inc();
            }
        };
        self.logs.append(vec![draft], Box::new(done));
    }

    /// Counts records that came into the logs with a change.
    pub(crate) fn came_along(&self, drafts: &[Draft], recorded: &[Recorded]) {
        let labels: Vec<_> = drafts.iter().map(Labels::of).collect();
        self.counted(&labels, recorded);
    }

    /// Brings the metrics of the logs up to date.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn measure(&self) -> Result<(), StorageError> {
        for log in LogName::ALL {
            let published = self.logs.published(log).map_or(0, |published| published.first.saturating_add(published.size));
            self.tally.extent(log, self.logs.size(log)?, published);
        }
        Ok(())
    }

    /// Whether such a refusal is to be put on record at this moment. One that is not is counted.
    pub(crate) fn admits(&self, refusal: Masses, now: Instant) -> bool {
        let bucket = match refusal {
            Masses::Strangers => &self.strangers,
            Masses::WithoutRoom => &self.without_room,
        };
        let admits = bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        if !admits {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            self.tally.suppressed.inc();
        }
        admits
    }

    /// Counts an answer that was given without a record.
    pub(crate) fn went_unrecorded(&self) {
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
    }

    /// The next record in the access log says how many refusals, and how many answers, are missing before it.
    fn tell_missing(&self, drafts: &mut [Draft]) -> Missing {
        let Some(draft) = drafts.iter_mut().find(|draft| draft.log == LogName::Access) else { return Missing::default() };
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        let missing = Missing { suppressed: take(&self.suppressed), unrecorded: take(&self.unrecorded) };
        for (name, count) in [("suppressed", missing.suppressed), ("unrecorded", missing.unrecorded)] {
            if count > 0 {
                draft.facts.details.insert(name.to_owned(), json!(count));
            }
        }
        missing
    }

    fn counted(&self, labels: &[Labels], recorded: &[Recorded]) {
        for (labels, recorded) in labels.iter().zip(recorded) {
            if !recorded.is_repeat {
                labels.count(&self.tally.appended);
            }
        }
    }
}

/// A record of what the gateway does by itself.
fn own(event: EventKind, trust: Sha256, at: Timestamp) -> Draft {
    let mut draft = Draft::new(at, Facts::new(event, Ending::Done, OWN_NAME.to_owned()));
    draft.facts.details.insert("trust".to_owned(), json!(trust));
    draft
}

/// A record that the gateway begins or stops to serve.
fn service(state: &str, trust: Sha256, at: Timestamp) -> Draft {
    let mut draft = own(EventKind::Service, trust, at);
    draft.facts.details.insert("state".to_owned(), json!(state));
    draft.facts.details.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    draft
}

/// Records that are being made.
struct Making {
    labels: Vec<Labels>,
    missing: Missing,
    started: Instant,
}

/// How many records are missing before one, as that one says.
#[derive(Clone, Copy, Debug, Default)]
struct Missing {
    /// Refusals in masses.
    suppressed: u64,
    /// Answers that were given while no record could be made.
    unrecorded: u64,
}

impl Making {
    fn of(missing: Missing, drafts: &[Draft]) -> Self {
        Self { labels: drafts.iter().map(Labels::of).collect(), missing, started: clock::instant() }
    }
}

/// What a record is counted under.
struct Labels([&'static str; 3]);

impl Labels {
    fn of(draft: &Draft) -> Self {
        Self([draft.log.name(), draft.facts.event.name(), draft.facts.outcome.name()])
    }

    fn count(&self, appended: &IntCounterVec) {
        appended.with_label_values(&self.0).inc();
    }
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let appended = Opts::new("licet_log_records_total", "Records put into the logs");
        let seconds = HistogramOpts::new("licet_log_append_seconds", "Time until a record is durable").buckets(SECONDS.to_vec());
        let appended = IntCounterVec::new(appended, &["log", "event", "outcome"])?;
        for event in EventKind::ALL {
            rows(&appended, &[&[event.log().name()], &[event.name()], &Ending::ALL.map(Ending::name)]);
        }
        Ok(Self {
            appended,
            seconds: Histogram::with_opts(seconds)?,
            suppressed: IntCounter::new(
                "licet_log_suppressed_total",
                "Refusals of strangers, and for want of room, that were counted and not recorded",
            )?,
            failed: IntCounter::new("licet_log_failures_total", "Records that could not be made")?,
            size: IntGaugeVec::new(Opts::new("licet_log_records", "Records in the log"), &["log"])?,
            published: IntGaugeVec::new(Opts::new("licet_log_published", "Records under a checkpoint"), &["log"])?,
        })
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 6] {
        [
            Box::new(self.appended.clone()),
            Box::new(self.seconds.clone()),
            Box::new(self.suppressed.clone()),
            Box::new(self.failed.clone()),
            Box::new(self.size.clone()),
            Box::new(self.published.clone()),
        ]
    }

    /// How many records a log has, and how many of them are under a checkpoint.
    pub fn extent(&self, log: LogName, size: u64, published: u64) {
        let gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.size.with_label_values(&[log.name()]).set(gauge(size));
        self.published.with_label_values(&[log.name()]).set(gauge(published));
    }
}

impl Bucket {
    fn take(&mut self, now: Instant) -> bool {
        let passed = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.since = Some(now);
        self.left = (self.left + passed.as_secs_f64() * self.per_s).min(self.per_s);
        let admits = self.left >= 1.0;
        if admits {
            self.left -= 1.0;
        }
        admits
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use storage::{Keys, Store};

    use super::*;
    use crate::config::Config;

    const AT: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn digests(more: &str) -> Digests {
        let text = format!(
            "[server]\ncertificate = 'a'\nkey = 'b'\nclient_anchors = ['c']\n[storage]\npath = 'd'\nvalue_key = 'e'\nindex_key = 'f'
            [record]\norigin = 'licet.example'\nkey = 'g'\n{more}"
        );
        let folder = Path::new("/nowhere");
        let mut digests = Config::parse(&text, folder).unwrap().said().clone();
        digests.add("record.key", b"public key");
        digests
    }

    #[tokio::test]
    async fn another_configuration_is_on_record_before_the_start_with_it() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let recorder = Recorder::new(store.logs().clone(), Tally::new().unwrap(), 1);
        let trust = Sha256([7; 32]);
        let caller =
            "[[callers]]\nname = 'a'\norganisation = '91350211M000100Y46'\ncertificates = ['dns:a']\nroles = ['issuer']\n";
        let more = caller.replace("'issuer'", "'issuer', 'operator'");
        for settings in [caller, caller, &more] {
            recorder.note_start(&digests(settings), trust, AT).await.unwrap();
            recorder.note_stop(trust, AT).await.unwrap();
        }
        let size = store.logs().size(LogName::Access).unwrap();
        let record = |number| store.logs().record(LogName::Access, number).unwrap().unwrap();
        let facts: Vec<Facts> = (0..size).map(|number| record(number).read(Opening::FACTS).unwrap()).collect();
        let events: Vec<_> = facts.iter().map(|facts| facts.event).collect();
        let (service, change) = (EventKind::Service, EventKind::ConfigChange);
        assert_eq!(events, [service, service, service, service, change, service, service]);
        let changed = facts[4].details["changed"].as_object().unwrap();
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["(file)", "callers"]);
        assert_eq!(changed["callers"]["before"], facts[2].details[SETTINGS]["callers"]);
        assert_eq!(changed["callers"]["after"], facts[5].details[SETTINGS]["callers"]);

        // What was taken up while it ran is what it went by the last time.
        let (before, settings) = (&digests(&more), &digests(caller));
        let reload = Reload { by: "files", generation: 1, before, settings };
        recorder.note_reload(reload, trust, AT).unwrap();
        recorder.note_start(settings, trust, AT).await.unwrap();
        assert_eq!(store.logs().size(LogName::Access).unwrap(), size + 2, "nothing is told twice");
        let reloaded: Facts = record(size).read(Opening::FACTS).unwrap();
        assert_eq!((reloaded.event, &reloaded.details["by"]), (change, &json!("files")));
        assert_eq!(reloaded.details["changed"]["callers"]["before"], changed["callers"]["after"]);
    }

    #[test]
    fn a_bucket_fills_with_time_and_runs_over() {
        let mut bucket = Bucket { per_s: 2.0, left: 2.0, since: None };
        let start = clock::instant();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!([0, 0, 0].map(|ms| bucket.take(at(ms))), [true, true, false]);
        assert_eq!([499, 500, 501].map(|ms| bucket.take(at(ms))), [false, true, false]);
        // However long nobody came, no more than a second's worth.
        assert_eq!([60_000, 60_000, 60_000].map(|ms| bucket.take(at(ms))), [true, true, false]);
    }
}
