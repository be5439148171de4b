//! What a trust domain demands of a path beyond RFC 5280: that its anchor was in service, and usages of the leaf.

use super::{Lifetime, Path, Question};
use crate::report::checks::{PATH_ANCHOR, PATH_EXTENDED_USAGE};
use crate::report::{Check, Horizon, SubIndication, Verdict};
use crate::time::Timestamp;

pub(super) fn check(path: &Path<'_>, question: &Question, horizon: &mut Horizon) -> Vec<Check> {
    let mut checks = vec![anchor(path, question, horizon)];
    checks.extend(extended_usage(path));
    for check in &mut checks {
        check.role = Some(question.role);
    }
    checks
}

/// The service behind the anchor must be offered at the moment that counts.
fn anchor(path: &Path<'_>, question: &Question, horizon: &mut Horizon) -> Check {
    let service = path.certificates.last().and_then(|anchor| path.domain.services.get(&anchor.sha256()));
    let Some(service) = service else { return PATH_ANCHOR.pass() };
    let Some((from, until)) = service.period() else { return PATH_ANCHOR.fail() };
    let good = match question.lifetime {
        Lifetime::Now => horizon.within(from, until),
        // A moment that nothing proves must not bring back what has ended.
        Lifetime::At { moment, .. } => horizon.within(from, until) && service.covers(moment),
        Lifetime::Proven(moment) => service.covers(moment),
    };
    if good {
        return PATH_ANCHOR.pass();
    }
    let was_in_service = horizon.at() > until && question.used_at.is_some_and(|used_at| service.covers(used_at));
    let check = if was_in_service {
        // It says to have been used while the service was offered, but nothing proves that.
        PATH_ANCHOR.fail().counting_as(Verdict::indeterminate(SubIndication::NoCertificateChainFoundNoPoe))
    } else {
        PATH_ANCHOR.fail()
    };
    let check = if from == Timestamp::MIN { check } else { check.with("from", &from) };
    if until == Timestamp::MAX { check } else { check.with("until", &until) }
}

/// One of the extended usages that the domain names, if it names any.
fn extended_usage(path: &Path<'_>) -> Option<Check> {
    let wanted = &path.domain.extended_usages;
    let leaf = path.certificates.first().filter(|_| !wanted.is_empty())?;
    let usages = leaf.extensions().extended_key_usage().ok().flatten().unwrap_or_default();
    let has_one = wanted.iter().any(|wanted| usages.contains(&wanted.as_oid()));
    Some(PATH_EXTENDED_USAGE.test(has_one).with("certificate", &leaf.subject()))
}
