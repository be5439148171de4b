//! Our logs, read and checked by `golang.org/x/mod/sumdb`, an implementation of others.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use crypto::record::LogName;

use crate::log_kit::{Keys, grow, key, mirror};
use crate::pki::Folder;
use crate::started::memory;

/// Where Debian's package `golang-golang-x-mod-dev` puts it.
const LIBRARY: &str = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog";

/// Whether Go and the library are there. Where they must be, their absence fails the test.
pub(crate) fn is_there() -> bool {
    let has_go = Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
    let is_there = has_go && Path::new(LIBRARY).is_dir();
    if !is_there {
        eprintln!("SKIPPED: no Go with {LIBRARY}: apt-get install golang-go golang-golang-x-mod-dev");
        let is_demanded = ["CI", "LICET_PEERS"].into_iter().any(|name| std::env::var_os(name).is_some());
        assert!(!is_demanded, "it must be there in CI");
    }
    is_there
}

pub(crate) fn build(folder: &Path) -> std::path::PathBuf {
    let program = folder.join("reader");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/reader.go");
    let built = Command::new("go")
        .args(["build", "-o"])
        .args([&program, &source])
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", "")])
        .env("GOCACHE", folder.join("cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    program
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn another_implementation_reads_all_of_a_log() {
    if !is_there() {
        return;
    }
    let folder = Folder::new();
    let program = build(folder.path());
    let store = memory();
    store.logs().publish_with(Arc::new(Keys));
    let old = grow(&store, "a", 300);
    let old_note = folder.write("old", &old.note);
    // More than one tile on the second level's first place, and a partial one on both.
    let new = grow(&store, "b", 600);
    let shard = mirror(&store, &new, folder.path());
    let run = |extra: &[&Path]| {
        let vkey = key(LogName::Seal).to_string();
        Command::new(&program).arg(&shard).arg(vkey).args(extra).output().unwrap()
    };
    let read = run(&[&old_note]);
    assert!(read.status.success(), "{}", said(&read));
    assert_eq!(said(&read), "consistent with 300\n900 entries\n");

    // It would say so: a flipped bit of an entry, of a tile, of the checkpoint, and another log's past.
    for name in ["tile/entries/002", "tile/0/001", "tile/1/000.p/3", "checkpoint"] {
        let path = shard.join(name);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[40] ^= 1;
        std::fs::write(&path, bad).unwrap();
        assert_eq!(run(&[]).status.code(), Some(1), "{name}");
        std::fs::write(&path, good).unwrap();
    }
    let other = memory();
    other.logs().publish_with(Arc::new(Keys));
    let fork = folder.write("fork", &grow(&other, "c", 300).note);
    assert_eq!(run(&[&fork]).status.code(), Some(1));
    assert!(run(&[]).status.success());
}
