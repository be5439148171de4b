//! The status lists of the licences on record, as the gateway publishes them (draft-ietf-oauth-status-list).
//!
//! A list is built from the store once, and then follows every change: whoever changes a licence notes it here after the commit
//! and before the answer, and the next reader of the list gets it with that change. So a change that was acknowledged is in every
//! list that is given out after it, and nobody may keep one from before it for longer than `ttl_s`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard};

use crypto::digest::Sha256;
use crypto::licence::{Identifier, Record, Status};
use crypto::sd_jwt;
use crypto::status_list::{Bits, Known, Reference, StatusList, TokenStatus, Unsigned};
use crypto::time::Timestamp;
use hyper::body::Bytes;
use storage::slots::{SLOTS, Slot};
use storage::{StorageError, Store};

use crate::cache::At;
use crate::config::{Config, Faults};
use crate::epochs::{Epoch, Epochs};
use crate::http::{Code, Problem};
use crate::signing::Signer;

/// Licences read from the store at a time while a list is built.
const PAGE: usize = 512;

/// Changes noted until somebody reads a list; beyond that the lists are built anew.
const CHANGES_MAX: usize = 16_384;

/// What publishes the lists.
#[derive(Debug)]
pub struct StatusLists {
    base_uri: String,
    ttl_s: i64,
    signer: Signer,
    /// What is signed under one edition is not given out under another.
    edition: u64,
    state: Arc<State>,
}

/// What is the same whoever signs.
#[derive(Debug, Default)]
struct State {
    kept: Mutex<BTreeMap<u32, Kept>>,
    changes: Mutex<Changes>,
}

#[derive(Debug)]
struct Kept {
    states: StatusList,
    /// The signed list with its edition, until something in it changes.
    published: Option<(u64, Published)>,
}

/// What changed since the lists were brought up to date.
#[derive(Debug, Default)]
struct Changes {
    licences: Vec<Identifier>,
    too_many: bool,
}

/// A signed list.
#[derive(Clone, Debug)]
pub struct Published {
    /// The `statuslist+jwt`.
    pub token: Bytes,
    /// SHA-256 of it.
    pub sha256: Sha256,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Until when it may be kept.
    pub fresh_until: Timestamp,
}

/// What is on record at the place that a credential refers to, where that is in one of our own lists.
#[derive(Clone, Debug)]
pub struct OwnStatus {
    /// What stands there for the moment in question.
    pub known: Known,
    /// Who issued the licence that has the place.
    pub issuer: String,
    /// That issuer's epoch, read before the record.
    pub epoch: Epoch,
}

/// What a licence's state is in a list: what makes `licence.state` of its report fail is invalid. The end of its validity is not:
/// that stands in the licence itself.
#[must_use]
pub const fn token_status(status: Status) -> TokenStatus {
    match status {
        Status::Valid => TokenStatus::Valid,
        Status::Suspended => TokenStatus::Suspended,
        Status::Draft
        | Status::Cancelled
        | Status::Revoked
        | Status::Withdrawn
        | Status::Expired
        | Status::Superseded
        | Status::Transferred
        | Status::Abolished => TokenStatus::Invalid,
    }
}

fn status_of(record: &Record) -> TokenStatus {
    record.current().map_or(TokenStatus::Invalid, |(status, _)| token_status(status))
}

impl StatusLists {
    /// What the configuration asks for: nothing without `[status_list]`.
    ///
    /// # Errors
    /// What is wrong with the files of `[signing]`.
    pub fn load(config: &Config) -> Result<Option<Self>, Faults> {
        let (Some(lists), Some(signing)) = (&config.status_list, &config.signing) else { return Ok(None) };
        Ok(Some(Self {
            base_uri: lists.base_uri.clone(),
            ttl_s: lists.ttl_s.into(),
            signer: Signer::load(signing)?,
            edition: 0,
            state: Arc::default(),
        }))
    }

    /// The same lists as another configuration publishes them, with every change that is noted here or there.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn renewed(&self, config: &Config) -> Result<Option<Self>, Faults> {
        let edition = self.edition.wrapping_add(1);
        Ok(Self::load(config)?.map(|lists| Self { edition, state: Arc::clone(&self.state), ..lists }))
    }

    /// How credentials refer to a place.
    #[must_use]
    pub fn reference(&self, slot: Slot) -> Reference {
        Reference { uri: self.uri(slot.list), idx: slot.index.into() }
    }

    fn uri(&self, list: u32) -> String {
        format!("{}/{list}", self.base_uri)
    }

    /// The place that a reference is to, if it is to one of our lists.
    #[must_use]
    pub fn slot(&self, reference: &Reference) -> Option<Slot> {
        let list = reference.uri.strip_prefix(&self.base_uri)?.strip_prefix('/')?.parse().ok()?;
        let index = u32::try_from(reference.idx).ok().filter(|index| *index < SLOTS)?;
        // A number may be written in many ways, and a reference in one.
        Some(Slot { list, index }).filter(|slot| self.reference(*slot) == *reference)
    }

    /// The status of a credential that refers to one of our lists, from the records themselves: no list is as fresh as they are.
    ///
    /// # Errors
    /// When the store does not answer.
    pub fn status_of(&self, document: &[u8], at: At, store: &Store, epochs: &Epochs) -> Result<Option<OwnStatus>, StorageError> {
        let reference = Some(document).filter(|document| sd_jwt::is_likely(document)).and_then(sd_jwt::status_reference);
        let Some((reference, slot)) = reference.and_then(|reference| self.slot(&reference).map(|slot| (reference, slot))) else {
            return Ok(None);
        };
        let Some(first) = store.licences().by_slot(slot)? else { return Ok(None) };
        let issuer = first.metadata.issuer_code;
        // The epoch is read before the record that counts: a change after this line makes it old.
        let epoch = epochs.of(&issuer);
        let Some(record) = store.licences().by_slot(slot)? else { return Ok(None) };
        let status = match at {
            At::Moment(moment) => record.status_at(moment),
            At::Now => record.current(),
        };
        let known = status.map(|(status, _)| Known { reference, status: token_status(status) });
        Ok(known.map(|known| OwnStatus { known, issuer, epoch }))
    }

    /// Notes that a licence changed, and with it perhaps the version before it. Call it after the commit and before the answer.
    pub fn changed(&self, identifier: &Identifier) {
        let mut changes = self.state.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if changes.licences.len() >= CHANGES_MAX {
            *changes = Changes { licences: Vec::new(), too_many: true };
        }
        let before = identifier.version().checked_sub(1).and_then(|version| identifier.with_version(version).ok());
        changes.licences.extend(before);
        changes.licences.push(identifier.clone());
    }

    /// A list, signed, with every change that was acknowledged before; nothing when no licence has a place in it. Takes a second of
    /// a processor when a full list is asked for the first time.
    ///
    /// # Errors
    /// When the store does not answer, or the system gives no random numbers to sign with.
    pub fn published(&self, list: u32, store: &Store, now: Timestamp) -> Result<Option<Published>, Problem> {
        let mut kept = self.kept();
        if let Err(error) = self.catch_up(&mut kept, store) {
            // What was noted is lost: built anew, the lists have it.
            kept.clear();
            return Err(error.into());
        }
        let entry = match kept.entry(list) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                let Some(states) = build(list, store)? else { return Ok(None) };
                place.insert(Kept { states, published: None })
            }
        };
        let half = self.ttl_s / 2;
        let good = |edition: u64, published: &Published| {
            edition == self.edition && published.issued_at <= now && now < published.issued_at.plus(half)
        };
        if let Some((_, published)) = entry.published.as_ref().filter(|(edition, published)| good(*edition, published)) {
            return Ok(Some(published.clone()));
        }
        let published = self.sign(list, &entry.states, now)?;
        entry.published = Some((self.edition, published.clone()));
        Ok(Some(published))
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<u32, Kept>> {
        self.state.kept.lock().unwrap_or_else(|poisoned| {
            // Somebody did not finish: nothing that was kept is sure to be whole.
            self.state.kept.clear_poison();
            let mut kept = poisoned.into_inner();
            kept.clear();
            kept
        })
    }

    /// Brings the lists that are kept up to date with what was noted.
    fn catch_up(&self, kept: &mut BTreeMap<u32, Kept>, store: &Store) -> Result<(), StorageError> {
        let changes = {
            let mut changes = self.state.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::take(&mut *changes)
        };
        if changes.too_many {
            kept.clear();
        }
        for identifier in &changes.licences {
            let Some(slot) = store.licences().slot(identifier)? else { continue };
            let Some(entry) = kept.get_mut(&slot.list) else { continue };
            let Some(record) = store.licences().record(identifier)? else { continue };
            let status = status_of(&record);
            if entry.states.status(slot.index.into()) != Some(status) {
                entry.states.set(slot.index.into(), status);
                entry.published = None;
            }
        }
        Ok(())
    }

    fn sign(&self, list: u32, states: &StatusList, now: Timestamp) -> Result<Published, Problem> {
        let unsigned = Unsigned::new(states, &self.uri(list), self.signer.jose(), &self.signer.chain(), (now, self.ttl_s));
        let signature = self.signer.sign(unsigned.signing_input()).or(Err(Code::Unavailable))?;
        let token = Bytes::from(unsigned.signed(&signature));
        Ok(Published { sha256: Sha256::of(&[&token]), token, issued_at: now, fresh_until: now.plus(self.ttl_s) })
    }
}

/// The states of every licence in a list; nothing when there is none. Places that nobody has say 0, like licences in force, so that
/// a list does not tell how many there are.
fn build(list: u32, store: &Store) -> Result<Option<StatusList>, StorageError> {
    let mut states = StatusList::new(Bits::Two, SLOTS);
    let mut after = None;
    loop {
        let page = store.licences().in_list(list, after, PAGE)?;
        for placed in &page {
            states.set(placed.slot.index.into(), status_of(&placed.record));
        }
        match page.last() {
            Some(last) => after = Some(last.slot.index),
            None => return Ok(after.map(|_| states)),
        }
    }
}
