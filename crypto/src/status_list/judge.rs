//! What the lists at hand say of a credential.

use super::list::TokenStatus;
use super::reference::Reference;
use super::token::StatusListToken;
use crate::budget::Exhausted;
use crate::context::Context;
use crate::jws;
use crate::report::Check;
use crate::report::checks::CREDENTIAL_STATUS;
use crate::time::Timestamp;
use crate::x509::Certificate;

/// For how long a list holds that does not say so itself, in seconds.
const TTL_S: i64 = 86_400;

/// Lists that are read for one credential: each costs a path.
const TOKENS_MAX: usize = 8;

/// What is known of the status of credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Signed lists (`statuslist+jwt`) as they were fetched. Nothing about them is verified yet.
    pub tokens: &'a [Vec<u8>],
    /// What the records of whoever asks say.
    pub known: Option<&'a Known>,
}

/// A status that needs no list, as whoever asks publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which place it is about.
    pub reference: Reference,
    /// What stands there for the moment in question.
    pub status: TokenStatus,
}

/// Why a list was not used.
type Reason = String;

/// The check of a credential's status, as far as the evidence goes. `issuer` is who signed the credential.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub(crate) fn judge(
    reference: &Reference,
    issuer: Option<&Certificate>,
    evidence: Evidence<'_>,
    context: &mut Context<'_>,
) -> Result<Check, Exhausted> {
    let named = |check: Check| check.with("uri", &reference.uri).with("idx", &reference.idx);
    if let Some(known) = evidence.known.filter(|known| known.reference == *reference) {
        return Ok(named(conclude(known.status)).with("source", "own records"));
    }
    let mut best: Option<(Timestamp, TokenStatus)> = None;
    let mut reason: Option<Reason> = None;
    for token in evidence.tokens.iter().take(TOKENS_MAX) {
        match status(token, reference, issuer, context)? {
            // Of several good lists the latest knows best.
            Ok((made, status)) if best.is_none_or(|(known, _)| made > known) => best = Some((made, status)),
            Ok(_) => {}
            Err(why) => reason = Some(why),
        }
    }
    Ok(match (best, reason) {
        (Some((made, status)), _) => named(conclude(status)).with("source", "status list").with("issued_at", &made),
        (None, Some(reason)) => named(CREDENTIAL_STATUS.doubt()).with("reason", &reason),
        (None, None) => named(CREDENTIAL_STATUS.doubt()).with("reason", "no status list is at hand"),
    })
}

fn conclude(status: TokenStatus) -> Check {
    let check = match status {
        TokenStatus::Valid => CREDENTIAL_STATUS.pass(),
        TokenStatus::Invalid => CREDENTIAL_STATUS.fail(),
        TokenStatus::Suspended | TokenStatus::Other(_) => CREDENTIAL_STATUS.doubt(),
    };
    check.with("status", &status)
}

/// What one list says, and when it was made; or why it says nothing. The list is judged before the status is looked at.
fn status(
    bytes: &[u8],
    reference: &Reference,
    issuer: Option<&Certificate>,
    context: &mut Context<'_>,
) -> Result<Result<(Timestamp, TokenStatus), Reason>, Exhausted> {
    let token = match StatusListToken::parse(bytes, &mut context.budget) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if token.uri() != reference.uri {
        return Ok(Err("the list is another one".to_owned()));
    }
    if let Err(why) = is_fresh(&token, context) {
        return Ok(Err(why.to_owned()));
    }
    // The record is of the credential: it proves nothing of a list, which may have been forged since.
    let recorded = context.known_since.take();
    let report = jws::verify(token.jws(), context);
    context.known_since = recorded;
    let report = report?;
    if !report.verdict.is_passed() {
        let why = report.checks.iter().find(|check| check.effect == Some(report.verdict)).map(|check| check.id.clone());
        return Ok(Err(format!("the list did not verify: {}", why.unwrap_or_default())));
    }
    if !token.jws().signer().is_some_and(|signer| may_answer(&signer, reference, issuer)) {
        return Ok(Err("who signed the list is neither the issuer nor named like its host".to_owned()));
    }
    Ok(match token.list().status(reference.idx) {
        Some(status) => Ok((token.issued_at(), status)),
        None => Err("the list has no such place".to_owned()),
    })
}

/// Whether the list holds at the moment in question.
fn is_fresh(token: &StatusListToken, context: &mut Context<'_>) -> Result<(), &'static str> {
    let skew = context.trust.policy().clock_skew_s;
    if !context.horizon.reached(token.issued_at().plus(-skew)) {
        return Err("the list is younger than the moment in question");
    }
    if token.expires_at().is_some_and(|end| context.horizon.reached(end)) {
        return Err("the list has expired");
    }
    if context.horizon.reached(token.issued_at().plus(token.ttl_s().unwrap_or(TTL_S))) {
        return Err("the list is too old");
    }
    Ok(())
}

/// Whether a signer may speak for the list: the issuing body itself, or whom a certificate names as the list's host. Anybody else
/// under the same anchors could vouch for credentials of others.
fn may_answer(signer: &Certificate, reference: &Reference, issuer: Option<&Certificate>) -> bool {
    let own = issuer.is_some_and(|issuer| {
        signer == issuer || signer.organisation_code().is_some_and(|code| issuer.organisation_code() == Some(code))
    });
    let named = || {
        let host = reference.host()?;
        let names = signer.extensions().alternative_names().ok()?;
        let matches = |name: &String| name.strip_prefix("dns:").is_some_and(|dns| dns.eq_ignore_ascii_case(host));
        Some(names.iter().any(matches))
    };
    own || named().unwrap_or(false)
}
