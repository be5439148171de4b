//! A catalogue with grants, and the callers who follow and dispute what is in it.

use crypto::catalogue::{Change, Entry};
use crypto::grants::{Application, Assessment, Check, Verdict};
use gateway::routes::TABLE;
use serde_json::{Value, json};
use storage::Store;

use crate::client::{Client, Http, Reply, post_json, request};
use crate::licence_kit::{ORGANISATION, Office, fields, identifier};
use crate::started::{ISSUER, Setup, Started};
use crate::token_kit::provided;

pub(crate) const CONSUMER: &str = "urn:test:consumer";
/// Another one with the same grant.
pub(crate) const SUPERVISOR: &str = "urn:test:supervisor";
/// One with a grant of something else.
pub(crate) const STRANGER: &str = "urn:test:stranger";
/// One without any grant.
pub(crate) const NEWCOMER: &str = "urn:test:newcomer";
pub(crate) const PORTAL: &str = "urn:test:portal";

pub(crate) const OTHER: &str = "11350200004144116F";
const HALL: &str = "91350211M000100Y46";
pub(crate) const RESOURCE: &str = "3010010001/1";

/// A catalogue, and grants of it to everybody but the newcomer.
pub(crate) fn seed(store: &Store) {
    let organisation = |code: &str| json!({ "kind": "organisation", "code": code, "name": "某某局", "level": "city" });
    let resource = |code: &str, provider: &str, licence_type: &str| {
        json!({
            "kind": "resource", "code": code, "name": "许可证", "provider": provider, "share": "conditional", "legal_basis": "某条例",
            "sensitivity": "personal", "subjects": ["111"], "update": "live", "licence_type": licence_type,
            "fields": [{ "name": "name", "title": "姓名", "type": "text" }],
            "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 },
        })
    };
    let puts = [
        organisation(ORGANISATION),
        organisation(OTHER),
        organisation(HALL),
        resource(RESOURCE, ORGANISATION, "11100000000013338W009"),
        resource("3010010001/2", OTHER, "11100000000013338W010"),
    ];
    let puts: Vec<Entry> = puts.into_iter().map(|entry| serde_json::from_value(entry).unwrap()).collect();
    let now = gateway::clock::now();
    let (caller, organisation) = ("operations".to_owned(), HALL.to_owned());
    let change = Change { version: 1, at: now, caller, organisation, reason: None, puts, removals: Vec::new() };
    store.catalogue().change(&change, None).unwrap();
    for (n, caller, resource, provider) in [
        (1, "consumer", RESOURCE, ORGANISATION),
        (2, "supervisor", RESOURCE, ORGANISATION),
        (3, "stranger", "3010010001/2", OTHER),
    ] {
        let application: Application = serde_json::from_value(json!({
            "id": format!("{n:032x}"), "consumer": { "caller": caller, "organisation": HALL }, "provider": provider,
            "wish": { "resource": resource, "items": ["i1"], "authorities": ["duty"], "until": now.plus(86_400), "feed": true,
                "legal_basis": "某条例" },
            "applied_at": now, "applied_by": caller, "check_due": now,
        }))
        .unwrap();
        store.grants().apply(&application).unwrap();
        let check = Check { verdict: Verdict::Approve, reason: None, at: now, by: "operations".to_owned() };
        store.grants().check(&application.id, &check, &Assessment { findings: Vec::new(), decision_due: None }).unwrap();
    }
}

/// A gateway over this store, which knows these callers, and trusts the office and an identity provider.
pub(crate) async fn over(office: &Office, store: Store) -> Started {
    let mut setup = provided(office.trusted_by(Setup::new()), &[]);
    for (name, role) in [
        ("consumer", "consumer"),
        ("supervisor", "consumer"),
        ("stranger", "consumer"),
        ("newcomer", "consumer"),
        ("portal", "portal"),
    ] {
        setup.sections.push_str(&format!(
            "[[callers]]\nname = '{name}'\norganisation = '{HALL}'\ncertificates = ['uri:urn:test:{name}']\nroles = ['{role}']\n"
        ));
    }
    setup.start_over(TABLE, store).await
}

pub(crate) async fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(Http::One, post_json(path, &body.to_string())).await
}

/// Hands in a licence of the office.
pub(crate) async fn issue(gateway: &Started, office: &Office, serial: &str) -> Vec<u8> {
    let document = office.jws(&fields(serial, 1));
    let reply =
        gateway.caller(ISSUER).send(Http::One, request("POST", "/v1/licences", "application/jose", document.clone())).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    document
}

/// Changes the state of a licence of the office.
pub(crate) async fn change(gateway: &Started, serial: &str, operation: &str) {
    let path = format!("/v1/licences/{}/status", identifier(serial, 1));
    let reply = post(&gateway.caller(ISSUER), &path, &json!({ "operation": operation })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}
