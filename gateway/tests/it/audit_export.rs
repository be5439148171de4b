//! Exports of the logs: whole, in constant memory, and on record.

use crypto::record::{Ending, EventKind, Facts, LogName, Opening};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::audit::{ALL_SEEING, BUREAU, SEAL, TOWN, ask, newest, start, use_of};
use crate::client::{BOTH, Connection, Http, post_json};
use crate::started::{AUDITOR, Started};

const EXPORT: &str = "/v1/logs/seal/export";

/// Appends uses of a seal, many at once.
fn fill(gateway: &Started, rows: i64) {
    let logs = gateway.app.store().logs();
    for first in (0..rows).step_by(1000) {
        let drafts: Vec<_> = (first..rows.min(first + 1000)).map(|n| use_of(n / 100, BUREAU, SEAL)).collect();
        logs.append_and_wait(&drafts).unwrap();
    }
}

/// Waits until the access log has so many records, and gives the facts of the last.
async fn last_of(gateway: &Started, size: u64) -> Facts {
    let logs = gateway.app.store().logs();
    while logs.size(LogName::Access).unwrap() < size {
        tokio::task::yield_now().await;
    }
    logs.record(LogName::Access, size - 1).unwrap().unwrap().read(Opening::FACTS).unwrap()
}

#[tokio::test]
async fn all_rows_of_the_caller_and_then_the_end() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    let drafts: Vec<_> = (0..1300).map(|n| use_of(n, if n % 13 == 5 { TOWN } else { BUREAU }, SEAL)).collect();
    logs.append_and_wait(&drafts).unwrap();
    for (round, http) in (0_u64..).zip(BOTH) {
        let request = post_json(EXPORT, &json!({ "filter": { "seal": SEAL } }).to_string());
        let reply = gateway.caller(AUDITOR).send(http, request).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/x-ndjson"));
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1201);
        assert!(lines.iter().take(1200).all(|row| row["facts"]["organisation"] == BUREAU));
        assert_eq!(lines[1200], json!({ "end": { "rows": 1200, "through": 1299, "size": 1300 } }));
        let end = last_of(&gateway, 2 * round + 2).await;
        assert_eq!((end.event, end.outcome), (EventKind::LogExport, Ending::Done));
        assert_eq!(
            (&end.details["rows"], &end.details["step"], &end.details["begin"]),
            (&json!(1200), &json!("end"), &json!(2 * round))
        );
        let begin = newest(&gateway, 2);
        assert_eq!((&begin.details["step"], &begin.details["filter"]), (&json!("begin"), &json!({ "seal": SEAL })));
    }
}

#[tokio::test]
async fn commas_have_names_and_an_end() {
    let gateway = start().await;
    let mut draft = use_of(0, BUREAU, SEAL);
    draft.facts.operator = Some("=HYPERLINK(\"x\")".to_owned());
    gateway.app.store().logs().append_and_wait(&[draft]).unwrap();
    let reply = ask(&gateway.caller(ALL_SEEING), &format!("{EXPORT}?format=csv"), &json!({})).await;
    assert!(reply.header("content-type").starts_with("text/csv"));
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"seal-log.csv\"");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("number,at,event,outcome,"));
    assert!(lines[1].starts_with("0,2026-07-01T02:00:00Z,seal.use,done,") && lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\""));
    assert!(lines[2].starts_with("#end,1,0,1,"));
}

/// What this process holds in memory, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test]
async fn a_large_export_takes_no_memory() {
    const ROWS: i64 = 100_000;
    const GROWTH_MAX: u64 = 32 << 20;
    let gateway = start().await;
    fill(&gateway, ROWS);
    let Connection::One(mut sender) = gateway.caller(ALL_SEEING).connect(Http::One).await else {
        panic!("HTTP/1.1 was asked for")
    };
    let before = resident();
    let mut body = sender.send_request(post_json(EXPORT, r#"{"opening":true}"#)).await.unwrap().into_body();
    let (mut bytes, mut lines, mut most) = (0, 0, 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.unwrap().into_data() else { continue };
        bytes += data.len();
        lines += data.iter().filter(|byte| **byte == b'\n').count();
        most = most.max(resident());
    }
    assert_eq!(lines, usize::try_from(ROWS).unwrap() + 1);
    assert!(bytes > 64 << 20, "{bytes} bytes are too few to show anything");
    let grown = most.saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{} KiB more while {} KiB passed", grown >> 10, bytes >> 10);
    let end = last_of(&gateway, 2).await;
    assert_eq!((end.outcome, &end.details["rows"]), (Ending::Done, &json!(ROWS)));
}

#[tokio::test]
async fn a_reader_that_goes_away_is_on_record() {
    let gateway = start().await;
    fill(&gateway, 20_000);
    let Connection::One(mut sender) = gateway.caller(ALL_SEEING).connect(Http::One).await else {
        panic!("HTTP/1.1 was asked for")
    };
    let mut body = sender.send_request(post_json(EXPORT, "{}")).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    drop((body, sender));
    let end = last_of(&gateway, 2).await;
    assert_eq!((end.event, end.outcome, &end.details["step"]), (EventKind::LogExport, Ending::Failed, &json!("end")));
    assert!(end.details["rows"].as_u64().unwrap() < 20_000);
}
