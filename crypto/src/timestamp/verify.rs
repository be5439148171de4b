//! Whether a time-stamp token is right, and whether its authority is trusted (RFC 3161 2.3, 2.4.2; GM/T 0031-2025).

use super::Token;
use crate::budget::Exhausted;
use crate::cms::{self, SignedData, SignerInfo};
use crate::context::Context;
use crate::digest::{Sha256, to_hex};
use crate::oid::Oid;
use crate::report::checks::PATH_REVOCATION;
use crate::report::{Check, CheckKind, Role, SubIndication, TimestampUsed, Verdict};
use crate::sig::{Algorithm, BadSignature};
use crate::signer;
use crate::time::Timestamp;
use crate::x509::path::{self, Answer, Lifetime, Question};
use crate::x509::{Certificate, Purpose, Trust};

/// What a token should stamp, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    /// The check that says how the token came out.
    pub(crate) kind: &'static CheckKind,
    /// What was stamped.
    pub(crate) imprint: Imprint<'a>,
    /// What was stamped says to be no older than this.
    pub(crate) not_before: Option<Timestamp>,
}

/// What a token's imprint is the digest of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Imprint<'a> {
    /// These bytes.
    Of(&'a [u8]),
    /// These pieces, one after the other.
    OfPieces(&'a [&'a [u8]]),
    /// Data with this SM3 digest, or the digest itself: the standard of the first seals does not say which (GM/T 0031-2014).
    OfDigested(&'a [u8]),
}

/// What came of a token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamp {
    /// The token's check, then those of its authority's path, which change no verdict by themselves.
    pub(crate) checks: Vec<Check>,
    /// The time that a trusted token says.
    pub(crate) made: Option<Timestamp>,
    /// The moment at which what was stamped is proven to have existed.
    pub(crate) proves: Option<Timestamp>,
}

/// A token that fits what it stamps, with its authority's certificate.
struct Fitting<'a> {
    data: &'a SignedData<'a>,
    token: Token<'a>,
    authority: Certificate,
    algorithm: Algorithm,
}

/// Verifies a token.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub(crate) fn verify(bytes: &[u8], expected: &Expected<'_>, context: &mut Context<'_>) -> Result<Stamp, Exhausted> {
    let wrong = |reason: &'static str| Stamp { checks: vec![expected.kind.fail().with("reason", reason)], ..Stamp::default() };
    let Ok(data) = cms::signed_data(bytes) else { return Ok(wrong("it is not a time-stamp token")) };
    let fitting = match fits(&data, expected, context)? {
        Ok(fitting) => fitting,
        Err(reason) => return Ok(wrong(reason)),
    };
    let token = fitting.token;
    if expected.not_before.is_some_and(|earliest| token.made_by < earliest) {
        let check = expected.kind.fail().counting_as(Verdict::indeterminate(SubIndication::TimestampOrderFailure));
        let check = check.with("stamped", &token.made).with("reason", "what it stamps claims to be younger");
        return Ok(Stamp { checks: vec![check], ..Stamp::default() });
    }
    let stamp = judge(&fitting, expected.kind, context)?;
    context.diagnostic.timestamp(Sha256::of(&[bytes]), || TimestampUsed {
        time: token.made,
        authority: Some(fitting.authority.subject().to_string()),
        serial: to_hex(token.serial),
        counts: stamp.proves.is_some(),
    });
    Ok(stamp)
}

/// Everything about a token but the trust in its authority. The inner error says what is wrong.
fn fits<'a>(
    data: &'a SignedData<'a>,
    expected: &Expected<'_>,
    context: &mut Context<'_>,
) -> Result<Result<Fitting<'a>, &'static str>, Exhausted> {
    let ([info], Oid::TST_INFO, Some(content)) = (data.signers.as_slice(), data.content_type, data.content) else {
        return Ok(Err("it is not a time-stamp token with one signer"));
    };
    let Ok(token) = Token::from_info(content) else { return Ok(Err("what it says is malformed")) };
    let matches = match expected.imprint {
        Imprint::Of(bytes) => {
            context.budget.spend_digested(bytes.len())?;
            token.digest.hash(&[bytes]) == token.imprint
        }
        Imprint::OfPieces(pieces) => {
            context.budget.spend_digested(pieces.iter().map(|piece| piece.len()).sum())?;
            token.digest.hash(pieces) == token.imprint
        }
        Imprint::OfDigested(digest) => token.imprint == digest || token.digest.hash(&[digest]) == token.imprint,
    };
    if !matches {
        return Ok(Err("it stamps something else"));
    }
    let authority = info.certificate(&data.certificates).or_else(|| info.certificate(context.certificates)).cloned();
    let Some(authority) = authority else { return Ok(Err("the authority's certificate is missing")) };
    if !is_dedicated(&authority) {
        return Ok(Err("its signer is no time-stamp authority"));
    }
    if let Err(reason) = attributes_fit(info, content, &authority) {
        return Ok(Err(reason));
    }
    context.budget.spend_signature()?;
    Ok(match signed_by(info, content, &authority, context.trust.policy().raw_sm2) {
        Ok(algorithm) => Ok(Fitting { data, token, authority, algorithm }),
        Err(BadSignature) => Err("its signature does not verify"),
    })
}

/// RFC 3161 2.3: the extended key usage is critical and names time stamping alone.
fn is_dedicated(authority: &Certificate) -> bool {
    let extensions = authority.extensions();
    let is_critical = extensions.iter().any(|extension| extension.oid == Oid::EXTENDED_KEY_USAGE && extension.critical);
    is_critical
        && extensions.extended_key_usage().is_ok_and(|usages| usages.is_some_and(|usages| usages == [Oid::EKU_TIME_STAMPING]))
}

/// RFC 3161 2.4.2, RFC 5816: content type, digest, and the authority's certificate are signed along.
fn attributes_fit(info: &SignerInfo<'_>, content: &[u8], authority: &Certificate) -> Result<(), &'static str> {
    let Ok(Some(attributes)) = info.attributes() else { return Err("its signed attributes are missing or malformed") };
    if attributes.content_type != Some(Oid::TST_INFO) {
        return Err("its signed content type is another");
    }
    if info.digest.is_none_or(|digest| digest.hash(&[content]) != attributes.message_digest) {
        return Err("its signed digest is another");
    }
    match attributes.names_signer(authority) {
        Some(true) => Ok(()),
        Some(false) => Err("it names another signing certificate"),
        None => Err("it names no signing certificate"),
    }
}

fn signed_by(info: &SignerInfo<'_>, content: &[u8], authority: &Certificate, raw_sm2: bool) -> Result<Algorithm, BadSignature> {
    let key = authority.key().ok_or(BadSignature)?;
    let algorithm = info.algorithm(key).ok_or(BadSignature)?;
    signer::verify_either_form(algorithm, key, &info.message(content), info.signature(), raw_sm2)?;
    Ok(algorithm)
}

/// The trust in the authority, and what follows from it.
fn judge(fitting: &Fitting<'_>, kind: &CheckKind, context: &mut Context<'_>) -> Result<Stamp, Exhausted> {
    let token = fitting.token;
    let facts = |check: Check| check.with("stamped", &token.made).with("authority", &fitting.authority.subject());
    let data = fitting.data;
    let answer = context.with_companions(&data.certificates, &data.evidence, |context| authority_path(fitting, context))?;
    let is_trusted = Verdict::of(answer.checks.iter()).is_passed();
    let in_service = was_in_service(&answer, token.made, context.trust);
    // A time stamp that is not believed takes nothing away from the signature: its path is told, and does not count.
    let path = answer.checks.into_iter().map(Check::without_effect);
    let check = if !is_trusted {
        kind.doubt().without_effect()
    } else if token.made < fitting.authority.not_before() || token.made > fitting.authority.not_after() {
        kind.fail().with("reason", "made outside the validity of the authority's certificate")
    } else if !in_service {
        kind.doubt().without_effect().with("reason", "made while the service of its authority was not offered")
    } else if !context.horizon.reached(token.made_by) {
        kind.doubt().without_effect().with("reason", "made after the moment in question")
    } else {
        let checks = std::iter::once(facts(kind.pass())).chain(path).collect();
        return Ok(Stamp { checks, made: Some(token.made), proves: Some(token.made_by) });
    };
    Ok(Stamp { checks: std::iter::once(facts(check)).chain(path).collect(), ..Stamp::default() })
}

/// Whether the service behind the anchor was offered when the token says to have been made: an authority that came under
/// supervision since must not speak of the time before.
fn was_in_service(answer: &Answer, made: Timestamp, trust: &Trust) -> bool {
    let domain = trust.for_purpose(Purpose::Tsa).find(|domain| answer.domain.as_ref() == Some(&domain.name));
    let service = domain.zip(answer.chain.last()).and_then(|(domain, anchor)| domain.services.get(&anchor.sha256));
    service.is_none_or(|service| service.covers(made))
}

/// The authority must be good now, or at a moment at which our own records prove the token to have existed.
fn authority_path(fitting: &Fitting<'_>, context: &mut Context<'_>) -> Result<Answer, Exhausted> {
    let made = fitting.token.made;
    let question = Question {
        purpose: Purpose::Tsa,
        role: Role::Tsa,
        algorithm: Some(fitting.algorithm),
        used_at: Some(made),
        lifetime: Lifetime::Now,
    };
    let answer = path::validate(&fitting.authority, &question, context)?;
    let better =
        |lifetime, context: &mut Context<'_>| path::validate(&fitting.authority, &Question { lifetime, ..question }, context);
    if Verdict::of(answer.checks.iter()).is_passed() {
        return Ok(answer);
    }
    if let Some(known) = context.recorded() {
        return better(Lifetime::Proven(known), context);
    }
    // RFC 3161 4.1: an authority that was revoked for a harmless reason keeps the tokens that it made before.
    let hurts = |check: &Check| check.effect.is_some() && check.id != PATH_REVOCATION.id;
    if answer.checks.iter().any(hurts) {
        return Ok(answer);
    }
    better(Lifetime::At { moment: made, warn_since: true }, context)
}
