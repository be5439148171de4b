//! What outlives a change of the configuration: what was counted, learned and taken, and what is on record.

use std::sync::Arc;
use std::thread;

use hyper::body::Bytes;
use storage::log::Publisher;
use storage::{StorageError, Store};

use crate::admission::Admission;
use crate::auth::Role;
use crate::catalogue::Catalogues;
use crate::clock;
use crate::condition::Condition;
use crate::config::{Config, Faults, Server};
use crate::doubt::Doubt;
use crate::epochs::Epochs;
use crate::feed::Wake;
use crate::handlers::feed::STREAMS_MAX;
use crate::http::{Rooms, Router};
use crate::metrics::Metrics;
use crate::openapi;
use crate::pool::Pool;
use crate::record_key::LogKeys;
use crate::recorder::Recorder;
use crate::reload::Standing;
use crate::rights::Rights;
use crate::routes::Route;
use crate::server::door::Door;
use crate::shares::Shares;
use crate::supervision::{Dues, Matters, Supervision};
use crate::telemetry;
use crate::turns::Turns;

/// What all generations share.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) store: Store,
    pub(super) epochs: Arc<Epochs>,
    pub(super) table: &'static [Route],
    pub(super) openapi: Bytes,
    pub(super) catalogues: Catalogues,
    pub(super) streams: Shares,
    pub(super) pool: Arc<Pool>,
    pub(super) reading: Arc<Pool>,
    pub(super) auditing: Arc<Pool>,
    pub(super) admission: Arc<Admission>,
    pub(super) door: Door,
    pub(super) bodies: Arc<Rooms>,
    pub(super) answers: Arc<Rooms>,
    pub(super) doubt: Arc<Doubt>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) turns: Arc<Turns>,
    pub(super) rights: Arc<Rights>,
    pub(super) feed: Arc<Wake>,
    pub(super) log_keys: Arc<LogKeys>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) supervision: Arc<Supervision>,
    pub(super) reloads: Arc<Standing>,
    pub(super) spans: Arc<telemetry::Queue>,
    pub(super) condition: Arc<Condition>,
}

impl Kept {
    /// Opens it, for the first configuration.
    pub(super) fn open(config: &Config, table: &'static [Route], store: Store) -> Result<Self, Faults> {
        let unreadable = |error: StorageError| Faults::one("storage.path", error.to_string());
        let document = openapi::document(Router::new(table).routes());
        let log_keys = Arc::new(LogKeys::load(&config.record)?);
        let publisher: Arc<dyn Publisher> = Arc::<LogKeys>::clone(&log_keys);
        store.logs().publish_with(publisher);
        let metrics = Metrics::new().map_err(|error| Faults::one("(metrics)", error.to_string()))?;
        metrics.serves(Router::new(table).routes());
        let recorder = Recorder::new(store.logs().clone(), metrics.record.clone(), config.record.refusals_per_s);
        let dues = dues(config, &store);
        let gauges = metrics.supervision.clone();
        let supervision = Supervision::load(&config.supervision, &store, dues, gauges, clock::now()).map_err(unreadable)?;
        let (running, queued, looked_up) = sizes(config);
        let rooms = |bytes| {
            let callers = config.callers.iter().map(|caller| caller.name.as_str());
            Arc::new(Rooms::new(bytes, config.server.body_bytes_max, callers))
        };
        Ok(Self {
            catalogues: Catalogues::load(&store, None)
                .map_err(|error| Faults::one("storage.path", format!("the catalogue: {error}")))?,
            rights: Arc::new(Rights::load(store.grants()).map_err(unreadable)?),
            feed: Arc::new(Wake::by(store.logs())),
            openapi: serde_json::to_vec(&document).map_err(|error| Faults::one("(openapi)", error.to_string()))?.into(),
            streams: Shares::new(STREAMS_MAX.0, STREAMS_MAX.1),
            pool: Arc::new(Pool::new(running, queued)),
            reading: Arc::new(Pool::new(running, looked_up)),
            auditing: Arc::new(Pool::new(running.div_ceil(2), queued)),
            admission: Arc::new(Admission::new(&config.limits, &config.callers, metrics.admission.clone())),
            door: Door::new(&config.server, metrics.door.clone()),
            bodies: rooms(config.server.bodies_bytes_max),
            answers: rooms(config.server.answers_bytes_max),
            supervision: Arc::new(supervision),
            reloads: Arc::new(Standing::new(metrics.reloads.clone())),
            spans: Arc::new(telemetry::Queue::new(metrics.spans.clone())),
            condition: Condition::recall(&store).map_err(unreadable)?,
            doubt: Arc::new(Doubt::of(&store).map_err(unreadable)?),
            recorder: Arc::new(recorder),
            metrics: Arc::new(metrics),
            epochs: Arc::default(),
            turns: Arc::default(),
            store,
            table,
            log_keys,
        })
    }

    /// Goes by the limits of another configuration, which is in force. What was taken under the one before stays taken.
    pub(super) fn follow(&self, config: &Config) {
        let (running, queued, looked_up) = sizes(config);
        self.pool.resize(running, queued);
        self.reading.resize(running, looked_up);
        self.auditing.resize(running.div_ceil(2), queued);
        self.admission.follow(&config.limits, &config.callers);
        self.door.follow(&config.server);
        let callers = || config.callers.iter().map(|caller| caller.name.as_str());
        self.bodies.follow(config.server.bodies_bytes_max, config.server.body_bytes_max, callers());
        self.answers.follow(config.server.answers_bytes_max, config.server.body_bytes_max, callers());
        self.recorder.follow(config.record.refusals_per_s);
        self.supervision.follow(&config.supervision, dues(config, &self.store));
    }
}

/// Who knows what is due. What nobody else answers for is the matter of the first operator.
fn dues(config: &Config, store: &Store) -> Vec<Box<dyn Dues>> {
    let operator = config.callers.iter().find(|caller| caller.roles.contains(&Role::Operator));
    vec![Box::new(Matters::new(store, operator.map_or("", |caller| &caller.organisation)))]
}

/// How many jobs run at the same time, how many verifications wait, and how many look-ups.
fn sizes(config: &Config) -> (usize, usize, usize) {
    // Each look-up that has a place may wait for its turn, and those whose listeners read slowly.
    (workers(&config.server), size(config.server.queue_max), size(config.lookup.in_flight_max).saturating_mul(2))
}

fn workers(server: &Server) -> usize {
    match server.workers_max {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => size(n),
    }
}

/// What spreads the moments of asking others.
pub(super) fn seed() -> Result<u64, Faults> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| Faults::one("(random)", error.to_string()))?;
    Ok(u64::from_ne_bytes(seed))
}

fn size(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
