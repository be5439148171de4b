//! A gateway that is killed in the middle of its work, again and again: nothing that it has acknowledged may be missing, nothing
//! may be there twice, no number may be left out, and the log may only grow.
//!
//! `make crash ROUNDS=200` does the same for longer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loadtest::trees::{Shard, Trees};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::audit::ALL_SEEING;
use crate::client::{Client, Connection, Http, get, post_json, request};
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
    /// What the gateway signed meanwhile.
    trees: Trees,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.doubtful.extend(other.doubtful);
        self.trees.join(other.trees).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_kill() {
    #[expect(clippy::disallowed_methods, reason = "how often is asked of the one who runs the test")]
    let rounds = std::env::var("LICET_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20_u64);
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
    put_in_use(&issuer, &office).await;
    let mut seen = Seen::default();
    let mut size = 0;
    for round in 0..rounds {
        let target = usize::try_from(1 + round * 7919 % 61).unwrap();
        work(&site, &mut process, round, target, &mut seen).await;
        process = site.start();
        size = check(&site.client(&process, ISSUER), &site.client(&process, ALL_SEEING), &mut seen, size).await;
    }
    assert!(seen.acknowledged.len() >= usize::try_from(rounds).unwrap());
    assert!(!seen.trees.is_empty(), "nobody saw a checkpoint");
    assert_all(&site.client(&process, ALL_SEEING), &seen, size).await;
    let (_, ended_well) = process.terminate();
    assert!(ended_well);
    let findings = site.licet(&["log", "fsck"]);
    assert!(findings.status.success(), "{}", String::from_utf8_lossy(&findings.stdout));
    eprintln!("{rounds} rounds, {} acknowledged uses, log of {size} records", seen.acknowledged.len());
}

/// Files the seal, and delivers it.
pub(crate) async fn put_in_use(issuer: &Client, office: &Office) {
    let filed = request("POST", "/v1/seals", "application/octet-stream", office.seal());
    assert_eq!(issuer.send(Http::One, filed).await.status, 201);
    let delivered = json!({"operation": "deliver", "reason": "in use"}).to_string();
    assert_eq!(issuer.send(Http::One, post_json(&format!("/v1/seals/{SEAL}/status"), &delivered)).await.status, 200);
}

/// Lets callers use the seal and read checkpoints until so many uses are acknowledged, and kills the gateway then, in the middle of
/// others.
async fn work(site: &Site, process: &mut Process, round: u64, target: usize, seen: &mut Seen) {
    let shard = seal_shards(&logs(&mut site.client(process, ISSUER).connect(Http::One).await).await).pop().unwrap();
    let (count, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (client, count, enough) = (site.client(process, ISSUER), Arc::clone(&count), Arc::clone(&enough));
            let shard = shard.clone();
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
                    // Without an answer the next use finds that the gateway is gone.
                    if let Ok(reply) = connection.send(get(&shard.checkpoint())).await {
                        assert_eq!(reply.status, 200, "{reply:?}");
                        mine.trees.add(&shard, shard.tree(&reply.body).unwrap()).unwrap();
                    }
                }
                mine
            })
        })
        .collect();
    enough.notified().await;
    process.kill();
    for caller in callers {
        seen.add(caller.await.unwrap());
    }
}

/// Holds what the restarted gateway says against what was seen. Gives the size of the log, which was this before.
async fn check(issuer: &Client, auditor: &Client, seen: &mut Seen, before: u64) -> u64 {
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
        let reply = reader.send(get(&format!("/v1/logs/seal/entries/{number}"))).await.unwrap();
        assert_eq!(reply.status, 200, "{name} is missing: {reply:?}");
        assert_eq!(reply.json()["entry"], seen.acknowledged[*name].entry, "{name}");
    }
    let logs = logs(&mut reader).await;
    let size = Shard::all(&logs).unwrap().1["seal"];
    assert!(size > *numbers.last_key_value().unwrap().0 && size >= before, "{logs}");
    check_growth(&mut reader, &logs, seen).await;
    size
}

/// Every tree that was signed before must be the beginning of the one that is signed now.
async fn check_growth(reader: &mut Connection, logs: &Value, seen: &mut Seen) {
    for shard in seal_shards(logs) {
        let newest = shard.tree(&reader.send(get(&shard.checkpoint())).await.unwrap().body).unwrap();
        for (size, question) in seen.trees.questions(&shard, newest.0) {
            let reply = reader.send(get(&question)).await.unwrap();
            assert_eq!(reply.status, 200, "a tree of {size} records is gone: {reply:?}");
            seen.trees.prove(&shard, size, newest, &reply.json()).unwrap();
        }
        // It vouches for all that led to it.
        seen.trees.vouch(&shard, newest).unwrap();
    }
}

/// Reads the whole log: no number is left out, and every use that was acknowledged is there once, and no other.
async fn assert_all(auditor: &Client, seen: &Seen, size: u64) {
    let reply = auditor.send(Http::One, post_json("/v1/logs/seal/export", "{}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let mut rows: Vec<Value> =
        std::str::from_utf8(&reply.body).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.pop().unwrap()["end"]["size"], size);
    let numbers: Vec<u64> = rows.iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..size).collect::<Vec<_>>());
    let mut uses = BTreeMap::new();
    for row in rows.iter().filter(|row| row["facts"]["event"] == "seal.use") {
        let name = row["facts"]["details"]["use_id"].as_str().unwrap().to_owned();
        assert_eq!(uses.insert(name, ack(row)), None, "recorded twice: {row}");
    }
    assert_eq!(uses, seen.acknowledged);
}

async fn logs(connection: &mut Connection) -> Value {
    connection.send(get("/v1/logs")).await.unwrap().json()
}

fn seal_shards(logs: &Value) -> Vec<Shard> {
    Shard::all(logs).unwrap().0.into_iter().filter(|shard| shard.log == "seal").collect()
}

/// A use of the seal by this name.
pub(crate) fn use_of(name: &str) -> hyper::Request<http_body_util::Full<hyper::body::Bytes>> {
    let sha256 = crypto::digest::Sha256::of(&[name.as_bytes()]).to_string();
    let body = json!({
        "use_id": name, "document": {"sha256": sha256}, "purpose": "crash", "item": "000136001000", "case": "1", "approval": "A1",
    });
    post_json(&format!("/v1/seals/{SEAL}/uses?proof=none"), &body.to_string())
}

fn ack(json: &Value) -> Ack {
    Ack { number: json["number"].as_u64().unwrap(), entry: json["entry"].as_str().unwrap().to_owned() }
}
