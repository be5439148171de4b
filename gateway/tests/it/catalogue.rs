//! The catalogue over HTTPS: versions and history, who may change what, what is refused and why, and what auditors see of it.

use crypto::catalogue::Rule;
use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, LogName, Opening};
use gateway::catalogue::CatalogueFile;
use gateway::routes::TABLE;
use serde_json::{Value, json};

use crate::client::{Client, Http, Reply, get, post_json};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Setup, Started, VERIFIER, memory};

/// The organisation at the top: that of the operator and of the auditor.
const TOP: &str = "91350211M000100Y46";
/// That of the issuer, a county below it.
const COUNTY: &str = "11330105002500287C";
/// A village of that county.
const VILLAGE: &str = "12210281015000409J";
/// That of the other issuer, beside the county.
const OTHER: &str = "11350200004144116F";

const CONSUMER: &str = "urn:test:consumer";
const CHANGES: &str = "/v1/catalogue/changes";

fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.sections = format!(
        "[[callers]]\nname = 'window'\norganisation = '{VILLAGE}'\ncertificates = ['uri:{CONSUMER}']\nroles = ['consumer']\n"
    );
    // Resources may name it; nobody asks it anything here.
    setup.sections.push_str(
        "[[sources]]\nname = 'city'\nkind = 'http-json'\nurl = 'http://127.0.0.1:9/'\nrequest = '{\"number\":\"{number}\"}'\n[sources.answer]\n\
         [[sources]]\nname = 'county'\norganisations = ['11330105002500287C']\nkind = 'http-json'\nurl = 'http://127.0.0.1:9/'\nrequest = '{\"number\":\"{number}\"}'\n[sources.answer]\n",
    );
    setup
}

async fn start() -> Started {
    setup().start_with(TABLE).await
}

#[tokio::test]
async fn changes_that_wait_for_each_other_hold_no_thread_of_the_pool() {
    let gateway = setup().with("workers_max = 1").start_with(TABLE).await;
    let turn = gateway.app.catalogues.turn().await;
    let client = gateway.operator();
    let waiting = tokio::spawn(async move { change(&client, 0, &[organisation(TOP, "city", None)], &[]).await });
    while gateway.app.metrics.in_flight.get() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        gateway.app.pool.run(|| ()).await.unwrap();
    }
    assert!(!waiting.is_finished(), "it has its turn after the one before it");
    drop(turn);
    let changed = waiting.await.unwrap();
    assert_eq!(changed.status, 201, "{changed:?}");
}

fn organisation(code: &str, level: &str, parent: Option<&str>) -> Value {
    let mut row = json!({ "kind": "organisation", "code": code, "name": "某机构", "level": level });
    if let Some(parent) = parent {
        row["parent"] = parent.into();
    }
    row
}

fn item(code: &str, keeper: &str) -> Value {
    json!({ "kind": "item", "code": code, "name": "某事项", "organisation": keeper })
}

fn demand(code: &str, wants: &str, provider: &str) -> Value {
    json!({
        "kind": "demand", "code": code, "organisation": wants, "provider": provider, "name": "某数据", "legal_basis": "某法",
        "since": "2026-07-01",
    })
}

fn resource(code: &str, provider: &str, of: &str, name: &str) -> Value {
    let mut row = json!({
        "kind": "resource", "code": code, "name": "某资源", "provider": provider, "share": "unconditional",
        "legal_basis": "某法", "sensitivity": "internal", "subjects": ["111"], "update": "live",
        "fields": [{ "name": "name", "title": "姓名", "type": "text" }],
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 },
    });
    row[of] = name.into();
    row
}

fn licence_type(code: &str, authority: &str) -> Value {
    json!({
        "kind": "licence-type", "code": code, "name": "某证", "authority": authority, "authority_name": "某机构", "holder": "person",
    })
}

/// The tree, and an item of each.
fn tree() -> Vec<Value> {
    let organisations = [
        organisation(TOP, "city", None),
        organisation(COUNTY, "county", Some(TOP)),
        organisation(VILLAGE, "village", Some(COUNTY)),
        organisation(OTHER, "county", Some(TOP)),
    ];
    let items =
        [("top", TOP), ("county", COUNTY), ("village", VILLAGE), ("other", OTHER)].map(|(code, keeper)| item(code, keeper));
    [&organisations[..], &items, &[demand("d-county", OTHER, COUNTY)]].concat()
}

fn removal(kind: &str, code: &str) -> Value {
    json!({ "kind": kind, "code": code })
}

async fn change(client: &Client, base: u64, puts: &[Value], removals: &[Value]) -> Reply {
    let body = json!({ "base_version": base, "puts": puts, "removals": removals, "reason": "年度更新" });
    client.send(Http::Two, post_json(CHANGES, &body.to_string())).await
}

async fn planted(gateway: &Started) -> Client {
    let operator = gateway.operator();
    let made = change(&operator, 0, &tree(), &[]).await;
    assert_eq!(made.status, 201, "{made:?}");
    operator
}

async fn codes(client: &Client, path: &str) -> Vec<String> {
    let reply = client.get(path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let entries = reply.json()["entries"].as_array().unwrap().clone();
    entries.iter().map(|entry| entry["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_version_can_be_had_also_after_a_restart() {
    let store = memory();
    let gateway = setup().start_over(TABLE, store.clone()).await;
    let reader = gateway.verifier();
    assert_eq!(reader.get("/v1/catalogue").await.json(), json!({ "version": 0, "entries": [] }));
    let operator = planted(&gateway).await;
    let second = change(&operator, 1, &[item("new", TOP)], &[removal("item", "top")]).await;
    assert_eq!((second.status.as_u16(), second.header("location")), (201, "/v1/catalogue/changes/2"));
    let made = second.json();
    assert_eq!((&made["version"], &made["caller"], &made["reason"]), (&json!(2), &json!("operations"), &json!("年度更新")));

    for app in [gateway.app.catalogues.current(), setup().start_over(TABLE, store.clone()).await.app.catalogues.current()] {
        assert_eq!((app.version, app.item("new").is_some(), app.item("top").is_some()), (2, true, false));
    }
    let again = setup().start_over(TABLE, store).await;
    let reader = again.verifier();
    assert_eq!(codes(&reader, "/v1/catalogue?kind=item").await, ["county", "new", "other", "village"]);
    assert_eq!(codes(&reader, "/v1/catalogue?kind=item&version=1").await, ["county", "other", "top", "village"]);
    assert_eq!(codes(&reader, "/v1/catalogue?version=0").await, [""; 0]);
    for (path, problem) in [
        ("/v1/catalogue?version=3", (404, "catalogue-version-not-found")),
        ("/v1/catalogue?kind=licence", (400, "bad-parameter")),
        ("/v1/catalogue/entries/item/top", (404, "catalogue-entry-not-found")),
        ("/v1/catalogue/entries/items/new", (400, "bad-parameter")),
        ("/v1/catalogue/changes/3", (404, "catalogue-version-not-found")),
        ("/v1/catalogue/changes?limit=101", (400, "bad-parameter")),
    ] {
        reader.get(path).await.is_problem(problem.0, problem.1);
    }
    let was = reader.get("/v1/catalogue/entries/item/top?version=1").await.json();
    assert_eq!((&was["version"], &was["entry"]["organisation"]), (&json!(1), &json!(TOP)));

    let whole = reader.get("/v1/catalogue").await;
    let mut known = get("/v1/catalogue");
    known.headers_mut().insert("if-none-match", whole.header("etag").parse().unwrap());
    assert_eq!(reader.send(Http::One, known).await.status, 304);
    assert_ne!(whole.header("etag"), reader.get("/v1/catalogue?kind=item").await.header("etag"));
    assert_ne!(whole.header("etag"), reader.get("/v1/catalogue?version=1").await.header("etag"));

    let page = reader.get("/v1/catalogue/changes?limit=1").await.json();
    assert_eq!((&page["changes"][0]["version"], &page["next"]), (&json!(2), &json!(2)));
    assert_eq!((&page["changes"][0]["puts"], &page["changes"][0]["removals"]), (&json!(1), &json!(1)));
    let rest = reader.get("/v1/catalogue/changes?after=2").await.json();
    assert_eq!((&rest["changes"][0]["version"], rest.get("next")), (&json!(1), None));
    let change_of = reader.get("/v1/catalogue/changes/2").await;
    assert_eq!(change_of.json(), made);
    assert_eq!(page["changes"][0]["sha256"], json!(Sha256::of(&[&change_of.body])));
}

#[tokio::test]
async fn codes_with_a_slash_are_found() {
    let gateway = start().await;
    let operator = planted(&gateway).await;
    assert_eq!(change(&operator, 1, &[resource("3010010001/1", COUNTY, "source", "county")], &[]).await.status, 201);
    let found = gateway.verifier().get("/v1/catalogue/entries/resource/3010010001%2F1").await;
    assert_eq!((found.status.as_u16(), &found.json()["entry"]["name"]), (200, &json!("某资源")));
    gateway.verifier().get("/v1/catalogue/entries/resource/3010010001/1").await.is_problem(404, "not-found");
}

#[tokio::test]
async fn of_two_writers_one_is_told() {
    let gateway = start().await;
    let operator = planted(&gateway).await;
    let bodies = ["a", "b", "c", "d"].map(|code| json!({ "base_version": 1, "puts": [item(code, TOP)] }).to_string());
    let tries: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = operator.clone();
            tokio::spawn(async move { client.send(Http::One, post_json(CHANGES, &body)).await })
        })
        .collect();
    let mut made = 0;
    for one in tries {
        match one.await.unwrap() {
            reply if reply.status == 201 => made += 1,
            reply => reply.is_problem(409, "catalogue-changed"),
        }
    }
    assert_eq!((made, gateway.app.catalogues.current().version), (1, 2));
    change(&operator, 7, &[item("e", TOP)], &[]).await.is_problem(409, "catalogue-changed");
}

#[tokio::test]
async fn the_same_request_again_finds_its_change() {
    let gateway = start().await;
    let operator = planted(&gateway).await;
    let send = async |body: &Value| {
        let mut request = post_json(CHANGES, &body.to_string());
        request.headers_mut().insert("idempotency-key", "c-1".parse().unwrap());
        operator.send(Http::One, request).await
    };
    let body = json!({ "base_version": 1, "puts": [item("a", TOP)] });
    let first = send(&body).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(change(&operator, 2, &[item("b", TOP)], &[]).await.status, 201);
    let again = send(&body).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    send(&json!({ "base_version": 1, "puts": [item("c", TOP)] })).await.is_problem(422, "request-reused");
    send(&json!({ "base_version": 3, "puts": [item("a", TOP)] })).await.is_problem(422, "request-reused");
    assert_eq!(gateway.app.catalogues.current().version, 3);
}

#[tokio::test]
async fn everything_that_is_wrong_is_named() {
    let gateway = start().await;
    let operator = planted(&gateway).await;
    let mut wrong = item("a b", VILLAGE);
    wrong["name"] = "".into();
    let faulty = change(&operator, 1, &[wrong, organisation(VILLAGE, "city", Some(OTHER))], &[removal("item", "none")]).await;
    faulty.is_problem(422, "catalogue-faults");
    let faults = faulty.json()["faults"].as_array().unwrap().clone();
    let told: Vec<_> = faults.iter().map(|fault| (fault["field"].as_str().unwrap(), fault["rule"].as_str().unwrap())).collect();
    assert_eq!(told, [("", "not-there"), ("parent", "level-order"), ("code", "code-shape"), ("name", "empty")]);
    assert_eq!(faults[1]["entry"], json!({ "kind": "organisation", "code": VILLAGE }));
    assert!(faults.iter().all(|fault| !fault["text"].as_str().unwrap().is_empty()));

    let personal = item("a", TOP);
    for (name, field) in [("张三11010519491231002X", "name"), ("11010519491231002X", "name")] {
        let mut personal = personal.clone();
        personal["name"] = name.into();
        let refused = change(&operator, 1, &[personal], &[]).await;
        refused.is_problem(422, "catalogue-faults");
        let fault = &refused.json()["faults"][0];
        assert_eq!((&fault["rule"], &fault["field"]), (&json!(Rule::CitizenNumber), &json!(field)));
    }
    let body = json!({ "base_version": 1, "puts": [item("a", TOP)], "reason": "for 11010519491231002X" });
    operator.send(Http::One, post_json(CHANGES, &body.to_string())).await.is_problem(422, "bad-content");
    change(&operator, 1, &[], &[removal("organisation", COUNTY)]).await.is_problem(422, "catalogue-faults");
    change(&operator, 1, &[], &[]).await.is_problem(422, "catalogue-faults");
    assert_eq!(gateway.app.catalogues.current().version, 1, "nothing of it was made");
}

#[tokio::test]
async fn everybody_changes_what_is_theirs() {
    let gateway = start().await;
    planted(&gateway).await;
    let with = |mut row: Value, field: &str, value: &str| {
        row[field] = value.into();
        row
    };
    let answered = with(with(demand("d-county", OTHER, COUNTY), "state", "declined"), "reason", "依法不予提供");
    let taken = with(answered.clone(), "name", "另一数据");
    let (put, gone) = (|row: Value| (vec![row], vec![]), |row: Value| (vec![], vec![row]));
    // Caller, what it asks for, whether it may.
    let table = [
        (VERIFIER, put(item("county", COUNTY)), None),
        (AUDITOR, put(item("county", COUNTY)), None),
        (ISSUER, put(item("mine", COUNTY)), Some(true)),
        (ISSUER, put(item("below", VILLAGE)), Some(true)),
        (ISSUER, put(item("above", TOP)), Some(false)),
        (ISSUER, put(item("beside", OTHER)), Some(false)),
        (ISSUER, put(item("other", COUNTY)), Some(false)),
        (ISSUER, put(item("county", OTHER)), Some(false)),
        (ISSUER, gone(removal("item", "village")), Some(true)),
        (ISSUER, gone(removal("item", "other")), Some(false)),
        (ISSUER, put(with(organisation(VILLAGE, "village", Some(COUNTY)), "name", "某村")), Some(true)),
        (ISSUER, put(with(organisation(COUNTY, "county", Some(TOP)), "name", "某县")), Some(false)),
        (ISSUER, put(organisation(OTHER, "county", Some(COUNTY))), Some(false)),
        (ISSUER, put(organisation("1121020001500010X8", "village", Some(COUNTY))), Some(false)),
        (ISSUER, gone(removal("organisation", VILLAGE)), Some(false)),
        (ISSUER, put(demand("d-1", COUNTY, OTHER)), Some(true)),
        (ISSUER, put(demand("d-2", OTHER, COUNTY)), Some(false)),
        (ISSUER, put(taken), Some(false)),
        (OTHER_ISSUER, put(with(demand("d-1", COUNTY, OTHER), "name", "另一数据")), Some(false)),
        (ISSUER, put(answered), Some(true)),
        (CONSUMER, put(demand("d-3", VILLAGE, TOP)), Some(true)),
        (CONSUMER, put(with(demand("d-3", VILLAGE, TOP), "name", "另一数据")), Some(true)),
        (CONSUMER, put(demand("d-3", COUNTY, TOP)), Some(false)),
        (CONSUMER, put(demand("d-4", COUNTY, TOP)), Some(false)),
        (CONSUMER, put(item("mine", VILLAGE)), Some(false)),
        (CONSUMER, gone(removal("demand", "d-1")), Some(false)),
        (CONSUMER, gone(removal("demand", "d-3")), Some(true)),
        (OPERATOR, put(organisation("1121020001500010X8", "village", Some(COUNTY))), Some(true)),
    ];
    for (uri, (puts, removals), may) in table {
        let base = gateway.app.catalogues.current().version;
        let reply = change(&gateway.caller(uri), base, &puts, &removals).await;
        let told = format!("{uri} {puts:?} {removals:?}: {}", String::from_utf8_lossy(&reply.body));
        match may {
            Some(true) => assert_eq!(reply.status, 201, "{told}"),
            Some(false) => {
                assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (403, &json!("other-organisation")), "{told}");
            }
            None => assert_eq!(reply.json()["code"], "role-required", "{told}"),
        }
    }
}

#[tokio::test]
async fn nobody_makes_what_others_have_their_own() {
    let gateway = start().await;
    let operator = planted(&gateway).await;
    let [of_top, of_county, of_other] = [format!("{TOP}001"), format!("{COUNTY}001"), format!("{OTHER}001")];
    let given = format!("{OTHER}002");
    let types = [licence_type(&of_top, TOP), licence_type(&of_other, OTHER), licence_type(&given, COUNTY)];
    assert_eq!(change(&operator, 1, &types, &[]).await.status, 201);
    let one = |provider, of, name: &str| vec![resource("3010010001/1", provider, of, name)];
    // Who puts what, and whether they may. The source "county" is for the county and below, "city" for nobody in particular.
    let table = [
        (ISSUER, one(COUNTY, "source", "county"), true),
        (ISSUER, one(VILLAGE, "source", "county"), true),
        (ISSUER, one(COUNTY, "source", "city"), false),
        (OTHER_ISSUER, vec![resource("3010010002/1", OTHER, "source", "county")], false),
        (OPERATOR, vec![resource("3010010002/1", OTHER, "source", "county")], true),
        // Not even where an operator has put it so.
        (OTHER_ISSUER, vec![resource("3010010002/1", OTHER, "source", "county")], false),
        (ISSUER, one(COUNTY, "licence_type", &of_top), true),
        (ISSUER, one(COUNTY, "licence_type", &of_other), false),
        (ISSUER, vec![licence_type(&of_county, COUNTY), resource("3010010001/1", VILLAGE, "licence_type", &of_county)], true),
        (ISSUER, one(COUNTY, "licence_type", &of_county), true),
        (OPERATOR, one(COUNTY, "licence_type", &of_other), true),
        // A type whose code is another's is not defined by whoever comes first; one that an operator has given away is.
        (ISSUER, vec![licence_type(&format!("{OTHER}003"), COUNTY)], false),
        (
            ISSUER,
            vec![licence_type(&format!("{OTHER}003"), COUNTY), one(COUNTY, "licence_type", &format!("{OTHER}003")).remove(0)],
            false,
        ),
        (ISSUER, vec![licence_type(&given, COUNTY)], true),
        (ISSUER, vec![licence_type(&given, VILLAGE)], false),
    ];
    for (uri, puts, may) in table {
        let base = gateway.app.catalogues.current().version;
        let reply = change(&gateway.caller(uri), base, &puts, &[]).await;
        let told = format!("{uri} {puts:?}: {}", String::from_utf8_lossy(&reply.body));
        match may {
            true => assert_eq!(reply.status, 201, "{told}"),
            false => assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (403, &json!("other-organisation")), "{told}"),
        }
    }
    // What there is not is a fault, and nobody's.
    let base = gateway.app.catalogues.current().version;
    for puts in [one(COUNTY, "source", "nowhere"), one(COUNTY, "licence_type", &format!("{OTHER}009"))] {
        change(&gateway.caller(ISSUER), base, &puts, &[]).await.is_problem(422, "catalogue-faults");
    }
}

#[tokio::test]
async fn a_change_is_in_the_access_log_and_moves_what_an_auditor_sees() {
    let gateway = start().await;
    let seen = async || {
        let filter = json!({ "filter": { "organisation": COUNTY } }).to_string();
        let found = gateway.caller(AUDITOR).send(Http::One, post_json("/v1/logs/access/search", &filter)).await;
        assert_eq!(found.status, 200, "{found:?}");
        found.json()["rows"].as_array().unwrap().len()
    };
    assert_eq!(gateway.caller(ISSUER).get("/v1/catalogue").await.status, 200);
    assert_eq!(seen().await, 0, "the county is not below the auditor's organisation yet");
    planted(&gateway).await;
    let logs = gateway.app.store().logs();
    let last = logs.record(LogName::Access, logs.size(LogName::Access).unwrap() - 1).unwrap().unwrap();
    let facts: Facts = last.read(Opening::FACTS).unwrap();
    assert_eq!((facts.event, facts.outcome), (EventKind::CatalogueChange, Ending::Done));
    let change = gateway.verifier().get("/v1/catalogue/changes/1").await;
    assert_eq!(facts.details["sha256"], json!(Sha256::of(&[&change.body])));
    assert_eq!((&facts.details["version"], &facts.details["puts"]), (&json!(1), &json!(tree().len())));
    assert_eq!(seen().await, 1);
    let alone = [organisation(COUNTY, "county", None)];
    assert_eq!(crate::catalogue::change(&gateway.operator(), 1, &alone, &[]).await.status, 201);
    assert_eq!(seen().await, 0);
}

/// The example that the documents speak of.
pub(crate) fn example() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/catalogue.toml")).unwrap()
}

#[test]
fn the_documented_example_is_good_and_every_rule_is_documented() {
    let entries: Vec<_> = CatalogueFile::parse(&example()).unwrap().into_entries().collect();
    assert_eq!(entries.len(), 12);
    let catalogue = crypto::catalogue::Catalogue::of(1, entries);
    assert_eq!(crypto::catalogue::check(&catalogue, None), []);
    let formats = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/FORMATS.md")).unwrap();
    for rule in Rule::ALL {
        assert!(formats.contains(&format!("`{}`", rule.code())), "docs/FORMATS.md does not tell of {}", rule.code());
    }
}
