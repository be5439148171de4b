//! `[signing]` and `[status_list]`: what the gateway says under its own name.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Faults, KeySource};

/// The gateway's own key for signing. Without this section it signs nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// File with the private key: PKCS#8 PEM, P-256 or Ed25519, readable by the owner alone.
    pub key: KeySource,
    /// File with its certificate, then the authorities up to the anchor, PEM.
    pub certificate: PathBuf,
}

impl Signing {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.certificate).chain(self.key.file_mut())
    }
}

/// The status lists of the licences on record. Without this section none is published; places in them are given all the same.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusList {
    /// URI of the lists without the number, such as `https://licences.example/v1/status-lists`. It is in every credential that
    /// refers to a list, so it never changes.
    pub base_uri: String,
    /// For how many seconds a list may be kept, 60 to 86400: no later than that does everybody know of a change. Default 3600.
    #[serde(default = "ttl_s")]
    pub ttl_s: u32,
}

impl StatusList {
    pub(super) fn check(&self, signing: Option<&Signing>, faults: &mut Faults) {
        let plain = self.base_uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
        let has_host = self.base_uri.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
        let is_short = self.base_uri.len() <= 512 && !self.base_uri.ends_with('/');
        faults.demand(
            plain && has_host && is_short,
            "status_list.base_uri",
            "must begin with https://, have no query and no slash at its end, and at most 512 characters",
        );
        faults.demand((60..=86_400).contains(&self.ttl_s), "status_list.ttl_s", "must be 60 to 86400");
        faults.demand(signing.is_some(), "status_list", "needs the section [signing]: a list that is not signed proves nothing");
    }
}

const fn ttl_s() -> u32 {
    3600
}
