//! What must hold of a catalogue: every rule, and every fault with its place.

mod demand;
mod item;
mod licence_type;
mod organisation;
mod place;
mod resource;
mod shape;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(super) use place::Faults;

use self::place::Place;
use super::{Catalogue, CatalogueFault, Entry, Rule};

/// The most entries of a catalogue.
pub const ENTRIES_MAX: usize = 200_000;

/// Everything that is wrong with a catalogue, up to a thousand faults. Where the sources of the gateway are known, resources must
/// name one of them.
#[must_use]
pub fn check(catalogue: &Catalogue, known_sources: Option<&BTreeSet<String>>) -> Vec<CatalogueFault> {
    let mut faults = Faults::default();
    if catalogue.len() > ENTRIES_MAX {
        faults.of_all(Rule::TooMany);
        return faults.into_vec();
    }
    for entry in catalogue.entries() {
        let mut place = Place::of(entry, &mut faults);
        match entry {
            Entry::Organisation(organisation) => organisation::check(organisation, catalogue, &mut place),
            Entry::LicenceType(licence_type) => licence_type::check(licence_type, catalogue, &mut place),
            Entry::Resource(resource) => resource::check(resource, catalogue, &mut place),
            Entry::Item(item) => item::check(item, catalogue, &mut place),
            Entry::Demand(demand) => demand::check(demand, catalogue, &mut place),
        }
        unknown_source(entry, known_sources, &mut faults);
    }
    resource::one_authority(catalogue, &mut faults);
    faults.into_vec()
}

/// Whether a resource names a source that nobody knows.
pub(super) fn unknown_source(entry: &Entry, known_sources: Option<&BTreeSet<String>>, faults: &mut Faults) {
    let Entry::Resource(resource) = entry else { return };
    if let (Some(source), Some(known)) = (&resource.source, known_sources)
        && !known.contains(source)
    {
        faults.add(&entry.key(), "source", Rule::UnknownSource);
    }
}
