//! What a type of licence demands of those who signed it (standards 3.4 D: a signature that was removed leaves no trace in
//! the document, only in what its type leads to expect).

use std::collections::BTreeSet;

use crate::oid::{Oid, OidBuf};
use crate::report::checks::{LICENCE_SIGNATURES, LICENCE_SIGNER_USAGE};
use crate::report::{Check, SignatureReport};
use crate::x509::Certificate;
use crate::x509::certificate_policy::policies;
use crate::x509::trust::TypeRule;

/// The checks that a rule leads to, over the signatures and their signers in the same order.
pub(crate) fn checks(rule: &TypeRule, signatures: &[SignatureReport], signers: &[Option<Certificate>]) -> Vec<Check> {
    let mut checks = Vec::new();
    if rule.signatures_min > 0 || !rule.signers.is_empty() {
        checks.push(all_signed(rule, signatures, signers));
    }
    if !rule.extended_usages.is_empty() || !rule.certificate_policies.is_empty() {
        checks.push(usages(rule, signers));
    }
    checks
}

fn all_signed(rule: &TypeRule, signatures: &[SignatureReport], signers: &[Option<Certificate>]) -> Check {
    // The same certificate twice is one who signed: a copy of a signature is no further one.
    let different: BTreeSet<_> = signers.iter().flatten().map(Certificate::sha256).collect();
    let codes: BTreeSet<_> = signers.iter().flatten().filter_map(Certificate::organisation_code).collect();
    let missing: Vec<&str> = rule.signers.difference(&codes).map(String::as_str).collect();
    let check = if missing.is_empty() && different.len() >= rule.signatures_min {
        LICENCE_SIGNATURES.pass()
    } else {
        LICENCE_SIGNATURES.fail()
    };
    let check = check.with("expected", &rule.signatures_min).with("signatures", &signatures.len());
    let check = check.with("certificates", &different.len());
    if missing.is_empty() { check } else { check.with("missing", &missing.join(", ")) }
}

fn usages(rule: &TypeRule, signers: &[Option<Certificate>]) -> Check {
    for signer in signers {
        let Some(signer) = signer else { return LICENCE_SIGNER_USAGE.doubt() };
        let usages = signer.extensions().extended_key_usage().ok().flatten().unwrap_or_default();
        let usages: BTreeSet<_> = usages.into_iter().collect();
        let policies = policies(signer.extensions()).ok().flatten().unwrap_or_default();
        if !names_one(&rule.extended_usages, &usages) || !names_one(&rule.certificate_policies, &policies) {
            return LICENCE_SIGNER_USAGE.fail().with("certificate", &signer.subject());
        }
    }
    LICENCE_SIGNER_USAGE.pass()
}

/// Whether one of those wanted was found, if any is wanted.
fn names_one(wanted: &BTreeSet<OidBuf>, found: &BTreeSet<Oid<'_>>) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| found.contains(&wanted.as_oid()))
}
