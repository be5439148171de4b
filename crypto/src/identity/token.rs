//! Holding a token against a question.

use std::collections::BTreeSet;

use super::claims::{Claims, Resources, text};
use super::{Provider, Refusal};
use crate::grants::Authority;
use crate::jws::{Jws, object};
use crate::licence::HolderNumber;
use crate::time::Timestamp;

/// The longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8192;
/// What a token may call itself in `typ`, where it does: anything else that a provider signs is not for this.
const TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// What a token has to fit.
#[derive(Clone, Debug)]
pub struct Demand<'a> {
    /// When it is used.
    pub now: Timestamp,
    /// Whose it must be: that of one of these.
    pub subjects: &'a [HolderNumber],
    /// Whether it must be of the holder in person.
    pub in_person: bool,
    /// The item that it must be for. None for what serves no item yet: then it must name none.
    pub item: Option<&'a str>,
    /// The resources that it must be for.
    pub resources: &'a BTreeSet<String>,
    /// The person who acts, by the pseudonym that the calling system gives.
    pub operator: Option<&'a str>,
    /// The calling system.
    pub caller: &'a str,
    /// The organisation that it speaks for.
    pub organisation: &'a str,
}

/// A token that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Of which provider, by its name.
    pub provider: String,
    /// What it says in `iss`.
    pub issuer: String,
    /// Its own name (`jti`): good for one use.
    pub id: String,
    /// On whose authority it lets ask.
    pub authority: Authority,
    /// Whose it is.
    pub holder: HolderNumber,
    /// From when on it would be refused by its time alone, clocks that differ included.
    pub dead_at: Timestamp,
}

/// Verifies a token of one of these providers and holds it against what is demanded.
///
/// # Errors
/// The first [`Refusal`].
pub fn verify(token: &[u8], providers: &[Provider], demand: &Demand<'_>) -> Result<Accepted, Refusal> {
    if token.len() > TOKEN_BYTES_MAX || token.starts_with(b"{") {
        return Err(Refusal::Malformed);
    }
    let jws = Jws::parse(token).or(Err(Refusal::Malformed))?;
    let payload = object(jws.payload()).ok_or(Refusal::Malformed)?;
    if jws.type_name().is_some() && !jws.is_typed(&TYPES) {
        return Err(Refusal::Malformed);
    }
    let issuer = text(&payload, "iss")?.ok_or(Refusal::Issuer)?;
    let provider = providers.iter().find(|provider| provider.issuer == issuer).ok_or(Refusal::Issuer)?;
    let key = provider.keys.named(jws.key_id()).ok_or(Refusal::Signature)?;
    // The key says which algorithm it is for, and not the token.
    if jws.algorithm() != Some(key.algorithm) || !jws.is_by(&key.key, key.algorithm) {
        return Err(Refusal::Signature);
    }
    let today = demand.now.plus(8 * 3600).date();
    let claims = Claims::read(&payload, &provider.claims, today)?;
    let dead_at = in_time(&claims, provider, demand.now)?;
    fits(&claims, demand)?;
    Ok(Accepted {
        provider: provider.name.clone(),
        issuer: issuer.to_owned(),
        id: claims.id.to_owned(),
        authority: claims.authority,
        holder: claims.holder,
        dead_at,
    })
}

/// Audience and times. Says from when on the token is dead.
fn in_time(claims: &Claims<'_>, provider: &Provider, now: Timestamp) -> Result<Timestamp, Refusal> {
    if !claims.audiences.contains(provider.audience.as_str()) {
        return Err(Refusal::Audience);
    }
    let skew = i64::from(provider.clock_skew_s);
    let dead_at = claims.expires.plus(skew);
    if now >= dead_at {
        return Err(Refusal::Expired);
    }
    let begins = claims.not_before.map_or(claims.issued, |not_before| not_before.max(claims.issued));
    if now.plus(skew) < begins {
        return Err(Refusal::NotYetValid);
    }
    if claims.expires > claims.issued.plus(i64::from(provider.lifetime_s_max)) {
        return Err(Refusal::Lifetime);
    }
    Ok(dead_at)
}

fn fits(claims: &Claims<'_>, demand: &Demand<'_>) -> Result<(), Refusal> {
    if !demand.subjects.contains(&claims.holder) {
        return Err(Refusal::Holder);
    }
    if demand.in_person && claims.authority != Authority::Holder {
        return Err(Refusal::Authority);
    }
    if claims.item != demand.item {
        return Err(Refusal::Item);
    }
    let covers = match &claims.resources {
        Resources::None => demand.resources.is_empty(),
        Resources::All => true,
        Resources::Some(named) => demand.resources.iter().all(|code| named.contains(code.as_str())),
    };
    if !covers {
        return Err(Refusal::Resource);
    }
    if claims.consumer.is_some_and(|consumer| consumer != demand.caller && consumer != demand.organisation) {
        return Err(Refusal::Consumer);
    }
    let is_delegate = claims.delegate.is_some() && claims.delegate == demand.operator;
    if claims.authority == Authority::Delegation && !is_delegate { Err(Refusal::Delegate) } else { Ok(()) }
}
