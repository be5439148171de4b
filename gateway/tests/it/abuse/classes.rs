//! Too much is asked: what can wait makes room for what cannot, and no caller takes more than it may.

use gateway::routes::TABLE;

use super::neighbour::unharmed_by;
use super::wire::{End, INITIAL_WINDOW_SIZE, Wire, get, post, streams};
use crate::admin::ask;
use crate::client::{BOTH, Http, get as get_request, post_json, request};
use crate::licence_kit::{Office, fields};
use crate::started::{AUDITOR, ISSUER, OPERATOR, Setup};

fn limited(limits: &str) -> Setup {
    let mut setup = Setup::new();
    setup.sections = format!("[limits]\n{limits}\n");
    setup
}

#[tokio::test]
async fn a_flood_of_exports_leaves_verifications_alone() {
    let office = Office::new();
    let gateway = office.trusted_by(limited("in_flight_max = 20")).start_with(TABLE).await;
    let verification = request("POST", "/v1/verifications", "application/ofd", office.ofd(&fields("0001", 1)));
    // Nothing of the answers is taken, so that each export stays where it is.
    let mut wire = Wire::open(&gateway.caller(AUDITOR), &[(INITIAL_WINDOW_SIZE, 0)]).await;
    let attack = async {
        let mut ends = Vec::new();
        for stream in streams(60) {
            assert!(wire.send(&post(stream, "/v1/logs/access/export", "{}")).await);
            ends.push(wire.end().await);
        }
        ends
    };
    let ends = unharmed_by(&gateway.verifier(), &verification, 10, attack).await;
    assert_eq!(ends.iter().filter(|end| **end == End::Answer(true)).count(), 5, "a quarter of all places: {ends:?}");
    assert!(ends.iter().all(|end| matches!(end, End::Answer(_))), "{ends:?}");
    // Also what others export.
    gateway.caller(AUDITOR).send(Http::One, post_json("/v1/logs/access/export", "{}")).await.is_problem(503, "overloaded");
    let metrics = ask(&gateway, "GET /metrics").await;
    for line in [
        "licet_shed_total{class=\"export\",reason=\"in-flight\"} 56",
        "licet_admitted{class=\"export\"} 5",
        "licet_queue_depth{pool=\"audit\"} ",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let refused = metrics.lines().filter(|line| line.starts_with("licet_shed_total{class=\"verify\"") && !line.ends_with(" 0"));
    assert_eq!(refused.count(), 0, "{metrics}");
    drop(wire);
    while !ask(&gateway, "GET /metrics").await.contains("licet_admitted{class=\"export\"} 0") {
        tokio::task::yield_now().await;
    }
    assert_eq!(gateway.caller(AUDITOR).send(Http::One, post_json("/v1/logs/access/export", "{}")).await.status, 200);
}

#[tokio::test]
async fn operators_get_in_where_nobody_else_does() {
    let gateway = limited("in_flight_max = 40").start().await;
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    for stream in streams(38) {
        assert!(wire.send(&get(stream, "/stuck")).await);
    }
    while gateway.app.metrics.in_flight.get() < 38 {
        tokio::task::yield_now().await;
    }
    for http in BOTH {
        gateway.caller(ISSUER).send(http, get_request("/whoami")).await.is_problem(503, "overloaded");
        assert_eq!(gateway.caller(OPERATOR).send(http, get_request("/operate")).await.status, 200);
    }
    gateway.caller(OPERATOR).get("/whoami").await.is_problem(503, "overloaded");
}

#[tokio::test]
async fn a_caller_that_asks_too_often_is_told_when_to_come_again() {
    let gateway = limited("caller_requests_per_s = 1\ncaller_burst = 3").start().await;
    let mut connection = gateway.verifier().connect(Http::Two).await;
    for _ in 0..3 {
        assert_eq!(connection.send(get_request("/whoami")).await.unwrap().status, 200);
    }
    // Whatever it asks: also what there is not, and what it may not.
    for path in ["/whoami", "/nothing", "/operators"] {
        let refused = connection.send(get_request(path)).await.unwrap();
        refused.is_problem(429, "rate-limited");
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.json()["reason"], "caller-rate");
    }
    assert_eq!(gateway.caller(ISSUER).get("/whoami").await.status, 200);
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_shed_total{class=\"verify\",reason=\"caller-rate\"} 2"), "{metrics}");
    assert!(metrics.contains("licet_shed_total{class=\"read\",reason=\"caller-rate\"} 1"), "{metrics}");
}
