//! Objections over HTTPS, and what they do to what is disputed.

use crypto::record::{EventKind, Facts, LogName, Opening, SubjectPart};
use serde_json::{Value, json};

use crate::client::{Http, Reply, get, post_json, request};
use crate::feed_kit::{CONSUMER, NEWCOMER, OTHER, PORTAL, RESOURCE, STRANGER, SUPERVISOR, issue, over, post, seed};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, identifier};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Started, VERIFIER, memory};
use crate::token_kit::{consent, in_person, token};

const PATH: &str = "/v1/objections";

async fn start(office: &Office) -> Started {
    let store = memory();
    seed(&store);
    over(office, store).await
}

fn against_licence(serial: &str) -> Value {
    json!({ "about": { "licence": identifier(serial, 1) }, "text": "某甲's name is wrong", "filed_for": "holder" })
}

fn against_field() -> Value {
    let about = json!({ "subject": { "code_type": "111", "code": HOLDER }, "resource": RESOURCE, "field": "name" });
    json!({ "about": about, "text": "某甲 is called otherwise", "filed_for": "organisation", "evidence": ["00".repeat(32)] })
}

/// Files with a token of the holder.
async fn with_token(gateway: &Started, uri: &str, (body, token): (&Value, &str)) -> Reply {
    let mut request = post_json(PATH, &body.to_string());
    request.headers_mut().insert("licet-authorization", token.parse().unwrap());
    gateway.caller(uri).send(Http::One, request).await
}

/// A portal files with a token of the holder who is there, everybody else by what they are granted.
async fn file(gateway: &Started, uri: &str, body: &Value) -> Value {
    let reply = match uri {
        PORTAL => with_token(gateway, uri, (body, &token(&in_person(&body.to_string())))).await,
        _ => post(&gateway.caller(uri), PATH, body).await,
    };
    assert_eq!(reply.status, 201, "{reply:?}");
    let filed = reply.json();
    assert_eq!(reply.header("location"), format!("{PATH}/{}", filed["id"].as_str().unwrap()));
    filed
}

/// A step that takes no body.
async fn step(gateway: &Started, uri: &str, id: &str, step: &str) -> Reply {
    gateway.caller(uri).send(Http::One, request("POST", &format!("{PATH}/{id}/{step}"), "", "")).await
}

async fn answer(gateway: &Started, uri: &str, id: &str) -> Reply {
    let body = json!({ "decision": "rejected", "text": "某甲's name is right" });
    post(&gateway.caller(uri), &format!("{PATH}/{id}/answer"), &body).await
}

/// The warning in the report on a document, and whether it came from memory.
async fn verified(gateway: &Started, document: &[u8]) -> (Option<Value>, String) {
    let asked = request("POST", "/v1/verifications", "application/jose", document.to_vec());
    let reply = gateway.verifier().send(Http::Two, asked).await;
    let report = reply.json();
    assert_eq!(report["indication"], "TOTAL-PASSED", "a dispute decides nothing: {report:#}");
    let warnings = report["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|check| check["id"] == "licence.undisputed").cloned();
    let cache = reply.header("licet-cache").split(';').next().unwrap_or_default().to_owned();
    (warning, cache)
}

#[tokio::test]
async fn a_disputed_licence_says_so_until_it_is_answered() {
    let office = Office::new();
    let gateway = start(&office).await;
    let document = issue(&gateway, &office, "A1").await;
    let other = issue(&gateway, &office, "A2").await;
    assert_eq!(verified(&gateway, &document).await, (None, "miss".to_owned()));
    assert_eq!(verified(&gateway, &document).await, (None, "hit".to_owned()));

    let filed = file(&gateway, PORTAL, &against_licence("A1")).await;
    let id = filed["id"].as_str().unwrap();
    assert_eq!(
        (&filed["state"], &filed["responsible"], &filed["overdue"]),
        (&json!("filed"), &json!(ORGANISATION), &json!(false))
    );
    let (warning, cache) = verified(&gateway, &document).await;
    let warning = warning.expect("the kept verdict is dead");
    assert_eq!(
        (warning["outcome"].as_str(), &warning["inputs"]["objections"], cache.as_str()),
        (Some("not-concluded"), &json!("1"), "miss")
    );
    assert!(warning.get("effect").is_none() && !warning.to_string().contains("某甲"));
    let (kept, cache) = verified(&gateway, &document).await;
    assert_eq!((kept.as_ref(), cache.as_str()), (Some(&warning), "hit"));
    assert_eq!(verified(&gateway, &other).await.0, None, "another licence");
    let read = gateway.verifier().get(&format!("/v1/licences/{}", identifier("A1", 1))).await.json();
    assert_eq!((&read["disputes"][0]["id"], &read["disputes"][0]["since"]), (&json!(id), &filed["filed_at"]));

    assert_eq!(step(&gateway, ISSUER, id, "acceptance").await.json()["state"], "accepted");
    assert!(verified(&gateway, &document).await.0.is_some());
    let answered = answer(&gateway, ISSUER, id).await.json();
    assert_eq!((&answered["state"], &answered["events"][1]["text"]), (&json!("rejected"), &json!("某甲's name is right")));
    assert_eq!(verified(&gateway, &document).await, (None, "miss".to_owned()));
    let read = gateway.verifier().get(&format!("/v1/licences/{}", identifier("A1", 1))).await.json();
    assert!(read.get("disputes").is_none());
    answer(&gateway, OTHER_ISSUER, id).await.is_problem(404, "objection-not-found");
    step(&gateway, PORTAL, id, "withdrawal").await.is_problem(409, "objection-conflict");

    // One that is taken back is gone as well.
    let again = file(&gateway, CONSUMER, &against_licence("A1")).await;
    assert!(verified(&gateway, &document).await.0.is_some());
    let taken_back = step(&gateway, CONSUMER, again["id"].as_str().unwrap(), "withdrawal").await;
    assert_eq!(taken_back.json()["state"], "withdrawn");
    assert_eq!(verified(&gateway, &document).await.0, None);
}

#[tokio::test]
async fn who_is_responsible_answers_and_everybody_else_does_not() {
    let office = Office::new();
    let gateway = start(&office).await;
    issue(&gateway, &office, "A1").await;
    for uri in [VERIFIER, OPERATOR, AUDITOR] {
        post(&gateway.caller(uri), PATH, &against_licence("A1")).await.is_problem(403, "role-required");
    }
    let filed = file(&gateway, CONSUMER, &against_field()).await;
    let id = filed["id"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    // Who reads it, and who sees of whom it is.
    for (uri, status, sees_number) in [
        (CONSUMER, 200, true),
        (ISSUER, 200, true),
        (AUDITOR, 200, false),
        (PORTAL, 404, false),
        (SUPERVISOR, 404, false),
        (OTHER_ISSUER, 404, false),
        (VERIFIER, 403, false),
        (OPERATOR, 403, false),
    ] {
        let reply = gateway.caller(uri).get(&path).await;
        assert_eq!(reply.status.as_u16(), status, "{uri}");
        assert_eq!(String::from_utf8_lossy(&reply.body).contains(HOLDER), sees_number, "{uri}");
    }
    for (uri, status, code) in
        [(CONSUMER, 403, "role-required"), (PORTAL, 403, "role-required"), (OTHER_ISSUER, 404, "objection-not-found")]
    {
        answer(&gateway, uri, id).await.is_problem(status, code);
        step(&gateway, uri, id, "acceptance").await.is_problem(status, code);
    }
    for uri in [PORTAL, SUPERVISOR] {
        step(&gateway, uri, id, "withdrawal").await.is_problem(404, "objection-not-found");
    }
    step(&gateway, ISSUER, id, "withdrawal").await.is_problem(403, "other-organisation");

    let forward = |uri: &'static str, to: &str| {
        let (client, path, body) =
            (gateway.caller(uri), format!("{path}/forward"), json!({ "organisation": to, "reason": "theirs" }));
        async move { post(&client, &path, &body).await }
    };
    forward(ISSUER, "91350211M000100Y43").await.is_problem(422, "bad-content");
    forward(ISSUER, ORGANISATION).await.is_problem(409, "objection-conflict");
    let lists = async |uri: &str, list: &str| {
        let reply = gateway.caller(uri).get(&format!("{PATH}?list={list}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["objections"].as_array().unwrap().len()
    };
    assert_eq!((lists(ISSUER, "to-answer").await, lists(OTHER_ISSUER, "to-answer").await), (1, 0));
    let forwarded = forward(ISSUER, OTHER).await.json();
    assert_eq!((&forwarded["responsible"], &forwarded["due"]), (&json!(OTHER), &filed["due"]));
    assert_eq!((lists(ISSUER, "to-answer").await, lists(OTHER_ISSUER, "to-answer").await), (0, 1));
    answer(&gateway, ISSUER, id).await.is_problem(404, "objection-not-found");
    assert_eq!(answer(&gateway, OTHER_ISSUER, id).await.json()["state"], "rejected");
    assert_eq!((lists(OTHER_ISSUER, "to-answer").await, lists(OTHER_ISSUER, "responsible").await), (0, 1));
    assert_eq!((lists(CONSUMER, "filed").await, lists(PORTAL, "filed").await, lists(AUDITOR, "audited").await), (1, 0, 1));
    for (uri, list) in [(CONSUMER, "to-answer"), (ISSUER, "audited"), (AUDITOR, "responsible")] {
        gateway.caller(uri).get(&format!("{PATH}?list={list}")).await.is_problem(403, "role-required");
    }
    gateway.caller(CONSUMER).get(&format!("{PATH}?list=all")).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn what_is_wrong_with_an_objection_is_named() {
    let office = Office::new();
    let gateway = start(&office).await;
    issue(&gateway, &office, "A1").await;
    let client = gateway.caller(CONSUMER);
    let changed = |path: &str, value: Value| {
        let mut body = against_field();
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let mut both = against_field();
    both["about"]["licence"] = json!(identifier("A1", 1));
    for (name, body, status, code) in [
        ("no such licence", against_licence("A9"), 404, "licence-not-found"),
        ("no such resource", changed("/about/resource", json!("3010010001/9")), 403, "not-granted"),
        ("no such field", changed("/about/field", json!("birth")), 422, "bad-content"),
        ("no number", changed("/about/subject/code", json!("110105194912310021")), 422, "bad-content"),
        (
            "another kind of number",
            changed("/about/subject", json!({ "code_type": "001", "code": ORGANISATION })),
            422,
            "bad-content",
        ),
        ("no words", changed("/text", json!(" ")), 422, "bad-content"),
        ("somebody's number", changed("/text", json!("我是１１０１０５ 19491231-002Ｘ")), 422, "bad-content"),
        ("no identifier", changed("/about", json!({ "licence": "1.2.3" })), 422, "bad-content"),
        ("nothing", changed("/about", json!({})), 422, "bad-content"),
        ("two things", both, 422, "bad-content"),
        ("an unknown field", changed("/about", json!({ "licences": "1" })), 400, "bad-json"),
    ] {
        let reply = post(&client, PATH, &body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (status, &json!(code)), "{name}");
        assert!(!String::from_utf8_lossy(&reply.body).contains(HOLDER.get(..10).unwrap()), "{name}");
    }
    let named = |body: &Value| {
        let mut request = post_json(PATH, &body.to_string());
        request.headers_mut().insert("idempotency-key", "one".parse().unwrap());
        client.send(Http::One, request)
    };
    let first = named(&against_licence("A1")).await;
    let again = named(&against_licence("A1")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16(), first.json()), (201, 200, again.json()));
    named(&against_field()).await.is_problem(422, "request-reused");
}

#[tokio::test]
async fn who_has_nothing_to_do_with_it_neither_objects_nor_learns_whether_it_is_on_record() {
    let office = Office::new();
    let gateway = start(&office).await;
    issue(&gateway, &office, "A1").await;
    for body in [against_licence("A1"), against_licence("A9"), against_field()] {
        for uri in [STRANGER, NEWCOMER, OTHER_ISSUER] {
            post(&gateway.caller(uri), PATH, &body).await.is_problem(403, "not-granted");
        }
        let mut own = body.clone();
        own["filed_for"] = json!("organisation");
        let (mut somebody_else, name) = (in_person("else"), own.to_string());
        somebody_else["licet_holder"] = json!({ "code_type": "111", "code": "110105194912310046" });
        with_token(&gateway, PORTAL, (&own, &token(&in_person(&name)))).await.is_problem(403, "not-granted");
        let mut holder = body.clone();
        holder["filed_for"] = json!("holder");
        let refused = [
            (post(&gateway.caller(PORTAL), PATH, &holder).await, "missing"),
            (with_token(&gateway, PORTAL, (&holder, &token(&somebody_else))).await, "holder"),
        ];
        for (reply, reason) in refused {
            reply.is_problem(403, "token-refused");
            assert_eq!(reply.json()["reason"], reason, "{body}");
        }
        with_token(&gateway, PORTAL, (&holder, &token(&consent("consent")))).await.is_problem(403, "token-refused");
    }
    let unknown = with_token(&gateway, PORTAL, (&against_licence("A9"), &token(&in_person("A9")))).await;
    unknown.is_problem(403, "token-refused");
    // What is wrong besides leaves the token as it was.
    let (made, mut wrong) = (token(&in_person("kept")), against_field());
    (wrong["filed_for"], wrong["about"]["field"]) = (json!("holder"), json!("no-such-field"));
    with_token(&gateway, PORTAL, (&wrong, &made)).await.is_problem(422, "bad-content");
    let mut right = against_field();
    right["filed_for"] = json!("holder");
    assert_eq!(with_token(&gateway, PORTAL, (&right, &made)).await.status, 201);
    with_token(&gateway, PORTAL, (&right, &made)).await.is_problem(403, "token-refused");
    for uri in [SUPERVISOR, ISSUER] {
        file(&gateway, uri, &against_licence("A1")).await;
        file(&gateway, uri, &against_field()).await;
    }
    // One who objects again and again leaves room for the holder.
    for _ in 1..storage::objections::OPEN_OF_CALLER_MAX {
        file(&gateway, SUPERVISOR, &against_licence("A1")).await;
    }
    post(&gateway.caller(SUPERVISOR), PATH, &against_licence("A1")).await.is_problem(409, "objection-conflict");
    file(&gateway, PORTAL, &against_licence("A1")).await;
}

#[tokio::test]
async fn objections_are_on_record_and_name_nobody() {
    let office = Office::new();
    let gateway = start(&office).await;
    issue(&gateway, &office, "A1").await;
    let logs = gateway.app.store().logs();
    let before = logs.size(LogName::Access).unwrap();
    let licence = file(&gateway, PORTAL, &against_licence("A1")).await;
    let field = file(&gateway, CONSUMER, &against_field()).await;
    answer(&gateway, ISSUER, licence["id"].as_str().unwrap()).await;
    gateway.caller(CONSUMER).send(Http::One, get(&format!("{PATH}/{}", field["id"].as_str().unwrap()))).await;
    let records: Vec<_> =
        (before..logs.size(LogName::Access).unwrap()).map(|n| logs.record(LogName::Access, n).unwrap().unwrap()).collect();
    let facts: Vec<Facts> = records.iter().map(|record| record.read(Opening::FACTS).unwrap()).collect();
    let events: Vec<_> = facts.iter().map(|facts| facts.event).collect();
    assert_eq!(
        events,
        [EventKind::ObjectionFile, EventKind::ObjectionFile, EventKind::ObjectionAnswer, EventKind::ObjectionRead]
    );
    assert_eq!(facts[0].issuer.as_deref(), Some(ORGANISATION));
    assert_eq!((&facts[1].details["resource"], &facts[1].details["field"]), (&json!(RESOURCE), &json!("name")));
    assert_eq!((&facts[2].details["operation"], &facts[2].details["decision"]), (&json!("answer"), &json!("rejected")));
    for (record, id) in records.iter().zip([&licence, &field, &licence, &field]) {
        assert_eq!(record.parts.len(), Opening::LINKS + 1, "linked to the holder");
        let text = record.parts[Opening::FACTS].text().unwrap();
        assert!(text.contains(id["id"].as_str().unwrap()), "{text}");
        for personal in [HOLDER, "某甲", &identifier("A1", 1).to_string(), "null"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
    let words = |n: usize| records[n].read::<SubjectPart>(Opening::SUBJECT).unwrap().details["text"].clone();
    assert_eq!((words(0), words(2)), (json!("某甲's name is wrong"), json!("某甲's name is right")));
}
