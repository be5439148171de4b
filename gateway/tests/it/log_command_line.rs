//! `licet log`, the real binary, on mirrors, stores and a gateway.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use crypto::record::{Ending, EventKind, Facts, LogName, SealMention};
use gateway::routes::TABLE;
use serde_json::{Value, json};
use storage::log::{ChainKey, Draft, Published};
use storage::{Options, Store};

use crate::log_kit::{self, BEGIN, Keys, grow, key};
use crate::pki::Folder;
use crate::started::{AUDITOR, Setup, VERIFIER, memory};

fn licet<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_licet")).arg("log").args(arguments).output().unwrap()
}

/// What it said, where it ended with this status.
#[track_caller]
fn ends(output: &Output, status: i32) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    assert_eq!(output.status.code(), Some(status), "{out}{err}");
    format!("{out}{err}")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

struct Site {
    folder: Folder,
    store: Store,
    vkey: String,
}

impl Site {
    fn new() -> Self {
        let store = memory();
        store.logs().publish_with(Arc::new(Keys));
        Self { folder: Folder::new(), store, vkey: key(LogName::Seal).to_string() }
    }

    fn mirror(&self, name: &str, published: &Published) -> PathBuf {
        let folder = self.folder.path().join(name);
        log_kit::mirror(&self.store, published, &folder);
        folder
    }
}

#[test]
fn every_command_explains_itself_and_refuses_what_it_does_not_know() {
    assert!(ends(&licet(&["--help"]), 0).contains("licet log gossip"));
    for command in ["show", "prove", "check", "monitor", "export", "fsck", "gossip"] {
        assert!(ends(&licet(&[command, "--help"]), 0).contains(&format!("Usage: licet log {command}")), "{command}");
        ends(&licet(&[command, "--no-such-option"]), 64);
    }
    // What a command does not take, its help does not offer.
    assert!(!ends(&licet(&["monitor", "--help"]), 0).contains("--config"));
    assert!(!ends(&licet(&["export", "--help"]), 0).contains("--mirror"));
    for wrong in [&[][..], &["fly"], &["show"], &["fsck"], &["check"], &["gossip"], &["prove", "seal"], &["monitor"], &["export"]]
    {
        ends(&licet(wrong), 64);
    }
    ends(&licet(&["show", "--mirror", "a", "--url", "https://localhost:1"]), 64);
    ends(&licet(&["check", "/nowhere", "--log-key", &key(LogName::Seal).to_string()]), 66);
}

#[test]
fn whoever_stops_reading_does_no_harm() {
    let run = |out: Stdio| {
        let command =
            Command::new(env!("CARGO_BIN_EXE_licet")).args(["log", "show", "--help"]).stdout(out).stderr(Stdio::piped()).spawn();
        command.unwrap().wait_with_output().unwrap()
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(ends(&run(writer.into()), 0), "");
    // A full disk is another matter.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    assert!(ends(&run(full.into()), 74).contains("could not be written"));
}

#[test]
fn a_proof_from_a_mirror_holds_for_its_entry_alone() {
    let site = Site::new();
    let published = grow(&site.store, "a", 700);
    let mirror = site.mirror("mirror", &published);
    let shown = ends(&licet(&["show", "--mirror", text(&mirror)]), 0);
    assert!(shown.contains("700") && shown.contains(&published.root.to_string()), "{shown}");

    let proof = site.folder.path().join("proof");
    ends(&licet(&["prove", "seal", "555", "--out", text(&proof), "--mirror", text(&mirror)]), 0);
    let entry = |number| site.store.logs().record(LogName::Seal, number).unwrap().unwrap().entry().to_string();
    let check = |file: &Path, entry: &str| licet(&["check", text(file), "--entry", entry, "--log-key", &site.vkey]);
    assert!(ends(&check(&proof, &entry(555)), 0).contains("entry 555 of 700"));
    ends(&check(&proof, &entry(554)), 1);
    ends(&licet(&["check", text(&proof), "--log-key", &site.vkey]), 64);
    let record = site.store.logs().record(LogName::Seal, 555).unwrap().unwrap();
    let opening = site.folder.write("opening.json", serde_json::to_vec(&record).unwrap());
    let said = ends(&licet(&["check", text(&proof), "--opening", text(&opening), "--log-key", &site.vkey]), 0);
    assert!(said.contains("record 555 of "), "{said}");
    assert!(ends(&licet(&["check", text(&opening)]), 0).contains(&entry(555)));
    ends(&licet(&["check", text(&opening), "--entry", &entry(1)]), 1);

    // A flipped character anywhere in hashes, checkpoint or signature does not pass.
    let good = fs::read_to_string(&proof).unwrap();
    for (at, line) in good.lines().enumerate().skip(1).filter(|(_, line)| line.len() > 20) {
        let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
        let (middle, old) = line.char_indices().nth(line.chars().count() / 2).unwrap();
        let other = if old == 'A' { "B" } else { "A" };
        lines[at].replace_range(middle..=middle, other);
        let bad = site.folder.write("bad", lines.join("\n") + "\n");
        assert_ne!(check(&bad, &entry(555)).status.code(), Some(0), "{}", lines[at]);
    }

    let policy =
        format!("log {}\nwitness w {}\nquorum w\n", site.vkey, "w.example+fd0a1844+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH");
    let policy = site.folder.write("policy", policy);
    let output = licet(&["check", text(&proof), "--entry", &entry(555), "--policy", text(&policy)]);
    assert_ne!(output.status.code(), Some(0), "nobody has witnessed it");
    let checkpoint = mirror.join("seal").join(&published.period).join("checkpoint");
    assert!(ends(&licet(&["check", text(&checkpoint), "--log-key", &site.vkey]), 0).contains(" 700 "));
}

#[test]
fn an_answer_that_leaves_out_a_record_does_not_hold() {
    let site = Site::new();
    let use_of = |seal: &str, event| {
        let mut facts = Facts::new(event, Ending::Done, "office".to_owned());
        facts.seals.push(SealMention { id: seal.to_owned(), sha256: None, owner: None });
        Draft { log: LogName::Seal, ..Draft::new(BEGIN, facts) }
    };
    let drafts: Vec<Draft> = ["one", "two", "one", "one"].map(|seal| use_of(seal, EventKind::SealUse)).to_vec();
    site.store.logs().append_and_wait(&drafts).unwrap();
    let asking = site.store.logs().append_and_wait(&[use_of("one", EventKind::LogRead)]).unwrap();
    let published = grow(&site.store, "a", 3);
    let proof = site.store.logs().complete(&ChainKey::Seal("one".to_owned()), (None, None), &asking[0], 100).unwrap();
    let rows: Vec<Value> = proof.rows.iter().map(|row| json!({ "number": row.number, "opening": row.opening })).collect();
    let answer = json!({ "rows": rows, "completeness": proof, "checkpoints": [{ "note": published.note }] });
    let check = |answer: &Value| {
        let file = site.folder.write("answer.json", answer.to_string());
        licet(&["check", text(&file), "--log-key", &site.vkey])
    };
    assert!(ends(&check(&answer), 0).contains("all 3 records of the seal"));
    for at in 0..3 {
        let mut cut = answer.clone();
        cut["completeness"]["rows"].as_array_mut().unwrap().remove(at);
        cut["rows"].as_array_mut().unwrap().remove(at);
        ends(&check(&cut), 1);
        let mut hidden = answer.clone();
        hidden["rows"].as_array_mut().unwrap().remove(at);
        assert!(ends(&check(&hidden), 1).contains("2 records are shown and 3 are proven"));
        let mut other = answer.clone();
        other["rows"][at]["opening"] = answer["completeness"]["end"]["opening"].clone();
        assert!(ends(&check(&other), 1).contains("is shown as another"));
    }
    let mut unsigned = answer;
    unsigned["checkpoints"][0]["note"] = published.note.replace("\n8\n", "\n9\n").into();
    ends(&check(&unsigned), 1);
}

#[test]
fn a_monitor_follows_a_log_and_tells_what_is_not_as_it_was() {
    let site = Site::new();
    let old = grow(&site.store, "a", 300);
    let first = site.mirror("first", &old);
    let ours = site.folder.path().join("ours");
    let monitor =
        |from: &Path| licet(&["monitor", text(&ours), "seal", "--once", "--mirror", text(from), "--log-key", &site.vkey]);
    assert!(ends(&monitor(&first), 0).contains("300 records, 300 new"));
    assert!(ends(&monitor(&first), 0).contains("300 records, 0 new"));
    let new = grow(&site.store, "a", 400);
    let second = site.mirror("second", &new);
    assert!(ends(&monitor(&second), 0).contains("700 records, 400 new"));
    let shard = |mirror: &Path| mirror.join("seal").join(&new.period);
    for name in ["checkpoint", "tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/188"] {
        assert_eq!(fs::read(shard(&ours).join(name)).unwrap(), fs::read(shard(&second).join(name)).unwrap(), "{name}");
    }
    assert!(!shard(&ours).join("tile/0/001.p").exists(), "what was partial is no more");

    assert!(ends(&monitor(&first), 1).contains("it had 700 records and now has 300"));
    let next = grow(&site.store, "a", 100);
    let third = site.mirror("third", &next);
    for (name, said) in [
        ("tile/entries/002", "entry 513 is not what it was"),
        ("tile/0/002", "tile/0/002 does not follow from the entries"),
        ("tile/1/000.p/3", "tile/1/000.p/3 does not follow from the entries"),
        ("checkpoint", "seal/"),
    ] {
        let path = shard(&third).join(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[40] ^= 1;
        fs::write(&path, bad).unwrap();
        let output = monitor(&third);
        assert_ne!(output.status.code(), Some(0), "{name}");
        if output.status.code() == Some(1) {
            assert!(ends(&output, 1).contains(said), "{name}: {output:?}");
        }
        fs::write(&path, good).unwrap();
    }
    assert!(ends(&monitor(&third), 0).contains("800 records, 100 new"));

    // Another log under the same key: a split view.
    let fork = Site::new();
    let forked = fork.mirror("fork", &grow(&fork.store, "b", 800));
    assert!(ends(&monitor(&forked), 1).contains("SPLIT VIEW"));
}

#[test]
fn gossip_finds_a_split_view() {
    let site = Site::new();
    let (one, two) = (grow(&site.store, "a", 40), grow(&site.store, "a", 30));
    let mirror = site.mirror("mirror", &two);
    let origin = key(LogName::Seal).name().to_owned();
    let header = |published: &Published| format!("licet-checkpoint: {origin} {} {}\n", published.size, published.root);
    let first = site.folder.write("first", header(&one) + &two.note);
    let second = site.folder.write("second", header(&one) + &header(&two));
    let gossip = |files: &[&Path]| {
        let files = files.iter().map(|file| text(file));
        let more = ["--mirror", text(&mirror), "--log-key", &site.vkey];
        licet(&[&["gossip"][..], &files.collect::<Vec<_>>(), &more].concat())
    };
    assert!(ends(&gossip(&[&first, &second]), 0).contains("consistent at 40, 70"));
    assert!(ends(&licet(&["gossip", text(&first)]), 0).contains("equal sizes have equal roots at 40, 70"));

    let fork = Site::new();
    let (forty, fifty) = (grow(&fork.store, "b", 40), grow(&fork.store, "b", 10));
    let third = site.folder.write("third", header(&forty));
    let said = ends(&gossip(&[&first, &third]), 1);
    assert!(said.contains("SPLIT VIEW") && said.contains("first:1") && said.contains("third:1"), "{said}");
    // Of a size that nobody else saw, the tiles tell.
    let fourth = site.folder.write("fourth", header(&fifty));
    assert!(ends(&gossip(&[&first, &fourth]), 1).contains("SPLIT VIEW"));
    // A mirror that is behind contradicts nobody, and still tells of what it has.
    let three = grow(&site.store, "a", 10);
    let ahead = site.folder.write("ahead", header(&three));
    let said = ends(&gossip(&[&first, &ahead]), 0);
    assert!(said.contains("consistent at 40, 70") && said.contains("equal sizes have equal roots at 80"), "{said}");
    assert!(said.contains("is behind, it has 70 records: run licet log monitor"), "{said}");
    assert!(ends(&gossip(&[&ahead, &fourth]), 1).contains("SPLIT VIEW"));
    let lie = site.folder.write("lie", two.note.replace("\n70\n", "\n71\n"));
    ends(&gossip(&[&lie]), 1);
    let nonsense = site.folder.write("nonsense", "hello\n");
    ends(&gossip(&[&nonsense]), 64);
}

/// A folder with a store of so many records that nobody has open, and its configuration.
fn stored(records: u64) -> Setup {
    let setup = Setup::new();
    let keys = storage::Keys::generate(setup.folder.path()).unwrap();
    setup.folder.write("licet.toml", setup.text());
    let store = Store::open(&setup.folder.path().join("data"), &keys, &Options::default()).unwrap();
    store.logs().publish_with(Arc::new(Keys));
    grow(&store, "a", records);
    setup
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_store_that_nobody_has_open_is_checked_shown_and_exported() {
    let setup = stored(50);
    let config = setup.folder.path().join("licet.toml");
    let config = text(&config);
    assert_eq!(ends(&licet(&["fsck", "--config", config]), 0), "good\n");
    let shown = ends(&licet(&["show", "--json", "--config", config]), 0);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((shown["shards"][0]["size"].as_u64(), shown["shards"][0]["log"].as_str()), (Some(50), Some("seal")), "{shown}");
    let record = ends(&licet(&["show", "seal", "7", "--config", config]), 0);
    assert!(record.contains("event: seal.use") && record.contains("item: 7"), "{record}");
    ends(&licet(&["show", "seal", "50", "--config", config]), 64);

    let out = setup.folder.path().join("out.jsonl");
    ends(&licet(&["export", "seal", "--out", text(&out), "--config", config]), 0);
    let lines: Vec<Value> = fs::read_to_string(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), lines[49]["facts"]["item"].as_str()), (51, Some("49")));
    assert_eq!(lines[50]["end"]["rows"], 50);

    let copy = setup.folder.path().join("copy");
    copy_all(&setup.folder.path().join("data"), &copy);
    assert_eq!(ends(&licet(&["fsck", "--config", config, "--data", text(&copy)]), 0), "good\n");
    ends(&licet(&["fsck", "--config", config, "--data", "/nowhere"]), 66);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_watched_over_https() {
    let setup = Setup::new();
    let folder = setup.folder.path().to_owned();
    let gateway = setup.start_with(TABLE).await;
    let holder = gateway.holder(VERIFIER);
    let write = |name: &str, content: String| {
        fs::write(folder.join(name), content).unwrap();
        text(&folder.join(name)).to_owned()
    };
    let (ca, cert, private) =
        (write("ca.pem", gateway.authority.pem()), write("cert.pem", holder.pem()), write("cert.key", holder.key.pem()));
    let url = format!("https://localhost:{}", gateway.address.port());
    let run = |arguments: &[&str]| {
        let place = ["--url", &url, "--ca", &ca, "--cert", &cert, "--key", &private];
        let arguments: Vec<String> = arguments.iter().chain(&place).map(|word| (*word).to_owned()).collect();
        tokio::task::spawn_blocking(move || licet(&arguments))
    };
    for _ in 0..5 {
        assert_eq!(gateway.verifier().get("/v1/trust").await.status.as_u16(), 200);
    }
    let mirror = folder.join("mirror");
    let said = ends(&run(&["monitor", text(&mirror), "--once"]).await.unwrap(), 0);
    assert!(said.contains("access/"), "{said}");
    let keys = fs::read_to_string(mirror.join("keys")).unwrap();
    assert!(keys.contains("licet.test.example/access/"), "{keys}");
    assert_eq!(gateway.verifier().get("/v1/trust").await.status.as_u16(), 200);
    ends(&run(&["monitor", text(&mirror), "access", "--once"]).await.unwrap(), 0);
    let shown = ends(&run(&["show", "access", "--json"]).await.unwrap(), 0);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["shards"][0]["witnesses"]["state"], "not-required", "{shown}");

    // What the header of an answer said goes with what there is now.
    let header = gateway.caller(AUDITOR).get("/v1/trust").await.header("licet-checkpoint").to_owned();
    let seen = write("seen", format!("{header}\n"));
    assert!(ends(&run(&["gossip", &seen]).await.unwrap(), 0).contains("consistent at"));

    // Keys that were seen once are not exchanged.
    fs::write(mirror.join("keys"), key(LogName::Access).to_string()).unwrap();
    ends(&run(&["monitor", text(&mirror), "access", "--once"]).await.unwrap(), 1);
    let nobody = Command::new(env!("CARGO_BIN_EXE_licet")).args(["log", "show", "--url", "http://127.0.0.1:1"]).output().unwrap();
    ends(&nobody, 66);
}
