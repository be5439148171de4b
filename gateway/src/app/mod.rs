//! The composition root: everything that serves requests, made from the configuration. What outlives a change of the configuration
//! (`kept`) is made once; the rest is made anew with each, and put in force whole.

mod build;
mod kept;
mod prints;

use std::sync::Arc;

use crypto::grants::Calendar;
use crypto::identity::Provider;
use crypto::time::Timestamp;
use hyper::body::Bytes;
use storage::keyring::{self, Keyring};
use storage::log::{OfficeHours, Published};
use storage::{Keys, Options, Store, StoreError};
use zeroize::Zeroizing;

use crate::admission::Admission;
use crate::auth::Callers;
use crate::broker::Broker;
use crate::cache::Cache;
use crate::catalogue::Catalogues;
use crate::condition::Condition;
use crate::config::{self, Config, Digests, Faults, KeySource, Lookup, Memory, SealApplications, Server, UseCodes};
use crate::doubt::Doubt;
use crate::expiry::Expiry;
use crate::feed::Wake;
use crate::http::{Rooms, Router};
use crate::lookup::Places;
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::record_key::LogKeys;
use crate::recorder::Recorder;
use crate::reload::Standing;
use crate::rights::Rights;
use crate::secrets;
use crate::server::Entrance;
use crate::server::door::Door;
use crate::shares::Shares;
use crate::signing::Signer;
use crate::sources;
use crate::status::Fetcher;
use crate::status::staple::Staple;
use crate::supervision::Supervision;
use crate::telemetry::Telemetry;
use crate::trust::{Keeper, Renewal};
use crate::turns::Turns;
use crate::verdict::Judge;
use crate::witness::{Service, WitnessedView, Witnesses};

use kept::Kept;
use prints::Prints;

pub use build::{Next, rehearse};

/// Everything that serves requests under one configuration: a generation. What outlives it, it shares with the next one.
#[derive(Debug)]
pub struct App {
    /// How many generations there were before it since the start.
    pub generation: u64,
    /// Since when it is in force.
    pub since: Timestamp,
    /// What it was made of.
    pub config: Config,
    /// What is on record of its configuration.
    pub settings: Digests,
    /// How connections come in.
    pub entrance: Entrance,
    /// What asks about the gateway's own certificate, where it is to be asked about.
    pub staple: Option<Arc<Staple>>,
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
    pub trust: Arc<Keeper>,
    /// What reads the rules of trust again.
    pub renewal: Arc<Renewal>,
    /// What is known of the status of certificates.
    pub status: Arc<Fetcher>,
    /// What judges documents, with the store.
    pub judge: Arc<Judge>,
    /// Verdicts that still hold.
    pub cache: Arc<Cache>,
    /// Whether a seal is put on file only on an application that was approved.
    pub seal_applications: SealApplications,
    /// Where verification and storage run.
    pub pool: Arc<Pool>,
    /// Where look-ups read what they tell: a moment each, which must not wait behind verifications.
    pub reading: Arc<Pool>,
    /// Where auditors' questions run: what reads much must not keep verifications waiting.
    pub auditing: Arc<Pool>,
    /// Who gets in.
    pub admission: Arc<Admission>,
    /// Who may have a connection.
    pub door: Door,
    /// Room in memory for the bodies of requests.
    pub bodies: Arc<Rooms>,
    /// Room in memory for large answers.
    pub answers: Arc<Rooms>,
    /// How much memory the gateway may take.
    pub memory: Memory,
    /// Who witnesses our logs.
    pub witnesses: Option<Arc<Witnesses>>,
    /// What signs the checkpoints of others' logs.
    pub witness: Option<Service>,
    /// Whether what is on record may lack revocations.
    pub doubt: Arc<Doubt>,
    /// What puts records into the logs.
    pub recorder: Arc<Recorder>,
    /// The gateway's own signature, where it has one.
    pub signer: Option<Signer>,
    /// Who uses a seal, and who changes what is on file about it, one after the other.
    pub turns: Arc<Turns>,
    /// Who may ask what.
    pub rights: Arc<Rights>,
    /// Within how many working days applications for grants are dealt with.
    pub grant_terms: config::Grants,
    /// Which days are working days.
    pub calendar: Calendar,
    /// Wakes those who follow the seal log.
    pub feed: Arc<Wake>,
    /// Within how many working days objections are answered.
    pub objection_days: u32,
    /// The keys of the logs.
    pub log_keys: Arc<LogKeys>,
    /// Every metric.
    pub metrics: Arc<Metrics>,
    /// Who keeps within what was promised.
    pub supervision: Arc<Supervision>,
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
    /// What records traces.
    pub telemetry: Arc<Telemetry>,
    /// How the last attempts to take up another configuration ended.
    pub reloads: Arc<Standing>,
    /// Disk, clock and maintenance: what no configuration changes.
    pub condition: Arc<Condition>,
    /// When certificates end that the gateway needs.
    pub expiries: Vec<Expiry>,
    kept: Arc<Kept>,
    prints: Prints,
    source_prints: sources::Prints,
}

impl App {
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
/// When one is missing, is readable by others, or is no key.
pub fn store_keys(storage: &config::Storage) -> Result<Keys, Faults> {
    let mut faults = Faults::default();
    let value = faults.take(store_key("storage.value_key", &storage.value_key));
    let index = storage.index_key.as_ref().map(|source| store_key("storage.index_key", source));
    let index = faults.take(index.transpose()).flatten();
    let keys = value.and_then(|value| Keys::parse(&value, index.as_deref().map(Vec::as_slice)));
    let is_swapped = keys.as_ref().is_some_and(Keys::are_same);
    faults.demand(!is_swapped, "storage.index_key", "is the same key as storage.value_key");
    let keys = keys.map(|keys| keys.sealing_with(storage.cipher));
    faults.none_or(())?;
    keys.ok_or_else(|| Faults::one("storage.value_key", "is no key"))
}

/// Reads the text of a key of the store.
pub(crate) fn store_key(key: &str, source: &KeySource) -> Result<Zeroizing<Vec<u8>>, Faults> {
    let text = secrets::read(key, source)?;
    let is_key = Keys::parse(&text, None).is_some();
    if is_key { Ok(text) } else { Err(Faults::one(key, format!("{source} does not hold a key of 64 hexadecimal digits"))) }
}

/// Opens the store, or makes it.
///
/// # Errors
/// When the keys are wrong, another process has it open, or its format is unknown.
pub fn open_store(storage: &config::Storage, memory: &Memory) -> Result<Store, Faults> {
    let keys = store_keys(storage)?;
    let options = Options { memory_bytes: memory.store_bytes(), journal_bytes: Memory::journal_bytes() };
    Store::open(&storage.path, &keys, &options).map_err(|error| unopened(&error))
}

/// Looks whether the next start would open the store in use with the keys of a configuration.
///
/// # Errors
/// Which of them it would not open with.
fn opens_with(storage: &config::Storage, keyring: &Keyring) -> Result<(), Faults> {
    misfit(keyring.opens_with(&store_keys(storage)?))
}

/// Looks whether a start would open the store that is there, which nobody need have open, with the keys of a configuration. Changes
/// nothing.
///
/// # Errors
/// Which of them it would not open with. What else may be wrong with keys and store is for others to tell.
pub fn would_open(storage: &config::Storage) -> Result<(), Faults> {
    let Ok(keys) = store_keys(storage) else { return Ok(()) };
    misfit(keyring::would_open(&storage.path, &keys))
}

/// Of why a store does not open, what the keys are to blame for.
fn misfit(opened: Result<(), StoreError>) -> Result<(), Faults> {
    match opened {
        Err(error @ (StoreError::WrongValueKey { .. } | StoreError::WrongIndexKey)) => Err(unopened(&error)),
        _ => Ok(()),
    }
}

/// Why a store does not open, by the key that has to be another one. Names of keys are told, and nothing of what they are.
fn unopened(error: &StoreError) -> Faults {
    let mut faults = Faults::default();
    match error {
        StoreError::WrongValueKey { .. } => {
            faults.add_with("storage.value_key", error.to_string(), "the name of a key is no secret: licet keys list tells it");
        }
        StoreError::WrongIndexKey => {
            faults.add_with(
                "storage.index_key",
                error.to_string(),
                "a store of format 2 has its own: the setting can be left out",
            );
        }
        error => faults.add("storage.path", error.to_string()),
    }
    faults
}
