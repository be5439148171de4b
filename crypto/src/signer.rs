//! What all forms of signature have in common: a value, a signer's certificate, a claimed time.

use crate::budget::Exhausted;
use crate::context::Context;
use crate::existence::Existence;
use crate::report::checks::{
    PATH_REVOCATION, PATH_VALIDITY, SIGNATURE_ALGORITHM, SIGNATURE_CERTIFICATE, SIGNATURE_ENCODING, SIGNATURE_TIME,
    SIGNATURE_VALUE,
};
use crate::report::{Check, CheckKind, Outcome, Role, SignatureReport, SubIndication, Verdict};
use crate::sig::{Algorithm, BadSignature, PublicKey, sm2};
use crate::time::Timestamp;
use crate::x509::path::{Lifetime, Question};
use crate::x509::trust::AlgorithmClock;
use crate::x509::{Certificate, Purpose};

/// A signature value with what it is over. No algorithm means that the one named does not fit the signer's key.
pub(crate) struct Signed<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) algorithm: Option<Algorithm>,
}

/// How a value was encoded that verified.
pub(crate) enum Encoding {
    Standard,
    Raw,
}

/// Certificate, algorithm and value.
pub(crate) fn check_value(
    signer: &Certificate,
    signed: &Signed<'_>,
    existence: &mut Existence,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<(), Exhausted> {
    accept(signer, signed.algorithm, existence, context, report);
    let (Some(key), Some(algorithm)) = (signer.key(), signed.algorithm) else { return Ok(()) };
    context.budget.spend_signature()?;
    let outcome = verify_either_form(algorithm, key, signed.message, signed.signature, context.trust.policy().raw_sm2);
    report.checks.extend(value_checks(&outcome, &SIGNATURE_VALUE));
    Ok(())
}

/// Whether the signer's certificate can be used and its algorithm is accepted for signers.
pub(crate) fn accept(
    signer: &Certificate,
    algorithm: Option<Algorithm>,
    existence: &mut Existence,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) {
    report.signer = Some(signer.summary());
    report.checks.push(SIGNATURE_CERTIFICATE.pass().with("subject", &signer.subject()));
    let (Some(key), Some(algorithm)) = (signer.key(), algorithm) else {
        report.checks.push(SIGNATURE_ALGORITHM.fail());
        return;
    };
    let trust = context.trust;
    let accepts = |mut clock: AlgorithmClock<'_>| {
        trust.for_purpose(Purpose::Signer).any(|domain| domain.accepts(algorithm, key, &mut clock))
    };
    let then = |moment: Option<Timestamp>| moment.is_some_and(|moment| accepts(AlgorithmClock::Fixed(moment)));
    let check = if accepts(AlgorithmClock::Now(&mut context.horizon)) {
        SIGNATURE_ALGORITHM.pass()
    } else if then(existence.proven()) {
        existence.rests_on(SIGNATURE_ALGORITHM.id);
        SIGNATURE_ALGORITHM.pass().with("note", "it is accepted no longer")
    } else if then(existence.claimed) {
        // Accepted when it says to have been used, which nothing proves (ETSI EN 319 102-1, 5.2.8).
        SIGNATURE_ALGORITHM.fail().counting_as(Verdict::indeterminate(SubIndication::CryptoConstraintsFailureNoPoe))
    } else {
        SIGNATURE_ALGORITHM.fail()
    };
    report.algorithm = Some(algorithm.row().name.to_owned());
    report.checks.push(check.with("algorithm", &algorithm.row().name));
}

/// Checks a value in its standard form or, where the policy says so, as the bare pair r ‖ s.
pub(crate) fn verify_either_form(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
    raw_sm2: bool,
) -> Result<Encoding, BadSignature> {
    if algorithm == Algorithm::Sm2Sm3 && signature.len() == 64 && raw_sm2 {
        return sm2::verify_raw(key, message, signature).map(|()| Encoding::Raw);
    }
    algorithm.verify(key, message, signature).map(|()| Encoding::Standard)
}

/// The checks that say how a value came out.
pub(crate) fn value_checks(outcome: &Result<Encoding, BadSignature>, kind: &CheckKind) -> Vec<Check> {
    match outcome {
        Ok(Encoding::Standard) => vec![kind.pass()],
        Ok(Encoding::Raw) => vec![kind.pass(), SIGNATURE_ENCODING.fail().without_effect()],
        Err(BadSignature) => vec![kind.fail()],
    }
}

/// The signer's path, and the claimed time against it and against the validity of the seal, if one was used.
pub(crate) fn judge(
    signer: &Certificate,
    existence: &mut Existence,
    seal: Option<(Timestamp, Timestamp)>,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<(), Exhausted> {
    let question = Question {
        purpose: Purpose::Signer,
        role: Role::Signer,
        algorithm: report.algorithm.as_deref().and_then(Algorithm::from_name),
        used_at: existence.claimed,
        lifetime: Lifetime::Now,
    };
    let mut answer = existence.validate(signer, &question, context)?;
    note_not_revoked(&mut answer.checks);
    report.checks.extend(answer.checks);
    report.chain = answer.chain;
    report.trust_domain = answer.domain;
    report.claimed_time = existence.claimed;
    report.proven_time = existence.proven();
    report.checks.push(time(existence, signer, seal, context));
    report.checks.extend(existence.checks(context));
    Ok(())
}

/// Outside its validity but known not to be revoked is a reason of its own (ETSI EN 319 102-1, 5.2.6).
fn note_not_revoked(checks: &mut [Check]) {
    let is_good = checks.iter().any(|check| check.id == PATH_REVOCATION.id && check.outcome == Outcome::Passed);
    let no_poe = Some(Verdict::indeterminate(SubIndication::OutOfBoundsNoPoe));
    for check in checks.iter_mut().filter(|check| is_good && check.id == PATH_VALIDITY.id && check.effect == no_poe) {
        check.effect = Some(Verdict::indeterminate(SubIndication::OutOfBoundsNotRevoked));
    }
}

fn time(existence: &Existence, signer: &Certificate, seal: Option<(Timestamp, Timestamp)>, context: &mut Context<'_>) -> Check {
    let skew = context.trust.policy().clock_skew_s;
    let not_yet = Verdict::failed(SubIndication::NotYetValid);
    if let Some(proven) = existence.proven().filter(|proven| proven.plus(skew) < signer.not_before()) {
        let reason = "it is proven to be older than the signer's certificate";
        return SIGNATURE_TIME.fail().counting_as(not_yet).with("proven", &proven).with("reason", reason);
    }
    let Some(time) = existence.claimed else {
        // What is proven does not need to be claimed.
        return if existence.proven().is_some() { SIGNATURE_TIME.skip() } else { SIGNATURE_TIME.doubt() };
    };
    let (from, until) = seal.unwrap_or((Timestamp::MIN, Timestamp::MAX));
    let too_early = time < signer.not_before() || time < from;
    let check = if too_early || !context.horizon.reached(time.plus(-skew)) {
        SIGNATURE_TIME.fail().counting_as(not_yet)
    } else if existence.contradicts(skew) {
        let order = Verdict::indeterminate(SubIndication::TimestampOrderFailure);
        SIGNATURE_TIME.fail().counting_as(order).with("reason", "it is proven to be older than it claims")
    } else {
        SIGNATURE_TIME.test(time <= signer.not_after() && time <= until)
    };
    check.with("claimed", &time)
}
