//! Following what happens to licences and seals: in order, at least once, wherever the follower was.

use crypto::record::{Ending, EventKind, Facts, LogName, Opening};
use serde_json::{Value, json};
use storage::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::client::TlsStream;

use crate::client::{Http, Reply, request};
use crate::feed_kit::{CONSUMER, NEWCOMER, STRANGER, SUPERVISOR, change, issue, over, post, seed};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, identifier};
use crate::started::{ISSUER, Started, VERIFIER, memory};

const SEAL: &str = "33010500012399";

async fn start(office: &Office) -> (Started, Store) {
    let store = memory();
    seed(&store);
    (over(office, store.clone()).await, store)
}

async fn page(gateway: &Started, uri: &str, query: &str) -> Value {
    let reply = gateway.caller(uri).get(&format!("/v1/feed{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// What is behind a position, in pages of two: the events, and where it ended.
async fn follow(gateway: &Started, uri: &str, after: Option<u64>) -> (Vec<Value>, Option<u64>) {
    let (mut events, mut after) = (Vec::new(), after);
    loop {
        let from = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let page = page(gateway, uri, &format!("?limit=2{from}")).await;
        let of_page = page["events"].as_array().unwrap();
        assert!(of_page.len() <= 2);
        events.extend(of_page.iter().cloned());
        after = page["next"].as_u64();
        if page["is_end"] == true {
            return (events, after);
        }
    }
}

fn positions(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["position"].as_u64().unwrap()).collect()
}

/// What happens: five events, and others that are none.
async fn first_part(gateway: &Started, office: &Office) {
    issue(gateway, office, "A1").await;
    let document = issue(gateway, office, "A2").await;
    change(gateway, "A1", "suspend").await;
    let seal = office.seal_with(SEAL, b"\x89PNG");
    let filed = gateway.caller(ISSUER).send(Http::One, request("POST", "/v1/seals", "application/octet-stream", seal)).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let frozen = post(&gateway.caller(ISSUER), &format!("/v1/seals/{SEAL}/status"), &json!({ "operation": "freeze" })).await;
    assert_eq!(frozen.status, 200, "{frozen:?}");
    // A verification, a refusal and a repetition are on record too, and change nothing.
    let verified = request("POST", "/v1/verifications", "application/jose", document.clone());
    assert_eq!(gateway.verifier().send(Http::One, verified).await.status, 200);
    let path = format!("/v1/licences/{}/status", identifier("A1", 1));
    post(&gateway.caller(ISSUER), &path, &json!({ "operation": "suspend" })).await.is_problem(409, "illegal-transition");
    let again = request("POST", "/v1/licences", "application/jose", document);
    assert_eq!(gateway.caller(ISSUER).send(Http::One, again).await.status, 200);
}

#[tokio::test]
async fn two_subscribers_resume_after_a_restart_without_loss() {
    let office = Office::new();
    let (gateway, store) = start(&office).await;
    first_part(&gateway, &office).await;
    let (first, mine) = follow(&gateway, CONSUMER, None).await;
    let theirs = page(&gateway, SUPERVISOR, "?limit=3").await;
    assert_eq!((theirs["events"].as_array().unwrap().len(), &theirs["is_end"]), (3, &json!(false)));
    gateway.trigger.stop();
    assert_eq!(gateway.running.await.unwrap().cut, 0);

    let gateway = over(&office, store).await;
    change(&gateway, "A1", "restore").await;
    change(&gateway, "A2", "revoke").await;
    let (second, end) = follow(&gateway, CONSUMER, mine).await;
    let (rest, _) = follow(&gateway, SUPERVISOR, theirs["next"].as_u64()).await;
    let (all, _) = follow(&gateway, CONSUMER, None).await;
    assert_eq!(all, [first, second].concat());
    assert_eq!(all, [theirs["events"].as_array().unwrap().clone(), rest].concat());
    assert!(positions(&all).is_sorted_by(|one, next| one < next), "{all:?}");
    let said: Vec<_> =
        all.iter().map(|one| [&one["event"], &one["operation"], &one["status"]].map(|text| text.as_str().unwrap())).collect();
    assert_eq!(
        said,
        [
            ["licence.issue", "issue", "valid"],
            ["licence.issue", "issue", "valid"],
            ["licence.status", "suspend", "suspended"],
            ["seal.file", "file", "filed"],
            ["seal.freeze", "freeze", "frozen"],
            ["licence.status", "restore", "valid"],
            ["licence.status", "revoke", "revoked"],
        ]
    );
    let licence = json!({ "identifier": identifier("A1", 1), "licence_type": "11100000000013338W009", "issuer": ORGANISATION, "erased": false });
    assert_eq!(all[2]["licence"], licence);
    assert_eq!(all[4]["seal"], json!({ "id": SEAL, "owner": ORGANISATION }));
    assert!(!json!(all).to_string().contains(HOLDER));

    // A position that was passed already tells the same again; one that never was is refused.
    assert_eq!(follow(&gateway, CONSUMER, Some(positions(&all)[3])).await.0, all[4..]);
    let beyond = end.unwrap() + 1;
    gateway.caller(CONSUMER).get(&format!("/v1/feed?after={beyond}")).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn nobody_follows_what_was_not_granted() {
    let office = Office::new();
    let (gateway, store) = start(&office).await;
    first_part(&gateway, &office).await;
    let other = page(&gateway, STRANGER, "").await;
    assert_eq!((&other["events"], &other["is_end"]), (&json!([]), &json!(true)), "the position goes on all the same");
    assert!(other["next"].as_u64().unwrap() >= 5, "{other}");
    gateway.caller(NEWCOMER).get("/v1/feed").await.is_problem(403, "feed-not-granted");
    for uri in [VERIFIER, ISSUER] {
        gateway.caller(uri).get("/v1/feed").await.is_problem(403, "role-required");
    }
    for bad in ["?limit=0", "?limit=501", "?wait_s=26", "?after=-1", "?from=1"] {
        gateway.caller(CONSUMER).get(&format!("/v1/feed{bad}")).await.is_problem(400, "bad-parameter");
    }
    // A grant that ends takes the feed along at once.
    let withdrawal = crypto::grants::Withdrawal {
        at: gateway::clock::now(),
        by: "office".to_owned(),
        reason: crypto::licence::Reason::new("over".to_owned()).unwrap(),
    };
    let id = format!("{:032x}", 1);
    gateway.app.rights.change(&id, || store.grants().withdraw(&id, &withdrawal)).unwrap();
    gateway.caller(CONSUMER).get("/v1/feed").await.is_problem(403, "feed-not-granted");
    assert_eq!(page(&gateway, SUPERVISOR, "").await["events"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn what_was_erased_says_so_and_what_is_let_go_is_gone() {
    let office = Office::new();
    let (gateway, store) = start(&office).await;
    first_part(&gateway, &office).await;
    let holder = crypto::licence::HolderNumber::parse(
        crypto::licence::HolderCodeType::CitizenNumber,
        HOLDER,
        gateway::clock::now().date(),
    )
    .unwrap();
    store.logs().erase(&holder).unwrap();
    let (events, _) = follow(&gateway, CONSUMER, None).await;
    assert_eq!(events.len(), 5);
    let erased = json!({ "licence_type": "11100000000013338W009", "issuer": ORGANISATION, "erased": true });
    assert_eq!((&events[0]["licence"], &events[2]["licence"], &events[2]["operation"]), (&erased, &erased, &json!("suspend")));
    assert_eq!(events[4]["seal"]["id"], SEAL);

    // Whole blocks of 1,024 go.
    let mut facts = Facts::new(EventKind::DocumentVerify, Ending::Done, "approval".to_owned());
    facts.request = Some("filler".to_owned());
    let drafts = vec![storage::log::Draft::new(gateway::clock::now(), facts); 1_100];
    drafts.chunks(100).for_each(|group| drop(store.logs().append_and_wait(group).unwrap()));
    store.logs().retire(LogName::Seal, gateway::clock::now().plus(60)).unwrap();
    gateway.caller(CONSUMER).get("/v1/feed?after=2").await.is_problem(410, "record-retired");
    assert_eq!(page(&gateway, CONSUMER, "?after=1023").await["events"], json!([]));
    let fresh = page(&gateway, CONSUMER, "").await;
    assert_eq!((&fresh["events"], &fresh["is_end"]), (&json!([]), &json!(true)));
}

#[tokio::test]
async fn a_page_is_waited_for() {
    let office = Office::new();
    let (gateway, _) = start(&office).await;
    let waiting = async { page(&gateway, CONSUMER, "?wait_s=25").await };
    let (page_then, _) = tokio::join!(waiting, issue(&gateway, &office, "A1"));
    assert_eq!(page_then["events"][0]["event"], "licence.issue");
    // Whoever waits when the gateway stops is not cut off.
    let (uri, after) = (CONSUMER, page_then["next"].as_u64().unwrap());
    let client = gateway.caller(uri);
    let waiting = tokio::spawn(async move { client.get(&format!("/v1/feed?after={after}&wait_s=25")).await });
    while gateway.app.metrics.in_flight.get() == 0 {
        tokio::task::yield_now().await;
    }
    gateway.trigger.stop();
    let reply: Reply = waiting.await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.json()["events"]), (200, &json!([])));
    assert_eq!(gateway.running.await.unwrap().cut, 0);
}

/// Listens as any program does that speaks HTTP/1.1.
struct Listener {
    stream: TlsStream<tokio::net::TcpStream>,
    heard: String,
}

impl Listener {
    async fn new(gateway: &Started, uri: &str, headers: &str) -> Self {
        let mut stream = gateway.caller(uri).tls(Http::One).await.unwrap();
        let head = format!("GET /v1/feed HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        Self { stream, heard: String::new() }
    }

    /// Reads on until this was said.
    async fn hears(&mut self, text: &str) {
        let mut piece = [0; 4096];
        while !self.heard.contains(text) {
            let read = self.stream.read(&mut piece).await.unwrap();
            assert_ne!(read, 0, "no {text:?} in {}", self.heard);
            self.heard.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        }
    }

    async fn ends(&mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        self.heard.push_str(&String::from_utf8(rest).unwrap());
    }

    fn ids(&self) -> Vec<u64> {
        self.heard.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.trim().parse().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_listener_hears_of_it_as_it_happens_and_goes_on_where_it_was() {
    let office = Office::new();
    let (gateway, store) = start(&office).await;
    issue(&gateway, &office, "A1").await;
    let mut first = Listener::new(&gateway, CONSUMER, "").await;
    first.hears("event: licence.issue\n").await;
    assert!(first.heard.starts_with("HTTP/1.1 200 OK\r\n") && first.heard.contains("content-type: text/event-stream\r\n"));
    change(&gateway, "A1", "suspend").await;
    first.hears("\"status\":\"suspended\"").await;
    let seen = first.ids();
    drop(first);
    change(&gateway, "A1", "restore").await;
    let mut second = Listener::new(&gateway, CONSUMER, &format!("Last-Event-ID: {}\r\n", seen[0])).await;
    second.hears("\"operation\":\"restore\"").await;
    let all = positions(&follow(&gateway, CONSUMER, None).await.0);
    assert_eq!(second.ids(), all[1..]);
    assert_eq!(seen, all[..2]);
    assert!(!second.heard.contains(HOLDER));
    let mut refused = Listener::new(&gateway, CONSUMER, "Last-Event-ID: x\r\n").await;
    refused.hears("bad-parameter").await;
    drop(refused);

    // The end of the gateway is the end of the stream, in order, and on record.
    gateway.trigger.stop();
    second.ends().await;
    assert!(second.heard.ends_with("0\r\n\r\n"), "{}", second.heard);
    assert_eq!(gateway.running.await.unwrap().cut, 0);
    let logs = store.logs();
    let mut steps = Vec::new();
    while steps.len() < 4 {
        let size = logs.size(LogName::Access).unwrap();
        let facts =
            (0..size).map(|number| logs.record(LogName::Access, number).unwrap().unwrap().read::<Facts>(Opening::FACTS).unwrap());
        let streams = facts.filter(|facts| facts.event == EventKind::FeedRead && facts.details.contains_key("step"));
        steps = streams.collect();
        tokio::task::yield_now().await;
    }
    let ends: Vec<_> = steps.iter().filter(|facts| facts.details["step"] == "end").collect();
    assert_eq!(ends.len(), 2);
    let last = ends.iter().find(|facts| facts.outcome == Ending::Done).unwrap();
    assert_eq!((&last.details["rows"], &last.details["through"]), (&json!(2), &json!(all[2])));
}
