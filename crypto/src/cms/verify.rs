//! Verifying one signer of a `SignedData` (RFC 5652 5.6; GB/T 35275).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Attributes, SignedData, SignerInfo};
use crate::budget::Exhausted;
use crate::context::{Context, signature_report};
use crate::existence::Existence;
use crate::report::checks::{CMS_ATTRIBUTES, DATA_HASH, SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT, SIGNATURE_TIMESTAMP};
use crate::report::{Check, Scope, SignatureReport};
use crate::signature_policy;
use crate::signer::{self, Signed};
use crate::time::Timestamp;

/// What the signature is about.
#[derive(Clone, Copy, Debug)]
pub enum Protected<'a> {
    /// The content inside the message.
    Content(&'a [u8]),
    /// Data outside whose SM3 digest is the content, as in OFD signatures without a seal (GM/T 0099, 7.2.2).
    DigestOf([u8; 32]),
    /// Data outside, in pieces that are digested one after the other; only with signed attributes.
    Detached(&'a [&'a [u8]]),
}

/// Where the signature stands, for its report.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The signature's identifier in the document.
    pub id: &'a str,
    /// The time claimed outside the message, for messages without a signing time.
    pub claimed: Option<Timestamp>,
}

/// Verifies one signer.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub fn verify(
    data: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    protected: Protected<'_>,
    place: Place<'_>,
    context: &mut Context<'_>,
) -> Result<SignatureReport, Exhausted> {
    let mut report = signature_report(place.id, if data.is_gm { "gbt35275" } else { "cms" });
    report.checks.push(SIGNATURE_FORMAT.pass());
    let certificate = signer.certificate(&data.certificates).or_else(|| signer.certificate(context.certificates)).cloned();
    let (Some(certificate), Ok(attributes)) = (&certificate, signer.attributes()) else {
        let check = if certificate.is_none() { SIGNATURE_CERTIFICATE.fail() } else { CMS_ATTRIBUTES.fail() };
        report.checks.push(check);
        report.conclude();
        return Ok(report);
    };
    report.checks.extend(attributes.map(|attributes| attributes_check(data, &attributes)));
    if attributes.is_some_and(|attributes| attributes.names_signer(certificate) == Some(false)) {
        report.checks.push(SIGNATURE_CERTIFICATE.fail().with("reason", "the signed attributes name another certificate"));
    }
    let content = match protected {
        Protected::Content(content) => {
            report.scope = Some(Scope::WHOLE);
            // Bytes signed for another use, such as the attributes of another message, could be passed off as content.
            if attributes.is_none() && crate::jws::object(content).is_none() {
                report.checks.push(CMS_ATTRIBUTES.fail().with("reason", "content without attributes that is no JSON object"));
            }
            context.budget.spend_digested(content.len())?;
            report
                .checks
                .extend(attributes.map(|attributes| DATA_HASH.test(is_digest(signer, content, attributes.message_digest))));
            content.to_vec()
        }
        Protected::DigestOf(digest) => {
            report.checks.push(DATA_HASH.test(carries_digest(data, signer, attributes.as_ref(), digest)));
            data.content.map_or_else(|| digest.to_vec(), <[u8]>::to_vec)
        }
        Protected::Detached(pieces) => {
            context.budget.spend_digested(pieces.iter().map(|piece| piece.len()).sum())?;
            report.checks.push(match attributes {
                Some(attributes) => {
                    DATA_HASH.test(signer.digest.is_some_and(|digest| digest.hash(pieces) == attributes.message_digest))
                }
                None => CMS_ATTRIBUTES.fail().with("reason", "data outside without signed attributes"),
            });
            Vec::new()
        }
    };
    let algorithm = certificate.key().and_then(|key| signer.algorithm(key));
    let message = signer.message(&content);
    let signed = Signed { message: &message, signature: signer.signature(), algorithm };
    let claimed = attributes.and_then(|attributes| attributes.signing_time).or(place.claimed);
    let mut existence = Existence::new(claimed, context);
    let stamps = time_stamps(signer, &mut existence, context)?;
    signer::check_value(certificate, &signed, &mut existence, context, &mut report)?;
    let evidence = attributes.map_or_else(|| data.evidence.clone(), |attributes| data.evidence.and(&attributes.evidence()));
    context.with_companions(&data.certificates, &evidence, |context| {
        signer::judge(certificate, &mut existence, None, context, &mut report)
    })?;
    report.checks.extend(stamps);
    let policy = attributes.and_then(|attributes| signature_policy::check(attributes.signature_policy(), context.trust.policy()));
    report.checks.extend(policy);
    report.conclude();
    Ok(report)
}

/// The time stamps over the signature value, in the unsigned attributes.
fn time_stamps(signer: &SignerInfo<'_>, existence: &mut Existence, context: &mut Context<'_>) -> Result<Vec<Check>, Exhausted> {
    let Ok(tokens) = signer.time_stamps() else {
        return Ok(vec![SIGNATURE_TIMESTAMP.fail().with("reason", "the unsigned attributes are malformed")]);
    };
    let mut checks = Vec::new();
    for token in tokens {
        checks.extend(existence.take_token(token, signer.signature(), context)?);
    }
    Ok(checks)
}

/// RFC 5652 11.1: the content type is signed along and must be that of the message.
fn attributes_check(data: &SignedData<'_>, attributes: &Attributes<'_>) -> Check {
    CMS_ATTRIBUTES.test(attributes.content_type.is_none_or(|found| found == data.content_type))
}

fn is_digest(signer: &SignerInfo<'_>, data: &[u8], digest: &[u8]) -> bool {
    signer.digest.is_some_and(|algorithm| algorithm.hash(&[data]) == digest)
}

/// The content, if inside, must be the digest, bare or as base64; the digest in the attributes may be of either.
fn carries_digest(data: &SignedData<'_>, signer: &SignerInfo<'_>, attributes: Option<&Attributes<'_>>, digest: [u8; 32]) -> bool {
    let content_fits = data
        .content
        .is_none_or(|content| content == digest || STANDARD.decode(content.trim_ascii()).is_ok_and(|decoded| decoded == digest));
    let attributes_fit = attributes.is_none_or(|attributes| {
        let of_content = data.content.is_some_and(|content| is_digest(signer, content, attributes.message_digest));
        attributes.message_digest == digest || of_content
    });
    content_fits && attributes_fit
}
