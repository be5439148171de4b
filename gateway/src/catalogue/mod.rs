//! The catalogue that is in force: swapped whole with every change, after that is durable and before it is answered.

mod file;
mod personal;
mod rights;
mod sources;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use crypto::catalogue::{Catalogue, Change};
use crypto::digest::Sha256;
use storage::{StorageError, Store, Stored};
use tokio::sync::OwnedMutexGuard;

pub use file::CatalogueFile;
pub use personal::citizen_numbers;
pub use rights::demand_right;
pub use sources::KnownSources;

use crate::auth::Caller;
use crate::http::{Code, Problem};
use crate::trail::Trail;

/// The catalogue in force. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Catalogues {
    inner: Arc<Inner>,
    known_sources: Option<Arc<KnownSources>>,
}

#[derive(Debug)]
struct Inner {
    current: ArcSwap<Catalogue>,
    /// One change after the other: each is checked against what the one before has made.
    writing: Mutex<()>,
    turns: Arc<tokio::sync::Mutex<()>>,
}

/// A change that is asked for.
#[derive(Debug)]
pub struct Order<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The change, whose version is the one after that which it was made for.
    pub change: Change,
    /// The digest of the name that the caller gave to the request.
    pub name: Option<Sha256>,
    /// What it leaves on record.
    pub trail: &'a Arc<Trail>,
}

impl Catalogues {
    /// This catalogue is in force. Where the sources of the configuration are given, a resource that is put must name one of them.
    #[must_use]
    pub fn new(catalogue: Catalogue, known_sources: Option<KnownSources>) -> Self {
        let inner = Inner { current: ArcSwap::from_pointee(catalogue), writing: Mutex::new(()), turns: Arc::default() };
        Self { inner: Arc::new(inner), known_sources: known_sources.map(Arc::new) }
    }

    /// The same catalogue, changed from here or there, where changes made from here may name these sources.
    #[must_use]
    pub fn with_sources(&self, known_sources: KnownSources) -> Self {
        Self { inner: Arc::clone(&self.inner), known_sources: Some(Arc::new(known_sources)) }
    }

    /// The newest one of the store is in force.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn load(store: &Store, known_sources: Option<KnownSources>) -> Result<Self, StorageError> {
        Ok(Self::new(store.catalogue().newest()?, known_sources))
    }

    /// The catalogue in force.
    #[must_use]
    pub fn current(&self) -> Arc<Catalogue> {
        self.inner.current.load_full()
    }

    /// Waits until nobody else changes the catalogue, and keeps it so. Whoever is about to change it on a thread of a pool takes a turn
    /// first: else many who change something would hold many threads, and all but one of them would wait.
    pub async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.inner.turns).lock_owned().await
    }

    /// Makes a change: durable and in force when this returns. For threads that may wait.
    ///
    /// # Errors
    /// [`Code::CatalogueChanged`] when it was made for another version than the newest, [`Code::OtherOrganisation`] when it is not
    /// the caller's to make, [`Code::CatalogueFaults`] with everything that would be wrong, [`Code::RequestReused`].
    pub fn change(&self, store: &Store, order: Order<'_>) -> Result<Stored<Change>, Problem> {
        let Order { caller, change, name, trail } = order;
        let _turn = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = &name
            && let Some(kept) = store.catalogue().named(name)?
        {
            return if is_same(&kept, &change) { Ok(Stored::Unchanged(kept)) } else { Err(Code::RequestReused.into()) };
        }
        let current = self.current();
        if current.version.checked_add(1) != Some(change.version) {
            return Err(StorageError::VersionTaken { newest: current.version }.into());
        }
        let sources = self.known_sources.as_deref();
        demand_right(caller, &current, &change, sources)?;
        let refused = |faults| Problem::new(Code::CatalogueFaults).faults(faults);
        let next = current.apply(&change, sources.map(KnownSources::names)).map_err(refused)?;
        let stored = store.catalogue().recording(&trail.carried()).change(&change, name.as_ref());
        if let Err(error) = stored {
            self.recover(store, &error);
            return Err(error.into());
        }
        self.inner.current.store(Arc::new(next));
        if let Err(error) = store.catalogue().tidy(&self.current()) {
            tracing::warn!(%error, "the whole catalogue was not written; the next change writes it");
        }
        Ok(Stored::Created(change))
    }

    /// A write whose outcome was not known may have come to light since: then what the store has is in force.
    fn recover(&self, store: &Store, error: &StorageError) {
        if matches!(error, StorageError::VersionTaken { .. } | StorageError::Unknown) {
            match store.catalogue().newest() {
                Ok(newest) if newest.version > self.current().version => self.inner.current.store(Arc::new(newest)),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the catalogue cannot be read again"),
            }
        }
    }
}

/// Whether a request asks for what was done under its name.
fn is_same(kept: &Change, asked: &Change) -> bool {
    (kept.version, &kept.reason, &kept.puts, &kept.removals) == (asked.version, &asked.reason, &asked.puts, &asked.removals)
}
