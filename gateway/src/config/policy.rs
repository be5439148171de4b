//! `[policy]`: rules of verification. Those that decide on signatures stand in signed trust lists as well.

use std::collections::BTreeMap;

use crypto::digest::from_hex;
use crypto::x509::trust;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Faults;
use super::trust::{NAME, check_oids, is_name};

/// Rules of verification that the standards leave open.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What a licence counts as whose signatures are good but which is not on record here. Default `indeterminate`.
    #[serde(default)]
    pub unrecorded: Unrecorded,
    /// What a signature counts as whose seal is not on file here. Default `accept`: a remark.
    #[serde(default = "accept")]
    pub unfiled_seals: Unrecorded,
    /// Whether a seal is put on file only on an application that was approved. Default `optional`.
    #[serde(default)]
    pub seal_applications: SealApplications,
    /// Whether the record of a licence proves that its file existed when it came in, so that it stays valid after its
    /// signer's certificate has ended. Default true.
    #[serde(default = "record_is_proof")]
    pub record_is_proof: bool,
    /// Those that decide on signatures.
    #[serde(flatten)]
    pub signatures: SignaturePolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            unrecorded: Unrecorded::default(),
            unfiled_seals: accept(),
            seal_applications: SealApplications::default(),
            record_is_proof: record_is_proof(),
            signatures: SignaturePolicy::default(),
        }
    }
}

const fn accept() -> Unrecorded {
    Unrecorded::Accept
}

const fn record_is_proof() -> bool {
    true
}

/// Whether a seal is put on file only on an application that was approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SealApplications {
    /// Without one as well.
    #[default]
    Optional,
    /// Only on one.
    Required,
}

/// What a licence or a seal that is not on record counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unrecorded {
    /// Nobody knows whether it was revoked, or put out of use: `INDETERMINATE`.
    #[default]
    Indeterminate,
    /// The signatures suffice; the report carries a warning.
    Accept,
}

/// Rules that decide on signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignaturePolicy {
    /// Name in reports. Default `default`.
    pub name: String,
    /// Version in reports; a signed list has its own, which counts instead. Default 0.
    pub version: u64,
    /// Accepts SM2 values that are the bare pair r‖s instead of its DER form. Default false.
    pub raw_sm2: bool,
    /// How far clocks may differ, in seconds. Default 300.
    pub clock_skew_s: u32,
    /// Whether every signature must carry a time stamp of a trusted authority. Default false.
    pub require_timestamp: bool,
    /// How long after its claimed time a signature may have been stamped without a remark, in seconds; 0 for ever.
    /// Default 604800.
    pub claimed_lag_max_s: u32,
    /// Signature policies that signatures may name: object identifiers, each with the digest of its document as hexadecimal
    /// digits, or an empty text where that does not matter.
    pub signature_policies: BTreeMap<String, String>,
    /// What single types of licence demand of those who sign, by type code (ZZLXDM).
    pub types: BTreeMap<String, TypeRow>,
}

/// What a type of licence demands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypeRow {
    /// Extended key usages (object identifiers) of which each signer's certificate has one; none is demanded when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended_usages: Vec<String>,
    /// Certificate policies (object identifiers) of which each signer's certificate names one; none is demanded when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificate_policies: Vec<String>,
    /// Least number of different certificates that signed. Default 0.
    pub signatures_min: u16,
    /// Codes of the organisations that must all have signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<String>,
}

impl Default for SignaturePolicy {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            version: 0,
            raw_sm2: false,
            clock_skew_s: 300,
            require_timestamp: false,
            claimed_lag_max_s: 604_800,
            signature_policies: BTreeMap::new(),
            types: BTreeMap::new(),
        }
    }
}

impl SignaturePolicy {
    /// Checks the rules, whose key in the text is `key`.
    pub(crate) fn check(&self, key: &str, faults: &mut Faults) {
        faults.demand(is_name(&self.name), format!("{key}.name"), NAME);
        faults.demand(self.clock_skew_s <= 3600, format!("{key}.clock_skew_s"), "must be 3600 or less");
        for (oid, digest) in &self.signature_policies {
            let key = format!("{key}.signature_policies");
            check_oids(std::slice::from_ref(oid), &key, faults);
            let is_digest = digest.is_empty() || octets(digest).is_some_and(|octets| [32, 48, 64].contains(&octets.len()));
            faults.demand(is_digest, key, "must be digests in hexadecimal digits, or empty");
        }
        for (code, row) in &self.types {
            let key = format!("{key}.types.{code}");
            let is_code = code.len() == 21 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            faults.demand(is_code, &key, "is no type code of 21 characters");
            check_oids(&row.extended_usages, &format!("{key}.extended_usages"), faults);
            check_oids(&row.certificate_policies, &format!("{key}.certificate_policies"), faults);
            let all_codes = row.signers.iter().all(|code| crypto::licence::number::uscc(code).is_ok());
            faults.demand(all_codes, format!("{key}.signers"), "must be unified social credit codes");
        }
    }

    /// The rules as verification takes them. What `check` would refuse is left out.
    #[must_use]
    pub fn rules(&self) -> trust::Policy {
        let types = self.types.iter().map(|(code, row)| (code.clone(), row.rule())).collect();
        trust::Policy {
            name: self.name.clone(),
            version: self.version,
            raw_sm2: self.raw_sm2,
            clock_skew_s: self.clock_skew_s.into(),
            require_timestamp: self.require_timestamp,
            claimed_lag_max_s: (self.claimed_lag_max_s > 0).then(|| self.claimed_lag_max_s.into()),
            signature_policies: self.signature_policies.iter().map(|(oid, digest)| (oid.clone(), octets(digest))).collect(),
            types,
        }
    }
}

/// The digest that a signature policy's document must have, if that matters.
fn octets(digits: &str) -> Option<Vec<u8>> {
    from_hex(digits).filter(|octets| !octets.is_empty())
}

impl TypeRow {
    fn rule(&self) -> trust::TypeRule {
        let oids = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        trust::TypeRule {
            extended_usages: oids(&self.extended_usages),
            certificate_policies: oids(&self.certificate_policies),
            signatures_min: self.signatures_min.into(),
            signers: self.signers.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_what_verification_takes_by_itself() {
        assert_eq!(SignaturePolicy::default().rules(), trust::Policy::default());
    }
}
