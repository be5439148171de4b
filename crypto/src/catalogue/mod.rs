//! The catalogue: who there is, what each shares, what each matter needs, and what is still missing.
//!
//! One document in versions: every change makes the next version of the whole, so that any answer can say by which version it was
//! given, and any past version can be had again. Metadata follow GB/T 21063.3 (resources) and GB/T 36902 (types of licences).

mod change;
mod check;
mod demand;
mod entry;
mod fault;
mod item;
mod licence_type;
mod organisation;
mod resource;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use change::{Change, diff};
pub use check::{ENTRIES_MAX, check};
pub use demand::{Demand, DemandState};
pub use entry::{Entry, Key, Kind};
pub use fault::{CatalogueFault, Rule};
pub use item::{Item, Material};
pub use licence_type::{HolderClass, LicenceType};
pub use organisation::{Level, Organisation};
pub use resource::{Field, FieldType, Resource, Sensitivity, ShareClass, ShareMethod, Sla, UpdateCycle};

/// The catalogue in one of its versions. Its entries are shared with the versions beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// How many changes have made it; 0 for the empty one.
    pub version: u64,
    entries: BTreeMap<Kind, BTreeMap<String, Arc<Entry>>>,
    /// The codes of resources of licences, by the type of these.
    by_type: BTreeMap<String, BTreeSet<String>>,
}

impl Catalogue {
    /// A catalogue of these entries, unchecked; of two with one key the last counts.
    #[must_use]
    pub fn of(version: u64, entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut made = Self { version, ..Self::default() };
        for entry in entries {
            made.put(Arc::new(entry));
        }
        made
    }

    /// Takes up a change, unchecked: for changes that were checked before they were put on record.
    pub fn advance(&mut self, change: &Change) {
        for key in &change.removals {
            self.remove(key);
        }
        for entry in &change.puts {
            self.put(Arc::new(entry.clone()));
        }
        self.version = change.version;
    }

    fn put(&mut self, entry: Arc<Entry>) {
        let key = entry.key();
        self.remove(&key);
        if let Entry::Resource(Resource { code, licence_type: Some(licence_type), .. }) = entry.as_ref() {
            self.by_type.entry(licence_type.clone()).or_default().insert(code.clone());
        }
        self.entries.entry(key.kind).or_default().insert(key.code, entry);
    }

    fn remove(&mut self, key: &Key) {
        let Some(of_kind) = self.entries.get_mut(&key.kind) else { return };
        let removed = of_kind.remove(&key.code);
        if of_kind.is_empty() {
            self.entries.remove(&key.kind);
        }
        if let Some(Entry::Resource(Resource { code, licence_type: Some(licence_type), .. })) = removed.as_deref()
            && let Some(codes) = self.by_type.get_mut(licence_type)
        {
            codes.remove(code);
            if codes.is_empty() {
                self.by_type.remove(licence_type);
            }
        }
    }

    fn find(&self, kind: Kind, code: &str) -> Option<&Entry> {
        self.entries.get(&kind)?.get(code).map(AsRef::as_ref)
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.get(&kind).into_iter().flat_map(|entries| entries.values().map(AsRef::as_ref))
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.values().map(BTreeMap::len).sum()
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry with this key.
    #[must_use]
    pub fn entry(&self, key: &Key) -> Option<&Entry> {
        self.find(key.kind, &key.code)
    }

    /// Every entry, by kind and code.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().flat_map(|entries| entries.values().map(AsRef::as_ref))
    }

    /// The organisation with this code.
    #[must_use]
    pub fn organisation(&self, code: &str) -> Option<&Organisation> {
        match self.find(Kind::Organisation, code)? {
            Entry::Organisation(found) => Some(found),
            _ => None,
        }
    }

    /// The resource with this code.
    #[must_use]
    pub fn resource(&self, code: &str) -> Option<&Resource> {
        match self.find(Kind::Resource, code)? {
            Entry::Resource(found) => Some(found),
            _ => None,
        }
    }

    /// The type of licence with this code.
    #[must_use]
    pub fn licence_type(&self, code: &str) -> Option<&LicenceType> {
        match self.find(Kind::LicenceType, code)? {
            Entry::LicenceType(found) => Some(found),
            _ => None,
        }
    }

    /// The item with this code.
    #[must_use]
    pub fn item(&self, code: &str) -> Option<&Item> {
        match self.find(Kind::Item, code)? {
            Entry::Item(found) => Some(found),
            _ => None,
        }
    }

    /// Every resource, by code.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.of_kind(Kind::Resource).filter_map(|entry| match entry {
            Entry::Resource(found) => Some(found),
            _ => None,
        })
    }

    /// Every organisation, by code.
    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.of_kind(Kind::Organisation).filter_map(|entry| match entry {
            Entry::Organisation(found) => Some(found),
            _ => None,
        })
    }

    /// The resources of local licences of this type (`licence_type` of a resource), by code.
    pub fn resources_of_type<'a>(&'a self, licence_type: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.by_type.get(licence_type).into_iter().flatten().filter_map(|code| self.resource(code))
    }

    /// Whether a resource of licences is provided by the authority that defines their type, or by somebody below it. One of no such
    /// type, or of one that is not in the catalogue, is nobody else's.
    #[must_use]
    pub fn is_of_authority(&self, resource: &Resource) -> bool {
        let licence_type = resource.licence_type.as_ref().and_then(|code| self.licence_type(code));
        licence_type.is_none_or(|licence_type| self.is_within(&resource.provider, &licence_type.authority))
    }

    /// Whether an organisation is this one, or stands below it in the tree.
    #[must_use]
    pub fn is_within(&self, organisation: &str, top: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut at = Some(organisation);
        // A tree that was checked has no circle; one that was not is no reason to walk for ever.
        while let Some(code) = at.filter(|code| seen.insert(*code)) {
            if code == top {
                return true;
            }
            at = self.organisation(code).and_then(|found| found.parent.as_deref());
        }
        false
    }
}
