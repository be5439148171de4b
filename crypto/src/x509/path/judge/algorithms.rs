//! Algorithms and key sizes along a path, by the rules of the domain that it leads to.

use crate::report::checks::PATH_ALGORITHMS;
use crate::report::{Check, Horizon, SubIndication, Verdict};
use crate::sig::Algorithm;
use crate::time::Timestamp;
use crate::x509::path::{Lifetime, Path, Question};
use crate::x509::trust::AlgorithmClock;
use crate::x509::{Certificate, Domain};

pub(super) fn check(path: &Path<'_>, question: &Question, horizon: &mut Horizon) -> Check {
    let Some(refused) = refused(path, question.algorithm, &mut clock(question.lifetime, horizon)) else {
        return PATH_ALGORITHMS.pass();
    };
    let check = PATH_ALGORITHMS.fail().with("certificate", &refused.subject());
    // Accepted when it says to have been used, which nothing proves (ETSI EN 319 102-1, 5.2.8).
    let accepted_then = |used_at| refused_at(path, question.algorithm, used_at).is_none();
    if question.used_at.is_some_and(accepted_then) {
        return check.counting_as(Verdict::indeterminate(SubIndication::CryptoConstraintsFailureNoPoe));
    }
    check
}

fn refused_at<'p>(path: &Path<'p>, used: Option<Algorithm>, at: Timestamp) -> Option<&'p Certificate> {
    refused(path, used, &mut AlgorithmClock::Fixed(at))
}

/// The first certificate that was signed, or that signs, with something not accepted. `used` is what the certificate in question
/// signed with, if the use tells.
fn refused<'p>(path: &Path<'p>, used: Option<Algorithm>, at: &mut AlgorithmClock<'_>) -> Option<&'p Certificate> {
    let mut pairs = path.certificates.iter().zip(path.certificates.iter().skip(1));
    let issued = pairs.find(|(certificate, issuer)| {
        let accepts = |key| certificate.signature_algorithm(key).is_some_and(|algorithm| path.domain.accepts(algorithm, key, at));
        !issuer.key().is_some_and(accepts)
    });
    match issued {
        Some((certificate, _)) => Some(certificate),
        None => path.certificates.first().copied().filter(|leaf| !leaf_accepted(leaf, used, path.domain, at)),
    }
}

/// What the leaf signed counts like what its issuers signed: by the rules of the domain that the path leads to.
fn leaf_accepted(leaf: &Certificate, used: Option<Algorithm>, domain: &Domain, at: &mut AlgorithmClock<'_>) -> bool {
    let Some(key) = leaf.key() else { return false };
    if let Some(algorithm) = used {
        return domain.accepts(algorithm, key, at);
    }
    domain.algorithms.iter().any(|rule| rule.algorithm.row().key == key.kind() && domain.accepts(rule.algorithm, key, at))
}

const fn clock(lifetime: Lifetime, horizon: &mut Horizon) -> AlgorithmClock<'_> {
    match lifetime {
        // A moment that nothing proves could be one that whoever broke the algorithm chose.
        Lifetime::Now | Lifetime::At { .. } => AlgorithmClock::Now(horizon),
        Lifetime::Proven(moment) => AlgorithmClock::Fixed(moment),
    }
}
