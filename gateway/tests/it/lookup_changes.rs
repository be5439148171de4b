//! What changes while sources are asked, or between a look-up and the use of its code: nothing leaves that is not granted any more.

use std::sync::{Arc, OnceLock};

use crypto::digest::{Sha256, to_hex};
use crypto::grants::Withdrawal;
use crypto::licence::Reason;
use gateway::app::App;
use serde_json::{Value, json};

use crate::client::{Http, post_json, request};
use crate::licence_kit::{ORGANISATION, Office, fields, identifier};
use crate::lookup_kit::{Behaviour, CONSUMER, City, Department, ITEM, LICENCES, NAME, PEOPLE, ask, source, start_over, subject};
use crate::started::{ISSUER, Setup, Started, memory};

/// So long a department that answers is waited for, on however slow a machine.
const AMPLE_MS: u32 = 4_900;

/// Ends the grant of a resource, as its provider would.
fn withdraw(app: &App, resource: &str) {
    let id = to_hex(&Sha256::of(&[resource.as_bytes()]).0[..16]);
    let reason = Reason::new("no longer".to_owned()).unwrap();
    let withdrawal = Withdrawal { at: gateway::clock::now(), by: "office".to_owned(), reason };
    app.rights.change(&id, || app.store().grants().withdraw(&id, &withdrawal)).unwrap();
}

/// A city whose police ends the grant before it answers.
async fn ending() -> (City, Started) {
    let app: Arc<OnceLock<Arc<App>>> = Arc::default();
    let (known, mut city) = (Arc::clone(&app), City::start().await);
    city.police = Department::start(move |_| {
        withdraw(known.get().unwrap(), PEOPLE);
        Behaviour::Says(json!([{ "name": NAME }]))
    })
    .await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    app.set(Arc::clone(&gateway.app)).unwrap();
    (city, gateway)
}

#[tokio::test]
async fn what_is_withdrawn_while_it_is_asked_is_not_told() {
    for (path, more) in [
        ("/v1/lookups", json!({ "resources": [PEOPLE] })),
        ("/v1/materials", json!({})),
        ("/v1/comparisons", json!({ "facts": [{ "resource": PEOPLE, "field": "name", "value": NAME }] })),
    ] {
        let (city, gateway) = ending().await;
        let mut body = json!({ "subject": subject(), "item": ITEM });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = ask(&gateway.caller(CONSUMER), path, &body, AMPLE_MS).await;
        let answer = reply.json();
        assert_eq!(city.police.seen().len(), 1, "{path} {answer:#}");
        assert!(!answer.to_string().contains(NAME), "{path} {answer:#}");
        match path {
            "/v1/lookups" => {
                let police = source(&answer, PEOPLE);
                let expected = (&json!("denied"), &json!("not-in-force"), None);
                assert_eq!((&police["state"], &police["denied"], police.get("rows")), expected);
                assert_eq!(answer["status"], "partial");
            }
            "/v1/materials" => {
                let materials = answer["materials"].as_array().unwrap();
                let identity = materials.iter().find(|material| material["code"] == "identity").unwrap();
                assert_eq!(identity["state"], "denied", "{answer:#}");
            }
            _ => assert_eq!(answer["facts"][0]["result"], "unknown", "{answer:#}"),
        }
    }
}

#[tokio::test]
async fn a_code_is_worth_nothing_once_its_resource_is_shared_with_nobody() {
    let office = Office::new();
    let city = City::start().await;
    let gateway = start_over(office.trusted_by(city.asked_by(Setup::new())), memory()).await;
    let issuer = gateway.caller(ISSUER);
    let document = office.jws(&fields("1", 1));
    let stored = issuer.send(Http::One, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(stored.status, 201, "{stored:?}");
    let consumer = gateway.caller(CONSUMER);
    let body = json!({ "subject": subject(), "item": ITEM, "resources": [LICENCES] });
    let answer = ask(&consumer, "/v1/lookups", &body, AMPLE_MS).await.json();
    let code = source(&answer, LICENCES)["rows"][0]["licence"]["use_code"].clone();
    assert!(code.is_string(), "{answer:#}");
    change(&gateway, "never").await;
    let redeem = json!({ "code": code, "item": ITEM, "want": "data" });
    ask(&consumer, "/v1/use-codes/redemptions", &redeem, AMPLE_MS).await.is_problem(403, "not-granted");
    // It was not used up by that.
    change(&gateway, "unconditional").await;
    let reply = ask(&consumer, "/v1/use-codes/redemptions", &redeem, AMPLE_MS).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Changes how the licences are shared, as an operator does; the first time, with what the catalogue of these tests has left out.
async fn change(gateway: &Started, share: &str) {
    let now = gateway.app.catalogues.current();
    let put = |kind: &str, code: &str, more: &[(&str, Value)]| {
        let mut entry = json!({ "kind": kind, "code": code, "name": "somebody" });
        entry.as_object_mut().unwrap().extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        entry
    };
    let mut shared = serde_json::to_value(now.resource(LICENCES).unwrap()).unwrap();
    for (name, value) in [("kind", "resource"), ("share", share), ("condition", "by law")] {
        shared[name] = value.into();
    }
    let kind = identifier("1", 1);
    let authority = [("authority", json!(ORGANISATION)), ("authority_name", json!("somebody")), ("holder", json!("person"))];
    let mut puts = vec![
        put("organisation", ORGANISATION, &[("level", json!("city"))]),
        put("licence-type", kind.type_code(), &authority),
        shared,
    ];
    for resource in now.resources().filter(|resource| resource.code != LICENCES) {
        let mut entry = serde_json::to_value(resource).unwrap();
        entry["kind"] = "resource".into();
        for field in entry["fields"].as_array_mut().unwrap() {
            let states = field.get("attribute").is_some();
            field["authoritative"] = (states && field["name"] == "name").into();
        }
        puts.push(entry);
    }
    let body = json!({ "base_version": now.version, "puts": puts }).to_string();
    let changed = gateway.operator().send(Http::One, post_json("/v1/catalogue/changes", &body)).await;
    assert_eq!(changed.status, 201, "{}", String::from_utf8_lossy(&changed.body));
}
