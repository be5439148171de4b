//! Revocation along a path, by lists: good, revoked, or no conclusion; never two of them, never a guess.

use std::collections::BTreeSet;

use super::{Lifetime, Path, Question};
use crate::budget::{Budget, Exhausted};
use crate::context::Context;
use crate::report::checks::PATH_REVOCATION;
use crate::report::{Check, Horizon, SubIndication, Verdict};
use crate::time::Timestamp;
use crate::x509::crl::Revocation;
use crate::x509::trust::{RevocationPolicy, may_sign_lists};
use crate::x509::{Certificate, RevocationList, Trust};

/// `certificateHold` (RFC 5280 5.3.1): may be lifted again.
const ON_HOLD: u32 = 6;
/// `removeFromCRL`: lifted, or expired (in delta lists).
const REMOVED: u32 = 8;
/// `keyCompromise` and `cACompromise`: what the key signed before may be forged and dated back.
const COMPROMISED: [u32; 2] = [1, 2];

enum Status {
    Good,
    Revoked(Revocation),
    Unknown(&'static str),
}

/// Judges every certificate of the path but the anchor.
pub(super) fn check(path: &Path<'_>, question: &Question, context: &mut Context<'_>) -> Result<Check, Exhausted> {
    if path.domain.revocation == RevocationPolicy::None {
        return Ok(PATH_REVOCATION.skip());
    }
    let mut doubt: Option<Check> = None;
    let pairs = path.certificates.iter().zip(path.certificates.iter().skip(1));
    for (depth, (certificate, issuer)) in pairs.enumerate() {
        match status(certificate, issuer, context)? {
            Status::Good => {}
            Status::Revoked(revocation) => {
                let check = revoked(revocation, question, depth, &context.horizon).with("certificate", &certificate.subject());
                if check.effect.is_some() {
                    return Ok(check);
                }
                doubt.get_or_insert(check);
            }
            Status::Unknown(why) => {
                let check = PATH_REVOCATION.doubt().with("certificate", &certificate.subject()).with("reason", &why);
                let required = path.domain.revocation == RevocationPolicy::Require;
                // A doubt that counts replaces a warning.
                if required || doubt.is_none() {
                    doubt = Some(if required { check } else { check.without_effect() });
                }
            }
        }
    }
    Ok(doubt.unwrap_or_else(|| PATH_REVOCATION.pass()))
}

fn revoked(revocation: Revocation, question: &Question, depth: usize, horizon: &Horizon) -> Check {
    let facts = |check: Check| {
        let check = check.with("revoked_at", &revocation.at);
        match revocation.reason {
            Some(reason) => check.with("reason_code", &reason),
            None => check,
        }
    };
    if revocation.reason == Some(ON_HOLD) {
        return facts(PATH_REVOCATION.doubt());
    }
    let failed = facts(PATH_REVOCATION.fail());
    let is_compromised = revocation.reason.is_some_and(|reason| COMPROMISED.contains(&reason));
    match question.lifetime {
        Lifetime::At { moment, warn_since: true } if revocation.at > moment && !is_compromised => failed.without_effect(),
        Lifetime::Proven(moment) if revocation.at > moment => failed.without_effect(),
        _ if question.used_at.is_some_and(|used_at| used_at < revocation.at) => {
            // It says to have been used before, but nothing proves that (ETSI EN 319 102-1, 5.5).
            let why = if depth == 0 { SubIndication::RevokedNoPoe } else { SubIndication::RevokedCaNoPoe };
            failed.counting_as(Verdict::indeterminate(why)).with("at", &horizon.at())
        }
        _ => failed,
    }
}

fn status(certificate: &Certificate, issuer: &Certificate, context: &mut Context<'_>) -> Result<Status, Exhausted> {
    let trust = context.trust;
    let mut known = Known::default();
    // What any domain knows of an issuer counts in all of them.
    let lists = trust.lists(|name| name.matches(certificate.issuer())).chain(&context.evidence.lists);
    let mut read = BTreeSet::new();
    for list in lists.filter(|list| list.issuer().matches(certificate.issuer())) {
        if read.insert(list.sha256()) && is_signed(list, issuer, trust, &mut context.budget)? {
            context.diagnostic.list(list, certificate);
            known.take(list, certificate, &mut context.horizon);
        }
    }
    Ok(match known {
        Known { revoked: Some(revocation), .. } | Known { latest: Some((_, Some(revocation))), .. } => {
            Status::Revoked(revocation)
        }
        Known { fresh: true, .. } => Status::Good,
        Known { latest: Some(_), .. } => Status::Unknown("the revocation lists are out of date"),
        Known { .. } => Status::Unknown("no complete revocation list of the issuer is at hand"),
    })
}

/// What the lists read so far say of a certificate.
#[derive(Default)]
struct Known {
    /// The earliest revocation for good.
    revoked: Option<Revocation>,
    /// The latest list that speaks of it, with its entry if that is a hold: a hold may be lifted again.
    latest: Option<(Timestamp, Option<Revocation>)>,
    /// Whether a complete list knows the state of now.
    fresh: bool,
}

impl Known {
    /// A list that is not complete (a delta, a partition) can revoke, and lift a hold, but never shows that all is well.
    fn take(&mut self, list: &RevocationList, certificate: &Certificate, horizon: &mut Horizon) {
        let at = horizon.at();
        let entry = list.find(certificate).filter(|revocation| horizon.reached(revocation.at));
        match entry {
            Some(revocation) if !matches!(revocation.reason, Some(ON_HOLD | REMOVED)) => {
                self.revoked = self.revoked.filter(|known| known.at <= revocation.at).or(Some(revocation));
            }
            None if !list.is_complete() => return,
            _ => {}
        }
        if self.latest.is_none_or(|(made, _)| made <= list.this_update()) {
            self.latest = Some((list.this_update(), entry.filter(|revocation| revocation.reason == Some(ON_HOLD))));
        }
        self.fresh |= list.is_complete() && speaks_of(list, at, horizon);
    }
}

/// Whether the list knows what happened until `at`: issued later, or still the latest by its own word.
fn speaks_of(list: &RevocationList, at: Timestamp, horizon: &mut Horizon) -> bool {
    if list.this_update() >= at {
        // Once that moment has passed, the list's own end counts.
        horizon.reached(list.this_update().plus(1));
        return true;
    }
    list.next_update().is_some_and(|next| horizon.within(list.this_update(), next))
}

fn is_signed(list: &RevocationList, issuer: &Certificate, trust: &Trust, budget: &mut Budget) -> Result<bool, Exhausted> {
    if trust.list_is_proven(list, issuer) {
        return Ok(true);
    }
    budget.spend_signature()?;
    Ok(may_sign_lists(issuer) && issuer.key().is_some_and(|key| list.verify_signature(key).is_ok()))
}
