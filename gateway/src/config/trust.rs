//! `[[trust]]`: whom to believe, and for what.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crypto::digest::Sha256;
use crypto::sig::Algorithm;
use crypto::x509::Purpose;
use crypto::x509::trust::RevocationPolicy;
use serde::Deserialize;

use super::Faults;

/// A trust domain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustDomain {
    /// Name in reports: up to 64 letters, digits, dots, hyphens and underscores; unique.
    pub name: String,
    /// What its certificates may be used for: `signer`, `seal-maker`, `tsa`, `client` or `ocsp`.
    pub purpose: Purpose,
    /// Files with the certificates to trust, PEM, DER or PKCS#7.
    pub anchors: Vec<PathBuf>,
    /// Files with further authorities' certificates from which paths may be built, PEM, DER or PKCS#7.
    #[serde(default)]
    pub intermediates: Vec<PathBuf>,
    /// Files with revocation lists, PEM or DER.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
    /// `require` a list for each certificate of a path, use it `if-available`, or `none`.
    pub revocation: RevocationPolicy,
    /// Signature algorithms accepted, such as `sm2-sm3`; all that licet knows when left out.
    #[serde(default)]
    pub algorithms: Option<Vec<String>>,
    /// For `seal-maker`: SHA-256 of each maker's certificate that is accepted; any below the anchors when left out.
    #[serde(default)]
    pub makers: Option<Vec<String>>,
}

impl TrustDomain {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.anchors.iter_mut().chain(&mut self.intermediates).chain(&mut self.crls)
    }
}

pub(super) fn check(domains: &[TrustDomain], faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, domain) in domains.iter().enumerate() {
        let key = |name: &str| format!("trust[{index}].{name}");
        faults.demand(is_name(&domain.name), key("name"), NAME);
        faults.demand(names.insert(&domain.name), key("name"), "is used twice");
        faults.demand(!domain.anchors.is_empty(), key("anchors"), "must name at least one file");
        for name in domain.algorithms.iter().flatten() {
            faults.demand(Algorithm::from_name(name).is_some(), key("algorithms"), format!("{name:?} is not known"));
        }
        for maker in domain.makers.iter().flatten() {
            faults.demand(Sha256::from_hex(maker).is_some(), key("makers"), "must be 64 hexadecimal digits each");
        }
        let for_makers = domain.purpose == Purpose::SealMaker;
        faults.demand(domain.makers.is_none() || for_makers, key("makers"), "has a meaning for the purpose seal-maker alone");
    }
}

/// What [`is_name`] demands, for the operator.
pub(super) const NAME: &str = "must be 1 to 64 letters, digits, dots, hyphens and underscores";

/// Whether this can be a name in reports, logs and metrics.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}
