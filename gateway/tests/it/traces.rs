//! Traces: what a collector is told of a look-up, and what a source is told of the trace.

use std::sync::Arc;
use std::time::Duration;

use gateway::{shutdown, telemetry};
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::client::{Http, get, post_json};
use crate::department::{Department, says};
use crate::licence_kit::HOLDER;
use crate::lookup_kit::{CONSUMER, City, ITEM, NAME, PEOPLE, start_over, subject};
use crate::started::{Setup, Started, memory};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLERS_SPAN: &str = "00f067aa0ba902b7";

/// A gateway of a city whose police is this department.
async fn start(police: &Department, sections: &str) -> Started {
    let city = City::start().await;
    let named = city.sections();
    let (before, after) = named.split_once("name = 'police'\nkind = 'http-json'\nurl = '").unwrap();
    let (_, after) = after.split_once('\'').unwrap();
    let mut setup = Setup::new();
    let url = police.url("/query");
    setup.sections = format!("{before}name = 'police'\nkind = 'http-json'\nurl = '{url}'{after}{sections}");
    start_over(setup, memory()).await
}

async fn police() -> Department {
    Department::start(|_| says(&json!({ "rows": [{ "name": NAME }] }))).await
}

/// A collector, and the spans that it is told of.
pub(crate) async fn collector() -> (Department, UnboundedReceiver<Value>) {
    let (told, spans) = unbounded_channel();
    let department = Department::start(move |seen| {
        assert_eq!((seen.target.as_str(), seen.header("content-type")), ("/v1/traces", "application/json"));
        assert!(!String::from_utf8_lossy(&seen.body).contains(HOLDER));
        told.send(seen.json()).unwrap();
        says(&json!({ "partialSuccess": {} }))
    });
    (department.await, spans)
}

/// Asks for somebody's name, as part of this trace.
async fn look_up(gateway: &Started, parent: Option<&str>) {
    let body = json!({ "subject": subject(), "item": ITEM, "resources": [PEOPLE] });
    let mut request = post_json("/v1/lookups", &body.to_string());
    let headers = request.headers_mut();
    headers.insert("licet-deadline", 4_900.into());
    headers.insert("x-request-id", HeaderValue::from_static("case-7"));
    if let Some(parent) = parent {
        headers.insert("traceparent", parent.parse().unwrap());
        headers.insert("tracestate", HeaderValue::from_static("city=7"));
    }
    let reply = gateway.caller(CONSUMER).send(Http::Two, request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn fact<'a>(span: &'a Value, key: &str) -> &'a Value {
    let facts = span["attributes"].as_array().unwrap();
    &facts.iter().find(|fact| fact["key"] == key).unwrap_or_else(|| panic!("{key} in {span:#}"))["value"]
}

#[tokio::test]
async fn a_trace_goes_through_the_gateway_to_the_source() {
    let (police, (collector, mut messages)) = (police().await, collector().await);
    let telemetry = format!("[telemetry]\nurl = '{}'\nevery_ms = 5\nsample_permille = 0\n", collector.url("/v1/traces"));
    let gateway = start(&police, &telemetry).await;
    let (trigger, shutdown) = shutdown::channel();
    let sending = tokio::spawn(telemetry::run(Arc::clone(&gateway.live), shutdown));
    look_up(&gateway, Some(&format!("00-{TRACE}-{CALLERS_SPAN}-01"))).await;

    let message = tokio::time::timeout(Duration::from_secs(20), messages.recv()).await.unwrap().unwrap();
    let resource = &message["resourceSpans"][0];
    assert_eq!(fact(&resource["resource"], "service.name")["stringValue"], "licet");
    assert_eq!(fact(&resource["resource"], "service.instance.id")["stringValue"], "licet.test.example");
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name} in {spans:#?}"));
    let [request, handle, ask] = ["request", "handle", "ask"].map(named);
    assert_eq!((&request["parentSpanId"], &request["kind"]), (&json!(CALLERS_SPAN), &json!(2)));
    assert_eq!(handle["parentSpanId"], request["spanId"]);
    assert_eq!((&ask["parentSpanId"], &ask["kind"]), (&handle["spanId"], &json!(3)), "{spans:#?}");
    for name in ["receive", "record"] {
        assert_eq!(named(name)["parentSpanId"], request["spanId"]);
    }
    for span in spans {
        let moment = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert_eq!((&span["traceId"], &span["traceState"]), (&json!(TRACE), &json!("city=7")));
        assert!(moment("startTimeUnixNano") <= moment("endTimeUnixNano"), "{span:#}");
        assert!(moment("startTimeUnixNano") / 1_000_000_000 >= 1_700_000_000, "{span:#}");
    }
    assert_eq!(fact(request, "http.route")["stringValue"], "/v1/lookups");
    assert_eq!(fact(request, "http.response.status_code")["intValue"], "200");
    assert_eq!(fact(request, "licet.request_id")["stringValue"], "case-7");
    assert_eq!(fact(request, "licet.caller")["stringValue"], "window");
    assert_eq!(fact(ask, "licet.source")["stringValue"], "police");

    let seen = police.seen();
    let asked = seen.first().unwrap();
    assert_eq!(asked.header("traceparent"), format!("00-{TRACE}-{}-01", ask["spanId"].as_str().unwrap()));
    assert_eq!(asked.header("tracestate"), "city=7");
    trigger.stop();
    sending.await.unwrap();
}

#[tokio::test]
async fn without_a_collector_a_trace_is_told_on_as_it_came() {
    let police = police().await;
    let gateway = start(&police, "").await;
    let parent = format!("00-{TRACE}-{CALLERS_SPAN}-00");
    look_up(&gateway, Some(&parent)).await;
    let seen = police.seen();
    assert_eq!(seen.first().unwrap().header("traceparent"), parent);
    assert_eq!(seen.first().unwrap().header("tracestate"), "city=7");
    // What is known for a moment is not asked again.
    look_up(&gateway, None).await;
    assert!(police.seen().iter().all(|asked| !asked.headers.contains_key("traceparent")));
}

#[tokio::test]
async fn a_collector_that_refuses_is_in_nobodys_way() {
    let police = police().await;
    let collector = Department::start(|_| (503, Vec::new(), Vec::new())).await;
    let telemetry = format!("[telemetry]\nurl = '{}'\nevery_ms = 60000\nsample_permille = 1000\n", collector.url("/v1/traces"));
    let gateway = start(&police, &telemetry).await;
    look_up(&gateway, None).await;
    let seen = police.seen();
    assert!(seen.first().unwrap().header("traceparent").ends_with("-01"));
    let (trigger, shutdown) = shutdown::channel();
    trigger.stop();
    // What is left at the end is sent once.
    let refused = || gateway.app.metrics.spans.count("refused");
    while refused() == 0 {
        telemetry::run(Arc::clone(&gateway.live), shutdown.clone()).await;
    }
    assert_eq!(gateway.app.metrics.spans.count("exported"), 0);
}

#[tokio::test]
async fn a_stranger_has_nothing_recorded() {
    let (police, (collector, _messages)) = (police().await, collector().await);
    let section = format!("[telemetry]\nurl = '{}'\nevery_ms = 60000\nsample_permille = 0\n", collector.url("/v1/traces"));
    let gateway = start(&police, &section).await;
    let (trigger, shutdown) = shutdown::channel();
    trigger.stop();
    let parent = format!("00-{TRACE}-{CALLERS_SPAN}-01");
    for (stranger, status) in [(gateway.client(), 401), (gateway.caller("urn:test:nobody"), 403)] {
        let mut request = get("/v1/trust");
        request.headers_mut().insert("traceparent", parent.parse().unwrap());
        assert_eq!(stranger.send(Http::Two, request).await.status, status);
    }
    telemetry::run(Arc::clone(&gateway.live), shutdown.clone()).await;
    assert_eq!(gateway.app.metrics.spans.count("exported"), 0, "what strangers want recorded is nothing to go by");
    look_up(&gateway, Some(&parent)).await;
    telemetry::run(Arc::clone(&gateway.live), shutdown).await;
    assert!(gateway.app.metrics.spans.count("exported") > 0);
}
