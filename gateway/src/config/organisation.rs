//! `[[organisations]]`: who stands above whom, for auditors of a part of the tree.

use std::collections::{BTreeMap, BTreeSet};

use crypto::licence::number::uscc;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Caller, Faults};

/// What stands in `audits` for every organisation.
pub const ALL: &str = "*";

/// An organisation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its unified social credit code, 18 characters; unique.
    pub code: String,
    /// Its name, for whoever reads the file.
    pub name: String,
    /// The code of the organisation above it; none for the top of a tree.
    #[serde(default)]
    pub parent: Option<String>,
}

pub(super) fn check(organisations: &[Organisation], callers: &[Caller], faults: &mut Faults) {
    let mut parents = BTreeMap::new();
    for (index, row) in organisations.iter().enumerate() {
        let key = |name: &str| format!("organisations[{index}].{name}");
        if let Err(error) = uscc(&row.code) {
            faults.add(key("code"), format!("is not a unified social credit code: {}", error.text().en));
        }
        faults.demand(!row.name.trim().is_empty(), key("name"), "must not be empty");
        let is_new = parents.insert(row.code.as_str(), row.parent.as_deref()).is_none();
        faults.demand(is_new, key("code"), "is used twice");
    }
    for (index, row) in organisations.iter().enumerate() {
        let key = || format!("organisations[{index}].parent");
        let is_known = row.parent.as_deref().is_none_or(|parent| parents.contains_key(parent));
        faults.demand(is_known, key(), "is the code of no organisation of this file");
        faults.demand(!stands_above_itself(&row.code, &parents), key(), "makes a circle");
    }
    for (index, caller) in callers.iter().enumerate() {
        check_audits(caller, &parents, &format!("callers[{index}].audits"), faults);
    }
}

fn check_audits(caller: &Caller, known: &BTreeMap<&str, Option<&str>>, key: &str, faults: &mut Faults) {
    let Some(audits) = &caller.audits else { return };
    faults.demand(!audits.is_empty(), key, "must name at least one organisation, or be left out for the caller's own");
    faults.demand(audits.len() == 1 || !audits.contains(ALL), key, "has \"*\" for all and others beside it");
    for code in audits.iter().filter(|code| *code != ALL && **code != caller.organisation) {
        faults.demand(known.contains_key(code.as_str()), key, format!("{code:?} is the code of no organisation of this file"));
    }
}

fn stands_above_itself(code: &str, parents: &BTreeMap<&str, Option<&str>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut above = parents.get(code).copied().flatten();
    while let Some(one) = above.filter(|one| seen.insert(*one)) {
        if one == code {
            return true;
        }
        above = parents.get(one).copied().flatten();
    }
    false
}
