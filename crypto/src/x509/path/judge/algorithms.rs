//! Algorithms and key sizes along a path, by the rules of the domain that it leads to.

use crate::report::checks::PATH_ALGORITHMS;
use crate::report::{Check, Horizon};
use crate::sig::Algorithm;
use crate::x509::path::{Lifetime, Path};
use crate::x509::trust::AlgorithmClock;
use crate::x509::{Certificate, Domain};

/// `used` is what the certificate in question signed with, if the use tells.
pub(super) fn check(path: &Path<'_>, used: Option<Algorithm>, lifetime: Lifetime, horizon: &mut Horizon) -> Check {
    let at = &mut clock(lifetime, horizon);
    let pairs = path.certificates.iter().zip(path.certificates.iter().skip(1));
    for (certificate, issuer) in pairs {
        let accepted = issuer.key().is_some_and(|key| {
            certificate.signature_algorithm(key).is_some_and(|algorithm| path.domain.accepts(algorithm, key, at))
        });
        if !accepted {
            return PATH_ALGORITHMS.fail().with("certificate", &certificate.subject());
        }
    }
    PATH_ALGORITHMS.test(path.certificates.first().is_none_or(|leaf| leaf_accepted(leaf, used, path.domain, at)))
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
        Lifetime::Now => AlgorithmClock::Now(horizon),
        Lifetime::At { moment, .. } | Lifetime::Proven(moment) => AlgorithmClock::Fixed(moment),
    }
}
