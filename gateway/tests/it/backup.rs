//! The drill: backups under load, restored on an empty folder and compared; and what was lost with a restoration is never lost
//! silently.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crypto::record::LogName;
use serde_json::{Value, json};
use storage::engine::rocks::Rocks;
use storage::engine::{Direction, Engine as _, Part, Range, Row, Space};
use storage::{Keys, Options, Store};

use crate::admin::ask_at;
use crate::audit::ALL_SEEING;
use crate::client::{Http, get, post_json, request};
use crate::crash::{put_in_use, use_of};
use crate::licence_kit::{ORGANISATION, Office, fields};
use crate::process::{Process, Site};
use crate::started::{ISSUER, VERIFIER};

pub(crate) const SEAL: &str = "33010500012345";
const OFD: &str = "application/ofd";

/// With backups, at these intervals.
fn site(office: &Office, every_s: u32) -> Site {
    site_with(office, &format!("every_s = {every_s}"))
}

/// With backups of these settings.
pub(crate) fn site_with(office: &Office, settings: &str) -> Site {
    let auditor = format!(
        "[[callers]]\nname = 'all-seeing'\norganisation = '{ORGANISATION}'\ncertificates = ['uri:{ALL_SEEING}']\n\
         roles = ['auditor']\naudits = ['*']\n"
    );
    let site = Site::with(office, &format!("\n[backup]\npath = 'backups'\nkey = 'backup.key'\n{settings}\n{auditor}"));
    let key = site.folder.write("backup.key", "5a".repeat(32));
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    site
}

pub(crate) fn path(site: &Site, name: &str) -> PathBuf {
    site.folder.path().join(name)
}

pub(crate) fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].iter().map(|text| String::from_utf8_lossy(text)).collect()
}

#[track_caller]
pub(crate) fn licet(site: &Site, arguments: &[&str], is_good: bool) -> String {
    let output = site.licet(arguments);
    assert_eq!(output.status.success(), is_good, "{arguments:?}: {}", said(&output));
    said(&output)
}

/// Makes a backup, and says its name.
pub(crate) fn back_up(site: &Site) -> String {
    let made: Value = serde_json::from_str(&licet(site, &["backup", "create", "--json"], true)).unwrap();
    made["backup"].as_str().unwrap().to_owned()
}

/// Every row of a store that nobody has open.
pub(crate) fn rows(data: &Path) -> Vec<(Space, Row)> {
    let engine = Rocks::open(data, &Options::default()).unwrap();
    let of = |space| engine.scan(Part(0), space, Range::prefix(&[]), Direction::Ascending, usize::MAX).unwrap();
    Space::ALL.into_iter().flat_map(|space| of(space).into_iter().map(move |row| (space, row))).collect()
}

pub(crate) fn inspect(site: &Site, data: &Path) -> Store {
    Store::inspect(data, &Keys::load(site.folder.path()).unwrap(), &Options::default()).unwrap()
}

/// The roots of all shards of both logs.
fn roots(store: &Store) -> Vec<(LogName, String, u64, String)> {
    let shards = LogName::ALL.into_iter().flat_map(|log| store.logs().shards(log).unwrap());
    shards.map(|shard| (shard.log, shard.period.clone(), shard.size, store.logs().root(&shard).unwrap().to_string())).collect()
}

/// A start that must be refused, and what it says.
pub(crate) fn refused_start(site: &Site) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_licet")).arg("serve").arg("--config").arg(path(site, "licet.toml")).output().unwrap();
    assert!(!output.status.success());
    said(&output)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_restored_whole() {
    let office = Office::new();
    let site = site(&office, 0);
    let process = site.start();
    let issuer = site.client(&process, ISSUER);
    put_in_use(&issuer, &office).await;
    let goes_on = Arc::new(AtomicBool::new(true));
    let callers: Vec<_> = (0..3)
        .map(|caller| {
            let (client, goes_on) = (issuer.clone(), Arc::clone(&goes_on));
            tokio::spawn(async move {
                let (mut connection, mut numbers) = (client.connect(Http::One).await, Vec::new());
                while goes_on.load(Ordering::Relaxed) {
                    let reply = connection.send(use_of(&format!("use-{caller}-{}", numbers.len()))).await.unwrap();
                    assert_eq!(reply.status, 201, "{reply:?}");
                    numbers.push(reply.json()["number"].as_u64().unwrap());
                }
                numbers
            })
        })
        .collect();
    let site = Arc::new(site);
    let mut made = Vec::new();
    for _ in 0..3 {
        let site = Arc::clone(&site);
        made.push(tokio::task::spawn_blocking(move || back_up(&site)).await.unwrap());
    }
    goes_on.store(false, Ordering::Relaxed);
    let mut acknowledged = 0;
    for caller in callers {
        acknowledged += caller.await.unwrap().len();
    }
    assert!(acknowledged > 0);
    let (log, ended_well) = process.terminate();
    assert!(ended_well, "{log:?}");
    // And one of the store at rest, which is to be the same in every row.
    made.push(back_up(&site));
    let listed = licet(&site, &["backup", "list", "--json"], true);
    let listed: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(listed.iter().map(|row| row["backup"].as_str().unwrap()).collect::<Vec<_>>(), made);
    assert!(licet(&site, &["backup", "list"], true).contains(&made[3]));
    let deep = path(&site, "deep");
    let verified = licet(&site, &["backup", "verify", "--deep", deep.to_str().unwrap()], true);
    assert!(verified.contains("good: 4 backups"), "{verified}");
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);

    let original = path(&site, "data");
    for (number, id) in made.iter().enumerate() {
        let to = path(&site, &format!("restored-{number}"));
        let is_whole = number == 3;
        let restored = licet(&site, &["backup", "restore", id, "--to", to.to_str().unwrap()], is_whole);
        assert_eq!(restored.contains("behind what was published"), !is_whole, "{restored}");
        assert!(licet(&site, &["log", "fsck", "--data", to.to_str().unwrap()], true).contains("good"));
    }
    let whole = path(&site, "restored-3");
    assert_eq!(rows(&whole), rows(&original));
    assert_eq!(roots(&inspect(&site, &whole)), roots(&inspect(&site, &original)));
    // What was backed up under load is a state that the store was in: every record of it, and no other.
    let now = inspect(&site, &original);
    for number in 0..3 {
        let then = inspect(&site, &path(&site, &format!("restored-{number}")));
        for log in LogName::ALL {
            let size = then.logs().size(log).unwrap();
            assert!(size > 0);
            for number in 0..size {
                assert_eq!(then.logs().record(log, number), now.logs().record(log, number));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_after_the_backup_is_not_lost_silently() {
    let office = Office::new();
    let site = site(&office, 0);
    let process = site.start();
    let issuer = site.client(&process, ISSUER);
    put_in_use(&issuer, &office).await;
    let document = office.ofd(&fields("JY1", 1));
    let ask = |process: &Process| {
        let (client, document) = (site.client(process, VERIFIER), document.clone());
        async move { client.send(Http::One, request("POST", "/v1/verifications", OFD, document)).await }
    };
    assert_eq!(ask(&process).await.status, 200);
    back_up(&site);
    let freeze = json!({"operation": "freeze", "reason": "stolen"}).to_string();
    let freeze = || post_json(&format!("/v1/seals/{SEAL}/status"), &freeze);
    assert_eq!(issuer.send(Http::One, freeze()).await.status, 200);
    issuer.send(Http::One, use_of("after")).await.is_problem(409, "seal-not-in-use");
    assert!(process.terminate().1);

    // The disk is gone, and what is left is the backup and the anchor beside.
    fs::rename(path(&site, "data"), path(&site, "gone")).unwrap();
    let data = path(&site, "data");
    let restored = licet(&site, &["backup", "restore", "--to", data.to_str().unwrap()], false);
    assert!(restored.contains("behind what was published") && restored.contains("seal/2"), "{restored}");
    let refused = refused_start(&site);
    assert!(
        refused.contains("store-rolled-back") && refused.contains("seal/2") && refused.contains("were published"),
        "{refused}"
    );
    let doctor = licet(&site, &["doctor"], false);
    assert!(doctor.contains("restoration is wrong") && doctor.contains("store-rolled-back"), "{doctor}");

    let accepted = licet(&site, &["restore", "accept", "--reason", "the disk was lost"], true);
    assert!(accepted.contains("lost: seal/2"), "{accepted}");
    let again = licet(&site, &["restore", "accept", "--reason", "the disk was lost"], false);
    assert!(again.contains("nothing to be accepted"), "{again}");

    // Nobody is told that anything holds, until what was lost has been entered again.
    let process = site.start();
    ask(&process).await.is_problem(503, "store-restored");
    let issuer = site.client(&process, ISSUER);
    issuer.send(Http::One, use_of("in doubt")).await.is_problem(503, "store-restored");
    let seal = format!("/v1/seals/{SEAL}");
    site.client(&process, VERIFIER).send(Http::One, get(&seal)).await.is_problem(503, "store-restored");
    assert_eq!(issuer.send(Http::One, get(&seal)).await.status, 200);
    assert_eq!(issuer.send(Http::One, freeze()).await.status, 200);
    let confirmed = licet(&site, &["restore", "confirm", "--reason", "the seal is frozen again"], true);
    assert!(confirmed.contains("confirmed"), "{confirmed}");
    licet(&site, &["restore", "confirm", "--reason", "twice"], false);
    issuer.send(Http::One, use_of("after")).await.is_problem(409, "seal-not-in-use");
    assert_eq!(ask(&process).await.status, 200);

    // It is all on record, in shards that were never published under another name.
    let auditor = site.client(&process, ALL_SEEING);
    let logs = auditor.send(Http::One, get("/v1/logs")).await.json();
    for log in logs["logs"].as_array().unwrap() {
        let shards = log["shards"].as_array().unwrap();
        assert_eq!(shards.len(), 2, "{log}");
        let periods: Vec<&str> = shards.iter().map(|shard| shard["period"].as_str().unwrap()).collect();
        assert!(periods[1].starts_with(&format!("{}-r", periods[0])), "{periods:?}");
    }
    for log in ["seal", "access"] {
        let reply = auditor.send(Http::One, post_json(&format!("/v1/logs/{log}/export"), "{}")).await;
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let states: Vec<&str> = rows
            .iter()
            .filter(|row| row["facts"]["event"] == "store.restore")
            .map(|row| row["facts"]["details"]["state"].as_str().unwrap())
            .collect();
        let expected: &[&str] = if log == "seal" { &["accepted"] } else { &["accepted", "confirmed"] };
        assert_eq!(states, expected, "{log}");
    }
    assert!(process.terminate().1);
    licet(&site, &["log", "fsck"], true);
    // The state after it is one like any other.
    assert!(site.start().terminate().1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_anchor_a_restored_store_is_not_served() {
    let office = Office::new();
    let site = site(&office, 0);
    let process = site.start();
    put_in_use(&site.client(&process, ISSUER), &office).await;
    let period = {
        let logs = site.client(&process, ISSUER).send(Http::One, get("/v1/logs")).await.json();
        logs["logs"][0]["shards"][0]["period"].as_str().unwrap().to_owned()
    };
    let id = back_up(&site);
    // What somebody else has kept of a log.
    let note = site.client(&process, VERIFIER).send(Http::One, get(&format!("/log/access/{period}/checkpoint"))).await;
    let checkpoint = site.folder.write("checkpoint", &note.body);
    assert!(process.terminate().1);
    for name in ["data", "data.anchor"] {
        fs::rename(path(&site, name), path(&site, &format!("gone.{name}"))).unwrap();
    }
    let data = path(&site, "data");
    let restored = licet(&site, &["backup", "restore", &id, "--to", data.to_str().unwrap()], false);
    assert!(restored.contains("nothing is known of what was published since"), "{restored}");
    let refused = refused_start(&site);
    assert!(refused.contains("store-restored"), "{refused}");
    // A forged checkpoint says nothing.
    let forged = site.folder.write("forged", String::from_utf8_lossy(&note.body).replace('1', "2"));
    let accept = |file: &Path| site.licet(&["restore", "accept", "--reason", "moved", "--checkpoint", file.to_str().unwrap()]);
    assert!(said(&accept(&forged)).contains("is no checkpoint that this gateway signed"));
    let accepted = accept(&checkpoint);
    assert!(accepted.status.success() && said(&accepted).contains(&format!("lost: access/{period}")), "{}", said(&accepted));
    licet(&site, &["restore", "confirm", "--reason", "nothing was revoked"], true);
    let process = site.start();
    assert_eq!(site.client(&process, ISSUER).send(Http::One, use_of("again")).await.status, 201);
    assert!(process.terminate().1);
    // The old store is one of another history now.
    fs::rename(&data, path(&site, "newer")).unwrap();
    fs::rename(path(&site, "gone.data"), &data).unwrap();
    assert!(refused_start(&site).contains("store-rolled-back"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_that_is_older_than_the_backup_proves_nothing() {
    let office = Office::new();
    let site = site(&office, 0);
    assert!(site.start().terminate().1);
    let old = fs::read(path(&site, "data.anchor")).unwrap();
    let process = site.start();
    put_in_use(&site.client(&process, ISSUER), &office).await;
    assert!(process.terminate().1);
    assert!(licet(&site, &["backup", "create"], true).contains("not on record: no gateway runs"));
    let id = back_up(&site);
    // A folder that is somebody else's is refused, and stays as it is.
    let refused = licet(&site, &["backup", "verify", "--deep", path(&site, "data").to_str().unwrap()], false);
    assert!(refused.contains("backup-folder-not-empty"), "{refused}");
    fs::rename(path(&site, "data"), path(&site, "gone")).unwrap();
    assert!(path(&site, "gone/rocksdb/CURRENT").exists());
    let data = path(&site, "data");
    let restore = |is_good| licet(&site, &["backup", "restore", &id, "--to", data.to_str().unwrap()], is_good);
    // Other keys are noticed before anything is written.
    let key = fs::read(path(&site, "value.key")).unwrap();
    fs::write(path(&site, "value.key"), "7c".repeat(32)).unwrap();
    assert!(restore(false).contains("storage.value_key"));
    assert!(!data.exists());
    fs::write(path(&site, "value.key"), key).unwrap();
    let newest = fs::read(path(&site, "data.anchor")).unwrap();
    fs::write(path(&site, "data.anchor"), &old).unwrap();
    assert!(restore(false).contains("nothing is known of what was published since"));
    assert!(data.join("restored.json").exists());
    let refused = refused_start(&site);
    assert!(refused.contains("store-restored"), "{refused}");
    let doctor = licet(&site, &["doctor"], false);
    assert!(doctor.contains("restoration is wrong") && doctor.contains("store-restored"), "{doctor}");
    assert!(data.join("restored.json").exists(), "it only looks");
    // With what was published last it is known that nothing is lost.
    fs::write(path(&site, "data.anchor"), newest).unwrap();
    assert!(site.start().terminate().1);
    assert!(!data.join("restored.json").exists());

    // A state in doubt that is put back is not confirmed before it is accepted.
    let id = back_up(&site);
    for name in ["data", "data.anchor"] {
        fs::rename(path(&site, name), path(&site, &format!("lost.{name}"))).unwrap();
    }
    licet(&site, &["backup", "restore", &id, "--to", data.to_str().unwrap()], false);
    licet(&site, &["restore", "accept", "--reason", "the disk was lost"], true);
    let id = back_up(&site);
    for name in ["data", "data.anchor"] {
        fs::rename(path(&site, name), path(&site, &format!("again.{name}"))).unwrap();
    }
    licet(&site, &["backup", "restore", &id, "--to", data.to_str().unwrap()], false);
    let refused = licet(&site, &["restore", "confirm", "--reason", "nothing was revoked"], false);
    assert!(refused.contains("store-restored"), "{refused}");
    // Backups under a key of before are told of, and the others are read.
    fs::write(path(&site, "backup.key"), "6b".repeat(32)).unwrap();
    fs::remove_file(data.join("restored.json")).unwrap();
    let newest = back_up(&site);
    let found = licet(&site, &["backup", "verify", "--deep", path(&site, "deep").to_str().unwrap()], false);
    assert!(found.contains(&format!("backup-other-key {id}")) && found.contains(&format!("restored {newest}")), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_in_a_backup_leaves_none_that_is_false() {
    let office = Office::new();
    let site = Arc::new(site(&office, 0));
    for _ in 0..3 {
        let mut process = site.start();
        put_in_use_again(&site, &process, &office).await;
        let asking = Arc::clone(&site);
        let create = tokio::task::spawn_blocking(move || asking.licet(&["backup", "create"]));
        // Somewhere in it, or before, or behind: whenever the folder is there.
        while !path(&site, "backups").exists() {
            tokio::task::yield_now().await;
        }
        process.kill();
        drop(create.await.unwrap());
        let verified = site.licet(&["backup", "verify"]);
        assert!(verified.status.success(), "{}", said(&verified));
    }
    let process = site.start();
    let id = back_up(&site);
    assert!(process.terminate().1);
    licet(&site, &["backup", "verify", &id], true);
    // A bit that falls over in any piece of it is found.
    for piece in fs::read_dir(path(&site, "backups/pieces")).unwrap() {
        let piece = piece.unwrap().path();
        let good = fs::read(&piece).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 4;
        fs::write(&piece, bad).unwrap();
        let found = site.licet(&["backup", "verify"]);
        let is_needed = said(&found).contains("piece-damaged");
        assert_eq!(found.status.success(), !is_needed);
        assert!(is_needed || !licet(&site, &["backup", "list", "--json"], true).is_empty());
        fs::write(&piece, good).unwrap();
    }
}

/// The seal is on file after the first time.
async fn put_in_use_again(site: &Site, process: &Process, office: &Office) {
    let issuer = site.client(process, ISSUER);
    if issuer.send(Http::One, get(&format!("/v1/seals/{SEAL}"))).await.status == 404 {
        put_in_use(&issuer, office).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_makes_backups_by_itself() {
    let office = Office::new();
    let site = site(&office, 3600);
    let process = site.start();
    let metrics = loop {
        let metrics = ask_at(process.admin, "GET /metrics").await;
        if metrics.contains("licet_backups_total{outcome=\"made\"} 1") {
            break metrics;
        }
        tokio::task::yield_now().await;
    };
    assert!(metrics.contains("licet_backups_total{outcome=\"failed\"} 0"), "{metrics}");
    assert!(process.terminate().1);
    let listed = || {
        let listed = licet(&site, &["backup", "list", "--json"], true);
        let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["backup"].as_str().unwrap().to_owned();
        listed.lines().map(name).collect::<Vec<_>>()
    };
    let made = listed();
    assert_eq!(made.len(), 1, "{made:?}");
    // The next start finds it, and makes none.
    let process = site.start();
    loop {
        let metrics = ask_at(process.admin, "GET /metrics").await;
        let age = metrics.lines().find_map(|line| line.strip_prefix("licet_backup_age_seconds ")).unwrap();
        if (1..3600).contains(&age.parse::<i64>().unwrap()) {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(process.terminate().1);
    assert_eq!(listed(), made);
}
