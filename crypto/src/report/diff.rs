//! What two reports of the same document say differently.
//!
//! Both are taken apart into single facts, each under its place in the report; facts that are not the same on both sides are
//! the differences. The moment in question, the depth and where the verdict was kept are the question's and the gateway's own
//! and no facts about the document. Reports of different depths are compared at the shallower one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CertificateSummary, Check, Depth, Diagnostic, Report, SignatureReport};
use crate::digest::Sha256;
use crate::time::Timestamp;

/// What two reports say differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Whether both are about the same document. If not, the other differences explain little.
    pub same_document: bool,
    /// The documents, by their SHA-256.
    pub documents: (Sha256, Sha256),
    /// The moments in question.
    pub moments: (Timestamp, Timestamp),
    /// The depth at which they were compared.
    pub depth: Depth,
    /// The differences: the document's first, then each signature's, then those of what was used.
    pub changes: Vec<Change>,
}

/// One fact that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// What the first report says; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What the second report says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Where a fact stands in a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The part of the report.
    pub part: Part,
    /// The check's identifier with its role, where a check says it; the digest of what was used, in [`Part::Used`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The name of the fact, as the report has it.
    pub fact: String,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The document and the licence's record.
    Document,
    /// The signature with this identifier.
    Signature(String),
    /// What was used: certificates, lists, responses, time stamps.
    Used,
}

impl Difference {
    /// Compares two reports.
    #[must_use]
    pub fn between(before: &Report, after: &Report) -> Self {
        let depth = before.depth.min(after.depth);
        let (old, new) = (facts(before, depth), facts(after, depth));
        let mut places: Vec<&Place> = old.keys().chain(new.keys()).collect();
        // A verdict says most and stands first in its part.
        places.sort_by_key(|place| (&place.part, &place.of, place.fact != "verdict", &place.fact));
        places.dedup();
        let changes = places.into_iter().filter_map(|place| {
            let (before, after) = (old.get(place), new.get(place));
            (before != after).then(|| Change { place: place.clone(), before: before.cloned(), after: after.cloned() })
        });
        Self {
            same_document: before.document_sha256 == after.document_sha256,
            documents: (before.document_sha256, after.document_sha256),
            moments: (before.validation_time, after.validation_time),
            depth,
            changes: changes.collect(),
        }
    }

    /// Whether both say the same of the same document.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.same_document && self.changes.is_empty()
    }
}

/// The facts of a part of a report.
struct Facts<'a> {
    part: Part,
    all: &'a mut BTreeMap<Place, String>,
}

fn facts(report: &Report, depth: Depth) -> BTreeMap<Place, String> {
    let report = report.clone().reduced_to(depth);
    let mut all = BTreeMap::new();
    let mut facts = Facts { part: Part::Document, all: &mut all };
    facts.say("verdict", &report.verdict);
    facts.say("format", &report.format);
    facts.say("policy", &report.policy);
    facts.say("trust_generation", &report.trust_generation);
    facts.say("holds_until", &report.holds_until);
    facts.checks(&report.checks);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for signature in &report.signatures {
        // Two signatures of a document may carry the same identifier: they are told apart by their order.
        let number = seen.entry(signature.id.as_str()).and_modify(|count| *count += 1).or_insert(1);
        let id = if *number == 1 { signature.id.clone() } else { format!("{} ({number})", signature.id) };
        Facts { part: Part::Signature(id), all: &mut all }.signature(signature);
    }
    if let Some(diagnostic) = &report.diagnostic {
        Facts { part: Part::Used, all: &mut all }.used(diagnostic);
    }
    all
}

impl Facts<'_> {
    fn say<T: Serialize>(&mut self, fact: &str, value: &T) {
        self.say_of(None, fact, value);
    }

    fn say_of<T: Serialize>(&mut self, of: Option<&str>, fact: &str, value: &T) {
        if let Some(value) = serde_json::to_value(value).ok().as_ref().and_then(words) {
            let place = Place { part: self.part.clone(), of: of.map(str::to_owned), fact: fact.to_owned() };
            self.all.insert(place, value);
        }
    }

    fn checks(&mut self, checks: &[Check]) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for check in checks {
            let role = check.role.and_then(|role| serde_json::to_value(role).ok().as_ref().and_then(words));
            let name = role.map_or_else(|| check.id.to_string(), |role| format!("{} {role}", check.id));
            let number = seen.entry(name.clone()).and_modify(|count| *count += 1).or_insert(1);
            let of = if *number == 1 { name } else { format!("{name} ({number})") };
            self.say_of(Some(&of), "outcome", &check.outcome);
            self.say_of(Some(&of), "effect", &check.effect);
            for (input, value) in &check.inputs {
                self.say_of(Some(&of), &format!("inputs.{input}"), value);
            }
        }
    }

    fn signature(&mut self, signature: &SignatureReport) {
        self.say("verdict", &signature.verdict);
        self.say("form", &signature.form);
        self.say("claimed_time", &signature.claimed_time);
        self.say("proven_time", &signature.proven_time);
        self.say("algorithm", &signature.algorithm);
        self.say("signer", &signature.signer.as_ref().map(named));
        self.say("chain", &signature.chain.iter().map(named).collect::<Vec<_>>());
        self.say("trust_domain", &signature.trust_domain);
        self.say("seal", &signature.seal.as_ref().map(|seal| format!("{} {}", seal.id, seal.sha256)));
        self.say("coverage", &signature.coverage);
        self.say("scope", &signature.scope);
        self.checks(&signature.checks);
    }

    fn used(&mut self, diagnostic: &Diagnostic) {
        for (sha256, used) in &diagnostic.certificates {
            self.say_of(Some(&sha256.to_string()), "certificate", &used.summary.subject);
        }
        for (sha256, used) in &diagnostic.lists {
            self.say_of(Some(&sha256.to_string()), "list", used);
        }
        for (sha256, used) in &diagnostic.responses {
            self.say_of(Some(&sha256.to_string()), "response", used);
        }
        for (sha256, used) in &diagnostic.timestamps {
            self.say_of(Some(&sha256.to_string()), "timestamp", used);
        }
    }
}

fn named(certificate: &CertificateSummary) -> String {
    format!("{} {}", certificate.subject, certificate.sha256)
}

/// A value as one line; nothing for what is not there.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        // Reports come from anywhere, and their words go to terminals.
        Value::String(text) => Some(text.chars().filter(|c| !c.is_control()).collect()),
        Value::Array(all) if all.is_empty() => None,
        Value::Array(all) => Some(all.iter().filter_map(words).collect::<Vec<_>>().join(" > ")),
        Value::Object(members) => {
            // A verdict is said as people say it; anything else with the names of its parts.
            if let Some(indication) = members.get("indication").and_then(words) {
                let why = members.get("sub_indication").and_then(words);
                return Some(why.map_or_else(|| indication.clone(), |why| format!("{indication} ({why})")));
            }
            let parts = members.iter().filter_map(|(name, value)| Some(format!("{name}: {}", words(value)?)));
            Some(parts.collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::checks::{DOCUMENT_SIGNED, LICENCE_STATE, PATH_REVOCATION, SIGNATURE_VALUE};
    use crate::report::{Role, Verdict};
    use crate::x509::Trust;
    use crate::x509::trust::Policy;

    fn report(at: i64, checks: Vec<Check>, of_signature: Vec<Check>) -> Report {
        let trust = Trust::new(Vec::new(), Policy::default());
        let mut report = Report::new("jws", Sha256([7; 32]), Timestamp::from_unix(at), &trust);
        report.checks = checks;
        let mut signature = crate::context::signature_report("1", "jws");
        signature.checks = of_signature;
        signature.conclude();
        report.signatures = vec![signature];
        report.conclude();
        report
    }

    fn said(difference: &Difference) -> Vec<String> {
        let line = |change: &Change| {
            let Place { part, of, fact } = &change.place;
            let part = match part {
                Part::Document => "document",
                Part::Signature(id) => id,
                Part::Used => "used",
            };
            let (of, before) = (of.as_deref().unwrap_or("-"), change.before.as_deref().unwrap_or("-"));
            format!("{part}/{of}/{fact}: {before} > {}", change.after.as_deref().unwrap_or("-"))
        };
        difference.changes.iter().map(line).collect()
    }

    #[test]
    fn the_same_at_another_time_and_depth_is_no_difference() {
        let one = report(1, vec![DOCUMENT_SIGNED.pass()], vec![SIGNATURE_VALUE.pass()]);
        let later = report(2, vec![DOCUMENT_SIGNED.pass()], vec![SIGNATURE_VALUE.pass()]);
        assert!(Difference::between(&one, &later).is_none());
        assert!(Difference::between(&one, &later.clone().reduced_to(Depth::Simple)).is_none());
        let full = later.with_diagnostic(Diagnostic::default());
        let difference = Difference::between(&full, &one);
        assert!(difference.is_none());
        assert_eq!(difference.depth, Depth::Detailed);
    }

    #[test]
    fn a_revocation_is_told_where_it_stands() {
        let revoked = PATH_REVOCATION.fail().of(Role::Signer).with("revoked_at", "2026-01-01T00:00:00Z");
        let before = report(1, vec![LICENCE_STATE.pass()], vec![PATH_REVOCATION.pass().of(Role::Signer), PATH_REVOCATION.pass()]);
        let after = report(1, vec![LICENCE_STATE.pass()], vec![revoked, PATH_REVOCATION.pass()]);
        let difference = Difference::between(&before, &after);
        let expected = [
            "document/-/verdict: TOTAL-PASSED > TOTAL-FAILED (REVOKED)",
            "1/-/verdict: TOTAL-PASSED > TOTAL-FAILED (REVOKED)",
            "1/path.revocation signer/effect: - > TOTAL-FAILED (REVOKED)",
            "1/path.revocation signer/inputs.revoked_at: - > 2026-01-01T00:00:00Z",
            "1/path.revocation signer/outcome: passed > failed",
        ];
        assert_eq!(said(&difference), expected);
        let back = Difference::between(&after, &before);
        assert_eq!(back.changes.len(), difference.changes.len());
        let json = serde_json::to_string(&difference).unwrap();
        assert_eq!(serde_json::from_str::<Difference>(&json).unwrap(), difference);
    }

    #[test]
    fn another_document_is_never_the_same() {
        let one = report(1, Vec::new(), Vec::new());
        let mut other = one.clone();
        other.document_sha256 = Sha256([8; 32]);
        let difference = Difference::between(&one, &other);
        assert!(difference.changes.is_empty() && !difference.is_none());
    }

    #[test]
    fn signatures_of_one_identifier_are_told_apart() {
        let mut one = report(1, Vec::new(), vec![SIGNATURE_VALUE.pass()]);
        one.signatures.push(one.signatures[0].clone());
        let mut two = one.clone();
        two.signatures[1].verdict = Verdict::failed(crate::report::SubIndication::HashFailure);
        let difference = Difference::between(&one, &two);
        assert_eq!(said(&difference), ["1 (2)/-/verdict: TOTAL-PASSED > TOTAL-FAILED (HASH_FAILURE)"]);
    }
}
