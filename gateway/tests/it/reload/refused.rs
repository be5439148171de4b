//! What is wrong changes nothing, and neither does what is only looked at.

use std::sync::Arc;

use crypto::record::{EventKind, Facts, LogName, Opening};
use gateway::reload::Outcome;
use serde_json::json;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::log::{Order, Query};
use storage::{Keys, Store};

use super::{again, edit, rehearsed};
use crate::admin;
use crate::client::{Http, request};
use crate::licence_kit::{Office, fields};
use crate::started::{Setup, Started};

/// The details of what is on record of other configurations, the oldest first.
fn recorded(gateway: &Started) -> Vec<Facts> {
    let query = Query { event: Some(EventKind::ConfigChange), ..Query::default() };
    let found = gateway.app.store().logs().search(LogName::Access, &query, Order::OldestFirst, None, 10).unwrap();
    found.rows.iter().map(|row| row.opening.read(Opening::FACTS).unwrap()).collect()
}

#[tokio::test]
async fn a_fault_in_any_part_leaves_every_part_as_it_was() {
    let office = Office::new();
    let mut setup = office.trusted_by(Setup::new());
    setup.sections.push_str("[policy]\nunrecorded = 'accept'\n");
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let folder = gateway.folder.path().to_owned();
    let good = std::fs::read_to_string(folder.join("licet.toml")).unwrap();
    let document = office.jws(&fields("1", 1));
    // A role that is good, with something in another part that is not.
    let change = ("roles = ['verifier']", "roles = ['operator']");
    let wrong = [
        ("queue", "[cache]\nverdicts_mib = 0\n", "cache.verdicts_mib: must be"),
        ("key", "[cache]\nverdict = 0\n", "cache.verdict: is not known"),
        ("file", "[[identity_providers]]\nname = 'a'\nissuer = 'https://a.example'\naudience = 'b'\nkeys = 'none'\n", "none"),
        ("restart", "[log]\nformat = 'text'\n", "log.format: cannot be changed while the gateway runs: it needs a restart"),
    ];
    for (name, section, fault) in wrong {
        std::fs::write(folder.join("licet.toml"), good.replacen(change.0, change.1, 1) + section).unwrap();
        let faults = again(&gateway).await.unwrap_err().to_string();
        assert!(faults.contains(fault), "{name}: {faults}");
    }
    std::fs::write(folder.join("licet.toml"), good.replacen(change.0, change.1, 1)).unwrap();
    let list = std::fs::read(folder.join("root.crl")).unwrap();
    gateway.folder.write("root.crl", "no list");
    assert!(again(&gateway).await.unwrap_err().to_string().contains("trust[0].crls[0]"));

    let sent = || request("POST", "/v1/verifications", "application/jose", document.clone());
    let verdict = gateway.verifier().send(Http::Two, sent()).await;
    assert_eq!((verdict.status.as_u16(), verdict.json()["indication"].clone()), (200, json!("TOTAL-PASSED")));
    assert_eq!((gateway.live.current().generation, recorded(&gateway).len()), (0, 0));
    let ready = admin::ask(&gateway, "GET /ready").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && ready.contains("configuration: the file is refused since "), "{ready}");
    assert!(ready.contains("trust[0].crls[0]: ") && !ready.contains("restart: "), "{ready}");
    let metrics = admin::ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_reloads_total{outcome=\"refused\"} 4\n"), "{metrics}");
    assert!(metrics.contains("licet_reloads_total{outcome=\"needs-restart\"} 1\n"), "{metrics}");

    gateway.folder.write("root.crl", list);
    again(&gateway).await.unwrap();
    assert!(!admin::ask(&gateway, "GET /ready").await.contains("configuration: "));
    gateway.verifier().send(Http::Two, sent()).await.is_problem(403, "role-required");
    let [change] = recorded(&gateway).try_into().unwrap();
    assert_eq!((&change.details["by"], &change.details["generation"]), (&json!("test"), &json!(1)));
    let changed: Vec<&String> = change.details["changed"].as_object().unwrap().keys().collect();
    assert_eq!(changed, ["(file)", "callers"]);
}

#[tokio::test]
async fn what_is_only_looked_at_is_told_and_changes_nothing() {
    let gateway = Setup::new().start().await;
    edit(&gateway, "roles = ['verifier']", "roles = ['operator', 'verifier']");
    edit(&gateway, "listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:1\"");
    let seen = rehearsed(&gateway).await.unwrap();
    assert_eq!((seen.outcome, seen.generation), (Outcome::DryRun, 0));
    assert_eq!(
        seen.difference.to_string(),
        "~ callers[approval].roles: [\"verifier\"] -> [\"operator\", \"verifier\"]\n\
         ~ server.listen: \"127.0.0.1:0\" -> \"127.0.0.1:1\"\n"
    );
    assert_eq!(seen.needs_restart, ["server.listen"]);
    gateway.verifier().get("/operators").await.is_problem(403, "role-required");
    assert_eq!(gateway.live.current().generation, 0);
    assert!(recorded(&gateway).is_empty());
    assert!(!admin::ask(&gateway, "GET /metrics").await.contains("licet_reloads_total{"), "nobody has tried");
    edit(&gateway, "server.pem", "none.pem");
    assert!(rehearsed(&gateway).await.unwrap_err().to_string().contains("server.certificate: "));
}

#[tokio::test]
async fn a_good_file_that_waits_for_a_restart_is_not_called_wrong() {
    let gateway = Setup::new().start().await;
    edit(&gateway, "[admin]", "[log]\nformat = 'text'\n[memory]\nstore_mib = 64\n[admin]");
    let faults = again(&gateway).await.unwrap_err().to_string();
    assert!(faults.contains("memory.store_mib: cannot be changed while the gateway runs: it needs a restart"), "{faults}");
    let ready = admin::ask(&gateway, "GET /ready").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && !ready.contains("configuration: "), "{ready}");
    assert!(ready.contains("restart: the file waits for a restart since "), "{ready}");
    assert!(ready.contains("for log.format, memory.store_mib; what was in force"), "{ready}");
    edit(&gateway, "[log]\nformat = 'text'\n[memory]\nstore_mib = 64\n[admin]", "[admin]");
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::Unchanged);
    assert!(!admin::ask(&gateway, "GET /ready").await.contains("restart: "));
}

#[tokio::test]
async fn what_cannot_be_put_on_record_does_not_come_in_force() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::<Memory>::clone(&engine), &Keys::new([1; 32], [2; 32])).unwrap();
    let gateway = Setup::new().start_over(crate::sample_routes::TABLE, store).await;
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
    edit(&gateway, "roles = ['verifier']", "roles = ['operator']");
    engine.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    let faults = again(&gateway).await.unwrap_err().to_string();
    assert!(faults.contains("(record): it cannot be put on record"), "{faults}");
    assert_eq!(gateway.live.current().generation, 0);
}
