//! The life of grants over HTTPS: applied for, checked, decided, asked under, withdrawn.

use std::collections::BTreeSet;

use crypto::grants::{Ask, Authority, Denial, Mode, Permit};
use crypto::record::{EventKind, Facts, LogName, Opening, SubjectPart};
use gateway::clock;
use gateway::routes::TABLE;
use serde_json::{Value, json};

use crate::client::{Client, Http, Reply, post_json};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Setup, Started};

/// The organisation of `ISSUER`, which provides.
const PROVIDER: &str = "11330105002500287C";
/// The organisation of `OTHER_ISSUER`, and of the consumer.
const DISTRICT: &str = "11350200004144116F";
const CONSUMER: &str = "urn:test:consumer";
/// One that is operator and consumer in one.
const BOTH_ROLES: &str = "urn:test:both";

const APPLICATIONS: &str = "/v1/grants/applications";
const CONDITIONAL: &str = "3010010001/1";
const UNCONDITIONAL: &str = "3010010002/1";
const NEVER: &str = "3010010003/1";
const LICENCES: &str = "11330105002500287C001";

fn resource(code: &str, share: &str) -> Value {
    json!({
        "kind": "resource", "code": code, "name": "户籍", "provider": PROVIDER, "share": share, "condition": "依申请", "legal_basis": "law",
        "sensitivity": "personal", "subjects": ["111"],
        "fields": [
            { "name": "name", "title": "姓名", "type": "text" }, { "name": "birth", "title": "出生日期", "type": "date" },
        ],
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 }, "update": "daily", "licence_type": LICENCES,
    })
}

/// Puts entries into the catalogue.
async fn put(gateway: &Started, entries: &[Value]) {
    let change = json!({ "base_version": gateway.app.catalogues.current().version, "puts": entries });
    let changed = post(&gateway.operator(), "/v1/catalogue/changes", &change).await;
    assert!(changed.status.is_success(), "{changed:?}");
}

async fn start() -> Started {
    let mut setup = Setup::new();
    for (name, uri, roles) in [("desk", CONSUMER, "'consumer'"), ("hall", BOTH_ROLES, "'consumer', 'operator'")] {
        setup.sections.push_str(&format!(
            "[[callers]]\nname = '{name}'\norganisation = '{DISTRICT}'\ncertificates = ['uri:{uri}']\nroles = [{roles}]\n"
        ));
    }
    let gateway = setup.start_with(TABLE).await;
    let item = json!({
        "kind": "item", "code": "000111001000", "name": "户口迁移", "organisation": DISTRICT,
        "materials": [{ "code": "m1", "name": "户口簿", "resources": [CONDITIONAL] }],
    });
    let organisation = |code: &str| json!({ "kind": "organisation", "code": code, "name": "某局", "level": "city" });
    let resources = [(CONDITIONAL, "conditional"), (UNCONDITIONAL, "unconditional"), (NEVER, "never")];
    let licence_type = json!({
        "kind": "licence-type", "code": LICENCES, "name": "户口簿", "authority": PROVIDER, "authority_name": "某局", "holder": "person",
    });
    let mut entries = vec![organisation(PROVIDER), organisation(DISTRICT), item, licence_type];
    entries.extend(resources.map(|(code, share)| resource(code, share)));
    put(&gateway, &entries).await;
    gateway
}

fn wish(resource: &str) -> Value {
    json!({
        "resource": resource, "items": ["000111001000"], "purposes": ["办理"], "fields": ["name"], "authorities": ["duty"],
        "quota": { "per_day": 100, "total": 200 }, "until": clock::now().plus(30 * 86_400), "legal_basis": "《户口登记条例》",
        "reason": "for the hall",
    })
}

async fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(Http::Two, post_json(path, &body.to_string())).await
}

async fn apply(client: &Client, wish: &Value) -> String {
    let created = post(client, APPLICATIONS, wish).await;
    assert_eq!(created.status, 201, "{created:?}");
    created.json()["id"].as_str().unwrap().to_owned()
}

/// Checks and decides.
async fn grant(gateway: &Started, wish: &Value) -> String {
    let id = apply(&gateway.caller(CONSUMER), wish).await;
    let yes = json!({ "verdict": "approve" });
    let checked = post(&gateway.operator(), &format!("{APPLICATIONS}/{id}/check"), &yes).await;
    assert_eq!(checked.status, 200, "{checked:?}");
    if checked.json()["state"] == "checked" {
        let decided = post(&gateway.caller(ISSUER), &format!("{APPLICATIONS}/{id}/decision"), &yes).await;
        assert_eq!((decided.status.as_u16(), &decided.json()["state"]), (200, &json!("granted")), "{decided:?}");
    }
    id
}

async fn permit(gateway: &Started, resource: &str) -> Result<Permit, Denial> {
    let ask = Ask {
        caller: "desk",
        organisation: DISTRICT,
        resource,
        item: "000111001000",
        purpose: Some("办理"),
        fields: &BTreeSet::new(),
        mode: Mode::Tell,
        authority: Authority::Duty,
        at: clock::now(),
    };
    gateway.app.rights.permit(&gateway.app.catalogues.current(), &ask).await
}

/// The facts of the last record of the access log, and what it says of people.
fn last(gateway: &Started) -> (Facts, SubjectPart) {
    let logs = gateway.app.store().logs();
    let opening = logs.record(LogName::Access, logs.size(LogName::Access).unwrap() - 1).unwrap().unwrap();
    (opening.read(Opening::FACTS).unwrap(), opening.read(Opening::SUBJECT).unwrap())
}

#[tokio::test]
async fn applied_for_checked_decided_and_asked_under() {
    let gateway = start().await;
    let (desk, operator, office) = (gateway.caller(CONSUMER), gateway.operator(), gateway.caller(ISSUER));
    let yes = json!({ "verdict": "approve" });
    let id = apply(&desk, &wish(CONDITIONAL)).await;
    let path = format!("{APPLICATIONS}/{id}");
    let (facts, subject) = last(&gateway);
    assert_eq!((facts.event, facts.approval.as_deref()), (EventKind::GrantApply, Some(id.as_str())));
    assert_eq!((&facts.details["resource"], &facts.details["fields"]), (&json!(CONDITIONAL), &json!(["name"])));
    assert_eq!(subject.details["reason"], "for the hall");
    let filed = desk.get(&path).await.json();
    assert_eq!((&filed["state"], &filed["overdue"], &filed["findings"]), (&json!("applied"), &json!(false), &Value::Null));
    assert_eq!(permit(&gateway, CONDITIONAL).await, Err(Denial::NotGranted));

    post(&office, &format!("{path}/decision"), &yes).await.is_problem(409, "grant-conflict");
    post(&desk, &format!("{path}/check"), &yes).await.is_problem(403, "role-required");
    let silent = json!({ "verdict": "reject" });
    post(&operator, &format!("{path}/check"), &silent).await.is_problem(422, "bad-content");
    let checked = post(&operator, &format!("{path}/check"), &yes).await;
    assert_eq!((checked.status.as_u16(), &checked.json()["state"]), (200, &json!("checked")), "{checked:?}");
    assert!(checked.json()["decision_due"].is_string());
    assert_eq!(last(&gateway).0.event, EventKind::GrantCheck);
    assert_eq!(permit(&gateway, CONDITIONAL).await, Err(Denial::NotGranted), "checked is not granted");

    post(&gateway.caller(OTHER_ISSUER), &format!("{path}/decision"), &yes).await.is_problem(403, "other-organisation");
    let decided = post(&office, &format!("{path}/decision"), &yes).await;
    assert_eq!((decided.status.as_u16(), &decided.json()["state"]), (200, &json!("granted")), "{decided:?}");
    assert_eq!(post(&office, &format!("{path}/decision"), &yes).await.status, 200, "the same again");
    let no = json!({ "verdict": "reject", "reason": "no" });
    post(&office, &format!("{path}/decision"), &no).await.is_problem(409, "grant-conflict");
    let permitted = permit(&gateway, CONDITIONAL).await.unwrap();
    assert_eq!((&permitted.grant, permitted.fields), (&id, BTreeSet::from(["name".to_owned()])));

    let read = desk.get(&format!("/v1/grants/{id}")).await.json();
    assert_eq!((&read["in_force"], &read["usage"]["questions"], &read["usage"]["total"]), (&json!(true), &json!(1), &json!(1)));
    assert_eq!(last(&gateway).0.event, EventKind::GrantRead);
}

#[tokio::test]
async fn what_is_shared_without_condition_is_granted_by_the_check() {
    let gateway = start().await;
    let id = grant(&gateway, &wish(UNCONDITIONAL)).await;
    let read = gateway.operator().get(&format!("/v1/grants/{id}")).await.json();
    assert_eq!((&read["granted_by"], &read["in_force"]), (&json!("operations"), &json!(true)));
    assert_eq!(permit(&gateway, UNCONDITIONAL).await.map(|permit| permit.grant), Ok(id));
    assert_eq!(permit(&gateway, CONDITIONAL).await, Err(Denial::NotGranted));
}

#[tokio::test]
async fn what_does_not_conform_does_not_pass() {
    let gateway = start().await;
    let (desk, operator) = (gateway.caller(CONSUMER), gateway.operator());
    let yes = json!({ "verdict": "approve" });
    let mut wrong = wish(NEVER);
    wrong["fields"] = json!(["name", "income"]);
    wrong["items"] = json!(["000111001000", "000111009000"]);
    let id = apply(&desk, &wrong).await;
    let found = desk.get(&format!("{APPLICATIONS}/{id}")).await.json();
    let findings = found["findings"].as_array().unwrap().iter();
    let codes: Vec<_> = findings.map(|one| (one["code"].as_str().unwrap(), one["fault"].as_bool().unwrap())).collect();
    assert_eq!(codes, [("never-shared", true), ("unknown-field", true), ("unknown-item", true), ("item-unbound", false)]);
    let refused = post(&operator, &format!("{APPLICATIONS}/{id}/check"), &yes).await;
    refused.is_problem(422, "grant-nonconforming");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("never-shared, unknown-field, unknown-item"), "{detail}");
    let no = json!({ "verdict": "reject", "reason": "not shared" });
    let closed = post(&operator, &format!("{APPLICATIONS}/{id}/check"), &no).await.json();
    assert_eq!(closed["state"], "nonconforming");

    // The catalogue may change between the check and the decision.
    let id = apply(&desk, &wish(CONDITIONAL)).await;
    assert_eq!(post(&operator, &format!("{APPLICATIONS}/{id}/check"), &yes).await.status, 200);
    let mut poorer = resource(CONDITIONAL, "conditional");
    poorer["fields"].as_array_mut().unwrap().remove(0);
    put(&gateway, &[poorer]).await;
    let decided = post(&gateway.caller(ISSUER), &format!("{APPLICATIONS}/{id}/decision"), &yes).await;
    decided.is_problem(422, "grant-nonconforming");
}

#[tokio::test]
async fn what_is_no_application_is_refused() {
    let gateway = start().await;
    let desk = gateway.caller(CONSUMER);
    for (field, bad) in [
        ("resource", json!("9990010001/1")),
        ("items", json!([])),
        ("items", json!(["x\n"])),
        ("purposes", json!(["for 11010519491231002X"])),
        ("authorities", json!([])),
        ("quota", json!({ "per_day": 0 })),
        ("until", json!("2020-01-01T00:00:00Z")),
        ("from", json!("2099-01-01T00:00:00Z")),
        ("legal_basis", json!("")),
    ] {
        let mut wrong = wish(CONDITIONAL);
        wrong[field] = bad;
        post(&desk, APPLICATIONS, &wrong).await.is_problem(422, "bad-content");
    }
    post(&gateway.caller(ISSUER), APPLICATIONS, &wish(CONDITIONAL)).await.is_problem(403, "role-required");
    // The same request by its name, and another one under it.
    let named = async |body: &Value| {
        let mut request = post_json(APPLICATIONS, &body.to_string());
        request.headers_mut().insert("idempotency-key", "a-1".parse().unwrap());
        desk.send(Http::One, request).await
    };
    let body = wish(CONDITIONAL);
    let first = named(&body).await;
    assert_eq!(first.status, 201);
    let again = named(&body).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &first.json()["id"]));
    named(&wish(UNCONDITIONAL)).await.is_problem(422, "request-reused");
    // Nobody checks what they applied for.
    let hall = gateway.caller(BOTH_ROLES);
    let own = apply(&hall, &wish(CONDITIONAL)).await;
    let yes = json!({ "verdict": "approve" });
    post(&hall, &format!("{APPLICATIONS}/{own}/check"), &yes).await.is_problem(403, "own-application");
}

#[tokio::test]
async fn a_withdrawal_takes_effect_at_once() {
    let gateway = start().await;
    let why = json!({ "reason": "misuse" });
    for (number, by) in [ISSUER, OPERATOR, CONSUMER].into_iter().enumerate() {
        let id = grant(&gateway, &wish(CONDITIONAL)).await;
        assert_eq!(permit(&gateway, CONDITIONAL).await.map(|permit| permit.grant), Ok(id.clone()));
        let path = format!("/v1/grants/{id}/withdrawal");
        let party = gateway.caller(by);
        post(&party, &path, &json!({ "reason": " " })).await.is_problem(422, "bad-content");
        let withdrawn = post(&party, &path, &why).await;
        assert_eq!((withdrawn.status.as_u16(), &withdrawn.json()["in_force"]), (200, &json!(false)), "{withdrawn:?}");
        // Nothing is asked, and nothing told, from the answer on.
        assert_eq!(permit(&gateway, CONDITIONAL).await, Err(Denial::NotInForce));
        assert_eq!(gateway.app.rights.told(&id, 1, clock::now()).await, Err(Denial::NotInForce));
        let (facts, subject) = last(&gateway);
        assert_eq!((facts.event, facts.approval.as_deref()), (EventKind::GrantWithdraw, Some(id.as_str())));
        assert_eq!(subject.details["reason"], "misuse");
        assert_eq!(post(&party, &path, &why).await.status, 200, "the same again");
        post(&gateway.caller(BOTH_ROLES), &path, &why).await.is_problem(409, "grant-conflict");
        let all = gateway.operator().get("/v1/grants").await.json();
        assert_eq!(all["grants"].as_array().unwrap().len(), number + 1);
    }
    post(&gateway.operator(), "/v1/grants/00/withdrawal", &why).await.is_problem(404, "grant-not-found");
}

#[tokio::test]
async fn a_grant_does_not_outlive_its_provider() {
    let gateway = start().await;
    let id = grant(&gateway, &wish(CONDITIONAL)).await;
    let in_force = async || gateway.operator().get(&format!("/v1/grants/{id}")).await.json()["in_force"] == json!(true);
    assert!(in_force().await && permit(&gateway, CONDITIONAL).await.is_ok());
    let mut taken = resource(CONDITIONAL, "conditional");
    taken["provider"] = DISTRICT.into();
    put(&gateway, &[taken]).await;
    assert_eq!(permit(&gateway, CONDITIONAL).await, Err(Denial::NotInForce));
    assert!(!in_force().await);
    put(&gateway, &[resource(CONDITIONAL, "conditional")]).await;
    assert!(in_force().await && permit(&gateway, CONDITIONAL).await.is_ok());
}

#[tokio::test]
async fn who_sees_what() {
    let gateway = start().await;
    let id = grant(&gateway, &wish(CONDITIONAL)).await;
    let other = apply(&gateway.caller(CONSUMER), &wish(UNCONDITIONAL)).await;
    let ids = |reply: &Reply, of: &str| -> Vec<String> {
        let rows = reply.json()[of].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    // Both sides, and operators. The auditor's organisation has nothing to do with either.
    for uri in [CONSUMER, ISSUER, OTHER_ISSUER, OPERATOR] {
        let client = gateway.caller(uri);
        let listed = ids(&client.get(APPLICATIONS).await, "applications");
        assert_eq!(BTreeSet::from_iter(listed), BTreeSet::from([id.clone(), other.clone()]), "{uri}");
        let granted = client.get(&format!("{APPLICATIONS}?state=granted")).await;
        assert_eq!(ids(&granted, "applications"), std::slice::from_ref(&id), "{uri}");
        assert_eq!(ids(&client.get("/v1/grants").await, "grants"), std::slice::from_ref(&id), "{uri}");
        assert_eq!(client.get(&format!("/v1/grants/{id}")).await.status, 200, "{uri}");
    }
    let auditor = gateway.caller(AUDITOR);
    assert!(ids(&auditor.get(APPLICATIONS).await, "applications").is_empty());
    assert!(ids(&auditor.get("/v1/grants").await, "grants").is_empty());
    auditor.get(&format!("/v1/grants/{id}")).await.is_problem(404, "grant-not-found");
    auditor.get(&format!("{APPLICATIONS}/{id}")).await.is_problem(404, "grant-application-not-found");
    // Page by page.
    let desk = gateway.caller(CONSUMER);
    let first = desk.get(&format!("{APPLICATIONS}?limit=1")).await;
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let second = desk.get(&format!("{APPLICATIONS}?limit=1&after={next}")).await;
    let pages = [ids(&first, "applications"), ids(&second, "applications")].concat();
    assert_eq!(BTreeSet::from_iter(pages), BTreeSet::from([id, other]));
    assert!(second.json()["next"].is_null());
    for bad in ["limit=0", "limit=501", "after=x", "state=gone"] {
        desk.get(&format!("{APPLICATIONS}?{bad}")).await.is_problem(400, "bad-parameter");
    }
}
