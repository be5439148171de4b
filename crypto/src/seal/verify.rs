//! Verifying a signature made with a seal, step by step in the order of GM/T 0031-2025.

use super::decode::{Seal, Version};
use super::signature::{SealSignature, SigningTime};
use crate::budget::Exhausted;
use crate::cms;
use crate::context::{Context, signature_report};
use crate::existence::Existence;
use crate::report::checks::{
    DATA_HASH, PROPERTY_INFO, SEAL_CREATED, SEAL_EXTENSIONS, SEAL_SIGNATURE, SEAL_SIGNER_LISTED, SEAL_TIMESTAMP, SEAL_VALIDITY,
    SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT, SIGNATURE_TIMESTAMP,
};
use crate::report::{Check, Role, SealSummary, SignatureReport, SubIndication, Verdict};
use crate::sig::{Algorithm, BadSignature};
use crate::signer::{self, Signed};
use crate::time::Timestamp;
use crate::timestamp::verify::{self as timestamp, Imprint, Stamp};
use crate::x509::path::{Lifetime, Question};
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
    let mut stamps = Vec::new();
    let mut existence = Existence::new(claimed(value, context, &mut stamps)?, context);
    if let Some(token) = value.timestamp {
        stamps.extend(existence.take_token(token, value.signature, context)?);
    }
    (report.claimed_time, report.proven_time) = (existence.claimed, existence.proven());
    let signer = signer(value, &mut existence, context, &mut report)?;
    if let Some(signer) = &signer {
        report.checks.push(SEAL_SIGNER_LISTED.test(value.seal.certificates.contains(signer)));
    }
    report.seal = Some(seal(&value.seal, &mut existence, context, &mut report.checks)?);
    if let Some(signer) = &signer {
        let seal_bounds = (value.seal.valid_from, value.seal.valid_until);
        signer::judge(signer, &mut existence, Some(seal_bounds), context, &mut report)?;
    }
    report.checks.push(DATA_HASH.test(value.data_hash == expected.data_hash));
    if let Some(property) = expected.property {
        // What the signature protects is bound by the digest; a property that names something else is worth a warning.
        let check = PROPERTY_INFO.test(value.property == property.as_bytes());
        report.checks.push(check.without_effect());
    }
    report.checks.extend(stamps);
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
    let mut existence = Existence::new(None, context);
    report.seal = Some(seal(seal_value, &mut existence, context, &mut report.checks)?);
    report.conclude();
    Ok(report)
}

/// When the signer says to have signed. A token in its place (v1) is signed along, so it is older than the signature: it backs
/// the claim and proves nothing beyond it.
fn claimed(
    value: &SealSignature<'_>,
    context: &mut Context<'_>,
    stamps: &mut Vec<Check>,
) -> Result<Option<Timestamp>, Exhausted> {
    match value.time {
        SigningTime::Claimed(time) => Ok(Some(time)),
        SigningTime::Opaque(bytes) if cms::signed_data(bytes).is_ok() => {
            let imprint = Imprint::OfDigested(value.data_hash);
            let expected = timestamp::Expected { kind: &SIGNATURE_TIMESTAMP, imprint, not_before: None };
            let stamp = timestamp::verify(bytes, &expected, context)?;
            stamps.extend(stamp.checks);
            Ok(stamp.made)
        }
        SigningTime::Opaque(_) => Ok(None),
    }
}

fn signer(
    value: &SealSignature<'_>,
    existence: &mut Existence,
    context: &mut Context<'_>,
    report: &mut SignatureReport,
) -> Result<Option<Certificate>, Exhausted> {
    let Ok(certificate) = Certificate::from_der(value.signer) else {
        report.checks.push(SIGNATURE_CERTIFICATE.fail());
        return Ok(None);
    };
    let algorithm = certificate.key().and_then(|key| Algorithm::from_oid(value.algorithm, key.kind()).ok());
    let signed = Signed { message: value.signed_bytes, signature: value.signature, algorithm };
    signer::check_value(&certificate, &signed, existence, context, report)?;
    Ok(Some(certificate))
}

fn seal(
    seal: &Seal<'_>,
    existence: &mut Existence,
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
    let stamp = stamp(seal, existence, context)?;
    if let Some(maker) = &maker {
        summary.maker = Some(maker.summary());
        let mut made = existence.of_part(&stamp);
        made_by(seal, maker, &mut made, context, checks)?;
        existence.take_ended(&made);
    } else {
        checks.push(SEAL_SIGNATURE.fail().with("reason", "the maker's certificate is malformed"));
    }
    checks.push(validity(seal, existence, context));
    checks.extend(stamp.checks);
    Ok(summary)
}

/// The seal's own time stamp. It is not younger than that of a signature with the seal (GM/T 0031-2025).
fn stamp(seal: &Seal<'_>, existence: &Existence, context: &mut Context<'_>) -> Result<Stamp, Exhausted> {
    let Some(token) = seal.timestamp else { return Ok(Stamp::default()) };
    let (kind, imprint) = (&SEAL_TIMESTAMP, Imprint::Of(seal.signature));
    let expected = timestamp::Expected { kind, imprint, not_before: Some(seal.created) };
    let stamp = timestamp::verify(token, &expected, context)?;
    let skew = context.trust.policy().clock_skew_s;
    if stamp.made.zip(existence.stamped()).is_none_or(|(seal, signature)| seal <= signature.plus(skew)) {
        return Ok(stamp);
    }
    let order = Verdict::indeterminate(SubIndication::TimestampOrderFailure);
    let check = kind.fail().counting_as(order).with("reason", "younger than the time stamp of a signature with the seal");
    Ok(Stamp { checks: vec![check], ..Stamp::default() })
}

/// The maker's signature, the time of making, and the maker's path.
fn made_by(
    seal: &Seal<'_>,
    maker: &Certificate,
    existence: &mut Existence,
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
    let moment = if is_v5 { Some(seal.created) } else { existence.claimed };
    let question = Question {
        purpose: Purpose::SealMaker,
        role: Role::SealMaker,
        algorithm: maker.key().and_then(|key| Algorithm::from_oid(seal.algorithm, key.kind()).ok()),
        used_at: moment,
        lifetime: moment.map_or(Lifetime::Now, |moment| Lifetime::At { moment, warn_since: is_v5 }),
    };
    checks.extend(existence.validate(maker, &question, context)?.checks);
    Ok(())
}

fn validity(seal: &Seal<'_>, existence: &mut Existence, context: &mut Context<'_>) -> Check {
    let within = |time| seal.valid_from <= time && time <= seal.valid_until;
    let within_now = context.horizon.within(seal.valid_from, seal.valid_until);
    let check = match (existence.claimed.is_none_or(within), within_now) {
        (true, true) => SEAL_VALIDITY.pass(),
        (true, false) if existence.proven().is_some_and(within) => {
            existence.rests_on(SEAL_VALIDITY.id);
            SEAL_VALIDITY.pass().with("note", "its validity has ended since")
        }
        (true, false) => SEAL_VALIDITY.doubt(),
        (false, _) => SEAL_VALIDITY.fail(),
    };
    check.with("valid_from", &seal.valid_from).with("valid_until", &seal.valid_until)
}
