//! `[[callers]]`: the systems that may call, and what each may do.

use std::collections::BTreeSet;

use crypto::licence::number::uscc;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;
use super::trust::{NAME, is_name};
use crate::auth::{CertificateName, Role};

/// A system that may call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Name in logs and records: up to 64 letters, digits, dots, hyphens and underscores; unique.
    pub name: String,
    /// Unified social credit code of the organisation that it acts for, 18 characters.
    pub organisation: String,
    /// How its certificate is known: `sha256:` and the fingerprint of the certificate, or `uri:` or `dns:` and a subject
    /// alternative name in it. One of them suffices.
    pub certificates: Vec<String>,
    /// What it may do: `verifier`, `issuer`, `auditor`, `operator`, `consumer`, `portal`.
    pub roles: BTreeSet<Role>,
    /// Where its role is auditor: the organisations whose records it sees in the logs, each with all below it; `*` for every
    /// organisation. Its own organisation when left out.
    #[serde(default)]
    pub audits: Option<BTreeSet<String>>,
    /// Requests that it may have answered at the same time. `limits.caller_in_flight_max` when left out.
    #[serde(default)]
    pub in_flight_max: Option<u32>,
    /// Requests that it may make in a second; 0 for as many as it likes. `limits.caller_requests_per_s` when left out.
    #[serde(default)]
    pub requests_per_s: Option<u32>,
    /// Requests that it may make at once, ahead of that rate; 0 for those of one second. `limits.caller_burst` when left out.
    #[serde(default)]
    pub burst: Option<u32>,
}

pub(super) fn check(callers: &[Caller], faults: &mut Faults) {
    let mut names = BTreeSet::new();
    let mut certificates = BTreeSet::new();
    for (index, caller) in callers.iter().enumerate() {
        let key = |name: &str| format!("callers[{index}].{name}");
        faults.demand(is_name(&caller.name), key("name"), NAME);
        faults.demand(names.insert(&caller.name), key("name"), "is used twice");
        if let Err(error) = uscc(&caller.organisation) {
            faults.add(key("organisation"), format!("is not a unified social credit code: {}", error.text().en));
        }
        faults.demand(!caller.roles.is_empty(), key("roles"), "must name at least one role");
        faults.demand(caller.in_flight_max != Some(0), key("in_flight_max"), "must not be 0");
        faults.demand(!caller.certificates.is_empty(), key("certificates"), "must name at least one certificate");
        for text in &caller.certificates {
            match text.parse::<CertificateName>() {
                Ok(name) => faults.demand(certificates.insert(name), key("certificates"), format!("{text:?} is used twice")),
                Err(error) => faults.add(key("certificates"), format!("{text:?} {error}")),
            }
        }
    }
}
