//! The files that a configuration names.

use std::path::{Path, PathBuf};

use super::trust::TrustDomain;
use super::{Backup, Config, DataSource, KeySource, Signing, Telemetry, TrustList, Witness, Witnesses};

/// Takes a relative path from this folder.
pub(super) fn resolve(path: &mut PathBuf, folder: &Path) {
    if path.is_relative() {
        *path = folder.join(&*path);
    }
}

impl Config {
    /// Takes relative paths from this folder.
    pub(super) fn resolve(&mut self, folder: &Path) {
        let own = self.server.paths().into_iter().chain(self.storage.paths()).chain(self.status.paths());
        let own = own.chain(self.record.paths()).chain(&mut self.admin.socket);
        let own = own.chain(self.backup.iter_mut().flat_map(Backup::paths));
        let own = own.chain(self.signing.iter_mut().flat_map(Signing::paths));
        let own = own.chain(self.trust_list.iter_mut().flat_map(TrustList::paths));
        let own = own.chain(self.witness.iter_mut().flat_map(Witness::paths));
        let own = own.chain(self.telemetry.iter_mut().flat_map(Telemetry::paths));
        let own = own.chain(self.identity_providers.iter_mut().map(|provider| &mut provider.keys));
        let own = own.chain(self.sources.iter_mut().flat_map(DataSource::paths));
        for path in own.chain(self.trust.iter_mut().flat_map(TrustDomain::materials_mut)) {
            resolve(path, folder);
        }
    }

    /// The files of trust.
    #[must_use]
    pub fn trust_files(&self) -> Vec<PathBuf> {
        let domains = self.trust.iter().flat_map(TrustDomain::materials);
        let lists = self.trust_list.iter().flat_map(|list| std::iter::once(&list.file).chain(&list.signers));
        domains.chain(lists).cloned().collect()
    }

    /// The certificates, keys and secrets that are put in force with it, each with its section; and the keys of the store and of backups,
    /// so that it is seen when they are no longer those that are needed. Files of trust have their own times (`reload.trust_s`), and the
    /// keys of the logs are read at the start alone.
    #[must_use]
    pub fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let mut own = self.clone();
        let sections = [
            ("server", own.server.paths()),
            (
                "storage",
                std::iter::once(&mut own.storage.value_key)
                    .chain(&mut own.storage.index_key)
                    .filter_map(KeySource::file_mut)
                    .collect(),
            ),
            ("record.witnesses", own.record.witnesses.iter_mut().flat_map(Witnesses::paths).collect()),
            ("backup", own.backup.iter_mut().flat_map(|backup| backup.key.file_mut()).collect()),
            ("telemetry", own.telemetry.iter_mut().flat_map(Telemetry::paths).collect()),
            ("status", own.status.paths().collect()),
            ("signing", own.signing.iter_mut().flat_map(Signing::paths).collect()),
            ("witness", own.witness.iter_mut().flat_map(Witness::paths).collect()),
            ("identity_providers", own.identity_providers.iter_mut().map(|provider| &mut provider.keys).collect()),
            ("sources", own.sources.iter_mut().flat_map(DataSource::paths).collect()),
        ];
        sections.into_iter().flat_map(|(section, paths)| paths.into_iter().map(move |path| (section, path.clone()))).collect()
    }
}
