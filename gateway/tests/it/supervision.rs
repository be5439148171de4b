//! Supervision over HTTPS: who sees which cards, how their changes are followed, and the report of a month.

use std::time::Duration;

use crypto::catalogue::Sla;
use crypto::time::Timestamp;
use gateway::broker::{LOCAL, State};
use gateway::supervision::Call;
use gateway::supervision::report::Month;
use serde_json::{Value, json};

use crate::client::{Http, get};
use crate::licence_kit::ORGANISATION;
use crate::lookup_kit::{CONSUMER, City, OTHER_CONSUMER, PEOPLE, TAX, ask, start_over, subject};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Setup, Started, memory};

const SLA: Sla = Sla { latency_ms: 100, slow_permille_max: 10, error_permille_max: 10 };

async fn world() -> (City, Started) {
    let city = City::start().await;
    let at = start_over(city.asked_by(Setup::new()), memory()).await;
    (city, at)
}

/// So many calls of a resource that ended so.
fn calls(at: &Started, resource: &str, state: State, times: usize, now: Timestamp) {
    for _ in 0..times {
        at.app.supervision.call(&Call {
            source: LOCAL,
            resource,
            provider: ORGANISATION,
            state,
            took: Duration::from_millis(40),
            sla: &SLA,
            at: now,
        });
    }
}

async fn read(at: &Started, uri: &str, path: &str) -> Value {
    let reply = at.caller(uri).get(path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn colours(cards: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    cards.as_array().unwrap().iter().map(|card| (text(&card["about"]["code"]), text(&card["colour"]))).collect()
}

#[tokio::test]
async fn cards_are_seen_by_whom_they_concern_and_followed_in_order() {
    let (_city, at) = world().await;
    let now = gateway::clock::now();
    calls(&at, PEOPLE, State::Answered, 1000, now);
    calls(&at, TAX, State::Failed, 30, now);
    at.app.supervision.turn(&at.app.recorder, now).unwrap();
    let red = vec![(TAX.to_owned(), "red".to_owned())];
    for uri in [OPERATOR, ISSUER] {
        let seen = read(&at, uri, "/v1/supervision").await;
        assert_eq!(colours(&seen["cards"]), red, "{uri}");
        assert_eq!(seen["budgets"].as_array().unwrap().len(), 2);
    }
    // The auditor audits another organisation, and the other office is no party to it.
    for uri in [AUDITOR, OTHER_ISSUER, OTHER_CONSUMER] {
        let seen = read(&at, uri, "/v1/supervision").await;
        assert_eq!((&seen["cards"], &seen["budgets"]), (&json!([]), &json!([])), "{uri}");
    }
    calls(&at, TAX, State::Answered, 10_000, now);
    at.app.supervision.turn(&at.app.recorder, now).unwrap();
    let first = read(&at, OPERATOR, "/v1/supervision/events?limit=1").await;
    assert_eq!((colours(&first["cards"]), &first["is_end"]), (red, &json!(false)));
    let next = format!("/v1/supervision/events?after={}", first["next"]);
    let second = read(&at, OPERATOR, &next).await;
    assert_eq!(colours(&second["cards"]), [(TAX.to_owned(), "green".to_owned())]);
    assert_eq!((&second["is_end"], &second["next"]), (&json!(true), &json!(2)));
    for bad in ["limit=0", "wait_s=26"] {
        at.caller(OPERATOR).get(&format!("/v1/supervision/events?{bad}")).await.is_problem(400, "bad-parameter");
    }
    let metrics = String::from_utf8(at.app.metrics.text().unwrap()).unwrap();
    assert!(metrics.contains("licet_supervision_used_permille{about=\"1010010003/1\",kind=\"resource\"}"), "{metrics}");
}

#[tokio::test]
async fn a_change_of_a_card_is_waited_for() {
    let (_city, at) = world().await;
    let now = gateway::clock::now();
    let waiting = |uri: &'static str| {
        let client = at.caller(uri);
        tokio::spawn(async move { client.get("/v1/supervision/events?wait_s=25").await })
    };
    // Who looks on its own without waiting finds nothing.
    assert_eq!(read(&at, OPERATOR, "/v1/supervision/events").await["cards"], json!([]));
    let operator = waiting(OPERATOR);
    while at.app.metrics.in_flight.get() == 0 {
        tokio::task::yield_now().await;
    }
    // One that came later is through: the first waits by now.
    assert_eq!(read(&at, ISSUER, "/v1/supervision/events").await["cards"], json!([]));
    calls(&at, TAX, State::Failed, 30, now);
    at.app.supervision.turn(&at.app.recorder, now).unwrap();
    let told = operator.await.unwrap().json();
    assert_eq!((colours(&told["cards"]), &told["next"]), (vec![(TAX.to_owned(), "red".to_owned())], &json!(1)));
}

#[tokio::test]
async fn look_ups_are_counted_for_the_source_and_for_the_consumer() {
    let (_city, at) = world().await;
    let asked = json!({ "subject": subject(), "item": crate::lookup_kit::ITEM, "resources": [PEOPLE] });
    assert_eq!(ask(&at.caller(CONSUMER), "/v1/lookups", &asked, 5000).await.status, 200);
    ask(&at.caller(OTHER_CONSUMER), "/v1/lookups", &asked, 5000).await.is_problem(403, "not-granted");
    let seen = read(&at, OPERATOR, "/v1/supervision").await;
    let budgets = seen["budgets"].as_array().unwrap();
    let window = |kind: &str, code: &str| {
        let about = json!({ "kind": kind, "code": code });
        budgets.iter().find(|budget| budget["about"] == about).unwrap_or_else(|| panic!("{about} in {seen:#}"))["window"].clone()
    };
    assert_eq!(window("resource", PEOPLE)["calls"], 1);
    let sources = seen["sources"].as_array().unwrap();
    let name = budgets.iter().find(|budget| budget["about"]["kind"] == "source").unwrap()["about"]["code"].clone();
    let treated = sources.iter().find(|source| source["name"] == name).unwrap_or_else(|| panic!("{name} in {seen:#}"));
    assert_eq!((&treated["breaker"], &treated["in_flight"]), (&json!("closed"), &json!(0)));
    assert!(read(&at, ISSUER, "/v1/supervision").await.get("sources").is_none(), "for operators");
    let own = window("consumer", "window");
    assert_eq!((&own["calls"], &own["refused"], &own["slow"], own.get("wrong")), (&json!(1), &json!(0), &json!(0), None));
    let timed: u64 = own["classes"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(timed, 1, "how long the answer took is counted: {own}");
    assert_eq!(window("consumer", "other-window")["refused"], 1);
    let own = read(&at, OTHER_CONSUMER, "/v1/supervision").await;
    assert_eq!(own["budgets"].as_array().unwrap().len(), 1, "consumers see themselves");
}

#[tokio::test]
async fn what_is_wrong_what_is_refused_and_what_is_late_are_counted_apart() {
    let (city, mut setup) = (City::start().await, Setup::new());
    setup.sections.push_str("[supervision]\nconsumer_latency_ms = 1\n");
    let at = start_over(city.asked_by(setup), memory()).await;
    let consumer = at.caller(CONSUMER);
    let asked = |more: Value| {
        let mut body = json!({ "subject": subject(), "item": crate::lookup_kit::ITEM });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    // A department that never answers: the deadline is kept, and the budget of a millisecond is not.
    let late = ask(&consumer, "/v1/lookups", &asked(json!({ "resources": [TAX] })), 100).await;
    assert_eq!(late.status, 200, "{late:?}");
    ask(&consumer, "/v1/lookups", &asked(json!({ "resources": [] })), 100).await.is_problem(422, "bad-content");
    ask(&consumer, "/v1/lookups", &json!({ "no": "such field" }), 100).await.is_problem(400, "bad-json");
    let secret = asked(json!({ "resources": [crate::lookup_kit::SECRET] }));
    ask(&consumer, "/v1/lookups", &secret, 100).await.is_problem(403, "not-granted");
    let seen = read(&at, CONSUMER, "/v1/supervision").await;
    let window = &seen["budgets"][0]["window"];
    let counts = ["calls", "slow", "wrong", "refused", "errors"].map(|name| window[name].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 2, 1, 0], "{seen:#}");
}

#[tokio::test]
async fn the_report_of_a_month_is_what_the_ledger_has_of_it() {
    let (_city, at) = world().await;
    let month: Month = "2026-07".parse().unwrap();
    let (from, until) = month.span().unwrap();
    for (moment, state, times) in [
        (from.plus(-1), State::Failed, 7),
        (from, State::Answered, 990),
        (until.plus(-1), State::Failed, 10),
        (until, State::Answered, 5),
    ] {
        calls(&at, PEOPLE, state, times, moment);
    }
    at.app.supervision.turn(&at.app.recorder, until).unwrap();
    let report = read(&at, ISSUER, "/v1/supervision/reports/2026-07").await;
    let row = report["resources"].as_array().unwrap().iter().find(|row| row["code"] == PEOPLE).unwrap().clone();
    assert_eq!((&row["calls"], &row["errors"], &row["available_per_100000"]), (&json!(1000), &json!(10), &json!(99_000)));
    assert_eq!((&row["p50_ms"], &row["is_kept"], &report["is_complete"]), (&json!(50), &json!(true), &json!(true)));
    let mut request = get("/v1/supervision/reports/2026-07?organisation=11330105002500287C");
    request.headers_mut().insert("accept", "text/csv".parse().unwrap());
    let csv = at.caller(OPERATOR).send(Http::One, request).await;
    let text = String::from_utf8(csv.body.to_vec()).unwrap();
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(
        text.contains("2026-07,11330105002500287C,1010010001/1,resource 1010010001/1,1000,10,0,99000,50,50,50,100,true\r\n"),
        "{text}"
    );
    let other = read(&at, OTHER_ISSUER, "/v1/supervision/reports/2026-07").await;
    assert_eq!(other["resources"], json!([]));
    at.caller(OPERATOR).get("/v1/supervision/reports/2026-13").await.is_problem(400, "bad-parameter");
}
