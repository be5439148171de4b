//! Two gateways: one has the licences, and the other asks it for them.

use std::os::unix::fs::PermissionsExt as _;

use crypto::catalogue::{Change, Entry};
use crypto::record::{EventKind, Facts, LogName, Opening};
use gateway::routes::TABLE;
use serde_json::{Value, json};

use crate::client::{Client, Http, request};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, fields};
use crate::lookup_kit::{CONSUMER, City, ITEM, LICENCES, ask, seed, source, start_over, subject};
use crate::pki::Authority;
use crate::started::{ISSUER, Setup, Started, memory};

const AMPLE_MS: u32 = 4_900;

/// The gateway of the city, with a licence on record.
async fn city(city: &City, office: &Office) -> Started {
    let gateway = start_over(city.asked_by(office.trusted_by(Setup::new())), memory()).await;
    let document = office.jws(&fields("1", 1));
    let handed_in = gateway.caller(ISSUER).send(Http::Two, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(handed_in.status, 201, "{handed_in:?}");
    gateway
}

/// The gateway of the province, for which the city's gateway is the source of these licences.
async fn province(city: &City, peer: &Started) -> Started {
    let mut setup = city.asked_by(Setup::new());
    setup.authority = Authority::new("province");
    setup.folder.write("city-ca.pem", peer.authority.pem());
    // The city knows it as one of its consumers.
    let own = peer.holder(CONSUMER);
    setup.folder.write("own.pem", own.pem());
    let key = setup.folder.write("own.key", own.key.pem());
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
    setup.sections.push_str(&format!(
        "[[sources]]\nname = 'city'\nkind = 'licet'\nurl = 'https://localhost:{}/v1/lookups'\ntls_anchors = ['city-ca.pem']\n\
         certificate = 'own.pem'\nkey = 'own.key'\n",
        peer.address.port()
    ));
    let store = memory();
    seed(&store);
    let mut licences = serde_json::to_value(store.catalogue().newest().unwrap().resource(LICENCES).unwrap()).unwrap();
    (licences["kind"], licences["source"]) = (json!("resource"), json!("city"));
    let change = Change {
        version: 2,
        at: gateway::clock::now(),
        caller: "operations".to_owned(),
        organisation: ORGANISATION.to_owned(),
        reason: None,
        puts: vec![serde_json::from_value::<Entry>(licences).unwrap()],
        removals: Vec::new(),
    };
    store.catalogue().change(&change, None).unwrap();
    setup.start_over(TABLE, store).await
}

fn order(more: &Value) -> Value {
    let mut order = json!({ "subject": subject(), "item": ITEM, "case": "C-1", "resources": [LICENCES] });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

async fn look_up(consumer: &Client, more: &Value) -> Value {
    let reply = ask(consumer, "/v1/lookups", &order(more), AMPLE_MS).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// The facts of every look-up on record.
fn look_ups(gateway: &Started) -> Vec<Facts> {
    let logs = gateway.app.store().logs();
    let all = (0..logs.size(LogName::Access).unwrap()).map(|number| logs.record(LogName::Access, number).unwrap().unwrap());
    all.map(|opening| opening.read::<Facts>(Opening::FACTS).unwrap()).filter(|facts| facts.event == EventKind::LookUp).collect()
}

#[tokio::test]
async fn what_another_gateway_has_is_told_and_it_makes_no_code_that_nobody_could_use() {
    let (departments, office) = (City::start().await, Office::new());
    let city = city(&departments, &office).await;
    let province = province(&departments, &city).await;
    let answer = look_up(&province.caller(CONSUMER), &json!({})).await;
    assert_eq!(answer["status"], "complete", "{answer:#}");
    let told = source(&answer, LICENCES);
    assert_eq!((&told["state"], &told["source"]), (&json!("answered"), &json!("city")));
    let here = look_up(&city.caller(CONSUMER), &json!({})).await;
    let row = &source(&here, LICENCES)["rows"][0];
    assert_eq!(told["rows"], json!([{ "fields": row["fields"] }]), "the fields, and nothing by which it could be had");
    assert!(row["licence"]["use_code"].is_string(), "{here:#}");

    // The city has both on record: the question of the province without a code, that of its own window with one.
    let records = look_ups(&city);
    let codes: Vec<_> = records.iter().map(|facts| facts.details.get("use_codes").cloned()).collect();
    assert_eq!(codes, [None, Some(json!(1))]);
    let first = &records[0];
    assert_eq!((first.item.as_deref(), &first.details["authority"]), (Some(ITEM), &json!("duty")));
    assert_eq!(first.details["resources"][0]["records"], 1);
    let [record] = &look_ups(&province)[..] else { panic!("one look-up") };
    assert_eq!(record.details.get("use_codes"), None);
    let metrics = String::from_utf8(city.app.metrics.text().unwrap()).unwrap();
    assert!(!metrics.contains(HOLDER));
}

#[tokio::test]
async fn what_is_disputed_or_denied_there_is_so_here() {
    let (departments, office) = (City::start().await, Office::new());
    let city = city(&departments, &office).await;
    let province = province(&departments, &city).await;
    let consumer = province.caller(CONSUMER);
    let objection = json!({ "about": { "licence": crate::licence_kit::identifier("1", 1) }, "text": "it is otherwise", "filed_for": "holder" });
    let filed = ask(&city.caller(CONSUMER), "/v1/objections", &objection, AMPLE_MS).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let answer = look_up(&consumer, &json!({})).await;
    assert_eq!(source(&answer, LICENCES)["disputes"][0]["id"], filed.json()["id"], "{answer:#}");
    let materials = ask(&consumer, "/v1/materials", &json!({ "subject": subject(), "item": ITEM }), 1_500).await.json();
    let licence = &materials["materials"][0];
    assert_eq!((&licence["state"], &licence["resources"][0]["disputed"]), (&json!("available"), &json!(true)), "{materials:#}");
    // The city ends the grant of the province.
    let id = crypto::digest::to_hex(&crypto::digest::Sha256::of(&[LICENCES.as_bytes()]).0[..16]);
    let withdrawal = json!({ "reason": "over" }).to_string();
    let path = format!("/v1/grants/{id}/withdrawal");
    let ended = city.operator().send(Http::One, crate::client::post_json(&path, &withdrawal)).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    let answer = look_up(&consumer, &json!({})).await;
    assert_eq!((&answer["status"], &source(&answer, LICENCES)["state"]), (&json!("partial"), &json!("refused")), "{answer:#}");
}

#[tokio::test]
async fn whoever_wants_no_codes_gets_none() {
    let (departments, office) = (City::start().await, Office::new());
    let city = city(&departments, &office).await;
    let answer = look_up(&city.caller(CONSUMER), &json!({ "use_codes": false })).await;
    let licence = &source(&answer, LICENCES)["rows"][0]["licence"];
    assert_eq!((&licence["status"], licence.get("use_code")), (&json!("valid"), None), "{answer:#}");
    let batch =
        json!({ "item": ITEM, "resources": [LICENCES], "use_codes": false, "lookups": [{ "ref": "a", "subject": subject() }] });
    let many = ask(&city.caller(CONSUMER), "/v1/lookups/batch", &batch, AMPLE_MS).await.json();
    let licence = &source(&many["lookups"][0]["answer"], LICENCES)["rows"][0]["licence"];
    assert_eq!((&licence["status"], licence.get("use_code")), (&json!("valid"), None), "{many:#}");
}
