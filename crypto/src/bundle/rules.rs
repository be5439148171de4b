//! The rules of a generation of trust in writing, so that the generation can be put together again.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::{Sha256, from_hex, to_hex};
use crate::sig::Algorithm;
use crate::time::Timestamp;
use crate::x509::certificate_policy::PolicyRules;
use crate::x509::trust::{AlgorithmRule, Policy, Purpose, RevocationPolicy, TypeRule};
use crate::x509::{Certificate, Domain, Service, ServiceStatus, Trust};

/// What was in force when a document was judged. Certificates are named by their SHA-256; those that were used are enclosed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The digest of the whole generation, with all that was not used.
    pub generation: Sha256,
    /// The signed list that the rules stand in, if they come from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListRow>,
    /// What holds for all documents.
    pub policy: PolicyRow,
    /// The trust domains, with those of their certificates that were used.
    pub domains: Vec<DomainRow>,
}

/// A signed trust list, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRow {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its file.
    pub sha256: Sha256,
}

/// Rules for all documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// Name in reports.
    pub name: String,
    /// Version in reports.
    pub version: u64,
    /// Whether SM2 values may be the bare pair.
    pub raw_sm2: bool,
    /// How far clocks may differ, in seconds.
    pub clock_skew_s: i64,
    /// Whether every signature must carry a time stamp.
    pub require_timestamp: bool,
    /// How long after its claimed time a signature may have been stamped without a remark, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_lag_max_s: Option<i64>,
    /// Signature policies that may be named, with the digests of their documents; an empty text where that does not matter.
    pub signature_policies: BTreeMap<String, String>,
    /// What single types of licence demand, by type code.
    pub types: BTreeMap<String, TypeRow>,
}

/// What a type of licence demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeRow {
    /// Extended key usages of which each signer's certificate has one.
    pub extended_usages: BTreeSet<String>,
    /// Certificate policies of which each signer's certificate names one.
    pub certificate_policies: BTreeSet<String>,
    /// Least number of different certificates that signed.
    pub signatures_min: u64,
    /// Codes of the organisations that must all have signed.
    pub signers: BTreeSet<String>,
}

/// A trust domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainRow {
    /// Its name.
    pub name: String,
    /// What it is good for.
    pub purpose: Purpose,
    /// Those of its anchors that were used.
    pub anchors: Vec<AnchorRow>,
    /// How many anchors it has in all.
    pub anchors_count: u64,
    /// Those of its further authorities that were used.
    pub intermediates: Vec<Sha256>,
    /// What a missing revocation list means.
    pub revocation: RevocationPolicy,
    /// Accepted algorithms.
    pub algorithms: Vec<AlgorithmRow>,
    /// Smallest RSA modulus, in bits.
    pub rsa_bits_min: u64,
    /// The certificates that may make seals, if that is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub makers: Option<BTreeSet<Sha256>>,
    /// Extended key usages of which the certificate in question has one.
    pub extended_usages: BTreeSet<String>,
    /// Whether issuers whose key usage lacks `keyCertSign` are accepted.
    pub lax_issuers: bool,
    /// Most authorities between a certificate and its anchor.
    pub intermediates_max: u64,
    /// The certificate policies that are good, if that is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_policies: Option<BTreeSet<String>>,
    /// Whether every path must have a policy.
    pub explicit_policy: bool,
    /// Whether no authority may declare its policies equal to others.
    pub inhibit_mapping: bool,
    /// Whether `anyPolicy` stands for no policy.
    pub inhibit_any: bool,
}

/// An anchor with the service behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchorRow {
    /// SHA-256 of the certificate.
    pub sha256: Sha256,
    /// The service, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceRow>,
}

/// When the service behind an anchor was offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRow {
    /// Whether it is offered.
    pub status: ServiceStatus,
    /// The first moment of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The last moment of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// An accepted algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlgorithmRow {
    /// Its name.
    pub name: String,
    /// The last moment at which it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// SHA-256 of the rules for all documents, written as in a bundle.
#[must_use]
pub fn policy_digest(policy: &Policy) -> Sha256 {
    Sha256::of(&[&serde_json::to_vec(&PolicyRow::of(policy)).unwrap_or_default()])
}

impl Rules {
    /// The rules of this generation, with the certificates of which `is_used` says so.
    #[must_use]
    pub fn of(trust: &Trust, list: Option<ListRow>, is_used: impl Fn(&Certificate) -> bool) -> Self {
        let domains = trust.domains().iter().map(|domain| DomainRow::of(domain, &is_used)).collect();
        Self { generation: trust.generation(), list, policy: PolicyRow::of(trust.policy()), domains }
    }

    /// The domains and rules again. `None` when something names what there is not.
    #[must_use]
    pub fn restore(&self, certificates: &BTreeMap<Sha256, Certificate>) -> Option<(Vec<Domain>, Policy)> {
        let domains = self.domains.iter().map(|row| row.restore(certificates)).collect::<Option<_>>()?;
        Some((domains, self.policy.restore()?))
    }
}

impl PolicyRow {
    fn of(policy: &Policy) -> Self {
        let digest = |digest: &Option<Vec<u8>>| digest.as_deref().map(to_hex).unwrap_or_default();
        Self {
            name: policy.name.clone(),
            version: policy.version,
            raw_sm2: policy.raw_sm2,
            clock_skew_s: policy.clock_skew_s,
            require_timestamp: policy.require_timestamp,
            claimed_lag_max_s: policy.claimed_lag_max_s,
            signature_policies: policy.signature_policies.iter().map(|(oid, known)| (oid.clone(), digest(known))).collect(),
            types: policy.types.iter().map(|(code, rule)| (code.clone(), TypeRow::of(rule))).collect(),
        }
    }

    fn restore(&self) -> Option<Policy> {
        let digest = |text: &String| if text.is_empty() { Some(None) } else { from_hex(text).map(Some) };
        let named = |(oid, text): (&String, &String)| Some((oid.clone(), digest(text)?));
        Some(Policy {
            name: self.name.clone(),
            version: self.version,
            raw_sm2: self.raw_sm2,
            clock_skew_s: self.clock_skew_s,
            require_timestamp: self.require_timestamp,
            claimed_lag_max_s: self.claimed_lag_max_s,
            signature_policies: self.signature_policies.iter().map(named).collect::<Option<_>>()?,
            types: self.types.iter().map(|(code, row)| Some((code.clone(), row.restore()?))).collect::<Option<_>>()?,
        })
    }
}

impl TypeRow {
    fn of(rule: &TypeRule) -> Self {
        Self {
            extended_usages: texts(&rule.extended_usages),
            certificate_policies: texts(&rule.certificate_policies),
            signatures_min: wide(rule.signatures_min),
            signers: rule.signers.clone(),
        }
    }

    fn restore(&self) -> Option<TypeRule> {
        Some(TypeRule {
            extended_usages: parsed(&self.extended_usages)?,
            certificate_policies: parsed(&self.certificate_policies)?,
            signatures_min: usize::try_from(self.signatures_min).ok()?,
            signers: self.signers.clone(),
        })
    }
}

impl DomainRow {
    fn of(domain: &Domain, is_used: &impl Fn(&Certificate) -> bool) -> Self {
        let service = |sha256: Sha256| {
            let row = |known: &Service| ServiceRow { status: known.status, from: known.from, until: known.until };
            AnchorRow { sha256, service: domain.services.get(&sha256).map(row) }
        };
        let used = |all: &[Certificate]| -> BTreeSet<Sha256> {
            all.iter().filter(|certificate| is_used(certificate)).map(Certificate::sha256).collect()
        };
        let algorithm = |rule: &AlgorithmRule| AlgorithmRow { name: rule.algorithm.row().name.to_owned(), until: rule.until };
        Self {
            name: domain.name.clone(),
            purpose: domain.purpose,
            anchors: used(&domain.anchors).into_iter().map(service).collect(),
            anchors_count: wide(domain.anchors.len()),
            intermediates: used(&domain.intermediates).into_iter().collect(),
            revocation: domain.revocation,
            algorithms: domain.algorithms.iter().map(algorithm).collect(),
            rsa_bits_min: wide(domain.rsa_bits_min),
            makers: domain.makers.clone(),
            extended_usages: texts(&domain.extended_usages),
            lax_issuers: domain.lax_issuers,
            intermediates_max: wide(domain.intermediates_max),
            initial_policies: domain.policies.initial.as_ref().map(texts),
            explicit_policy: domain.policies.explicit,
            inhibit_mapping: domain.policies.inhibit_mapping,
            inhibit_any: domain.policies.inhibit_any,
        }
    }

    fn restore(&self, certificates: &BTreeMap<Sha256, Certificate>) -> Option<Domain> {
        let find = |sha256: &Sha256| certificates.get(sha256).cloned();
        let service = |row: &AnchorRow| {
            let known = row.service.as_ref()?;
            Some((row.sha256, Service { status: known.status, from: known.from, until: known.until }))
        };
        let algorithm =
            |row: &AlgorithmRow| Some(AlgorithmRule { algorithm: Algorithm::from_name(&row.name)?, until: row.until });
        Some(Domain {
            anchors: self.anchors.iter().map(|row| find(&row.sha256)).collect::<Option<_>>()?,
            services: self.anchors.iter().filter_map(service).collect(),
            intermediates: self.intermediates.iter().map(find).collect::<Option<_>>()?,
            revocation: self.revocation,
            algorithms: self.algorithms.iter().map(algorithm).collect::<Option<_>>()?,
            rsa_bits_min: usize::try_from(self.rsa_bits_min).ok()?,
            makers: self.makers.clone(),
            extended_usages: parsed(&self.extended_usages)?,
            lax_issuers: self.lax_issuers,
            intermediates_max: usize::try_from(self.intermediates_max).ok()?,
            policies: PolicyRules {
                initial: match &self.initial_policies {
                    Some(policies) => Some(parsed(policies)?),
                    None => None,
                },
                explicit: self.explicit_policy,
                inhibit_mapping: self.inhibit_mapping,
                inhibit_any: self.inhibit_any,
            },
            ..Domain::new(&self.name, self.purpose, Vec::new())
        })
    }
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

fn texts<T: ToString>(items: &BTreeSet<T>) -> BTreeSet<String> {
    items.iter().map(ToString::to_string).collect()
}

fn parsed<T: std::str::FromStr + Ord>(texts: &BTreeSet<String>) -> Option<BTreeSet<T>> {
    texts.iter().map(|text| text.parse().ok()).collect()
}
