//! What is wrong with a request is told by its place and by what is expected there. Nothing that was found there is repeated.

use serde_json::{Value, json};

use crate::client::{Http, post_json};
use crate::licence_kit::HOLDER;
use crate::lookup_kit::{CONSUMER, City, ITEM, LICENCES, PEOPLE, SALARY, ask, start_over, subject};
use crate::started::{Setup, memory};

/// A number that is not right.
const WRONG: &str = "110105194912310021";

const AMPLE_MS: u32 = 4_900;

/// A request about the usual subject for the usual item, with more in it.
fn order(more: &Value) -> Value {
    let mut order = json!({ "subject": subject(), "item": ITEM });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

#[tokio::test]
async fn look_ups_and_comparisons_say_what_they_expect() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let batch = |lookups: Value| json!({ "item": ITEM, "lookups": lookups });
    let row = |code: &str| json!({ "ref": "a", "subject": { "code_type": "111", "code": code } });
    let fact = |fact: Value| order(&json!({ "facts": [fact] }));
    let (lookups, batches, comparisons) = ("/v1/lookups", "/v1/lookups/batch", "/v1/comparisons");
    for (path, body, said) in [
        (lookups, json!({ "subject": subject() }), "item: expected the code of an item, here or in Licet-Item."),
        (lookups, order(&json!({ "operator": HOLDER })), "operator: expected a pseudonym of 1 to 64 printable ASCII"),
        (lookups, order(&json!({ "resources": [] })), "resources: expected 1 to 64 codes, or item."),
        (
            lookups,
            order(&json!({ "fields": { PEOPLE: [] } })),
            "fields: expected at most 64 resources, with 1 to 256 fields each.",
        ),
        (lookups, order(&json!({ "fields": { HOLDER: ["name"] } })), "fields: the catalogue does not have \"…\"."),
        (batches, batch(json!([])), "lookups: expected 1 to "),
        (batches, batch(json!([row(HOLDER), row(WRONG)])), "lookups[1].subject: The check character of the number is wrong."),
        (batches, batch(json!([row(HOLDER), row(HOLDER)])), "lookups[1].ref: expected 1 to 64 characters, and another name"),
        (comparisons, order(&json!({ "facts": [] })), "facts: expected 1 to 16 facts."),
        (
            comparisons,
            fact(json!({ "resource": PEOPLE, "value": 1 })),
            "facts[0]: expected either attribute, or resource and field.",
        ),
        (
            comparisons,
            fact(json!({ "resource": SALARY, "field": "amount", "value": HOLDER })),
            "facts[0].value: expected a number",
        ),
    ] {
        let reply = ask(&consumer, path, &body, AMPLE_MS).await;
        reply.is_problem(422, "bad-content");
        says(&reply.json(), said);
    }
    let mut request = post_json(batches, &batch(json!([row(HOLDER)])).to_string());
    request.headers_mut().insert("licet-authorization", "x.y.z".parse().unwrap());
    let reply = consumer.send(Http::Two, request).await;
    reply.is_problem(422, "bad-content");
    says(&reply.json(), "Licet-Authorization: expected none");
    for (name, value, said) in [
        ("licet-deadline", "soon", "licet-deadline: expected a whole number of milliseconds, 1 or more, once."),
        ("licet-class", "fast", "licet-class: expected interactive or batch, once."),
        ("licet-item", "%zz", "licet-item: expected 1 to 256 bytes of UTF-8"),
    ] {
        let mut request = post_json(lookups, &order(&json!({})).to_string());
        request.headers_mut().insert(name, value.parse().unwrap());
        let reply = consumer.send(Http::Two, request).await;
        reply.is_problem(400, "bad-parameter");
        says(&reply.json(), said);
    }
}

#[tokio::test]
async fn codes_grants_and_objections_say_what_they_expect() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let wish = json!({
        "resource": PEOPLE, "items": [ITEM], "fields": ["name"], "authorities": ["duty"], "quota": {}, "legal_basis": "law",
        "until": gateway::clock::now().plus(86_400),
    });
    let changed = |name: &str, value: Value| {
        let mut wish = wish.clone();
        wish[name] = value;
        wish
    };
    let about = |about: Value| json!({ "about": about, "text": "wrong", "filed_for": "organisation" });
    let (codes, grants, objections) = ("/v1/use-codes/redemptions", "/v1/grants/applications", "/v1/objections");
    for (path, body, said) in [
        (codes, json!({ "code": "0", "item": ITEM, "want": "data" }), "code: expected a code as it was given out"),
        (codes, json!({ "code": "0", "want": "data" }), "item: expected 1 to 256 bytes here or in Licet-Item"),
        (grants, changed("resource", json!("9999999999/9")), "resource: the catalogue does not have \"9999999999/9\"."),
        (grants, changed("items", json!([HOLDER])), "items: expected 1 to 64 codes of up to 64 characters, without the number"),
        (grants, changed("quota", json!({ "per_day": 0 })), "quota: expected 1 or more"),
        (grants, changed("until", json!("2001-01-01T00:00:00Z")), "until: expected a moment that is to come, and after `from`."),
        (objections, about(json!({})), "about: expected either licence, or subject and resource"),
        (
            objections,
            about(json!({ "subject": { "code_type": "111", "code": WRONG }, "resource": PEOPLE })),
            "about.subject: The check",
        ),
        (objections, about(json!({ "subject": subject(), "resource": PEOPLE, "field": "height" })), "about.field: the catalogue"),
    ] {
        let reply = ask(&consumer, path, &body, AMPLE_MS).await;
        reply.is_problem(422, "bad-content");
        says(&reply.json(), said);
    }
    for (path, said) in [
        ("/v1/grants?limit=501", "limit: expected 1 to 500."),
        ("/v1/grants/applications?state=gone", "state: expected applied, nonconforming, checked, refused or granted."),
        ("/v1/objections?list=mine", "list: expected filed, to-answer, responsible or audited."),
        ("/v1/objections?after=x", "after: expected `next` of the page before."),
        ("/v1/catalogue?kind=items", "kind: expected organisation, licence-type, resource, item or demand."),
        ("/v1/supervision/events?wait_s=26", "wait_s: expected 0 to 25."),
    ] {
        let reply = consumer.get(path).await;
        reply.is_problem(400, "bad-parameter");
        says(&reply.json(), said);
    }
}

#[tokio::test]
async fn json_that_is_none_of_ours_is_told_by_the_names_on_the_way() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let number: u64 = WRONG.parse().unwrap();
    let (lookups, comparisons) = ("/v1/lookups", "/v1/comparisons");
    for (path, body, said) in [
        (lookups, order(&json!({ "fields": { HOLDER: 5 } })), "fields.…: a list is expected."),
        (lookups, order(&json!({ "purpose": number })), "purpose: a text is expected."),
        (lookups, json!({ "item": ITEM }), "missing field `subject`"),
        (lookups, json!({ "subject": { "code_type": "111" } }), "subject: missing field `code`."),
        (lookups, order(&json!({ HOLDER: 1 })), "unknown field `…`, expected one of `subject`"),
        (
            comparisons,
            order(&json!({ "facts": [{ "attribute": number, "value": 1 }] })),
            "facts[0].attribute: a text is expected.",
        ),
        ("/v1/catalogue/changes", json!({ "base_version": HOLDER }), "base_version: a whole number"),
        ("/v1/grants/applications", json!({ "resource": LICENCES, "quota": [HOLDER] }), "quota"),
        (
            "/v1/use-codes/redemptions",
            json!({ "code": "0", "want": HOLDER }),
            "want: a value is not one of `data`, `file`, `copy`.",
        ),
    ] {
        let reply = ask(&consumer, path, &body, AMPLE_MS).await;
        reply.is_problem(400, "bad-json");
        says(&reply.json(), said);
    }
}

#[track_caller]
fn says(problem: &Value, said: &str) {
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(said), "{detail}");
    assert!(!detail.contains("110105"), "{detail}");
}
