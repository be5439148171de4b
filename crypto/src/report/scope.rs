//! What a signature is over.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of files that a report lists; beyond them it says how many there are.
const NAMES_MAX: usize = 64;

/// How a signature says what it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// Over all that the document says.
    WholeDocument,
    /// Over the files that its own list names.
    ListedFiles,
    /// Over a range of the document's bytes.
    ByteRange,
}

/// What a signature is over, and what it leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// How the signature says what it is over.
    pub kind: ScopeKind,
    /// How many files or ranges are covered.
    pub covered_count: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<String>,
    /// How many files or ranges that are neither covered nor part of the signature itself there are, shown or not.
    pub uncovered_count: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<String>,
}

impl Scope {
    /// Over all that the document says.
    pub const WHOLE: Self =
        Self { kind: ScopeKind::WholeDocument, covered_count: 1, covered: Vec::new(), uncovered_count: 0, uncovered: Vec::new() };

    /// Over these files or ranges, and not over those.
    #[must_use]
    pub fn of(kind: ScopeKind, covered: &BTreeSet<String>, uncovered: &[&String]) -> Self {
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        Self {
            kind,
            covered_count: count(covered.len()),
            covered: covered.iter().take(NAMES_MAX).cloned().collect(),
            uncovered_count: count(uncovered.len()),
            uncovered: uncovered.iter().take(NAMES_MAX).map(|name| (*name).clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_counted_in_full_and_named_in_part() {
        let names: BTreeSet<String> = (0..1000).map(|number| format!("Doc_0/{number:04}.xml")).collect();
        let open: Vec<&String> = names.iter().skip(990).collect();
        let scope = Scope::of(ScopeKind::ListedFiles, &names, &open);
        assert_eq!((scope.covered_count, scope.covered.len()), (1000, NAMES_MAX));
        assert_eq!((scope.uncovered_count, scope.uncovered.len()), (10, 10));
    }
}
