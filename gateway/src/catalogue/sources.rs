//! The sources of the configuration, as far as the catalogue is about them.

use std::collections::{BTreeMap, BTreeSet};

use crypto::catalogue::Catalogue;

use crate::config::DataSource;

/// The sources that resources may name.
#[derive(Debug, Default)]
pub struct KnownSources {
    names: BTreeSet<String>,
    /// The organisations whose resources each may answer for.
    organisations: BTreeMap<String, BTreeSet<String>>,
}

impl KnownSources {
    /// Those of the configuration.
    #[must_use]
    pub fn of(sources: &[DataSource]) -> Self {
        Self {
            names: sources.iter().map(|source| source.name.clone()).collect(),
            organisations: sources.iter().map(|source| (source.name.clone(), source.organisations.clone())).collect(),
        }
    }

    /// What they are called.
    #[must_use]
    pub const fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Whether a source may answer for the resources of a provider, whoever puts them. One that nobody knows is a fault of the change,
    /// and nobody's.
    #[must_use]
    pub fn may_answer(&self, source: &str, provider: &str, catalogue: &Catalogue) -> bool {
        let of = self.organisations.get(source);
        of.is_none_or(|organisations| organisations.iter().any(|top| catalogue.is_within(provider, top)))
    }
}
