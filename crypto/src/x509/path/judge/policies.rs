//! Certificate policies along a path (RFC 5280 6.1.3 (d) to (f), 6.1.4 (a), (b), (h) to (j), 6.1.5 (a), (b), (g)).
//!
//! The standard's tree of policies can grow without measure; RFC 9618 replaces it by a graph with one node for each policy of a
//! certificate. Only the last level of the graph and the policies of the trusted side that lead to it decide anything, so each
//! node here remembers those instead of its parents, and a level that has been passed is dropped.

use std::collections::{BTreeMap, BTreeSet};

use crate::oid::Oid;
use crate::report::Check;
use crate::report::checks::PATH_POLICIES;
use crate::x509::certificate_policy::{self, PolicyRules};
use crate::x509::path::Path;
use crate::x509::{Certificate, Domain};

const MALFORMED: &str = "malformed certificate policies";

/// What is valid below the certificates seen so far.
struct State<'a> {
    /// The nodes of this level by their policy. None at all means that no policy is valid any more.
    level: BTreeMap<Oid<'a>, Node<'a>>,
    /// How many more certificates may come before a policy is demanded, mapping ends, and `anyPolicy` stands for none.
    explicit: usize,
    mapping: usize,
    any: usize,
}

/// A policy that is valid at one level.
#[derive(Default)]
struct Node<'a> {
    /// The policies directly below `anyPolicy` that it descends from: what it is called on the side of the anchor.
    origins: BTreeSet<Oid<'a>>,
    /// The policies of the next certificate that continue it.
    expected: BTreeSet<Oid<'a>>,
}

pub(super) fn check(path: &Path<'_>) -> Check {
    match walk(path) {
        Ok(()) => PATH_POLICIES.pass(),
        Err((certificate, reason)) => PATH_POLICIES.fail().with("certificate", &certificate.subject()).with("reason", reason),
    }
}

fn walk<'a>(path: &Path<'a>) -> Result<(), (&'a Certificate, &'static str)> {
    let Some((anchor, below)) = path.certificates.split_last() else { return Ok(()) };
    let mut state = State::new(&path.domain.policies, below.len());
    state.limit(anchor).map_err(|reason| (*anchor, reason))?;
    for (depth, certificate) in below.iter().enumerate().rev() {
        state.take(certificate, depth == 0).map_err(|reason| (*certificate, reason))?;
        let step = if depth == 0 { state.end(certificate, path.domain) } else { state.prepare(certificate) };
        step.map_err(|reason| (*certificate, reason))?;
    }
    Ok(())
}

impl<'a> State<'a> {
    /// RFC 5280 6.1.2 (a) and (d) to (f).
    fn new(rules: &PolicyRules, certificates: usize) -> Self {
        let start = |at_once: bool| if at_once { 0 } else { certificates.saturating_add(1) };
        Self {
            level: BTreeMap::from([(Oid::ANY_POLICY, Node::expecting([Oid::ANY_POLICY].into(), BTreeSet::new()))]),
            explicit: start(rules.explicit),
            mapping: start(rules.inhibit_mapping),
            any: start(rules.inhibit_any),
        }
    }

    /// RFC 5280 6.1.3 (d) to (f), as RFC 9618 5.2 has it.
    fn take(&mut self, certificate: &'a Certificate, is_last: bool) -> Result<(), &'static str> {
        let policies = certificate_policy::policies(certificate.extensions()).or(Err(MALFORMED))?;
        let before = std::mem::take(&mut self.level);
        if let Some(mut policies) = policies {
            let says_any = policies.remove(&Oid::ANY_POLICY) && (self.any > 0 || (!is_last && certificate.is_self_issued()));
            self.level = next_level(&before, &policies, says_any);
        }
        if self.explicit == 0 && self.level.is_empty() {
            return Err("no policy is left where one is demanded");
        }
        Ok(())
    }

    /// RFC 5280 6.1.4 (a), (b), (h) to (j).
    fn prepare(&mut self, certificate: &'a Certificate) -> Result<(), &'static str> {
        let mut mapped: BTreeMap<Oid<'a>, BTreeSet<Oid<'a>>> = BTreeMap::new();
        for (issuer, subject) in certificate_policy::mappings(certificate.extensions()).or(Err("malformed policy mappings"))? {
            mapped.entry(issuer).or_default().insert(subject);
        }
        let has_any = self.level.contains_key(&Oid::ANY_POLICY);
        for (policy, expected) in mapped {
            if self.mapping == 0 {
                self.level.remove(&policy);
            } else if let Some(node) = self.level.get_mut(&policy) {
                node.expected = expected;
            } else if has_any {
                self.level.insert(policy, Node::expecting(expected, [policy].into()));
            }
        }
        if !certificate.is_self_issued() {
            for left in [&mut self.explicit, &mut self.mapping, &mut self.any] {
                *left = left.saturating_sub(1);
            }
        }
        self.limit(certificate)
    }

    /// RFC 5280 6.1.4 (i) and (j).
    fn limit(&mut self, certificate: &Certificate) -> Result<(), &'static str> {
        let constraints = certificate_policy::constraints(certificate.extensions()).or(Err("malformed policy constraints"))?;
        let any = certificate_policy::inhibit_any(certificate.extensions()).or(Err("malformed inhibition of any policy"))?;
        for (left, most) in
            [(&mut self.explicit, constraints.require), (&mut self.mapping, constraints.inhibit_mapping), (&mut self.any, any)]
        {
            if let Some(most) = most {
                *left = usize::try_from(most).unwrap_or(usize::MAX).min(*left);
            }
        }
        Ok(())
    }

    /// RFC 5280 6.1.5 (a), (b) and (g).
    fn end(&mut self, certificate: &Certificate, domain: &Domain) -> Result<(), &'static str> {
        self.explicit = self.explicit.saturating_sub(1);
        let constraints = certificate_policy::constraints(certificate.extensions()).or(Err("malformed policy constraints"))?;
        if constraints.require == Some(0) {
            self.explicit = 0;
        }
        let accepted = |(policy, node): (&Oid<'_>, &Node<'_>)| {
            *policy == Oid::ANY_POLICY || node.origins.iter().any(|origin| domain.policies.accepts(*origin))
        };
        if self.explicit > 0 || self.level.iter().any(accepted) {
            Ok(())
        } else {
            Err("none of the policies that are demanded is valid")
        }
    }
}

impl<'a> Node<'a> {
    const fn expecting(expected: BTreeSet<Oid<'a>>, origins: BTreeSet<Oid<'a>>) -> Self {
        Self { origins, expected }
    }
}

/// RFC 9618 5.2: the nodes of a certificate with these policies, of which `anyPolicy` has been taken out.
fn next_level<'a>(before: &BTreeMap<Oid<'a>, Node<'a>>, policies: &BTreeSet<Oid<'a>>, any: bool) -> BTreeMap<Oid<'a>, Node<'a>> {
    // What each expected policy descends from. `anyPolicy` descends from nothing but itself.
    let mut expected: BTreeMap<Oid<'a>, BTreeSet<Oid<'a>>> = BTreeMap::new();
    for node in before.values() {
        for policy in &node.expected {
            expected.entry(*policy).or_default().extend(&node.origins);
        }
    }
    let after_any = before.contains_key(&Oid::ANY_POLICY);
    let node = |policy: Oid<'a>, origins: BTreeSet<Oid<'a>>| (policy, Node::expecting([policy].into(), origins));
    let mut level: BTreeMap<Oid<'a>, Node<'a>> = policies
        .iter()
        .filter_map(|policy| match expected.get(policy) {
            Some(origins) => Some(node(*policy, origins.clone())),
            None => after_any.then(|| node(*policy, [*policy].into())),
        })
        .collect();
    if any {
        for (policy, origins) in expected {
            level.entry(policy).or_insert_with(|| node(policy, origins).1);
        }
    }
    level
}
