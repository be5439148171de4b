//! Names along a path against the constraints of those above (RFC 5280 6.1.3 (b) and (c), 6.1.4 (g)).

use crate::oid::Oid;
use crate::report::Check;
use crate::report::checks::PATH_NAMES;
use crate::x509::Certificate;
use crate::x509::general_name::GeneralName;
use crate::x509::name_constraints::NameConstraints;
use crate::x509::path::Path;

/// Most pairs of a name and a constraint that are compared along one path.
const PAIRS_MAX: usize = 1 << 16;

pub(super) fn check(path: &Path<'_>) -> Check {
    match walk(path) {
        Ok(()) => PATH_NAMES.pass(),
        Err((certificate, reason)) => PATH_NAMES.fail().with("certificate", &certificate.subject()).with("reason", reason),
    }
}

/// Constraints add up from the anchor down: a name must be allowed by each authority above it.
fn walk<'a>(path: &Path<'a>) -> Result<(), (&'a Certificate, &'static str)> {
    let mut above: Vec<NameConstraints<'a>> = Vec::new();
    let mut pairs_left = PAIRS_MAX;
    for (depth, certificate) in path.certificates.iter().enumerate().rev() {
        if !above.is_empty() && (depth == 0 || !certificate.is_self_issued()) {
            keeps(certificate, &above, &mut pairs_left).map_err(|reason| (*certificate, reason))?;
        }
        let own = NameConstraints::of(certificate.extensions()).or(Err((*certificate, "malformed name constraints")))?;
        above.extend(own);
    }
    Ok(())
}

fn keeps(certificate: &Certificate, above: &[NameConstraints<'_>], pairs_left: &mut usize) -> Result<(), &'static str> {
    let names = names(certificate)?;
    for constraints in above {
        let pairs = constraints.len().saturating_mul(names.len());
        *pairs_left = pairs_left.checked_sub(pairs).ok_or("too many names under too many constraints")?;
        for name in &names {
            match constraints.allow(name) {
                Ok(true) => {}
                Ok(false) => return Err("a name that an issuer above may not give"),
                Err(_) => return Err("a malformed name under constraints on names of its form"),
            }
        }
    }
    Ok(())
}

/// The alternative names, the subject, and the mailboxes in it.
fn names(certificate: &Certificate) -> Result<Vec<GeneralName<'_>>, &'static str> {
    let mut names = GeneralName::alternatives(certificate.extensions()).or(Err("malformed alternative names"))?;
    let subject = certificate.subject();
    if !subject.is_well_formed() {
        return Err("a malformed subject under name constraints");
    }
    if !subject.is_empty() {
        names.push(GeneralName::Directory(subject));
    }
    names.extend(subject.values(Oid::EMAIL).map(GeneralName::Email));
    Ok(names)
}
