//! A generation, made of a configuration: everything is opened first, and all faults are told; nothing is in force by that.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::identity::Provider;
use crypto::time::Timestamp;
use storage::{Keys, Store};

use super::kept::{Kept, seed};
use super::prints::Prints;
use super::{App, opens_with, store_key, store_keys};
use crate::audit::Tree;
use crate::auth::Callers;
use crate::broker::{self, Broker};
use crate::cache::Cache;
use crate::catalogue::KnownSources;
use crate::config::{Config, Digests, Faults};
use crate::expiry::Expiry;
use crate::http::Router;
use crate::lookup::Places;
use crate::record_key::LogKeys;
use crate::routes::Route;
use crate::server::{self, Entrance};
use crate::signing::Signer;
use crate::sources::{self, Sources};
use crate::status::staple::Staple;
use crate::status::{self, Fetcher};
use crate::status_lists::StatusLists;
use crate::telemetry::{Telemetry, Tracing};
use crate::trust::{Prepared, Renewal};
use crate::verdict::Judge;
use crate::witness::{Service, Witnesses};
use crate::{authority, clock, trust};

/// What verdicts depend on that trust does not say.
const VERDICTS: [&str; 3] = ["cache", "policy", "status_list"];

/// What each generation opens for itself.
struct Opened {
    entrance: Entrance,
    staple: Option<Arc<Staple>>,
    status: Arc<Fetcher>,
    status_lists: Option<Arc<StatusLists>>,
    signer: Option<Signer>,
    witness: Option<Service>,
    witnesses: Option<Arc<Witnesses>>,
    tracing: Option<Arc<Tracing>>,
    identity_providers: Vec<Provider>,
    sources: Sources,
}

/// A configuration that may take the place of the one in force, with everything open that it names.
#[derive(Debug)]
pub struct Next {
    app: Arc<App>,
    trust: Prepared,
}

impl App {
    /// Puts everything together for this table of routes over this store. Opens the files that the configuration names, but
    /// no port.
    ///
    /// # Errors
    /// Every [`crate::config::Fault`] that shows when the files are opened.
    pub fn build(config: &Config, table: &'static [Route], store: Store) -> Result<Arc<Self>, Faults> {
        let now = clock::now();
        let prints = Prints::of(config);
        let (renewal, keeper) = Renewal::begin(config, now)?;
        let trust = Prepared::of(renewal, keeper);
        let opened = open(config, &store, None)?;
        let kept = Arc::new(Kept::open(config, table, store)?);
        let recalled = opened.status.recall(&kept.store, &trust.keeper, config.status.history_bytes_max);
        recalled.map_err(|error| Faults::one("storage.path", error.to_string()))?;
        let app = assemble(config.clone(), (kept, None), (prints, opened, &trust), now)?;
        app.telemetry.take_over();
        Ok(Arc::new(app))
    }

    /// The sections of which files have changed since another generation was made, and nothing that they say themselves.
    #[must_use]
    pub fn files_changed(&self, before: &Self) -> Vec<String> {
        let (now, then) = (self.config.said(), before.config.said());
        let said_alike = |name: &str| {
            let section = name.split('.').next().unwrap_or(name);
            now.of_section(section) == then.of_section(section)
        };
        let mut sections = self.prints.files_changed(&before.prints, said_alike);
        if !Arc::ptr_eq(&self.renewal, &before.renewal) && self.renewal.source().says_the_same(before.renewal.source()) {
            sections.push(if self.config.trust_list.is_some() { "trust_list" } else { "trust" }.to_owned());
        }
        sections
    }

    /// Has what came in since it was made, to the moment at which it takes the place of another.
    pub fn catch_up(&self, before: &Self, turn: &status::Turn<'_>) {
        if Arc::ptr_eq(&self.status, &before.status) && Arc::ptr_eq(&self.trust, &before.trust) {
            self.trust.confirm(self.since);
        } else {
            self.status.take_over(&self.trust, turn);
        }
    }

    /// What is shared goes by the limits of this generation from now on.
    pub fn take_over(&self) {
        self.kept.follow(&self.config);
        self.telemetry.take_over();
    }
}

impl Next {
    /// Opens everything that a configuration names, and changes nothing. Nothing when it is the one in force, to the last file.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn of(before: &App, config: Config, now: Timestamp) -> Result<Option<Self>, Faults> {
        let mut faults = Faults::default();
        let prints = Prints::of(&config);
        // What a command prints is asked for when its part has changed; a file may have been replaced by mistake at any time, or the
        // store wrapped anew.
        let may_differ = config.storage.keys().all(|key| key.file().is_some()) || !prints.are_same(&before.prints, &["storage"]);
        // Of another store nothing can be said before the restart that it needs.
        if may_differ && config.storage.path == before.config.storage.path {
            faults.take(opens_with(&config.storage, before.store().keyring()));
        }
        let trust = faults.take(Renewal::prepare(&config, (&before.renewal, &before.trust), now));
        if faults.is_empty() && prints == before.prints && trust.as_ref().is_some_and(Prepared::is_unchanged) {
            return Ok(None);
        }
        let opened = faults.take(open(&config, before.store(), Some((before, &prints))));
        let (Some(trust), Some(opened)) = (trust, opened) else { return Err(faults) };
        faults.none_or(())?;
        let kept = Arc::clone(&before.kept);
        let app = assemble(config, (kept, Some(before)), (prints, opened, &trust), now).map(Arc::new)?;
        Ok(Some(Self { app, trust }))
    }

    /// What would be in force.
    #[must_use]
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Keeps what must be durable before it counts.
    ///
    /// # Errors
    /// When it cannot be kept: then it must not come in force.
    pub fn keep(&self) -> Result<(), Faults> {
        self.trust.keep()
    }
}

/// Opens everything that a start opens but the store and the ports. What others need to know of it comes back: the keys of the logs,
/// and the witness that this is.
///
/// # Errors
/// Everything that is wrong.
pub fn rehearse(config: &Config) -> Result<(LogKeys, Option<Service>), Faults> {
    let mut faults = Faults::default();
    // Nothing is looked up: any store will do.
    let store = Store::memory(&Keys::new([0; 32], [1; 32])).map_err(|error| Faults::one("(memory)", error.to_string()))?;
    faults.take(trust::load(config));
    faults.take(store_keys(&config.storage));
    let opened = faults.take(open(config, &store, None));
    let log_keys = faults.take(LogKeys::load(&config.record));
    let (Some(opened), Some(log_keys)) = (opened, log_keys) else { return Err(faults) };
    faults.none_or((log_keys, opened.witness))
}

/// Opens what a generation has for itself. What the one before has open for the same part of its configuration is taken from it.
fn open(config: &Config, store: &Store, before: Option<(&App, &Prints)>) -> Result<Opened, Faults> {
    let mut faults = Faults::default();
    let unchanged = |sections: &[&str]| before.filter(|(app, prints)| prints.are_same(&app.prints, sections)).map(|(app, _)| app);
    let status = match (unchanged(&["status"]), before) {
        (Some(app), _) => Ok(Arc::clone(&app.status)),
        (None, Some((app, _))) => app.status.renewed(&config.status).map(Arc::new),
        (None, None) => seed().and_then(|seed| Fetcher::new(&config.status, seed)).map(Arc::new),
    };
    let lists = before.and_then(|(app, _)| app.judge.status_lists.as_ref());
    let status_lists = match (unchanged(&["status_list", "signing"]), lists) {
        (Some(_), lists) => Ok(lists.cloned()),
        (None, Some(lists)) => lists.renewed(config).map(|lists| lists.map(Arc::new)),
        (None, None) => StatusLists::load(config).map(|lists| lists.map(Arc::new)),
    };
    let entrance = faults.take(match unchanged(&["server"]) {
        Some(app) => Ok(app.entrance.clone()),
        None => server::open(&config.server).inspect(|entrance| {
            if let Some((app, _)) = before {
                entrance.shown.follow(&app.entrance.shown);
            }
        }),
    });
    let staple = match unchanged(&["server", "status"]) {
        Some(app) => Some(app.staple.clone()),
        None => entrance.as_ref().and_then(|entrance| faults.take(staple(config, entrance))),
    };
    let status = faults.take(status);
    let status_lists = faults.take(status_lists);
    let signer = faults.take(config.signing.as_ref().map(Signer::load).transpose());
    let witness = faults.take(config.witness.as_ref().map(Service::load).transpose());
    let witnesses = faults.take(match unchanged(&["record.witnesses"]) {
        Some(app) if app.config.record.witnesses == config.record.witnesses => Ok(app.witnesses.clone()),
        _ => witnesses(config, store),
    });
    let tracing = faults.take(match unchanged(&["telemetry"]) {
        Some(app) => Ok(app.telemetry.tracing()),
        None => tracing(config),
    });
    let providers = faults.take(authority::load(&config.identity_providers));
    let sources = faults.take(sources::load(config, store));
    if unchanged(&["backup"]).is_none() {
        // Each backup reads it anew: here it is seen that one could be made.
        faults.take(config.backup.as_ref().map(|backup| store_key("backup.key", &backup.key)).transpose());
    }
    let (Some(entrance), Some(staple), Some(status), Some(status_lists)) = (entrance, staple, status, status_lists) else {
        return Err(faults);
    };
    let (Some(signer), Some(witness), Some(witnesses)) = (signer, witness, witnesses) else { return Err(faults) };
    let (Some(tracing), Some(identity_providers), Some(sources)) = (tracing, providers, sources) else { return Err(faults) };
    faults.none_or(())?;
    Ok(Opened { entrance, staple, status, status_lists, signer, witness, witnesses, tracing, identity_providers, sources })
}

fn witnesses(config: &Config, store: &Store) -> Result<Option<Arc<Witnesses>>, Faults> {
    let settings = config.record.witnesses.as_ref();
    settings.map(|settings| Witnesses::load(settings, store, seed()?, clock::now()).map(Arc::new)).transpose()
}

fn tracing(config: &Config) -> Result<Option<Arc<Tracing>>, Faults> {
    let settings = config.telemetry.as_ref();
    settings.map(|settings| Tracing::new(settings, &config.record.origin).map(Arc::new)).transpose()
}

fn staple(config: &Config, entrance: &Entrance) -> Result<Option<Arc<Staple>>, Faults> {
    Ok(Staple::of(config, &entrance.shown, seed()?)?.map(Arc::new))
}

/// Puts a generation together.
fn assemble(
    config: Config,
    (kept, before): (Arc<Kept>, Option<&App>),
    (prints, opened, trust): (Prints, Opened, &Prepared),
    now: Timestamp,
) -> Result<App, Faults> {
    let catalogues = kept.catalogues.with_sources(KnownSources::of(&config.sources));
    let cache = before.filter(|app| prints.are_same(&app.prints, &VERDICTS)).map(|app| Arc::clone(&app.cache));
    let new_cache = || Arc::new(Cache::new(u64::from(config.cache.verdicts_mib) * 1024, Arc::clone(&kept.epochs)));
    let source_prints = sources::prints(&config);
    let judge = Arc::new(judge(&config, &kept, &opened));
    Ok(App {
        generation: before.map_or(0, |app| app.generation.saturating_add(1)),
        since: now,
        settings: settings(&config, &kept)?,
        entrance: opened.entrance,
        staple: opened.staple,
        limits: config.server.clone(),
        callers: Callers::new(&config.callers, &Tree::new(&config.organisations, catalogues.clone())),
        catalogues,
        streams: kept.streams.clone(),
        router: Router::new(kept.table),
        trust: Arc::clone(&trust.keeper),
        renewal: Arc::clone(&trust.renewal),
        cache: cache.unwrap_or_else(new_cache),
        judge,
        status: opened.status,
        seal_applications: config.policy.seal_applications,
        pool: Arc::clone(&kept.pool),
        reading: Arc::clone(&kept.reading),
        auditing: Arc::clone(&kept.auditing),
        admission: Arc::clone(&kept.admission),
        door: kept.door.clone(),
        bodies: Arc::clone(&kept.bodies),
        answers: Arc::clone(&kept.answers),
        memory: config.memory,
        witnesses: opened.witnesses,
        witness: opened.witness,
        doubt: Arc::clone(&kept.doubt),
        recorder: Arc::clone(&kept.recorder),
        signer: opened.signer,
        turns: Arc::clone(&kept.turns),
        rights: Arc::clone(&kept.rights),
        grant_terms: config.grants,
        calendar: config.audit.office_hours.calendar(),
        feed: Arc::clone(&kept.feed),
        objection_days: config.objections.days,
        log_keys: Arc::clone(&kept.log_keys),
        metrics: Arc::clone(&kept.metrics),
        supervision: Arc::clone(&kept.supervision),
        broker: Arc::new(broker(opened.sources, &source_prints, &kept, before)?),
        source_prints,
        lookup: config.lookup.clone(),
        places: before.map_or_else(|| Places::new(&config.lookup), |app| app.places.renewed(&config.lookup)),
        openapi: kept.openapi.clone(),
        identity_providers: opened.identity_providers,
        use_codes: config.use_codes,
        office_hours: config.audit.office_hours.hours(),
        retention_s: i64::from(config.record.retention_days) * 86_400,
        reloads: Arc::clone(&kept.reloads),
        telemetry: Arc::new(Telemetry::new(opened.tracing, Arc::clone(&kept.spans))),
        condition: Arc::clone(&kept.condition),
        expiries: Expiry::all(&config),
        config,
        prints,
        kept,
    })
}

/// What judges documents.
fn judge(config: &Config, kept: &Kept, opened: &Opened) -> Judge {
    Judge {
        store: kept.store.clone(),
        epochs: Arc::clone(&kept.epochs),
        unrecorded: config.policy.unrecorded,
        unfiled_seals: config.policy.unfiled_seals,
        record_is_proof: config.policy.record_is_proof,
        status: Arc::clone(&opened.status),
        status_lists: opened.status_lists.clone(),
    }
}

/// What asks the sources: those that are as they were keep what is known of them.
fn broker(sources: Sources, prints: &sources::Prints, kept: &Kept, before: Option<&App>) -> Result<Broker, Faults> {
    let Some(before) = before else {
        let tally = Some(kept.metrics.sources.clone());
        let settings = broker::Settings { tally, seed: Some(seed()?), ..broker::Settings::default() };
        return Ok(Broker::new(sources, settings));
    };
    let same = prints.iter().filter(|(name, print)| before.source_prints.get(*name) == Some(print));
    let unchanged: BTreeSet<String> = same.map(|(name, _)| name.clone()).collect();
    Ok(before.broker.renewed(sources, &unchanged))
}

/// What stands on record of a configuration.
fn settings(config: &Config, kept: &Kept) -> Result<Digests, Faults> {
    let mut settings = config.digests()?;
    settings.add("record.key", &kept.log_keys.public_keys());
    Ok(settings)
}
