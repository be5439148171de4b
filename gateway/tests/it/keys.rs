//! The keys of the store of a running gateway: from a command, rotated, retired, wrapped anew; and the format of a store.

use std::fs;
use std::process::Output;

use crypto::record::{EventKind, Facts, LogName, Opening};
use serde_json::Value;
use storage::{Keys, Options, Store};

use crate::client::{Client, Http, get, request};
use crate::licence_kit::{Office, fields, identifier};
use crate::process::{Process, Site};
use crate::started::ISSUER;

const OFD: &str = "application/ofd";

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn listed(site: &Site) -> Vec<Value> {
    let told: Value = serde_json::from_str(&stdout(&site.licet(&["keys", "list", "--count", "--json"]))).unwrap();
    told["keys"].as_array().unwrap().clone()
}

async fn reads(site: &Site, process: &Process) {
    let reply = site.client(process, ISSUER).send(Http::One, get(&format!("/v1/licences/{}", identifier("1", 1)))).await;
    assert_eq!(reply.status, 200);
}

async fn hand_in(client: &Client, office: &Office) {
    let reply = client.send(Http::One, request("POST", "/v1/licences", OFD, office.ofd(&fields("1", 1)))).await;
    assert_eq!(reply.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_while_the_gateway_serves() {
    let office = Office::new();
    let site = Site::new(&office);
    let config = site.folder.path().join("licet.toml");
    // The key that opens the store comes from a command.
    let file = site.folder.path().join("value.key");
    let text = fs::read_to_string(&config).unwrap() + "[backup]\npath = 'backups'\nkey = 'backup.key'\nevery_s = 0\n";
    storage::secret::new_key_file(&site.folder.path().join("backup.key")).unwrap();
    let command = format!("value_key = {{ command = [\"/bin/cat\", \"{}\"] }}", file.display());
    fs::write(&config, text.replace("value_key = \"value.key\"", &command)).unwrap();
    let mut process = site.start();
    hand_in(&site.client(&process, ISSUER), &office).await;

    let [first] = &listed(&site)[..] else { panic!("one key at first") };
    let first = first["id"].as_str().unwrap().to_owned();
    let refused = site.licet(&["keys", "retire", &first]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("rotate first"));
    let told = stdout(&site.licet(&["keys", "rotate", "--cipher", "sm4-gcm"]));
    assert!(told.contains("(sm4-gcm)"), "{told}");
    // At once, whether the work in the background has begun or not.
    let said = stdout(&site.licet(&["keys", "status"]));
    assert!(said.starts_with("re-encryption under ") && !said.contains(&first), "{said}");
    loop {
        let told: Value = serde_json::from_str(&stdout(&site.licet(&["keys", "status", "--json"]))).unwrap();
        if told["resealing"]["is_done"] == true {
            assert_eq!(told["resealing"]["damaged"], 0);
            assert!(told["resealing"]["began_at"].as_str() <= told["resealing"]["ended_at"].as_str());
            break;
        }
    }
    assert!(stdout(&site.licet(&["keys", "status"])).contains(": done at 20"));
    let keys = listed(&site);
    assert_eq!((keys.len(), &keys[1]["rows"]), (2, &Value::from(0)));
    assert!(keys[0]["rows"].as_u64().unwrap() > 10 && keys[0]["is_current"] == true);
    stdout(&site.licet(&["keys", "retire", &first]));
    assert_eq!(listed(&site).len(), 1);
    reads(&site, &process).await;

    let new = site.folder.path().join("new.key");
    let new_text = new.to_str().unwrap();
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_licet")).args(["keys", "new", new_text]).output().unwrap();
    assert!(made.status.success());
    for (name, of) in [("index.key", "storage.index_key"), ("backup.key", "backup.key")] {
        let refused = site.licet(&["keys", "rewrap", "--to", site.folder.path().join(name).to_str().unwrap()]);
        let why = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && why.contains(&format!("holds the key of {of}")), "{why}");
    }
    stdout(&site.licet(&["keys", "rewrap", "--to", new_text]));
    named_anew(&site, &text, &command);
    process.kill();
    fs::write(&config, text.replace("value_key = \"value.key\"", &command)).unwrap();
    let refused = site.licet(&["store", "show"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("opens with the key"), "the old key opens it no longer");
    fs::write(&config, text.replace("value.key", "new.key")).unwrap();
    let shown = stdout(&site.licet(&["store", "show"]));
    assert!(shown.contains("format 2 of 2") && shown.contains("needs keyring") && shown.contains("sm4-gcm current"), "{shown}");
    assert!(stdout(&site.licet(&["store", "migrate"])).contains("has format 2 already"));
    let process = site.start();
    reads(&site, &process).await;
    assert!(process.terminate().1);
    assert_eq!(on_record(&site), ["retire", "rotate", "retire", "rewrap"].map(str::to_owned));
}

/// The store was wrapped anew, and the gateway runs: until the new key is named, everybody who is asked says so.
fn named_anew(site: &Site, text: &str, command: &str) {
    let config = site.folder.path().join("licet.toml");
    let check = || {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_licet")).args(["config", "check"]).arg(&config).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, why) = check();
    assert!(status == Some(2) && why.contains("storage.value_key: the store opens with the key "), "{why}");
    let told = site.licet(&["doctor"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("configuration: storage.value_key: the store opens with the key "), "{told}");

    let named = text.replace("value.key", "new.key");
    fs::write(&config, &named).unwrap();
    assert_eq!(check().0, Some(0));
    let told = stdout(&site.licet(&["reload"]));
    assert!(told.contains("storage.value_key") && told.contains("in force as generation 1"), "{told}");
    // From a command again, but the wrong one: what it is asked for by is not shown.
    fs::write(&config, text.replace("value_key = \"value.key\"", command)).unwrap();
    let refused = site.licet(&["reload"]);
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && why.contains("storage.value_key: the store opens with the key"), "{why}");
    let right = command.replace("value.key", "new.key");
    fs::write(&config, text.replace("value_key = \"value.key\"", &right)).unwrap();
    let told = stdout(&site.licet(&["reload"]));
    assert!(told.contains("+ storage.value_key.command: (not shown)") && !told.contains("/bin/cat"), "{told}");
}

/// What is on record of the keys, oldest first; what was refused was begun.
fn on_record(site: &Site) -> Vec<String> {
    let key = fs::read(site.folder.path().join("new.key")).unwrap();
    let keys = Keys::parse(&key, None).unwrap();
    let store = Store::inspect(&site.folder.path().join("data"), &keys, &Options::default()).unwrap();
    let size = store.logs().size(LogName::Access).unwrap();
    let facts =
        (0..size).map(|n| store.logs().record(LogName::Access, n).unwrap().unwrap().read::<Facts>(Opening::FACTS).unwrap());
    let changes = facts.filter(|facts| facts.event == EventKind::KeyChange);
    changes.map(|facts| facts.details["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn where_a_key_comes_from_is_checked() {
    let site = Site::new(&Office::new());
    let config = site.folder.path().join("licet.toml");
    let text = fs::read_to_string(&config).unwrap();
    for (source, expected) in [
        ("{ command = [\"/bin/false\"] }", "the command /bin/false failed (exit status: 1)"),
        ("{ command = [\"/bin/echo\", \"no key\"] }", "the command /bin/echo does not hold a key of 64 hexadecimal digits"),
        ("{ command = [\"false\"] }", "must be the path of a file, or { command"),
        ("\"licet.toml\"", "does not hold a key of 64 hexadecimal digits"),
        ("\"none.key\"", "cannot be read"),
    ] {
        fs::write(&config, text.replace("value_key = \"value.key\"", &format!("value_key = {source}"))).unwrap();
        let checked =
            std::process::Command::new(env!("CARGO_BIN_EXE_licet")).args(["config", "check"]).arg(&config).output().unwrap();
        let said = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
        assert!(said.contains("storage.value_key") && said.contains(expected), "{said}");
        assert!(!said.contains("no key\n"), "{said}");
    }
}
