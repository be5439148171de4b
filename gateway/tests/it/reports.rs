//! Reports over HTTPS: three depths, where a verdict came from, and evidence that comes with the question.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::report::{CacheOutcome, Depth, Report};
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
        assert_eq!(crypto::digest::Sha256::of(&[&der]), used.summary.sha256);
    }
    assert!(full.signatures[0].chain.iter().all(|one| diagnostic.certificates.contains_key(&one.sha256)));
    let list = diagnostic.lists.values().next().unwrap();
    assert_eq!(list.number.as_deref(), Some("01"));
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
    for question in [&revoked, &by_name] {
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
