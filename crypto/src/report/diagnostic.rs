//! Every input that a verdict was drawn from.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CertificateSummary;
use crate::budget::Budget;
use crate::digest::Sha256;
use crate::time::Timestamp;
use crate::x509::{Certificate, RevocationList};

/// What was used on the way to a verdict, each input once, by the SHA-256 of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// Certificates of the paths that were judged.
    #[serde(default)]
    pub certificates: BTreeMap<Sha256, CertificateUsed>,
    /// Revocation lists that were asked.
    #[serde(default)]
    pub lists: BTreeMap<Sha256, ListUsed>,
    /// OCSP responses that were asked.
    #[serde(default)]
    pub responses: BTreeMap<Sha256, ResponseUsed>,
    /// Time stamps that fit what they stamp, whether they count or not.
    #[serde(default)]
    pub timestamps: BTreeMap<Sha256, TimestampUsed>,
    /// Every moment that the moment in question was compared with: ends of validity, of lists, of algorithms.
    #[serde(default)]
    pub times: BTreeSet<Timestamp>,
    /// What the document cost of what it may cost.
    #[serde(default)]
    pub spent: BTreeMap<String, Spent>,
    /// Where the verdict came from; only a gateway knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheUsed>,
}

/// A certificate that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateUsed {
    /// What it says of itself.
    #[serde(flatten)]
    pub summary: CertificateSummary,
    /// The certificate: DER in base64.
    pub der: String,
}

/// A revocation list that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListUsed {
    /// Whose list it is.
    pub issuer: String,
    /// `CRLNumber` in decimal digits, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Which certificates and reasons it speaks of, in words.
    #[serde(default)]
    pub scope: String,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
    /// How many certificates it revokes.
    pub entries: u64,
    /// What it said of the certificates that it was asked about, by their SHA-256.
    #[serde(default)]
    pub said: BTreeMap<Sha256, ListSaid>,
}

/// What a list said of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListSaid {
    /// Whether the certificate is on it.
    pub listed: bool,
    /// From when on, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// `CRLReason` (RFC 5280 5.3.1), if the list gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<u32>,
}

/// An OCSP response that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseUsed {
    /// Who answered: a name or the digest of a key, as the response has it.
    pub responder: String,
    /// Serial number of the certificate in question, in hexadecimal digits.
    pub serial: String,
    /// `good`, `revoked` or `unknown`.
    pub status: String,
    /// When the status was known to be right.
    pub this_update: Timestamp,
    /// When newer information is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
    /// Since when it is revoked, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A time stamp that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimestampUsed {
    /// The moment that it names.
    pub time: Timestamp,
    /// Who made it, as far as its certificate tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Its serial number in hexadecimal digits.
    pub serial: String,
    /// Whether it counts as proof.
    pub counts: bool,
}

/// What was spent of one kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// What was spent.
    pub used: u64,
    /// What one document may cost.
    pub limit: u64,
}

/// Where a gateway had the verdict from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheUsed {
    /// How it was found.
    pub outcome: CacheOutcome,
    /// How long ago it was reached, in seconds.
    pub age_s: u64,
}

/// How a gateway found a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheOutcome {
    /// It was kept from before.
    Hit,
    /// It was reached for this question.
    Miss,
    /// Somebody else asked the same at the same time, and the one verification served both.
    Joined,
    /// The question brought evidence of its own: its verdict is neither taken from what is kept nor kept.
    Bypass,
}

impl CacheOutcome {
    /// Stable name: `hit`, `miss`, `joined`, `bypass`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Joined => "joined",
            Self::Bypass => "bypass",
        }
    }
}

impl Diagnostic {
    /// A certificate was judged.
    pub fn certificate(&mut self, certificate: &Certificate) {
        self.certificates
            .entry(certificate.sha256())
            .or_insert_with(|| CertificateUsed { summary: certificate.summary(), der: STANDARD.encode(certificate.raw()) });
    }

    /// A revocation list was asked about a certificate.
    pub fn list(&mut self, list: &RevocationList, certificate: &Certificate) {
        let used = self.lists.entry(list.sha256()).or_insert_with(|| ListUsed {
            issuer: list.issuer().to_string(),
            number: list.number().map(ToString::to_string),
            scope: list.scope().to_string(),
            this_update: list.this_update(),
            next_update: list.next_update(),
            entries: u64::try_from(list.len()).unwrap_or(u64::MAX),
            said: BTreeMap::new(),
        });
        used.said.entry(certificate.sha256()).or_insert_with(|| {
            let entry = list.find(certificate);
            ListSaid {
                listed: entry.is_some(),
                revoked_at: entry.map(|entry| entry.at),
                reason_code: entry.and_then(|entry| entry.reason),
            }
        });
    }

    /// An OCSP response with this digest was asked.
    pub fn response(&mut self, sha256: Sha256, used: impl FnOnce() -> ResponseUsed) {
        self.responses.entry(sha256).or_insert_with(used);
    }

    /// A time stamp with this digest was read.
    pub fn timestamp(&mut self, sha256: Sha256, used: impl FnOnce() -> TimestampUsed) {
        self.timestamps.entry(sha256).or_insert_with(used);
    }

    /// Closes the account: what was left of the budget, and the moments that were compared.
    pub fn close(&mut self, left: &Budget, times: &BTreeSet<Timestamp>) {
        self.times.extend(times);
        self.spent = left.spent().into_iter().map(|(name, used, limit)| (name.to_owned(), Spent { used, limit })).collect();
    }
}
