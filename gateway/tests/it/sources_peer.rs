//! Another gateway as a source.

use std::sync::Arc;

use crypto::grants::Authority;
use gateway::broker::{Errand, SourceFault};
use serde_json::{Value, json};

use crate::department::{Department, RESOURCE, Seen, ask, question, resource, rows, says, source};
use crate::licence_kit::HOLDER;
use crate::started::Setup;

const REMOTE: &str = "3010010001/7";

async fn comes_of(answer: Value) -> Result<Value, SourceFault> {
    let department = Department::start(move |_: &Seen| says(&answer)).await;
    let mut setup = Setup::new();
    let section = format!(
        "kind = 'licet'\nurl = '{}'\nresources = {{ '{RESOURCE}' = {{ remote = '{REMOTE}' }} }}",
        department.url("/v1/lookups")
    );
    let source = source(&mut setup, &section);
    let mut question = question(&resource(&json!({})), &["name", "born"]);
    let reply = ask(&source, &question).await;
    let seen = department.seen();
    let asked = seen.first().unwrap();
    assert_eq!((seen.len(), asked.target.as_str()), (1, "/v1/lookups"));
    let body = json!({ "subject": { "code_type": "111", "code": HOLDER }, "item": "事项/1", "case": "BJ-1", "purpose": "核验 a&b",
        "operator": "clerk-7", "resources": [REMOTE], "fields": { REMOTE: ["born", "name"] }, "use_codes": false });
    assert_eq!(asked.json(), body);
    assert!((1..=20_000).contains(&asked.header("licet-deadline").parse::<u32>().unwrap()));
    question.errand = Arc::new(Errand { authority: Authority::Consent, ..(*question.errand).clone() });
    assert_eq!(ask(&source, &question).await, Err(SourceFault::Refused), "consent cannot be handed on");
    assert!(department.seen().is_empty());
    Ok(rows(Ok(reply?)))
}

fn answer(state: &str, more: &Value) -> Value {
    let mut one =
        json!({ "resource": REMOTE, "name": "x", "provider": "x", "source": "population", "state": state, "took_ms": 3 });
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "status": "complete", "sources": [{ "resource": "other", "state": "answered" }, one] })
}

#[tokio::test]
async fn its_answers_are_ours() {
    let row = |fields: Value| json!({ "as_of": "2026-07-01T00:00:00Z", "rows": [{ "fields": fields, "licence": { "identifier": "x" } }] });
    let told = row(json!({ "name": "某甲", "born": "1949-12-31", "children": "what was not asked is not told" }));
    assert_eq!(comes_of(answer("answered", &told)).await, Ok(json!([{ "name": "某甲", "born": "1949-12-31" }])));
    assert_eq!(comes_of(answer("not-found", &json!({}))).await, Ok(json!([])));
    let wrong = row(json!({ "born": "soon" }));
    for (state, more, fault) in [
        ("answered", wrong, SourceFault::Malformed),
        ("answered", json!({ "as_of": "soon" }), SourceFault::Malformed),
        ("stale", row(json!({ "name": "某甲" })), SourceFault::Failed),
        ("timed-out", json!({}), SourceFault::Slow),
        ("overloaded", json!({}), SourceFault::Overloaded),
        ("breaker-open", json!({}), SourceFault::Overloaded),
        ("failed", json!({}), SourceFault::Failed),
        ("refused", json!({}), SourceFault::Refused),
        ("denied", json!({ "denied": "not-granted" }), SourceFault::Refused),
    ] {
        assert_eq!(comes_of(answer(state, &more)).await, Err(fault), "{state}");
    }
    for foreign in [json!({}), json!({ "sources": [] }), json!({ "sources": [{ "resource": REMOTE }] })] {
        assert_eq!(comes_of(foreign).await, Err(SourceFault::Malformed));
    }
}
