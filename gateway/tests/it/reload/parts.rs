//! Every part of a configuration, changed under connections that last.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::issue::KeyType;
use gateway::reload::Outcome;
use gateway::{shutdown, telemetry};
use serde_json::{Value, json};

use super::{again, edit};
use crate::admin;
use crate::client::{BOTH, Http, get, post_json, request};
use crate::licence_kit::{Office, fields, identifier};
use crate::lookup_kit::{CIVIL, CONSUMER, City, ITEM, PEOPLE, ask, source, start_over, subject};
use crate::started::{ISSUER, Setup, VERIFIER, memory};
use crate::traces::collector;

#[tokio::test]
async fn a_caller_has_its_new_roles_with_its_next_request() {
    let gateway = Setup::new().start().await;
    for http in BOTH {
        let mut connection = gateway.verifier().connect(http).await;
        connection.send(get("/operators")).await.unwrap().is_problem(403, "role-required");
        edit(&gateway, "roles = ['verifier']", "roles = ['operator']");
        let done = again(&gateway).await.unwrap();
        assert_eq!(done.outcome, Outcome::InForce);
        assert_eq!(done.difference.about().collect::<Vec<_>>(), ["callers[approval].roles"]);
        assert_eq!(connection.send(get("/operators")).await.unwrap().status, 200);
        edit(&gateway, "name = 'approval'", "name = 'assessment'");
        again(&gateway).await.unwrap();
        assert_eq!(connection.send(get("/whoami")).await.unwrap().json()["name"], "assessment");
        edit(&gateway, &format!("'uri:{VERIFIER}'"), "'uri:urn:test:gone'");
        again(&gateway).await.unwrap();
        connection.send(get("/whoami")).await.unwrap().is_problem(403, "unknown-caller");
        for (new, old) in [
            ("'uri:urn:test:gone'", format!("'uri:{VERIFIER}'")),
            ("name = 'assessment'", "name = 'approval'".to_owned()),
            ("roles = ['operator']", "roles = ['verifier']".to_owned()),
        ] {
            edit(&gateway, new, &old);
        }
        again(&gateway).await.unwrap();
    }
    let metrics = admin::ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_configuration_generation 8\n"), "{metrics}");
    assert!(metrics.contains("licet_reloads_total{outcome=\"in-force\"} 8\n"), "{metrics}");
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(gateway.live.current().generation, 8);
}

#[tokio::test]
async fn limits_hold_from_the_next_request_on() {
    let gateway = Setup::new().with("body_bytes_max = 4096").start().await;
    let file = || request("POST", "/files", "application/octet-stream", vec![7; 3000]);
    let mut connection = gateway.verifier().connect(Http::Two).await;
    assert_eq!(connection.send(file()).await.unwrap().status, 200);
    edit(&gateway, "body_bytes_max = 4096", "body_bytes_max = 2048");
    again(&gateway).await.unwrap();
    connection.send(file()).await.unwrap().is_problem(413, "content-too-large");
    edit(&gateway, "[admin]", "[limits]\ncaller_requests_per_s = 1\n[admin]");
    again(&gateway).await.unwrap();
    let mut limited = 0;
    for _ in 0..50 {
        let reply = connection.send(get("/whoami")).await.unwrap();
        if reply.status != 200 {
            reply.is_problem(429, "rate-limited");
            limited += 1;
        }
    }
    assert!(limited > 0);
    edit(&gateway, "[limits]\ncaller_requests_per_s = 1\n[admin]", "[admin]");
    again(&gateway).await.unwrap();
    for _ in 0..50 {
        assert_eq!(connection.send(get("/whoami")).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn rules_and_evidence_of_trust_are_those_of_the_configuration() {
    let office = Office::new();
    let mut setup = office.trusted_by(Setup::new());
    setup.sections.push_str("[policy]\nunrecorded = 'accept'\nversion = 7\n");
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let document = office.jws(&fields("1", 1));
    let verdict = async || {
        let sent = request("POST", "/v1/verifications", "application/jose", document.clone());
        gateway.verifier().send(Http::Two, sent).await.json()["indication"].clone()
    };
    assert_eq!(verdict().await, "TOTAL-PASSED");
    // What verdicts depend on besides trust: those that are kept are of the configuration before.
    edit(&gateway, "unrecorded = 'accept'", "unrecorded = 'indeterminate'");
    again(&gateway).await.unwrap();
    assert_eq!(verdict().await, "INDETERMINATE");
    edit(&gateway, "unrecorded = 'indeterminate'", "unrecorded = 'accept'");
    edit(&gateway, "version = 7", "version = 8");
    again(&gateway).await.unwrap();
    assert_eq!(verdict().await, "TOTAL-PASSED");
    let trust = async || gateway.operator().get("/v1/trust").await.json();
    assert_eq!(trust().await["policy"]["version"], 8);

    std::fs::write(gateway.folder.path().join("root.crl"), office.revoking_list(80_000)).unwrap();
    let done = again(&gateway).await.unwrap();
    assert!(done.difference.same, "{:?}", done.difference);
    assert_eq!((done.outcome, done.files), (Outcome::InForce, vec!["trust".to_owned()]));
    assert_eq!(verdict().await, "TOTAL-FAILED");
    let asked = gateway.operator().send(Http::Two, request("POST", "/v1/trust/reload", "", "")).await;
    assert_eq!((asked.status.as_u16(), asked.json()["policy"]["version"].clone()), (200, json!(8)));
}

#[tokio::test]
async fn traces_go_where_the_configuration_says() {
    let gateway = Setup::new().start().await;
    let (trigger, shutdown) = shutdown::channel();
    let sending = tokio::spawn(telemetry::run(Arc::clone(&gateway.live), shutdown));
    let ((one, mut at_one), (two, mut at_two)) = (collector().await, collector().await);
    let asked = async || assert_eq!(gateway.verifier().get("/whoami").await.status, 200);

    let section = |url: &str| format!("[telemetry]\nurl = '{url}'\nevery_ms = 5\nsample_permille = 1000\n[admin]");
    let (one, two) = (section(&one.url("/v1/traces")), section(&two.url("/v1/traces")));
    edit(&gateway, "[admin]", &one);
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::InForce);
    asked().await;
    assert!(at_one.recv().await.is_some());
    edit(&gateway, &one, &two);
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::InForce);
    asked().await;
    assert!(at_two.recv().await.is_some());
    // What has not changed is not made anew, and a file that cannot be read leaves all as it is.
    edit(&gateway, "roles = ['verifier']", "roles = ['verifier', 'operator']");
    let before = gateway.live.current().telemetry.tracing().unwrap();
    again(&gateway).await.unwrap();
    assert!(Arc::ptr_eq(&before, &gateway.live.current().telemetry.tracing().unwrap()));
    edit(&gateway, "sample_permille = 1000", "sample_permille = 1000\ntls_anchors = ['none.pem']");
    assert!(again(&gateway).await.unwrap_err().to_string().contains("telemetry.tls_anchors"));

    let bad = two.replace("sample_permille = 1000", "sample_permille = 1000\ntls_anchors = ['none.pem']");
    edit(&gateway, &bad, "[admin]");
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::InForce);
    asked().await;
    trigger.stop();
    sending.await.unwrap();
    assert!(at_one.try_recv().is_err() && at_two.try_recv().is_err(), "each was told of one request");
}

#[tokio::test]
async fn the_limit_of_memory_is_followed() {
    let gateway = Setup::new().start().await;
    let limit = async || {
        let metrics = admin::ask(&gateway, "GET /metrics").await;
        metrics.lines().find_map(|line| line.strip_prefix("licet_memory_bytes{what=\"limit\"} ").map(str::to_owned)).unwrap()
    };
    assert_eq!(limit().await, "0");
    edit(&gateway, "[admin]", "[memory]\nmax_mib = 1048576\n[admin]");
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::InForce);
    assert_eq!(limit().await, (1_u64 << 40).to_string());
    edit(&gateway, "max_mib = 1048576", "max_mib = 100");
    assert!(again(&gateway).await.unwrap_err().to_string().contains("memory.max_mib: is less than"));
    assert_eq!(limit().await, (1_u64 << 40).to_string());
}

/// The certificate with which a list is signed.
fn signed_with(list: &[u8]) -> Value {
    let header = std::str::from_utf8(list).unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["x5c"][0].clone()
}

#[tokio::test]
async fn lists_are_signed_with_the_new_key_and_miss_no_change() {
    const LIST: &str = "/v1/status-lists/0";
    let office = Office::new();
    let setup = office.published_by(office.trusted_by(Setup::new()), KeyType::P256);
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let document = office.jws(&fields("1", 1));
    let sent = request("POST", "/v1/licences", "application/octet-stream", document);
    assert_eq!(gateway.caller(ISSUER).send(Http::Two, sent).await.status, 201);
    let first = gateway.verifier().get(LIST).await.body;
    assert_eq!(gateway.verifier().get(LIST).await.body, first, "it is kept");

    // The files are new, and their names are what they were.
    let renewed = Setup::new();
    let renewed = office.published_by(renewed, KeyType::Ed25519);
    for name in ["gateway.key", "gateway.pem"] {
        std::fs::copy(renewed.folder.path().join(name), gateway.folder.path().join(name)).unwrap();
    }
    let before = gateway.live.current();
    let done = again(&gateway).await.unwrap();
    assert_eq!((done.difference.same, done.files), (true, vec!["signing".to_owned()]));
    let second = gateway.verifier().get(LIST).await.body;
    assert_ne!(signed_with(&second), signed_with(&first));

    // A request that began before goes on with what was in force, and what it changes is in the lists of now.
    before.judge.status_lists.as_ref().unwrap().changed(&identifier("1", 1));
    let revoked =
        post_json(&format!("/v1/licences/{}/status", identifier("1", 1)), &json!({ "operation": "revoke" }).to_string());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, revoked).await.status, 200);
    let third = gateway.verifier().get(LIST).await.body;
    assert_eq!(signed_with(&third), signed_with(&second));
    assert_ne!(third, second);
}

#[tokio::test]
async fn a_source_that_is_as_it_was_keeps_what_is_known_of_it() {
    let (city, other) = (City::start().await, City::start().await);
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let order = json!({ "subject": subject(), "item": ITEM, "resources": [PEOPLE, CIVIL] });
    let look_up = async || {
        let answer = ask(&consumer, "/v1/lookups", &order, 4_900).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let answer = answer.json();
        assert!([PEOPLE, CIVIL].iter().all(|resource| source(&answer, resource)["state"] == "answered"), "{answer:#}");
    };
    let known = async || {
        let view = gateway.operator().get("/v1/supervision").await.json();
        let rows = view["sources"].as_array().unwrap().iter();
        let known = rows.filter(|row| row.get("p50_ms").is_some()).map(|row| row["name"].as_str().unwrap().to_owned());
        known.collect::<Vec<_>>()
    };
    // So many answers there must be before anything is said about them.
    for _ in 0..20 {
        look_up().await;
    }
    assert_eq!(known().await, ["civil", "police"]);
    assert_eq!((city.police.seen().len(), city.civil.seen().len()), (20, 20));

    let (from, to) = (city.police.url(), other.police.url());
    edit(&gateway, &from, &to);
    again(&gateway).await.unwrap();
    assert_eq!(known().await, ["civil"], "of the new one nothing is known yet");
    look_up().await;
    assert_eq!((city.police.seen().len(), other.police.seen().len()), (20, 1));
    assert_eq!((city.civil.seen().len(), other.civil.seen().len()), (21, 0));
}
