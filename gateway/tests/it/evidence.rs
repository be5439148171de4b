//! Receipts and evidence bundles: made by a gateway, checked years later by a command that has nothing else.

use std::path::PathBuf;
use std::process::{Command, Output};

use crypto::bundle::{Bundle, Receipt};
use crypto::digest::{Sha256, sm3, to_hex};
use crypto::issue::KeyType;
use crypto::record::{EventKind, Facts, LogName, Opening, Part};
use crypto::report::Report;
use serde_json::{Value, json};

use crate::client::{Http, Reply, post_json, request};
use crate::licence_kit::{HOLDER, Office, fields, identifier};
use crate::pki::Folder;
use crate::started::{AUDITOR, ISSUER, Setup, Started};

const OFD: &str = "application/ofd";
const LATER: &str = "2046-01-01T00:00:00Z";

/// A gateway that signs, with the office's seal on file and one licence on record.
async fn start(office: &Office) -> (Started, Vec<u8>) {
    let setup = office.published_by(office.trusted_by(Setup::new()), KeyType::P256);
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let seal = request("POST", "/v1/seals", "application/octet-stream", office.seal());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, seal).await.status, 201);
    let document = office.ofd(&fields("1", 1));
    let licence = request("POST", "/v1/licences", OFD, document.clone());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, licence).await.status, 201);
    (gateway, document)
}

async fn post(gateway: &Started, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
    gateway.verifier().send(Http::Two, request("POST", path, content_type, body)).await
}

async fn bundle(gateway: &Started, path: &str, document: &[u8]) -> Vec<u8> {
    let reply = post(gateway, path, OFD, document.to_vec()).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.header("content-type"), "application/vnd.licet.evidence+json");
    reply.body.to_vec()
}

/// The command, in a folder of its own.
struct Desk(Folder);

impl Desk {
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        self.0.write(name, bytes)
    }

    fn verify(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_licet"))
            .current_dir(self.0.path())
            .args(["evidence", "verify", "--time", LATER])
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    }
}

async fn log_key(gateway: &Started) -> String {
    let logs = gateway.verifier().get("/v1/logs").await.json();
    logs["logs"][0]["shards"][0]["keys"][0].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_receipt_is_on_record_before_it_is_given() {
    let office = Office::new();
    let (gateway, document) = start(&office).await;
    let plain = post(&gateway, "/v1/verifications", OFD, document.clone()).await.json();
    assert_eq!((plain.get("receipt"), plain.get("recorded")), (None, None));
    let body = json!({ "identifier": identifier("1", 1) }).to_string().into_bytes();
    let digest = json!({ "digest": { "algorithm": "SM3", "value": to_hex(&sm3(&[&document])) } }).to_string().into_bytes();
    for (content_type, body) in [(OFD, document.clone()), ("application/json", body), ("application/json", digest)] {
        let answer = post(&gateway, "/v1/verifications?receipt=true&depth=simple", content_type, body).await.json();
        let report: Report = serde_json::from_value(answer.clone()).unwrap();
        let text = answer["receipt"].as_str().unwrap();
        let (receipt, signer) = Receipt::read(text).unwrap();
        assert_eq!((receipt.verdict(), receipt.at), (report.verdict, report.validation_time));
        assert_eq!(receipt.trust_generation, report.trust_generation);
        assert_eq!(receipt.document.sha256, Some(Sha256::of(&[&document])));
        assert_eq!(receipt.document.sm3, Some(to_hex(&sm3(&[&document]))));
        assert!(signer.subject().to_string().contains("gateway"));
        let number = answer["recorded"]["number"].as_u64().unwrap();
        let opening = gateway.app.store().logs().record(LogName::Seal, number).unwrap().unwrap();
        let facts: Facts = opening.read(Opening::FACTS).unwrap();
        assert_eq!(facts.event, EventKind::DocumentVerify);
        assert_eq!(facts.details["receipt"], json!(Sha256::of(&[text.as_bytes()])));
        assert_eq!(answer["recorded"]["entry"], json!(opening.entry()));
        // One request, one record.
        assert_eq!(gateway.app.store().logs().size(LogName::Seal).unwrap(), number + 1);
    }
    post(&gateway, "/v1/verifications?receipt=maybe", OFD, document).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn a_gateway_without_a_key_gives_none() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let document = office.jws(&fields("1", 1));
    for path in ["/v1/verifications?receipt=true", "/v1/evidence"] {
        post(&gateway, path, "application/jose", document.clone()).await.is_problem(409, "signing-not-configured");
    }
}

#[tokio::test]
async fn evidence_is_checked_years_later_with_nothing_else() {
    let office = Office::new();
    let (gateway, document) = start(&office).await;
    let bytes = bundle(&gateway, "/v1/evidence", &document).await;
    let read = Bundle::parse(&bytes).unwrap();
    assert_eq!((read.material.lists.len(), read.material.seals.len()), (1, 1));
    assert!(read.material.known_since.is_some() && read.material.left_out().is_empty());
    let open = |part: &Part| part.text().is_some();
    assert_eq!(read.record.parts.iter().filter(|part| open(part)).count(), 2, "stamp and facts alone");

    let desk = Desk(Folder::new());
    desk.put("licence.evidence", &bytes);
    desk.put("root.pem", crypto::issue::pem::encode("CERTIFICATE", office.root()));
    desk.put("other.pem", crypto::issue::pem::encode("CERTIFICATE", office.maker()));
    let key = log_key(&gateway).await;
    let (status, said) = desk.verify(&["licence.evidence", "--log-key", &key, "--anchor", "root.pem"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("GOOD: every step holds.") && said.contains("TOTAL-PASSED") && !said.contains("FAIL"), "{said}");
    let (status, said) = desk.verify(&["licence.evidence", "--lang", "zh"]);
    assert!(status == Some(0) && said.contains("未指定可信日志密钥"), "{said}");
    assert!(said.lines().next_back().is_some_and(|last| last.contains("--log-key") && last.contains("--anchor")), "{said}");
    let (_, said) = desk.verify(&["licence.evidence", "--log-key", &key]);
    let last = said.lines().next_back().unwrap();
    assert!(last.starts_with("GOOD IN ITSELF") && last.contains("--anchor") && !last.contains("--log-key"), "{said}");
    let (status, said) = desk.verify(&["licence.evidence", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, &said["good"], &said["report"]["indication"]), (Some(0), &json!(true), &json!("TOTAL-PASSED")));

    let stranger = "licet.test.example+e0bcc9ce+AQbE4Jj9Bh5GFNPkHfXpVVfkyXnQXjHhVvYQm9C0Nfxq";
    assert_eq!(desk.verify(&["licence.evidence", "--log-key", stranger]).0, Some(64), "no key");
    assert_eq!(desk.verify(&["licence.evidence", "--anchor", "other.pem"]).0, Some(1));
    desk.put("policy.txt", format!("log {key}\nquorum none\n"));
    assert_eq!(desk.verify(&["licence.evidence", "--policy", "policy.txt"]).0, Some(0));
    desk.put("policy.txt", "quorum everybody\n");
    assert_eq!(desk.verify(&["licence.evidence", "--policy", "policy.txt"]).0, Some(64));
    assert_eq!(desk.verify(&["nowhere"]).0, Some(66));
    assert_eq!(desk.verify(&[]).0, Some(64));

    let mut pretty = serde_json::to_string_pretty(&serde_json::from_slice::<Value>(&bytes).unwrap()).unwrap();
    desk.put("pretty", &pretty);
    assert_eq!(desk.verify(&["pretty"]).0, Some(1), "members in another order");
    pretty = String::from_utf8(bytes).unwrap().replace("\",\"", "\",\n\"");
    desk.put("spaced", &pretty);
    assert_eq!(desk.verify(&["spaced"]).0, Some(0), "white space between members");
    desk.put("changed", pretty.replacen("\"first\":0", "\"first\":1", 1));
    let (status, said) = desk.verify(&["changed"]);
    assert!(status == Some(1) && said.contains("FAIL  log.entry"), "{said}");
}

#[tokio::test]
async fn evidence_by_identifier_without_the_document_and_of_what_was_revoked() {
    let office = Office::new();
    let (gateway, document) = start(&office).await;
    let desk = Desk(Folder::new());
    desk.put("licence.ofd", &document);
    let digest = bundle(&gateway, "/v1/evidence?document=digest", &document).await;
    assert!(!String::from_utf8_lossy(&digest).contains(HOLDER));
    desk.put("digest", digest);
    let (status, said) = desk.verify(&["digest"]);
    assert!(status == Some(0) && said.contains("note  document.digest"), "{said}");
    let (status, said) = desk.verify(&["digest", "--document", "licence.ofd"]);
    assert!(status == Some(0) && said.contains("ok    document.verdict"), "{said}");
    assert_eq!(desk.verify(&["digest", "--document", "digest"]).0, Some(1));
    post(&gateway, "/v1/evidence?document=half", OFD, document.clone()).await.is_problem(400, "bad-parameter");

    let path = format!("/v1/licences/{}/status", identifier("1", 1));
    let body = json!({ "operation": "revoke" }).to_string();
    assert_eq!(gateway.caller(ISSUER).send(Http::One, post_json(&path, &body)).await.status, 200);
    let asked = json!({ "identifier": identifier("1", 1), "require": "logged-use" }).to_string();
    let reply = gateway.caller(AUDITOR).send(Http::Two, post_json("/v1/evidence", &asked)).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    desk.put("revoked", &reply.body);
    let (status, said) = desk.verify(&["revoked"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("TOTAL-FAILED, REVOKED") && said.contains("seal.use-logged"), "{said}");
    post(&gateway, "/v1/evidence", "application/octet-stream", b"no document".to_vec())
        .await
        .is_problem(422, "malformed-document");
}
