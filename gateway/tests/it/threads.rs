//! The threads that speak to the network never wait for the store: of no look-up anything is read or written on one of them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use serde_json::{Value, json};
use storage::engine::memory::Memory;
use storage::engine::{Batch, Caps, CommitError, Direction, Engine, Part, Range, ReadError, Row, Space, Versioned};
use storage::{Keys, Store};

use crate::client::{Http, post_json, request};
use crate::licence_kit::{Office, fields};
use crate::lookup_kit::{CONSUMER, City, ITEM, LICENCES, PEOPLE, ask, source, start_over, subject};
use crate::started::{ISSUER, Setup};

const AMPLE_MS: u32 = 4_900;

/// An engine that notes what it is asked on one thread, once it watches.
#[derive(Debug)]
struct Watched {
    inner: Memory,
    watches: AtomicBool,
    thread: ThreadId,
    seen: Mutex<BTreeSet<String>>,
}

impl Watched {
    fn note(&self, what: &str, space: Space, key: &[u8]) {
        if self.watches.load(Ordering::SeqCst) && thread::current().id() == self.thread {
            let prefix: String = key.iter().take(4).map(|byte| char::from(*byte)).collect();
            self.seen.lock().unwrap().insert(format!("{what} {} {prefix:?}", space.name()));
        }
    }
}

impl Engine for Watched {
    fn get(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        self.note("get", space, key);
        self.inner.get(part, space, key)
    }

    fn scan(&self, part: Part, space: Space, range: Range, direction: Direction, limit: usize) -> Result<Vec<Row>, ReadError> {
        self.note("scan", space, b"");
        self.inner.scan(part, space, range, direction, limit)
    }

    fn commit(&self, part: Part, batch: Batch) -> Result<(), CommitError> {
        self.note("commit", Space::Hot, b"");
        self.inner.commit(part, batch)
    }

    fn settle(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        self.note("settle", space, key);
        self.inner.settle(part, space, key)
    }

    fn barrier(&self, part: Part) -> Result<(), ReadError> {
        self.inner.barrier(part)
    }

    fn caps(&self) -> Caps {
        self.inner.caps()
    }
}

// Everything that speaks to the network runs on the thread of the test.
#[tokio::test]
async fn no_look_up_waits_for_the_store_on_a_thread_of_the_network() {
    let engine = Arc::new(Watched {
        inner: Memory::new(),
        watches: AtomicBool::new(false),
        thread: thread::current().id(),
        seen: Mutex::default(),
    });
    let store = Store::on(Arc::<Watched>::clone(&engine), &Keys::new([1; 32], [2; 32])).unwrap();
    let (city, office) = (City::start().await, Office::new());
    let gateway = start_over(city.asked_by(office.trusted_by(Setup::new())), store).await;
    let document = office.jws(&fields("1", 1));
    let handed_in = gateway.caller(ISSUER).send(Http::Two, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(handed_in.status, 201, "{handed_in:?}");
    let consumer = gateway.caller(CONSUMER);
    let order = |more: Value| {
        let mut order = json!({ "subject": subject(), "item": ITEM });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let both = json!({ "resources": [PEOPLE, LICENCES] });
    engine.watches.store(true, Ordering::SeqCst);
    let answer = ask(&consumer, "/v1/lookups", &order(both.clone()), AMPLE_MS).await.json();
    let code = source(&answer, LICENCES)["rows"][0]["licence"]["use_code"].clone();
    let mut streamed = post_json("/v1/lookups", &order(both).to_string());
    streamed.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    let events = consumer.send(Http::Two, streamed).await;
    assert!(events.body.windows(13).any(|window| window == b"event: result"), "{events:?}");
    let batch = json!({ "item": ITEM, "resources": [PEOPLE, LICENCES], "lookups": [{ "ref": "a", "subject": subject() }] });
    let redeem = json!({ "code": code, "item": ITEM, "want": "data" });
    let fact = json!({ "facts": [{ "resource": PEOPLE, "field": "name", "value": "x" }] });
    for (path, body) in [
        ("/v1/materials", order(json!({}))),
        ("/v1/comparisons", order(fact)),
        ("/v1/lookups/batch", batch),
        ("/v1/use-codes/redemptions", redeem),
    ] {
        let reply = ask(&consumer, path, &body, 1_500).await;
        assert_eq!(reply.status, 200, "{path} {reply:?}");
    }
    engine.watches.store(false, Ordering::SeqCst);
    assert_eq!(*engine.seen.lock().unwrap(), BTreeSet::new());
}
