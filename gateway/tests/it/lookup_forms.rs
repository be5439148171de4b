//! The other forms of look-ups: as events, by material, as a comparison.

use crypto::record::{Ending, EventKind, Facts, LogName, Opening};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::{Http, Reply, post_json, request};
use crate::licence_kit::{HOLDER, Office, fields};
use crate::lookup_kit::{
    Behaviour, CIVIL, CONSUMER, City, Department, ITEM, NAME, PEOPLE, SALARY, SECRET, TAX, ask, source, start_over, subject,
};
use crate::started::{ISSUER, Setup, Started, memory};

const AMPLE_MS: u32 = 4_900;
const SHORT_MS: u32 = 300;

fn events(reply: &Reply) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(&reply.body).unwrap();
    let event = |block: &str| {
        let (name, data) = block.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        (name.to_owned(), serde_json::from_str(data).unwrap())
    };
    text.split_terminator("\n\n").map(event).collect()
}

fn facts(gateway: &Started, event: EventKind) -> Vec<Facts> {
    let logs = gateway.app.store().logs();
    let all = (0..logs.size(LogName::Access).unwrap()).map(|number| logs.record(LogName::Access, number).unwrap().unwrap());
    all.map(|opening| opening.read::<Facts>(Opening::FACTS).unwrap()).filter(|facts| facts.event == event).collect()
}

fn streamed(resources: &Value, deadline_ms: u32) -> hyper::Request<http_body_util::Full<hyper::body::Bytes>> {
    let body = json!({ "subject": subject(), "item": ITEM, "resources": resources }).to_string();
    let mut request = post_json("/v1/lookups", &body);
    request.headers_mut().insert("licet-deadline", deadline_ms.into());
    request.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    request
}

#[tokio::test]
async fn results_are_told_as_they_come_and_all_together_at_the_end() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    for http in crate::client::BOTH {
        let reply = consumer.send(http, streamed(&json!([PEOPLE, SECRET, TAX]), SHORT_MS)).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/event-stream"));
        let events = events(&reply);
        let told: Vec<_> =
            events.iter().map(|(name, data)| (name.as_str(), data["resource"].as_str(), data["state"].as_str())).collect();
        let sources = [(SECRET, "denied"), (PEOPLE, "answered"), (TAX, "timed-out")]
            .map(|(code, state)| ("source", Some(code), Some(state)));
        assert_eq!(told, [&sources[..], &[("result", None, None)]].concat(), "{events:#?}");
        let result = &events[3].1;
        assert_eq!((&result["status"], &source(result, PEOPLE)["rows"]), (&json!("partial"), &events[1].1["rows"]));
    }
    let records = facts(&gateway, EventKind::LookUp);
    let steps: Vec<_> = records.iter().map(|facts| (facts.outcome, facts.details["step"].as_str().unwrap())).collect();
    assert_eq!(steps, [(Ending::Done, "begin"), (Ending::Done, "end")].repeat(2));
    assert_eq!(records[1].details["begin"], 0);
}

#[tokio::test]
async fn whoever_stops_listening_ends_it() {
    let city = City::start().await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let mut connection = consumer.connect(Http::Two).await;
    let crate::client::Connection::Two(sender) = &mut connection else { panic!("HTTP/2") };
    sender.ready().await.unwrap();
    let response = sender.send_request(streamed(&json!([PEOPLE, TAX]), AMPLE_MS)).await.unwrap();
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"event: source\n"));
    drop(body);
    // Long before the deadline, since the silent department is not waited for.
    let ends = || facts(&gateway, EventKind::LookUp).into_iter().find(|facts| facts.details["step"] == "end");
    let end = loop {
        match ends() {
            Some(end) => break end,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!(end.outcome, Ending::Failed);
}

#[tokio::test]
async fn each_material_is_on_record_or_known_not_to_be_or_not_known() {
    let (city, office) = (City::start().await, Office::new());
    let gateway = start_over(city.asked_by(office.trusted_by(Setup::new())), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let body = json!({ "subject": subject(), "item": ITEM });
    let states = |answer: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        answer["materials"]
            .as_array()
            .unwrap()
            .iter()
            .map(|material| (text(&material["code"]), text(&material["state"])))
            .collect()
    };
    let expected = |licence: &str| {
        [
            ("licence", licence),
            ("identity", "available"),
            ("debts", "silent"),
            ("either", "available"),
            ("secret", "denied"),
            ("paper", "not-electronic"),
        ]
        .map(|(code, state)| (code.to_owned(), state.to_owned()))
    };
    let before = ask(&consumer, "/v1/materials", &body, SHORT_MS).await.json();
    assert_eq!(states(&before), expected("not-found"), "{before:#}");

    let document = office.jws(&fields("1", 1));
    let handed_in = gateway.caller(ISSUER).send(Http::Two, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(handed_in.status, 201);
    // "Nothing on record" is not believed for longer than a moment, and not about the licences here.
    let after = ask(&consumer, "/v1/materials", &body, SHORT_MS).await.json();
    assert_eq!(states(&after), expected("available"), "{after:#}");
    assert_eq!((&after["status"], &after["name"]), (&json!("partial"), &json!("开办餐馆")));
    let material = |code: &str| after["materials"].as_array().unwrap().iter().find(|material| material["code"] == code).unwrap();
    assert!(material("licence")["licences"][0]["use_code"].is_string());
    assert_eq!(material("identity")["resources"][0]["resource"], PEOPLE);
    assert_eq!(material("debts")["silent"][0]["state"], "timed-out");
    assert_eq!(material("secret")["denied"], json!(["not-granted"]));
    // That something is there is told, and not what it says.
    assert!(!after.to_string().contains(NAME) && !after.to_string().contains(HOLDER));
    assert!(city.secret.seen().is_empty());
    let records = facts(&gateway, EventKind::LookUpMaterials);
    assert_eq!(records[1].details["materials"], json!({ "available": 3, "denied": 1, "not-electronic": 1, "silent": 1 }));
    let unknown = json!({ "subject": subject(), "item": "350200-9999" });
    ask(&consumer, "/v1/materials", &unknown, AMPLE_MS).await.is_problem(404, "item-not-found");
}

#[tokio::test]
async fn a_comparison_says_yes_or_no_and_nothing_else() {
    let mut city = City::start().await;
    city.police = Department::start(|asked| {
        let all = json!({ "name": NAME, "sex": "1", "amount": 1234.5 });
        let fields = asked["fields"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        Behaviour::Says(json!([fields.map(|name| (name.to_owned(), all[name].clone())).collect::<serde_json::Map<_, _>>()]))
    })
    .await;
    let gateway = start_over(city.asked_by(Setup::new()), memory()).await;
    let consumer = gateway.caller(CONSUMER);
    let compare = |facts: Value| json!({ "subject": subject(), "item": ITEM, "facts": facts });
    let facts_asked = json!([
        { "attribute": "person.name", "value": format!("{NAME}\u{3000}") },
        { "resource": CIVIL, "field": "person", "value": "李四" },
        { "resource": SALARY, "field": "amount", "value": "１２３４.50" },
        { "resource": TAX, "field": "debt", "value": "none" },
        { "resource": SECRET, "field": "what", "value": "nobody knows" },
        { "resource": PEOPLE, "field": "sex", "value": "1" },
    ]);
    let reply = ask(&consumer, "/v1/comparisons", &compare(facts_asked), SHORT_MS).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    let results: Vec<_> = answer["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| (fact["result"].as_str().unwrap(), fact["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("match", "answered"),
        ("no-match", "answered"),
        ("match", "answered"),
        ("unknown", "timed-out"),
        ("unknown", "denied"),
        ("unknown", "denied"),
    ];
    assert_eq!(results, expected, "{answer:#}");
    for value in [NAME, "李四", "1234", "nobody knows", HOLDER] {
        assert!(!answer.to_string().contains(value), "{answer:#}");
    }
    assert!(city.secret.seen().is_empty());
    // What is compared is not told, and the other way round is allowed.
    let told = json!({ "subject": subject(), "item": ITEM, "resources": [SALARY] });
    ask(&consumer, "/v1/lookups", &told, AMPLE_MS).await.is_problem(403, "not-granted");
    let twice = json!([{ "attribute": "person.name", "value": "a" }, { "resource": PEOPLE, "field": "name", "value": "b" }]);
    ask(&consumer, "/v1/comparisons", &compare(twice), AMPLE_MS).await.is_problem(422, "bad-content");
    let record = serde_json::to_string(&facts(&gateway, EventKind::LookUpCompare)).unwrap();
    assert!(
        record.contains(&format!("[\"{PEOPLE}\",\"name\"]")) && !record.contains("match") && !record.contains("1234"),
        "{record}"
    );
}
