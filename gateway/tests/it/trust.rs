//! Trust from files, read again while the gateway runs.

use serde_json::Value;

use crate::admin;
use crate::client::{Http, Reply, request};
use crate::licence_kit::{Office, fields};
use crate::started::{AUDITOR, Setup, Started, VERIFIER};

async fn start(office: &Office) -> (Started, std::path::PathBuf) {
    let mut setup = office.trusted_by(Setup::new());
    setup.sections.push_str("[policy]\nunrecorded = 'accept'\nname = 'tests'\nversion = 7\n");
    let path = setup.folder.path().to_owned();
    (setup.start_with(gateway::routes::TABLE).await, path)
}

async fn reload(gateway: &Started) -> Reply {
    gateway.operator().send(Http::Two, request("POST", "/v1/trust/reload", "", "")).await
}

async fn verdict(gateway: &Started, document: &[u8]) -> Value {
    let sent = request("POST", "/v1/verifications", "application/jose", document.to_vec());
    gateway.verifier().send(Http::Two, sent).await.json()["indication"].clone()
}

#[tokio::test]
async fn a_list_that_revokes_the_signer_counts_at_once_and_a_broken_one_changes_nothing() {
    let office = Office::new();
    let (gateway, folder) = start(&office).await;
    let document = office.jws(&fields("1", 1));
    assert_eq!(verdict(&gateway, &document).await, "TOTAL-PASSED");
    let first = gateway.operator().get("/v1/trust").await.json();
    assert_eq!(
        (&first["source"], &first["policy"]["version"], &first["stale"]),
        (&"configuration".into(), &7.into(), &false.into())
    );
    let unchanged = reload(&gateway).await;
    assert_eq!((unchanged.status.as_u16(), &unchanged.json()["generation"]), (200, &first["generation"]));

    std::fs::write(folder.join("root.crl"), office.revoking_list(80_000)).unwrap();
    assert_eq!(verdict(&gateway, &document).await, "TOTAL-PASSED", "not read yet");
    let changed = reload(&gateway).await;
    assert_eq!(changed.status, 200, "{}", String::from_utf8_lossy(&changed.body));
    assert_ne!(changed.json()["generation"], first["generation"]);
    assert_eq!(verdict(&gateway, &document).await, "TOTAL-FAILED");

    std::fs::write(folder.join("root.crl"), "no list").unwrap();
    for _ in 0..2 {
        let refused = reload(&gateway).await;
        refused.is_problem(409, "trust-not-reloaded");
        assert!(refused.json()["detail"].as_str().unwrap().contains("trust[0].crls[0]"), "{}", refused.json());
    }
    assert_eq!(verdict(&gateway, &document).await, "TOTAL-FAILED", "the last good one stays");
    let seen = gateway.operator().get("/v1/trust").await.json();
    assert_eq!(seen["generation"], changed.json()["generation"]);
    assert!(seen["last_error"].as_str().unwrap().contains("root.crl") && seen["last_error_at"].is_string(), "{seen}");
    assert!(seen["age_s"].as_i64().unwrap() >= 0);
    let others = gateway.caller(AUDITOR).get("/v1/trust").await.json();
    assert!(others["last_error_at"].is_string() && others.get("last_error").is_none(), "names of files are for operators");
    let ready = admin::ask(&gateway, "GET /ready").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && ready.contains("trust: not read again since"), "{ready}");
    let metrics = admin::ask(&gateway, "GET /metrics").await;
    for line in [
        "licet_trust_reload_failures_total 2",
        "licet_trust_generations_total 1",
        "licet_trust_version 7",
        "licet_trust_age_seconds ",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }

    std::fs::write(folder.join("root.crl"), office.revoking_list(80_000)).unwrap();
    let mended = reload(&gateway).await.json();
    assert!(mended.get("last_error_at").is_none() && mended["generation"] == seen["generation"], "{mended}");
}

#[tokio::test]
async fn only_operators_may_reload() {
    let (gateway, _) = start(&Office::new()).await;
    for uri in [VERIFIER, AUDITOR] {
        let sent = request("POST", "/v1/trust/reload", "", "");
        gateway.caller(uri).send(Http::One, sent).await.is_problem(403, "role-required");
    }
}
