//! Revocation along a path, by lists and by OCSP: good, revoked, or no conclusion; never two of them, never a guess.
//!
//! Everything at hand that speaks of a certificate is a statement (`lists`, `responses`); whether its signer may say so is asked
//! only of statements that would decide something (`signers`); what follows from them is drawn in `status`.

mod lists;
mod responses;
mod signers;
mod statement;
mod status;

use super::{Lifetime, Path, Question};
use crate::budget::Exhausted;
use crate::context::Context;
use crate::oid::Oid;
use crate::report::checks::PATH_REVOCATION;
use crate::report::{Check, Horizon, Role, SubIndication, Verdict};
use crate::time::Timestamp;
use crate::x509::Certificate;
use crate::x509::trust::RevocationPolicy;
use status::{Because, Finding, Status};

/// The certificate whose status is asked.
#[derive(Clone, Copy)]
struct Subject<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    /// The path that it is part of.
    path: &'a Path<'a>,
    /// The moment that the evidence must speak of. After its end nobody keeps a certificate's status.
    moment: Timestamp,
}

/// Judges every certificate of the path but the anchor.
pub(super) fn check(path: &Path<'_>, question: &Question, context: &mut Context<'_>) -> Result<Check, Exhausted> {
    if path.domain.revocation == RevocationPolicy::None {
        return Ok(PATH_REVOCATION.skip());
    }
    let mut doubt: Option<Check> = None;
    let pairs = path.certificates.iter().zip(path.certificates.iter().skip(1));
    for (depth, (certificate, issuer)) in pairs.enumerate() {
        if depth == 0 && question.role == Role::Ocsp && is_not_checked(certificate) {
            continue;
        }
        let moment = moment(question.lifetime, &context.horizon).min(certificate.not_after());
        let subject = Subject { certificate, issuer, path, moment };
        let check = match status::of(&subject, context)? {
            Status::Good => continue,
            Status::Revoked(finding) => revoked(&finding, question, depth, &context.horizon),
            Status::Held { finding, in_force } => {
                let check = finding.describe(PATH_REVOCATION.doubt());
                let spares = !in_force && spares_earlier(&finding, question);
                if spares { check.without_effect() } else { check }
            }
            Status::Unknown(because) => unknown(&because, path.domain.revocation, &context.horizon),
        };
        let check = check.with("certificate", &certificate.subject());
        if check.effect.is_some_and(|effect| effect.indication == crate::report::Indication::TotalFailed) {
            return Ok(check);
        }
        // A doubt that counts replaces a warning.
        if doubt.as_ref().is_none_or(|known| known.effect.is_none() && check.effect.is_some()) {
            doubt = Some(check);
        }
    }
    Ok(doubt.unwrap_or_else(|| PATH_REVOCATION.pass()))
}

/// RFC 6960 4.2.2.2.1: the responder's certificate says that it is short-lived enough not to be asked about.
fn is_not_checked(certificate: &Certificate) -> bool {
    certificate.extensions().find(Oid::OCSP_NO_CHECK).is_some()
}

/// The moment that the evidence must speak of: where what happened since counts, that is the moment in question.
const fn moment(lifetime: Lifetime, horizon: &Horizon) -> Timestamp {
    match lifetime {
        Lifetime::Now | Lifetime::At { warn_since: false, .. } => horizon.at(),
        Lifetime::At { moment, warn_since: true } | Lifetime::Proven(moment) => moment,
    }
}

fn revoked(finding: &Finding, question: &Question, depth: usize, horizon: &Horizon) -> Check {
    let since = finding.revocation.effective();
    let failed = finding.describe(PATH_REVOCATION.fail());
    match question.lifetime {
        Lifetime::At { moment, warn_since: true } if since > moment && spares_earlier(finding, question) => {
            failed.without_effect()
        }
        Lifetime::Proven(moment) if since > moment => failed.without_effect(),
        _ if question.used_at.is_some_and(|used_at| used_at < since) => {
            // It says to have been used before, but nothing proves that (ETSI EN 319 102-1, 5.5).
            let why = if depth == 0 { SubIndication::RevokedNoPoe } else { SubIndication::RevokedCaNoPoe };
            failed.counting_as(Verdict::indeterminate(why)).with("at", &horizon.at())
        }
        _ => failed,
    }
}

/// Whether what was made before may stand although nothing but its own word says when that was. A time stamp is such a word
/// itself, so that for its maker the reason must be one of those that RFC 3161 4.1 names.
fn spares_earlier(finding: &Finding, question: &Question) -> bool {
    match (question.role, question.lifetime) {
        (Role::Tsa, Lifetime::At { .. }) => finding.revocation.is_peaceful(),
        _ => !finding.revocation.is_compromise(),
    }
}

fn unknown(because: &Because, policy: RevocationPolicy, horizon: &Horizon) -> Check {
    let mut check = PATH_REVOCATION.doubt().with("reason", because.reason());
    if let Some(newest) = because.newest {
        let age = horizon.at().unix().saturating_sub(newest.unix());
        check = check.with("newest", &newest).with("age_s", &age);
    }
    if because.signer_out_of_validity {
        check = check.counting_as(Verdict::indeterminate(SubIndication::RevocationOutOfBoundsNoPoe));
    }
    if policy == RevocationPolicy::Require { check } else { check.without_effect() }
}
