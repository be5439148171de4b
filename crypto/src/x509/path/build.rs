//! Path building: depth first, over certificates whose names fit and whose signatures verify, with bounded work.

use super::Path;
use crate::budget::{Budget, Exhausted};
use crate::x509::{Certificate, Domain};

/// Longest path that is tried, anchor included. The deepest real hierarchy seen has four.
const CERTIFICATES_MAX: usize = 8;
/// Most paths that are judged for one certificate in one domain.
const PATHS_MAX: usize = 8;

/// One search from a leaf, over as many domains as need be.
pub(super) struct Search<'a> {
    leaf: &'a Certificate,
    companions: &'a [Certificate],
    saw_bad_signature: bool,
}

impl<'a> Search<'a> {
    pub(super) const fn new(leaf: &'a Certificate, companions: &'a [Certificate]) -> Self {
        Self { leaf, companions, saw_bad_signature: false }
    }

    /// Whether some certificate carried the issuer's name but had not made the signature.
    pub(super) const fn saw_bad_signature(&self) -> bool {
        self.saw_bad_signature
    }

    /// The paths that lead to an anchor of this domain, likeliest first.
    pub(super) fn paths<'p>(&mut self, domain: &'p Domain, budget: &mut Budget) -> Result<Vec<Path<'p>>, Exhausted>
    where
        'a: 'p,
    {
        let mut found = Vec::new();
        let mut open = vec![vec![self.leaf]];
        while let Some(path) = open.pop() {
            let Some(last) = path.last().copied() else { continue };
            if domain.anchors.contains(last) {
                found.push(Path { domain, certificates: path });
                if found.len() >= PATHS_MAX {
                    break;
                }
                continue;
            }
            if path.len() >= CERTIFICATES_MAX {
                continue;
            }
            // The last pushed is tried first: anchors before intermediates before what the document brought.
            let known = self.companions.iter().chain(&domain.intermediates).chain(&domain.anchors);
            for issuer in known.filter(|known| known.subject().matches(last.issuer())) {
                if path.contains(&issuer) || !key_ids_agree(last, issuer) {
                    continue;
                }
                if self.signed_by(last, issuer, budget)? {
                    let mut longer = path.clone();
                    longer.push(issuer);
                    open.push(longer);
                }
            }
        }
        Ok(found)
    }

    fn signed_by(&mut self, certificate: &Certificate, issuer: &Certificate, budget: &mut Budget) -> Result<bool, Exhausted> {
        budget.spend_signature()?;
        let verified = issuer.key().is_some_and(|key| certificate.verify_signature(key).is_ok());
        self.saw_bad_signature |= !verified;
        Ok(verified)
    }
}

/// Key identifiers only tell certificates of the same name apart; where one is missing they say nothing.
fn key_ids_agree(certificate: &Certificate, issuer: &Certificate) -> bool {
    match (certificate.extensions().authority_key_id(), issuer.extensions().subject_key_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
}
