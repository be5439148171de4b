//! The rules that every certificate of a path must keep (RFC 5280, 6.1.3 and 6.1.4; GB/T 20518).

use super::{Lifetime, Path, Question, revocation};
use crate::budget::Exhausted;
use crate::context::Context;
use crate::oid::Oid;
use crate::report::checks::{PATH_ALGORITHMS, PATH_CONSTRAINTS, PATH_KEY_USAGE, PATH_VALIDITY, SEAL_MAKER};
use crate::report::{Check, Horizon, SubIndication, Verdict};
use crate::sig::Algorithm;
use crate::time::Timestamp;
use crate::x509::extension::KeyUsage;
use crate::x509::trust::AlgorithmClock;
use crate::x509::{Certificate, Domain, Purpose};

/// Extensions that are understood here, or that restrict nothing a decision depends on.
const KNOWN: [Oid<'static>; 10] = [
    Oid::BASIC_CONSTRAINTS,
    Oid::KEY_USAGE,
    Oid::EXTENDED_KEY_USAGE,
    Oid::SUBJECT_ALT_NAME,
    Oid::CERTIFICATE_POLICIES,
    Oid::CRL_DISTRIBUTION_POINTS,
    Oid::AUTHORITY_KEY_ID,
    Oid::SUBJECT_KEY_ID,
    Oid::AUTHORITY_INFO_ACCESS,
    Oid::NETSCAPE_CERT_TYPE,
];

/// Judges a path whose names and signatures already fit.
pub(super) fn judge(path: &Path<'_>, question: &Question, context: &mut Context<'_>) -> Result<Vec<Check>, Exhausted> {
    for certificate in &path.certificates {
        context.diagnostic.certificate(certificate);
    }
    let horizon = &mut context.horizon;
    let mut checks = vec![
        validity(path, question.lifetime, horizon),
        constraints(path),
        key_usage(path, question.purpose),
        algorithms(path, question.algorithm, &mut clock(question.lifetime, horizon)),
        revocation::check(path, question, context)?,
    ];
    if let (Purpose::SealMaker, Some(makers), Some(leaf)) = (question.purpose, &path.domain.makers, path.certificates.first()) {
        checks.push(SEAL_MAKER.test(makers.contains(&leaf.sha256())));
    }
    for check in &mut checks {
        check.role = Some(question.role);
    }
    Ok(checks)
}

const fn clock(lifetime: Lifetime, horizon: &mut Horizon) -> AlgorithmClock<'_> {
    match lifetime {
        Lifetime::Now => AlgorithmClock::Now(horizon),
        Lifetime::At { moment, .. } | Lifetime::Proven(moment) => AlgorithmClock::Fixed(moment),
    }
}

const fn moment(lifetime: Lifetime, horizon: &Horizon) -> Timestamp {
    match lifetime {
        Lifetime::Now => horizon.at(),
        Lifetime::At { moment, .. } | Lifetime::Proven(moment) => moment,
    }
}

fn validity(path: &Path<'_>, lifetime: Lifetime, horizon: &mut Horizon) -> Check {
    let mut outside = Vec::new();
    for certificate in &path.certificates {
        let (from, until) = (certificate.not_before(), certificate.not_after());
        let good = match lifetime {
            Lifetime::Now => horizon.within(from, until),
            Lifetime::At { moment, .. } | Lifetime::Proven(moment) => from <= moment && moment <= until,
        };
        if !good {
            outside.push(*certificate);
        }
    }
    let Some(first) = outside.first() else {
        let ended_since = matches!(lifetime, Lifetime::At { warn_since: true, .. } | Lifetime::Proven(_))
            && path.certificates.iter().any(|certificate| horizon.reached(certificate.not_after().plus(1)));
        let check = PATH_VALIDITY.pass();
        return if ended_since { check.with("note", "a certificate of the path has expired since") } else { check };
    };
    let check = PATH_VALIDITY
        .fail()
        .with("certificate", &first.subject())
        .with("not_before", &first.not_before())
        .with("not_after", &first.not_after())
        .with("at", &moment(lifetime, horizon));
    match lifetime {
        // A proof that came too late proves nothing about the time before.
        Lifetime::Now | Lifetime::Proven(_) => check,
        // The standards of the seal leave no doubt here: outside its validity when it was used is a failure.
        Lifetime::At { .. } => check.counting_as(Verdict::failed(SubIndication::Expired)),
    }
}

fn constraints(path: &Path<'_>) -> Check {
    for (depth, certificate) in path.certificates.iter().enumerate() {
        if let Some(unknown) =
            certificate.extensions().iter().find(|extension| extension.critical && !KNOWN.contains(&extension.oid))
        {
            return PATH_CONSTRAINTS
                .fail()
                .with("certificate", &certificate.subject())
                .with("unknown_critical_extension", &unknown.oid);
        }
        if depth > 0
            && let Err(reason) = may_issue(certificate, path, depth)
        {
            return PATH_CONSTRAINTS.fail().with("certificate", &certificate.subject()).with("reason", &reason);
        }
    }
    PATH_CONSTRAINTS.pass()
}

/// RFC 5280 6.1.4 (k) to (n).
fn may_issue(issuer: &Certificate, path: &Path<'_>, depth: usize) -> Result<(), &'static str> {
    let extensions = issuer.extensions();
    let basic = extensions.basic_constraints().or(Err("malformed basic constraints"))?;
    // A version 1 anchor cannot say that it is an authority; that it is an anchor says so (RFC 5280 6.1.4 (k)).
    let is_old_anchor = issuer.version() < 2 && depth + 1 == path.certificates.len();
    if !basic.authority && !is_old_anchor {
        return Err("not a certification authority");
    }
    let below = path.certificates.iter().take(depth).skip(1).filter(|certificate| !certificate.is_self_issued()).count();
    if basic.path_length.is_some_and(|most| u32::try_from(below).map_or(true, |below| below > most)) {
        return Err("path length constraint exceeded");
    }
    match extensions.key_usage() {
        Err(_) => Err("malformed key usage"),
        Ok(Some(usage)) if !usage.allows(KeyUsage::CERTIFICATE_SIGN) && !path.domain.lax_issuers => {
            Err("key usage lacks keyCertSign")
        }
        Ok(_) => Ok(()),
    }
}

fn key_usage(path: &Path<'_>, purpose: Purpose) -> Check {
    let Some(leaf) = path.certificates.first() else { return PATH_KEY_USAGE.doubt() };
    let extensions = leaf.extensions();
    let signs = match extensions.key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.allows(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION),
        Err(_) => false,
    };
    let extended = match (purpose, extensions.extended_key_usage()) {
        (_, Err(_)) => false,
        (Purpose::Tsa, Ok(usages)) => usages.is_some_and(|usages| usages == [Oid::EKU_TIME_STAMPING]),
        (Purpose::Ocsp, Ok(usages)) => usages.is_some_and(|usages| usages.contains(&Oid::EKU_OCSP_SIGNING)),
        // Signers' certificates carry the extended usages of everything else that they are used for, some of them critical.
        (Purpose::Signer | Purpose::SealMaker | Purpose::Client, Ok(_)) => true,
    };
    PATH_KEY_USAGE.test(signs && extended).with("certificate", &leaf.subject())
}

fn algorithms(path: &Path<'_>, used: Option<Algorithm>, at: &mut AlgorithmClock<'_>) -> Check {
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
