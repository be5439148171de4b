//! `[[trust]]`: whom to believe, and for what. Signed trust lists say the same in the same words.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crypto::digest::Sha256;
use crypto::oid::OidBuf;
use crypto::sig::Algorithm;
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::trust::RevocationPolicy;
use crypto::x509::{Purpose, ServiceStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Faults, Moment};

/// A trust domain. `M` is where its certificates and lists are: files, or octets that stand in the text itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustDomain<M = PathBuf> {
    /// Name in reports: up to 64 letters, digits, dots, hyphens and underscores; unique.
    pub name: String,
    /// What its certificates may be used for: `signer`, `seal-maker`, `tsa`, `client` or `ocsp`.
    pub purpose: Purpose,
    /// The certificates to trust, PEM, DER or PKCS#7, each with the service behind it where there is something to say.
    pub anchors: Vec<AnchorRow<M>>,
    /// Further authorities' certificates from which paths may be built, PEM, DER or PKCS#7.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub intermediates: Vec<M>,
    /// Revocation lists, PEM or DER.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub crls: Vec<M>,
    /// `require` a list for each certificate of a path, use it `if-available`, or `none`.
    pub revocation: RevocationPolicy,
    /// Signature algorithms accepted, such as `sm2-sm3`, each with its end where it has one; all that licet knows when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<AlgorithmRow>>,
    /// Smallest RSA modulus accepted, in bits. Default 2048. The curves have one size each.
    #[serde(default = "rsa_bits_min")]
    pub rsa_bits_min: u32,
    /// For `seal-maker`: SHA-256 of each maker's certificate that is accepted; any below the anchors when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub makers: Option<Vec<String>>,
    /// Extended key usages (object identifiers) of which the certificate in question must have one; none is demanded when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended_usages: Vec<String>,
    /// Most authorities between a certificate and its anchor, not counting those that issued to themselves: 0 to 8. Default 6.
    #[serde(default = "intermediates_max")]
    pub intermediates_max: u8,
    /// Which certificate policies paths must have; what their authorities demand counts in any case.
    #[serde(default, skip_serializing_if = "PolicyRow::is_silent")]
    pub policies: PolicyRow,
}

/// Which certificate policies are demanded of every path: the inputs of RFC 5280 6.1.1 (c) and (e) to (g).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyRow {
    /// The policies (object identifiers) that are good; any when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial: Option<Vec<String>>,
    /// Whether every path must have a policy, and not only where an authority demands it. Default false.
    pub explicit: bool,
    /// Whether no authority may declare its policies to be equal to others. Default false.
    pub inhibit_mapping: bool,
    /// Whether `anyPolicy` stands for no policy. Default false.
    pub inhibit_any: bool,
}

/// Certificates to trust: alone, or with the service behind them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnchorRow<M> {
    /// In service for good.
    Alone(M),
    /// In service as it says.
    Served(ServedAnchor<M>),
}

/// Certificates to trust, with the service behind them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServedAnchor<M> {
    /// The certificates: `file` in a configuration, `certificate` in a list.
    #[serde(rename = "certificate", alias = "file")]
    #[schemars(rename = "file")]
    pub material: M,
    /// `granted`, the default, or `withdrawn`.
    #[serde(default)]
    pub status: ServiceStatus,
    /// First moment of service; since ever when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Last moment of service; no end when left out, or no service at all when withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

/// An accepted algorithm: its name alone, or with the last moment at which it is accepted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AlgorithmRow {
    /// Accepted without end.
    Name(String),
    /// Accepted until a moment.
    Ending(EndingAlgorithm),
}

/// An algorithm with an end.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndingAlgorithm {
    /// Its name.
    pub name: String,
    /// The last moment at which it is accepted: a day counts to its end in China.
    pub until: Moment,
}

const fn rsa_bits_min() -> u32 {
    2048
}

/// More than this the search for a path never tries.
const INTERMEDIATES_MOST: u8 = 8;

const fn intermediates_max() -> u8 {
    6
}

impl PolicyRow {
    fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// The rules as verification takes them. What `check` would refuse is left out.
    #[must_use]
    pub fn rules(&self) -> PolicyRules {
        PolicyRules {
            initial: self.initial.as_ref().map(|initial| initial.iter().filter_map(|policy| policy.parse().ok()).collect()),
            explicit: self.explicit,
            inhibit_mapping: self.inhibit_mapping,
            inhibit_any: self.inhibit_any,
        }
    }

    fn check(&self, key: &str, faults: &mut Faults) {
        let Some(initial) = &self.initial else { return };
        let key = format!("{key}.initial");
        faults.demand(!initial.is_empty(), key.as_str(), "must name at least one; leave it out where any policy is good");
        check_oids(initial, &key, faults);
    }
}

impl<M> AnchorRow<M> {
    /// Where the certificates are.
    pub const fn material(&self) -> &M {
        match self {
            Self::Alone(material) | Self::Served(ServedAnchor { material, .. }) => material,
        }
    }

    const fn material_mut(&mut self) -> &mut M {
        match self {
            Self::Alone(material) | Self::Served(ServedAnchor { material, .. }) => material,
        }
    }
}

impl AlgorithmRow {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::Ending(EndingAlgorithm { name, .. }) => name,
        }
    }
}

impl<M> TrustDomain<M> {
    /// Everything that it is made of.
    pub fn materials(&self) -> impl Iterator<Item = &M> {
        self.anchors.iter().map(AnchorRow::material).chain(&self.intermediates).chain(&self.crls)
    }

    pub(super) fn materials_mut(&mut self) -> impl Iterator<Item = &mut M> {
        self.anchors.iter_mut().map(AnchorRow::material_mut).chain(&mut self.intermediates).chain(&mut self.crls)
    }

    fn check(&self, key: &str, faults: &mut Faults) {
        let key = |name: &str| format!("{key}.{name}");
        faults.demand(is_name(&self.name), key("name"), NAME);
        faults.demand(!self.anchors.is_empty(), key("anchors"), "must name at least one");
        for row in self.algorithms.iter().flatten() {
            let is_known = Algorithm::from_name(row.name()).is_some();
            faults.demand(is_known, key("algorithms"), format!("{:?} is not known", row.name()));
        }
        faults.demand(self.rsa_bits_min >= 1024, key("rsa_bits_min"), "must be 1024 or more");
        for maker in self.makers.iter().flatten() {
            faults.demand(Sha256::from_hex(maker).is_some(), key("makers"), "must be 64 hexadecimal digits each");
        }
        let for_makers = self.purpose == Purpose::SealMaker;
        faults.demand(self.makers.is_none() || for_makers, key("makers"), "has a meaning for the purpose seal-maker alone");
        check_oids(&self.extended_usages, &key("extended_usages"), faults);
        let few = self.intermediates_max <= INTERMEDIATES_MOST;
        faults.demand(few, key("intermediates_max"), format!("must be {INTERMEDIATES_MOST} or less"));
        self.policies.check(&key("policies"), faults);
    }
}

/// Checks domains; the key of the first is `KEY[0]`.
pub(crate) fn check<M>(domains: &[TrustDomain<M>], key: &str, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, domain) in domains.iter().enumerate() {
        let key = format!("{key}[{index}]");
        domain.check(&key, faults);
        faults.demand(names.insert(&domain.name), format!("{key}.name"), "is used twice");
    }
}

pub(super) fn check_oids(texts: &[String], key: &str, faults: &mut Faults) {
    for text in texts {
        let good = text.parse::<OidBuf>().is_ok();
        faults.demand(good, key, format!("{text:?} is no object identifier such as 1.3.6.1.5.5.7.3.36"));
    }
}

/// What [`is_name`] demands, for the operator.
pub(super) const NAME: &str = "must be 1 to 64 letters, digits, dots, hyphens and underscores";

/// Whether this can be a name in reports, logs and metrics.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}
