//! Use codes over HTTPS: what they give, to whom, and that they give it once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::digest::Sha256;
use crypto::jws::Jws;
use crypto::record::{EventKind, KeyKind, Link, Opening, SubjectPart};
use crypto::x509::Certificate;
use serde_json::json;

use crate::client::{Http, request};
use crate::code_kit::{
    BUREAU, OTHER_WINDOW, REDEEM, WINDOW, code, code_for, grant, last, licence, moment, post, redeem, resource, start, withdraw,
};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, fields, identifier};
use crate::started::{ISSUER, VERIFIER, memory};
use crate::token_kit::ITEM;

#[tokio::test]
async fn a_code_gives_the_granted_fields_once() {
    let gateway = start(&Office::new(), memory()).await;
    grant(&gateway);
    let window = gateway.caller(WINDOW);
    let made = code(&gateway, &["name", "valid_until", "no_such"], 0);
    let (first, rest) = made.split_at(5);
    let typed = format!("{}-{rest}", first.to_lowercase());
    let given = redeem(&window, REDEEM, &typed, "data").await;
    assert_eq!(given.status, 200, "{given:?}");
    let body = given.json();
    assert_eq!(body["fields"], json!({ "name": "食品经营许可证", "valid_until": "2099-05-22" }));
    assert_eq!((&body["licence"], &body["verdict"]["indication"]), (&json!(licence()), &json!("TOTAL-PASSED")));
    assert_eq!((body.get("document"), body.get("annotation")), (None, None));

    let (facts, opening) = last(&gateway, EventKind::UseCodeRedeem);
    assert_eq!(body["recorded"]["number"], json!(opening.read::<serde_json::Value>(Opening::STAMP).unwrap()["number"]));
    assert_eq!((facts.item.as_deref(), &facts.details["want"]), (Some(ITEM), &json!("data")));
    assert_eq!(facts.details["use_code"].as_str().map(str::len), Some(32));
    let subject: SubjectPart = opening.read(Opening::SUBJECT).unwrap();
    assert_eq!((subject.licence, subject.case.as_deref()), (Some(licence().to_string()), Some("C-7")));
    let links = (Opening::LINKS..opening.parts.len()).map(|place| opening.read::<Link>(place).unwrap());
    assert_eq!(links.filter(|link| link.kind == KeyKind::Subject).count(), 1, "the holder is linked");

    redeem(&window, REDEEM, &made, "data").await.is_problem(410, "use-code-spent");
    redeem(&gateway.caller(OTHER_WINDOW), REDEEM, &made, "data").await.is_problem(404, "use-code-not-found");
    redeem(&gateway.caller(VERIFIER), REDEEM, &made, "data").await.is_problem(403, "role-required");
}

#[tokio::test]
async fn whoever_a_code_is_not_for_learns_nothing_of_it() {
    let gateway = start(&Office::new(), memory()).await;
    grant(&gateway);
    let window = gateway.caller(WINDOW);
    let (made, over) = (code(&gateway, &["name"], 0), code(&gateway, &["name"], 600));
    let unknown = "0".repeat(27);
    let ask = |code: &str, item: &str, case: &str| json!({ "code": code, "item": item, "case": case, "want": "data" });
    let mut said = std::collections::BTreeSet::new();
    for (uri, body) in [
        (OTHER_WINDOW, ask(&made, ITEM, "C-7")),
        (WINDOW, ask(&made, "other", "C-7")),
        (WINDOW, ask(&made, ITEM, "C-8")),
        (WINDOW, json!({ "code": made, "item": ITEM, "want": "data" })),
        (WINDOW, ask(&over, ITEM, "C-7")),
        (WINDOW, ask(&unknown, ITEM, "C-7")),
    ] {
        let reply = post(&gateway.caller(uri), REDEEM, &body).await;
        reply.is_problem(404, "use-code-not-found");
        let mut told = reply.json();
        told.as_object_mut().unwrap().remove("request_id");
        said.insert(told.to_string());
    }
    assert_eq!(said.len(), 1, "{said:?}");
    for bad in [
        ask(made.get(1..).unwrap(), ITEM, "C-7"),
        ask("", ITEM, "C-7"),
        ask(&made, "", "C-7"),
        ask(&made, "11010519491231002X", "C-7"),
        ask(&made, ITEM, "a\nb"),
        json!({ "code": made, "case": "C-7", "want": "data" }),
    ] {
        post(&window, REDEEM, &bad).await.is_problem(422, "bad-content");
    }
    // What it is for may stand in the headers, and must not be another thing there.
    let named = |item: &str| {
        let body = json!({ "code": made, "want": "data", "case": "C-7" }).to_string();
        let mut request = crate::client::post_json(REDEEM, &body);
        request.headers_mut().insert("licet-item", item.parse().unwrap());
        request.headers_mut().insert("licet-case", "C-7".parse().unwrap());
        request
    };
    window.send(Http::One, named("other")).await.is_problem(404, "use-code-not-found");
    assert_eq!(window.send(Http::One, named(ITEM)).await.status, 200);
}

#[tokio::test]
async fn of_two_clients_at_once_one_is_served() {
    let gateway = start(&Office::new(), memory()).await;
    grant(&gateway);
    let made = code(&gateway, &["name"], 0);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (window, made) = (gateway.caller(WINDOW), made.clone());
            tokio::spawn(async move { redeem(&window, REDEEM, &made, "data").await })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        if reply.status == 200 {
            served += 1;
        } else {
            reply.is_problem(410, "use-code-spent");
        }
    }
    assert_eq!(served, 1);
}

#[tokio::test]
async fn the_document_is_given_where_it_is_granted() {
    let office = Office::new();
    let gateway = start(&office, memory()).await;
    grant(&gateway);
    let window = gateway.caller(WINDOW);
    let narrow = code(&gateway, &["name"], 0);
    for want in ["file", "copy"] {
        let refused = redeem(&window, REDEEM, &narrow, want).await;
        refused.is_problem(403, "not-granted");
        assert_eq!(refused.json()["reason"], "fields");
    }
    assert_eq!(redeem(&window, REDEEM, &narrow, "data").await.status, 200, "a refusal does not use it up");

    let body = redeem(&window, REDEEM, &code(&gateway, &["document"], 0), "file").await.json();
    let bytes = STANDARD.decode(body["document"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(body["document"]["sha256"], Sha256::of(&[&bytes]).to_string());
    assert_eq!((&body["document"]["media_type"], body.get("fields")), (&json!("application/ofd"), None));
    let stored = gateway.app.store().licences().file(&licence()).unwrap().unwrap();
    assert!(bytes == stored && body.get("annotation").is_none());

    let body = redeem(&window, REDEEM, &code(&gateway, &["document"], 0), "copy").await.json();
    let watermark = body["annotation"]["watermark"].as_str().unwrap();
    // Organisation and item by their names, with the codes beside them.
    let (organisation, item) = (format!("某局（{BUREAU}）"), format!("开办餐馆（{ITEM}）"));
    for word in [organisation.as_str(), &item, "办件C-7", "用途：办理", "仅供"] {
        assert!(watermark.contains(word), "{word} in {watermark}");
    }
    let ours = Certificate::from_der(gateway.app.signer.as_ref().unwrap().chain()[0]).unwrap();
    let jws = Jws::parse(body["annotation"]["signature"].as_str().unwrap().as_bytes()).unwrap();
    assert!(jws.is_typed(&["licet-annotated-copy+jwt"]) && jws.is_signed_by(&ours));
    let note: serde_json::Value = serde_json::from_slice(jws.payload()).unwrap();
    let at = moment(&note["at"]).plus(8 * 3600).to_string();
    let at = format!("北京时间{}（UTC+8）", at.trim_end_matches('Z').replace('T', " "));
    assert!(watermark.contains(&at), "{at} in {watermark}");
    assert_eq!((&note["watermark"], &note["licence"]), (&json!(watermark), &json!(licence())));
    assert_eq!(note["document"]["sha256"], Sha256::of(&[&stored]).to_string());
    assert_eq!(note["record"], json!({ "log": "access", "number": body["recorded"]["number"] }));
}

#[tokio::test]
async fn neither_a_revoked_licence_nor_a_withdrawn_grant_gives_anything() {
    let gateway = start(&Office::new(), memory()).await;
    grant(&gateway);
    let window = gateway.caller(WINDOW);
    let (first, second) = (code(&gateway, &["name"], 0), code(&gateway, &["name"], 0));
    let path = format!("/v1/licences/{}/status", licence());
    let issuer = gateway.caller(ISSUER);
    assert_eq!(post(&issuer, &path, &json!({ "operation": "suspend", "reason": "审查" })).await.status, 200);
    let refused = redeem(&window, REDEEM, &first, "data").await;
    refused.is_problem(409, "licence-not-valid");
    assert!(refused.json()["detail"].as_str().unwrap().starts_with("INDETERMINATE TRY_LATER: "), "{refused:?}");
    assert_eq!(post(&issuer, &path, &json!({ "operation": "restore" })).await.status, 200);
    // The resource comes to another provider, who has granted nothing, and back.
    for (base, provider, refused) in [(1, BUREAU, true), (2, ORGANISATION, false)] {
        let change = json!({ "base_version": base, "puts": [resource(provider)] });
        assert_eq!(post(&gateway.operator(), "/v1/catalogue/changes", &change).await.status, 201);
        let answer = redeem(&window, REDEEM, &first, "data").await;
        if refused {
            answer.is_problem(403, "not-granted");
            assert_eq!(answer.json()["reason"], "not-in-force");
        } else {
            assert_eq!(answer.status, 200, "a refusal does not use it up");
        }
    }
    withdraw(&gateway);
    let refused = redeem(&window, REDEEM, &second, "data").await;
    refused.is_problem(403, "not-granted");
    assert_eq!(refused.json()["reason"], "not-in-force");
    assert_eq!(post(&issuer, &path, &json!({ "operation": "revoke", "reason": "违法" })).await.status, 200);
    let refused = redeem(&window, REDEEM, &second, "data").await;
    refused.is_problem(409, "licence-not-valid");
    assert!(refused.json()["detail"].as_str().unwrap().starts_with("TOTAL-FAILED REVOKED: "), "{refused:?}");
}

#[tokio::test]
async fn whoever_else_holds_a_licence_is_not_named_under_a_grant() {
    let office = Office::new();
    let gateway = start(&office, memory()).await;
    grant(&gateway);
    let mut shared = fields("2", 1);
    shared.insert("CZZT".to_owned(), "某甲,某公司".to_owned());
    shared.insert("CZZTDM".to_owned(), format!("{HOLDER},91350211M000100Y46"));
    shared.insert("CZZTDMLXDM".to_owned(), "111,001".to_owned());
    let ofd = request("POST", "/v1/licences", "application/ofd", office.ofd(&shared));
    assert_eq!(gateway.caller(ISSUER).send(Http::One, ofd).await.status, 201);
    let window = gateway.caller(WINDOW);
    for (serial, told) in
        [("1", json!({ "name": "食品经营许可证", "holder_name": "某甲" })), ("2", json!({ "name": "食品经营许可证" }))]
    {
        let made = code_for(&gateway, &identifier(serial, 1), &["name", "holder_name"], 0);
        assert_eq!(redeem(&window, REDEEM, &made, "data").await.json()["fields"], told);
    }
}
