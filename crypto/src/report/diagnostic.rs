//! Every input that a verdict was drawn from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CertificateSummary;
use crate::digest::Sha256;
use crate::time::Timestamp;
use crate::x509::{Certificate, RevocationList};

/// What was used on the way to a verdict, each input once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// Certificates of the paths that were judged.
    pub certificates: BTreeMap<Sha256, CertificateSummary>,
    /// Revocation lists that were asked.
    pub lists: BTreeMap<Sha256, ListUsed>,
}

/// A revocation list that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListUsed {
    /// Whose list it is.
    pub issuer: String,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
}

impl Diagnostic {
    /// A certificate was judged.
    pub fn certificate(&mut self, certificate: &Certificate) {
        self.certificates.entry(certificate.sha256()).or_insert_with(|| certificate.summary());
    }

    /// A revocation list was asked.
    pub fn list(&mut self, list: &RevocationList) {
        self.lists.entry(list.sha256()).or_insert_with(|| ListUsed {
            issuer: list.issuer().to_string(),
            this_update: list.this_update(),
            next_update: list.next_update(),
        });
    }
}
