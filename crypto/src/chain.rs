//! A certificate by itself: whether a path leads to whom we trust, without a document around it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::report::checks::PATH_BUILT;
use crate::report::{CertificateSummary, Check, Depth, Diagnostic, PolicyUsed, Role, Verdict};
use crate::time::Timestamp;
use crate::x509::path::{self, Lifetime};
use crate::x509::{Certificate, Evidence, Purpose, Trust};

/// What is asked about a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The certificate.
    pub leaf: &'a Certificate,
    /// What it is to be good for.
    pub purpose: Purpose,
    /// The moment in question.
    pub at: Timestamp,
    /// Certificates from which the path may be built, beside those of the trust domains.
    pub certificates: &'a [Certificate],
    /// Evidence of status, beside that of the trust domains.
    pub evidence: &'a Evidence,
}

/// The verdict on a certificate, with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChainReport {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How much this report says.
    pub depth: Depth,
    /// What the certificate is to be good for.
    pub purpose: Purpose,
    /// The moment for which the question was answered.
    pub validation_time: Timestamp,
    /// The rules by which it was judged.
    pub policy: PolicyUsed,
    /// The path from the certificate to the trust anchor; the certificate alone when there is none.
    pub chain: Vec<CertificateSummary>,
    /// The trust domain that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// Every check, in the order in which it was made.
    pub checks: Vec<Check>,
    /// The earliest moment at which the answer could be another one without anything new being learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_until: Option<Timestamp>,
    /// Every input that was used; at depth `diagnostic` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<Box<Diagnostic>>,
}

/// Judges a certificate, at depth `diagnostic`.
#[must_use]
pub fn judge(question: &Question<'_>, trust: &Trust) -> ChainReport {
    let mut context = Context::new(trust, question.at);
    context.certificates = question.certificates;
    context.evidence = question.evidence;
    let asked = path::Question {
        purpose: question.purpose,
        role: role(question.purpose),
        algorithm: None,
        used_at: None,
        lifetime: Lifetime::Now,
    };
    let answer = path::validate(question.leaf, &asked, &mut context).unwrap_or_else(|_exhausted| path::Answer {
        checks: vec![PATH_BUILT.doubt().of(asked.role)],
        chain: vec![question.leaf.summary()],
        domain: None,
    });
    ChainReport {
        verdict: Verdict::of(answer.checks.iter()),
        depth: Depth::Diagnostic,
        purpose: question.purpose,
        validation_time: question.at,
        policy: PolicyUsed::of(trust),
        chain: answer.chain,
        trust_domain: answer.domain,
        checks: answer.checks,
        holds_until: context.horizon.next(),
        diagnostic: Some(Box::new(context.into_diagnostic())),
    }
}

/// Whom a path for this purpose is about. Callers sign their handshakes.
const fn role(purpose: Purpose) -> Role {
    match purpose {
        Purpose::Signer | Purpose::Client => Role::Signer,
        Purpose::SealMaker => Role::SealMaker,
        Purpose::Tsa => Role::Tsa,
        Purpose::Ocsp => Role::Ocsp,
    }
}

impl ChainReport {
    /// The same report without what this depth leaves out.
    #[must_use]
    pub fn reduced_to(mut self, depth: Depth) -> Self {
        depth.reduce(&mut self.depth, &mut self.checks, &mut self.diagnostic);
        self
    }
}
