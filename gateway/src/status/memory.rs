//! The evidence at hand: what the trust generations are made with, old lists and answers included, within a budget.

use std::collections::{BTreeMap, BTreeSet};

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::ocsp::CertificateStatus;
use crypto::x509::{Evidence, OcspResponse, RevocationList};
use storage::evidence::{EvidenceKind, EvidenceRecord};

/// A piece of evidence that was read, and when it was received.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) kind: ProofKind,
    pub(super) received_at: Timestamp,
}

/// What a piece of evidence is.
#[derive(Clone, Debug)]
pub(super) enum ProofKind {
    /// A revocation list.
    List(RevocationList),
    /// An OCSP response, with the digest of the name of the authority that it speaks for.
    Response(OcspResponse, Sha256),
}

/// Whose status a response tells: authority and serial number.
type Subject = (Sha256, Vec<u8>);

/// Where a proof stands: in the order of time, equals by their digest.
type Place = (Timestamp, Sha256);

impl Proof {
    pub(super) const fn list(list: RevocationList, received_at: Timestamp) -> Self {
        Self { kind: ProofKind::List(list), received_at }
    }

    /// A response that speaks for the authority whose name has this digest.
    pub(super) const fn response(response: OcspResponse, issuer: Sha256, received_at: Timestamp) -> Self {
        Self { kind: ProofKind::Response(response, issuer), received_at }
    }

    /// Reads a row of the store; `None` for what is no longer understood.
    pub(super) fn read(record: EvidenceRecord) -> Option<Self> {
        let kind = match record.kind {
            EvidenceKind::List => RevocationList::from_vec(record.der).ok().map(ProofKind::List),
            EvidenceKind::Response => {
                OcspResponse::from_der(&record.der).ok().map(|response| ProofKind::Response(response, record.issuer))
            }
        };
        kind.map(|kind| Self { kind, received_at: record.received_at })
    }

    /// The row of the store.
    pub(super) fn record(&self) -> EvidenceRecord {
        let (kind, raw) = match &self.kind {
            ProofKind::List(list) => (EvidenceKind::List, list.raw()),
            ProofKind::Response(response, _) => (EvidenceKind::Response, response.raw()),
        };
        EvidenceRecord::new(kind, self.issuer(), self.this_update(), raw.to_vec(), self.received_at)
    }

    pub(super) fn sha256(&self) -> Sha256 {
        match &self.kind {
            ProofKind::List(list) => list.sha256(),
            ProofKind::Response(response, _) => response.sha256(),
        }
    }

    fn issuer(&self) -> Sha256 {
        match &self.kind {
            ProofKind::List(list) => Sha256::of(&[list.issuer().0]),
            ProofKind::Response(_, issuer) => *issuer,
        }
    }

    fn this_update(&self) -> Timestamp {
        match &self.kind {
            ProofKind::List(list) => list.this_update(),
            ProofKind::Response(response, _) => {
                response.singles().map(|single| single.this_update).max().unwrap_or_else(|| response.produced_at())
            }
        }
    }

    /// How much memory it takes, about.
    fn bytes(&self) -> u64 {
        let bytes = match &self.kind {
            ProofKind::List(list) => list.footprint(),
            ProofKind::Response(response, _) => response.raw().len().saturating_mul(2),
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// What a response about one certificate says of it.
    fn answer(&self) -> Option<(Subject, CertificateStatus)> {
        let ProofKind::Response(response, issuer) = &self.kind else { return None };
        let mut singles = response.singles();
        let (Some(single), None) = (singles.next(), singles.next()) else { return None };
        Some(((*issuer, single.id.serial().to_vec()), single.status))
    }
}

/// Evidence in the order in which it was made, each piece once.
#[derive(Debug)]
pub(super) struct Memory {
    proofs: BTreeMap<Place, Proof>,
    bytes: u64,
    bytes_max: u64,
}

impl Memory {
    pub(super) const fn new(bytes_max: u64) -> Self {
        Self { proofs: BTreeMap::new(), bytes: 0, bytes_max }
    }

    /// Takes so much memory at most, from the next piece on.
    pub(super) const fn follow(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
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
            evidence.received.insert(proof.sha256(), proof.received_at);
            match &proof.kind {
                ProofKind::List(list) => evidence.lists.push(list.clone()),
                ProofKind::Response(response, _) => evidence.responses.push(response.clone()),
            }
        }
        evidence
    }

    fn remove(&mut self, place: &Place) {
        if let Some(proof) = self.proofs.remove(place) {
            self.bytes = self.bytes.saturating_sub(proof.bytes());
        }
    }

    /// Of a run of answers that say the same of a certificate, the first and the last tell it all.
    fn thin(&mut self) {
        let mut runs: BTreeMap<Subject, Vec<(CertificateStatus, Place)>> = BTreeMap::new();
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
            if !(matches!(proof.kind, ProofKind::List(_)) && issuers.insert(proof.issuer())) {
                old.push(*place);
            }
        }
        while let Some(place) = old.pop().filter(|_| self.bytes > self.bytes_max) {
            self.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use crypto::issue::ocsp::Answer;
    use crypto::issue::{CertificateBuilder, CrlBuilder, KeyType, Name, OcspBuilder, Reason, SigningKey};
    use crypto::x509::Certificate;
    use crypto::x509::ocsp::IdDigest;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);

    fn list(issuer: &str, seconds: i64) -> Proof {
        let key = SigningKey::from_label(KeyType::P256, "root");
        let list = CrlBuilder::new(1, NOW.plus(seconds), None).issue(&Name::new("licet tests", issuer), &key);
        Proof::list(RevocationList::from_der(&list).unwrap(), NOW)
    }

    fn response(seconds: i64, change: fn(Answer) -> Answer) -> Proof {
        let (name, key) = (Name::new("licet tests", "root"), SigningKey::from_label(KeyType::P256, "root"));
        let issuer = CertificateBuilder::new(&name, &key, 1).valid(NOW, NOW.plus(9)).self_signed(&key);
        let issuer = Certificate::from_der(&issuer).unwrap();
        let answer = change(Answer::good(&issuer, &issuer, IdDigest::Sha1, (NOW.plus(seconds), None)));
        let response = OcspBuilder::new(NOW.plus(seconds)).answer(&answer).issue(&name, &key);
        Proof::response(OcspResponse::from_der(&response).unwrap(), Sha256([1; 32]), NOW.plus(9))
    }

    fn times(memory: &Memory) -> Vec<i64> {
        memory.proofs.keys().map(|(at, _)| at.unix() - NOW.unix()).collect()
    }

    #[test]
    fn of_answers_that_agree_the_first_and_the_last_stay() {
        let mut memory = Memory::new(u64::MAX);
        let revoked: fn(Answer) -> Answer = |answer| answer.revoked(NOW, Reason::Superseded);
        let good: fn(Answer) -> Answer = |answer| answer;
        for (seconds, change) in [(1, good), (2, good), (3, good), (4, good), (5, revoked), (6, good), (8, good)] {
            assert!(memory.add([response(seconds, change)]));
            assert!(!memory.add([response(seconds, change)]));
        }
        memory.add([response(7, good)]);
        assert_eq!(times(&memory), [1, 4, 5, 6, 8]);
        let evidence = memory.evidence();
        assert!(evidence.responses.iter().map(OcspResponse::produced_at).is_sorted_by(|a, b| a > b), "newest first");
    }

    #[test]
    fn the_oldest_goes_but_each_issuer_keeps_its_newest_list() {
        let all = [list("quiet", 0), list("busy", 1), list("busy", 2), list("busy", 3)];
        let bytes: u64 = all.iter().map(Proof::bytes).sum();
        let mut memory = Memory::new(bytes - 1);
        assert!(memory.add(all.clone()));
        assert_eq!(times(&memory), [0, 2, 3]);
        let mut memory = Memory::new(1);
        memory.add(all);
        assert_eq!(times(&memory), [0, 3]);
        assert_eq!(memory.bytes(), memory.proofs.values().map(Proof::bytes).sum::<u64>());
    }

    #[test]
    fn what_is_stored_is_read_again() {
        for proof in [list("a", 5), response(7, |answer| answer)] {
            let record = proof.record();
            let read = Proof::read(record.clone()).unwrap();
            assert_eq!((read.sha256(), read.issuer(), read.this_update()), (proof.sha256(), proof.issuer(), record.this_update));
            assert_eq!(read.received_at, proof.received_at);
            assert!(Proof::read(EvidenceRecord { der: b"x".to_vec(), ..record }).is_none());
        }
    }
}
