//! Who may change what of the catalogue. Operators everything; issuers what their own organisation and those below it answer for;
//! consumers what they themselves demand.
//!
//! What a resource is called does not make it one's own: whoever may say which source answers, or which licences it consists of, may
//! say who reads them. So an issuer names only sources that the configuration gives to the provider, and only types of licences that
//! the provider, or somebody above it, defines.
//!
//! Which organisations there are and who stands above whom is for operators alone: the tree decides what an issuer may change and
//! what an auditor sees, so nobody puts another under themselves.

use crypto::catalogue::{Catalogue, Change, Demand, Entry, Key, LicenceType, Resource};

use super::KnownSources;
use crate::auth::{Caller, Role};
use crate::http::{Code, Problem};

/// Refuses a change that is not the caller's to make.
///
/// # Errors
/// [`Code::OtherOrganisation`] with the first entry that is not the caller's to change.
pub fn demand_right(
    caller: &Caller,
    catalogue: &Catalogue,
    change: &Change,
    sources: Option<&KnownSources>,
) -> Result<(), Problem> {
    if caller.is(Role::Operator) {
        return Ok(());
    }
    let right = Right { caller, catalogue, change, sources };
    for entry in &change.puts {
        let key = entry.key();
        if !right.may_put(catalogue.entry(&key), entry) {
            return Err(refused(&key));
        }
    }
    for key in &change.removals {
        // What is not there is a fault of the change, and nobody's.
        if catalogue.entry(key).is_some_and(|old| !right.may_remove(old)) {
            return Err(refused(key));
        }
    }
    Ok(())
}

fn refused(key: &Key) -> Problem {
    Problem::new(Code::OtherOrganisation)
        .detail(format!("The entry {key} is not the caller's to change."), format!("调用方无权变更目录条目{key}。"))
}

/// What somebody may change of a catalogue.
struct Right<'a> {
    caller: &'a Caller,
    catalogue: &'a Catalogue,
    change: &'a Change,
    sources: Option<&'a KnownSources>,
}

impl Right<'_> {
    fn may_put(&self, old: Option<&Entry>, new: &Entry) -> bool {
        match (old, new) {
            (Some(Entry::Organisation(old)), Entry::Organisation(new)) => {
                let above = old.parent.as_deref();
                old.parent == new.parent && self.caller.is(Role::Issuer) && above.is_some_and(|above| self.is_own(above))
            }
            (_, Entry::Organisation(_)) => false,
            (Some(Entry::Demand(old)), Entry::Demand(new)) => (self.demands(old) && self.demands(new)) || self.answers(old, new),
            (_, Entry::Demand(new)) => self.demands(new),
            (old, new) => self.keeps(new) && old.is_none_or(|old| self.keeps(old)) && self.may_say(old, new),
        }
    }

    fn may_remove(&self, old: &Entry) -> bool {
        match old {
            Entry::Organisation(_) => false,
            Entry::Demand(old) => self.demands(old),
            old => self.keeps(old),
        }
    }

    fn keeps(&self, entry: &Entry) -> bool {
        self.caller.is(Role::Issuer) && entry.keeper().is_some_and(|keeper| self.is_own(keeper))
    }

    /// Whether what an entry of the caller's own reaches is its own as well.
    fn may_say(&self, old: Option<&Entry>, new: &Entry) -> bool {
        match (old, new) {
            (_, Entry::Resource(resource)) => self.is_answered(resource) && self.is_defined(resource),
            // The code of a type begins with that of who defines it; where an operator has said otherwise, it stays so.
            (Some(Entry::LicenceType(old)), Entry::LicenceType(new)) if old.authority == new.authority => true,
            (_, Entry::LicenceType(new)) => new.code.starts_with(&new.authority),
            _ => true,
        }
    }

    /// Whether its source, where it names one, answers for its provider.
    fn is_answered(&self, resource: &Resource) -> bool {
        let may_answer =
            |source: &String| self.sources.is_some_and(|known| known.may_answer(source, &resource.provider, self.catalogue));
        resource.source.as_ref().is_none_or(may_answer)
    }

    /// Whether its type of licence, where it names one, is defined by its provider or somebody above it.
    fn is_defined(&self, resource: &Resource) -> bool {
        let Some(code) = &resource.licence_type else { return true };
        let authority = self.authority(code);
        // A type that is not there is a fault of the change, and nobody's.
        authority.is_none_or(|authority| self.catalogue.is_within(&resource.provider, authority))
    }

    /// Who defines a type of licence, after the change.
    fn authority(&self, code: &str) -> Option<&str> {
        let put = |entry: &'_ Entry| matches!(entry, Entry::LicenceType(LicenceType { code: known, .. }) if known == code);
        match self.change.puts.iter().find(|entry| put(entry)) {
            Some(entry) => entry.keeper(),
            None => self.catalogue.licence_type(code).map(|found| found.authority.as_str()),
        }
    }

    fn demands(&self, demand: &Demand) -> bool {
        let own = demand.organisation == self.caller.organisation && self.caller.is(Role::Consumer);
        own || (self.caller.is(Role::Issuer) && self.is_own(&demand.organisation))
    }

    /// Whether it only says what came of a demand that was put to the caller's own.
    fn answers(&self, old: &Demand, new: &Demand) -> bool {
        let outcome = Demand { state: new.state, resource: new.resource.clone(), reason: new.reason.clone(), ..old.clone() };
        self.caller.is(Role::Issuer) && outcome == *new && old.provider.as_deref().is_some_and(|one| self.is_own(one))
    }

    fn is_own(&self, organisation: &str) -> bool {
        self.catalogue.is_within(organisation, &self.caller.organisation)
    }
}
