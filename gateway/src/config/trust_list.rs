//! `[trust_list]` and `[reload]`: trust from a signed list, and how often it is read again.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// A signed list with all trust domains, instead of `[[trust]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustList {
    /// File with the list, a JWS.
    pub file: PathBuf,
    /// Files with the certificates of those who may sign it: each counts by itself, not who stands below it.
    pub signers: Vec<PathBuf>,
    /// File in which the list last accepted is kept: no older one is accepted after it. Default: `file` with `.accepted` added.
    #[serde(default)]
    pub accepted: Option<PathBuf>,
    /// Whether the gateway is not ready once a newer list is overdue. Default false: it warns and goes on.
    #[serde(default)]
    pub require_fresh: bool,
}

impl TrustList {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.file).chain(&mut self.signers).chain(&mut self.accepted)
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(!self.signers.is_empty(), "trust_list.signers", "must name at least one file");
    }

    /// Where the list last accepted is kept.
    #[must_use]
    pub fn accepted(&self) -> PathBuf {
        self.accepted.clone().unwrap_or_else(|| {
            let mut name = self.file.clone().into_os_string();
            name.push(".accepted");
            name.into()
        })
    }
}

/// What is read again while the gateway runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reload {
    /// Seconds after which the files of trust are read again; 0 for only when an operator asks. Default 60.
    #[serde(default = "trust_s")]
    pub trust_s: u32,
    /// Seconds after which this file, and the certificates, keys and secrets that it names, are looked at for changes; 0 for only when
    /// an operator asks. What has changed is put in force once it was seen twice alike. Default 2.
    #[serde(default = "files_s")]
    pub files_s: u32,
}

impl Default for Reload {
    fn default() -> Self {
        Self { trust_s: trust_s(), files_s: files_s() }
    }
}

impl Reload {
    /// The time between two readings of the files of trust; nothing when only an operator asks.
    #[must_use]
    pub fn every(&self) -> Option<Duration> {
        (self.trust_s > 0).then(|| Duration::from_secs(self.trust_s.into()))
    }

    /// The time between two looks at this file and at those that it names; nothing when only an operator asks.
    #[must_use]
    pub fn look_every(&self) -> Option<Duration> {
        (self.files_s > 0).then(|| Duration::from_secs(self.files_s.into()))
    }
}

const fn trust_s() -> u32 {
    60
}

const fn files_s() -> u32 {
    2
}
