//! What all forms of signature have in common: a value, a signer's certificate, a claimed time.

use crate::budget::Exhausted;
use crate::context::Context;
use crate::report::checks::{SIGNATURE_ALGORITHM, SIGNATURE_CERTIFICATE, SIGNATURE_ENCODING, SIGNATURE_TIME, SIGNATURE_VALUE};
use crate::report::{Check, CheckKind, Role, SignatureReport, SubIndication, Verdict};
use crate::sig::{Algorithm, BadSignature, PublicKey, sm2};
use crate::time::Timestamp;
use crate::x509::path::{self, Lifetime, Question};
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
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<(), Exhausted> {
    accept(signer, signed.algorithm, context, report);
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
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) {
    report.signer = Some(signer.summary());
    report.checks.push(SIGNATURE_CERTIFICATE.pass().with("subject", &signer.subject()));
    let (Some(key), Some(algorithm)) = (signer.key(), algorithm) else {
        report.checks.push(SIGNATURE_ALGORITHM.fail());
        return;
    };
    let mut clock = AlgorithmClock::Now(&mut context.horizon);
    let accepted = context.trust.for_purpose(Purpose::Signer).any(|domain| domain.accepts(algorithm, key, &mut clock));
    report.algorithm = Some(algorithm.row().name.to_owned());
    report.checks.push(SIGNATURE_ALGORITHM.test(accepted).with("algorithm", &algorithm.row().name));
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
    claimed: Option<Timestamp>,
    seal: Option<(Timestamp, Timestamp)>,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<(), Exhausted> {
    let question = Question {
        purpose: Purpose::Signer,
        role: Role::Signer,
        algorithm: report.algorithm.as_deref().and_then(Algorithm::from_name),
        used_at: claimed,
        lifetime: Lifetime::Now,
    };
    let answer = path::validate(signer, &question, context)?;
    report.checks.extend(answer.checks);
    report.chain = answer.chain;
    report.trust_domain = answer.domain;
    report.claimed_time = claimed;
    report.checks.push(time(claimed, signer, seal, context));
    Ok(())
}

fn time(
    claimed: Option<Timestamp>,
    signer: &Certificate,
    seal: Option<(Timestamp, Timestamp)>,
    context: &mut Context<'_>,
) -> Check {
    let Some(time) = claimed else { return SIGNATURE_TIME.doubt() };
    let skew = context.trust.policy().clock_skew_s;
    let (from, until) = seal.unwrap_or((Timestamp::MIN, Timestamp::MAX));
    let too_early = time < signer.not_before() || time < from;
    let check = if too_early || !context.horizon.reached(time.plus(-skew)) {
        SIGNATURE_TIME.fail().counting_as(Verdict::failed(SubIndication::NotYetValid))
    } else {
        SIGNATURE_TIME.test(time <= signer.not_after() && time <= until)
    };
    check.with("claimed", &time)
}
