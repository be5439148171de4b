//! Who may issue, and extensions that must be understood (RFC 5280 6.1.4 (k) to (o), 6.1.5 (f)).

use crate::oid::Oid;
use crate::report::Check;
use crate::report::checks::PATH_CONSTRAINTS;
use crate::x509::Certificate;
use crate::x509::extension::KeyUsage;
use crate::x509::general_name::GeneralName;
use crate::x509::path::Path;

/// Extensions that are understood here, or that restrict nothing a decision depends on.
const KNOWN: [Oid<'static>; 14] = [
    Oid::BASIC_CONSTRAINTS,
    Oid::KEY_USAGE,
    Oid::EXTENDED_KEY_USAGE,
    Oid::SUBJECT_ALT_NAME,
    Oid::NAME_CONSTRAINTS,
    Oid::CERTIFICATE_POLICIES,
    Oid::POLICY_MAPPINGS,
    Oid::POLICY_CONSTRAINTS,
    Oid::INHIBIT_ANY_POLICY,
    Oid::CRL_DISTRIBUTION_POINTS,
    Oid::AUTHORITY_KEY_ID,
    Oid::SUBJECT_KEY_ID,
    Oid::AUTHORITY_INFO_ACCESS,
    Oid::NETSCAPE_CERT_TYPE,
];

pub(super) fn check(path: &Path<'_>) -> Check {
    for (depth, certificate) in path.certificates.iter().enumerate() {
        if let Some(unknown) = unknown_critical(certificate) {
            return PATH_CONSTRAINTS
                .fail()
                .with("certificate", &certificate.subject())
                .with("unknown_critical_extension", &unknown);
        }
        if has_unreadable_names(certificate) {
            let reason = "malformed alternative names that are critical";
            return PATH_CONSTRAINTS.fail().with("certificate", &certificate.subject()).with("reason", reason);
        }
        if depth > 0
            && let Err(reason) = may_issue(certificate, path, depth)
        {
            return PATH_CONSTRAINTS.fail().with("certificate", &certificate.subject()).with("reason", &reason);
        }
    }
    PATH_CONSTRAINTS.pass()
}

/// An extension that must be understood and is not.
pub(in crate::x509::path) fn unknown_critical(certificate: &Certificate) -> Option<Oid<'_>> {
    let mut extensions = certificate.extensions().iter();
    extensions.find(|extension| extension.critical && !KNOWN.contains(&extension.oid)).map(|extension| extension.oid)
}

/// RFC 5280 4.2: what is critical and cannot be processed is refused. Alternative names are the one known extension that no other
/// rule reads in every path.
fn has_unreadable_names(certificate: &Certificate) -> bool {
    let extensions = certificate.extensions();
    let is_critical = extensions.find(Oid::SUBJECT_ALT_NAME).is_some_and(|extension| extension.critical);
    is_critical && GeneralName::alternatives(extensions).is_err()
}

/// RFC 5280 6.1.4 (k) to (n).
fn may_issue(issuer: &Certificate, path: &Path<'_>, depth: usize) -> Result<(), &'static str> {
    if issuer.subject().is_empty() {
        return Err("an authority without a name"); // RFC 5280 4.1.2.6
    }
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
