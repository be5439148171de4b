//! Verifying the signature of a JWS (RFC 7515), with the header parameters of `JAdES` that bear on it (ETSI TS 119 182-1).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{Jws, object};
use crate::budget::Exhausted;
use crate::cms::TIME_STAMPS_MAX;
use crate::cms::status::EVIDENCE_MAX;
use crate::context::{Context, signature_report};
use crate::digest::Sha256;
use crate::existence::Existence;
use crate::report::checks::{JWS_HEADER, SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT, SIGNATURE_TIMESTAMP, SIGNATURE_VALUE};
use crate::report::{Check, Scope, SignatureReport};
use crate::signature_policy::{self, Named};
use crate::signer;
use crate::time::Timestamp;
use crate::x509::{Certificate, Evidence, OcspResponse, RevocationList};

/// Something in a header that has not the form that it must have.
struct Malformed;

/// Verifies the signature of a JWS.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub fn verify(jws: &Jws, context: &mut Context<'_>) -> Result<SignatureReport, Exhausted> {
    let mut report = signature_report("1", "jws");
    report.scope = Some(Scope::WHOLE);
    report.checks.push(SIGNATURE_FORMAT.pass());
    let Some(algorithm) = jws.algorithm() else {
        let alg: String = jws.text("alg").unwrap_or("absent").chars().take(32).collect();
        report.checks.push(JWS_HEADER.fail().with("alg", &alg));
        report.conclude();
        return Ok(report);
    };
    report.checks.push(JWS_HEADER.pass().with("alg", &algorithm.row().name));
    let chain = jws.chain().unwrap_or_default();
    let Some((signer, companions)) = chain.split_first() else {
        report.checks.push(SIGNATURE_CERTIFICATE.fail());
        report.conclude();
        return Ok(report);
    };
    let mut existence = Existence::new(claimed_time(jws), context);
    let stamps = time_stamps(jws, &mut existence, context)?;
    signer::accept(signer, Some(algorithm), &mut existence, context, &mut report);
    if !is_named(jws, signer) {
        report.checks.push(SIGNATURE_CERTIFICATE.fail().with("reason", "x5t#S256 names another certificate"));
    }
    context.budget.spend_signature()?;
    let verified = signer.key().is_some_and(|key| jws.is_by(key, algorithm));
    report.checks.push(SIGNATURE_VALUE.test(verified));
    context.with_companions(companions, &evidence(jws), |context| {
        signer::judge(signer, &mut existence, None, context, &mut report)
    })?;
    report.checks.extend(stamps);
    report.checks.extend(signature_policy::check(named_policy(jws), context.trust.policy()));
    report.conclude();
    Ok(report)
}

/// RFC 7515 4.1.8: the digest of the signer's certificate, where it is given, is that of the first in `x5c`.
fn is_named(jws: &Jws, signer: &Certificate) -> bool {
    let digest = || URL_SAFE_NO_PAD.encode(Sha256::of(&[signer.raw()]).0);
    jws.header.get("x5t#S256").is_none_or(|named| named.as_str() == Some(&digest()))
}

/// The claimed time: `sigT` of ETSI TS 119 182-1, or `iat` in seconds, in the header or noted from the payload.
fn claimed_time(jws: &Jws) -> Option<Timestamp> {
    let from_text = jws.text("sigT").and_then(|text| text.parse().ok());
    let from_header = || jws.header.get("iat").and_then(Value::as_i64).map(Timestamp::from_unix);
    from_text.or_else(from_header).or(jws.claimed)
}

/// The signature policy named by `sigPId` (ETSI TS 119 182-1, 5.2.7): its `id`, a URI or an object that holds one, and `digVal`.
fn named_policy(jws: &Jws) -> Result<Option<Named>, Malformed> {
    let Some(value) = jws.header.get("sigPId") else { return Ok(None) };
    let id = value.get("id").ok_or(Malformed)?;
    let id = id.as_str().or_else(|| id.get("id")?.as_str()).ok_or(Malformed)?;
    let digest = match value.get("digVal") {
        None => None,
        Some(text) => {
            let text = text.as_str().ok_or(Malformed)?;
            Some(STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).or(Err(Malformed))?)
        }
    };
    Ok(Some(Named { id: id.strip_prefix("urn:oid:").unwrap_or(id).to_owned(), digest }))
}

/// The time stamps over the signature's text, in `etsiU` of the unprotected header.
fn time_stamps(jws: &Jws, existence: &mut Existence, context: &mut Context<'_>) -> Result<Vec<Check>, Exhausted> {
    let Ok(tokens) = tokens(jws) else {
        return Ok(vec![SIGNATURE_TIMESTAMP.fail().with("reason", "the unprotected header is malformed")]);
    };
    let mut checks = Vec::new();
    for token in tokens {
        checks.extend(existence.take_token(&token, jws.signature_text.as_bytes(), context)?);
    }
    Ok(checks)
}

/// The members of `etsiU`, which are objects or the base64url of objects (ETSI TS 119 182-1, 5.3.1).
fn unsigned(jws: &Jws) -> Result<Vec<Map<String, Value>>, Malformed> {
    let Some(members) = jws.unprotected.get("etsiU") else { return Ok(Vec::new()) };
    let read = |member: &Value| match member {
        Value::Object(member) => Ok(member.clone()),
        Value::String(text) => object(&URL_SAFE_NO_PAD.decode(text).or(Err(Malformed))?).ok_or(Malformed),
        _ => Err(Malformed),
    };
    members.as_array().ok_or(Malformed)?.iter().map(read).collect()
}

/// Evidence of status in `rVals` of `etsiU` (ETSI TS 119 182-1, 5.3.5.2). What cannot be read or is too much is left out.
fn evidence(jws: &Jws) -> Evidence {
    let mut found = Evidence::default();
    for values in unsigned(jws).unwrap_or_default().iter().filter_map(|member| member.get("rVals")) {
        found.lists.extend(encoded(values, "crlVals").iter().flat_map(|der| RevocationList::from_der(der)));
        found.responses.extend(encoded(values, "ocspVals").iter().flat_map(|der| OcspResponse::from_der(der)));
        found.lists.truncate(EVIDENCE_MAX);
        found.responses.truncate(EVIDENCE_MAX);
    }
    found
}

/// The objects of an array with their DER in base64 under `val`.
fn encoded(values: &Value, name: &str) -> Vec<Vec<u8>> {
    let items = values.get(name).and_then(Value::as_array).into_iter().flatten().take(EVIDENCE_MAX);
    items.filter_map(|item| STANDARD.decode(item.get("val")?.as_str()?).ok()).collect()
}

/// The tokens in `etsiU` (ETSI TS 119 182-1, 5.3.4).
fn tokens(jws: &Jws) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut found = Vec::new();
    for member in unsigned(jws)? {
        let Some(stamp) = member.get("sigTst") else { continue };
        for token in stamp.get("tstTokens").and_then(Value::as_array).ok_or(Malformed)? {
            if found.len() >= TIME_STAMPS_MAX {
                return Err(Malformed);
            }
            let text = token.get("val").and_then(Value::as_str).ok_or(Malformed)?;
            found.push(STANDARD.decode(text).or(Err(Malformed))?);
        }
    }
    Ok(found)
}
