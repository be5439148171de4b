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
        faults.demand(!caller.certificates.is_empty(), key("certificates"), "must name at least one certificate");
        for text in &caller.certificates {
            match text.parse::<CertificateName>() {
                Ok(name) => faults.demand(certificates.insert(name), key("certificates"), format!("{text:?} is used twice")),
                Err(error) => faults.add(key("certificates"), format!("{text:?} {error}")),
            }
        }
    }
}
