//! Faults of the machine, each caused: what callers see, what `/ready` says, what comes back by itself.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crypto::record::{Ending, EventKind, Facts, LogName, Opening};
use crypto::time::Timestamp;
use gateway::admin::{Sight, State};
use gateway::condition::look_at_clock;
use gateway::control::Control;
use gateway::maintenance::Maintenance;
use gateway::owed;
use gateway::routes::TABLE;
use serde_json::Value;
use storage::engine::Engine;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::log::Draft;
use storage::{Keys, Room, Store};

use crate::admin::{ask, ask_at};
use crate::client::{Client, Http, Reply, get, post_json, request};
use crate::licence_kit::{Office, fields, identifier};
use crate::log_tiles::covered;
use crate::process::Site;
use crate::started::{ISSUER, Setup, Started};

const OFD: &str = "application/ofd";

/// The status of an answer, and what it says about its record.
pub(crate) fn marked(reply: &Reply) -> (u16, &str) {
    (reply.status.as_u16(), reply.header("licet-record"))
}

/// What `/ready` says of a check, with the status of the answer.
pub(crate) async fn ready(gateway: &Started, name: &str) -> (u16, Value) {
    told(&ask(gateway, "GET /ready").await, name)
}

/// What an answer of `/ready` says of a check.
pub(crate) fn told(reply: &str, name: &str) -> (u16, Value) {
    let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
    let body: Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
    let check = body["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
    (status, check.unwrap_or_else(|| panic!("{name} in {body}")).clone())
}

fn hand_in(office: &Office, serial: &str) -> hyper::Request<http_body_util::Full<hyper::body::Bytes>> {
    request("POST", "/v1/licences", OFD, office.ofd(&fields(serial, 1)))
}

/// The newest record of the access log.
fn last_access(store: &Store) -> Facts {
    let last = store.logs().size(LogName::Access).unwrap() - 1;
    store.logs().record(LogName::Access, last).unwrap().unwrap().read(Opening::FACTS).unwrap()
}

/// A gateway over an engine, with one licence on record.
struct World {
    gateway: Started,
    office: Office,
    issuer: Client,
    verifier: Client,
    document: Vec<u8>,
}

impl World {
    async fn over(engine: Arc<dyn Engine>) -> Self {
        let office = Office::new();
        let store = Store::on(engine, &Keys::new([1; 32], [2; 32])).unwrap();
        let gateway = office.trusted_by(Setup::new()).start_over(TABLE, store).await;
        let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
        assert_eq!(issuer.send(Http::One, hand_in(&office, "1")).await.status, 201);
        let document = office.ofd(&fields("2", 1));
        Self { gateway, office, issuer, verifier, document }
    }

    fn store(&self) -> &Store {
        self.gateway.app.store()
    }

    async fn verdict(&self) -> Reply {
        self.verifier.send(Http::One, request("POST", "/v1/verifications", OFD, self.document.clone())).await
    }

    async fn read(&self) -> Reply {
        self.verifier.get(&format!("/v1/licences/{}", identifier("1", 1))).await
    }

    async fn change(&self, serial: &str) -> Reply {
        self.issuer.send(Http::One, hand_in(&self.office, serial)).await
    }
}

#[tokio::test]
async fn a_failed_sync() {
    let engine = Arc::new(Memory::new());
    let world = World::over(Arc::<Memory>::clone(&engine)).await;
    let before = world.verdict().await;
    assert_eq!(marked(&before), (200, ""));
    // The note of what is published by it is written as well, and must not be what fails.
    covered(&world.gateway, LogName::Seal).await;

    engine.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    // The record of this one was in the write that failed: nobody knows whether the restart will find it.
    for said in ["unknown", "none", "none"] {
        let verdict = world.verdict().await;
        assert_eq!(marked(&verdict), (200, said));
        assert_eq!(verdict.json()["indication"], before.json()["indication"]);
    }
    let trust = world.verifier.get("/v1/trust").await;
    assert_eq!(marked(&trust), (200, "none"));
    // What tells of a person, and what changes something, is refused.
    world.read().await.is_problem(503, "unavailable");
    world.verifier.send(Http::One, post_json("/v1/licences/search", "{}")).await.is_problem(503, "unavailable");
    world.change("3").await.is_problem(503, "unavailable");
    let named = serde_json::json!({ "identifier": identifier("1", 1).to_string() }).to_string();
    world.verifier.send(Http::One, post_json("/v1/verifications", &named)).await.is_problem(503, "unavailable");
    world.verifier.get("/nowhere").await.is_problem(503, "unavailable");
    // What nobody records goes on as it is.
    let logs = world.verifier.get("/v1/logs").await;
    assert_eq!(marked(&logs), (200, ""));

    let (status, store) = ready(&world.gateway, "store").await;
    assert_eq!((status, &store["state"]), (503, &"not-ready".into()), "{store}");
    assert!(store["reason"].as_str().unwrap().contains("an earlier write failed"), "{store}");
    assert!(store["since"].is_string() && store["page"].as_str().unwrap().starts_with("docs/OPERATIONS.md#"), "{store}");
    let metrics = ask(&world.gateway, "GET /metrics").await;
    for line in [
        "licet_unrecorded_answers_total{route=\"/v1/verifications\"} 3",
        "licet_unrecorded_answers_total{route=\"/v1/trust\"} 1",
        "licet_ready{check=\"store\"} 0",
        "licet_ready{check=\"verify\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(ask(&world.gateway, "GET /live").await.starts_with("HTTP/1.1 200 "), "restarting the process is for operators");
}

#[tokio::test]
async fn a_full_disk() {
    let world = World::over(Arc::new(Memory::new())).await;
    let disk = &world.gateway.app.condition.disk;
    assert_eq!(world.gateway.app.config.storage.free_mib_min, 512, "what the marks below are made for");

    assert_eq!(disk.look_at_room(world.store(), Ok(511), 512), Some(Room::Records));
    world.change("3").await.is_problem(503, "unavailable");
    assert_eq!(world.read().await.status, 200, "there is room for the record of a read");
    assert_eq!(marked(&world.verdict().await), (200, ""));
    let (status, check) = ready(&world.gateway, "disk").await;
    assert_eq!((status, &check["state"]), (200, &"degraded".into()));
    assert!(check["reason"].as_str().unwrap().contains("511 MiB"), "{check}");

    assert_eq!(disk.look_at_room(world.store(), Ok(127), 512), Some(Room::None));
    world.change("3").await.is_problem(503, "unavailable");
    world.read().await.is_problem(503, "unavailable");
    assert_eq!(marked(&world.verdict().await), (200, "none"));
    for name in ["disk", "store"] {
        let (status, check) = ready(&world.gateway, name).await;
        assert_eq!((status, &check["state"]), (503, &"not-ready".into()), "{check}");
    }

    assert_eq!(disk.look_at_room(world.store(), Ok(4096), 512), Some(Room::Ample));
    assert_eq!(world.change("3").await.status, 201, "nothing has to be restarted");
    assert_eq!(marked(&world.verdict().await), (200, ""));
    assert_eq!(ready(&world.gateway, "store").await.0, 200);
    // The gap is told by the first record behind it.
    assert_eq!(world.read().await.status, 200);
    assert_eq!(last_access(world.store()).details["unrecorded"], 1);
    assert_eq!(world.read().await.status, 200);
    assert_eq!(last_access(world.store()).details.get("unrecorded"), None);
    let metrics = ask(&world.gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_disk_free_bytes 4294967296"), "{metrics}");
}

/// What the control socket answers to this.
fn control(socket: &Path, command: &str, body: &str) -> Value {
    let mut curl = Command::new("curl");
    let output =
        curl.args(["--silent", "--data", body, "--unix-socket"]).arg(socket).arg(format!("http://licet/{command}")).output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_does_on_a_full_disk_is_owed_to_the_record() {
    let world = World::over(Arc::new(Memory::new())).await;
    let (app, socket) = (&world.gateway.app, world.gateway.folder.path().join("licet.sock"));
    tokio::spawn(Control::bind(&socket).unwrap().run(Arc::clone(&world.gateway.live)));
    assert_eq!(app.condition.disk.look_at_room(world.store(), Ok(1), 512), Some(Room::None));
    let before = world.store().logs().size(LogName::Access).unwrap();
    let on = control(&socket, "maintenance", r#"{"on":true,"reason":"a new disk"}"#);
    assert_eq!((&on["state"], &on["record"]), (&"on".into(), &"owed".into()), "{on}");
    assert!(app.condition.maintenance.in_force(gateway::clock::now()).is_some(), "it is done");
    owed::settle(app).await;
    assert_eq!((app.condition.owed.count(), world.store().logs().size(LogName::Access).unwrap()), (1, before));

    assert_eq!(app.condition.disk.look_at_room(world.store(), Ok(4096), 512), Some(Room::Ample));
    owed::settle(app).await;
    assert_eq!(app.condition.owed.count(), 0);
    let facts = last_access(world.store());
    assert_eq!((facts.event, &facts.details["reason"]), (EventKind::Maintenance, &"a new disk".into()));
    assert!(facts.details["done_at"].is_string() && facts.details["by"].is_u64(), "{facts:?}");
    let recalled = Maintenance::recall(world.store().logs()).unwrap();
    assert!(recalled.in_force(gateway::clock::now()).is_some(), "a restart knows it");
    let off = control(&socket, "maintenance", r#"{"on":false}"#);
    assert_eq!((&off["state"], off.get("record")), (&"off".into(), None));

    // What is done later is on record later, also where nobody has settled yet.
    assert_eq!(app.condition.disk.look_at_room(world.store(), Ok(1), 512), Some(Room::None));
    control(&socket, "maintenance", r#"{"on":true}"#);
    assert_eq!(app.condition.disk.look_at_room(world.store(), Ok(4096), 512), Some(Room::Ample));
    let before = world.store().logs().size(LogName::Access).unwrap();
    let off = control(&socket, "maintenance", r#"{"on":false}"#);
    assert_eq!((&off["state"], off.get("record"), app.condition.owed.count()), (&"off".into(), None, 0));
    assert_eq!(world.store().logs().size(LogName::Access).unwrap(), before + 2);
    assert!(Maintenance::recall(world.store().logs()).unwrap().in_force(gateway::clock::now()).is_none(), "a restart knows it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_disk() {
    let engine = Arc::new(Memory::new());
    let world = World::over(Arc::<Memory>::clone(&engine)).await;
    let (is_reached, go) = engine.hold();
    let begun = {
        let (issuer, request) = (world.gateway.caller(ISSUER), hand_in(&world.office, "3"));
        tokio::spawn(async move { issuer.send(Http::One, request).await })
    };
    tokio::task::spawn_blocking(move || is_reached.recv().unwrap()).await.unwrap();

    let (disk, stall) = (&world.gateway.app.condition.disk, world.gateway.app.config.storage.stall());
    let (start, now) = (gateway::clock::instant(), gateway::clock::now());
    assert!(!disk.look_at_writes(world.store(), stall, start, now), "there is time yet");
    assert!(!disk.look_at_writes(world.store(), stall, start + stall - Duration::from_millis(1), now));
    assert!(disk.look_at_writes(world.store(), stall, start + stall, now));
    assert!(!disk.look_at_writes(world.store(), stall, start + stall * 2, now), "once is told once");
    // From now on nobody waits behind it.
    world.change("4").await.is_problem(503, "unavailable");
    world.read().await.is_problem(503, "unavailable");
    assert_eq!(marked(&world.verdict().await), (200, "none"));
    let (status, check) = ready(&world.gateway, "store").await;
    assert_eq!((status, &check["state"]), (503, &"not-ready".into()));
    assert!(check["reason"].as_str().unwrap().contains("the disk does not answer since"), "{check}");

    go.send(()).unwrap();
    assert_eq!(begun.await.unwrap().status, 201, "what had begun is made and told");
    assert_eq!(world.change("4").await.status, 201, "it goes on by itself");
    assert_eq!(world.read().await.status, 200);
    assert_eq!(ready(&world.gateway, "store").await.1["state"], "ready");
}

#[tokio::test]
async fn the_clock_jumps() {
    let world = World::over(Arc::new(Memory::new())).await;
    let (wall_ms, at) = (gateway::clock::unix_ms(), gateway::clock::instant());
    let second = Duration::from_secs(1);
    look_at_clock(&world.gateway.app, (wall_ms, at)).await;
    look_at_clock(&world.gateway.app, (wall_ms + 1_000, at + second)).await;
    let now = gateway::clock::now();
    assert_eq!(stands(&world, "clock", now.plus(1)).await.0, State::Ready);

    look_at_clock(&world.gateway.app, (wall_ms + 7_202_000, at + second * 2)).await;
    let (state, reason) = stands(&world, "clock", now.plus(7_202)).await;
    assert!(state == State::Degraded && reason.contains("it jumped by 7200 s"), "{reason}");
    assert_eq!(
        stands(&world, "clock", now.plus(7_202 + 3_600)).await.0,
        State::Ready,
        "nobody set it back: it counts as set right"
    );
    let metrics = ask(&world.gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_clock_jumps_total 1"), "{metrics}");
    let facts = last_access(world.store());
    assert_eq!((facts.event, facts.details["by_s"].as_i64()), (EventKind::ClockJump, Some(7_200)));

    // Set back: what was put on record in between has a time that is still to come.
    look_at_clock(&world.gateway.app, (wall_ms + 3_000, at + second * 3)).await;
    let (state, reason) = stands(&world, "clock", now.plus(3)).await;
    assert!(state == State::NotReady && reason.contains("before the last time on record"), "{reason}");
}

/// How a check stands at a moment.
async fn stands(world: &World, name: &str, now: Timestamp) -> (State, String) {
    let app = Arc::clone(&world.gateway.app);
    let sight = Sight { app, now, at: gateway::clock::instant() };
    let report = world.gateway.app.condition.health.report(&sight, now, false).await;
    let check = report.checks.into_iter().find(|check| check.name == name).unwrap();
    (check.state, check.reason.unwrap_or_default())
}

#[tokio::test]
async fn a_clock_that_is_behind_the_record() {
    let world = World::over(Arc::new(Memory::new())).await;
    let later = gateway::clock::now().plus(3_600);
    let draft = Draft::new(later, Facts::new(EventKind::LicenceSearch, Ending::Done, "approval".to_owned()));
    world.store().logs().append_and_wait(&[draft]).unwrap();
    let (status, check) = ready(&world.gateway, "clock").await;
    assert_eq!((status, &check["state"]), (503, &"not-ready".into()), "{check}");
    // Times on record never run back.
    assert_eq!(world.read().await.status, 200);
    assert_eq!(world.store().logs().newest_at(), Some(later));
}

/// Changes a byte in the middle of the largest table of a store that nobody has open.
pub(crate) fn flip(site: &Site) {
    let tables = fs::read_dir(site.folder.path().join("data/rocksdb")).unwrap().map(|entry| entry.unwrap().path());
    let tables = tables.filter(|path| path.extension().is_some_and(|extension| extension == "sst"));
    let table = tables.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit() {
    const LICENCES: usize = 40;
    let office = Office::new();
    let site = Site::new(&office);
    let process = site.start();
    let mut issuer = site.client(&process, ISSUER).connect(Http::One).await;
    for serial in 0..LICENCES {
        assert_eq!(issuer.send(hand_in(&office, &serial.to_string())).await.unwrap().status, 201);
    }
    drop(process.terminate());
    // What is in the write-ahead log goes into tables.
    drop(site.start().terminate());
    flip(&site);

    let process = site.start();
    let mut issuer = site.client(&process, ISSUER).connect(Http::One).await;
    let mut damaged = 0;
    for serial in 0..LICENCES {
        let path = format!("/v1/licences/{}/file", identifier(&serial.to_string(), 1));
        let reply = issuer.send(get(&path)).await.unwrap();
        if reply.status == 503 {
            reply.is_problem(503, "unavailable");
            damaged += 1;
        } else {
            assert_eq!(reply.status, 200);
        }
    }
    assert!((1..=8).contains(&damaged), "{damaged} of {LICENCES}");
    assert_eq!(issuer.send(hand_in(&office, "77")).await.unwrap().status, 201, "the rest goes on");
    let (status, check) = told(&ask_at(process.admin, "GET /ready").await, "damage");
    assert_eq!((status, &check["state"]), (200, &"degraded".into()), "{check}");
    drop(process.terminate());
    let doctor = site.licet(&["doctor", "--json"]);
    let told: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let found = told["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "damage");
    assert!(doctor.status.code() == Some(2) && found.is_some_and(|finding| finding["what"].as_str().unwrap().contains("obj")));
}
