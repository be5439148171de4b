//! Verifying a signature made with a seal, step by step in the order of GM/T 0031-2025.

use super::decode::{Seal, Version};
use super::signature::{SealSignature, SigningTime};
use super::timestamp;
use crate::budget::Exhausted;
use crate::context::{Context, signature_report};
use crate::report::checks::{
    DATA_HASH, PROPERTY_INFO, SEAL_CREATED, SEAL_EXTENSIONS, SEAL_SIGNATURE, SEAL_SIGNER_LISTED, SEAL_TIMESTAMP, SEAL_VALIDITY,
    SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT, SIGNATURE_TIMESTAMP,
};
use crate::report::{Check, Role, SealSummary, SignatureReport};
use crate::sig::{Algorithm, BadSignature};
use crate::signer::{self, Signed};
use crate::time::Timestamp;
use crate::x509::path::{self, Lifetime, Question};
use crate::x509::{Certificate, Purpose};

/// What the container knows about the signature.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The signature's identifier in the document.
    pub id: &'a str,
    /// SM3 of the protected data.
    pub data_hash: [u8; 32],
    /// What the property should name, if the container says so.
    pub property: Option<&'a str>,
}

impl Version {
    /// The name of the form in reports.
    #[must_use]
    pub const fn form(self) -> &'static str {
        match self {
            Self::V1(_) => "ses-v1",
            Self::V4 => "ses-v4",
            Self::V5 => "ses-v5",
        }
    }
}

/// Verifies a signature with all that hangs on it: seal, both chains, times, digest. The container's own checks are not here.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub fn verify(
    value: &SealSignature<'_>,
    expected: &Expected<'_>,
    context: &mut Context<'_>,
) -> Result<SignatureReport, Exhausted> {
    let mut report = signature_report(expected.id, value.seal.version.form());
    report.checks.push(SIGNATURE_FORMAT.pass().with("version", &value.seal.version.number()));
    if value.has_unknown_critical {
        report.checks.push(SIGNATURE_FORMAT.fail().with("reason", "an unknown critical extension"));
    }
    let claimed = match value.time {
        SigningTime::Claimed(time) => Some(time),
        SigningTime::Opaque => None,
    };
    report.claimed_time = claimed;
    let signer = signer(value, context, &mut report)?;
    if let Some(signer) = &signer {
        report.checks.push(SEAL_SIGNER_LISTED.test(value.seal.certificates.contains(signer)));
    }
    report.seal = Some(seal(&value.seal, claimed, context, &mut report.checks)?);
    if let Some(signer) = &signer {
        let seal_bounds = (value.seal.valid_from, value.seal.valid_until);
        signer::judge(signer, claimed, Some(seal_bounds), context, &mut report)?;
    }
    report.checks.push(DATA_HASH.test(value.data_hash == expected.data_hash));
    if let Some(property) = expected.property {
        // What the signature protects is bound by the digest; a property that names something else is worth a warning.
        let check = PROPERTY_INFO.test(value.property == property.as_bytes());
        report.checks.push(check.without_effect());
    }
    if let Some(token) = value.timestamp {
        report.checks.push(timestamp::check(&SIGNATURE_TIMESTAMP, token, value.signature, claimed));
    }
    report.conclude();
    Ok(report)
}

/// Verifies a seal that stands alone, as when it is registered.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub fn verify_seal(seal_value: &Seal<'_>, context: &mut Context<'_>) -> Result<SignatureReport, Exhausted> {
    let mut report = signature_report(&seal_value.id, seal_value.version.form());
    report.checks.push(SIGNATURE_FORMAT.pass().with("version", &seal_value.version.number()));
    report.seal = Some(seal(seal_value, None, context, &mut report.checks)?);
    report.conclude();
    Ok(report)
}

fn signer(
    value: &SealSignature<'_>,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<Option<Certificate>, Exhausted> {
    let Ok(certificate) = Certificate::from_der(value.signer) else {
        report.checks.push(SIGNATURE_CERTIFICATE.fail());
        return Ok(None);
    };
    let algorithm = certificate.key().and_then(|key| Algorithm::from_oid(value.algorithm, key.kind()).ok());
    let signed = Signed { message: value.signed_bytes, signature: value.signature, algorithm };
    signer::check_value(&certificate, &signed, context, report)?;
    Ok(Some(certificate))
}

fn seal(
    seal: &Seal<'_>,
    used_at: Option<Timestamp>,
    context: &mut Context<'_>,
    checks: &mut Vec<Check>,
) -> Result<SealSummary, Exhausted> {
    if seal.has_unknown_critical {
        checks.push(SEAL_EXTENSIONS.fail());
    }
    let maker = Certificate::from_der(seal.maker).ok();
    let mut summary = SealSummary {
        id: seal.id.clone().into_owned(),
        name: seal.name.to_owned(),
        version: seal.version.number(),
        sha256: seal.sha256(),
        valid_from: seal.valid_from,
        valid_until: seal.valid_until,
        maker: None,
    };
    if let Some(maker) = &maker {
        summary.maker = Some(maker.summary());
        made_by(seal, maker, used_at, context, checks)?;
    } else {
        checks.push(SEAL_SIGNATURE.fail().with("reason", "the maker's certificate is malformed"));
    }
    checks.push(validity(seal, used_at, context));
    if let Some(token) = seal.timestamp {
        checks.push(timestamp::check(&SEAL_TIMESTAMP, token, seal.signature, Some(seal.created)));
    }
    Ok(summary)
}

/// The maker's signature, the time of making, and the maker's path.
fn made_by(
    seal: &Seal<'_>,
    maker: &Certificate,
    used_at: Option<Timestamp>,
    context: &mut Context<'_>,
    checks: &mut Vec<Check>,
) -> Result<(), Exhausted> {
    context.budget.spend_signature()?;
    let verified = maker.key().ok_or(BadSignature).and_then(|key| {
        let algorithm = Algorithm::from_oid(seal.algorithm, key.kind()).or(Err(BadSignature))?;
        signer::verify_either_form(algorithm, key, &seal.signed_bytes(), seal.signature, context.trust.policy().raw_sm2)
    });
    checks.extend(signer::value_checks(&verified, &SEAL_SIGNATURE));
    let made_in_time = maker.not_before() <= seal.created && seal.created <= maker.not_after();
    let created = SEAL_CREATED.test(made_in_time).with("created", &seal.created);
    let is_v5 = seal.version == Version::V5;
    // GM/T 0031-2025 makes this fatal; GB/T 38540-2020 does not ask for it, and seals in use break it.
    checks.push(if is_v5 { created } else { created.without_effect() });
    // A seal by itself, or one whose use has no date, is judged now.
    let moment = if is_v5 { Some(seal.created) } else { used_at };
    let question = Question {
        purpose: Purpose::SealMaker,
        role: Role::SealMaker,
        algorithm: maker.key().and_then(|key| Algorithm::from_oid(seal.algorithm, key.kind()).ok()),
        used_at: moment,
        lifetime: moment.map_or(Lifetime::Now, |moment| Lifetime::At { moment, warn_since: is_v5 }),
    };
    let answer = path::validate(maker, &question, context)?;
    checks.extend(answer.checks);
    Ok(())
}

fn validity(seal: &Seal<'_>, used_at: Option<Timestamp>, context: &mut Context<'_>) -> Check {
    let with_times = |check: Check| check.with("valid_from", &seal.valid_from).with("valid_until", &seal.valid_until);
    let within_now = context.horizon.within(seal.valid_from, seal.valid_until);
    let used_within = used_at.is_none_or(|time| seal.valid_from <= time && time <= seal.valid_until);
    with_times(match (used_within, within_now) {
        (true, true) => SEAL_VALIDITY.pass(),
        (true, false) => SEAL_VALIDITY.doubt(),
        (false, _) => SEAL_VALIDITY.fail(),
    })
}
