//! What every step of one verification shares.

use std::collections::BTreeMap;

use crate::budget::Budget;
use crate::digest::Sha256;
use crate::report::{Check, Diagnostic, Horizon, SignatureReport, Verdict};
use crate::time::{Timestamp, earlier};
use crate::timestamp::verify::Stamp;
use crate::x509::{Certificate, Evidence, Trust};

/// Trust and time of one verification, and what is left of its budget.
#[derive(Debug)]
pub struct Context<'a> {
    /// Whom to trust.
    pub trust: &'a Trust,
    /// The moment in question, and when the answer may change.
    pub horizon: Horizon,
    /// What the document may still cost.
    pub budget: Budget,
    /// Certificates that the caller gave along with the document.
    pub certificates: &'a [Certificate],
    /// Evidence of status that came along.
    pub evidence: &'a Evidence,
    /// When the document is known to have existed, by the gateway's own records.
    pub known_since: Option<Timestamp>,
    /// When the earliest time stamp of a trusted authority over everything that is being verified was made; what it proves is
    /// in `known_since` then.
    pub(crate) stamped: Option<Timestamp>,
    /// What was used so far.
    pub diagnostic: Diagnostic,
    /// Signers of lists and responses that are being judged, outermost first: their own status is asked in turn.
    pub(crate) vouching: Vec<Sha256>,
    /// Whose status the verdict depends on, by the digest of the certificate.
    pub judged: BTreeMap<Sha256, Judged>,
}

/// A certificate whose status mattered to a verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The certificate.
    pub certificate: Certificate,
    /// Who issued it.
    pub issuer: Certificate,
    /// The trust domain that it leads into.
    pub domain: String,
}

impl<'a> Context<'a> {
    /// A fresh context for one document.
    #[must_use]
    pub fn new(trust: &'a Trust, at: Timestamp) -> Self {
        Self {
            trust,
            horizon: Horizon::new(at),
            budget: Budget::for_document(),
            certificates: &[],
            evidence: Evidence::NONE,
            known_since: None,
            stamped: None,
            diagnostic: Diagnostic::default(),
            vouching: Vec::new(),
            judged: BTreeMap::new(),
        }
    }

    /// When the document is known to have existed, if that is no later than the moment in question: what was learned after it
    /// proves nothing about it.
    pub(crate) fn recorded(&mut self) -> Option<Timestamp> {
        let horizon = &mut self.horizon;
        self.known_since.filter(|known| horizon.reached(*known))
    }

    /// Every input that was used, when all is done.
    #[must_use]
    pub fn into_diagnostic(mut self) -> Diagnostic {
        self.diagnostic.close(&self.budget, self.horizon.compared());
        self.diagnostic
    }

    /// Runs `work` with further certificates and evidence at hand, those that came with a signature.
    pub(crate) fn with_companions<T>(
        &mut self,
        more: &[Certificate],
        evidence: &Evidence,
        work: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        let evidence = self.evidence.and(evidence);
        let all: Vec<Certificate> = more.iter().chain(self.certificates).cloned().collect();
        let mut inner = Context {
            trust: self.trust,
            horizon: self.horizon.clone(),
            budget: self.budget.clone(),
            certificates: &all,
            evidence: &evidence,
            known_since: self.known_since,
            stamped: self.stamped,
            diagnostic: std::mem::take(&mut self.diagnostic),
            vouching: self.vouching.clone(),
            judged: std::mem::take(&mut self.judged),
        };
        let outcome = work(&mut inner);
        (self.horizon, self.budget, self.diagnostic) = (inner.horizon, inner.budget, inner.diagnostic);
        self.judged = inner.judged;
        outcome
    }

    /// Runs `work` on something that a time stamp of a trusted authority covers as a whole.
    pub(crate) fn with_stamp<T>(&mut self, stamp: Option<&Stamp>, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = (self.known_since, self.stamped);
        if let Some(stamp) = stamp {
            self.known_since = earlier(self.known_since, stamp.proves);
            self.stamped = earlier(self.stamped, stamp.made);
        }
        let outcome = work(self);
        (self.known_since, self.stamped) = outer;
        outcome
    }

    /// Notes the certificates of a path, from the one in question to the anchor, unless it is that of a signer of evidence.
    pub(crate) fn note_judged(&mut self, path: &[&Certificate], domain: &str) {
        if !self.vouching.is_empty() {
            return;
        }
        for (certificate, issuer) in path.iter().zip(path.iter().skip(1)) {
            self.judged.entry(certificate.sha256()).or_insert_with(|| Judged {
                certificate: Certificate::clone(certificate),
                issuer: Certificate::clone(issuer),
                domain: domain.to_owned(),
            });
        }
    }
}

/// An empty report for a signature, to be filled check by check.
pub(crate) fn signature_report(id: &str, form: &'static str) -> SignatureReport {
    SignatureReport {
        id: id.to_owned(),
        form: form.into(),
        verdict: Verdict::PASSED,
        claimed_time: None,
        proven_time: None,
        algorithm: None,
        signer: None,
        chain: Vec::new(),
        trust_domain: None,
        seal: None,
        coverage: None,
        scope: None,
        checks: Vec::new(),
    }
}

/// A report on a signature that could not even be read.
pub(crate) fn unreadable(id: &str, form: &'static str, check: Check) -> SignatureReport {
    let mut report = signature_report(id, form);
    report.checks.push(check);
    report
}
