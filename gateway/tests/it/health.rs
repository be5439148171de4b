//! What `/ready` tells, and maintenance.

use std::fs;
use std::sync::Arc;

use crypto::record::{EventKind, Facts, LogName, Opening};
use gateway::admin::{Sight, State, checks};
use serde_json::{Value, json};
use storage::log::{Order, Query};
use storage::{Keys, Options, Store};

use crate::admin::{ask, ask_at};
use crate::client::{Http, get, request};
use crate::crash::use_of;
use crate::faults::{marked, told};
use crate::licence_kit::{Office, fields, identifier};
use crate::process::{Process, Site};
use crate::started::{ISSUER, OPERATOR, Setup, VERIFIER};

#[tokio::test]
async fn every_check_is_told_with_its_page() {
    let gateway = Setup::new().start().await;
    let reply = ask(&gateway, "GET /ready").await;
    let body: Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&body["ready"], &body["state"], &body["reasons"]), (&json!(true), &json!("ready"), &json!([])), "{body}");
    let names: Vec<&str> = body["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, checks().iter().map(|check| check.name).collect::<Vec<_>>());
    for check in body["checks"].as_array().unwrap() {
        assert_eq!(check["state"], "ready", "{check}");
        assert!(check["since"].is_string() && check.get("reason").is_none(), "{check}");
        assert!(check["page"].as_str().unwrap().starts_with("docs/OPERATIONS.md#"), "{check}");
    }
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_certificate_expires_seconds{name=\"server.certificate\"} 51"), "60 days: {metrics}");
    for check in names {
        assert!(metrics.contains(&format!("licet_ready{{check=\"{check}\"}} 1")), "{check} in {metrics}");
    }
}

#[tokio::test]
async fn a_certificate_that_ends_is_told_of_in_time() {
    let gateway = Setup::new().start().await;
    let now = gateway::clock::now();
    for (days, state) in [(50, State::Ready), (55, State::Degraded), (61, State::NotReady)] {
        let now = now.plus(days * 86_400);
        let sight = Sight { app: Arc::clone(&gateway.app), now, at: gateway::clock::instant() };
        let report = gateway.app.condition.health.report(&sight, now, false).await;
        let check = report.checks.iter().find(|check| check.name == "certificates").unwrap();
        assert_eq!(check.state, state, "{days} {check:?}");
        assert!(state == State::Ready || check.reason.as_ref().unwrap().contains("server.certificate"), "{check:?}");
    }
}

fn maintenance(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let output = site.licet(&[&["maintenance"], arguments].concat());
    (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

async fn stopped(site: &Site, process: &Process, office: &Office) {
    let document = office.ofd(&fields("1", 1));
    let issuer = site.client(process, ISSUER);
    let refused = issuer.send(Http::One, request("POST", "/v1/licences", "application/ofd", document.clone())).await;
    refused.is_problem(503, "maintenance");
    let after: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&after), "{after}");
    issuer.send(Http::One, use_of("one")).await.is_problem(503, "maintenance");
    let verifier = site.client(process, VERIFIER);
    verifier.get(&format!("/v1/licences/{}", identifier("1", 1))).await.is_problem(503, "maintenance");
    // Verdicts, what is public, and operators go on.
    let verdict = verifier.send(Http::One, request("POST", "/v1/verifications", "application/ofd", document)).await;
    assert_eq!(marked(&verdict), (200, ""));
    for path in ["/v1/logs", "/v1/trust"] {
        assert_eq!(verifier.get(path).await.status, 200, "{path}");
    }
    let operator = site.client(process, OPERATOR);
    assert_eq!(operator.send(Http::One, request("POST", "/v1/trust/reload", "", "")).await.status, 200);
    let (status, check) = told(&ask_at(process.admin, "GET /ready").await, "maintenance");
    assert_eq!((status, &check["state"]), (503, &"maintenance".into()));
    assert!(check["reason"].as_str().unwrap().ends_with(": a new disk"), "{check}");
    assert!(ask_at(process.admin, "GET /live").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maintenance_stops_changes_and_look_ups_over_a_restart() {
    let office = Office::new();
    let site = Site::new(&office);
    assert_eq!(maintenance(&site, &["on"]).0, Some(1), "none runs");
    let process = site.start();
    let issuer = site.client(&process, ISSUER);
    let first = request("POST", "/v1/licences", "application/ofd", office.ofd(&fields("1", 1)));
    assert_eq!(issuer.send(Http::One, first).await.status, 201);
    for wrong in [&["on", "--reason", "for 110101199003070070"][..], &["on", "--for", "0"], &["off", "--for", "5"], &["up"]] {
        let (code, said) = maintenance(&site, wrong);
        assert!(code.is_some_and(|code| code > 0), "{said}");
    }
    assert_eq!(maintenance(&site, &[]), (Some(0), "changes and look-ups are let in\n".to_owned()));

    let (code, said) = maintenance(&site, &["on", "--reason", "a new disk", "--for", "600"]);
    assert!(code == Some(0) && said.contains("are stopped since") && said.contains(": a new disk"), "{said}");
    stopped(&site, &process, &office).await;
    drop(process.terminate());

    let process = site.start();
    stopped(&site, &process, &office).await;
    assert_eq!(maintenance(&site, &["off"]), (Some(0), "changes and look-ups are let in\n".to_owned()));
    let verifier = site.client(&process, VERIFIER);
    assert_eq!(verifier.send(Http::One, get(&format!("/v1/licences/{}", identifier("1", 1)))).await.status, 200);
    assert!(ask_at(process.admin, "GET /ready").await.starts_with("HTTP/1.1 200 "));
    drop(process.terminate());

    let folder = site.folder.path();
    let keys = Keys::load_files(&folder.join("value.key"), &folder.join("index.key")).unwrap();
    let store = Store::inspect(&folder.join("data"), &keys, &Options::default()).unwrap();
    let query = Query { event: Some(EventKind::Maintenance), ..Query::default() };
    let hits = store.logs().search(LogName::Access, &query, Order::OldestFirst, None, 9).unwrap();
    let states: Vec<Value> = hits
        .rows
        .iter()
        .map(|row| {
            let facts: Facts = row.opening.read(Opening::FACTS).unwrap();
            assert!(facts.details["by"].is_u64(), "{facts:?}");
            facts.details["state"].clone()
        })
        .collect();
    assert_eq!(states, ["on", "off"]);
}

/// How often replacing the anchor has failed.
async fn failures(process: &Process) -> u64 {
    let metrics = ask_at(process.admin, "GET /metrics").await;
    let line = metrics.lines().find_map(|line| line.strip_prefix("licet_anchor_failures_total "));
    line.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_that_cannot_be_written_is_told_once_and_stops_nothing() {
    let office = Office::new();
    let site = Site::new(&office);
    let process = site.start();
    let anchor = site.folder.path().join("data.anchor");
    // No file takes the place of a folder, whoever tries.
    while fs::create_dir(&anchor).is_err() {
        drop(fs::remove_file(&anchor));
    }
    let verifier = site.client(&process, VERIFIER);
    let document = office.ofd(&fields("1", 1));
    let stands = async || {
        let verdict = verifier.send(Http::One, request("POST", "/v1/verifications", "application/ofd", document.clone())).await;
        assert_eq!(marked(&verdict), (200, ""), "it is on record as any other");
        told(&ask_at(process.admin, "GET /ready").await, "anchor")
    };
    let (status, check) = loop {
        let (status, check) = stands().await;
        if check["state"] != "ready" {
            break (status, check);
        }
    };
    assert_eq!((status, &check["state"]), (200, &"degraded".into()), "{check}");
    assert!(check["reason"].as_str().unwrap().contains("data.anchor cannot be written since "), "{check}");
    let doctor: Value = serde_json::from_slice(&site.licet(&["doctor", "--json"]).stdout).unwrap();
    let found = doctor["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "anchor").unwrap();
    assert_eq!((&found["severity"], &found["page"]), (&"warning".into(), &check["page"]), "{doctor}");
    while failures(&process).await < 3 {
        assert_eq!(stands().await.1["state"], "degraded");
    }
    fs::remove_dir(&anchor).unwrap();
    while stands().await.1["state"] != "ready" {}
    let (log, is_well) = process.terminate();
    let said = |what: &str| log.iter().filter(|line| line.contains(what)).count();
    assert_eq!((said("the anchor cannot be replaced"), said("the anchor is replaced again")), (1, 1), "{log:#?}");
    assert!(is_well && anchor.is_file());
}
