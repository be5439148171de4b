//! The real binary over HTTPS, with a client that is not ours, and through the worst of ends.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::client::{Http, post_json, request};
use crate::licence_kit::{HOLDER, Office, fields, identifier};
use crate::process::{Process, Site};
use crate::started::{ISSUER, VERIFIER};

/// Runs curl as the holder of a certificate with this URI; returns status and body.
fn curl(site: &Site, process: &Process, uri: &str, path: &str, arguments: &[&str]) -> (u16, Value) {
    let holder = site.authority.client(7, uri);
    let certificate = site.folder.write("curl.pem", holder.pem());
    let key = site.folder.write("curl.key", holder.key.pem());
    let anchor = site.folder.write("anchor.pem", site.authority.pem());
    let port = process.address.port();
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"])
        .args([Path::new("--cacert"), &anchor, Path::new("--cert"), &certificate, Path::new("--key"), &key])
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
        .args(arguments)
        .arg(format!("https://localhost:{port}{path}"))
        .output()
        .expect("curl is needed for this test");
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (status.parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn curl_hands_in_verifies_revokes_and_verifies_again() {
    let office = Office::new();
    let site = Site::new(&office);
    let process = site.start();
    let file = site.folder.write("licence.ofd", office.ofd(&fields("1", 1)));
    let (data, name) = (format!("@{}", file.display()), identifier("1", 1).to_string());
    let ofd = ["--header", "content-type: application/ofd", "--data-binary", &data];
    let body = |text: &Value| text.to_string();
    let send = |uri, path: &str, text: &Value| {
        curl(&site, &process, uri, path, &["--header", "content-type: application/json", "--data-binary", &body(text)])
    };

    let (status, view) = curl(&site, &process, ISSUER, "/v1/licences", &ofd);
    assert_eq!((status, &view["status"]), (201, &json!("valid")), "{view}");
    let (status, report) = curl(&site, &process, VERIFIER, "/v1/verifications", &ofd);
    assert_eq!((status, &report["indication"]), (200, &json!("TOTAL-PASSED")), "{report}");
    let path = format!("/v1/licences/{name}/status");
    let (status, view) = send(ISSUER, &path, &json!({ "operation": "revoke", "reason": "某甲 asked for it" }));
    assert_eq!((status, &view["status"]), (200, &json!("revoked")), "{view}");
    for _ in 0..3 {
        assert_eq!(curl(&site, &process, VERIFIER, "/v1/verifications", &ofd).1["indication"], "TOTAL-FAILED");
        assert_eq!(send(VERIFIER, "/v1/verifications", &json!({ "identifier": name })).1["indication"], "TOTAL-FAILED");
    }
    let search = json!({ "holder": { "code_type": "111", "code": HOLDER } });
    assert_eq!(send(VERIFIER, "/v1/licences/search", &search).1["licences"].as_array().map(Vec::len), Some(1));
    let (status, problem) = curl(&site, &process, VERIFIER, "/v1/nothing", &["--header", "accept-language: zh"]);
    assert_eq!((status, &problem["title"]), (404, &json!("该路径不存在")));

    let ready = Command::new("curl").args(["--silent", &format!("http://{}/ready", process.admin)]).output().unwrap();
    let ready: Value = serde_json::from_slice(&ready.stdout).unwrap();
    assert_eq!((&ready["ready"], &ready["state"], &ready["reasons"]), (&json!(true), &json!("ready"), &json!([])), "{ready}");

    let (log, well) = process.terminate();
    assert!(well, "{log:?}");
    let requests = log.iter().filter(|line| line.contains("\"route\":"));
    assert_eq!(requests.clone().count(), 11, "{log:#?}");
    for line in log.iter() {
        let fields: Value = serde_json::from_str(line).unwrap();
        assert!(fields["level"] == "INFO", "{line}");
        for personal in [HOLDER, "某甲", &name, "asked"] {
            assert!(!line.contains(personal), "{line}");
        }
    }
}

/// Starts a curl that asks `count` times for a verdict on the file, 64 at a time, each on a connection of its own.
fn many(site: &Site, process: &Process, file: &Path, round: &str, count: usize) -> (Child, Vec<PathBuf>) {
    let holder = site.authority.client(7, VERIFIER);
    let certificate = site.folder.write(&format!("{round}.pem"), holder.pem());
    let key = site.folder.write(&format!("{round}.key"), holder.key.pem());
    let anchor = site.folder.write(&format!("{round}-anchor.pem"), site.authority.pem());
    let answer = |number: usize| site.folder.path().join(format!("{round}-{number}.json"));
    let port = process.address.port();
    // The number stands behind a `#`: it tells the files apart and is not sent.
    let url = format!("https://localhost:{port}/v1/verifications#[1-{count}]");
    let child = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60", "--http1.1", "--parallel", "--parallel-immediate"])
        .args(["--parallel-max", "64", "--header", "content-type: application/ofd"])
        .args([Path::new("--cacert"), &anchor, Path::new("--cert"), &certificate, Path::new("--key"), &key])
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1"), "--data-binary", &format!("@{}", file.display())])
        .args(["--output", &site.folder.path().join(format!("{round}-#1.json")).display().to_string(), &url])
        .spawn()
        .expect("curl is needed for this test");
    (child, (1..=count).map(answer).collect())
}

fn verdicts((mut child, answers): (Child, Vec<PathBuf>)) -> Vec<String> {
    assert!(child.wait().unwrap().success());
    let verdict = |path: &PathBuf| {
        let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        report["indication"].as_str().unwrap_or_default().to_owned()
    };
    answers.iter().map(verdict).collect()
}

#[test]
fn of_sixty_four_at_a_time_none_sees_a_revoked_licence_pass() {
    let office = Office::new();
    let site = Site::new(&office);
    let process = site.start();
    let file = site.folder.write("licence.ofd", office.ofd(&fields("64", 1)));
    let (data, name) = (format!("@{}", file.display()), identifier("64", 1).to_string());
    assert_eq!(
        curl(&site, &process, ISSUER, "/v1/licences", &["--header", "content-type: application/ofd", "--data-binary", &data]).0,
        201
    );
    let before = verdicts(many(&site, &process, &file, "before", 128));
    assert!(before.iter().all(|verdict| verdict == "TOTAL-PASSED"), "{before:?}");
    let meanwhile = many(&site, &process, &file, "meanwhile", 512);
    let revoke = ["--header", "content-type: application/json", "--data-binary", "{\"operation\":\"revoke\"}"];
    assert_eq!(curl(&site, &process, ISSUER, &format!("/v1/licences/{name}/status"), &revoke).0, 200);
    let after = verdicts(many(&site, &process, &file, "after", 512));
    assert!(after.iter().all(|verdict| verdict == "TOTAL-FAILED"), "{after:?}");
    assert!(verdicts(meanwhile).iter().all(|verdict| ["TOTAL-PASSED", "TOTAL-FAILED"].contains(&verdict.as_str())));
    assert!(process.terminate().1);
}

/// curl takes an HTTP/2 stream that is reset for a failure, even when the whole answer came before the reset.
#[test]
fn refusals_reach_curl_although_the_body_was_not_wanted() {
    let site = Site::new(&Office::new());
    let process = site.start();
    let octets = site.folder.write("octets", vec![0; 17 << 20]);
    let large = format!("@{}", octets.display());
    let send = |path, media: &str, data: &str| {
        let (status, problem) = curl(&site, &process, VERIFIER, path, &["--http2", "--header", media, "--data-binary", data]);
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    };
    for _ in 0..12 {
        assert_eq!(send("/v1/licences", "content-type: application/ofd", "x"), (403, "role-required".to_owned()));
    }
    // Without asking first whether the body is wanted, over HTTP/1.1 and 2.
    for version in ["--http1.1", "--http2"] {
        let data = ["--header", "expect:", "--header", "content-type: application/ofd", "--data-binary", &large];
        let (status, problem) = curl(&site, &process, VERIFIER, "/v1/verifications", &[&[version][..], &data].concat());
        assert_eq!((status, &problem["code"]), (413, &json!("content-too-large")), "{version}");
        for kilobytes in [17, 60, 90] {
            if version == "--http2" && kilobytes > 64 {
                continue; // curl itself sends no larger head over HTTP/2.
            }
            let field = format!("x-large: {}", "x".repeat(kilobytes * 1024));
            let (status, problem) = curl(&site, &process, VERIFIER, "/v1/trust", &[version, "--header", &field]);
            assert_eq!((status, &problem["code"]), (431, &json!("headers-too-large")), "{version} {kilobytes}");
        }
    }
    // Far beyond the limit nothing is read any more: the answer has no words, but it arrives.
    let fields: Vec<String> = (0..9).map(|n| format!("x-{n}: {}", "x".repeat(100 * 1024))).collect();
    let mut arguments = vec!["--http1.1"];
    arguments.extend(fields.iter().flat_map(|field| ["--header", field.as_str()]));
    assert_eq!(curl(&site, &process, VERIFIER, "/v1/trust", &arguments).0, 431);
    assert_eq!(send("/v1/nothing", "content-type: text/plain", "x"), (404, "not-found".to_owned()));
    assert_eq!(send("/v1/verifications", "content-type: application/ofd", &large), (413, "content-too-large".to_owned()));
    assert!(process.terminate().1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_the_worst_end() {
    let office = Arc::new(Office::new());
    let site = Site::new(&office);
    let mut process = site.start();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let handing_in: Vec<_> = (0..4)
        .map(|worker| {
            let (client, office, acknowledged) = (site.client(&process, ISSUER), Arc::clone(&office), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let mut connection = client.connect(Http::Two).await;
                for number in 0..1000 {
                    let serial = format!("{worker}W{number}");
                    let document = office.jws(&fields(&serial, 1));
                    match connection.send(request("POST", "/v1/licences", "application/jose", document)).await {
                        Ok(reply) => assert_eq!(reply.status, 201),
                        Err(_) => return (worker, number),
                    }
                    acknowledged.lock().unwrap().push(serial);
                }
                panic!("the gateway outlived the test");
            })
        })
        .collect();
    while acknowledged.lock().unwrap().len() < 40 {
        tokio::task::yield_now().await;
    }
    process.kill();
    let mut interrupted = Vec::new();
    for worker in handing_in {
        interrupted.push(worker.await.unwrap());
    }

    let again = site.start();
    let mut verifier = site.client(&again, VERIFIER).connect(Http::Two).await;
    let acknowledged = acknowledged.lock().unwrap().clone();
    for serial in &acknowledged {
        let question = json!({ "identifier": identifier(serial, 1) }).to_string();
        let reply = verifier.send(post_json("/v1/verifications", &question)).await.unwrap();
        assert_eq!(reply.json()["indication"], "TOTAL-PASSED", "{serial}");
    }
    // What was under way is there as a whole or not at all, and can be handed in again.
    let mut issuer = site.client(&again, ISSUER).connect(Http::Two).await;
    for (worker, number) in interrupted {
        let serial = format!("{worker}W{number}");
        let document = office.jws(&fields(&serial, 1));
        let known = verifier.send(request("GET", &format!("/v1/licences/{}", identifier(&serial, 1)), "", "")).await.unwrap();
        let reply = issuer.send(request("POST", "/v1/licences", "application/jose", document)).await.unwrap();
        let expected = if known.status == 404 { 201 } else { 200 };
        assert_eq!(reply.status, expected, "{serial}");
    }
    assert!(again.terminate().1);
}
