//! Path building: depth first and best first, over certificates whose names fit and whose signatures verify, with bounded work.

use std::collections::{BTreeMap, BTreeSet};

use super::Path;
use crate::budget::Budget;
use crate::digest::Sha256;
use crate::time::Timestamp;
use crate::x509::{Certificate, Domain};

/// Longest path that is tried, anchor and self-issued certificates included. The deepest real hierarchy seen has four.
const CERTIFICATES_MAX: usize = 10;
/// Most paths that are judged for one certificate in one domain.
const PATHS_MAX: usize = 16;
/// Most issuers of the same name that are tried for one certificate of a path, the likeliest ones.
const ISSUERS_MAX: usize = 32;
/// Most signatures that are checked for one certificate in question, over all domains.
const SIGNATURES_MAX: usize = 32;

/// Longest name, in octets, that counts as one step of the budget. Real ones keep below.
const NAME_STEP: usize = 256;

/// One search from a leaf, over as many domains as need be. What it learns of signatures in one serves in the others.
pub(super) struct Search<'a> {
    leaf: &'a Certificate,
    companions: &'a [Certificate],
    at: Timestamp,
    /// Whether the certificate was signed with the key.
    signed: BTreeMap<(Sha256, &'a [u8]), bool>,
    saw_bad_signature: bool,
    ended_early: bool,
}

/// The search in one domain.
pub(super) struct Walk<'a> {
    domain: &'a Domain,
    /// Paths to be followed, the next one last; whether the last certificate of each signed the one before is still open.
    open: Vec<Vec<&'a Certificate>>,
    found: usize,
}

impl<'a> Search<'a> {
    pub(super) const fn new(leaf: &'a Certificate, companions: &'a [Certificate], at: Timestamp) -> Self {
        Self { leaf, companions, at, signed: BTreeMap::new(), saw_bad_signature: false, ended_early: false }
    }

    /// Whether some certificate carried the issuer's name but had not made the signature.
    pub(super) const fn saw_bad_signature(&self) -> bool {
        self.saw_bad_signature
    }

    /// Whether limits ended the search, so that there may be paths that it did not find.
    pub(super) const fn ended_early(&self) -> bool {
        self.ended_early
    }

    /// Starts anew in this domain.
    pub(super) fn walk(&self, domain: &'a Domain) -> Walk<'a> {
        Walk { domain, open: vec![vec![self.leaf]], found: 0 }
    }

    /// The next path that leads to an anchor of the domain, likeliest first.
    pub(super) fn next(&mut self, walk: &mut Walk<'a>, budget: &mut Budget) -> Option<Path<'a>> {
        while let Some(path) = walk.open.pop() {
            if !self.holds(&path, budget) {
                continue;
            }
            if path.last().is_some_and(|last| walk.domain.anchors.contains(last)) {
                if walk.found >= PATHS_MAX {
                    self.ended_early = true;
                    return None;
                }
                walk.found += 1;
                return Some(Path { domain: walk.domain, certificates: path });
            }
            if path.len() < CERTIFICATES_MAX && authorities(&path) <= walk.domain.intermediates_max {
                let longer = self.longer(&path, walk.domain, budget);
                walk.open.extend(longer);
            }
        }
        None
    }

    /// Whether the last certificate of a path signed the one before it.
    fn holds(&mut self, path: &[&'a Certificate], budget: &mut Budget) -> bool {
        let [.., certificate, issuer] = path else { return true };
        let place = (certificate.sha256(), issuer.spki());
        if let Some(known) = self.signed.get(&place) {
            return *known;
        }
        if self.signed.len() >= SIGNATURES_MAX || budget.spend_signature().is_err() {
            self.ended_early = true;
            return false;
        }
        let verified = issuer.key().is_some_and(|key| certificate.verify_signature(key).is_ok());
        self.saw_bad_signature |= !verified && key_ids(certificate, issuer) != KeyIds::Differ;
        self.signed.insert(place, verified);
        verified
    }

    /// This path with each certificate that may have issued its last one, the likeliest last.
    fn longer(&mut self, path: &[&'a Certificate], domain: &'a Domain, budget: &mut Budget) -> Vec<Vec<&'a Certificate>> {
        let Some(last) = path.last() else { return Vec::new() };
        let known = domain.anchors.iter().chain(&domain.intermediates).chain(self.companions);
        // Names are compared; a long one takes as much work as several.
        let steps = known.clone().map(|certificate| 1 + certificate.subject().0.len() / NAME_STEP).sum();
        if budget.spend_path_steps(steps).is_err() {
            self.ended_early = true;
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        let mut issuers: Vec<_> = known
            .enumerate()
            .filter(|(_, issuer)| {
                issuer.subject().matches(last.issuer()) && !is_loop(path, issuer) && seen.insert(issuer.sha256())
            })
            .map(|(place, issuer)| {
                let valid = (issuer.not_before()..=issuer.not_after()).contains(&self.at);
                let likelihood = (place >= domain.anchors.len(), key_ids(last, issuer), !valid, place);
                (likelihood, issuer)
            })
            .collect();
        issuers.sort_by_key(|(likelihood, _)| *likelihood);
        self.ended_early |= issuers.len() > ISSUERS_MAX;
        issuers.truncate(ISSUERS_MAX);
        issuers.into_iter().rev().map(|(_, issuer)| path.iter().copied().chain([issuer]).collect()).collect()
    }
}

/// The authorities of an unfinished path, of which those that issued to themselves do not count (RFC 5280 6.1.4 (l)).
fn authorities(path: &[&Certificate]) -> usize {
    path.iter().skip(1).filter(|certificate| !certificate.is_self_issued()).count()
}

/// The same authority with the same key twice leads nowhere new, whatever certificate says so (RFC 4158 2.4.2).
fn is_loop(path: &[&Certificate], issuer: &Certificate) -> bool {
    path.iter().any(|known| known.spki() == issuer.spki() && known.subject().matches(issuer.subject()))
}

/// What key identifiers say of two certificates whose names fit. They only help to choose: a signature decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum KeyIds {
    Agree,
    Silent,
    Differ,
}

fn key_ids(certificate: &Certificate, issuer: &Certificate) -> KeyIds {
    match (certificate.extensions().authority_key_id(), issuer.extensions().subject_key_id()) {
        (Some(wanted), Some(found)) if wanted == found => KeyIds::Agree,
        (Some(_), Some(_)) => KeyIds::Differ,
        _ => KeyIds::Silent,
    }
}
