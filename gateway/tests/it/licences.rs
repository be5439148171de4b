//! The life of licences over HTTPS: handed in, verified, changed, found; and what is refused on the way.

use crypto::digest::{Sha256, sm3, to_hex};
use crypto::issue::zip::{ZipEntry, write};
use gateway::cache::At;
use gateway::verdict::{Document, Inquiry};
use serde_json::{Value, json};

use crate::client::{BOTH, Client, Http, Reply, get, post_json, request};
use crate::licence_kit::{HOLDER, Office, fields, identifier};
use crate::started::{AUDITOR, ISSUER, OTHER_ISSUER, Setup, Started};

const OFD: &str = "application/ofd";
const JOSE: &str = "application/jose";

async fn start(office: &Office) -> Started {
    office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await
}

async fn post(client: &Client, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
    client.send(Http::Two, request("POST", path, content_type, body)).await
}

async fn ask(client: &Client, question: &Value) -> Reply {
    client.send(Http::One, post_json("/v1/verifications", &question.to_string())).await
}

#[track_caller]
fn says(reply: &Reply, indication: &str) {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.json()["indication"], indication, "{}", serde_json::to_string_pretty(&reply.json()).unwrap());
}

#[tokio::test]
async fn handed_in_verified_revoked_and_never_valid_again() {
    let office = Office::new();
    let gateway = start(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    let document = office.ofd(&fields("1", 1));
    let name = identifier("1", 1).to_string();

    says(&post(&verifier, "/v1/verifications", OFD, document.clone()).await, "INDETERMINATE");
    let created = post(&issuer, "/v1/licences", OFD, document.clone()).await;
    assert_eq!(created.status, 201, "{}", String::from_utf8_lossy(&created.body));
    assert_eq!(created.header("location"), format!("/v1/licences/{name}"));
    assert_eq!(created.json()["status"], "valid");
    assert_eq!(post(&issuer, "/v1/licences", OFD, document.clone()).await.status, 200);

    let by_name = json!({ "identifier": name });
    for question in [
        &by_name,
        &json!({ "digest": { "algorithm": "SHA-256", "value": Sha256::of(&[&document]) } }),
        &json!({ "digest": { "algorithm": "SM3", "value": to_hex(&sm3(&[&document])) } }),
    ] {
        says(&ask(&verifier, question).await, "TOTAL-PASSED");
    }
    says(&post(&verifier, "/v1/verifications?depth=simple", OFD, document.clone()).await, "TOTAL-PASSED");

    let revoke = json!({ "operation": "revoke", "reason": "obtained by deceit" }).to_string();
    let status = format!("/v1/licences/{name}/status");
    let askers = keep_asking(&verifier, &by_name, &document);
    let reply = issuer.send(Http::One, post_json(&status, &revoke)).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["status"]), (200, &json!("revoked")));
    // From here on nobody who asks may be told anything else.
    let after = keep_asking(&verifier, &by_name, &document);
    for asker in after {
        asker.await.unwrap().iter().for_each(|reply| says(reply, "TOTAL-FAILED"));
    }
    for asker in askers {
        let replies = asker.await.unwrap();
        let verdicts: Vec<_> = replies.iter().map(|reply| reply.json()["indication"] == "TOTAL-FAILED").collect();
        assert!(verdicts.is_sorted(), "once failed, always failed: {verdicts:?}");
    }
    let before = json!({ "identifier": name, "at": gateway::clock::now().plus(-30) });
    says(&ask(&verifier, &before).await, "TOTAL-PASSED");
    issuer.send(Http::One, post_json(&status, &revoke)).await.is_problem(409, "illegal-transition");
    assert!(!String::from_utf8_lossy(&ask(&verifier, &by_name).await.body).contains("deceit"), "reasons stay on record");
}

/// 32 askers by identifier and 32 by file, several times each.
fn keep_asking(verifier: &Client, by_name: &Value, document: &[u8]) -> Vec<tokio::task::JoinHandle<Vec<Reply>>> {
    let one = |index: usize| {
        let (client, question, document) = (verifier.clone(), by_name.to_string(), document.to_vec());
        tokio::spawn(async move {
            let mut connection = client.connect(BOTH[index / 2 % 2]).await;
            let mut replies = Vec::new();
            for _ in 0..4 {
                let request = match index % 2 {
                    0 => post_json("/v1/verifications", &question),
                    _ => request("POST", "/v1/verifications", OFD, document.clone()),
                };
                replies.push(connection.send(request).await.unwrap());
            }
            replies
        })
    };
    (0..64).map(one).collect()
}

#[tokio::test]
async fn read_back_as_it_came() {
    let office = Office::new();
    let gateway = start(&office).await;
    let document = office.jws(&fields("2", 1));
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, document.clone()).await.status, 201);
    let path = format!("/v1/licences/{}", identifier("2", 1));
    for caller in [gateway.verifier(), gateway.caller(ISSUER), gateway.caller(AUDITOR)] {
        let view = caller.get(&path).await.json();
        assert_eq!(view["record"]["metadata"]["holders"][0]["name"], "某甲");
        let file = caller.get(&format!("{path}/file")).await;
        assert_eq!((file.header("content-type"), &file.body[..]), (JOSE, &document[..]));
        let mut again = get(&format!("{path}/file"));
        again.headers_mut().insert("if-none-match", file.headers["etag"].clone());
        let again = caller.send(Http::One, again).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        // RFC 9110 8.6: no length but that of the file.
        assert_eq!((again.header("content-length"), again.header("etag")), ("", file.header("etag")));
        let mut any = get(&format!("{path}/file"));
        any.headers_mut().insert("if-none-match", "*".parse().unwrap());
        assert_eq!(caller.send(Http::One, any).await.status, 304);
    }
    gateway.verifier().get(&format!("/v1/licences/{}", identifier("3", 1))).await.is_problem(404, "licence-not-found");
    gateway.verifier().get("/v1/licences/1.2.3").await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn versions_follow_each_other() {
    let office = Office::new();
    let gateway = start(&office).await;
    let issuer = gateway.caller(ISSUER);
    let hand_in = async |serial, version, path| post(&issuer, path, JOSE, office.jws(&fields(serial, version))).await;
    hand_in("4", 2, "/v1/licences").await.is_problem(409, "version-gap");
    assert_eq!(hand_in("4", 1, "/v1/licences?operation=issue").await.status, 201);
    let ask = async |version| ask(&gateway.verifier(), &json!({ "identifier": identifier("4", version) })).await;
    says(&ask(1).await, "TOTAL-PASSED");
    assert_eq!(hand_in("4", 2, "/v1/licences?operation=extend").await.status, 201);
    says(&ask(1).await, "TOTAL-FAILED");
    says(&ask(2).await, "TOTAL-PASSED");
    let mut other = fields("4", 2);
    other.insert("ZZBH".to_owned(), "JY2".to_owned());
    post(&issuer, "/v1/licences", JOSE, office.jws(&other)).await.is_problem(409, "licence-exists");
    hand_in("4", 3, "/v1/licences?operation=revoke").await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn a_clock_set_back_brings_no_licence_back() {
    let office = Office::new();
    let gateway = start(&office).await;
    let issuer = gateway.caller(ISSUER);
    let document = office.jws(&fields("10", 1));
    assert_eq!(post(&issuer, "/v1/licences", JOSE, document.clone()).await.status, 201);
    let revoke = post_json(&format!("/v1/licences/{}/status", identifier("10", 1)), r#"{"operation": "revoke"}"#);
    assert_eq!(issuer.send(Http::One, revoke).await.status, 200);
    let (now, trust) = (gateway::clock::now(), gateway.app.trust.current());
    let sha256 = Sha256::of(&[&document]);
    let judge = |document: &Document, at, now| {
        let inquiry = Inquiry { document: document.clone(), sha256, at, now, along: None };
        let judged = gateway.app.judge.judge(&inquiry, &trust).unwrap();
        judged.report.verdict.indication.name()
    };
    for document in [Document::Given(document.into()), Document::OnRecord(identifier("10", 1))] {
        assert_eq!(judge(&document, At::Now, now), "TOTAL-FAILED");
        assert_eq!(judge(&document, At::Now, now.plus(-30)), "TOTAL-FAILED");
        assert_eq!(judge(&document, At::Moment(now.plus(-30)), now), "TOTAL-PASSED");
    }
}

#[tokio::test]
async fn many_askers_about_one_licence_take_one_place() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new().with("workers_max = 1\nqueue_max = 1")).start_with(gateway::routes::TABLE).await;
    let document = office.ofd(&fields("11", 1));
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", OFD, document).await.status, 201);
    let question = json!({ "identifier": identifier("11", 1) }).to_string();
    let mut connections = Vec::new();
    for _ in 0..32 {
        connections.push(gateway.verifier().connect(Http::Two).await);
    }
    let mut asked = tokio::task::JoinSet::new();
    for mut connection in connections {
        let question = post_json("/v1/verifications", &question);
        asked.spawn(async move { connection.send(question).await });
    }
    for reply in asked.join_all().await {
        says(&reply.unwrap(), "TOTAL-PASSED");
    }
}

#[tokio::test]
async fn what_does_not_verify_is_refused_with_its_report() {
    let office = Office::new();
    let gateway = start(&office).await;
    let issuer = gateway.caller(ISSUER);
    let mut tampered = office.jws(&fields("5", 1));
    let last = tampered.len() - 10;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    let reply = post(&issuer, "/v1/licences", JOSE, tampered.clone()).await;
    reply.is_problem(422, "not-verified");
    assert_eq!(reply.json()["report"]["indication"], "TOTAL-FAILED");
    says(&post(&gateway.verifier(), "/v1/verifications", JOSE, tampered).await, "TOTAL-FAILED");
    for garbage in [&b""[..], b"garbage", b"PK\x03\x04", &[0x30, 0x80]] {
        let reply = post(&gateway.verifier(), "/v1/verifications", "application/octet-stream", garbage.to_vec()).await;
        reply.is_problem(422, "malformed-document");
        post(&issuer, "/v1/licences", "application/octet-stream", garbage.to_vec()).await.is_problem(422, "not-verified");
    }
    post(&issuer, "/v1/licences", OFD, office.jws(&fields("5", 1))).await.is_problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn hostile_archives_are_refused_and_nothing_else_suffers() {
    let office = Office::new();
    let gateway = start(&office).await;
    let bomb = write(&[ZipEntry::new("OFD.xml", &vec![b' '; 128 << 20])]);
    let gigabyte = write(&[ZipEntry::new("OFD.xml", &vec![b' '; 1 << 20]).claimed_size(1 << 30)]);
    let many: Vec<_> = (0..100_000).map(|number| ZipEntry::new(&format!("f{number}"), b"").stored()).collect();
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    for archive in [bomb, gigabyte, write(&many), write(&[ZipEntry::new("OFD.xml", deep.as_bytes())])] {
        assert!(archive.len() < 16 << 20);
        let reply = post(&gateway.caller(ISSUER), "/v1/licences", OFD, archive.clone()).await;
        reply.is_problem(422, "not-verified");
        assert_eq!(reply.json()["report"]["sub_indication"], "FORMAT_FAILURE");
        let reply = post(&gateway.verifier(), "/v1/verifications", OFD, archive).await;
        reply.is_problem(422, "malformed-document");
    }
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, office.jws(&fields("5", 2))).await.status, 409);
}

#[tokio::test]
async fn another_organisation_has_no_say() {
    let office = Office::new();
    let gateway = start(&office).await;
    let other = gateway.caller(OTHER_ISSUER);
    let document = office.jws(&fields("6", 1));
    post(&other, "/v1/licences", JOSE, document.clone()).await.is_problem(403, "other-organisation");
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, document.clone()).await.status, 201);
    let path = format!("/v1/licences/{}", identifier("6", 1));
    other.get(&path).await.is_problem(403, "other-organisation");
    other.get(&format!("{path}/file")).await.is_problem(403, "other-organisation");
    let change = post_json(&format!("{path}/status"), "{\"operation\": \"revoke\"}");
    other.send(Http::One, change.clone()).await.is_problem(403, "other-organisation");
    gateway.verifier().send(Http::One, change).await.is_problem(403, "role-required");
    ask(&other, &json!({ "identifier": identifier("6", 1) })).await.is_problem(403, "other-organisation");
    // Nor is it told that a file is on record elsewhere: the answer is that for a digest that nobody has.
    let digest = Sha256::of(&[&document]).to_string();
    for value in [digest, "00".repeat(32)] {
        let question = json!({ "digest": { "algorithm": "SHA-256", "value": value } });
        ask(&other, &question).await.is_problem(404, "licence-not-found");
    }
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, office.jws(&fields("5", 1))).await.status, 201);
    for (caller, found, more) in [(ISSUER, 1, true), (AUDITOR, 1, true), (OTHER_ISSUER, 0, false)] {
        let search = json!({ "holder": { "code_type": "111", "code": HOLDER }, "limit": 1 }).to_string();
        let reply = gateway.caller(caller).send(Http::One, post_json("/v1/licences/search", &search)).await;
        assert_eq!(reply.json()["licences"].as_array().unwrap().len(), found, "{caller}");
        // A cursor would tell that there is something.
        assert_eq!(reply.json().get("next").is_some(), more, "{caller}");
    }
}

#[tokio::test]
async fn found_by_holder_page_by_page() {
    let office = Office::new();
    let gateway = start(&office).await;
    for serial in ["7", "8", "9"] {
        assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, office.jws(&fields(serial, 1))).await.status, 201);
    }
    let search =
        async |question: Value| gateway.verifier().send(Http::One, post_json("/v1/licences/search", &question.to_string())).await;
    let holder = json!({ "code_type": "111", "code": HOLDER.to_lowercase() });
    let first = search(json!({ "holder": holder, "limit": 2 })).await.json();
    assert_eq!(first["licences"].as_array().unwrap().len(), 2);
    let second = search(json!({ "holder": holder, "limit": 2, "after": first["next"] })).await.json();
    assert_eq!(second["licences"].as_array().unwrap().len(), 1);
    assert!(second.get("next").is_none());
    let bad = search(json!({ "holder": { "code_type": "111", "code": "110105194912310021" } })).await;
    bad.is_problem(422, "bad-content");
    assert!(!String::from_utf8_lossy(&bad.body).contains("19491231"));
    search(json!({ "holder": holder, "limit": 0 })).await.is_problem(400, "bad-parameter");
    search(json!({ "holder": holder, "after": "zz" })).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn the_moment_in_the_query_counts_for_json_too() {
    let office = Office::new();
    let gateway = start(&office).await;
    assert_eq!(post(&gateway.caller(ISSUER), "/v1/licences", JOSE, office.jws(&fields("1", 1))).await.status, 201);
    let at = |path: &'static str, question: Value| {
        let verifier = gateway.verifier();
        async move { verifier.send(Http::One, post_json(path, &question.to_string())).await }
    };
    let name = identifier("1", 1);
    let reply = at("/v1/verifications?at=2020-01-01T00:00:00Z", json!({ "identifier": name })).await;
    assert_eq!(reply.json()["validation_time"], "2020-01-01T00:00:00Z");
    let twice = json!({ "identifier": name, "at": "2020-01-01T00:00:00Z" });
    at("/v1/verifications?at=2021-01-01T00:00:00Z", twice).await.is_problem(400, "bad-parameter");
    at("/v1/verifications?at=2999-01-01T00:00:00Z", json!({ "identifier": name })).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn questions_are_exact() {
    let office = Office::new();
    let gateway = start(&office).await;
    let verifier = gateway.verifier();
    ask(&verifier, &json!({})).await.is_problem(400, "bad-json");
    ask(&verifier, &json!({ "identifier": identifier("1", 1) })).await.is_problem(404, "licence-not-found");
    let short = json!({ "digest": { "algorithm": "SM3", "value": "00" } });
    ask(&verifier, &short).await.is_problem(422, "bad-content");
    let future = json!({ "identifier": identifier("1", 1), "at": gateway::clock::now().plus(100) });
    ask(&verifier, &future).await.is_problem(400, "bad-parameter");
    let mistyped = identifier("1", 1).to_string().replace(".001.", ".002.");
    let reply = ask(&verifier, &json!({ "identifier": mistyped })).await;
    reply.is_problem(422, "bad-content");
    assert!(reply.json()["detail"].as_str().unwrap().contains("check character"), "{:?}", reply.json());
    let reply = verifier.get(&format!("/v1/licences/{mistyped}")).await;
    reply.is_problem(400, "bad-parameter");
    assert!(reply.json()["detail"].as_str().unwrap().contains("check character"), "{:?}", reply.json());
    post(&verifier, "/v1/verifications?depth=deep", OFD, Vec::new()).await.is_problem(400, "bad-parameter");
    post(&verifier, "/v1/verifications?at=yesterday", OFD, Vec::new()).await.is_problem(400, "bad-parameter");
}
