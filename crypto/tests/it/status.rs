//! A certificate, its issuer and evidence: what the status is, for the tests of lists and responses.

use crypto::context::Context;
use crypto::issue::{CertificateBuilder, KeyType};
use crypto::report::{Check, Outcome, Role, SubIndication};
use crypto::time::Timestamp;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::trust::Policy;
use crypto::x509::{Certificate, Domain, Evidence, OcspResponse, Purpose, RevocationList, Trust};

use crate::world::{Actor, actor, at, authority};

/// An authority and one certificate of it, with serial number 3.
pub(crate) struct Bench {
    pub(crate) root: Actor,
    pub(crate) leaf: Actor,
    pub(crate) companions: Vec<Certificate>,
    pub(crate) lifetime: Lifetime,
    pub(crate) domains: Vec<Domain>,
}

impl Bench {
    pub(crate) fn new(shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Self {
        Self::of(KeyType::P256, shape)
    }

    pub(crate) fn of(kind: KeyType, shape: impl FnOnce(CertificateBuilder) -> CertificateBuilder) -> Self {
        let root = authority(kind, "root");
        let leaf = actor(&root, kind, "leaf", 3, |builder| shape(builder.signer()));
        let domains = vec![Domain::new("signers", Purpose::Signer, vec![root.certificate()])];
        Self { root, leaf, companions: Vec::new(), lifetime: Lifetime::Now, domains }
    }

    /// The check `path.revocation` with this evidence, once as the gateway's own record and once as what came along; both must
    /// come to the same.
    #[track_caller]
    pub(crate) fn judge(&self, evidence: &Evidence, when: &str) -> Check {
        let own = self.judge_own(evidence, when);
        let along = self.judge_along(evidence, when);
        assert_eq!((own.outcome, own.effect), (along.outcome, along.effect), "{own:#?} {along:#?}");
        own
    }

    pub(crate) fn judge_own(&self, evidence: &Evidence, when: &str) -> Check {
        let trust = Trust::with_evidence(self.domains.clone(), Policy::default(), &at_once(evidence.clone()));
        self.ask(&trust, Evidence::NONE, at(when))
    }

    pub(crate) fn judge_along(&self, evidence: &Evidence, when: &str) -> Check {
        self.ask(&Trust::new(self.domains.clone(), Policy::default()), evidence, at(when))
    }

    pub(crate) fn ask(&self, trust: &Trust, evidence: &Evidence, when: Timestamp) -> Check {
        let mut context = Context::new(trust, when);
        (context.evidence, context.certificates) = (evidence, &self.companions);
        let question =
            Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: self.lifetime };
        let answer = path::validate(&self.leaf.certificate(), &question, &mut context).unwrap();
        let found = answer.checks.iter().find(|check| check.id == "path.revocation").cloned();
        found.unwrap_or_else(|| panic!("no path: {answer:#?}"))
    }
}

pub(crate) fn lists(der: &[Vec<u8>]) -> Evidence {
    Evidence { lists: der.iter().map(|list| RevocationList::from_der(list).unwrap()).collect(), ..Evidence::default() }
}

pub(crate) fn responses(der: &[Vec<u8>]) -> Evidence {
    Evidence { responses: der.iter().map(|response| OcspResponse::from_der(response).unwrap()).collect(), ..Evidence::default() }
}

/// Received when it was made, unless it is on record when.
pub(crate) fn at_once(evidence: Evidence) -> Evidence {
    let lists = evidence.lists.iter().map(|list| (list.sha256(), list.this_update()));
    let responses = evidence.responses.iter().map(|response| (response.sha256(), response.produced_at()));
    let received = lists.chain(responses).chain(evidence.received.clone()).collect();
    Evidence { received, ..evidence }
}

#[track_caller]
pub(crate) fn good(check: &Check) {
    assert_eq!(check.outcome, Outcome::Passed, "{check:#?}");
}

#[track_caller]
pub(crate) fn revoked(check: &Check) {
    assert_eq!(check.outcome, Outcome::Failed, "{check:#?}");
    assert_eq!(check.effect.and_then(|effect| effect.sub_indication), Some(SubIndication::Revoked), "{check:#?}");
}

/// No conclusion, for a reason in whose words this occurs.
#[track_caller]
pub(crate) fn open(check: &Check, why: &str) {
    assert_eq!(check.outcome, Outcome::NotConcluded, "{check:#?}");
    assert!(check.effect.is_some(), "{check:#?}");
    let reason = check.inputs.get("reason").map_or("on hold", String::as_str);
    assert!(reason.contains(why), "{reason}, not {why}");
}
