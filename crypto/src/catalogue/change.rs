//! Changes: what makes the next version of a catalogue.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Faults, check, unknown_source};
use super::{Catalogue, CatalogueFault, Entry, Key, Rule};
use crate::licence::Reason;
use crate::time::Timestamp;

/// What makes the next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CatalogueChange")]
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
    /// The version that a change makes of this one.
    ///
    /// Only entries that the change puts must name sources that are known: one that has left the configuration since is no reason
    /// to refuse a change of something else.
    ///
    /// # Errors
    /// Every fault of the change, and of the catalogue that it would make.
    pub fn apply(&self, change: &Change, known_sources: Option<&BTreeSet<String>>) -> Result<Self, Vec<CatalogueFault>> {
        let mut faults = Faults::default();
        let mut keys = BTreeSet::new();
        for key in change.puts.iter().map(Entry::key) {
            if !keys.insert(key.clone()) {
                faults.add(&key, "", Rule::ChangedTwice);
            }
        }
        for key in &change.removals {
            if !keys.insert(key.clone()) {
                faults.add(key, "", Rule::ChangedTwice);
            } else if self.entry(key).is_none() {
                faults.add(key, "", Rule::NotThere);
            }
        }
        if keys.is_empty() {
            faults.of_all(Rule::NoChange);
        }
        for entry in &change.puts {
            unknown_source(entry, known_sources, &mut faults);
        }
        let mut next = self.clone();
        next.advance(change);
        faults.extend(check(&next, None));
        let faults = faults.into_vec();
        if faults.is_empty() { Ok(next) } else { Err(faults) }
    }
}

/// What has to be put, and what removed, to make the new catalogue of the old one.
#[must_use]
pub fn diff(old: &Catalogue, new: &Catalogue) -> (Vec<Entry>, Vec<Key>) {
    let puts = new.entries().filter(|entry| old.entry(&entry.key()) != Some(*entry)).cloned();
    let removals = old.entries().map(Entry::key).filter(|key| new.entry(key).is_none());
    (puts.collect(), removals.collect())
}

#[cfg(test)]
mod tests {
    use super::super::check::testing::{catalogue, entry_mut};
    use super::super::{Kind, Organisation};
    use super::*;

    fn change(puts: Vec<Entry>, removals: Vec<Key>) -> Change {
        let (at, caller, organisation) = (Timestamp::from_unix(1_790_000_000), "a".to_owned(), "b".to_owned());
        Change { version: 8, at, caller, organisation, reason: None, puts, removals }
    }

    fn organisation(name: &str) -> Entry {
        let mut catalogue = catalogue();
        entry_mut(&mut catalogue, Kind::Organisation, 3, |entry| {
            if let Entry::Organisation(Organisation { name: old, .. }) = entry {
                name.clone_into(old);
            }
        });
        catalogue.organisations().nth(3).cloned().map(Entry::Organisation).unwrap()
    }

    #[test]
    fn a_difference_leads_from_one_to_the_other() {
        let old = catalogue();
        let demand = old.entries().last().unwrap().key();
        let there = change(vec![organisation("another name")], vec![demand]);
        let new = old.apply(&there, None).unwrap();
        assert_eq!((new.version, new.len()), (8, old.len() - 1));
        assert_eq!(diff(&old, &new), (there.puts.clone(), there.removals));
        let (puts, removals) = diff(&new, &old);
        assert_eq!((puts.len(), removals.len()), (2, 0));
        let mut back = new.apply(&change(puts, removals), None).unwrap();
        back.version = old.version;
        assert_eq!(back, old, "indexes follow too");
        assert_eq!(diff(&old, &old), (Vec::new(), Vec::new()));
    }

    #[test]
    fn faults_of_the_change_itself() {
        let old = catalogue();
        let put = organisation("another name");
        let gone = Key::new(Kind::Item, "nothing");
        let rules = |change: &Change| -> Vec<_> {
            old.apply(change, None).unwrap_err().into_iter().map(|fault| (fault.entry, fault.rule)).collect()
        };
        assert_eq!(rules(&change(vec![], vec![])), [(None, Rule::NoChange)]);
        assert_eq!(rules(&change(vec![], vec![gone.clone()])), [(Some(gone), Rule::NotThere)]);
        assert_eq!(rules(&change(vec![put.clone(), put.clone()], vec![])), [(Some(put.key()), Rule::ChangedTwice)]);
        assert!(rules(&change(vec![put.clone()], vec![put.key()])).contains(&(Some(put.key()), Rule::ChangedTwice)));
    }

    #[test]
    fn only_what_is_put_must_name_a_source_that_is_known() {
        let old = catalogue();
        let none = BTreeSet::new();
        assert!(old.apply(&change(vec![organisation("x")], vec![]), Some(&none)).is_ok());
        let sourced = old.resources().find(|resource| resource.source.is_some()).cloned().map(Entry::Resource).unwrap();
        let faults = old.apply(&change(vec![sourced.clone()], vec![]), Some(&none)).unwrap_err();
        assert_eq!((faults.len(), faults[0].rule, faults[0].field.as_str()), (1, Rule::UnknownSource, "source"));
        assert!(old.apply(&change(vec![sourced], vec![]), Some(&BTreeSet::from(["population".to_owned()]))).is_ok());
    }
}
