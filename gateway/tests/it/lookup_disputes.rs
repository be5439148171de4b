//! What somebody objects to says so, in whatever form it is told; and nothing is left out in silence.

use serde_json::{Value, json};

use crate::client::{Client, Http, post_json, request};
use crate::code_kit;
use crate::department::{self, says};
use crate::licence_kit::{Office, fields, identifier};
use crate::lookup_kit::{CIVIL, CONSUMER, City, ITEM, LICENCES, PEOPLE, SECRET, TAX, ask, source, start_over, subject};
use crate::started::{ISSUER, Setup, Started, memory};
use crate::token_kit::{in_person, token};

const AMPLE_MS: u32 = 4_900;

fn order(more: &Value) -> Value {
    let mut order = json!({ "subject": subject(), "item": ITEM });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

/// Objects, and says what the objection is called.
async fn object(consumer: &Client, about: Value) -> Value {
    let objection = json!({ "about": about, "text": "it is otherwise", "filed_for": "holder" });
    let filed = ask(consumer, "/v1/objections", &objection, AMPLE_MS).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    filed.json()["id"].clone()
}

/// A city with a licence on record that somebody objects to, and the objection.
async fn disputed() -> (City, Started, Value) {
    let (city, office) = (City::start().await, Office::new());
    let gateway = start_over(city.asked_by(office.trusted_by(Setup::new())), memory()).await;
    let document = office.jws(&fields("1", 1));
    let handed_in = gateway.caller(ISSUER).send(Http::Two, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(handed_in.status, 201, "{handed_in:?}");
    let id = object(&gateway.caller(CONSUMER), json!({ "licence": identifier("1", 1) })).await;
    (city, gateway, id)
}

#[tokio::test]
async fn a_disputed_licence_says_so_in_every_form() {
    let (_city, gateway, id) = disputed().await;
    let consumer = gateway.caller(CONSUMER);
    let asked = order(&json!({ "resources": [LICENCES] }));
    let answer = ask(&consumer, "/v1/lookups", &asked, AMPLE_MS).await.json();
    let told = source(&answer, LICENCES);
    assert_eq!((&told["disputes"][0]["id"], &told["rows"][0]["licence"]["disputed"]), (&id, &json!(true)), "{answer:#}");
    let number = &answer["attributes"][0];
    assert_eq!(
        (&number["attribute"], &number["disputed"], &number["from"]["disputed"]),
        (&json!("licence.number"), &json!(true), &json!(true)),
        "{answer:#}"
    );
    let facts = order(&json!({ "facts": [{ "resource": LICENCES, "field": "number", "value": "a" }] }));
    let compared = ask(&consumer, "/v1/comparisons", &facts, AMPLE_MS).await.json();
    assert_eq!((&compared["facts"][0]["result"], &compared["facts"][0]["disputed"]), (&json!("no-match"), &json!(true)));
    let batch = json!({ "item": ITEM, "resources": [LICENCES], "lookups": [{ "ref": "a", "subject": subject() }] });
    let many = ask(&consumer, "/v1/lookups/batch", &batch, AMPLE_MS).await.json();
    assert_eq!(source(&many["lookups"][0]["answer"], LICENCES)["disputes"][0]["id"], id);

    let code = told["rows"][0]["licence"]["use_code"].as_str().unwrap();
    let redeemed = json!({ "code": code, "item": ITEM, "want": "data" });
    let redeemed = ask(&consumer, "/v1/use-codes/redemptions", &redeemed, AMPLE_MS).await.json();
    assert_eq!((&redeemed["disputed"], &redeemed["disputes"]), (&json!(true), &json!([id])), "{redeemed:#}");
}

#[tokio::test]
async fn events_and_materials_say_what_is_disputed() {
    let (_city, gateway, licence) = disputed().await;
    let consumer = gateway.caller(CONSUMER);
    let name = object(&consumer, json!({ "subject": subject(), "resource": PEOPLE, "field": "name" })).await;
    let mut streamed = post_json("/v1/lookups", &order(&json!({ "resources": [LICENCES, PEOPLE] })).to_string());
    streamed.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    let reply = consumer.send(Http::Two, streamed).await;
    let text = std::str::from_utf8(&reply.body).unwrap();
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("event: source\ndata: "));
    let events = json!({ "sources": data.map(|data| serde_json::from_str::<Value>(data).unwrap()).collect::<Vec<_>>() });
    assert_eq!(source(&events, LICENCES)["disputes"][0]["id"], licence, "{text}");
    assert_eq!(source(&events, PEOPLE)["disputes"][0]["id"], name, "{text}");

    let answer = ask(&consumer, "/v1/materials", &order(&json!({})), 1_500).await.json();
    let evidence = &answer["materials"][1]["resources"][0];
    assert_eq!((&evidence["disputed"], &evidence["disputes"][0]["id"]), (&json!(true), &name), "{answer:#}");
    assert_eq!(answer["materials"][0]["licences"][0]["disputed"], true);
}

#[tokio::test]
async fn who_may_not_see_a_field_does_not_see_that_it_is_disputed() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    // Of this resource the name is granted, and the sex is not.
    let hidden = object(&consumer, json!({ "subject": subject(), "resource": PEOPLE, "field": "sex" })).await;
    for (path, more) in [
        ("/v1/lookups", json!({ "resources": [PEOPLE] })),
        ("/v1/materials", json!({})),
        ("/v1/comparisons", json!({ "facts": [{ "resource": PEOPLE, "field": "name", "value": "x" }] })),
    ] {
        let answer = ask(&consumer, path, &order(&more), 1_500).await.json().to_string();
        assert!(!answer.contains(hidden.as_str().unwrap()) && !answer.contains("\"disputed\":true"), "{path} {answer}");
    }
    let whole = object(&consumer, json!({ "subject": subject(), "resource": PEOPLE })).await;
    let answer = ask(&consumer, "/v1/lookups", &order(&json!({ "resources": [PEOPLE] })), AMPLE_MS).await.json();
    let told: Vec<_> = source(&answer, PEOPLE)["disputes"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(told, [&whole], "who objects to a record objects to every field of it");
    assert_eq!(answer["attributes"][0]["disputed"], true, "{answer:#}");
}

#[tokio::test]
async fn a_disputed_licence_says_so_when_its_holder_shows_it() {
    let gateway = code_kit::start(&Office::new(), memory()).await;
    // Who has a grant of such licences may object to one.
    code_kit::grant(&gateway);
    let window = gateway.caller(code_kit::WINDOW);
    for disputed in [false, true] {
        if disputed {
            object(&window, json!({ "licence": code_kit::licence() })).await;
        }
        let serial = if disputed { "2" } else { "1" };
        let shown = code_kit::show(&gateway, &json!({ "licence": code_kit::licence() }), &token(&in_person(serial))).await.json();
        let path = "/v1/presentations/redemptions";
        let given = code_kit::redeem(&window, path, shown["code"].as_str().unwrap(), "data").await.json();
        assert_eq!((&given["disputed"], given.get("disputes").is_some()), (&json!(disputed), disputed), "{given:#}");
    }
}

#[tokio::test]
async fn what_another_gateway_calls_disputed_is_told_as_disputed() {
    let city = City::start().await;
    let peer = department::Department::start(|_| {
        let dispute = json!({ "id": "abc", "field": "person", "since": "2026-07-01T00:00:00Z" });
        says(&json!({ "sources": [{ "resource": CIVIL, "state": "answered", "disputes": [dispute],
            "rows": [{ "fields": { "person": "某甲", "married": "true" } }] }] }))
    })
    .await;
    let mut setup = city.asked_by(Setup::new());
    let at = setup.sections.find("[[sources]]\nname = 'civil'").unwrap();
    let end = setup.sections.find("[[sources]]\nname = 'tax'").unwrap();
    let section = format!("[[sources]]\nname = 'civil'\nkind = 'licet'\nurl = '{}'\n", peer.url("/v1/lookups"));
    setup.sections.replace_range(at..end, &section);
    let gateway = start_over(setup, memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let answer = ask(&consumer, "/v1/lookups", &order(&json!({ "resources": [CIVIL] })), AMPLE_MS).await.json();
    let disputes = &source(&answer, CIVIL)["disputes"];
    assert_eq!((&disputes[0]["id"], &disputes[0]["field"]), (&json!("abc"), &json!("person")), "{answer:#}");
    assert_eq!(answer["attributes"][0]["disputed"], true, "{answer:#}");
    let fact = |field: &str| json!({ "resource": CIVIL, "field": field, "value": "true" });
    let facts = order(&json!({ "facts": [fact("person"), fact("married")] }));
    let compared = ask(&consumer, "/v1/comparisons", &facts, AMPLE_MS).await.json();
    assert_eq!((&compared["facts"][0]["disputed"], &compared["facts"][1]["disputed"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn complete_is_what_lacks_nothing_that_was_named() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let named = order(&json!({ "resources": [PEOPLE], "fields": { PEOPLE: ["name", "sex"] } }));
    let answer = ask(&consumer, "/v1/lookups", &named, AMPLE_MS).await.json();
    assert_eq!((&answer["status"], &source(&answer, PEOPLE)["withheld"]), (&json!("partial"), &json!(["sex"])), "{answer:#}");
    // There is no grant of it, and the item needs it.
    let named = order(&json!({ "resources": "item", "fields": { SECRET: ["what"], TAX: ["debt"] } }));
    let answer = ask(&consumer, "/v1/lookups", &named, 300).await.json();
    assert_eq!(source(&answer, SECRET)["denied"], "not-granted", "{answer:#}");
    assert!(answer["missing"].as_array().unwrap().iter().any(|missing| missing["resource"] == SECRET), "{answer:#}");
    let facts =
        [(SECRET, "what"), (PEOPLE, "name")].map(|(code, field)| json!({ "resource": code, "field": field, "value": "a" }));
    let answer = ask(&consumer, "/v1/comparisons", &order(&json!({ "facts": facts })), AMPLE_MS).await.json();
    assert_eq!((&answer["status"], &answer["facts"][0]["state"]), (&json!("partial"), &json!("denied")), "{answer:#}");
    for (path, unknown, name) in [
        ("/v1/lookups", json!({ "attributes": ["person.name", "person.height"] }), "person.height"),
        ("/v1/lookups", json!({ "resources": [PEOPLE], "fields": { PEOPLE: ["name", "height"] } }), "height"),
        ("/v1/lookups", json!({ "resources": [PEOPLE], "fields": { "9999999999/9": ["name"] } }), "9999999999/9"),
        ("/v1/comparisons", json!({ "facts": [{ "resource": PEOPLE, "field": "height", "value": "a" }] }), "height"),
        ("/v1/comparisons", json!({ "facts": [{ "attribute": "person.height", "value": "a" }] }), "person.height"),
        ("/v1/comparisons", json!({ "facts": [{ "resource": "9999999999/9", "field": "a", "value": "a" }] }), "9999999999/9"),
    ] {
        let reply = ask(&consumer, path, &order(&unknown), AMPLE_MS).await;
        reply.is_problem(422, "bad-content");
        assert!(reply.json()["detail"].as_str().unwrap().contains(name), "{reply:?}");
    }
}

#[tokio::test]
async fn what_nobody_can_be_asked_by_such_a_number_is_not_found_nowhere() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let company = json!({ "code_type": "001", "code": "91350211M000100Y46" });
    let answer = ask(&consumer, "/v1/materials", &json!({ "subject": company, "item": ITEM }), AMPLE_MS).await.json();
    let states: Vec<_> = answer["materials"].as_array().unwrap().iter().map(|material| &material["state"]).collect();
    let none = "not-applicable";
    assert_eq!(states, [none, none, none, none, none, "not-electronic"], "{answer:#}");
    assert_eq!(answer["status"], "partial");
    for resources in [json!([PEOPLE]), json!("item")] {
        let asked = json!({ "subject": company, "item": ITEM, "resources": resources });
        let answer = ask(&consumer, "/v1/lookups", &asked, AMPLE_MS).await.json();
        assert_eq!((&answer["status"], &source(&answer, PEOPLE)["state"]), (&json!("partial"), &json!(none)), "{answer:#}");
    }
    assert!(city.police.seen().is_empty());
}

#[tokio::test]
async fn who_is_refused_learns_why_in_their_language() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let asked = order(&json!({ "resources": [SECRET, PEOPLE], "fields": { PEOPLE: ["sex"] } }));
    let mut request = post_json("/v1/lookups", &asked.to_string());
    request.headers_mut().insert("accept-language", "zh-CN".parse().unwrap());
    let reply = consumer.send(Http::One, request).await;
    reply.is_problem(403, "not-granted");
    let problem = reply.json();
    assert_eq!(
        (&problem["reason"], &problem["detail"]),
        (&json!("fields"), &json!("未获得相应授权。授权范围不含所请求的字段。"))
    );
    let denied = json!([{ "resource": PEOPLE, "reason": "fields" }, { "resource": SECRET, "reason": "not-granted" }]);
    assert_eq!(problem["denied"], denied);
    let facts = order(&json!({ "facts": [{ "resource": SECRET, "field": "what", "value": "a" }] }));
    let compared = ask(&consumer, "/v1/comparisons", &facts, AMPLE_MS).await;
    assert_eq!((compared.status.as_u16(), &compared.json()["reason"]), (403, &json!("not-granted")));
}
