//! The report: what was checked, with which outcome, and the verdict that follows.
//!
//! Semantics are those of ETSI EN 319 102-1: a main indication, a sub-indication that says why, and the checks under them.
//! "No conclusion" is a verdict of its own: nothing unknown ever becomes a pass.

mod advice;
pub mod checks;
mod depth;
mod diagnostic;
pub mod diff;
mod horizon;
mod rendered;
mod scope;
mod verdict;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use checks::CheckKind;
pub use depth::{BadDepth, Depth};
pub use diagnostic::{
    CacheOutcome, CacheUsed, CertificateUsed, Diagnostic, ListSaid, ListUsed, ResponseUsed, Spent, TimestampUsed,
};
pub use horizon::Horizon;
pub use rendered::Rendered;
pub use scope::{Scope, ScopeKind};
pub use verdict::{Indication, SubIndication, Verdict};

use crate::digest::Sha256;
use crate::time::Timestamp;
use crate::x509::Trust;

/// What came out of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// What is known does not decide it.
    NotConcluded,
    /// It does not apply here.
    NotApplicable,
}

/// A sentence for people, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Chinese.
    pub zh: Cow<'static, str>,
}

/// Whom a check of a certificate path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who signed the document.
    Signer,
    /// Who made the seal.
    SealMaker,
    /// Who made the time stamp.
    Tsa,
    /// Who answered for the status of a certificate.
    Ocsp,
    /// Who signed a revocation list that is not the issuer's own.
    CrlIssuer,
}

/// One check with its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Stable identifier, such as `seal.signer-listed`.
    pub id: Cow<'static, str>,
    /// Whose certificate is meant, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What came out.
    pub outcome: Outcome,
    /// The document and section that the check comes from.
    pub clause: Cow<'static, str>,
    /// The outcome in words.
    pub text: Text,
    /// What was looked at: names, times, digests; never personal data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<Cow<'static, str>, String>,
    /// What this outcome does to the verdict; absent when it does nothing, as for passed checks and warnings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Verdict>,
}

impl Check {
    /// Adds an input to the check.
    #[must_use]
    pub fn with<T: ToString + ?Sized>(mut self, name: &'static str, value: &T) -> Self {
        self.inputs.insert(name.into(), value.to_string());
        self
    }

    /// Says whose certificate the check is about.
    #[must_use]
    pub const fn of(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// Gives the outcome another effect than the table of checks does.
    #[must_use]
    pub const fn counting_as(mut self, effect: Verdict) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Takes the effect away: the check stays in the report as a warning.
    #[must_use]
    pub const fn without_effect(mut self) -> Self {
        self.effect = None;
        self
    }

    /// Whether this is worth a reader's attention although it does not change the verdict.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.effect.is_none() && matches!(self.outcome, Outcome::Failed | Outcome::NotConcluded)
    }
}

/// What a certificate says of itself, as far as a reader of reports wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateSummary {
    /// SHA-256 of the certificate.
    pub sha256: Sha256,
    /// Subject name, such as `CN=…,O=…`.
    pub subject: String,
    /// Common name of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// Organisation that the subject belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Unified social credit code of the organisation, where the certificate names a right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_code: Option<String>,
    /// Issuer name.
    pub issuer: String,
    /// Serial number in hexadecimal digits.
    pub serial: String,
    /// Kind of key, such as `sm2`.
    pub key: String,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
}

/// What a seal says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SealSummary {
    /// The seal's own identifier (esID).
    pub id: String,
    /// Name of the seal.
    pub name: String,
    /// Structure version: 1, 4 or 5.
    pub version: u32,
    /// SHA-256 of the whole seal.
    pub sha256: Sha256,
    /// Start of the seal's validity.
    pub valid_from: Timestamp,
    /// End of the seal's validity.
    pub valid_until: Timestamp,
    /// Who made it.
    pub maker: Option<CertificateSummary>,
}

/// How much of what a reader sees a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// Everything a reader would use is covered.
    Full,
    /// Something a reader would use is not covered; see the check `ofd.coverage`.
    Partial,
}

/// The verdict on one signature of a document, with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignatureReport {
    /// The signature's identifier in the document.
    pub id: String,
    /// `ses-v1`, `ses-v4`, `ses-v5`, `gbt35275`, `cms`, `jws` or `sd-jwt`.
    pub form: Cow<'static, str>,
    /// The verdict on this signature alone.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// When the signer says to have signed; not proven by anything unless a check says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_time: Option<Timestamp>,
    /// When the signature is proven to have existed, by a trusted time stamp or by the gateway's own records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_time: Option<Timestamp>,
    /// The signature algorithm, by its stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The signer's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<CertificateSummary>,
    /// The path from the signer to the trust anchor, if one was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<CertificateSummary>,
    /// The trust domain by which the signer is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// The seal, for signatures made with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealSummary>,
    /// How much of the document it covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// What exactly it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Every check, in the order in which it was made.
    pub checks: Vec<Check>,
}

/// The rules by which a document was judged, by the name and version that whoever keeps them gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyUsed {
    /// Their name.
    pub name: String,
    /// Their version.
    pub version: u64,
}

impl PolicyUsed {
    /// The rules of this generation of trust.
    #[must_use]
    pub fn of(trust: &Trust) -> Self {
        let policy = trust.policy();
        Self { name: policy.name.clone(), version: policy.version }
    }
}

/// The verdict on a document or a licence, with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The overall verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What whoever was shown the document should do now.
    #[serde(default)]
    pub advice: Text,
    /// How much this report says.
    #[serde(default)]
    pub depth: Depth,
    /// `ofd`, `jws`, `sd-jwt`, `cms`, or `unknown` when the bytes are none of these.
    pub format: Cow<'static, str>,
    /// SHA-256 of the document as received.
    pub document_sha256: Sha256,
    /// The moment for which the question was answered.
    pub validation_time: Timestamp,
    /// Checks of the document and of the licence's record.
    pub checks: Vec<Check>,
    /// Each signature, in document order.
    pub signatures: Vec<SignatureReport>,
    /// The checks, of the document and of its signatures, that keep the verdict from being better.
    #[serde(default)]
    pub errors: Vec<Check>,
    /// What a reader should know although it does not change the verdict.
    pub warnings: Vec<Check>,
    /// The rules by which it was judged.
    #[serde(default)]
    pub policy: PolicyUsed,
    /// The trust anchors, lists and rules in force, by their digest.
    pub trust_generation: Sha256,
    /// The earliest moment at which the same question could be answered differently without anything new being learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds_until: Option<Timestamp>,
    /// Every input that was used; at depth `diagnostic` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<Box<Diagnostic>>,
}

impl Report {
    /// A report in which nothing is checked yet.
    #[must_use]
    pub fn new(format: &'static str, document_sha256: Sha256, validation_time: Timestamp, trust: &Trust) -> Self {
        Self {
            verdict: Verdict::PASSED,
            advice: Text::default(),
            depth: Depth::Detailed,
            format: format.into(),
            document_sha256,
            validation_time,
            checks: Vec::new(),
            signatures: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            policy: PolicyUsed::of(trust),
            trust_generation: trust.generation(),
            holds_until: None,
            diagnostic: None,
        }
    }

    /// Draws verdict, advice, errors and warnings from the checks. Call after the last check was added.
    pub fn conclude(&mut self) {
        // Between reasons of equal weight, why a signature fails says more than what follows from it for the document.
        let signatures = self.signatures.iter().map(|signature| signature.verdict).fold(Verdict::PASSED, Verdict::worse);
        self.verdict = signatures.worse(Verdict::of(self.checks.iter()));
        let all = || self.checks.iter().chain(self.signatures.iter().flat_map(|signature| &signature.checks));
        let deciding = all().filter(|check| check.effect == Some(self.verdict)).map(|check| &*check.id).collect();
        let advice = advice::advice(self.verdict, &deciding);
        let errors = all().filter(|check| check.effect.is_some()).cloned().collect();
        let warnings = all().filter(|check| check.is_warning()).cloned().collect();
        (self.advice, self.errors, self.warnings) = (advice, errors, warnings);
    }
}

impl SignatureReport {
    /// Draws the verdict on this signature from its checks.
    pub fn conclude(&mut self) {
        self.verdict = Verdict::of(self.checks.iter());
    }
}
