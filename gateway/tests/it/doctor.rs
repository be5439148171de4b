//! What the doctor finds, each thing caused once.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;

use crypto::issue::{AltName, CertificateBuilder, KeyType, Name, SigningKey, pem};
use crypto::record::{Ending, EventKind, Facts};
use serde_json::Value;
use storage::log::Draft;
use storage::{Keys, Options, Store};

use crate::faults::flip;
use crate::licence_kit::Office;
use crate::process::Site;

/// Exit status, verdict, and name and weight of each finding.
fn examined(site: &Site) -> (i32, String, Vec<(String, String)>) {
    let output = site.licet(&["doctor", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = told["findings"].as_array().unwrap();
    for finding in findings {
        for told in ["what", "means", "next", "page"] {
            assert!(!text(&finding[told]).is_empty() && !text(&finding[told]).contains("CONFIG"), "{finding}");
        }
    }
    let named = findings.iter().map(|finding| (text(&finding["check"]), text(&finding["severity"])));
    (output.status.code().unwrap(), text(&told["verdict"]), named.collect())
}

/// A site in which everything is well, but that no gateway runs.
fn well() -> Site {
    let site = Site::new(&Office::new());
    fs::set_permissions(site.folder.path().join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
    site
}

#[track_caller]
fn finds(site: &Site, status: i32, expected: &[(&str, &str)]) -> String {
    let (code, verdict, found) = examined(site);
    let found: Vec<_> = found.iter().map(|(name, severity)| (name.as_str(), severity.as_str())).collect();
    assert_eq!((code, found.as_slice()), (status, expected), "{verdict}");
    verdict
}

const DOWN: (&str, &str) = ("running", "fault");

fn replace(site: &Site, from: &str, to: &str) {
    let file = site.folder.path().join("licet.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

fn store(site: &Site) -> Store {
    let folder = site.folder.path();
    let keys = Keys::load_files(&folder.join("value.key"), &folder.join("index.key")).unwrap();
    Store::open(&folder.join("data"), &keys, &Options::default()).unwrap()
}

#[test]
fn a_gateway_that_is_well_and_one_that_does_not_run() {
    let site = well();
    let verdict = finds(&site, 2, &[DOWN]);
    assert_eq!(verdict, "licet does not run; nothing was found that would keep it from starting.");
    let process = site.start();
    assert_eq!(finds(&site, 0, &[]), "licet is well.");
    let said = site.licet(&["doctor"]);
    assert_eq!(String::from_utf8(said.stdout).unwrap(), "licet is well.\n");
    // What it says of itself.
    assert!(!site.licet(&["maintenance", "on", "--reason", "two\nlines"]).status.success());
    assert!(site.licet(&["maintenance", "on"]).status.success());
    assert_eq!(finds(&site, 1, &[("maintenance", "warning")]), "licet serves; 1 thing needs a look.");
    let said = String::from_utf8(site.licet(&["doctor"]).stdout).unwrap();
    assert!(
        said.starts_with("licet serves; 1 thing needs a look.\n") && said.contains("next  licet maintenance off --config /"),
        "{said}"
    );
    drop(process.terminate());
    assert_eq!(finds(&site, 2, &[DOWN]), verdict, "the store it has left is well");
}

#[test]
fn a_store_that_no_gateway_starts_on() {
    let site = well();
    let data = site.folder.path().join("data");
    fs::create_dir_all(data.join("restoring")).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let verdict = finds(&site, 2, &[("restoration", "fault"), DOWN]);
    assert_eq!(verdict, "licet does not run; restoration is wrong.");
    fs::remove_dir_all(&data).unwrap();
    finds(&site, 2, &[DOWN]);
    // The store is gone, and its anchor is there.
    assert!(site.start().terminate().1);
    fs::remove_dir_all(&data).unwrap();
    finds(&site, 2, &[("restoration", "fault"), DOWN]);
}

#[test]
fn files_that_are_wrong() {
    let site = well();
    let data = site.folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(data, fs::Permissions::from_mode(0o755)).unwrap();
    finds(&site, 2, &[DOWN, ("modes", "warning")]);

    for key in ["server.key", "value.key"] {
        let site = well();
        fs::set_permissions(site.folder.path().join(key), fs::Permissions::from_mode(0o644)).unwrap();
        let verdict = finds(&site, 2, &[("configuration", "fault"), DOWN]);
        assert_eq!(verdict, "licet does not run; configuration is wrong.");
    }

    let site = well();
    replace(&site, "[storage]", "[storage]\nno_such_key = 1");
    finds(&site, 2, &[("configuration", "fault")]);
    replace(&site, "no_such_key = 1", "free_mib_min = 1_073_741_824");
    finds(&site, 2, &[("disk", "fault"), DOWN]);
}

#[test]
fn a_configuration_that_everybody_can_change() {
    let site = well();
    let file = site.folder.path().join("licet.toml");
    let set = |path: &std::path::Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let checked = || {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_licet")).args(["config", "check"]).arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(checked().0, Some(0));
    set(&file, 0o666);
    finds(&site, 2, &[DOWN, ("exposed", "warning")]);
    let (status, said) = checked();
    assert!(status == Some(2) && said.contains(&format!("everybody can change it: {} has mode 666", file.display())), "{said}");
    // It starts all the same, and says so.
    let process = site.start();
    let (log, is_well) = process.terminate();
    assert!(is_well && log.iter().any(|line| line.contains("not only its owner can change the configuration")), "{log:?}");
    set(&file, 0o644);
    set(site.folder.path(), 0o777);
    let (status, said) = checked();
    assert!(status == Some(2) && said.contains("everybody can put another file in its place"), "{said}");
    // There nobody replaces what is somebody else's.
    set(site.folder.path(), 0o1777);
    assert_eq!(checked().0, Some(0));
}

#[test]
fn a_port_that_somebody_else_has() {
    let site = well();
    let file = site.folder.path().join("licet.toml");
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""), 1)).unwrap();
    let checked = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_licet"));
        let output = command.args(["config", "check", "--json"]).arg(&file).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["faults"].clone()
    };
    let faults = checked();
    assert_eq!(faults[0]["message"], format!("127.0.0.1:{port} is in use by another process"));
    assert!(faults[0]["key"] == "server.listen" && faults[0]["line"].is_u64() && faults[0]["hint"].is_string(), "{faults}");
    finds(&site, 2, &[("ports", "fault"), DOWN]);
    drop(other);
    assert_eq!(checked(), Value::Array(Vec::new()));
    // A gateway of this configuration has it for good reason.
    let process = site.start();
    assert_eq!(checked(), Value::Array(Vec::new()));
    finds(&site, 0, &[]);
    drop(process);
}

#[test]
fn certificates_that_end() {
    for (days, severity) in [(10, "warning"), (-1, "fault")] {
        let site = well();
        let now = gateway::clock::now();
        let (name, key) = (Name::new("licet tests", "server"), SigningKey::from_label(KeyType::P256, "holder 2"));
        let builder = CertificateBuilder::new(&name, &key, 2).valid(now.plus(-30 * 86_400), now.plus(days * 86_400));
        let certificate = builder.tls(&[AltName::Dns("localhost".to_owned())]).self_signed(&key);
        site.folder.write("server.pem", pem::encode("CERTIFICATE", &certificate));
        let expected = ("certificates", severity);
        // The worst first, and of the faults last that nobody runs.
        finds(&site, 2, &if severity == "fault" { [expected, DOWN] } else { [DOWN, expected] });
    }
}

#[test]
fn an_anchor_that_cannot_be_read() {
    let site = well();
    let anchor = site.folder.path().join("data.anchor");
    fs::create_dir(&anchor).unwrap();
    let verdict = finds(&site, 2, &[("anchor", "fault"), DOWN]);
    assert_eq!(verdict, "licet does not run; anchor is wrong.");
    fs::remove_dir(&anchor).unwrap();
    finds(&site, 2, &[DOWN]);
}

#[test]
fn a_store_that_is_in_use_or_made_with_other_keys() {
    let site = well();
    let held = store(&site);
    finds(&site, 2, &[("lock", "fault"), DOWN]);
    drop(held);
    fs::write(site.folder.path().join("value.key"), "3".repeat(64)).unwrap();
    finds(&site, 2, &[("store", "fault"), DOWN]);
    let file = site.folder.path().join("licet.toml");
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_licet")).args(["config", "check"]).arg(file).output().unwrap();
    let said = String::from_utf8(checked.stderr).unwrap();
    assert!(checked.status.code() == Some(2) && said.contains("storage.value_key: the store opens with the key "), "{said}");
    assert!(!said.contains(&"3".repeat(16)), "{said}");
}

#[test]
fn a_store_that_does_not_open_for_damage() {
    let site = well();
    drop(store(&site));
    let rocks = site.folder.path().join("data/rocksdb");
    let current = fs::read_to_string(rocks.join("CURRENT")).unwrap();
    let manifest = rocks.join(current.trim_end());
    let mut bytes = fs::read(&manifest).unwrap();
    // Behind the checksum, the length and the kind of the first record.
    bytes[8] ^= 1;
    fs::write(manifest, bytes).unwrap();
    finds(&site, 2, &[("damage", "fault"), DOWN]);
    let said = String::from_utf8(site.licet(&["doctor"]).stdout).unwrap();
    assert!(said.contains("licet backup list --config /") && !said.contains("systemctl start"), "{said}");
}

#[test]
fn a_store_that_cannot_be_looked_at_is_not_taken_for_none() {
    let site = well();
    let data = site.folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(data.join("rocksdb"), "no folder").unwrap();
    finds(&site, 2, &[("store", "fault"), DOWN]);
}

#[test]
fn a_store_of_another_user_is_left_alone() {
    let site = well();
    drop(store(&site));
    let data = site.folder.path().join("data");
    let other = fs::metadata(&data).unwrap().uid() + 1;
    // Only root gives files away.
    if chown(&data, Some(other), None).is_err() {
        return;
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    chown(site.folder.path().join("value.key"), Some(other), None).unwrap();
    // Opening it begins another manifest.
    let manifest = || fs::read_to_string(data.join("rocksdb/CURRENT")).unwrap();
    let before = manifest();
    finds(&site, 2, &[DOWN, ("user", "warning")]);
    assert_eq!(manifest(), before, "it was opened");
    let said = String::from_utf8(site.licet(&["doctor"]).stdout).unwrap();
    assert!(said.contains(&format!("sudo -u '#{other}' licet doctor --config /")), "{said}");
}

#[test]
fn a_gateway_that_does_not_answer() {
    let site = well();
    fs::create_dir_all(site.folder.path().join("data")).unwrap();
    fs::set_permissions(site.folder.path().join("data"), fs::Permissions::from_mode(0o700)).unwrap();
    let listener = UnixListener::bind(site.folder.path().join("data/licet.sock")).unwrap();
    let mute = std::thread::spawn(move || {
        for _ in 0..2 {
            drop(listener.accept().unwrap());
        }
    });
    finds(&site, 2, &[("answer", "fault")]);
    mute.join().unwrap();
}

#[test]
fn a_clock_behind_the_record_and_damage_in_the_logs() {
    let site = well();
    let later = gateway::clock::now().plus(3_600);
    let draft = |n: i64| {
        let mut facts = Facts::new(EventKind::LicenceSearch, Ending::Done, "approval".to_owned());
        facts.details.insert("n".to_owned(), n.into());
        Draft::new(later.plus(n), facts)
    };
    let open = store(&site);
    for group in 0..10 {
        open.logs().append_and_wait(&(0..200).map(|n| draft(group * 200 + n)).collect::<Vec<_>>()).unwrap();
    }
    drop(open);
    finds(&site, 2, &[("clock", "fault"), DOWN]);
    // What is in the write-ahead log goes into tables.
    drop(store(&site));
    flip(&site);
    finds(&site, 2, &[("damage", "fault"), ("logs", "fault"), ("clock", "fault"), DOWN]);
    let fsck = site.licet(&["log", "fsck"]);
    assert_eq!(fsck.status.code(), Some(1));
    assert!(String::from_utf8(fsck.stdout).unwrap().contains("log-record-damaged access"), "it is named");
}
