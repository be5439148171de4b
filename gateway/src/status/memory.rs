//! The evidence at hand: what the trust generations are made with, old lists and answers included, within a budget.

use std::collections::{BTreeMap, BTreeSet};

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::ocsp::CertificateStatus;
use crypto::x509::{Evidence, OcspResponse, RevocationList};
use storage::evidence::{EvidenceKind, EvidenceRecord};

/// A piece of evidence that was read.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    /// A revocation list.
    List(RevocationList),
    /// An OCSP response, with the digest of the name of the authority that it speaks for.
    Response(OcspResponse, Sha256),
}

/// Whose status a response tells: authority and serial number.
type Subject = (Sha256, Vec<u8>);

impl Proof {
    /// Reads a row of the store; `None` for what is no longer understood.
    pub(super) fn read(record: EvidenceRecord) -> Option<Self> {
        match record.kind {
            EvidenceKind::List => RevocationList::from_vec(record.der).ok().map(Self::List),
            EvidenceKind::Response => {
                OcspResponse::from_der(&record.der).ok().map(|response| Self::Response(response, record.issuer))
            }
        }
    }

    /// The row of the store.
    pub(super) fn record(&self, now: Timestamp) -> EvidenceRecord {
        let (kind, raw) = match self {
            Self::List(list) => (EvidenceKind::List, list.raw()),
            Self::Response(response, _) => (EvidenceKind::Response, response.raw()),
        };
        EvidenceRecord::new(kind, self.issuer(), self.this_update(), raw.to_vec(), now)
    }

    pub(super) fn sha256(&self) -> Sha256 {
        match self {
            Self::List(list) => list.sha256(),
            Self::Response(response, _) => response.sha256(),
        }
    }

    fn issuer(&self) -> Sha256 {
        match self {
            Self::List(list) => Sha256::of(&[list.issuer().0]),
            Self::Response(_, issuer) => *issuer,
        }
    }

    fn this_update(&self) -> Timestamp {
        match self {
            Self::List(list) => list.this_update(),
            Self::Response(response, _) => {
                response.singles().map(|single| single.this_update).max().unwrap_or(response.produced_at())
            }
        }
    }

    /// How much memory it takes, about.
    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::List(list) => list.footprint(),
            Self::Response(response, _) => response.raw().len().saturating_mul(2),
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// What a response about one certificate says of it.
    fn answer(&self) -> Option<(Subject, CertificateStatus)> {
        let Self::Response(response, issuer) = self else { return None };
        let mut singles = response.singles();
        let (Some(single), None) = (singles.next(), singles.next()) else { return None };
        Some(((*issuer, single.id.serial().to_vec()), single.status))
    }
}

/// Evidence in the order in which it was made, each piece once.
#[derive(Debug)]
pub(super) struct Memory {
    proofs: BTreeMap<(Timestamp, Sha256), Proof>,
    bytes: u64,
    bytes_max: u64,
}

impl Memory {
    pub(super) const fn new(bytes_max: u64) -> Self {
        Self { proofs: BTreeMap::new(), bytes: 0, bytes_max }
    }

    /// Takes in evidence. Whether anything is at hand now that was not before.
    pub(super) fn add(&mut self, proofs: impl IntoIterator<Item = Proof>) -> bool {
        let mut is_new = false;
        for proof in proofs {
            let place = (proof.this_update(), proof.sha256());
            if !self.proofs.contains_key(&place) {
                self.bytes = self.bytes.saturating_add(proof.bytes());
                self.proofs.insert(place, proof);
                is_new = true;
            }
        }
        if is_new {
            self.thin();
            self.trim();
        }
        is_new
    }

    pub(super) fn has(&self, list: &RevocationList) -> bool {
        self.proofs.contains_key(&(list.this_update(), list.sha256()))
    }

    /// Bytes taken, about.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All of it, newest first.
    pub(super) fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        for proof in self.proofs.values().rev() {
            match proof {
                Proof::List(list) => evidence.lists.push(list.clone()),
                Proof::Response(response, _) => evidence.responses.push(response.clone()),
            }
        }
        evidence
    }

    fn remove(&mut self, place: &(Timestamp, Sha256)) {
        if let Some(proof) = self.proofs.remove(place) {
            self.bytes = self.bytes.saturating_sub(proof.bytes());
        }
    }

    /// Of a run of answers that say the same of a certificate, the first and the last tell it all.
    fn thin(&mut self) {
        let mut runs: BTreeMap<Subject, Vec<(CertificateStatus, (Timestamp, Sha256))>> = BTreeMap::new();
        let mut between = Vec::new();
        for (place, proof) in &self.proofs {
            let Some((subject, status)) = proof.answer() else { continue };
            let run = runs.entry(subject).or_default();
            if run.last().is_some_and(|(last, _)| *last != status) {
                run.clear();
            }
            if let [_, (_, middle)] = run.as_slice() {
                between.push(*middle);
                run.pop();
            }
            run.push((status, *place));
        }
        for place in between {
            self.remove(&place);
        }
    }

    /// The oldest goes first, but the newest list of each issuer stays.
    fn trim(&mut self) {
        if self.bytes <= self.bytes_max {
            return;
        }
        let mut issuers = BTreeSet::new();
        let mut old: Vec<_> = Vec::new();
        for (place, proof) in self.proofs.iter().rev() {
            if !(matches!(proof, Proof::List(_)) && issuers.insert(proof.issuer())) {
                old.push(*place);
            }
        }
        while let Some(place) = old.pop().filter(|_| self.bytes > self.bytes_max) {
            self.remove(&place);
        }
    }
}
