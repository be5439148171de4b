//! `[backup]`: copies of the store.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, Faults, KeySource, Storage};

/// Where copies of the store go, sealed, and how often the gateway makes one by itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Folder of the backups, made when it does not exist: on another disk than the database.
    pub path: PathBuf,
    /// The key that seals backups: 64 hexadecimal digits, in a file that is readable by the owner alone. Whoever restores needs it, and the keys
    /// of the store, which are in no backup.
    pub key: KeySource,
    /// How often the gateway makes a backup by itself, in seconds; 0 for never. Default 3600.
    #[serde(default = "every_s")]
    pub every_s: u32,
    /// How many backups are kept; older ones are removed when there is a new one. Default 48.
    #[serde(default = "keep")]
    pub keep: u32,
    /// How often what was changed since the last backup is written there as well, in seconds: so much is lost with the machine. 0 for never, and
    /// never where `every_s` is 0. Default 10.
    #[serde(default = "journal_s")]
    pub journal_s: u32,
}

impl Backup {
    /// How often the journal is written, if there is one.
    #[must_use]
    pub fn journal_every(&self) -> Option<Duration> {
        (self.every_s > 0 && self.journal_s > 0).then(|| Duration::from_secs(self.journal_s.into()))
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.path).chain(self.key.file_mut())
    }

    pub(super) fn check(&self, storage: &Storage, faults: &mut Faults) {
        let (own, store) = (plain(&self.path), plain(&storage.path));
        let is_apart = !own.starts_with(&store) && !store.starts_with(&own);
        faults.demand(is_apart, "backup.path", "and storage.path must not be within each other: what takes one away takes both");
        let is_same = |key: &KeySource| match (key.file(), self.key.file()) {
            (Some(key), Some(own)) => plain(key) == plain(own),
            _ => *key == self.key,
        };
        let is_own = !storage.keys().any(is_same);
        faults.demand(is_own, "backup.key", "must not be a key of the store: whoever reads backups would open the store");
        let is_sensible = self.every_s == 0 || (60..=2_678_400).contains(&self.every_s);
        faults.demand(is_sensible, "backup.every_s", "must be 0, or from 60 to 2678400");
        faults.demand(self.journal_s <= 3600, "backup.journal_s", "must be from 0 to 3600");
        faults.demand((1..=10_000).contains(&self.keep), "backup.keep", "must be from 1 to 10000");
    }
}

/// A path without detours. Links are not looked at: nothing is opened here.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
        plain
    })
}

impl Config {
    /// The anchor: what was published last of the logs.
    #[must_use]
    pub fn anchor(&self) -> PathBuf {
        let beside = || {
            let mut path = self.storage.path.clone();
            path.as_mut_os_string().push(".anchor");
            path
        };
        self.record.anchor.clone().unwrap_or_else(beside)
    }
}

const fn every_s() -> u32 {
    3600
}

const fn keep() -> u32 {
    48
}

const fn journal_s() -> u32 {
    10
}
