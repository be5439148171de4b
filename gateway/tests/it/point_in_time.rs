//! The drill with the journal: what was acknowledged since the last backup survives the loss of the store, and the state of a moment comes
//! back.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use crypto::seal_register::Status;
use serde_json::{Value, json};
use storage::backup::{Folder, SegmentName};

use crate::admin::ask_at;
use crate::backup::{SEAL, back_up, licet, path, refused_start, rows, said, site_with};
use crate::client::{Client, Http, get, post_json};
use crate::crash::{put_in_use, use_of};
use crate::licence_kit::Office;
use crate::process::{Process, Site};
use crate::started::ISSUER;

fn journal(site: &Site) -> BTreeSet<SegmentName> {
    Folder::new(&path(site, "backups")).segments().unwrap()
}

/// What a metric says.
async fn metric(process: &Process, name: &str) -> i64 {
    let metrics = ask_at(process.admin, "GET /metrics").await;
    let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.map_or(0, |value| value.trim().parse().unwrap())
}

/// Waits until the gateway has made so many backups by itself.
async fn backed_up(process: &Process, count: i64) {
    while metric(process, "licet_backups_total{outcome=\"made\"}").await < count {
        tokio::task::yield_now().await;
    }
}

/// Waits until everything that was acknowledged is in the journal, and says until when it leads. The first segment that comes may have been
/// taken before.
async fn journalled(site: &Site, process: &Process) -> SegmentName {
    let before = journal(site).len();
    while journal(site).len() < before + 2 {
        // Each of them asks, which is on record: there is something to be written.
        assert!(ask_at(process.admin, "GET /ready").await.contains("200"));
        site.client(process, ISSUER).send(Http::One, get(&format!("/v1/seals/{SEAL}"))).await;
    }
    let segments = journal(site);
    *segments.iter().max_by_key(|name| (name.until, name.to)).unwrap()
}

async fn freeze(issuer: &Client) {
    let freeze = json!({"operation": "freeze", "reason": "stolen"}).to_string();
    assert_eq!(issuer.send(Http::One, post_json(&format!("/v1/seals/{SEAL}/status"), &freeze)).await.status, 200);
}

async fn state(site: &Site, process: &Process) -> String {
    let reply = site.client(process, ISSUER).send(Http::One, get(&format!("/v1/seals/{SEAL}"))).await;
    reply.json()["status"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
}

fn lose(site: &Site, name: &str) {
    fs::rename(path(site, "data"), path(site, name)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_after_the_backup_survives_the_loss_of_the_store() {
    let office = Office::new();
    let site = site_with(&office, "every_s = 3600\njournal_s = 1");
    let mut process = site.start();
    put_in_use(&site.client(&process, ISSUER), &office).await;
    backed_up(&process, 1).await;
    let before = journalled(&site, &process).await;
    // What is done from here on is done after that moment.
    while journalled(&site, &process).await.until == before.until {}
    freeze(&site.client(&process, ISSUER)).await;
    let after = journalled(&site, &process).await;
    assert_eq!((after.line, metric(&process, "licet_journal_gaps_total").await), (before.line, 0));
    // The machine burns down, and the backups are elsewhere.
    process.kill();
    lose(&site, "burnt");
    let listed: Value = serde_json::from_str(&licet(&site, &["backup", "list", "--json"], true)).unwrap();
    assert!(listed["until"].as_str().unwrap() >= after.until.to_string().as_str(), "{listed}");
    let data = path(&site, "data");
    let restored = site.licet(&["backup", "restore", "--to", data.to_str().unwrap()]);
    assert!(said(&restored).contains("is restored in") && said(&restored).contains(", as of "), "{}", said(&restored));
    let is_whole = restored.status.success();
    if !is_whole {
        // The anchor and the journal are written each by itself: the last second before the end may be in one of them alone.
        licet(&site, &["restore", "accept", "--reason", "the machine burnt down"], true);
        licet(&site, &["restore", "confirm", "--reason", "the last second is entered again"], true);
    }
    let process = site.start();
    assert_eq!(state(&site, &process).await, "frozen");
    site.client(&process, ISSUER).send(Http::One, use_of("after")).await.is_problem(409, "seal-not-in-use");
    if !is_whole {
        // It is another history now, which leads on from a backup of its own.
        backed_up(&process, 1).await;
    }
    journalled(&site, &process).await;

    // When it stops in peace nothing is missing, and nothing is to be accepted.
    let (log, ended_well) = process.terminate();
    assert!(ended_well, "{log:?}");
    let state_before = rows(&data);
    lose(&site, "lost");
    let whole = licet(&site, &["backup", "restore", "--to", data.to_str().unwrap()], true);
    assert!(whole.contains("nothing that is known to have been published is lost"), "{whole}");
    assert!(rows(&data) == state_before, "another state was restored");
    let process = site.start();
    assert_eq!(state(&site, &process).await, "frozen");
    back_up(&site);
    assert!(process.terminate().1);

    // And the state of a moment before it was frozen.
    let until = before.until.to_string();
    let earlier = path(&site, "earlier");
    let restored = licet(&site, &["backup", "restore", "--until", &until, "--to", earlier.to_str().unwrap()], false);
    assert!(restored.contains(&format!("as of {until}")) && restored.contains("behind what was published"), "{restored}");
    let store = crate::backup::inspect(&site, &earlier);
    let seal = store.seals().seal(SEAL).unwrap().unwrap();
    assert_eq!(seal.current().unwrap().0, Status::InUse);
    drop(store);
    let deep = path(&site, "deep");
    let verified = licet(&site, &["backup", "verify", "--deep", deep.to_str().unwrap()], true);
    assert!(verified.contains("restored 20") && verified.contains(", as of ") && verified.contains("good: "), "{verified}");

    // A segment that is missing is named, by whoever needs it; what needs it not is restored.
    let old: Vec<SegmentName> = journal(&site).into_iter().filter(|name| name.line == before.line).collect();
    let next = old[old.iter().position(|name| *name == before).unwrap() + 1].to_string();
    fs::remove_file(path(&site, "backups/journal").join(before.to_string())).unwrap();
    let found = licet(&site, &["backup", "verify"], false);
    assert!(found.contains(&format!("segment-missing {next}")), "{found}");
    let (late, none) = (after.until.to_string(), path(&site, "none"));
    let refused = licet(&site, &["backup", "restore", "--until", &late, "--to", none.to_str().unwrap()], false);
    assert!(refused.contains("journal-hole") && refused.contains(&next) && !none.exists(), "{refused}");
    licet(&site, &["backup", "restore", "--to", none.to_str().unwrap()], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_a_backup_is_made_at_once_and_after_a_stop_none() {
    let office = Office::new();
    // Nothing is written before the gateway stops.
    let site = site_with(&office, "every_s = 3600\njournal_s = 3600");
    let mut process = site.start();
    backed_up(&process, 1).await;
    put_in_use(&site.client(&process, ISSUER), &office).await;
    process.kill();
    let process = site.start();
    backed_up(&process, 1).await;
    assert!(process.terminate().1);
    let backups = || licet(&site, &["backup", "list", "--json"], true).lines().count();
    assert_eq!(backups(), 2);
    let line = journal(&site).into_iter().map(|name| name.line).collect::<BTreeSet<_>>();
    assert_eq!(line.len(), 1, "what was committed before the crash is in no segment");
    let process = site.start();
    // The gateway has looked whether one is due when it tells how old the newest is.
    let age = async || metric(&process, "licet_backup_age_seconds").await;
    let (mut before, mut looks) = (0, 0);
    while looks < 2 {
        let now = age().await;
        looks += u32::from(now != before);
        before = now;
    }
    assert!(process.terminate().1);
    assert_eq!(backups(), 2);
    assert_eq!(journal(&site).into_iter().map(|name| name.line).collect::<BTreeSet<_>>(), line);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restoration_that_is_killed_leaves_no_store() {
    let office = Office::new();
    let site = site_with(&office, "every_s = 0");
    let process = site.start();
    put_in_use(&site.client(&process, ISSUER), &office).await;
    assert!(process.terminate().1);
    back_up(&site);
    lose(&site, "gone");
    let data = path(&site, "data");
    let pieces: Vec<_> = fs::read_dir(path(&site, "backups/pieces")).unwrap().map(|piece| piece.unwrap().path()).collect();
    assert!(pieces.len() > 3);
    let (config, kept) = (path(&site, "licet.toml"), path(&site, "kept"));
    for piece in &pieces {
        // Whoever reads this piece waits for somebody who writes to it.
        fs::rename(piece, &kept).unwrap();
        assert!(Command::new("mkfifo").arg(piece).status().unwrap().success());
        let restore = ["backup", "restore", "--to", data.to_str().unwrap(), "--config", config.to_str().unwrap()];
        let mut restoring = Command::new(env!("CARGO_BIN_EXE_licet"));
        let mut restoring = restoring.args(restore).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Opens when it has come there.
        let writer = fs::File::options().write(true).open(piece).unwrap();
        restoring.kill().unwrap();
        assert!(!restoring.wait().unwrap().success());
        drop(writer);
        fs::remove_file(piece).unwrap();
        fs::rename(&kept, piece).unwrap();

        assert!(data.join("restored.json").exists() && !data.join("rocksdb").exists());
        let refused = refused_start(&site);
        assert!(refused.contains("was cut short") && refused.contains("remove the directory, and restore again"), "{refused}");
        assert!(!data.join("rocksdb").exists(), "a start made a store where one was being restored");
        let again = licet(&site, &restore[..4], false);
        assert!(again.contains("backup-half-restored") && again.contains("remove the folder, and restore again"), "{again}");
        fs::remove_dir_all(&data).unwrap();
    }
    licet(&site, &["backup", "restore", "--to", data.to_str().unwrap()], true);
    // Until it was looked at it is not backed up.
    let refused = licet(&site, &["backup", "create"], false);
    assert!(refused.contains("the store was restored, and is not in use yet"), "{refused}");
    assert!(site.start().terminate().1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_anchor_of_a_start_on_an_empty_folder_says_what_to_do() {
    let office = Office::new();
    let site = site_with(&office, "every_s = 0");
    let process = site.start();
    put_in_use(&site.client(&process, ISSUER), &office).await;
    assert!(process.terminate().1);
    back_up(&site);
    for name in ["data", "data.anchor"] {
        fs::rename(path(&site, name), path(&site, &format!("gone.{name}"))).unwrap();
    }
    // On the new machine somebody starts it before the store is there.
    assert!(site.start().terminate().1);
    lose(&site, "empty");
    let (data, anchor) = (path(&site, "data"), path(&site, "data.anchor"));
    let told = |text: &str| text.contains(&format!("move {} away", anchor.display()));
    let restored = licet(&site, &["backup", "restore", "--to", data.to_str().unwrap()], false);
    assert!(restored.contains("has another tree") && told(&restored), "{restored}");
    let refused = refused_start(&site);
    assert!(refused.contains("store-rolled-back") && told(&refused), "{refused}");
    let accept = |is_good| licet(&site, &["restore", "accept", "--reason", "a new machine"], is_good);
    let refused = accept(false);
    assert!(refused.contains("nothing is accepted") && told(&refused), "{refused}");
    fs::rename(&anchor, path(&site, "empty.anchor")).unwrap();
    assert!(refused_start(&site).contains("store-restored"));
    accept(true);
    licet(&site, &["restore", "confirm", "--reason", "nothing was revoked"], true);
    let process = site.start();
    assert_eq!(site.client(&process, ISSUER).send(Http::One, use_of("again")).await.status, 201);
    assert!(process.terminate().1);
    // Of a store that was not restored there is no such advice: it may be the anchor that is right.
    fs::rename(&data, path(&site, "used")).unwrap();
    fs::rename(path(&site, "empty"), &data).unwrap();
    let refused = refused_start(&site);
    assert!(refused.contains("store-rolled-back") && !told(&refused), "{refused}");
}
