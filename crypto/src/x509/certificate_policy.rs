//! Certificate policies: what a domain demands, and the extensions that speak of them (RFC 5280 4.2.1.4, .5, .11 and .14).

use std::collections::BTreeSet;

use super::extension::Extensions;
use crate::der::{self, DerError, Element, tag};
use crate::oid::{Oid, OidBuf};

/// Most policies, and most mappings, that one certificate may have. Real ones have a handful.
const POLICIES_MAX: usize = 256;

/// The inputs of path validation that concern policies (RFC 5280 6.1.1 (c) and (e) to (g)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRules {
    /// The policies that are good; `None` for any. They only count where a path must have a policy at all.
    pub initial: Option<BTreeSet<OidBuf>>,
    /// Whether every path must have a policy from the start, and not only where an authority demands it.
    pub explicit: bool,
    /// Whether no authority may declare its policies to be equal to others.
    pub inhibit_mapping: bool,
    /// Whether `anyPolicy` stands for no policy.
    pub inhibit_any: bool,
}

/// What `PolicyConstraints` demands: after how many more certificates, not counting self-issued ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PolicyConstraints {
    /// `requireExplicitPolicy`
    pub(super) require: Option<u32>,
    /// `inhibitPolicyMapping`
    pub(super) inhibit_mapping: Option<u32>,
}

impl PolicyRules {
    /// Whether this policy is among those that are good.
    #[must_use]
    pub fn accepts(&self, policy: Oid<'_>) -> bool {
        let listed = |list: &BTreeSet<OidBuf>| list.iter().any(|known| [policy, Oid::ANY_POLICY].contains(&known.as_oid()));
        self.initial.as_ref().is_none_or(listed)
    }
}

/// The policies that a certificate is issued under, without their qualifiers; `None` when it does not say.
///
/// # Errors
/// [`DerError`] when the extension is malformed, empty, or names a policy twice.
pub(crate) fn policies(extensions: Extensions<'_>) -> der::Result<Option<BTreeSet<Oid<'_>>>> {
    let Some(extension) = extensions.find(Oid::CERTIFICATE_POLICIES) else { return Ok(None) };
    let mut list = der::single(extension.value, tag::SEQUENCE)?.reader();
    let mut policies = BTreeSet::new();
    while !list.is_empty() {
        let mut information = list.sequence()?;
        let policy = Oid(information.read(tag::OID)?.content);
        information.optional(tag::SEQUENCE)?;
        information.end()?;
        if policies.len() >= POLICIES_MAX || !policies.insert(policy) {
            return Err(DerError::BadValue);
        }
    }
    if policies.is_empty() { Err(DerError::BadValue) } else { Ok(Some(policies)) }
}

/// The pairs of policies, the issuer's and the subject's, that an authority declares to be equal.
///
/// # Errors
/// [`DerError`] when the extension is malformed or empty, or when it maps `anyPolicy` (RFC 5280 6.1.4 (a)).
pub(super) fn mappings(extensions: Extensions<'_>) -> der::Result<Vec<(Oid<'_>, Oid<'_>)>> {
    let Some(extension) = extensions.find(Oid::POLICY_MAPPINGS) else { return Ok(Vec::new()) };
    let mut list = der::single(extension.value, tag::SEQUENCE)?.reader();
    let mut mappings = Vec::new();
    while !list.is_empty() {
        let mut pair = list.sequence()?;
        let (issuer, subject) = (Oid(pair.read(tag::OID)?.content), Oid(pair.read(tag::OID)?.content));
        pair.end()?;
        if mappings.len() >= POLICIES_MAX || [issuer, subject].contains(&Oid::ANY_POLICY) {
            return Err(DerError::BadValue);
        }
        mappings.push((issuer, subject));
    }
    if mappings.is_empty() { Err(DerError::BadValue) } else { Ok(mappings) }
}

/// `PolicyConstraints`, with nothing in it when absent.
///
/// # Errors
/// [`DerError`] when the extension is malformed or empty.
pub(super) fn constraints(extensions: Extensions<'_>) -> der::Result<PolicyConstraints> {
    let Some(extension) = extensions.find(Oid::POLICY_CONSTRAINTS) else { return Ok(PolicyConstraints::default()) };
    let mut fields = der::single(extension.value, tag::SEQUENCE)?.reader();
    let mut field = |n| fields.optional(tag::implicit(n))?.map(|element: Element<'_>| element.small()).transpose();
    let (require, inhibit_mapping) = (field(0)?, field(1)?);
    fields.end()?;
    if require.or(inhibit_mapping).is_none() {
        return Err(DerError::BadValue);
    }
    Ok(PolicyConstraints { require, inhibit_mapping })
}

/// After how many more certificates `anyPolicy` stands for no policy.
///
/// # Errors
/// [`DerError`] when the extension is malformed.
pub(super) fn inhibit_any(extensions: Extensions<'_>) -> der::Result<Option<u32>> {
    let read = |value| der::single(value, tag::INTEGER)?.small();
    extensions.find(Oid::INHIBIT_ANY_POLICY).map(|extension| read(extension.value)).transpose()
}
