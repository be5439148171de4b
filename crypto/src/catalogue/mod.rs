//! The catalogue: who there is, what each shares, what each matter needs, and what is still missing.
//!
//! One document in versions: every change makes the next version of the whole, so that any answer can say by which version it was
//! given, and any past version can be had again. Metadata follow GB/T 21063.3 (resources) and GB/T 36902 (types of licences).

mod demand;
mod entry;
mod item;
mod licence_type;
mod organisation;
mod resource;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use demand::{Demand, DemandState};
pub use entry::{Entry, Key, Kind};
pub use item::{Item, Material};
pub use licence_type::{HolderClass, LicenceType};
pub use organisation::{Level, Organisation};
pub use resource::{Field, FieldType, Resource, Sensitivity, ShareClass, ShareMethod, Sla, UpdateCycle};

use crate::licence::Reason;
use crate::time::Timestamp;

/// The catalogue in one of its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// How many changes have made it; 0 for the empty one.
    pub version: u64,
    entries: BTreeMap<Key, Entry>,
}

/// What makes the next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The version that it makes.
    pub version: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The calling system, by its name in the configuration.
    pub caller: String,
    /// The organisation that it speaks for.
    pub organisation: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Entries that are new or take the place of those with the same key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub puts: Vec<Entry>,
    /// Entries that end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removals: Vec<Key>,
}

impl Catalogue {
    /// A catalogue of these entries, unchecked; of two with one key the last counts.
    #[must_use]
    pub fn of(version: u64, entries: impl IntoIterator<Item = Entry>) -> Self {
        Self { version, entries: entries.into_iter().map(|entry| (entry.key(), entry)).collect() }
    }

    /// The entry with this key.
    #[must_use]
    pub fn entry(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Every entry, by kind and code.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The organisation with this code.
    #[must_use]
    pub fn organisation(&self, code: &str) -> Option<&Organisation> {
        match self.entry(&Key::new(Kind::Organisation, code))? {
            Entry::Organisation(found) => Some(found),
            _ => None,
        }
    }

    /// The resource with this code.
    #[must_use]
    pub fn resource(&self, code: &str) -> Option<&Resource> {
        match self.entry(&Key::new(Kind::Resource, code))? {
            Entry::Resource(found) => Some(found),
            _ => None,
        }
    }

    /// The type of licence with this code.
    #[must_use]
    pub fn licence_type(&self, code: &str) -> Option<&LicenceType> {
        match self.entry(&Key::new(Kind::LicenceType, code))? {
            Entry::LicenceType(found) => Some(found),
            _ => None,
        }
    }

    /// The item with this code.
    #[must_use]
    pub fn item(&self, code: &str) -> Option<&Item> {
        match self.entry(&Key::new(Kind::Item, code))? {
            Entry::Item(found) => Some(found),
            _ => None,
        }
    }

    /// Every resource, by code.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.entries().filter_map(|entry| match entry {
            Entry::Resource(found) => Some(found),
            _ => None,
        })
    }

    /// Every organisation, by code.
    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.entries().filter_map(|entry| match entry {
            Entry::Organisation(found) => Some(found),
            _ => None,
        })
    }

    /// The resources of local licences of this type (`licence_type` of a resource), by code.
    pub fn resources_of_type<'a>(&'a self, licence_type: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources().filter(move |resource| resource.licence_type.as_deref() == Some(licence_type))
    }
}
