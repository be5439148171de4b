//! `[[identity_providers]]`: whose tokens of holders are taken. `[use_codes]`: how long codes live.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crypto::identity::ClaimNames;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// The longest that a token or a code may live, in seconds: they are for a matter at hand.
const LIFETIME_S_MAX: u32 = 86_400;

/// An `OpenID` provider whose tokens of holders are taken.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    /// Its name in records; unique.
    pub name: String,
    /// What its tokens say in `iss`; unique.
    pub issuer: String,
    /// What its tokens say in `aud` when they are for this gateway.
    pub audience: String,
    /// File with its keys, a JWK Set (RFC 7517). Read at start.
    pub keys: PathBuf,
    /// How far its clock may differ, in seconds, 0 to 300. Default 30.
    #[serde(default = "clock_skew_s")]
    pub clock_skew_s: u32,
    /// How long its tokens may live at most, in seconds, up to 86400. Default 600.
    #[serde(default = "lifetime_s_max")]
    pub lifetime_s_max: u32,
    /// Under which names it puts what is not registered.
    #[serde(default)]
    pub claims: Claims,
}

/// Under which names a provider puts what is not registered with the IANA.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    /// The holder. Default `licet_holder`.
    pub holder: String,
    /// The item. Default `licet_item`.
    pub item: String,
    /// The resources. Default `licet_resources`.
    pub resources: String,
    /// On whose authority. Default `licet_authority`.
    pub authority: String,
    /// The person who is empowered. Default `licet_delegate`.
    pub delegate: String,
    /// The system or organisation that may use it. Default `licet_consumer`.
    pub consumer: String,
}

/// How long codes live.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UseCodes {
    /// A code that a consumer gets, in seconds, 1 to 86400. Default 600.
    pub ttl_s: u32,
    /// A code that a holder shows, in seconds, 1 to 86400. Default 120.
    pub presentation_ttl_s: u32,
}

impl Default for Claims {
    fn default() -> Self {
        let ClaimNames { holder, item, resources, authority, delegate, consumer } = ClaimNames::default();
        Self { holder, item, resources, authority, delegate, consumer }
    }
}

impl Claims {
    /// The same for the verification of tokens.
    #[must_use]
    pub fn names(&self) -> ClaimNames {
        let Self { holder, item, resources, authority, delegate, consumer } = self.clone();
        ClaimNames { holder, item, resources, authority, delegate, consumer }
    }

    fn all(&self) -> [&String; 6] {
        [&self.holder, &self.item, &self.resources, &self.authority, &self.delegate, &self.consumer]
    }
}

impl Default for UseCodes {
    fn default() -> Self {
        Self { ttl_s: 600, presentation_ttl_s: 120 }
    }
}

impl UseCodes {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (name, value) in [("ttl_s", self.ttl_s), ("presentation_ttl_s", self.presentation_ttl_s)] {
            faults.demand((1..=LIFETIME_S_MAX).contains(&value), format!("use_codes.{name}"), "must be 1 to 86400");
        }
    }
}

pub(super) fn check(providers: &[IdentityProvider], faults: &mut Faults) {
    let (mut names, mut issuers) = (BTreeSet::new(), BTreeSet::new());
    for (index, provider) in providers.iter().enumerate() {
        let key = |name: &str| format!("identity_providers[{index}].{name}");
        for (name, value) in [("name", &provider.name), ("issuer", &provider.issuer), ("audience", &provider.audience)] {
            faults.demand(!value.trim().is_empty() && value.len() <= 256, key(name), "must have 1 to 256 bytes");
        }
        faults.demand(names.insert(&provider.name), key("name"), "is used twice");
        faults.demand(issuers.insert(&provider.issuer), key("issuer"), "is used twice");
        faults.demand(provider.clock_skew_s <= 300, key("clock_skew_s"), "must be 0 to 300");
        let lives = (1..=LIFETIME_S_MAX).contains(&provider.lifetime_s_max);
        faults.demand(lives, key("lifetime_s_max"), "must be 1 to 86400");
        let claims = provider.claims.all();
        let are_apart = claims.iter().collect::<BTreeSet<_>>().len() == claims.len();
        faults.demand(are_apart && claims.iter().all(|name| !name.is_empty()), key("claims"), "must be six different names");
    }
}

const fn clock_skew_s() -> u32 {
    30
}

const fn lifetime_s_max() -> u32 {
    600
}
