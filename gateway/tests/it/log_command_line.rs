//! `licet log`, the real binary, on mirrors, stores and a gateway.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, KeyKind, Link, LogName, Opening, Part, Salt, SealMention, Stamp, SubjectPart};
use crypto::time::Timestamp;
use crypto::tlog::{Tree, leaf_hash};
use gateway::routes::TABLE;
use serde_json::{Value, json};
use storage::log::{ChainKey, Draft, Published, Publisher};
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

/// An answer that has every record of the seal "one", with what they say, as the gateway gives it.
struct Answered {
    site: Site,
    published: Arc<Published>,
    answer: Value,
}

impl Answered {
    /// The asking mentions these seals.
    fn new(asked: &[&str], until: Option<Timestamp>) -> Self {
        let site = Site::new();
        let draft = |second: i64, seals: &[&str], event| {
            let mut facts = Facts::new(event, Ending::Done, "office".to_owned());
            facts.seals = seals.iter().map(|id| SealMention { id: (*id).to_owned(), sha256: None, owner: None }).collect();
            let subject = SubjectPart { case: Some(format!("c-{second}")), ..SubjectPart::default() };
            Draft { log: LogName::Seal, subject, ..Draft::new(BEGIN.plus(second), facts) }
        };
        let uses = [(0, "one"), (1, "two"), (2, "one"), (3, "one"), (5, "one")];
        let uses = uses.map(|(second, seal)| draft(second, &[seal], EventKind::SealUse));
        site.store.logs().append_and_wait(&uses).unwrap();
        let asking = site.store.logs().append_and_wait(&[draft(6, asked, EventKind::LogRead)]).unwrap();
        let published = grow(&site.store, "a", 3);
        let proof = site.store.logs().complete(&ChainKey::Seal("one".to_owned()), (None, until), &asking[0], 100).unwrap();
        let rows: Vec<Value> = proof.rows.iter().map(|row| shown(&site.store, row.number)).collect();
        let answer = json!({ "rows": rows, "completeness": proof, "checkpoints": [{ "note": published.note }] });
        Self { site, published, answer }
    }

    fn check(&self, answer: &Value, more: &[&str]) -> Output {
        let file = self.site.folder.write("answer.json", answer.to_string());
        licet(&[&["check", text(&file), "--log-key", &self.site.vkey][..], more].concat())
    }

    /// Says why it does not hold after a change.
    #[track_caller]
    fn bad(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut answer = self.answer.clone();
        change(&mut answer);
        ends(&self.check(&answer, &[]), 1)
    }
}

/// A row as auditors get it.
fn shown(store: &Store, number: u64) -> Value {
    let record = store.logs().record(LogName::Seal, number).unwrap().unwrap();
    let part = |place| record.read::<Value>(place).unwrap();
    json!({
        "number": number, "at": part(Opening::STAMP)["at"], "facts": part(Opening::FACTS), "subject": part(Opening::SUBJECT),
        "entry": record.entry(), "opening": record,
    })
}

#[test]
fn an_answer_that_leaves_out_a_record_does_not_hold() {
    let answered = Answered::new(&["one"], None);
    let said = ends(&answered.check(&answered.answer, &[]), 0);
    assert!(said.contains("all 4 records of the seal one") && said.contains("what is shown of them was recorded so"), "{said}");
    for at in 0..4 {
        let cut = |answer: &mut Value, from: &str| drop(answer.pointer_mut(from).unwrap().as_array_mut().unwrap().remove(at));
        answered.bad(|answer| {
            cut(answer, "/rows");
            cut(answer, "/completeness/rows");
        });
        assert!(answered.bad(|answer| cut(answer, "/rows")).contains("3 records are shown and 4 are proven"));
    }
    let note = answered.published.note.replace("\n9\n", "\n10\n");
    assert_ne!(note, answered.published.note);
    answered.bad(|answer| answer["checkpoints"][0]["note"] = note.into());
}

#[test]
fn an_answer_that_shows_what_was_not_recorded_does_not_hold() {
    let answered = Answered::new(&["one"], None);
    let others = &answered.answer["rows"];
    for at in 0..4 {
        let other = &others[(at + 1) % 4];
        for (name, value, why) in [
            ("opening", other["opening"].clone(), "is shown as another"),
            ("opening", json!({ "parts": [] }), "is shown as another"),
            ("opening", json!("none"), "is shown as another"),
            ("entry", other["entry"].clone(), "is shown as another"),
            ("number", other["number"].clone(), "is shown as another"),
            ("at", other["at"].clone(), "another time"),
            ("at", json!("yesterday"), "another time"),
            ("facts", json!({}), "other facts"),
            ("subject", other["subject"].clone(), "other subject"),
        ] {
            let said = answered.bad(|answer| answer["rows"][at][name] = value);
            assert!(said.contains(why), "{name}: {said}");
        }
        for (name, value) in [("caller", json!("nobody")), ("outcome", json!("refused")), ("approval", json!("a-1"))] {
            let said = answered.bad(|answer| answer["rows"][at]["facts"][name] = value);
            assert!(said.contains("other facts"), "{name}: {said}");
        }
        // Without the salts nothing proves what it says.
        let said = answered.bad(|answer| drop(answer["rows"][at].as_object_mut().unwrap().remove("opening")));
        assert!(said.contains("nothing proves"), "{said}");
    }
    let mut hidden = answered.answer.clone();
    for name in ["facts", "subject", "at", "opening"] {
        hidden["rows"][1].as_object_mut().unwrap().remove(name);
    }
    assert!(ends(&answered.check(&hidden, &[]), 0).contains("of 3 of them was recorded so, of the others it is numbers only"));
    let mut bare = answered.answer.clone();
    bare.as_object_mut().unwrap().remove("rows");
    assert!(ends(&answered.check(&bare, &[]), 0).contains("numbers only"));
}

#[test]
fn an_answer_says_which_seal_it_is_about() {
    let whole = Answered::new(&["one"], None);
    let until = Answered::new(&["one"], Some(BEGIN.plus(3)));
    for (answered, count, asking) in [(&whole, 4, 5), (&until, 3, 5)] {
        let said = ends(&answered.check(&answered.answer, &["--seal", "one"]), 0);
        assert!(said.contains(&format!("all {count} records of the seal one")), "{said}");
        assert!(said.contains(&format!("as asked for in record {asking}")), "{said}");
        assert!(ends(&answered.check(&answered.answer, &["--seal", "two"]), 1).contains("it is about the seal one"));
    }
    // Where the asking does not show what was asked, nothing says which seal the key is of.
    let mut silent = whole.answer.clone();
    let end = &mut silent["completeness"]["end"]["opening"];
    let mut opening: Opening = serde_json::from_value(end.clone()).unwrap();
    opening.parts[Opening::FACTS] = opening.parts[Opening::FACTS].closed();
    *end = json!(opening);
    assert!(ends(&whole.check(&silent, &[]), 0).contains("the seal of a key that nothing names"));
    assert!(ends(&whole.check(&silent, &["--seal", "one"]), 1).contains("nothing in it says"));
    let mut dropped = until.answer.clone();
    dropped["completeness"].as_object_mut().unwrap().remove("asking");
    assert!(ends(&until.check(&dropped, &["--seal", "one"]), 1).contains("nothing in it says"));
    let two = Answered::new(&["one", "two"], None);
    assert!(ends(&two.check(&two.answer, &["--seal", "one"]), 1).contains("nothing in it says"));
    // Of other things that is not asked.
    let record = whole.site.folder.write("record.json", whole.answer["rows"][0].to_string());
    ends(&licet(&["check", text(&record), "--seal", "one"]), 64);
}

#[test]
fn records_of_another_seal_in_the_chain_do_not_pass() {
    // A log that puts a use of "two" into the chain that it answers with when it is asked for "one".
    let part = |text: String| Part::Open { salt: Salt([7; 16]), text };
    let record = |stamp: Stamp, event, seal: &str, link: &Link| {
        let mut facts = Facts::new(event, Ending::Done, "office".to_owned());
        facts.seals.push(SealMention { id: seal.to_owned(), sha256: None, owner: None });
        let texts = [json!(stamp), json!(facts), json!({}), json!(link)];
        Opening { parts: texts.map(|text| part(text.to_string())).to_vec() }
    };
    let key = Sha256::of(&[b"one"]);
    let link = Link::first(KeyKind::Seal, key);
    let stamps = [0, 1].map(|number| Stamp { number, at: BEGIN });
    let answer = |seal: &str| {
        let openings = [
            record(stamps[0], EventKind::SealUse, seal, &link),
            record(stamps[1], EventKind::LogRead, "one", &link.next(stamps[0])),
        ];
        let leaves = openings.each_ref().map(|opening| leaf_hash(&opening.entry().0));
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.append(leaf).unwrap();
        }
        let note = Keys.sign(LogName::Seal, &BEGIN.date().compact(), tree.size(), &tree.root()).unwrap();
        let origin = note.lines().next().unwrap();
        let proven =
            |at: usize| json!({ "number": at, "origin": origin, "index": at, "opening": openings[at], "path": [leaves[1 - at]] });
        json!({
            "rows": [{ "number": 0, "opening": openings[0] }],
            "completeness": { "log": "seal", "kind": "seal", "key": key, "rows": [proven(0)], "end": proven(1) },
            "checkpoints": [{ "note": note }],
        })
    };
    let folder = Folder::new();
    let check = |seal: &str| {
        let file = folder.write("answer.json", answer(seal).to_string());
        licet(&["check", text(&file), "--log-key", &log_kit::key(LogName::Seal).to_string()])
    };
    ends(&check("one"), 0);
    assert!(ends(&check("two"), 1).contains("record 0 is not about the seal one"));
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
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
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
