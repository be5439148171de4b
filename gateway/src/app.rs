//! The composition root: everything that serves requests, made once from the configuration.

use std::sync::Arc;
use std::thread;

use crypto::grants::Calendar;
use crypto::identity::Provider;
use crypto::time::Timestamp;
use hyper::body::Bytes;
use storage::log::OfficeHours;
use storage::log::Published;
use storage::log::Publisher;
use storage::{Keys, Options, StorageError, Store};

use crate::audit::Tree;
use crate::auth::{Callers, Role};
use crate::authority;
use crate::broker::{self, Broker};
use crate::cache::Cache;
use crate::catalogue::{Catalogues, KnownSources};
use crate::clock;
use crate::config::{self, Config, Faults, Lookup, SealApplications, Server, UseCodes};
use crate::doubt::Doubt;
use crate::epochs::Epochs;
use crate::feed::Wake;
use crate::handlers::feed::STREAMS_MAX;
use crate::http::{Rooms, Router};
use crate::lookup::Places;
use crate::metrics::Metrics;
use crate::openapi;
use crate::pool::Pool;
use crate::record_key::LogKeys;
use crate::recorder::Recorder;
use crate::rights::Rights;
use crate::routes::Route;
use crate::shares::Shares;
use crate::signing::Signer;
use crate::sources;
use crate::status::Fetcher;
use crate::status_lists::StatusLists;
use crate::supervision::{Gauges, Matters, Supervision};
use crate::trust::{Keeper, Renewal};
use crate::turns::Turns;
use crate::verdict::Judge;
use crate::witness::{Service, WitnessedView, Witnesses};

/// Everything that serves requests.
#[derive(Debug)]
pub struct App {
    /// Limits and times of the public listener.
    pub limits: Server,
    /// Who may call.
    pub callers: Callers,
    /// The catalogue in force.
    pub catalogues: Catalogues,
    /// Room for those who follow changes.
    pub streams: Shares,
    /// Which route a request takes.
    pub router: Router,
    /// Whom to believe, as one generation that is swapped whole.
    pub trust: Keeper,
    /// What reads the rules of trust again.
    pub renewal: Renewal,
    /// What is known of the status of certificates.
    pub status: Arc<Fetcher>,
    /// What judges documents, with the store.
    pub judge: Arc<Judge>,
    /// Verdicts that still hold.
    pub cache: Cache,
    /// Whether a seal is put on file only on an application that was approved.
    pub seal_applications: SealApplications,
    /// Where verification and storage run.
    pub pool: Pool,
    /// Where look-ups read what they tell: a moment each, which must not wait behind verifications.
    pub reading: Pool,
    /// Room in memory for the bodies of requests.
    pub bodies: Rooms,
    /// Who witnesses our logs.
    pub witnesses: Option<Witnesses>,
    /// What signs the checkpoints of others' logs.
    pub witness: Option<Service>,
    /// Where backups go.
    pub backup: Option<config::Backup>,
    /// Whether what is on record may lack revocations.
    pub doubt: Doubt,
    /// What puts records into the logs.
    pub recorder: Arc<Recorder>,
    /// The gateway's own signature, where it has one.
    pub signer: Option<Signer>,
    /// Who uses a seal, and who changes what is on file about it, one after the other.
    pub turns: Turns,
    /// Who may ask what.
    pub rights: Rights,
    /// Within how many working days applications for grants are dealt with.
    pub grant_terms: config::Grants,
    /// Which days are working days.
    pub calendar: Calendar,
    /// Wakes those who follow the seal log.
    pub feed: Wake,
    /// Within how many working days objections are answered.
    pub objection_days: u32,
    /// The keys of the logs.
    pub log_keys: Arc<LogKeys>,
    /// Every metric.
    pub metrics: Metrics,
    /// Who keeps within what was promised.
    pub supervision: Supervision,
    /// When a use of a seal counts as within office hours.
    pub office_hours: OfficeHours,
    /// How long records are kept at least, in seconds.
    pub retention_s: i64,
    /// Whose tokens of holders are taken.
    pub identity_providers: Vec<Provider>,
    /// What asks the sources.
    pub broker: Arc<Broker>,
    /// Limits of look-ups.
    pub lookup: Lookup,
    /// The places that look-ups run in.
    pub places: Places,
    /// How long codes live.
    pub use_codes: UseCodes,
    /// The description of the interface.
    pub openapi: Bytes,
}

impl App {
    /// Puts everything together for this table of routes over this store. Opens the files that the configuration names, but
    /// no port.
    ///
    /// # Errors
    /// Every [`crate::config::Fault`] that shows when the files are opened.
    pub fn build(config: &Config, table: &'static [Route], store: Store) -> Result<Arc<Self>, Faults> {
        let router = Router::new(table);
        let (renewal, trust) = Renewal::begin(config, clock::now())?;
        let epochs = Arc::new(Epochs::default());
        let status_lists = StatusLists::load(config)?.map(Arc::new);
        let document = openapi::document(router.routes());
        let status = fetcher(config, &store, &trust)?;
        let log_keys = Arc::new(LogKeys::load(&config.record)?);
        let publisher: Arc<dyn Publisher> = Arc::<LogKeys>::clone(&log_keys);
        store.logs().publish_with(publisher);
        let metrics = Metrics::new().map_err(|error| Faults::one("(metrics)", error.to_string()))?;
        let recorder = Recorder::new(store.logs().clone(), metrics.record.clone(), config.record.refusals_per_s);
        let broker = broker(config, &store, &metrics)?;
        let witnesses = config.record.witnesses.as_ref();
        let witnesses = witnesses.map(|settings| Witnesses::load(settings, &store, metrics.witnesses.clone(), seed()?));
        let witnesses = witnesses.transpose()?;
        let supervision = supervision(config, &store, metrics.supervision.clone());
        let supervision = supervision.map_err(|error| Faults::one("storage.path", error.to_string()))?;
        let rights = Rights::load(store.grants()).map_err(|error| Faults::one("storage.path", error.to_string()))?;
        let catalogues = Catalogues::load(&store, Some(KnownSources::of(&config.sources)))
            .map_err(|error| Faults::one("storage.path", format!("the catalogue: {error}")))?;
        let feed = Wake::by(store.logs());
        let doubt = Doubt::of(&store).map_err(|error| Faults::one("storage.path", error.to_string()))?;
        Ok(Arc::new(Self {
            supervision,
            limits: config.server.clone(),
            callers: Callers::new(&config.callers, &Tree::new(&config.organisations, catalogues.clone())),
            catalogues,
            streams: Shares::new(STREAMS_MAX.0, STREAMS_MAX.1),
            trust,
            renewal,
            status: Arc::clone(&status),
            cache: Cache::new(u64::from(config.cache.verdicts_mib) * 1024, Arc::clone(&epochs)),
            judge: Arc::new(Judge {
                store,
                epochs,
                unrecorded: config.policy.unrecorded,
                unfiled_seals: config.policy.unfiled_seals,
                record_is_proof: config.policy.record_is_proof,
                status,
                status_lists,
            }),
            seal_applications: config.policy.seal_applications,
            pool: pool(&config.server, size(config.server.queue_max)),
            // Each look-up that has a place may wait for its turn, and those whose listeners read slowly.
            reading: pool(&config.server, size(config.lookup.in_flight_max).saturating_mul(2)),
            bodies: Rooms::new(
                config.server.bodies_bytes_max,
                config.server.body_bytes_max,
                config.callers.iter().map(|caller| caller.name.as_str()),
            ),
            witnesses,
            witness: config.witness.as_ref().map(Service::load).transpose()?,
            backup: config.backup.clone(),
            doubt,
            recorder: Arc::new(recorder),
            signer: config.signing.as_ref().map(Signer::load).transpose()?,
            turns: Turns::default(),
            rights,
            grant_terms: config.grants,
            calendar: config.audit.office_hours.calendar(),
            feed,
            objection_days: config.objections.days,
            log_keys,
            metrics,
            broker: Arc::new(broker),
            lookup: config.lookup.clone(),
            places: Places::new(&config.lookup),
            openapi: serde_json::to_vec(&document).map_err(|error| Faults::one("(openapi)", error.to_string()))?.into(),
            identity_providers: authority::load(&config.identity_providers)?,
            use_codes: config.use_codes,
            office_hours: config.audit.office_hours.hours(),
            retention_s: i64::from(config.record.retention_days) * 86_400,
            router,
        }))
    }

    /// The signed note of a checkpoint, with the lines of witnesses.
    #[must_use]
    pub fn signed(&self, published: &Arc<Published>) -> String {
        self.witnesses.as_ref().map_or_else(|| published.note.clone(), |witnesses| witnesses.signed(published))
    }

    /// Whether a checkpoint is witnessed, and which one is.
    #[must_use]
    pub fn witnessed(&self, published: &Published, now: Timestamp) -> WitnessedView {
        self.witnesses.as_ref().map_or(WitnessedView::NOT_REQUIRED, |witnesses| witnesses.view(published, now))
    }

    /// What is on record.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.judge.store
    }
}

/// Reads the keys of the store.
///
/// # Errors
/// When a file is missing, is readable by others, or holds no key.
pub fn store_keys(storage: &config::Storage) -> Result<Keys, Faults> {
    Keys::load_files(&storage.value_key, &storage.index_key)
        .map_err(|error| Faults::one("storage.value_key, storage.index_key", error.to_string()))
}

/// Opens the store, or makes it.
///
/// # Errors
/// When the keys are wrong, another process has it open, or its format is unknown.
pub fn open_store(storage: &config::Storage) -> Result<Store, Faults> {
    let keys = store_keys(storage)?;
    Store::open(&storage.path, &keys, &Options::default()).map_err(|error| Faults::one("storage.path", error.to_string()))
}

/// Who asks for the status of certificates, with what the store has kept of it put in force.
fn fetcher(config: &Config, store: &Store, trust: &Keeper) -> Result<Arc<Fetcher>, Faults> {
    let fetcher = Fetcher::new(&config.status, seed()?)?;
    let recalled = fetcher.recall(store, trust, config.status.history_bytes_max);
    recalled.map_err(|error| Faults::one("storage.path", error.to_string()))?;
    Ok(Arc::new(fetcher))
}

/// What watches sources, consumers, and what is due. What nobody else answers for is the matter of the first operator.
fn supervision(config: &Config, store: &Store, gauges: Gauges) -> Result<Supervision, StorageError> {
    let operator = config.callers.iter().find(|caller| caller.roles.contains(&Role::Operator));
    let matters = Matters::new(store, operator.map_or("", |caller| &caller.organisation));
    Supervision::load(&config.supervision, store, vec![Box::new(matters)], gauges, clock::now())
}

/// What asks the sources.
fn broker(config: &Config, store: &Store, metrics: &Metrics) -> Result<Broker, Faults> {
    let settings = broker::Settings { tally: Some(metrics.sources.clone()), seed: Some(seed()?), ..broker::Settings::default() };
    Ok(Broker::new(sources::load(config, store)?, settings))
}

/// What spreads the moments of asking others.
fn seed() -> Result<u64, Faults> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| Faults::one("(random)", error.to_string()))?;
    Ok(u64::from_ne_bytes(seed))
}

fn pool(server: &Server, queue: usize) -> Pool {
    let workers = match server.workers_max {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => size(n),
    };
    Pool::new(workers, queue)
}

fn size(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
