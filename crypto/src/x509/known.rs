//! What a generation of trust knows of the status of certificates: ordered for look-up, signatures settled where they can be.

use std::collections::BTreeMap;

use super::name::Name;
use super::trust::may_sign_lists;
use super::{Certificate, Domain, Evidence, OcspResponse, RevocationList};
use crate::digest::Sha256;
use crate::time::Timestamp;

/// Lists and responses of all domains and of the gateway's own records, each once.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By the bytes of the issuer's name.
    lists: BTreeMap<Vec<u8>, BTreeMap<Sha256, RevocationList>>,
    /// By the serial number of each certificate that is spoken of.
    responses: BTreeMap<Vec<u8>, BTreeMap<Sha256, OcspResponse>>,
    /// Which list or response was signed by which public key, both by their digests.
    proven: BTreeMap<Sha256, Sha256>,
    /// When lists and responses were received, as far as that is on record.
    received: BTreeMap<Sha256, Timestamp>,
}

impl Known {
    /// What a domain knows of an issuer counts in all of them.
    pub(super) fn new(domains: &[Domain], evidence: &Evidence) -> Self {
        let mut known = Self { received: evidence.received.clone(), ..Self::default() };
        for list in domains.iter().flat_map(|domain| &domain.lists).chain(&evidence.lists) {
            known.lists.entry(list.issuer().0.to_vec()).or_default().insert(list.sha256(), list.clone());
        }
        for response in &evidence.responses {
            for single in response.singles() {
                let about = known.responses.entry(single.id.serial().to_vec()).or_default();
                about.insert(response.sha256(), response.clone());
            }
        }
        known.prove(domains, evidence);
        known
    }

    fn prove(&mut self, domains: &[Domain], evidence: &Evidence) {
        let authorities = || domains.iter().flat_map(|domain| domain.anchors.iter().chain(&domain.intermediates));
        for (name, lists) in &self.lists {
            let signers: BTreeMap<Sha256, &Certificate> = authorities()
                .filter(|known| known.subject().matches(Name(name)) && may_sign_lists(known))
                .map(|known| (Sha256::of(&[known.spki()]), known))
                .collect();
            for list in lists.values() {
                let signer = signers.iter().find(|(_, signer)| list.prove(signer));
                self.proven.extend(signer.map(|(spki, _)| (list.sha256(), *spki)));
            }
        }
        for response in &evidence.responses {
            let signer = response
                .certificates()
                .iter()
                .chain(authorities())
                .find(|known| response.is_from(known) && response.prove(known));
            self.proven.extend(signer.map(|signer| (response.sha256(), Sha256::of(&[signer.spki()]))));
        }
    }

    /// The lists of issuers whose name is of interest.
    pub(super) fn lists(&self, mut is_wanted: impl FnMut(Name<'_>) -> bool) -> impl Iterator<Item = &RevocationList> {
        self.lists.iter().filter(move |(name, _)| is_wanted(Name(name))).flat_map(|(_, lists)| lists.values())
    }

    /// The responses that speak of certificates with this serial number, whoever issued them.
    pub(super) fn responses(&self, serial: &[u8]) -> impl Iterator<Item = &OcspResponse> {
        self.responses.get(serial).into_iter().flat_map(BTreeMap::values)
    }

    /// When the list or response with this digest was received, if that is on record.
    pub(super) fn received(&self, sha256: Sha256) -> Option<Timestamp> {
        self.received.get(&sha256).copied()
    }

    /// Whether it is settled that this key signed the list or response with this digest.
    pub(super) fn is_proven(&self, sha256: Sha256, signer: &Certificate) -> bool {
        self.proven.get(&sha256) == Some(&Sha256::of(&[signer.spki()]))
    }

    /// Whether it is settled who signed the list or response with this digest.
    pub(super) fn is_settled(&self, sha256: Sha256) -> bool {
        self.proven.contains_key(&sha256)
    }
}
