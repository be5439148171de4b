//! NIST PKITS: every path of the suite but those with DSA keys, judged by our own engine.

use std::collections::BTreeSet;
use std::fs;

use crypto::context::Context;
use crypto::der::DerError;
use crypto::oid::{Oid, OidBuf};
use crypto::report::{Role, Verdict};
use crypto::time::Timestamp;
use crypto::x509::certificate_policy::PolicyRules;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust};
use serde::Deserialize;

use crate::{divergences, testdata};

/// Keys that are not supported.
const DSA: [&str; 3] = ["4.1.4", "4.1.5", "4.1.6"];
/// Refused for nothing but a revocation, in sections that are about something else.
const REVOKED: [&str; 5] = ["4.5.2", "4.5.5", "4.5.7", "4.7.4", "4.7.5"];

/// The check that must fail where the manifest gives this hint.
fn check_for(hint: &str) -> &'static str {
    match hint {
        "NullPolicySet" => "path.policies",
        "NameConstraintsViolation" => "path.names",
        "InvalidNotAfterDate" | "InvalidNotBeforeDate" => "path.validity",
        "SignatureVerificationFailure" | "NameChainingFailure" => "path.built",
        "InvalidPathLength"
        | "InvalidBasicConstraints"
        | "MissingBasicConstraints"
        | "UnprocessedCriticalExtension"
        | "InvalidKeyUsage" => "path.constraints",
        _ => panic!("an unknown hint: {hint}"),
    }
}

#[derive(Deserialize)]
struct Manifest {
    trust_anchor: String,
    validation_time_unix: i64,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    target: String,
    intermediates: Vec<String>,
    initial_policy_set: Vec<String>,
    initial_explicit_policy: bool,
    initial_policy_mapping_inhibit: bool,
    initial_inhibit_any_policy: bool,
    expected: String,
    hint: Option<String>,
}

impl Case {
    fn policies(&self) -> PolicyRules {
        let initial: BTreeSet<OidBuf> = self.initial_policy_set.iter().map(|oid| oid.parse().unwrap()).collect();
        PolicyRules {
            initial: (!initial.iter().any(|oid| oid.as_oid() == Oid::ANY_POLICY)).then_some(initial),
            explicit: self.initial_explicit_policy,
            inhibit_mapping: self.initial_policy_mapping_inhibit,
            inhibit_any: self.initial_inhibit_any_policy,
        }
    }
}

const SIGNER: Question =
    Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };

/// The suite, read once.
struct Suite {
    manifest: Manifest,
    anchor: Certificate,
    lists: Vec<RevocationList>,
}

impl Suite {
    fn read() -> Self {
        let manifest: Manifest = serde_json::from_slice(&bytes("pkits-manifest.json")).unwrap();
        let anchor = Certificate::from_der(&bytes(&manifest.trust_anchor)).unwrap();
        // A list that cannot be read says nothing: the paths that need it find no conclusion.
        let files = fs::read_dir(testdata().join("pkits/crls")).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let lists: Vec<RevocationList> = files.flat_map(|file| RevocationList::from_der(&file)).collect();
        assert!(lists.len() > 150 && manifest.tests.len() == 248, "{} lists", lists.len());
        Self { manifest, anchor, lists }
    }

    /// Whether the path passes, and what is against it.
    fn judge(&self, case: &Case, revocation: RevocationPolicy) -> (bool, String) {
        let anchored = Domain::new("pkits", Purpose::Signer, vec![self.anchor.clone()]);
        let domain = Domain { lists: self.lists.clone(), policies: case.policies(), revocation, ..anchored };
        let trust = Trust::new(vec![domain], Policy::default());
        let companions: Vec<Certificate> = case.intermediates.iter().filter_map(|name| certificate(name).ok()).collect();
        let mut context = Context::new(&trust, Timestamp::from_unix(self.manifest.validation_time_unix));
        context.certificates = &companions;
        let leaf = match certificate(&case.target) {
            Ok(leaf) => leaf,
            Err(error) => return (false, error.to_string()),
        };
        let answer = path::validate(&leaf, &SIGNER, &mut context).unwrap();
        let told = answer.checks.iter().filter(|check| check.effect.is_some());
        let told: Vec<String> = told.map(|check| format!("{} {:?}", check.id, check.inputs)).collect();
        (Verdict::of(answer.checks.iter()).is_passed(), told.join("; "))
    }
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(testdata().join("pkits").join(name)).unwrap()
}

fn certificate(name: &str) -> Result<Certificate, DerError> {
    Certificate::from_der(&bytes(&format!("certs/{name}")))
}

#[test]
fn every_path_of_the_suite() {
    let suite = Suite::read();
    let outcomes = suite.manifest.tests.iter().map(|case| {
        let (passed, facts) = suite.judge(case, RevocationPolicy::Require);
        let facts = format!("{} is {} ({:?}): {facts}", case.target, case.expected, case.hint);
        (case.id.clone(), passed == (case.expected == "valid"), facts)
    });
    divergences::settle(include_str!("pkits.divergences"), outcomes);
}

/// Without revocation every case that is not about it comes out the same, so that no list hides why a path is refused.
#[test]
fn paths_are_refused_for_what_is_wrong_with_them() {
    let suite = Suite::read();
    let about_lists = |case: &Case| {
        let hint = case.hint.as_deref().unwrap_or_default();
        ["4.4.", "4.14.", "4.15."].iter().any(|section| case.id.starts_with(section))
            || hint.contains("Revo")
            || REVOKED.contains(&&*case.id)
    };
    let mut refused = 0;
    for case in suite.manifest.tests.iter().filter(|case| !about_lists(case) && !DSA.contains(&&*case.id)) {
        let (passed, facts) = suite.judge(case, RevocationPolicy::None);
        assert_eq!(passed, case.expected == "valid", "{} {}: {facts}", case.id, case.target);
        if let Some(check) = case.hint.as_deref().map(check_for) {
            assert!(facts.contains(check), "{} {} is to fail by {check}: {facts}", case.id, case.target);
        }
        refused += usize::from(!passed);
    }
    assert!(refused > 60, "{refused}");
}
