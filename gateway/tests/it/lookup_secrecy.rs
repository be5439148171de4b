//! What look-ups leave behind: no number and no name of anybody, on no disk, in no log and in no metric.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use storage::{Keys, Options, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Http, post_json, request};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, fields};
use crate::lookup_kit::{CIVIL, CONSUMER, City, ITEM, LICENCES, NAME, PEOPLE, SECRET, TAX, ask, seed, source, subject};
use crate::process::{Process, Site};
use crate::started::{ISSUER, VERIFIER};

const CASE: &str = "case-of-somebody";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

async fn metrics(process: &Process) -> String {
    let mut stream = TcpStream::connect(process.admin).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

/// Every form of look-up, well and badly asked. Gives back the codes that were handed out.
async fn look_up(site: &Site, process: &Process, office: &Office) -> Vec<String> {
    let (consumer, issuer) = (site.client(process, CONSUMER), site.client(process, ISSUER));
    let document = office.jws(&fields(HOLDER, 1));
    let handed_in = issuer.send(Http::Two, request("POST", "/v1/licences", "application/jose", document)).await;
    assert_eq!(handed_in.status, 201, "{handed_in:?}");
    let with = |more: Value| {
        let mut body = json!({ "subject": subject(), "item": ITEM, "case": CASE });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let all = with(json!({ "resources": [PEOPLE, CIVIL, TAX, SECRET, LICENCES, HOLDER] }));
    let answer = ask(&consumer, "/v1/lookups", &all, 1000).await.json();
    let code = source(&answer, LICENCES)["rows"][0]["licence"]["use_code"].as_str().unwrap().to_owned();
    let mut streamed = post_json("/v1/lookups", &all.to_string());
    streamed.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    assert!(holds(&consumer.send(Http::One, streamed).await.body, NAME));
    assert_eq!(ask(&consumer, "/v1/materials", &with(json!({})), 500).await.status, 200);
    let facts = json!({ "facts": [{ "attribute": "person.name", "value": NAME }] });
    assert_eq!(ask(&consumer, "/v1/comparisons", &with(facts), 500).await.status, 200);
    let facts = json!({ "facts": [{ "resource": NAME, "field": HOLDER, "value": NAME }] });
    assert_eq!(ask(&consumer, "/v1/comparisons", &with(facts), 500).await.status, 422);
    let batch = json!({ "item": ITEM, "resources": [CIVIL, LICENCES], "lookups": [{ "ref": HOLDER, "subject": subject(), "case": CASE }] });
    assert_eq!(ask(&consumer, "/v1/lookups/batch", &batch, 500).await.status, 200);
    for (uri, bad) in [
        (CONSUMER, with(json!({ "resources": [SECRET] }))),
        (CONSUMER, with(json!({ "purpose": HOLDER }))),
        (CONSUMER, with(json!({ "resources": [PEOPLE], "fields": { HOLDER: NAME } }))),
        (VERIFIER, all.clone()),
    ] {
        let refused = ask(&site.client(process, uri), "/v1/lookups", &bad, 500).await;
        assert!(refused.status.is_client_error(), "{refused:?}");
        assert!(!holds(&refused.body, HOLDER) && !holds(&refused.body, NAME), "{refused:?}");
    }
    let redeem = json!({ "code": code, "item": ITEM, "case": CASE, "want": "data" });
    assert_eq!(ask(&consumer, "/v1/use-codes/redemptions", &redeem, 500).await.status, 200);
    vec![code]
}

#[tokio::test]
async fn nothing_personal_on_disk_in_logs_or_in_metrics() {
    let city = City::start().await;
    let office = Office::new();
    let site = Site::with(&office, &city.sections());
    let keys = Keys::load_files(&site.folder.path().join("value.key"), &site.folder.path().join("index.key")).unwrap();
    let data = site.folder.path().join("data");
    seed(&Store::open(&data, &keys, &Options::default()).unwrap());
    let process = site.start();
    // Every line that there is.
    assert!(site.licet(&["level", "trace"]).status.success());
    let codes = look_up(&site, &process, &office).await;
    assert_eq!(city.tax.seen()[0]["number"], HOLDER, "the departments do learn it");
    let metrics = metrics(&process).await;
    assert!(metrics.contains("licet_lookups_total{class=\"interactive\",kind=\"look-up\",status=\"partial\"} 2"), "{metrics}");
    let (log, ended_well) = process.terminate();
    assert!(ended_well, "{log:#?}");
    let log = log.join("\n");
    for said in ["/v1/lookups/batch", "a call of a source ended", "a request is let in", "a group is written"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    // Once more over what is left in the journal of the database.
    drop(Store::open(&data, &keys, &Options::default()).unwrap());
    let secrets: Vec<&str> =
        [HOLDER, NAME, "某甲", CASE, "nobody knows"].into_iter().chain(codes.iter().map(String::as_str)).collect();
    let plain = codes.iter().map(|code| code.replace('-', "")).collect::<Vec<_>>();
    for secret in secrets.into_iter().chain(plain.iter().map(String::as_str)) {
        assert!(!holds(log.as_bytes(), secret), "the log says {secret}");
        assert!(!holds(metrics.as_bytes(), secret), "a metric says {secret}");
        for file in files(&data) {
            assert!(!holds(&fs::read(&file).unwrap(), secret), "{} holds {secret}", file.display());
        }
    }
    let is_there = files(&data).iter().any(|file| holds(&fs::read(file).unwrap(), ORGANISATION));
    assert!(is_there, "the search would not have found what is there");
}
