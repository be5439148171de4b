//! Departments as sources: how they are asked, how their answers are read, and what hostile ones come to.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use gateway::broker::{Errand, SourceFault};
use gateway::config::Config;
use hyper::Version;
use serde_json::{Value, json};

use crate::department::{Department, Says, Seen, ask, question, raw, resource, rows, says, source};
use crate::licence_kit::HOLDER;
use crate::started::{Setup, memory};

const ANSWER: &str = r#"
    answer = { rows = "/data/list", as_of = "/data/time", fields = { name = "/XM", born = "/CSRQ" },
        found = [{ pointer = "/code", equals = [0] }], not_found = [{ pointer = "/code", equals = ["1"] }],
        refused = [{ pointer = "/code", equals = ["2", "3"] }], overloaded = [{ pointer = "/busy", equals = [true] }], rows_max = 2 }
"#;

fn section(url: &str) -> String {
    let request = r#"request = '{ "q": { "id": "{code_type}:{number}" }, "who": "{operator}@{consumer}", "c": "{case}", "f": "{fields}", "r": "{resource}" }'"#;
    format!("kind = 'http-json'\nurl = '{url}'\n{request}\n{ANSWER}")
}

/// A department that says this to everybody.
async fn saying(says: Says) -> Department {
    Department::start(move |_: &Seen| says.clone()).await
}

/// What comes of asking somebody who says this.
async fn comes_of(answer: Says) -> Result<Value, SourceFault> {
    let department = saying(answer).await;
    let mut setup = Setup::new();
    let source = source(&mut setup, &section(&department.url("/q")));
    let reply = ask(&source, &question(&resource(&json!({})), &["name", "born", "children", "married"])).await?;
    assert_eq!(department.seen().len(), 1);
    Ok(rows(Ok(reply)))
}

#[tokio::test]
async fn a_question_and_its_answer() {
    let answer = json!({ "code": "0", "data": { "time": "2026-07-01 08:00:00", "list": [
        { "XM": "某甲", "CSRQ": "19491231", "children": "2", "married": "是", "MZ": "汉" },
        { "XM": "", "CSRQ": null, "children": 0.5, "married": false },
    ] } });
    let department = saying(says(&answer)).await;
    let mut setup = Setup::new();
    let source = source(&mut setup, &section(&department.url("/v1/q")));
    let question = question(&resource(&json!({})), &["name", "born", "children", "married"]);
    let reply = ask(&source, &question).await.unwrap();
    assert_eq!(reply.as_of, "2026-07-01T00:00:00Z".parse().unwrap());
    let (first, second) = (
        json!({ "name": "某甲", "born": "1949-12-31", "children": 2, "married": true }),
        json!({ "children": 0.5, "married": false }),
    );
    assert_eq!(rows(Ok(reply)), json!([first, second]));
    let seen = department.seen();
    let asked = seen.first().unwrap();
    assert_eq!((asked.target.as_str(), asked.version), ("/v1/q", Version::HTTP_11));
    let body = json!({ "q": { "id": format!("111:{HOLDER}") }, "who": "clerk-7@91350211M000100Y46", "c": "BJ-1",
        "f": ["born", "children", "married", "name"], "r": "1010010001/1" });
    assert_eq!(asked.json(), body);
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-request-id", "r-1"),
        ("licet-class", "interactive"),
        ("licet-item", "%E4%BA%8B%E9%A1%B9%2F1"),
        ("licet-case", "BJ-1"),
        ("licet-purpose", "%E6%A0%B8%E9%AA%8C%20a%26b"),
        ("licet-operator", "clerk-7"),
    ] {
        assert_eq!(asked.header(name), value, "{name}");
    }
    assert!((1..=20_000).contains(&asked.header("licet-deadline").parse::<u32>().unwrap()));

    // Only what may be told is looked at: what would not fit the types is no matter.
    let narrow = crate::department::question(&question.resource, &["name"]);
    assert_eq!(rows(ask(&source, &narrow).await), json!([{ "name": "某甲" }, {}]));
    assert_eq!(department.seen().first().unwrap().connection, 0, "the connection is kept");
}

#[tokio::test]
async fn what_a_look_up_does_not_have_is_left_out() {
    let department = saying(says(&json!({ "code": 0 }))).await;
    let mut setup = Setup::new();
    let source = source(&mut setup, &section(&department.url("/q")));
    let mut question = question(&resource(&json!({})), &["name"]);
    // A case that is called by the person's number is for the body, and for no header.
    question.errand =
        Arc::new(Errand { operator: None, purpose: None, case: Some(format!("BJ{HOLDER}")), ..(*question.errand).clone() });
    assert_eq!(rows(ask(&source, &question).await), json!([]));
    let seen = department.seen();
    let asked = seen.first().unwrap();
    assert_eq!(
        (asked.json()["c"].as_str(), asked.json()["who"].as_str()),
        (Some(&*format!("BJ{HOLDER}")), Some("@91350211M000100Y46"))
    );
    assert!(["licet-case", "licet-purpose", "licet-operator"].iter().all(|name| !asked.headers.contains_key(*name)));
    question.errand = Arc::new(Errand { case: None, ..(*question.errand).clone() });
    ask(&source, &question).await.unwrap();
    assert_eq!(department.seen().first().unwrap().json().get("c"), None);
}

#[tokio::test]
async fn statuses_and_codes_have_their_meaning() {
    let nothing = Ok(json!([]));
    let status = |status: u16| (status, Vec::new(), Vec::new());
    for (answer, expected) in [
        (status(404), nothing.clone()),
        (status(401), Err(SourceFault::Refused)),
        (status(403), Err(SourceFault::Refused)),
        (status(400), Err(SourceFault::Refused)),
        (status(429), Err(SourceFault::Overloaded)),
        (status(503), Err(SourceFault::Overloaded)),
        (status(500), Err(SourceFault::Failed)),
        (status(204), Err(SourceFault::Failed)),
        (says(&json!({ "code": 1, "data": { "list": [{ "XM": "x" }] } })), nothing.clone()),
        (says(&json!({ "code": "3" })), Err(SourceFault::Refused)),
        (says(&json!({ "code": 0, "busy": true })), Err(SourceFault::Overloaded)),
        (says(&json!({ "code": 99 })), Err(SourceFault::Failed)),
        (says(&json!({})), Err(SourceFault::Failed)),
        (says(&json!({ "code": 0, "data": { "list": null } })), nothing),
        (says(&json!({ "code": 0, "data": { "list": { "XM": "某甲" } } })), Ok(json!([{ "name": "某甲" }]))),
    ] {
        let shown = format!("{} {}", answer.0, String::from_utf8_lossy(&answer.2));
        assert_eq!(comes_of(answer).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn hostile_answers_are_malformed() {
    let list = |list: &str| (200, Vec::new(), format!(r#"{{"code":0,"data":{{"list":{list}}}}}"#).into_bytes());
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for answer in [
        list("[{\"XM\":\"a\",\"XM\":\"b\"}]"),
        list(&deep),
        list("[1]"),
        list("\"text\""),
        list("[{},{},{}]"),
        list("[{\"XM\":[\"a\"]}]"),
        list("[{\"CSRQ\":\"31.12.1949\"}]"),
        list("[{\"children\":\"two\"}]"),
        list("[{\"married\":\"maybe\"}]"),
        list(&format!("[{{\"MZ\":[{}1]}}]", "1,".repeat(70_000))),
        list(&format!("[{{\"MZ\":\"{}\"}}]", "x".repeat(1_100_000))),
        list("[{}"),
        says(&json!({ "code": 0, "data": { "time": "tomorrow" } })),
        (200, Vec::new(), b"<html>".to_vec()),
        (200, Vec::new(), b"{\"code\":0,\"data\":{\"list\":[{\"XM\":\"\xd5\xc5\"}]}}".to_vec()),
        (200, vec![("content-encoding", "gzip".to_owned())], b"{\"code\":0}".to_vec()),
    ] {
        let shown: String = String::from_utf8_lossy(&answer.2).chars().take(60).collect();
        assert_eq!(comes_of(answer).await, Err(SourceFault::Malformed), "{shown}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = saying(says(&json!({ "code": 0 }))).await;
    let away = vec![("location", elsewhere.url("/"))];
    for status in [301, 302, 307, 308] {
        assert_eq!(comes_of((status, away.clone(), Vec::new())).await, Err(SourceFault::Failed), "{status}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn broken_connections() {
    let head = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}\r\n").into_bytes();
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (bytes, expected) in [
        (b"SSH-2.0-x\r\n\r\n".to_vec(), SourceFault::Failed),
        (head(&format!("x-long: {}\r\n", "x".repeat(20_000))), SourceFault::Failed),
        (head(&many), SourceFault::Failed),
        (head("content-length: 2000000\r\n"), SourceFault::Malformed),
    ] {
        let shown = String::from_utf8_lossy(&bytes).chars().take(60).collect::<String>();
        let mut setup = Setup::new();
        let source = source(&mut setup, &section(&format!("http://{}/q", raw(bytes).await)));
        let question = question(&resource(&json!({})), &["name"]);
        assert_eq!(source.ask(&question, Duration::from_secs(20)).await, Err(expected), "{shown}");
    }
    let mut setup = Setup::new();
    let source = source(&mut setup, &section(&crate::publisher::nobody().await));
    assert_eq!(ask(&source, &question(&resource(&json!({})), &["name"])).await, Err(SourceFault::Unreachable));
}

#[tokio::test]
async fn an_answer_is_heard_also_when_nobody_waits_any_more() {
    let department = saying(says(&json!({ "code": 0, "data": { "list": [{ "XM": "某甲" }] } }))).await;
    let mut setup = Setup::new();
    let source = source(&mut setup, &section(&department.url("/q")));
    let question = question(&resource(&json!({})), &["name"]);
    // Only so does the broker learn how slow a source is. It is the broker that ends a call, at the limit of the source.
    assert_eq!(rows(source.ask(&question, Duration::ZERO).await), json!([{ "name": "某甲" }]));
    assert_eq!(department.seen().len(), 1);
}

#[tokio::test]
async fn a_resource_may_have_its_own_form() {
    let department = Department::start(|seen: &Seen| match seen.target.as_str() {
        "/other" => says(&json!([{ "XM": "某乙" }])),
        _ => says(&json!({ "code": 0 })),
    })
    .await;
    let mut setup = Setup::new();
    let own = r#"resources = { "1010010001/1" = { path = "/other", remote = "RK01", answer = { fields = { name = "/XM" } },
        request = '["{number}", "{resource}"]' } }"#;
    let source = source(&mut setup, &(section(&department.url("/q")) + own));
    assert_eq!(rows(ask(&source, &question(&resource(&json!({})), &["name"])).await), json!([{ "name": "某乙" }]));
    assert_eq!(department.seen().first().unwrap().json(), json!([HOLDER, "RK01"]));
    let another = resource(&json!({ "code": "1010010002/1" }));
    assert_eq!(rows(ask(&source, &question(&another, &["name"])).await), json!([]));
    assert_eq!(department.seen().first().unwrap().target, "/q");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_faults_with_their_keys() {
    let mut setup = Setup::new();
    let open = setup.folder.write("open.txt", "secret");
    std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let rows = [
        ("auth = { kind = 'bearer', file = 'open.txt' }", "sources[0].auth.file: "),
        ("auth = { kind = 'hmac', key_id = 'a', file = 'none.txt' }", "sources[0].auth.file: "),
        ("tls_anchors = ['none.pem']", "sources[0].tls_anchors[0]: "),
        ("certificate = 'none.pem'\nkey = 'none.key'", "sources[0].certificate: "),
    ];
    for (line, key) in rows {
        setup.sections = format!("[[sources]]\nname = 'a'\n{}\n{line}\n", section("http://127.0.0.1:1/q"));
        let config = Config::parse(&setup.text(), setup.folder.path()).unwrap();
        let said = gateway::sources::load(&config, &memory()).expect_err(key).to_string();
        assert!(said.contains(key), "{key} in {said}");
    }
}
