//! The signature policy that a signature may name (ETSI EN 319 102-1, 5.2.4; RFC 5126 5.8.1; ETSI TS 119 182-1, 5.2.7).

use crate::report::Check;
use crate::report::checks::SIGNATURE_POLICY;
use crate::x509::trust::Policy;

/// A signature policy as a signature names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its object identifier in dotted form, or what stands in its place.
    pub id: String,
    /// The digest of the policy document, if it is named too.
    pub digest: Option<Vec<u8>>,
}

impl Named {
    /// Whether the policy is one that is known here.
    pub(crate) fn check(&self, policy: &Policy) -> Check {
        let check = match (policy.signature_policies.get(&self.id), &self.digest) {
            (None, _) => SIGNATURE_POLICY.doubt(),
            (Some(Some(known)), Some(named)) => SIGNATURE_POLICY.test(known == named),
            // Without a digest the signature leaves open which version of the policy it means.
            (Some(Some(_)), None) => SIGNATURE_POLICY.fail(),
            (Some(None), _) => SIGNATURE_POLICY.pass(),
        };
        check.with("policy", &self.id.chars().take(64).collect::<String>())
    }
}

/// The check of a policy that may be named, or cannot be read.
pub(crate) fn check<E>(named: Result<Option<Named>, E>, policy: &Policy) -> Option<Check> {
    match named {
        Ok(named) => named.map(|named| named.check(policy)),
        Err(_) => Some(SIGNATURE_POLICY.fail()),
    }
}
