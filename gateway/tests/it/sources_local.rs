//! The licences on record as a source.

use std::collections::BTreeSet;

use gateway::broker::{Reply, SourceFault};
use gateway::config::Config;
use serde_json::{Value, json};

use crate::client::{Http, post_json, request};
use crate::department::{ask, question, rows};
use crate::licence_kit::{Office, fields, identifier};
use crate::started::{ISSUER, Setup, Started};

const TYPE: &str = "11100000000013338W009";

/// Every field, and one that no licence has.
const ALL: [&str; 17] = [
    "identifier",
    "name",
    "type_name",
    "type_code",
    "number",
    "issuer_name",
    "issuer_code",
    "issuer_level",
    "issued",
    "valid_from",
    "valid_until",
    "holder_name",
    "holder_code",
    "holder_code_type",
    "status",
    "KZ_AREA",
    "nothing",
];

/// What is told of the licences of the tests' person.
async fn told(gateway: &Started, more: &Value, names: &[&str]) -> Result<Reply, SourceFault> {
    let kind = |name: &str| match name.split('_').next() {
        Some("valid") => "date",
        Some("KZ") => "number",
        _ => "text",
    };
    let field = |name: &&str| json!({ "name": name, "title": name, "type": kind(name) });
    let mut resource = json!({ "licence_type": TYPE, "fields": ALL.iter().map(field).collect::<Vec<_>>() });
    resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let setup = Setup::new();
    let config = Config::parse(&setup.text(), setup.folder.path()).unwrap();
    let sources = gateway::sources::load(&config, gateway.app.store()).unwrap();
    ask(&sources["local"].0, &question(&crate::department::resource(&resource), names)).await
}

async fn hand_in(gateway: &Started, document: Vec<u8>) {
    let reply = gateway.caller(ISSUER).send(Http::One, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
}

#[tokio::test]
async fn what_stands_is_told_field_by_field() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    assert_eq!(rows(told(&gateway, &json!({}), &["name"]).await), json!([]));
    let mut whole = fields("1", 1);
    whole.insert("KZ_AREA".to_owned(), "36.5".to_owned());
    // Two hold it; only who is asked about is named.
    whole.insert("CZZT".to_owned(), "某甲,某乙".to_owned());
    whole.insert("CZZTDM".to_owned(), format!("{},11330105002500287C", crate::licence_kit::HOLDER));
    whole.insert("CZZTDMLXDM".to_owned(), "111,001".to_owned());
    hand_in(&gateway, office.jws(&whole)).await;

    let name = identifier("1", 1).to_string();
    let reply = told(&gateway, &json!({}), &ALL).await.unwrap();
    assert_eq!(reply.rows.first().unwrap().licence, Some(identifier("1", 1)));
    let row = json!({ "identifier": name, "name": "食品经营许可证", "number": "JY10000000000", "type_code": TYPE, "type_name": "食品经营许可证", "issuer_name": "某某局",
        "issuer_code": "11330105002500287C", "issued": "2025-05-23", "valid_from": "2025-05-23", "valid_until": "2099-05-22",
        "holder_name": "某甲", "holder_code": crate::licence_kit::HOLDER, "holder_code_type": "111", "status": "valid", "KZ_AREA": 36.5 });
    assert_eq!(rows(Ok(reply)), json!([row]));
    assert_eq!(rows(told(&gateway, &json!({}), &["status"]).await), json!([{ "status": "valid" }]));
    assert_eq!(rows(told(&gateway, &json!({ "licence_type": "11100000000013338W001" }), &["name"]).await), json!([]));
    assert_eq!(told(&gateway, &json!({ "licence_type": null }), &["name"]).await, Err(SourceFault::Refused));
    let wrong = json!({ "fields": [{ "name": "KZ_AREA", "title": "x", "type": "boolean" }] });
    assert_eq!(told(&gateway, &wrong, &["KZ_AREA"]).await, Err(SourceFault::Malformed));
}

#[tokio::test]
async fn what_was_replaced_suspended_or_revoked_is_not() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    hand_in(&gateway, office.jws(&fields("1", 1))).await;
    hand_in(&gateway, office.jws(&fields("1", 2))).await;
    hand_in(&gateway, office.jws(&fields("2", 1))).await;
    let told_of = async || {
        let reply = told(&gateway, &json!({}), &["identifier"]).await.unwrap();
        reply.rows.into_iter().filter_map(|row| row.licence).collect::<BTreeSet<_>>()
    };
    let these =
        |serials: &[(&str, u16)]| serials.iter().map(|(serial, version)| identifier(serial, *version)).collect::<BTreeSet<_>>();
    let change = |serial: &str, version: u16, operation: &str| {
        let path = format!("/v1/licences/{}/status", identifier(serial, version));
        (path, json!({ "operation": operation, "reason": "x" }).to_string())
    };
    assert_eq!(told_of().await, these(&[("2", 1), ("1", 2)]));
    for (operation, left) in [("suspend", &[("1", 2)][..]), ("restore", &[("2", 1), ("1", 2)]), ("revoke", &[("1", 2)])] {
        let (path, body) = change("2", 1, operation);
        assert_eq!(gateway.caller(ISSUER).send(Http::One, post_json(&path, &body)).await.status, 200, "{operation}");
        assert_eq!(told_of().await, these(left), "{operation}");
    }
}
