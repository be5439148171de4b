//! Everything that rules say, fact by fact: for comparing and for showing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crypto::digest::to_hex;
use crypto::time::Timestamp;
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::trust::TypeRule;
use crypto::x509::{Domain, Service, ServiceStatus};
use serde::Serialize;

use crate::trust::Rules;

/// Facts by what they are about.
pub(super) type Facts = BTreeMap<String, String>;

/// Every fact of the rules; their version is none of them, as it says nothing by itself.
pub(super) fn facts(rules: &Rules) -> Facts {
    let mut facts = Facts::new();
    let policy = &rules.policy;
    add(&mut facts, "policy name".to_owned(), &policy.name);
    add(&mut facts, "policy raw_sm2".to_owned(), &policy.raw_sm2);
    add(&mut facts, "policy clock_skew_s".to_owned(), &policy.clock_skew_s);
    add(&mut facts, "policy require_timestamp".to_owned(), &policy.require_timestamp);
    let lag = policy.claimed_lag_max_s.map_or_else(|| "none".to_owned(), |lag| lag.to_string());
    add(&mut facts, "policy claimed_lag_max_s".to_owned(), &lag);
    for (oid, digest) in &policy.signature_policies {
        let document = digest.as_ref().map_or_else(|| "any document".to_owned(), |digest| to_hex(digest));
        add(&mut facts, format!("policy signature policy {oid}"), &document);
    }
    for (code, rule) in &policy.types {
        add(&mut facts, format!("policy type {code}"), &type_rule(rule));
    }
    for domain in &rules.domains {
        add_domain(&mut facts, domain);
    }
    facts
}

fn add(facts: &mut Facts, about: String, value: &(impl Display + ?Sized)) {
    let entry = facts.entry(about).or_default();
    if !entry.is_empty() {
        entry.push_str("; ");
    }
    entry.push_str(&value.to_string());
}

fn add_domain(facts: &mut Facts, domain: &Domain) {
    let about = |what: &str| format!("domain {} {what}", domain.name);
    let (purpose, revocation) = (word(&domain.purpose), word(&domain.revocation));
    add(facts, about("rules"), &format!("{purpose}, revocation {revocation}, RSA from {} bits", domain.rsa_bits_min));
    add(facts, about("authorities between"), &format!("{} at most", domain.intermediates_max));
    add_policies(facts, about("certificate policies"), &domain.policies);
    for rule in &domain.algorithms {
        let until = rule.until.map_or_else(|| "accepted".to_owned(), |until| format!("accepted until {until}"));
        add(facts, about(&format!("algorithm {}", rule.algorithm.row().name)), &until);
    }
    for anchor in &domain.anchors {
        let service = domain.services.get(&anchor.sha256()).copied().unwrap_or_default();
        add(facts, about(&format!("anchor {} {}", anchor.subject(), anchor.sha256())), &self::service(service));
    }
    for certificate in &domain.intermediates {
        add(facts, about(&format!("intermediate {} {}", certificate.subject(), certificate.sha256())), "known");
    }
    for maker in domain.makers.iter().flatten() {
        add(facts, about(&format!("maker {maker}")), "accepted");
    }
    if domain.makers.is_some() {
        add(facts, about("makers"), "those listed alone");
    }
    for usage in &domain.extended_usages {
        add(facts, about(&format!("extended usage {usage}")), "one of those demanded");
    }
    for list in &domain.lists {
        let next = list.next_update().map_or_else(|| "not said".to_owned(), |next| next.to_string());
        let value = format!("made {}, next {next}, revokes {}, SHA-256 {}", list.this_update(), list.len(), list.sha256());
        add(facts, about(&format!("list of {}", list.issuer())), &value);
    }
}

/// The name of a value in configurations.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What is demanded of certificate policies, where something is.
fn add_policies(facts: &mut Facts, about: String, rules: &PolicyRules) {
    let mut parts = Vec::new();
    if let Some(initial) = &rules.initial {
        parts.push(format!("good are {}", initial.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    }
    let flags = [
        (rules.explicit, "one is demanded"),
        (rules.inhibit_mapping, "no mapping"),
        (rules.inhibit_any, "anyPolicy stands for none"),
    ];
    parts.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, words)| (*words).to_owned()));
    if !parts.is_empty() {
        add(facts, about, &parts.join(", "));
    }
}

/// How a service stands, in words.
pub(super) fn service(service: Service) -> String {
    let status = match service.status {
        ServiceStatus::Granted => "granted",
        ServiceStatus::Withdrawn => "withdrawn",
    };
    let part = |word: &str, at: Option<Timestamp>| at.map(|at| format!(" {word} {at}")).unwrap_or_default();
    format!("{status}{}{}", part("from", service.from), part("until", service.until))
}

fn type_rule(rule: &TypeRule) -> String {
    let mut parts = vec![format!("signatures {}", rule.signatures_min)];
    let mut list = |name: &str, values: BTreeSet<String>| {
        if !values.is_empty() {
            parts.push(format!("{name} {}", values.into_iter().collect::<Vec<_>>().join(" ")));
        }
    };
    list("signers", rule.signers.clone());
    list("extended usages", rule.extended_usages.iter().map(ToString::to_string).collect());
    list("certificate policies", rule.certificate_policies.iter().map(ToString::to_string).collect());
    parts.join(", ")
}
