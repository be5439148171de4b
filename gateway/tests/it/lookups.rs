//! Look-ups by number over HTTPS: what is granted is told in time, what is missing is named, and all of it is on record.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::record::{EventKind, Facts, KeyKind, Link, LogName, Opening, SubjectPart};
use serde_json::{Value, json};
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::{Keys, Store};

use crate::client::{Http, post_json, request};
use crate::licence_kit::{HOLDER, Office, fields, identifier};
use crate::lookup_kit::{
    Behaviour, CIVIL, CONSUMER, City, Department, ITEM, LICENCES, NAME, OTHER_CONSUMER, PEOPLE, SECRET, TAX, ask, grant, source,
    start_over, subject,
};
use crate::started::{ISSUER, Setup, Started, VERIFIER, memory};

/// So long a department that answers is waited for, on however slow a machine.
const AMPLE_MS: u32 = 4_900;
/// So long one that never answers is.
const SHORT_MS: u32 = 300;

fn order(resources: &Value) -> Value {
    json!({ "subject": subject(), "item": ITEM, "case": "case of somebody", "operator": "w-17", "resources": resources })
}

/// The records of look-ups, with how many people each is linked to.
fn records(gateway: &Started) -> Vec<(Facts, SubjectPart, usize)> {
    let logs = gateway.app.store().logs();
    let openings = (0..logs.size(LogName::Access).unwrap()).map(|number| logs.record(LogName::Access, number).unwrap().unwrap());
    let read = openings.map(|opening| {
        let links = (Opening::LINKS..opening.parts.len()).map(|place| opening.read::<Link>(place).unwrap());
        let people = links.filter(|link| link.kind == KeyKind::Subject).count();
        (opening.read::<Facts>(Opening::FACTS).unwrap(), opening.read(Opening::SUBJECT).unwrap(), people)
    });
    let events = [EventKind::LookUp, EventKind::LookUpMaterials, EventKind::LookUpCompare];
    read.filter(|(facts, ..)| events.contains(&facts.event)).collect()
}

#[tokio::test]
async fn what_came_in_time_is_told_and_the_rest_is_named() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let reply = ask(&consumer, "/v1/lookups", &order(&json!([PEOPLE, CIVIL, TAX])), SHORT_MS).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(
        (&answer["status"], &answer["deadline_ms"], &answer["catalogue_version"]),
        (&json!("partial"), &json!(300), &json!(1))
    );
    assert_eq!(answer["missing"], json!([{ "resource": TAX, "state": "timed-out" }]));
    // Of the police only the name is granted, whatever it says.
    let police = source(&answer, PEOPLE);
    assert_eq!((&police["state"], &police["rows"]), (&json!("answered"), &json!([{ "fields": { "name": NAME } }])), "{police:#}");
    assert_eq!((&police["source"], &police["name"]), (&json!("police"), &json!(format!("resource {PEOPLE}"))));
    assert!(source(&answer, TAX)["took_ms"].as_u64().unwrap() >= 250, "{answer:#}");
    let name = &answer["attributes"][0];
    assert_eq!(
        (&name["attribute"], &name["value"], &name["confidence"]),
        (&json!("person.name"), &json!(NAME), &json!("confirmed"))
    );
    assert_eq!((&name["from"]["resource"], &name["disputed"]), (&json!(PEOPLE), &json!(false)), "{name:#}");
    assert_eq!(city.police.seen(), [json!({ "number": HOLDER, "item": ITEM, "fields": ["name"] })]);

    let [(facts, subject, people)] = &records(&gateway)[..] else { panic!("one record") };
    assert_eq!((facts.item.as_deref(), facts.operator.as_deref(), *people), (Some(ITEM), Some("w-17"), 1));
    assert_eq!(subject.case.as_deref(), Some("case of somebody"));
    let details = &facts.details;
    assert_eq!(
        (&details["status"], &details["authority"], &details["class"]),
        (&json!("partial"), &json!("duty"), &json!("interactive"))
    );
    let row = &details["resources"].as_array().unwrap()[0];
    assert_eq!((&row["resource"], &row["state"], &row["records"]), (&json!(PEOPLE), &json!("answered"), &json!(1)));
    assert_eq!(row["grant"].as_str().unwrap().len(), 32);
    let all = serde_json::to_string(&(facts, subject)).unwrap();
    assert!(!all.contains(HOLDER) && !all.contains(NAME), "{all}");
}

#[tokio::test]
async fn what_is_not_granted_reaches_nobody() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let mixed = ask(&consumer, "/v1/lookups", &order(&json!([PEOPLE, SECRET, "9999999999/9"])), AMPLE_MS).await.json();
    assert_eq!(mixed["status"], "partial");
    for code in [SECRET, "9999999999/9"] {
        // One that there is looks like one that there is not.
        assert_eq!(source(&mixed, code), &json!({ "resource": code, "state": "denied", "denied": "not-granted" }));
    }
    assert_eq!(source(&mixed, PEOPLE)["state"], "answered");
    ask(&consumer, "/v1/lookups", &order(&json!([SECRET])), AMPLE_MS).await.is_problem(403, "not-granted");
    let other_item = json!({ "subject": subject(), "item": "350200-9999", "resources": [PEOPLE] });
    ask(&consumer, "/v1/lookups", &other_item, AMPLE_MS).await.is_problem(403, "not-granted");
    let nobody = gateway.caller(OTHER_CONSUMER);
    for (path, body) in [
        ("/v1/lookups", order(&json!([PEOPLE]))),
        ("/v1/lookups", order(&json!("item"))),
        ("/v1/materials", json!({ "subject": subject(), "item": ITEM })),
        (
            "/v1/comparisons",
            json!({ "subject": subject(), "item": ITEM, "facts": [{ "attribute": "person.name", "value": NAME }] }),
        ),
        ("/v1/lookups/batch", json!({ "item": ITEM, "resources": [PEOPLE], "lookups": [{ "ref": "a", "subject": subject() }] })),
    ] {
        ask(&nobody, path, &body, AMPLE_MS).await.is_problem(403, "not-granted");
        ask(&gateway.caller(VERIFIER), path, &body, AMPLE_MS).await.is_problem(403, "role-required");
    }
    assert_eq!((city.police.seen().len(), city.secret.seen().len(), city.civil.seen().len()), (1, 0, 0));
    let unnarrowed = order(&json!([PEOPLE]));
    let mut narrowed = unnarrowed.clone();
    narrowed["fields"] = json!({ PEOPLE: ["sex"] });
    ask(&consumer, "/v1/lookups", &narrowed, AMPLE_MS).await.is_problem(403, "not-granted");
    // What somebody typed for a resource is not kept.
    let all = serde_json::to_string(&records(&gateway)).unwrap();
    assert!(!all.contains("9999999999/9"), "{all}");
}

#[tokio::test]
async fn what_a_look_up_must_say() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    for (bad, code) in [
        (json!({ "subject": subject(), "resources": [PEOPLE] }), "bad-content"),
        (
            json!({ "subject": { "code_type": "111", "code": "110105194912310021" }, "item": ITEM, "resources": [PEOPLE] }),
            "bad-content",
        ),
        (json!({ "subject": subject(), "item": HOLDER, "resources": [PEOPLE] }), "bad-content"),
        (json!({ "subject": subject(), "item": ITEM, "resources": [] }), "bad-content"),
        (json!({ "subject": subject(), "item": ITEM, "resources": [PEOPLE], "fields": { TAX: ["debt"] } }), "bad-content"),
    ] {
        ask(&consumer, "/v1/lookups", &bad, AMPLE_MS).await.is_problem(422, code);
    }
    ask(&consumer, "/v1/lookups", &json!({ "subject": subject(), "item": "350200-9999" }), AMPLE_MS)
        .await
        .is_problem(404, "item-not-found");
    let with = |name: &'static str, value: &str| {
        let mut request = post_json("/v1/lookups", &order(&json!([PEOPLE])).to_string());
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    for (name, value, status, code) in [
        ("licet-deadline", "0", 400, "bad-parameter"),
        ("licet-class", "urgent", 400, "bad-parameter"),
        ("licet-item", "350200-9999", 422, "bad-content"),
    ] {
        consumer.send(Http::One, with(name, value)).await.is_problem(status, code);
    }
    assert_eq!(consumer.send(Http::One, with("licet-item", ITEM)).await.status, 200);
}

#[tokio::test]
async fn a_licence_comes_with_a_code_that_is_good_once() {
    let (city, office) = (City::start().await, Office::new());
    let gateway = start_over(city.asked_by(office.trusted_by(Setup::new())), memory()).await;
    let (issuer, consumer) = (gateway.caller(ISSUER), gateway.caller(CONSUMER));
    let document = office.jws(&fields("1", 1));
    let handed_in = issuer.send(Http::Two, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(handed_in.status, 201, "{handed_in:?}");
    let answer = ask(&consumer, "/v1/lookups", &order(&json!([LICENCES])), AMPLE_MS).await.json();
    assert_eq!(answer["status"], "complete", "{answer:#}");
    let row = &source(&answer, LICENCES)["rows"][0];
    assert_eq!(
        row["fields"].as_object().unwrap().keys().collect::<BTreeSet<_>>(),
        BTreeSet::from([&"number".to_owned(), &"status".to_owned()])
    );
    let licence = &row["licence"];
    assert_eq!((&licence["identifier"], &licence["status"]), (&json!(identifier("1", 1).to_string()), &json!("valid")));
    let code = licence["use_code"].as_str().unwrap();
    assert!(licence["use_code_expires_at"].is_string());
    let redeem = json!({ "code": code, "item": ITEM, "case": "case of somebody", "want": "data" });
    let redeemed = ask(&consumer, "/v1/use-codes/redemptions", &redeem, AMPLE_MS).await;
    assert_eq!(redeemed.status, 200, "{redeemed:?}");
    assert_ne!(ask(&consumer, "/v1/use-codes/redemptions", &redeem, AMPLE_MS).await.status, 200);
    // The codes are counted on record, and not written there.
    let [(facts, ..)] = &records(&gateway)[..] else { panic!("one record") };
    assert_eq!(facts.details["use_codes"], 1);
    assert!(!serde_json::to_string(facts).unwrap().contains(code));
}

#[tokio::test]
async fn many_are_looked_up_at_once_and_kept_apart() {
    // The registry tells everybody's own number back.
    let mut city = City::start().await;
    city.civil = Department::start(|asked| Behaviour::Says(json!([{ "person": asked["number"], "married": "false" }]))).await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let numbers = ["110105198001010016", "110105198001010032", HOLDER];
    let each = |(n, number): (usize, &&str)| json!({ "ref": format!("r{n}"), "subject": { "code_type": "111", "code": number }, "case": format!("case-{n}") });
    let lookups: Vec<_> = numbers.iter().enumerate().map(each).collect();
    let batch = json!({ "item": ITEM, "resources": [CIVIL, TAX], "lookups": lookups });
    let answer = ask(&consumer, "/v1/lookups/batch", &batch, SHORT_MS * 3).await.json();
    assert_eq!(answer["status"], "partial", "{answer:#}");
    for (n, number) in numbers.iter().enumerate() {
        let one = &answer["lookups"][n];
        assert_eq!(one["ref"], format!("r{n}"));
        assert_eq!(source(&one["answer"], CIVIL)["rows"][0]["fields"]["person"], *number, "{one:#}");
        assert_eq!(one["answer"]["missing"], json!([{ "resource": TAX, "state": "timed-out" }]));
    }
    let records = records(&gateway);
    // The request itself, about nobody, and one record about each.
    assert_eq!(records.iter().map(|(.., people)| *people).collect::<Vec<_>>(), [0, 1, 1, 1]);
    assert_eq!(records[0].0.details["subjects"], 3);
    let cases: Vec<_> = records[1..].iter().map(|(_, subject, _)| subject.case.clone().unwrap()).collect();
    assert_eq!(cases, ["case-0", "case-1", "case-2"]);
    assert!(records.iter().all(|(facts, ..)| facts.request == records[0].0.request));

    let again = json!({ "item": ITEM, "resources": [CIVIL], "lookups": [lookups[0], lookups[0]] });
    ask(&consumer, "/v1/lookups/batch", &again, AMPLE_MS).await.is_problem(422, "bad-content");
    let many: Vec<_> = (0..101).map(|n| json!({ "ref": n.to_string(), "subject": subject() })).collect();
    let many = json!({ "item": ITEM, "resources": [CIVIL], "lookups": many });
    ask(&consumer, "/v1/lookups/batch", &many, AMPLE_MS).await.is_problem(422, "bad-content");
}

#[tokio::test]
async fn batches_are_put_off_before_clerks() {
    let city = City::start().await;
    let mut setup = city.asked_by(Setup::new());
    setup.sections.push_str("[lookup]\nshed_batch_at_permille = 0\n");
    let gateway = start_over(setup, memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let mut batch = post_json("/v1/lookups", &order(&json!([PEOPLE])).to_string());
    batch.headers_mut().insert("licet-class", "batch".parse().unwrap());
    let reply = consumer.send(Http::One, batch).await;
    reply.is_problem(503, "overloaded");
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(ask(&consumer, "/v1/lookups", &order(&json!([PEOPLE])), AMPLE_MS).await.status, 200);
}

#[tokio::test]
async fn a_quota_of_records_withholds_what_came() {
    let city = City::start().await;
    let store = memory();
    grant(&store, SECRET, (&["what"], &[]), &json!({ "volume": { "per_day": 1 } }));
    let gateway = start_over(city.asked_by(Setup::new()), store).await;
    let consumer = gateway.caller(CONSUMER);
    let order = order(&json!([PEOPLE, SECRET]));
    let told = ask(&consumer, "/v1/lookups", &order, AMPLE_MS).await.json();
    assert_eq!((&told["status"], &source(&told, SECRET)["state"]), (&json!("complete"), &json!("answered")));
    let withheld = ask(&consumer, "/v1/lookups", &order, AMPLE_MS).await.json();
    let secret = source(&withheld, SECRET);
    assert_eq!(
        (&withheld["status"], &secret["state"], &secret["denied"]),
        (&json!("partial"), &json!("denied"), &json!("quota"))
    );
    assert!(secret.get("rows").is_none() && !withheld.to_string().contains("nobody knows"), "{secret:#}");
}

#[tokio::test]
async fn materials_count_against_the_quota_of_records() {
    let city = City::start().await;
    let store = memory();
    grant(&store, SECRET, (&["what"], &[]), &json!({ "volume": { "per_day": 1 } }));
    let gateway = start_over(city.asked_by(Setup::new()), store).await;
    let consumer = gateway.caller(CONSUMER);
    let body = json!({ "subject": subject(), "item": ITEM });
    for (state, denied, resources) in [("available", None, 1), ("denied", Some(json!(["quota"])), 0)] {
        let answer = ask(&consumer, "/v1/materials", &body, 1_500).await.json();
        let material = answer["materials"].as_array().unwrap().iter().find(|one| one["code"] == "secret").unwrap();
        assert_eq!((&material["state"], material.get("denied")), (&json!(state), denied.as_ref()), "{answer:#}");
        assert_eq!(material.get("resources").map_or(0, |all| all.as_array().unwrap().len()), resources, "{answer:#}");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_told() {
    let (city, engine) = (City::start().await, Arc::new(Memory::new()));
    let store = Store::on(Arc::<Memory>::clone(&engine), &Keys::new([1; 32], [2; 32])).unwrap();
    let gateway = start_over(city.asked_by(Setup::new()), store).await;
    let consumer = gateway.caller(CONSUMER);
    let order = order(&json!([PEOPLE]));
    assert_eq!(ask(&consumer, "/v1/lookups", &order, AMPLE_MS).await.status, 200);
    engine.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    let reply = ask(&consumer, "/v1/lookups", &order, AMPLE_MS).await;
    reply.is_problem(503, "unavailable");
    assert!(!String::from_utf8_lossy(&reply.body).contains(NAME));
    let mut streamed = post_json("/v1/lookups", &order.to_string());
    streamed.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    consumer.send(Http::Two, streamed).await.is_problem(503, "unavailable");
    // Of the second nobody was asked: not even its beginning could be recorded.
    assert_eq!(city.police.seen().len(), 2);
}

#[tokio::test]
async fn what_somebody_objects_to_is_told_as_disputed() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let about = json!({ "subject": subject(), "resource": PEOPLE, "field": "name" });
    let objection = json!({ "about": about, "text": "the name is another one", "filed_for": "holder" });
    let filed = ask(&consumer, "/v1/objections", &objection, AMPLE_MS).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let answer = ask(&consumer, "/v1/lookups", &order(&json!([PEOPLE, CIVIL])), AMPLE_MS).await.json();
    let disputes = &source(&answer, PEOPLE)["disputes"];
    assert_eq!((&disputes[0]["field"], disputes.as_array().unwrap().len()), (&json!("name"), 1), "{answer:#}");
    assert!(source(&answer, CIVIL).get("disputes").is_none());
    assert_eq!(answer["attributes"][0]["disputed"], true);
    let facts = json!({ "subject": subject(), "item": ITEM, "facts": [{ "attribute": "person.name", "value": NAME }] });
    assert_eq!(ask(&consumer, "/v1/comparisons", &facts, AMPLE_MS).await.json()["facts"][0]["disputed"], true);
}
