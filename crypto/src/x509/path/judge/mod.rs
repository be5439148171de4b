//! The rules that every certificate of a path must keep (RFC 5280, 6.1.3 to 6.1.5; GB/T 20518), one file for each kind.

mod algorithms;
mod issuing;
mod names;
mod policies;
mod usage;
mod validity;

pub(super) use issuing::unknown_critical;

use super::{Path, Question, revocation};
use crate::budget::Exhausted;
use crate::context::Context;
use crate::report::Check;
use crate::report::checks::SEAL_MAKER;
use crate::x509::Purpose;

/// Judges a path whose names and signatures already fit.
pub(super) fn judge(path: &Path<'_>, question: &Question, context: &mut Context<'_>) -> Result<Vec<Check>, Exhausted> {
    for certificate in &path.certificates {
        context.diagnostic.certificate(certificate);
    }
    let horizon = &mut context.horizon;
    let mut checks = vec![
        validity::check(path, question.lifetime, horizon),
        issuing::check(path),
        names::check(path),
        policies::check(path),
        usage::check(path, question),
        algorithms::check(path, question, horizon),
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
