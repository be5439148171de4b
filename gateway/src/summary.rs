//! What goes on record about a verdict: digests, codes and identifiers, never words of the document.

use std::collections::BTreeSet;

use crypto::digest::Sha256;
use crypto::record::{DocumentMention, SealMention};
use crypto::report::{Diagnostic, Indication, Outcome, Report};
use crypto::time::{Date, Timestamp};
use serde_json::{Value, json};
use storage::log::Draft;

use crate::purpose::holds_citizen_number;

/// The most signatures, checks and lists of one verdict that are named.
pub(crate) const NAMED_MAX: usize = 16;
/// The longest identifier of a seal: those of the standard have 20 or 32 characters.
const SEAL_ID_BYTES_MAX: usize = 64;

/// What goes on record about a verdict, drawn from its report once for all who are given it.
#[derive(Debug)]
pub struct Summary {
    document: Sha256,
    indication: Indication,
    seals: Vec<SealMention>,
    details: Vec<(String, Value)>,
    evidence: Option<Evidence>,
}

/// The evidence of status that a judgement used.
#[derive(Debug)]
struct Evidence {
    /// When the oldest of it was made.
    oldest: Timestamp,
    digests: Value,
}

impl Summary {
    /// That of a report and of what it was drawn from.
    #[must_use]
    pub fn of(report: &Report, diagnostic: &Diagnostic, today: Date) -> Self {
        let signers = signers(report);
        let details = told([
            ("sub_indication", json!(report.verdict.sub_indication)),
            ("format", json!(report.format)),
            ("trust", json!(report.trust_generation)),
            ("policy", json!([report.policy.name, report.policy.version])),
            ("steps", steps(report)),
            ("signers", if signers.is_empty() { Value::Null } else { Value::Array(signers) }),
        ]);
        Self {
            document: report.document_sha256,
            indication: report.verdict.indication,
            seals: seals(report, today),
            details: details.collect(),
            evidence: Evidence::of(diagnostic),
        }
    }

    /// Puts it on record, as that of a verdict for this moment.
    pub fn add_to(&self, draft: &mut Draft, moment: Timestamp) {
        let facts = &mut draft.facts;
        if facts.document.as_ref().is_none_or(|document| document.sha256 != Some(self.document)) {
            facts.document = Some(DocumentMention { sha256: Some(self.document), sm3: None });
        }
        facts.code = Some(self.indication.name().to_owned());
        facts.seals.clone_from(&self.seals);
        facts.details.extend(self.details.iter().cloned());
        facts.details.insert("validated_for".to_owned(), json!(moment));
        if let Some(evidence) = &self.evidence {
            // How old the oldest of it is now.
            let age_s = draft.at.unix().saturating_sub(evidence.oldest.unix());
            facts.details.insert("status".to_owned(), json!({ "age_s": age_s, "evidence": evidence.digests }));
        }
    }
}

impl Evidence {
    fn of(diagnostic: &Diagnostic) -> Option<Self> {
        let lists = diagnostic.lists.values().map(|list| list.this_update);
        let responses = diagnostic.responses.values().map(|response| response.this_update);
        let oldest = lists.chain(responses).min()?;
        let digests: Vec<_> = diagnostic.lists.keys().chain(diagnostic.responses.keys()).take(NAMED_MAX).collect();
        Some(Self { oldest, digests: json!(digests) })
    }
}

/// The details that there are.
pub(crate) fn told<const N: usize>(details: [(&str, Value); N]) -> impl Iterator<Item = (String, Value)> {
    details.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value))
}

/// Whether the identifier of a seal may stand in a record. Somebody wrote it, and it stays for ever.
pub(crate) fn is_fit(id: &str, today: Date) -> bool {
    id.len() <= SEAL_ID_BYTES_MAX && !holds_citizen_number(id, today)
}

/// Each seal once. Where one is proven to be its signer's, with the organisation that signed.
fn seals(report: &Report, today: Date) -> Vec<SealMention> {
    let mut seen = BTreeSet::new();
    let mut seals = Vec::new();
    for signature in &report.signatures {
        let Some(seal) = &signature.seal else { continue };
        if is_fit(&seal.id, today) && seals.len() < NAMED_MAX && seen.insert(&seal.id) {
            let owner = signature.signer.as_ref().filter(|_| signature.verdict.is_passed());
            let owner = owner.and_then(|signer| signer.organisation_code.clone());
            seals.push(SealMention { id: seal.id.clone(), sha256: Some(seal.sha256), owner });
        }
    }
    seals
}

/// Who signed, by certificate, with the verdict on each signature.
fn signers(report: &Report) -> Vec<Value> {
    let named = report.signatures.iter().take(NAMED_MAX);
    let row = named.map(|signature| {
        let signer = signature.signer.as_ref();
        Value::from_iter(told([
            ("certificate", json!(signer.map(|signer| signer.sha256))),
            ("organisation", json!(signer.and_then(|signer| signer.organisation_code.as_ref()))),
            ("verdict", json!(signature.verdict.indication.name())),
        ]))
    });
    row.collect()
}

/// How many checks passed, and which did not.
fn steps(report: &Report) -> Value {
    let all = || report.checks.iter().chain(report.signatures.iter().flat_map(|signature| &signature.checks));
    let named = |outcome: Outcome| {
        let ids: BTreeSet<_> = all().filter(|check| check.outcome == outcome).map(|check| &*check.id).collect();
        ids.into_iter().take(NAMED_MAX).collect::<Vec<_>>()
    };
    let passed = all().filter(|check| check.outcome == Outcome::Passed).count();
    json!({ "passed": passed, "failed": named(Outcome::Failed), "not_concluded": named(Outcome::NotConcluded) })
}
