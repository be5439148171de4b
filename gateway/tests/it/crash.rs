//! A gateway that is killed in the middle of its work, again and again: nothing that it has acknowledged may be missing, nothing
//! may be there twice, no number may be left out, and the log may only grow.
//!
//! `make soak ROUNDS=200` does the same for longer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::audit::ALL_SEEING;
use crate::client::{Client, Http, post_json, request};
use crate::licence_kit::{ORGANISATION, Office};
use crate::process::{Process, Site};
use crate::started::ISSUER;

const SEAL: &str = "33010500012345";
const CALLERS: usize = 4;

/// What a caller has seen of a use.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ack {
    number: u64,
    entry: String,
}

/// What was acknowledged, and what was only asked for, by the name of the use.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: BTreeMap<String, Ack>,
    doubtful: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_kill() {
    #[expect(clippy::disallowed_methods, reason = "how often is asked of the one who runs the test")]
    let rounds = std::env::var("LICET_SOAK_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20_u64);
    let office = Office::new();
    let site = Site::with(
        &office,
        &format!(
            "\n[[callers]]\nname = 'all-seeing'\norganisation = '{ORGANISATION}'\ncertificates = ['uri:{ALL_SEEING}']\n\
             roles = ['auditor']\naudits = ['*']\n"
        ),
    );
    let mut process = site.start();
    let issuer = site.client(&process, ISSUER);
    let filed = request("POST", "/v1/seals", "application/octet-stream", office.seal());
    assert_eq!(issuer.send(Http::One, filed).await.status, 201);
    let delivered = json!({"operation": "deliver", "reason": "in use"}).to_string();
    assert_eq!(issuer.send(Http::One, post_json(&format!("/v1/seals/{SEAL}/status"), &delivered)).await.status, 200);

    let mut seen = Seen::default();
    let mut before = (0, String::new());
    for round in 0..rounds {
        let target = usize::try_from(1 + round * 7919 % 61).unwrap();
        work(&site, &mut process, round, target, &mut seen).await;
        process = site.start();
        before = check(&site.client(&process, ISSUER), &site.client(&process, ALL_SEEING), &mut seen, before).await;
    }
    assert!(seen.acknowledged.len() >= usize::try_from(rounds).unwrap());
    let (_, ended_well) = process.terminate();
    assert!(ended_well);
    let findings = site.licet(&["log", "fsck"]);
    assert!(findings.status.success(), "{}", String::from_utf8_lossy(&findings.stdout));
    eprintln!("{rounds} rounds, {} acknowledged uses, log of {} records", seen.acknowledged.len(), before.0);
}

/// Lets callers use the seal until so many uses are acknowledged, and kills the gateway then, in the middle of others.
async fn work(site: &Site, process: &mut Process, round: u64, target: usize, seen: &mut Seen) {
    let (count, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (client, count, enough) = (site.client(process, ISSUER), Arc::clone(&count), Arc::clone(&enough));
            tokio::spawn(async move {
                let mut mine = Seen::default();
                let mut connection = client.connect(Http::One).await;
                for turn in 0.. {
                    let name = format!("use-{round}-{caller}-{turn}");
                    match connection.send(use_of(&name)).await {
                        Ok(reply) if reply.status == 201 => drop(mine.acknowledged.insert(name, ack(&reply.json()))),
                        _ => {
                            mine.doubtful.push(name);
                            break;
                        }
                    }
                    if count.fetch_add(1, Ordering::SeqCst) + 1 == target {
                        enough.notify_one();
                    }
                }
                mine
            })
        })
        .collect();
    enough.notified().await;
    process.kill();
    for caller in callers {
        let mine = caller.await.unwrap();
        seen.acknowledged.extend(mine.acknowledged);
        seen.doubtful.extend(mine.doubtful);
    }
}

/// Holds what the restarted gateway says against what was seen. Gives the size and the checkpoint of the log.
async fn check(issuer: &Client, auditor: &Client, seen: &mut Seen, before: (u64, String)) -> (u64, String) {
    let mut connection = issuer.connect(Http::One).await;
    for name in std::mem::take(&mut seen.doubtful) {
        // Whether it was recorded or not, asking again must give one number that stays.
        let first = connection.send(use_of(&name)).await.unwrap();
        let again = connection.send(use_of(&name)).await.unwrap();
        assert_eq!(ack(&first.json()), ack(&again.json()), "{name}");
        seen.acknowledged.insert(name, ack(&first.json()));
    }
    let numbers: BTreeMap<u64, &String> = seen.acknowledged.iter().map(|(name, ack)| (ack.number, name)).collect();
    assert_eq!(numbers.len(), seen.acknowledged.len(), "a number was given twice");
    let mut reader = auditor.connect(Http::One).await;
    // The newest ones are those that a crash could have taken; of the others a few each time.
    let newest = numbers.iter().rev().take(80);
    for (number, name) in newest.chain(numbers.iter().step_by(37)) {
        let reply = reader.send(crate::client::get(&format!("/v1/logs/seal/entries/{number}"))).await.unwrap();
        assert_eq!(reply.status, 200, "{name} is missing: {reply:?}");
        assert_eq!(reply.json()["entry"], seen.acknowledged[*name].entry, "{name}");
    }
    let logs = reader.send(crate::client::get("/v1/logs")).await.unwrap().json();
    let log = logs["logs"].as_array().unwrap().iter().find(|log| log["log"] == "seal").unwrap().clone();
    let size = log["size"].as_u64().unwrap();
    assert!(size > *numbers.last_key_value().unwrap().0 && size >= before.0, "{log}");
    if before.0 > 0 {
        let period = log["shards"][0]["period"].as_str().unwrap();
        let path = format!("/v1/logs/seal/consistency?period={period}&from={}&to={size}", before.0);
        let proof = reader.send(crate::client::get(&path)).await.unwrap();
        assert_eq!(proof.status, 200, "{proof:?}");
    }
    (size, log.to_string())
}

fn use_of(name: &str) -> hyper::Request<http_body_util::Full<hyper::body::Bytes>> {
    let sha256 = crypto::digest::Sha256::of(&[name.as_bytes()]).to_string();
    let body = json!({
        "use_id": name, "document": {"sha256": sha256}, "purpose": "soak", "item": "000136001000", "case": "1", "approval": "A1",
    });
    post_json(&format!("/v1/seals/{SEAL}/uses?proof=none"), &body.to_string())
}

fn ack(json: &Value) -> Ack {
    Ack { number: json["number"].as_u64().unwrap(), entry: json["entry"].as_str().unwrap().to_owned() }
}
