//! A write that the system refuses in the middle of the work: nothing more is acknowledged until a restart, `/ready` says why, and
//! the restart finds all that was.

use crate::admin::ask_at;
use crate::client::{Http, get, request};
use crate::crash::{put_in_use, use_of};
use crate::faults::{marked, told};
use crate::licence_kit::{Office, fields};
use crate::process::{Process, Site};
use crate::started::ISSUER;

/// So large may files of the store become: some hundred uses of a seal.
const FILE_KIB: u32 = 1024;
/// More uses than there is room for.
const USES_MAX: u32 = 5_000;

async fn ready(process: &Process) -> String {
    ask_at(process.admin, "GET /ready").await
}

fn numbered(number: u32) -> hyper::Request<http_body_util::Full<hyper::body::Bytes>> {
    use_of(&format!("use-{number}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_behind_a_write_that_failed() {
    let office = Office::new();
    let site = Site::new(&office);
    let process = site.start_with_files_of(FILE_KIB);
    let issuer = site.client(&process, ISSUER);
    put_in_use(&issuer, &office).await;
    assert!(ready(&process).await.starts_with("HTTP/1.1 200 "));

    let mut connection = issuer.connect(Http::One).await;
    let mut acknowledged = Vec::new();
    let refused = loop {
        let number = u32::try_from(acknowledged.len()).unwrap();
        assert!(number < USES_MAX, "there was room for all");
        let reply = connection.send(numbered(number)).await.unwrap();
        if reply.status != 201 {
            break reply;
        }
        acknowledged.push(reply.json()["number"].as_u64().unwrap());
    };
    refused.is_problem(503, "unavailable");
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    for number in [USES_MAX, USES_MAX + 1] {
        connection.send(numbered(number)).await.unwrap().is_problem(503, "unavailable");
    }
    let why = ready(&process).await;
    assert!(
        why.starts_with("HTTP/1.1 503 ") && why.contains("an earlier write failed") && why.contains("File too large"),
        "{why}"
    );
    let store = told(&why, "store").1;
    assert_eq!((&store["state"], store["since"].is_string()), (&"not-ready".into(), true), "{store}");
    // A verdict needs no record to be given, and says that it has none.
    let document = office.ofd(&fields("1", 1));
    let verdict = connection.send(request("POST", "/v1/verifications", "application/ofd", document)).await.unwrap();
    assert_eq!(marked(&verdict), (200, "none"));
    // What is read without a record is still told.
    assert_eq!(connection.send(get("/v1/logs")).await.unwrap().status, 200);
    drop(process);

    let process = site.start();
    assert!(ready(&process).await.starts_with("HTTP/1.1 200 "));
    let mut connection = site.client(&process, ISSUER).connect(Http::One).await;
    for (number, recorded) in (0..).zip(&acknowledged) {
        let again = connection.send(numbered(number)).await.unwrap();
        assert_eq!(again.json()["number"].as_u64(), Some(*recorded), "use {number} is on record once: {again:?}");
    }
    // The write that failed was that of the use which was refused first, or of a checkpoint before it: it is on record once in any case.
    let first_refused = u32::try_from(acknowledged.len()).unwrap();
    for number in [first_refused, USES_MAX] {
        let recorded = connection.send(numbered(number)).await.unwrap().json()["number"].as_u64().unwrap();
        assert!(!acknowledged.contains(&recorded), "use {number} has a number of its own");
        let again = connection.send(numbered(number)).await.unwrap();
        assert_eq!(again.json()["number"].as_u64(), Some(recorded), "use {number} is on record once");
    }
    let (_, ended_well) = process.terminate();
    assert!(ended_well);
    let findings = site.licet(&["log", "fsck"]);
    assert!(findings.status.success(), "{}", String::from_utf8_lossy(&findings.stdout));
}
