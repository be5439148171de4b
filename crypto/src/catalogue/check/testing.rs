//! A catalogue of a small city, for tests.

use super::super::{Catalogue, Entry, Kind};

/// Four organisations, two types of licences, three resources, two items, one demand. Nothing is wrong with it.
pub(in crate::catalogue) fn catalogue() -> Catalogue {
    let entries: Vec<Entry> = serde_json::from_str(include_str!("testing.json")).unwrap();
    Catalogue::of(7, entries)
}

/// Changes the entry of this kind with this place among them.
pub(in crate::catalogue) fn entry_mut(catalogue: &mut Catalogue, kind: Kind, nth: usize, change: impl FnOnce(&mut Entry)) {
    let mut entries: Vec<Entry> = catalogue.entries().cloned().collect();
    change(entries.iter_mut().filter(|entry| entry.key().kind == kind).nth(nth).unwrap());
    *catalogue = Catalogue::of(catalogue.version, entries);
}
