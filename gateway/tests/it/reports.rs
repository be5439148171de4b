//! Reports over HTTPS: three depths, where a verdict came from, and evidence that comes with the question.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::digest::Sha256;
use crypto::issue::Reason;
use crypto::report::{CacheOutcome, Depth, Report, SubIndication, Verdict};
use crypto::x509::{Evidence, RevocationList};
use gateway::cache::At;
use gateway::verdict::{Along, Document, Inquiry};
use serde_json::{Value, json};

use crate::client::{Client, Http, Reply, post_json, request};
use crate::licence_kit::{Office, fields, identifier};
use crate::started::{ISSUER, Setup, Started};

const OFD: &str = "application/ofd";
const JOSE: &str = "application/jose";

async fn start(office: &Office) -> Started {
    office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await
}

async fn post(client: &Client, path: &str, content_type: &str, body: &[u8]) -> Reply {
    client.send(Http::Two, request("POST", path, content_type, body.to_vec())).await
}

async fn ask(client: &Client, query: &str, question: &Value) -> Reply {
    client.send(Http::One, post_json(&format!("/v1/verifications{query}"), &question.to_string())).await
}

fn report(reply: &Reply) -> Report {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test]
async fn three_depths_of_one_verdict() {
    let office = Office::new();
    let gateway = start(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    let document = office.ofd(&fields("1", 1));
    assert_eq!(post(&issuer, "/v1/licences", OFD, &document).await.status, 201);
    let at_depth = async |depth: &str| {
        let reply = post(&verifier, &format!("/v1/verifications{depth}"), OFD, &document).await;
        (report(&reply), reply.header("licet-cache").to_owned(), reply.body.len())
    };
    let (detailed, cache, _) = at_depth("").await;
    assert!(cache.starts_with("miss; age=0"), "{cache}");
    assert_eq!((detailed.depth, &detailed.diagnostic), (Depth::Detailed, &None));
    assert!(detailed.checks.len() > 3 && !detailed.signatures[0].chain.is_empty());
    assert_eq!(detailed.advice.zh, "可以采信该文件。");
    let scope = detailed.signatures[0].scope.as_ref().unwrap();
    assert!(scope.covered_count > 2 && scope.uncovered_count == 0, "{scope:?}");
    let signer = detailed.signatures[0].signer.as_ref().unwrap();
    assert_eq!(signer.common_name.as_deref(), Some("signer"));
    assert_eq!(signer.organisation_code.as_deref(), Some(crate::licence_kit::ORGANISATION));

    let (simple, cache, length) = at_depth("?depth=simple").await;
    assert!(cache.starts_with("hit; age="), "{cache}");
    assert_eq!((simple.depth, simple.verdict, simple.advice), (Depth::Simple, detailed.verdict, detailed.advice.clone()));
    assert!(simple.checks.is_empty() && simple.signatures[0].checks.is_empty() && simple.signatures[0].scope.is_none());

    let (full, _, longer) = at_depth("?depth=diagnostic").await;
    assert!(longer > length);
    let diagnostic = full.diagnostic.clone().unwrap();
    assert_eq!(diagnostic.cache.unwrap().outcome, CacheOutcome::Hit);
    for used in diagnostic.certificates.values() {
        let der = STANDARD.decode(&used.der).unwrap();
        assert_eq!(Sha256::of(&[&der]), used.summary.sha256);
    }
    assert!(full.signatures[0].chain.iter().all(|one| diagnostic.certificates.contains_key(&one.sha256)));
    let list = diagnostic.lists.values().next().unwrap();
    assert_eq!(list.number.as_deref().map(|digits| digits.trim_start_matches('0')), Some("1"));
    assert!(list.said.values().all(|said| !said.listed) && list.said.len() == 2, "{list:?}");
    assert!(diagnostic.spent["signatures"].used > 3 && diagnostic.times.len() > 4);
    assert_eq!(full.reduced_to(Depth::Detailed).signatures, detailed.signatures, "nothing else differs");
    post(&verifier, "/v1/verifications?depth=deep", OFD, &document).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn evidence_along_counts_for_its_own_question_alone() {
    let office = Office::new();
    let gateway = start(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    let document = office.jws(&fields("2", 1));
    assert_eq!(post(&issuer, "/v1/licences", JOSE, &document).await.status, 201);
    let (file, list) = (STANDARD.encode(&document), STANDARD.encode(office.revoking_list(120)));
    let plain = json!({ "document": file, "format": "jws" });
    assert!(report(&ask(&verifier, "", &plain).await).verdict.is_passed());
    let revoked = json!({ "document": file, "evidence": { "crls": [list] } });
    let by_name = json!({ "identifier": identifier("2", 1), "evidence": { "crls": [list] } });
    let by_answer = json!({ "document": file, "evidence": { "ocsp": [STANDARD.encode(office.revoking_answer(120))] } });
    for question in [&revoked, &by_name, &by_answer] {
        for _ in 0..2 {
            let reply = ask(&verifier, "", question).await;
            assert_eq!(reply.header("licet-cache"), "bypass; age=0");
            let found = report(&reply);
            assert_eq!(serde_json::to_value(found.verdict).unwrap()["sub_indication"], "REVOKED", "{found:#?}");
            assert!(found.errors.iter().any(|check| check.id == "path.revocation"));
            assert!(found.advice.en.contains("revoked"), "{:?}", found.advice);
        }
        let reply = ask(&verifier, "", &plain).await;
        assert!(report(&reply).verdict.is_passed(), "what one was told is not told to others");
        assert!(reply.header("licet-cache").starts_with("hit"));
    }
    let forged = Office::new().revoking_list(120);
    let other = json!({ "document": file, "evidence": { "crls": [STANDARD.encode(&forged[..forged.len() - 1])] } });
    ask(&verifier, "", &other).await.is_problem(422, "bad-content");
}

#[tokio::test]
async fn questions_with_a_document_are_as_strict_as_others() {
    let office = Office::new();
    let gateway = start(&office).await;
    let verifier = gateway.verifier();
    let file = STANDARD.encode(office.jws(&fields("3", 1)));
    for (question, status, code) in [
        (json!({ "document": file, "format": "ofd" }), 415, "unsupported-media-type"),
        (json!({ "document": file, "format": "docx" }), 422, "bad-content"),
        (json!({ "document": file, "identifier": identifier("3", 1) }), 400, "bad-json"),
        (json!({ "identifier": identifier("3", 1), "format": "jws" }), 400, "bad-json"),
        (json!({ "certificates": [] }), 400, "bad-json"),
        (json!({ "document": "?" }), 400, "bad-json"),
        (json!({ "document": file, "certificates": ["AAAA"] }), 422, "bad-content"),
        (json!({ "document": file, "evidence": { "crls": ["AAAA"] } }), 422, "bad-content"),
        (json!({ "document": file, "evidence": { "ocsp": ["AAAA"] } }), 422, "bad-content"),
        (json!({ "document": file, "evidence": { "crl": [] } }), 400, "bad-json"),
        (json!({ "document": STANDARD.encode("garbage") }), 422, "malformed-document"),
    ] {
        ask(&verifier, "", &question).await.is_problem(status, code);
    }
    let list = STANDARD.encode(office.revoking_list(60));
    let many = json!({ "document": file, "evidence": { "crls": vec![list; 17] } });
    ask(&verifier, "", &many).await.is_problem(422, "bad-content");
    // A long one is read where tasks do not wait.
    let long = json!({ "document": STANDARD.encode(vec![b'x'; 1 << 20]) });
    ask(&verifier, "", &long).await.is_problem(422, "malformed-document");
}

/// Whether every name in the example stands at the same place in what was really said.
fn is_told(example: &Value, real: &Value, place: &str) {
    match (example, real) {
        (Value::Object(example), Value::Object(real)) => {
            for (name, value) in example {
                let place = format!("{place}.{name}");
                is_told(value, real.get(name).unwrap_or_else(|| panic!("there is no {place}")), &place);
            }
        }
        (Value::Array(example), Value::Array(real)) => {
            assert_eq!(example.len(), real.len(), "{place}");
            example.iter().zip(real).for_each(|(example, real)| is_told(example, real, place));
        }
        _ => assert_eq!(std::mem::discriminant(example), std::mem::discriminant(real), "{place}"),
    }
}

#[tokio::test]
async fn the_example_in_the_documentation_is_true() {
    let api = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/API.md")).unwrap();
    let (_, after) = api.split_once("A simple report on a licence that was revoked").unwrap();
    let (_, after) = after.split_once("```json").unwrap();
    let example: Value = serde_json::from_str(after.split_once("```").unwrap().0).unwrap();

    let office = Office::new();
    let gateway = start(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    assert_eq!(post(&issuer, "/v1/licences", JOSE, &office.jws(&fields("4", 1))).await.status, 201);
    let name = identifier("4", 1);
    let revoke = post_json(&format!("/v1/licences/{name}/status"), r#"{"operation": "revoke"}"#);
    assert_eq!(issuer.send(Http::One, revoke).await.status, 200);
    let real = ask(&verifier, "?depth=simple", &json!({ "identifier": name })).await.json();
    is_told(&example, &real, "report");
    for name in ["indication", "sub_indication", "advice", "depth", "format"] {
        assert_eq!(example[name], real[name], "{name}");
    }
    let names = |report: &Value| report.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&example), names(&real), "the example leaves nothing out");
}

/// The verdict on the only signature of a recorded licence half an hour later, when a later list has revoked its signer since.
async fn after_a_later_revocation(policy: &str) -> Report {
    let office = Office::new();
    let mut setup = office.trusted_by(Setup::new());
    setup.sections.push_str(policy);
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let document = office.jws(&fields("5", 1));
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, &document).await.status, 201);
    let list = RevocationList::from_der(&office.list(900, 600, Reason::Superseded)).unwrap();
    let evidence = Evidence { lists: vec![list], ..Evidence::default() };
    let inquiry = Inquiry {
        sha256: Sha256::of(&[&document]),
        document: Document::Given(document.into()),
        at: At::Now,
        now: gateway::clock::now().plus(1800),
        along: Some(Arc::new(Along { evidence, ..Along::default() })),
    };
    let judged = gateway.app.judge.judge(&inquiry, &gateway.app.trust.current()).unwrap();
    (*judged.report).clone()
}

#[tokio::test]
async fn the_record_proves_that_a_file_is_older_than_a_revocation() {
    let proven = after_a_later_revocation("").await;
    assert!(proven.verdict.is_passed(), "{proven:#?}");
    assert!(proven.signatures[0].proven_time.is_some());
    assert!(proven.warnings.iter().any(|check| check.id == "path.revocation"), "{:#?}", proven.warnings);
    let unproven = after_a_later_revocation("[policy]\nrecord_is_proof = false\n").await;
    assert_eq!(unproven.verdict, Verdict::indeterminate(SubIndication::RevokedNoPoe), "{unproven:#?}");
    assert_eq!(unproven.signatures[0].proven_time, None);
}
