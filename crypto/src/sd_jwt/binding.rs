//! Key binding: the holder's signature over what was presented, to whom, and when (RFC 9901, 4.3 and 7.3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::disclosure::digest_algorithm;
use super::parts::SdJwt;
use crate::budget::Exhausted;
use crate::context::Context;
use crate::jws::{self, Jws};
use crate::report::checks::{SD_JWT_AUDIENCE, SD_JWT_BINDING};
use crate::report::{Check, SubIndication, Verdict};
use crate::sig::{KeyKind, PublicKey};
use crate::status_list::token::moment;
use crate::x509::Purpose;
use crate::x509::trust::AlgorithmClock;

/// What the holder must have signed for the presentation to be one to who asks.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// `aud`: who asks.
    pub audience: &'a str,
    /// `nonce`: what was asked for this time.
    pub nonce: &'a str,
    /// For how many seconds after `iat` the presentation counts.
    pub age_max_s: i64,
}

/// The checks of the holder's part: none for a credential that is bound to nobody and presented by nobody.
pub(super) fn checks(
    presentation: &SdJwt<'_>,
    expected: Option<&Presentation<'_>>,
    context: &mut Context<'_>,
) -> Result<Vec<Check>, Exhausted> {
    let confirmation = presentation.payload.get("cnf");
    let Some(holder) = &presentation.holder else {
        return Ok(match (confirmation, expected) {
            // Who asked for a presentation must get one.
            (_, Some(_)) => vec![SD_JWT_BINDING.doubt()],
            (Some(_), None) => vec![SD_JWT_BINDING.doubt().without_effect()],
            (None, None) => Vec::new(),
        });
    };
    let malformed = |reason: &str| {
        let effect = Verdict::failed(SubIndication::FormatFailure);
        vec![SD_JWT_BINDING.fail().counting_as(effect).with("reason", reason)]
    };
    let Some(confirmation) = confirmation else { return Ok(malformed("the credential names no key of a holder")) };
    let Some(key) = confirmation.get("jwk").and_then(key) else {
        return Ok(vec![SD_JWT_BINDING.doubt().with("reason", "the holder's key is of an unknown kind")]);
    };
    let Some(claims) = jws::object(holder.payload()).filter(|_| holder.is_typed(&["kb+jwt"])) else {
        return Ok(malformed("the holder's part is no kb+jwt"));
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let (Some(audience), Some(nonce), Some(digest)) = (text("aud"), text("nonce"), text("sd_hash")) else {
        return Ok(malformed("aud, nonce or sd_hash is missing"));
    };
    let Some(signed_at) = claims.get("iat").and_then(moment) else { return Ok(malformed("iat is missing")) };
    let same = digest_algorithm(&presentation.payload)
        .is_ok_and(|algorithm| URL_SAFE_NO_PAD.encode(algorithm.hash(&[presentation.presented.as_bytes()])) == digest);
    let mut checks = vec![signature(holder, &key, same, context)?];
    let Some(expected) = expected else {
        checks.push(SD_JWT_AUDIENCE.doubt().without_effect().with("iat", &signed_at));
        return Ok(checks);
    };
    let skew = context.trust.policy().clock_skew_s;
    let fresh = context.horizon.within(signed_at.plus(-skew), signed_at.plus(expected.age_max_s));
    let right = audience == expected.audience && nonce == expected.nonce;
    checks.push(SD_JWT_AUDIENCE.test(right && fresh).with("iat", &signed_at));
    Ok(checks)
}

fn signature(holder: &Jws, key: &PublicKey, same: bool, context: &mut Context<'_>) -> Result<Check, Exhausted> {
    let fits = |algorithm: &crate::sig::Algorithm| algorithm.row().key == key.kind();
    let Some(algorithm) = holder.algorithm().filter(fits) else {
        return Ok(SD_JWT_BINDING.fail().with("reason", "the algorithm is unknown or not that of the key"));
    };
    let mut clock = AlgorithmClock::Now(&mut context.horizon);
    let accepted = context.trust.for_purpose(Purpose::Signer).any(|domain| domain.accepts(algorithm, key, &mut clock));
    context.budget.spend_signature()?;
    let check = if !holder.is_by(key, algorithm) {
        SD_JWT_BINDING.fail()
    } else if !same {
        SD_JWT_BINDING.fail().counting_as(Verdict::failed(SubIndication::HashFailure))
    } else if accepted {
        SD_JWT_BINDING.pass()
    } else {
        SD_JWT_BINDING.doubt().counting_as(Verdict::indeterminate(SubIndication::CryptoConstraintsFailure))
    };
    Ok(check.with("algorithm", &algorithm.row().name))
}

/// The key in a JWK (RFC 7517, RFC 7518 6.2, RFC 8037 2); the curve of SM2 goes by the name `SM2`.
fn key(jwk: &Value) -> Option<PublicKey> {
    let jwk: &Map<String, Value> = jwk.as_object()?;
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let octets = |name: &str, length: usize| URL_SAFE_NO_PAD.decode(text(name)?).ok().filter(|octets| octets.len() == length);
    let point =
        |kind: KeyKind, length: usize| Some(PublicKey::new(kind, [vec![4], octets("x", length)?, octets("y", length)?].concat()));
    match (text("kty")?, text("crv")?) {
        ("EC", "P-256") => point(KeyKind::P256, 32),
        ("EC", "P-384") => point(KeyKind::P384, 48),
        ("EC", "SM2") => point(KeyKind::Sm2, 32),
        ("OKP", "Ed25519") => Some(PublicKey::new(KeyKind::Ed25519, octets("x", 32)?)),
        _ => None,
    }
}
