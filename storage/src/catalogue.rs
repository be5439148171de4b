//! The catalogue: every change that was made to it, and the whole of it from time to time, so that no start has to take up all
//! changes again.
//!
//! A change and a whole can be long: their bytes are kept as files under their digests, and rows say which file it is. A whole is
//! written whenever the changes since the last one weigh as much as it does, so that all wholes together weigh no more than twice
//! what the changes do.

use std::sync::Arc;

use crypto::catalogue::{Catalogue, Change, Entry};
use crypto::digest::Sha256;
use crypto::licence::Reason;
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue_keys;
use crate::engine::{Direction, Range};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};
use crate::log::Pending;
use crate::page::PAGE_MAX;
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, Kept, Shelf, repeat};
use crate::stored::Stored;

/// What a damaged catalogue is called in errors.
const WHAT: &str = "catalogue";

/// Below this no whole is written, in bytes of changes: reading so much takes no time.
const WHOLE_BYTES_MIN: u64 = 256 << 10;

/// How far the catalogue has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The newest version.
    version: u64,
    /// The bytes of all changes since the last whole.
    changed_bytes: u64,
    /// The bytes of the last whole.
    whole_bytes: u64,
}

/// What is kept of a change beside the change itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogueChangeRecord")]
pub struct ChangeRecord {
    /// The version that it made.
    pub version: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub caller: String,
    /// The organisation that it spoke for.
    pub organisation: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How many entries it put.
    pub puts: u64,
    /// How many entries it removed.
    pub removals: u64,
    /// The digest of the change, as it is answered in JSON.
    pub sha256: Sha256,
}

/// Where the whole of a version is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whole {
    /// The digest of its entries in JSON.
    sha256: Sha256,
}

/// The catalogue in all of its versions.
#[derive(Clone, Debug)]
pub struct CatalogueTable {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

impl ChangeRecord {
    fn of(change: &Change, sha256: Sha256) -> Self {
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        Self {
            version: change.version,
            at: change.at,
            caller: change.caller.clone(),
            organisation: change.organisation.clone(),
            reason: change.reason.clone(),
            puts: count(change.puts.len()),
            removals: count(change.removals.len()),
            sha256,
        }
    }
}

/// The digest under which a change is kept: that of its JSON.
///
/// # Errors
/// [`StorageError::Internal`] for what cannot be JSON.
pub fn digest(change: &Change) -> Result<Sha256, StorageError> {
    Ok(Sha256::of(&[&json(change)?]))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(value).map_err(|_error| StorageError::Internal)
}

impl CatalogueTable {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same table, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Puts a change on record that makes the version after the newest. What it makes was checked before. `name` is the digest of
    /// the name that the caller gave to the request: no other change can have it.
    ///
    /// # Errors
    /// [`StorageError::VersionTaken`] when the newest version is another than the one before it, and those of a store that does not
    /// work.
    pub fn change(&self, change: &Change, name: Option<&Sha256>) -> Result<Stored<ChangeRecord>, StorageError> {
        let bytes = json(change)?;
        repeat(|| self.attempt_change(change, &bytes, name))
    }

    fn attempt_change(
        &self,
        change: &Change,
        bytes: &[u8],
        name: Option<&Sha256>,
    ) -> Result<Attempt<Stored<ChangeRecord>>, StorageError> {
        let record = ChangeRecord::of(change, Sha256::of(&[bytes]));
        let row = catalogue_keys::change(change.version);
        if self.shelf.read::<ChangeRecord>(&row)?.is_some_and(|kept| kept.value == record) {
            return Ok(Attempt::Done(Stored::Unchanged(record)));
        }
        let head = self.shelf.read::<Head>(&catalogue_keys::head())?;
        let newest = head.as_ref().map_or(0, |head| head.value.version);
        if newest.checked_add(1) != Some(change.version) {
            return Err(StorageError::VersionTaken { newest });
        }
        let mut next = head.as_ref().map(|head| head.value.clone()).unwrap_or_default();
        next.version = change.version;
        next.changed_bytes = next.changed_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let mut batch = self.shelf.change().recording(self.pending.as_ref());
        batch.file(&record.sha256, bytes)?;
        batch.insert(row.clone(), &record)?;
        match &head {
            Some(head) => batch.replace(catalogue_keys::head(), head.version, &next)?,
            None => batch.insert(catalogue_keys::head(), &next)?,
        }
        if let Some(name) = name {
            batch.index(catalogue_keys::named(name, change.version));
        }
        match batch.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(record))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<ChangeRecord>(&row)? {
                Some(kept) if kept.value == record => Ok(Attempt::Done(Stored::Created(record))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// Writes the whole of the newest version, if the changes since the last one weigh as much as that. Whoever changes the catalogue
    /// calls it, and may go on when it fails: the next one does it then.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn tidy(&self, newest: &Catalogue) -> Result<bool, StorageError> {
        let is_due = |head: &Head| head.changed_bytes >= head.whole_bytes.max(WHOLE_BYTES_MIN);
        let head = self.shelf.read::<Head>(&catalogue_keys::head())?;
        let Some(head) = head.filter(|head| head.value.version == newest.version && is_due(&head.value)) else {
            return Ok(false);
        };
        let entries: Vec<&Entry> = newest.entries().collect();
        let bytes = json(&entries)?;
        let whole = Whole { sha256: Sha256::of(&[&bytes]) };
        self.shelf.rest_of_file(&whole.sha256, &bytes)?;
        let Kept { version, value } = head;
        let next = Head { changed_bytes: 0, whole_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX), ..value };
        let mut batch = self.shelf.change();
        let front = keys::piece(&whole.sha256, 0);
        if self.shelf.engine.get(REGISTRY, front.space, &front.bytes)?.is_none() {
            batch.front_of_file(&whole.sha256, &bytes)?;
        }
        batch.put(catalogue_keys::whole(newest.version), &whole)?;
        batch.replace(catalogue_keys::head(), version, &next)?;
        Ok(matches!(batch.commit()?, Committed::Yes))
    }

    /// The newest version.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn newest(&self) -> Result<Catalogue, StorageError> {
        let newest = self.newest_version()?;
        self.version(newest)?.ok_or(StorageError::Corrupt { what: WHAT })
    }

    /// The number of the newest version; 0 where nothing was ever changed.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn newest_version(&self) -> Result<u64, StorageError> {
        Ok(self.shelf.read::<Head>(&catalogue_keys::head())?.map_or(0, |head| head.value.version))
    }

    /// The catalogue as it was in this version; nothing where there is none yet.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn version(&self, version: u64) -> Result<Option<Catalogue>, StorageError> {
        if version > self.newest_version()? {
            return Ok(None);
        }
        let mut catalogue = self.whole_before(version)?;
        for next in catalogue.version.saturating_add(1)..=version {
            let change = self.change_of(next)?.ok_or(StorageError::Corrupt { what: WHAT })?;
            catalogue.advance(&change);
        }
        Ok(Some(catalogue))
    }

    /// The newest whole that is not newer than this version; the empty catalogue where there is none.
    fn whole_before(&self, version: u64) -> Result<Catalogue, StorageError> {
        let Some(behind) = version.checked_add(1) else { return Err(StorageError::Internal) };
        let range = Range::prefix(catalogue_keys::WHOLES).resumed(Direction::Descending, catalogue_keys::whole(behind).bytes);
        let space = catalogue_keys::whole(behind).space;
        let rows = self.shelf.engine.scan(REGISTRY, space, range, Direction::Descending, 1)?;
        let Some((key, row)) = rows.into_iter().next() else { return Ok(Catalogue::default()) };
        let version = catalogue_keys::version(&key).ok_or(StorageError::Corrupt { what: WHAT })?;
        let kept = self.shelf.opened::<Whole>(&catalogue_keys::whole(version), &row)?;
        let entries: Vec<Entry> = self.json_file(&kept.value.sha256)?;
        Ok(Catalogue::of(version, entries))
    }

    /// What made this version.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn change_of(&self, version: u64) -> Result<Option<Change>, StorageError> {
        match self.record_of(version)? {
            Some(record) => self.json_file(&record.sha256).map(Some),
            None => Ok(None),
        }
    }

    fn record_of(&self, version: u64) -> Result<Option<ChangeRecord>, StorageError> {
        Ok(self.shelf.read::<ChangeRecord>(&catalogue_keys::change(version))?.map(|kept| kept.value))
    }

    /// The change whose request had this name.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn named(&self, name: &Sha256) -> Result<Option<Change>, StorageError> {
        let Some(key) = self.shelf.first(&catalogue_keys::names(name))? else { return Ok(None) };
        let version = catalogue_keys::version(&key).ok_or(StorageError::Corrupt { what: WHAT })?;
        self.change_of(version)
    }

    /// At most so many changes, newest first, from before this version where one is given.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn changes(&self, before: Option<u64>, limit: usize) -> Result<Vec<ChangeRecord>, StorageError> {
        let behind = self.newest_version()?.saturating_add(1);
        let before = before.map_or(behind, |before| before.min(behind));
        let versions = (1..before).rev().take(limit.clamp(1, PAGE_MAX));
        let record = |version| self.record_of(version)?.ok_or(StorageError::Corrupt { what: WHAT });
        versions.map(record).collect()
    }

    fn json_file<T: serde::de::DeserializeOwned>(&self, sha256: &Sha256) -> Result<T, StorageError> {
        let bytes = self.shelf.file(sha256, WHAT)?.ok_or(StorageError::Corrupt { what: WHAT })?;
        serde_json::from_slice(&bytes).map_err(|_error| StorageError::Corrupt { what: WHAT })
    }
}

impl Layout for Head {
    const WHAT: &'static str = "head of the catalogue";
}

impl Layout for ChangeRecord {
    const WHAT: &'static str = "change of the catalogue";
}

impl Layout for Whole {
    const WHAT: &'static str = "note of a whole catalogue";
}
