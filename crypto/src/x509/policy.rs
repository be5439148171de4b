//! Rules that hold for all documents, and those of single types of licence.

use std::collections::{BTreeMap, BTreeSet};

use crate::oid::OidBuf;

/// Rules that hold for all documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Name in reports.
    pub name: String,
    /// Version in reports: whoever changes the rules counts it up.
    pub version: u64,
    /// Whether SM2 values may be the bare pair r ‖ s, as some government seals have them.
    pub raw_sm2: bool,
    /// How far ahead of the validation time a claimed time may lie, in seconds, for clocks that differ.
    pub clock_skew_s: i64,
    /// Whether every signature must carry a time stamp of a trusted authority.
    pub require_timestamp: bool,
    /// How long after the claimed time a signature may have been stamped without a remark, in seconds; `None` for ever.
    pub claimed_lag_max_s: Option<i64>,
    /// The signature policies that signatures may name: by object identifier in dotted form, with the digest of the policy
    /// document, if it matters.
    pub signature_policies: BTreeMap<String, Option<Vec<u8>>>,
    /// What single types of licence demand, by type code (ZZLXDM).
    pub types: BTreeMap<String, TypeRule>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            version: 0,
            raw_sm2: false,
            clock_skew_s: 300,
            require_timestamp: false,
            claimed_lag_max_s: Some(7 * 86_400),
            signature_policies: BTreeMap::new(),
            types: BTreeMap::new(),
        }
    }
}

/// What a type of licence demands of those who sign it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRule {
    /// Extended key usages of which each signer's certificate has one; empty for no demand.
    pub extended_usages: BTreeSet<OidBuf>,
    /// Certificate policies of which each signer's certificate names one; empty for no demand.
    pub certificate_policies: BTreeSet<OidBuf>,
    /// Least number of different certificates that signed.
    pub signatures_min: usize,
    /// Codes of the organisations that must all have signed.
    pub signers: BTreeSet<String>,
}
