//! Who may say what is the status of a certificate (RFC 5280, 6.3.3 (f); RFC 6960, 4.2.2.2).

use super::statement::{Source, Statement};
use super::{Subject, is_not_checked, status};
use crate::budget::Exhausted;
use crate::context::Context;
use crate::oid::Oid;
use crate::report::checks::{PATH_BUILT, PATH_REVOCATION, PATH_VALIDITY, SEAL_MAKER};
use crate::report::{Check, Outcome, ResponseUsed, Role, Verdict};
use crate::sig::Algorithm;
use crate::time::Timestamp;
use crate::x509::extension::KeyUsage;
use crate::x509::path::{self, Lifetime, Question, build, judge};
use crate::x509::trust::{AlgorithmClock, Purpose, may_sign_lists};
use crate::x509::{Certificate, Evidence, OcspResponse, RevocationList};

/// How many signers may vouch for one another. A list about the signer of a list about the signer of a list is the most that
/// is met in practice.
const VOUCHING_MAX: usize = 3;

/// How the signer of a statement stands, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It may not make the statement, or nobody at hand signed it.
    None,
    /// It might: its own status is not known, or the limits ended the search for it. Believed in nothing, but what it revokes is
    /// not good either.
    Unclear,
    /// It might, were its own certificate within its validity.
    OutOfValidity,
    /// It may, but used an algorithm that is not accepted: believed when it revokes, not when it clears.
    Weak,
    /// It may.
    Good,
}

/// Whether whoever signed the statement may make it.
pub(super) fn standing(
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
) -> Result<Standing, Exhausted> {
    match statement.source {
        Source::List(list) => of_list(list, statement, subject, context),
        Source::Delta { delta, base } => match of_list(base, statement, subject, context)? {
            Standing::Good => of_list(delta, statement, subject, context),
            other => Ok(other),
        },
        Source::Response(response) => of_response(response, statement, subject, context),
    }
}

fn of_list(
    list: &RevocationList,
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
) -> Result<Standing, Exhausted> {
    let issuer = subject.issuer;
    let mut best = Standing::None;
    let own_list = list.issuer().matches(issuer.subject());
    if own_list && may_sign_lists(issuer) && list_signed_by(list, issuer, context)? {
        let algorithm = issuer.key().and_then(|key| list.signature_algorithm(key));
        best = strength(algorithm, issuer, statement, subject, context);
    } else {
        let (companions, domain) = (context.certificates, subject.path.domain);
        let known = companions.iter().chain(&domain.intermediates).chain(&domain.anchors);
        let named = known.filter(|known| known.subject().matches(list.issuer()) && may_sign_lists(known));
        for signer in named.filter(|known| !(own_list && known.spki() == issuer.spki()) && key_ids_agree(list, known)) {
            if list_signed_by(list, signer, context)? {
                let algorithm = signer.key().and_then(|key| list.signature_algorithm(key));
                let strength = strength(algorithm, signer, statement, subject, context);
                best = best.max(strength.min(list_issuer(signer, statement, subject, context)?));
            }
            if best == Standing::Good {
                break;
            }
        }
    }
    if matches!(best, Standing::Good | Standing::Weak) {
        context.diagnostic.list(list, subject.certificate);
    }
    Ok(best)
}

/// Whether this certificate, which is not the issuer's own, may sign lists about the subject: its path must lead to the same
/// anchor.
fn list_issuer(
    signer: &Certificate,
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
) -> Result<Standing, Exhausted> {
    let anchor = subject.path.certificates.last().copied();
    // Who signs the lists about its own certificate is being judged already.
    if anchor == Some(signer) || context.vouching.contains(&signer.sha256()) {
        return Ok(Standing::Good);
    }
    let question = question(Role::CrlIssuer, subject.path.domain.purpose, statement, context);
    vouch(signer, context, |context| {
        let mut best = Standing::None;
        let mut search = build::Search::new(signer, context.certificates, context.horizon.at());
        let mut walk = search.walk(subject.path.domain);
        while let Some(path) = search.next(&mut walk, &mut context.budget) {
            if path.certificates.last().copied() == anchor {
                best = best.max(outcome(&judge::judge(&path, &question, context)?));
            }
            if best == Standing::Good {
                break;
            }
        }
        // A better path may be among those that were not tried.
        Ok(if search.ended_early() { best.max(Standing::Unclear) } else { best })
    })
}

fn of_response(
    response: &OcspResponse,
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
) -> Result<Standing, Exhausted> {
    let mut best = Standing::None;
    let issuer = subject.issuer;
    if response.is_from(issuer) && response_signed_by(response, issuer, context)? {
        let algorithm = issuer.key().and_then(|key| response.signature_algorithm(key));
        best = strength(algorithm, issuer, statement, subject, context);
    } else {
        let (companions, domain) = (context.certificates, subject.path.domain);
        let dedicated =
            context.trust.for_purpose(Purpose::Ocsp).flat_map(|domain| domain.anchors.iter().chain(&domain.intermediates));
        let known = response.certificates().iter().chain(companions).chain(&domain.intermediates).chain(dedicated);
        for responder in known.filter(|known| response.is_from(known)) {
            if response_signed_by(response, responder, context)? {
                let algorithm = responder.key().and_then(|key| response.signature_algorithm(key));
                let strength = strength(algorithm, responder, statement, subject, context);
                best = best.max(strength.min(delegated(responder, statement, subject, context)?));
                best = best.max(strength.min(trusted(responder, response, statement, context)?));
            }
            if best == Standing::Good {
                break;
            }
        }
    }
    if matches!(best, Standing::Good | Standing::Weak) {
        record(response, statement, subject, context);
    }
    Ok(best)
}

/// RFC 6960 4.2.2.2: whether the issuer itself made this certificate for answering in its stead.
fn delegated(
    responder: &Certificate,
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
) -> Result<Standing, Exhausted> {
    let issuer = subject.issuer;
    if !may_answer(responder) || judge::unknown_critical(responder).is_some() || !responder.issuer().matches(issuer.subject()) {
        return Ok(Standing::None);
    }
    context.budget.spend_signature()?;
    let Some(algorithm) = issuer.key().and_then(|key| responder.verify_signature(key).ok()) else { return Ok(Standing::None) };
    context.diagnostic.certificate(responder);
    let question = question(Role::Ocsp, subject.path.domain.purpose, statement, context);
    let (from, until) = (responder.not_before(), responder.not_after());
    let (valid, moment) = match question.lifetime {
        Lifetime::Proven(moment) | Lifetime::At { moment, .. } => (from <= moment && moment <= until, moment),
        Lifetime::Now => (context.horizon.within(from, until), context.horizon.at()),
    };
    if !valid {
        return Ok(Standing::OutOfValidity);
    }
    if strength(Some(algorithm), issuer, statement, subject, context) != Standing::Good {
        return Ok(Standing::Unclear);
    }
    if is_not_checked(responder) {
        return Ok(Standing::Good);
    }
    vouch(responder, context, |context| {
        let asked = Subject { certificate: responder, moment: moment.min(until), ..*subject };
        Ok(match status::of(&asked, context)? {
            status::Status::Good => Standing::Good,
            status::Status::Revoked(_) => Standing::None,
            status::Status::Held { .. } | status::Status::Unknown(_) => Standing::Unclear,
        })
    })
}

/// Whether the responder is trusted for its own sake: by a domain for responders.
fn trusted(
    responder: &Certificate,
    response: &OcspResponse,
    statement: &Statement<'_>,
    context: &mut Context<'_>,
) -> Result<Standing, Exhausted> {
    if context.trust.for_purpose(Purpose::Ocsp).next().is_none() {
        return Ok(Standing::None);
    }
    let question = question(Role::Ocsp, Purpose::Ocsp, statement, context);
    vouch(responder, context, |context| {
        let answer = context
            .with_companions(response.certificates(), Evidence::NONE, |context| path::validate(responder, &question, context))?;
        Ok(outcome(&answer.checks))
    })
}

fn may_answer(responder: &Certificate) -> bool {
    let extensions = responder.extensions();
    let signs = extensions.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.allows(KeyUsage::DIGITAL_SIGNATURE)));
    let usages = extensions.extended_key_usage().ok().flatten();
    signs && usages.is_some_and(|usages| usages.contains(&Oid::EKU_OCSP_SIGNING))
}

/// Runs `work` while this signer is being judged, unless too many are already.
fn vouch(
    signer: &Certificate,
    context: &mut Context<'_>,
    work: impl FnOnce(&mut Context<'_>) -> Result<Standing, Exhausted>,
) -> Result<Standing, Exhausted> {
    if context.vouching.len() >= VOUCHING_MAX || context.vouching.contains(&signer.sha256()) {
        return Ok(Standing::Unclear);
    }
    context.vouching.push(signer.sha256());
    let outcome = work(context);
    context.vouching.pop();
    outcome
}

/// What is asked about a signer. What was kept from before is known to have existed when it was made; what came along must be
/// signed by somebody whose certificate is good now, unless it was made after the moment in question.
fn question(role: Role, purpose: Purpose, statement: &Statement<'_>, context: &Context<'_>) -> Question {
    let skew_s = context.trust.policy().clock_skew_s;
    let lifetime = if statement.is_own || statement.made > context.horizon.at().plus(skew_s) {
        Lifetime::Proven(statement.made)
    } else {
        Lifetime::Now
    };
    Question { purpose, role, algorithm: None, used_at: None, lifetime }
}

/// How a signer stands whose path came out like this. Who may make seals is no question here.
fn outcome(checks: &[Check]) -> Standing {
    let counting = || checks.iter().filter(|check| check.id != SEAL_MAKER.id);
    if Verdict::of(counting()).is_passed() {
        Standing::Good
    } else if Verdict::of(counting().filter(|check| check.id != PATH_VALIDITY.id)).is_passed() {
        Standing::OutOfValidity
    } else if checks.iter().any(ended_early) || Verdict::of(counting().filter(|check| !is_open(check))).is_passed() {
        Standing::Unclear
    } else {
        Standing::None
    }
}

/// Whether the limits ended the search for a path.
fn ended_early(check: &Check) -> bool {
    check.id == PATH_BUILT.id && check.outcome == Outcome::NotConcluded
}

/// Whether more evidence, or another moment, could turn the check to good.
fn is_open(check: &Check) -> bool {
    check.id == PATH_VALIDITY.id || (check.id == PATH_REVOCATION.id && check.outcome == Outcome::NotConcluded)
}

/// Good or weak, by whether the domain accepts the algorithm: for what was kept from before, at the time when it was made.
fn strength(
    algorithm: Option<Algorithm>,
    signer: &Certificate,
    statement: &Statement<'_>,
    subject: &Subject<'_>,
    context: &mut Context<'_>,
) -> Standing {
    let mut clock =
        if statement.is_own { AlgorithmClock::Fixed(statement.made) } else { AlgorithmClock::Now(&mut context.horizon) };
    let accepted =
        signer.key().zip(algorithm).is_some_and(|(key, algorithm)| subject.path.domain.accepts(algorithm, key, &mut clock));
    if accepted { Standing::Good } else { Standing::Weak }
}

fn list_signed_by(list: &RevocationList, signer: &Certificate, context: &mut Context<'_>) -> Result<bool, Exhausted> {
    if context.trust.is_settled(list.sha256()) {
        return Ok(context.trust.list_is_proven(list, signer));
    }
    context.budget.spend_signature()?;
    Ok(signer.key().is_some_and(|key| list.verify_signature(key).is_ok()))
}

fn response_signed_by(response: &OcspResponse, signer: &Certificate, context: &mut Context<'_>) -> Result<bool, Exhausted> {
    if context.trust.is_settled(response.sha256()) {
        return Ok(context.trust.response_is_proven(response, signer));
    }
    context.budget.spend_signature()?;
    Ok(signer.key().is_some_and(|key| response.verify_signature(key).is_ok()))
}

/// Key identifiers only tell signers of the same name apart; where one is missing they say nothing.
fn key_ids_agree(list: &RevocationList, signer: &Certificate) -> bool {
    match (list.extensions().authority_key_id(), signer.extensions().subject_key_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
}

fn record(response: &OcspResponse, statement: &Statement<'_>, subject: &Subject<'_>, context: &mut Context<'_>) {
    let revoked_at: Option<Timestamp> = statement.entry.map(|entry| entry.at);
    context.diagnostic.response(response.sha256(), || ResponseUsed {
        responder: response.responder().to_string(),
        serial: crate::digest::to_hex(subject.certificate.serial()),
        status: if revoked_at.is_some() { "revoked" } else { "good" }.to_owned(),
        this_update: statement.made,
        next_update: statement.until,
        revoked_at,
    });
}
