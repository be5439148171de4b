//! Every grant, by its identifier and by who may ask under it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crypto::catalogue::Catalogue;
use crypto::grants::{self, Ask, Denial, Grant, Permit};
use crypto::time::Timestamp;

use super::counter::Counter;

/// A grant with its counter.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) grant: Arc<Grant>,
    pub(super) counter: Arc<Counter>,
    /// Whether it is not known whether it was withdrawn.
    is_doubtful: bool,
}

/// Every grant.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: BTreeMap<String, Entry>,
    /// The identifiers of a caller's grants, by resource.
    of_caller: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Book {
    /// Takes a grant in, or what has become of it.
    pub(super) fn put(&mut self, grant: Grant) {
        let of_caller = self.of_caller.entry(grant.consumer.caller.clone()).or_default();
        of_caller.entry(grant.resource.clone()).or_default().insert(grant.id.clone());
        let counter = self.entries.get(&grant.id).map_or_else(Arc::default, |entry| Arc::clone(&entry.counter));
        self.entries.insert(grant.id.clone(), Entry { grant: Arc::new(grant), counter, is_doubtful: false });
    }

    /// Lets a grant go that is not on record.
    pub(super) fn remove(&mut self, id: &str) {
        let Some(entry) = self.entries.remove(id) else { return };
        let of_caller = self.of_caller.get_mut(&entry.grant.consumer.caller);
        if let Some(ids) = of_caller.and_then(|resources| resources.get_mut(&entry.grant.resource)) {
            ids.remove(id);
        }
    }

    /// Says that it is not known any more what has become of a grant.
    pub(super) fn doubt(&mut self, id: &str) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.is_doubtful = true;
        }
    }

    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// A grant that is in force.
    pub(super) fn in_force(&self, id: &str, at: Timestamp) -> Result<Entry, Denial> {
        let entry = self.entry(id).ok_or(Denial::NotGranted)?;
        if entry.is_in_force(at) { Ok(entry.clone()) } else { Err(Denial::NotInForce) }
    }

    /// What each grant that allows a question allows of it, the best first.
    pub(super) fn permits(&self, catalogue: &Catalogue, ask: &Ask<'_>) -> Result<Vec<(Permit, Entry)>, Denial> {
        let ids = self.of_caller.get(ask.caller).and_then(|resources| resources.get(ask.resource));
        let entries = || ids.into_iter().flatten().filter_map(|id| self.entries.get(id));
        let certain = entries().filter(|entry| !entry.is_doubtful).map(|entry| entry.grant.as_ref());
        match grants::permits(certain, catalogue, ask) {
            Ok(permits) => {
                let with_entry = |permit: Permit| self.entries.get(&permit.grant).cloned().map(|entry| (permit, entry));
                Ok(permits.into_iter().filter_map(with_entry).collect())
            }
            Err(denial) if entries().any(|entry| entry.is_doubtful) => Err(denial.max(Denial::NotInForce)),
            Err(denial) => Err(denial),
        }
    }

    /// The grants of a caller that are in force.
    pub(super) fn of_caller(&self, caller: &str, at: Timestamp) -> Vec<Arc<Grant>> {
        let ids = self.of_caller.get(caller).into_iter().flat_map(BTreeMap::values).flatten();
        let entries = ids.filter_map(|id| self.entries.get(id));
        entries.filter(|entry| entry.is_in_force(at)).map(|entry| Arc::clone(&entry.grant)).collect()
    }
}

impl Entry {
    fn is_in_force(&self, at: Timestamp) -> bool {
        !self.is_doubtful && self.grant.withdrawn.is_none() && self.grant.is_in_force(at)
    }
}
