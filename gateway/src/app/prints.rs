//! What a configuration is made of, by digests: whether a part of it has to be made anew.

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use zeroize::Zeroizing;

use crate::config::Config;

/// A digest of each section with the files that it names. Digests of secrets are among what goes into them: they never leave the
/// process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prints(BTreeMap<String, Sha256>);

impl Prints {
    /// Of a configuration and its files as they are. Read before anything is made of them: then a file that changes meanwhile shows as
    /// changed the next time.
    pub(super) fn of(config: &Config) -> Self {
        let said = config.said();
        let mut parts: BTreeMap<String, Vec<Sha256>> =
            said.names().filter_map(|name| Some((name.to_owned(), vec![said.of_section(name)?]))).collect();
        for (section, file) in config.files() {
            // What cannot be read is a fault when it is opened.
            let content = Zeroizing::new(std::fs::read(file).unwrap_or_default());
            parts.entry(section.to_owned()).or_default().push(Sha256::of(&[&content]));
        }
        let whole = |digests: Vec<Sha256>| Sha256::of(&digests.iter().map(|digest| digest.0.as_slice()).collect::<Vec<_>>());
        Self(parts.into_iter().map(|(name, digests)| (name, whole(digests))).collect())
    }

    /// The sections of which files have changed, and nothing that the configuration says itself.
    pub(super) fn files_changed(&self, before: &Self, is_said_alike: impl Fn(&str) -> bool) -> Vec<String> {
        let changed = self.0.iter().filter(|(section, print)| before.0.get(*section) != Some(print) && is_said_alike(section));
        changed.map(|(section, _)| section.clone()).collect()
    }

    /// Whether these sections are as they were.
    pub(super) fn are_same(&self, before: &Self, sections: &[&str]) -> bool {
        sections.iter().all(|section| self.0.get(*section) == before.0.get(*section))
    }
}
