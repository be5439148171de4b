//! Claims with a meaning of their own: those that must stand open, and the times.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::licence::metadata::is_licence_field;
use crate::report::checks::SD_JWT_TIMES;
use crate::report::{Check, SubIndication, Verdict};
use crate::status_list::token::moment;
use crate::time::Timestamp;

/// Claims that must not be left to disclosure: those of draft-ietf-oauth-sd-jwt-vc-16, 2.2.2.3, and the audience, as nobody could
/// tell that it was held back.
const RESERVED: [&str; 8] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aud", "status"];

/// Further claims that are registered and so no part of a licence's data.
const REGISTERED: [&str; 3] = ["iat", "sub", "jti"];

/// Whether a claim must stand open.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The licence's data among the claims: texts, once there is any field of a licence. What is none has claims of any kind.
pub(crate) fn licence_fields(claims: &Map<String, Value>) -> Result<BTreeMap<String, String>, ()> {
    let own = || claims.iter().filter(|(name, _)| !is_reserved(name) && !REGISTERED.contains(&name.as_str()));
    if !own().any(|(name, _)| is_licence_field(name)) {
        return Ok(BTreeMap::new());
    }
    own().map(|(name, value)| Ok((name.clone(), value.as_str().ok_or(())?.to_owned()))).collect()
}

/// `nbf`, `exp` and `iat` against the moment in question.
pub(super) fn times(claims: &Map<String, Value>, context: &mut Context<'_>) -> Check {
    let read = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => moment(value).map(Some).ok_or(()),
    };
    let (Ok(from), Ok(until), Ok(made)) = (read("nbf"), read("exp"), read("iat")) else {
        let malformed = Verdict::failed(SubIndication::FormatFailure);
        return SD_JWT_TIMES.fail().counting_as(malformed).with("reason", "a time is not a number");
    };
    let skew = context.trust.policy().clock_skew_s;
    let not_yet = |moment: Option<Timestamp>, context: &mut Context<'_>| {
        moment.is_some_and(|moment| !context.horizon.reached(moment.plus(-skew)))
    };
    let check = if not_yet(from, context) || not_yet(made, context) {
        SD_JWT_TIMES.fail().counting_as(Verdict::failed(SubIndication::NotYetValid))
    } else {
        // RFC 7519 4.1.4: not on or after `exp`.
        SD_JWT_TIMES.test(!until.is_some_and(|until| context.horizon.reached(until)))
    };
    let named = [("nbf", from), ("exp", until), ("iat", made)];
    named.into_iter().fold(check, |check, (name, moment)| match moment {
        Some(moment) => check.with(name, &moment),
        None => check,
    })
}
