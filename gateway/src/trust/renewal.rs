//! Reads the rules again while the gateway runs. What is wrong leaves the last good ones in force, and is shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use storage::StorageError;

use super::{Keeper, Loaded, Source};
use crate::app::App;
use crate::clock;
use crate::config::{Config, Faults, TrustList};
use crate::live::Live;
use crate::shutdown::Shutdown;

/// Reads the rules again, one reading at a time.
#[derive(Debug)]
pub struct Renewal {
    source: Source,
    /// One change of the rules after the other.
    turn: Mutex<()>,
    /// What the files in force looked like.
    last: Mutex<Option<Sha256>>,
}

/// What another configuration says of trust, read and not in force yet.
#[derive(Debug)]
pub struct Prepared {
    /// What reads it again.
    pub renewal: Arc<Renewal>,
    /// The generation to come.
    pub keeper: Arc<Keeper>,
    /// As it was read, where it has to be kept before it counts.
    loaded: Option<Loaded>,
}

impl Prepared {
    /// What was read first, and is kept.
    #[must_use]
    pub fn of(renewal: Renewal, keeper: Keeper) -> Self {
        Self { renewal: Arc::new(renewal), keeper: Arc::new(keeper), loaded: None }
    }

    /// Whether it is what is in force.
    #[must_use]
    pub const fn is_unchanged(&self) -> bool {
        self.loaded.is_none()
    }

    /// Keeps what must be kept before it counts.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn keep(&self) -> Result<(), Faults> {
        self.loaded.as_ref().map_or(Ok(()), |loaded| self.renewal.source.keep(loaded))
    }
}

/// What came of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The files are those in force.
    Unchanged,
    /// Other files, and another generation unless they say the same.
    Changed,
}

impl Renewal {
    /// The first reading, and what keeps it.
    ///
    /// # Errors
    /// Everything that is wrong, by its key.
    pub fn begin(config: &Config, now: Timestamp) -> Result<(Self, Keeper), Faults> {
        let source = Source::of(config);
        let fingerprint = source.fingerprint();
        let loaded = source.read(None, now)?;
        source.keep(&loaded)?;
        // With the list accepted last in force, the file is looked at again next time.
        let last = Mutex::new(loaded.trouble.is_none().then_some(fingerprint));
        Ok((Self { source, turn: Mutex::default(), last }, Keeper::new(loaded, now)))
    }

    /// Whether neither what a configuration says of trust nor its files are other than what was read last.
    #[must_use]
    pub fn is_of(&self, config: &Config) -> bool {
        self.source.says_the_same(&Source::of(config)) && *self.last() == Some(self.source.fingerprint())
    }

    /// Reads what another configuration says of trust. Nothing is changed: it counts for whoever goes by what is prepared.
    ///
    /// # Errors
    /// Everything that is wrong, by its key.
    pub fn prepare(config: &Config, before: (&Arc<Self>, &Arc<Keeper>), now: Timestamp) -> Result<Prepared, Faults> {
        let (renewal, keeper) = before;
        if renewal.is_of(config) {
            return Ok(Prepared { renewal: Arc::clone(renewal), keeper: Arc::clone(keeper), loaded: None });
        }
        let source = Source::of(config);
        let fingerprint = source.fingerprint();
        // Another list has versions of its own; which of them was accepted last is known where it is kept.
        let in_force = keeper.standing().list.filter(|_| renewal.source.is_kept_with(&source));
        let loaded = source.read(in_force.as_ref(), now)?;
        if let Some(trouble) = loaded.trouble {
            return Err(Faults::one("trust_list.file", trouble));
        }
        let keeper = Arc::new(keeper.renewed(loaded.clone(), now));
        let renewal = Arc::new(Self { source, turn: Mutex::default(), last: Mutex::new(Some(fingerprint)) });
        Ok(Prepared { renewal, keeper, loaded: Some(loaded) })
    }

    /// While this is held, nobody changes the rules: for a thread that may wait.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Whole after a panic: it is assigned once.
    fn last(&self) -> MutexGuard<'_, Option<Sha256>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the rules come from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Reads everything again and puts it in force, all of it or nothing, once `put_on_record` has put the generation to come on
    /// record. Takes as long as the files are large.
    ///
    /// # Errors
    /// Everything that is wrong, by its key, also that it could not be put on record; the rules in force stay.
    pub fn renew(
        &self,
        keeper: &Keeper,
        now: Timestamp,
        put_on_record: impl FnOnce(Sha256) -> Result<(), StorageError>,
    ) -> Result<Outcome, Faults> {
        let _turn = self.turn();
        let fingerprint = self.source.fingerprint();
        if *self.last() == Some(fingerprint) {
            keeper.confirm(now);
            return Ok(Outcome::Unchanged);
        }
        let before = keeper.standing();
        let told = |loaded: Loaded| {
            let unrecorded = |error: StorageError| Faults::one("trust", format!("cannot be put on record: {error}"));
            put_on_record(keeper.generation_with(&loaded.rules)).map_err(unrecorded).map(|()| loaded)
        };
        match self.read(keeper, now).and_then(told) {
            Ok(loaded) => {
                *self.last() = Some(fingerprint);
                let version = loaded.list.as_ref().map_or(loaded.rules.policy.version, |list| list.version);
                keeper.replace_rules(loaded, now);
                tracing::info!(version, generation = %keeper.current().generation(), "trust was read again");
                Ok(Outcome::Changed)
            }
            Err(faults) => {
                let message = faults.to_string().trim_end().to_owned();
                // Once is enough for the log, however often it is found.
                if before.trouble.is_none_or(|trouble| trouble.message != message) {
                    tracing::warn!(why = message, "trust could not be read again; the last good one stays in force");
                }
                keeper.note_failure(message, now);
                Err(faults)
            }
        }
    }

    fn read(&self, keeper: &Keeper, now: Timestamp) -> Result<Loaded, Faults> {
        let loaded = self.source.read(keeper.standing().list.as_ref(), now)?;
        self.source.keep(&loaded)?;
        Ok(loaded)
    }

    /// Whether the gateway is to count as not ready while its list is overdue.
    #[must_use]
    pub const fn requires_fresh(&self) -> bool {
        matches!(self.source, Source::List(TrustList { require_fresh: true, .. }))
    }
}

/// Reads the rules again at intervals, until it is time to stop.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    let mut was_stale = false;
    loop {
        let (every, mut changes) = (live.current().config.reload.every(), live.changes());
        tokio::select! {
            () = shutdown.requested() => return,
            // With another configuration trust was read, and the interval may be another one.
            _ = changes.changed() => continue,
            () = pause(every) => {}
        }
        let app = live.current();
        let renewing = Arc::clone(&app);
        // What is wrong has been noted and logged where it was found.
        if tokio::task::spawn_blocking(move || renew(&renewing)).await.is_err() {
            tracing::error!("reading trust again broke down");
        }
        let is_stale = app.trust.standing().is_stale(clock::now());
        if is_stale && !was_stale {
            tracing::warn!("the trust list is overdue; it stays in force");
        }
        was_stale = is_stale;
    }
}

/// Waits for an interval, or for ever when only an operator asks.
async fn pause(every: Option<Duration>) {
    match every {
        Some(every) => tokio::time::sleep(every).await,
        None => std::future::pending().await,
    }
}

/// Reads the rules again once. What is wrong is noted and logged where it is found, and is tried again the next time.
fn renew(app: &App) {
    let (now, source) = (clock::now(), app.renewal.source().name());
    drop(app.renewal.renew(&app.trust, now, |generation| app.recorder.note_trust(source, generation, now)));
}
