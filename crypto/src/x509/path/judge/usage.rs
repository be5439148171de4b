//! What the key of the certificate in question may be used for (RFC 5280 4.2.1.3 and 4.2.1.12; GB/T 20518).

use crate::oid::Oid;
use crate::report::checks::PATH_KEY_USAGE;
use crate::report::{Check, Role};
use crate::x509::extension::{Extensions, KeyUsage};
use crate::x509::path::{Path, Question};
use crate::x509::{Certificate, Purpose};

/// Judges the certificate by the use that is asked about, and its issuers by what they limit.
pub(super) fn check(path: &Path<'_>, question: &Question) -> Check {
    let Some((leaf, issuers)) = path.certificates.split_first() else { return PATH_KEY_USAGE.doubt() };
    let failed = |certificate: &Certificate, reason: &str| {
        PATH_KEY_USAGE.fail().with("certificate", &certificate.subject()).with("reason", reason)
    };
    if let Err(reason) = leaf_usage(leaf.extensions(), question.role).and_then(|()| leaf_extended(leaf.extensions(), question)) {
        return failed(leaf, reason);
    }
    if let Some(wanted) = limited(question)
        && let Some(issuer) = issuers.iter().find(|issuer| !allows_below(issuer.extensions(), wanted))
    {
        return failed(issuer, "the extended key usage of an issuer excludes this use");
    }
    PATH_KEY_USAGE.pass().with("certificate", &leaf.subject())
}

fn leaf_usage(extensions: Extensions<'_>, role: Role) -> Result<(), &'static str> {
    let wanted = match role {
        Role::CrlIssuer => KeyUsage::CRL_SIGN,
        Role::Ocsp => KeyUsage::DIGITAL_SIGNATURE,
        Role::Signer | Role::SealMaker | Role::Tsa => KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION,
    };
    match extensions.key_usage() {
        Err(_) => Err("malformed key usage"),
        Ok(Some(usage)) if !usage.allows(wanted) => Err("the key usage excludes this use"),
        Ok(_) => Ok(()),
    }
}

fn leaf_extended(extensions: Extensions<'_>, question: &Question) -> Result<(), &'static str> {
    let usages = extensions.extended_key_usage().or(Err("malformed extended key usage"))?;
    let usages = usages.as_deref();
    let holds = match (question.role, question.purpose) {
        // Whoever signs lists needs no extended usage.
        (Role::CrlIssuer, _) => true,
        (Role::Tsa, _) | (_, Purpose::Tsa) => usages == Some(&[Oid::EKU_TIME_STAMPING]) && is_critical(extensions),
        (Role::Ocsp, _) | (_, Purpose::Ocsp) => usages.is_some_and(|usages| usages.contains(&Oid::EKU_OCSP_SIGNING)),
        (_, Purpose::Client) => usages.is_none_or(|usages| permits(usages, Oid::EKU_CLIENT_AUTH)),
        // Signers' certificates carry the extended usages of everything else that they are used for, some of them critical.
        (_, Purpose::Signer | Purpose::SealMaker) => true,
    };
    if holds { Ok(()) } else { Err("the extended key usage is not that of this use") }
}

/// RFC 3161 2.3: the extended key usage of a time-stamping authority must be critical.
fn is_critical(extensions: Extensions<'_>) -> bool {
    extensions.find(Oid::EXTENDED_KEY_USAGE).is_some_and(|extension| extension.critical)
}

/// The extended usage that issuers must leave open, for the purposes that have one of their own.
const fn limited(question: &Question) -> Option<Oid<'static>> {
    match (question.role, question.purpose) {
        (Role::CrlIssuer, _) => None,
        (Role::Tsa, _) | (_, Purpose::Tsa) => Some(Oid::EKU_TIME_STAMPING),
        (Role::Ocsp, _) | (_, Purpose::Ocsp) => Some(Oid::EKU_OCSP_SIGNING),
        (_, Purpose::Client) => Some(Oid::EKU_CLIENT_AUTH),
        (_, Purpose::Signer | Purpose::SealMaker) => None,
    }
}

fn allows_below(extensions: Extensions<'_>, wanted: Oid<'_>) -> bool {
    extensions.extended_key_usage().is_ok_and(|usages| usages.is_none_or(|usages| permits(&usages, wanted)))
}

fn permits(usages: &[Oid<'_>], wanted: Oid<'_>) -> bool {
    usages.iter().any(|usage| *usage == wanted || *usage == Oid::EKU_ANY)
}
