//! How much a running gateway writes to its log, changed by the command line; and whose request a line belongs to.

use crypto::record::{EventKind, Facts, LogName, Opening};
use serde_json::Value;
use storage::{Keys, Options, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::admin::ask_at;
use crate::client::{Http, get, request};
use crate::faults::told;
use crate::licence_kit::{Office, fields};
use crate::process::{Process, Site};
use crate::started::VERIFIER;

/// What `licet level` says.
#[track_caller]
fn level(site: &Site, arguments: &[&str]) -> Value {
    let output = site.licet(&[&["level", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A request that is known by its name.
async fn ask(site: &Site, process: &Process, name: &str) {
    let mut request = get("/v1/trust");
    request.headers_mut().insert("x-request-id", name.parse().unwrap());
    request.headers_mut().insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap());
    assert_eq!(site.client(process, VERIFIER).send(Http::One, request).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_are_changed_while_it_runs_and_that_is_on_record() {
    let site = Site::with(&Office::new(), "[log]\nlevels = { catalogue = 'warn' }\n");
    let process = site.start();
    let shown = level(&site, &[]);
    assert_eq!(
        (&shown["level"], &shown["levels"]["catalogue"], &shown["configured"]),
        (&"info".into(), &"warn".into(), &true.into())
    );
    ask(&site, &process, "told").await;

    let shown = level(&site, &["error", "broker=debug", "--for", "600"]);
    assert_eq!(
        (&shown["level"], &shown["levels"]["broker"], &shown["configured"]),
        (&"error".into(), &"debug".into(), &false.into())
    );
    assert!((590..=600).contains(&shown["ends_in_s"].as_u64().unwrap()));
    ask(&site, &process, "silent").await;
    let shown = level(&site, &["--reset"]);
    assert_eq!((&shown["level"], &shown["configured"]), (&"info".into(), &true.into()));
    ask(&site, &process, "told-again").await;

    for (wrong, status) in [(&["brokr=debug"][..], 1), (&["broker=loud"], 2), (&["--for", "9"], 2), (&["debug", "--reset"], 2)] {
        let output = site.licet(&[&["level"], wrong].concat());
        assert_eq!(output.status.code(), Some(status), "{wrong:?}");
    }
    let (log, is_well) = process.terminate();
    assert!(is_well);
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<&Value> = lines.iter().filter(|line| line["message"] == "request").collect();
    let names: Vec<&str> = requests.iter().map(|line| line["request_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["told", "told-again"]);
    assert!(requests.iter().all(|line| line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"));

    let keys = Keys::load_files(&site.folder.path().join("value.key"), &site.folder.path().join("index.key")).unwrap();
    let store = Store::open(&site.folder.path().join("data"), &keys, &Options::default()).unwrap();
    let size = store.logs().size(LogName::Access).unwrap();
    let facts = (0..size).map(|number| {
        let opening = store.logs().record(LogName::Access, number).unwrap().unwrap();
        opening.read::<Facts>(Opening::FACTS).unwrap()
    });
    let changes: Vec<Facts> = facts.filter(|facts| facts.event == EventKind::LogLevel).collect();
    let [change, reset] = &changes[..] else { panic!("two changes: {changes:?}") };
    assert_eq!((&change.details["level"], &change.details["levels"]["broker"]), (&"error".into(), &"debug".into()));
    assert!(change.details["by"].is_u64() && change.details["for_s"] == 600);
    assert_eq!(reset.details["configured"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_below_a_request_carry_its_name() {
    let site = Site::new(&Office::new());
    // The log of the database soon cannot grow any more.
    let process = site.start_with_files_of(1024);
    let mut connection = site.client(&process, VERIFIER).connect(Http::One).await;
    let mut failed = None;
    for number in 0..5000 {
        let mut request = get("/v1/trust");
        request.headers_mut().insert("x-request-id", format!("try-{number}").parse().unwrap());
        let reply = connection.send(request).await.unwrap();
        if reply.status == 503 || reply.headers.contains_key("licet-record") {
            failed = Some(reply.header("x-request-id").to_owned());
            break;
        }
    }
    let failed = failed.expect("a record that cannot be made");
    let (log, _) = process.terminate();
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let below = lines.iter().find(|line| line["message"] == "a record could not be made").unwrap();
    assert_eq!(below["request_id"], failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_is_raised_while_the_disk_is_full() {
    let site = Site::new(&Office::new());
    let file = site.folder.path().join("licet.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    // No disk has so much room.
    std::fs::write(&file, text.replace("[storage]", "[storage]\nfree_mib_min = 1_073_741_824")).unwrap();
    let process = site.start();
    while told(&ask_at(process.admin, "GET /ready").await, "disk").1["state"] != "not-ready" {}
    let shown = level(&site, &["server=debug"]);
    assert_eq!((&shown["levels"]["server"], &shown["record"]), (&"debug".into(), &"owed".into()), "{shown}");
    let said = String::from_utf8(site.licet(&["level", "storage=trace"]).stdout).unwrap();
    assert!(said.contains("storage: trace\n") && said.contains("not on record yet"), "{said}");
    let said = String::from_utf8(site.licet(&["maintenance", "on"]).stdout).unwrap();
    assert!(said.starts_with("changes and look-ups are stopped") && said.contains("not on record yet"), "{said}");
    let (log, _) = process.terminate();
    let gaps = log.iter().filter(|line| line.contains("an operator did something that is not on record yet")).count();
    assert_eq!(gaps, 3, "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_night_the_log_says_why() {
    let office = Office::new();
    let site = Site::new(&office);
    let process = site.start();
    level(&site, &["debug", "storage=trace"]);
    let mut stranger = TcpStream::connect(process.address).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    // It ends, one way or the other.
    drop(stranger.read_to_end(&mut rest).await);
    let document = office.ofd(&fields("1", 1));
    for _ in 0..2 {
        let asked = request("POST", "/v1/verifications", "application/ofd", document.clone());
        assert_eq!(site.client(&process, VERIFIER).send(Http::One, asked).await.status, 200);
    }
    assert!(site.licet(&["reload"]).status.success());
    let (log, is_well) = process.terminate();
    assert!(is_well);
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said =
        |message: &str| lines.iter().find(|line| line["message"] == message).unwrap_or_else(|| panic!("{message}: {log:#?}"));
    let failed = said("a TLS handshake failed");
    assert!(failed["why"].as_str().unwrap().len() > 5 && failed["address"].as_str().unwrap().contains("127.0.0.1"), "{failed}");
    let admitted = said("a request is let in");
    assert_eq!((&admitted["class"], &admitted["caller"]), (&"verify".into(), &"approval".into()), "{admitted}");
    assert_eq!(said("no verdict that was kept is given")["why"], "nothing is kept");
    assert!(said("a job begins")["waited_ms"].is_f64() && said("a job begins")["request_id"].is_string());
    for message in ["a connection is open", "a verdict that was kept is given", "the configuration is read", "a group is written"]
    {
        said(message);
    }
}
