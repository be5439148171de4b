//! Who is trusted for what: trust domains, their anchors, lists and rules, as one immutable generation.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certificate_policy::PolicyRules;
use super::extension::KeyUsage;
use super::known::Known;
use super::name::Name;
pub use super::policy::{Policy, TypeRule};
use super::{Certificate, Evidence, OcspResponse, RevocationList, Service};
use crate::digest::Sha256;
use crate::oid::OidBuf;
use crate::report::Horizon;
use crate::sig::{Algorithm, KeyKind, PublicKey, TABLE};
use crate::time::Timestamp;

/// Most authorities between a certificate and its anchor, unless a domain says less. Real hierarchies have one or two.
pub const INTERMEDIATES_MAX: usize = 6;

/// What a trust domain is good for. An anchor for one purpose means nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Signing licences and using seals.
    Signer,
    /// Making seals.
    SealMaker,
    /// Time-stamping.
    Tsa,
    /// Calling the gateway.
    Client,
    /// Answering for the status of certificates.
    Ocsp,
}

/// What a missing or stale revocation list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationPolicy {
    /// No conclusion.
    Require,
    /// A warning.
    IfAvailable,
    /// Nothing: lists are not asked.
    None,
}

/// An accepted algorithm and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlgorithmRule {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The last moment at which it is accepted; `None` for no end.
    pub until: Option<Timestamp>,
}

/// A trust domain: anchors for one purpose, with the rules for paths that lead to them.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Name in reports and configuration.
    pub name: String,
    /// What it is good for.
    pub purpose: Purpose,
    /// Trust anchors.
    pub anchors: Vec<Certificate>,
    /// When the services behind anchors were offered, by the anchor's SHA-256; an anchor without an entry is in service for good.
    pub services: BTreeMap<Sha256, Service>,
    /// Authorities that documents may leave out.
    pub intermediates: Vec<Certificate>,
    /// Revocation lists.
    pub lists: Vec<RevocationList>,
    /// What a missing list means.
    pub revocation: RevocationPolicy,
    /// Accepted algorithms.
    pub algorithms: Vec<AlgorithmRule>,
    /// Smallest accepted RSA modulus, in bits.
    pub rsa_bits_min: usize,
    /// For seal makers: the certificates that may make seals, by SHA-256; `None` for every certificate under the anchors.
    pub makers: Option<BTreeSet<Sha256>>,
    /// Extended key usages of which the certificate in question has one; empty for no demand.
    pub extended_usages: BTreeSet<OidBuf>,
    /// Whether issuers whose key usage lacks `keyCertSign` are accepted. Some test authorities need it; no real one does.
    pub lax_issuers: bool,
    /// Most authorities between a certificate and its anchor, not counting those that issued to themselves.
    pub intermediates_max: usize,
    /// Which certificate policies are demanded.
    pub policies: PolicyRules,
}

/// All trust domains and rules in force together. Made once, never changed: a change makes a new generation.
#[derive(Debug)]
pub struct Trust {
    generation: Sha256,
    policy: Policy,
    domains: Vec<Domain>,
    known: Known,
}

impl Trust {
    /// Puts a generation together. Signatures of lists are checked here, once, where their issuer is known.
    #[must_use]
    pub fn new(domains: Vec<Domain>, policy: Policy) -> Self {
        Self::with_evidence(domains, policy, Evidence::NONE)
    }

    /// Puts a generation together with what is known beside the domains' own lists: gathered, and kept from before. Signatures
    /// that were checked for an earlier generation are not checked again.
    #[must_use]
    pub fn with_evidence(domains: Vec<Domain>, policy: Policy, evidence: &Evidence) -> Self {
        let generation = generation(&domains, &policy, evidence);
        let known = Known::new(&domains, evidence);
        Self { generation, policy, domains, known }
    }

    /// The digest of everything in force: two gateways with the same digest decide alike.
    #[must_use]
    pub const fn generation(&self) -> Sha256 {
        self.generation
    }

    /// The rules for all documents.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// All domains, in the order of the configuration.
    #[must_use]
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// The domains for this purpose.
    pub fn for_purpose(&self, purpose: Purpose) -> impl Iterator<Item = &Domain> {
        self.domains.iter().filter(move |domain| domain.purpose == purpose)
    }

    /// Whether it was settled when the generation was made that this issuer signed the list; if not, it is still open.
    #[must_use]
    pub fn list_is_proven(&self, list: &RevocationList, issuer: &Certificate) -> bool {
        self.known.is_proven(list.sha256(), issuer)
    }

    /// Whether it was settled when the generation was made that this responder signed the response; if not, it is still open.
    #[must_use]
    pub fn response_is_proven(&self, response: &OcspResponse, responder: &Certificate) -> bool {
        self.known.is_proven(response.sha256(), responder)
    }

    /// Whether it was settled when the generation was made who signed the list or response with this digest.
    pub(super) fn is_settled(&self, sha256: Sha256) -> bool {
        self.known.is_settled(sha256)
    }

    /// When the list or response with this digest was received, if that is on record.
    #[must_use]
    pub fn received(&self, sha256: Sha256) -> Option<Timestamp> {
        self.known.received(sha256)
    }

    /// The known lists of issuers whose name is of interest, each once.
    pub fn lists(&self, is_wanted: impl FnMut(Name<'_>) -> bool) -> impl Iterator<Item = &RevocationList> {
        self.known.lists(is_wanted)
    }

    /// The known responses that speak of certificates with this serial number, whoever issued them, each once.
    pub fn responses(&self, serial: &[u8]) -> impl Iterator<Item = &OcspResponse> {
        self.known.responses(serial)
    }
}

/// Whether a certificate may sign revocation lists (RFC 5280 6.3.3 (f)).
pub(super) fn may_sign_lists(certificate: &Certificate) -> bool {
    match certificate.extensions().key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.allows(KeyUsage::CRL_SIGN),
        Err(_) => false,
    }
}

/// The moment for which an algorithm must be accepted.
#[derive(Debug)]
pub enum AlgorithmClock<'a> {
    /// The moment in question: an answer must not be kept longer than its algorithm.
    Now(&'a mut Horizon),
    /// A moment that does not move.
    Fixed(Timestamp),
}

impl AlgorithmClock<'_> {
    fn not_after(&mut self, until: Timestamp) -> bool {
        match self {
            Self::Now(horizon) => !horizon.reached(until.plus(1)),
            Self::Fixed(at) => *at <= until,
        }
    }
}

impl Domain {
    /// A domain with these anchors and the usual rules: every algorithm of the table, RSA from 2048 bits, lists demanded.
    #[must_use]
    pub fn new(name: &str, purpose: Purpose, anchors: Vec<Certificate>) -> Self {
        Self {
            name: name.to_owned(),
            purpose,
            anchors,
            services: BTreeMap::new(),
            intermediates: Vec::new(),
            lists: Vec::new(),
            revocation: RevocationPolicy::Require,
            algorithms: TABLE.iter().map(|row| AlgorithmRule { algorithm: row.algorithm, until: None }).collect(),
            rsa_bits_min: 2048,
            makers: None,
            extended_usages: BTreeSet::new(),
            lax_issuers: false,
            intermediates_max: INTERMEDIATES_MAX,
            policies: PolicyRules::default(),
        }
    }

    /// Whether this algorithm with this key is accepted at this moment.
    #[must_use]
    pub fn accepts(&self, algorithm: Algorithm, key: &PublicKey, clock: &mut AlgorithmClock<'_>) -> bool {
        let large_enough = key.kind() != KeyKind::Rsa || key.size() >= self.rsa_bits_min;
        let rule = self.algorithms.iter().find(|rule| rule.algorithm == algorithm);
        large_enough && rule.is_some_and(|rule| rule.until.is_none_or(|until| clock.not_after(until)))
    }
}

fn generation(domains: &[Domain], policy: &Policy, evidence: &Evidence) -> Sha256 {
    let mut text = format!("licet trust generation 1\n{policy:?}\n");
    for domain in domains {
        text.push_str(&format!(
            "domain {:?} {:?} {:?} {:?} {} {:?} {:?} {} {} {:?}\n",
            domain.name,
            domain.purpose,
            domain.revocation,
            domain.algorithms,
            domain.rsa_bits_min,
            domain.makers,
            domain.extended_usages,
            domain.lax_issuers,
            domain.intermediates_max,
            domain.policies
        ));
        for anchor in &domain.anchors {
            text.push_str(&format!("anchor {} {:?}\n", anchor.sha256(), domain.services.get(&anchor.sha256())));
        }
        for certificate in &domain.intermediates {
            text.push_str(&format!("intermediate {}\n", certificate.sha256()));
        }
        for list in &domain.lists {
            text.push_str(&format!("list {}\n", list.sha256()));
        }
    }
    // Gathered evidence has no order, but when a piece was received tells what its signer is judged by.
    let lists: BTreeSet<Sha256> = evidence.lists.iter().map(RevocationList::sha256).collect();
    let responses: BTreeSet<Sha256> = evidence.responses.iter().map(OcspResponse::sha256).collect();
    lists.iter().for_each(|list| text.push_str(&format!("known list {list}\n")));
    responses.iter().for_each(|response| text.push_str(&format!("known response {response}\n")));
    evidence.received.iter().for_each(|(sha256, at)| text.push_str(&format!("received {sha256} {at}\n")));
    Sha256::of(&[text.as_bytes()])
}
