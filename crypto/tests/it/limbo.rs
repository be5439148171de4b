//! x509-limbo: hostile and odd paths, judged by our own engine. What the web alone demands is listed as divergent.

use std::fs;

use crypto::context::Context;
use crypto::report::{Role, Verdict};
use crypto::time::Timestamp;
use crypto::x509::path::{self, Lifetime, Question};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust, pem};
use serde::Deserialize;

use crate::{divergences, testdata};

#[derive(Deserialize)]
struct Suite {
    testcases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<String>,
    expected_result: String,
    max_chain_depth: Option<usize>,
    #[serde(default)]
    crls: Option<Vec<String>>,
}

fn certificates(texts: &[String]) -> Vec<Certificate> {
    // One that cannot be read is of no use; whether its absence matters shows.
    texts.iter().flat_map(|text| pem::certificates(text.as_bytes()).unwrap_or_default()).collect()
}

impl Case {
    fn at(&self) -> Timestamp {
        // Where the suite leaves the time open, its own runner takes the present: any moment within these certificates' validity.
        let text = self.validation_time.as_deref().unwrap_or("2024-06-01T00:00:00Z").replace("+00:00", "");
        // We know no fractions of seconds: a moment is the second that it lies in.
        let whole = text.split(['.', 'Z']).next().unwrap();
        format!("{whole}Z").parse().unwrap()
    }

    fn judge(&self) -> (bool, String) {
        let lists: Vec<RevocationList> =
            self.crls.iter().flatten().flat_map(|text| pem::revocation_lists(text.as_bytes()).unwrap_or_default()).collect();
        let revocation = if self.crls.as_ref().is_some_and(|lists| !lists.is_empty()) {
            RevocationPolicy::Require
        } else {
            RevocationPolicy::None
        };
        let domain = Domain::new("limbo", Purpose::Signer, certificates(&self.trusted_certs));
        let intermediates_max = self.max_chain_depth.unwrap_or(domain.intermediates_max).min(domain.intermediates_max);
        let trust = Trust::new(vec![Domain { lists, revocation, intermediates_max, ..domain }], Policy::default());
        let companions = certificates(&self.untrusted_intermediates);
        let mut context = Context::new(&trust, self.at());
        context.certificates = &companions;
        let leaf = match Certificate::from_der(&pem::blocks(&self.peer_certificate, "CERTIFICATE").unwrap()[0]) {
            Ok(leaf) => leaf,
            Err(error) => return (false, error.to_string()),
        };
        let question =
            Question { purpose: Purpose::Signer, role: Role::Signer, algorithm: None, used_at: None, lifetime: Lifetime::Now };
        let answer = path::validate(&leaf, &question, &mut context).unwrap();
        let told = answer.checks.iter().filter(|check| check.effect.is_some());
        let told: Vec<String> = told.map(|check| format!("{} {:?}", check.id, check.inputs)).collect();
        (Verdict::of(answer.checks.iter()).is_passed(), told.join("; "))
    }
}

#[test]
fn every_case_of_the_suite() {
    let suite: Suite = serde_json::from_slice(&fs::read(testdata().join("x509-limbo/limbo.json")).unwrap()).unwrap();
    assert_eq!(suite.testcases.len(), 208);
    let outcomes = suite.testcases.iter().map(|case| {
        let (passed, facts) = case.judge();
        (case.id.clone(), passed == (case.expected_result == "SUCCESS"), format!("{}: {facts}", case.expected_result))
    });
    divergences::settle(include_str!("limbo.divergences"), outcomes);
}
