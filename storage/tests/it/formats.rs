//! Stores as each format left them on disk: every one of them opens, is whole, and goes on.

use std::fs;
use std::path::{Path, PathBuf};

use storage::engine::rocks::Rocks;
use storage::engine::{Batch, Direction, Engine as _, FORMAT_NEWEST, Format, Part, Range, Space};
use storage::{Migrated, Progress, Store};

use crate::sample::{identifier, ingest, keys, licence, options};
use crate::scratch::Scratch;
use crate::whole;

/// The stores that were kept, by their format.
fn folder(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores").join(format)
}

/// Copies the folder of a database, file by file.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let file = entry.unwrap().path();
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// A copy of the store that was kept of a format.
fn kept(format: &str) -> Scratch {
    let scratch = Scratch::new(&format!("format-{format}"));
    copy(&folder(format), &scratch.path().join("rocksdb"));
    scratch
}

#[test]
fn the_store_of_format_1_opens_and_is_whole() {
    let scratch = kept("1");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    whole::check(&store);
    assert!(store.licences().ingest(&licence("A3", 1, &[1], b"after"), &ingest()).unwrap().is_new());
    drop(store);
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    assert_eq!(store.licences().file(&identifier("A3", 1)).unwrap().unwrap(), b"after");
}

#[test]
fn an_operator_brings_the_store_of_format_1_to_the_newest() {
    let scratch = kept("1");
    let looked_at = Store::inspect(scratch.path(), &keys(), &options()).unwrap();
    assert_eq!(looked_at.format().unwrap().format, 1, "looking changes nothing");
    assert!(looked_at.keyring().list().unwrap().is_empty());
    drop(looked_at);
    let done = Store::migrate(scratch.path(), &keys(), &options(), &mut |_| ()).unwrap();
    assert_eq!(done, Migrated { from: 1, to: FORMAT_NEWEST });
    let again = Store::migrate(scratch.path(), &keys(), &options(), &mut |_| ()).unwrap();
    assert_eq!(again, Migrated { from: FORMAT_NEWEST, to: FORMAT_NEWEST });
    let looked_at = Store::inspect(scratch.path(), &keys(), &options()).unwrap();
    assert_eq!(looked_at.format().unwrap(), Format::of(FORMAT_NEWEST));
    whole::check(&looked_at);
    let key = looked_at.keyring().list().unwrap().pop().unwrap();
    assert!(key.is_current && looked_at.keyring().count().unwrap()[&key.id] > 50, "what was sealed is under the same key still");
    assert_ne!(key.id, looked_at.keyring().outer());
}

#[test]
fn licences_from_before_there_were_places_get_theirs() {
    let scratch = kept("1");
    let engine = Rocks::open(scratch.path(), &options()).unwrap();
    let mut batch = Batch::new();
    for (space, prefix) in [(Space::Obj, &b"l"[..]), (Space::Obj, b"j"), (Space::Hot, b"b")] {
        for (key, row) in engine.scan(Part(0), space, Range::prefix(prefix), Direction::Ascending, 100).unwrap() {
            batch.delete(space, key, row.version);
        }
    }
    assert_eq!(batch.writes().len(), 7);
    engine.commit(Part(0), batch).unwrap();
    drop(engine);
    let mut told = Vec::new();
    Store::migrate(scratch.path(), &keys(), &options(), &mut |progress| told.push(progress)).unwrap();
    assert_eq!(told, [Progress { from: 1, to: 2, name: "keyring", done: 3 }]);
    whole::check(&Store::open(scratch.path(), &keys(), &options()).unwrap());
}

/// How the stores in `tests/fixtures/stores` were made; their README has the command.
#[test]
#[ignore = "writes the store that is kept of a format: run once for each"]
fn keep_a_store() {
    let scratch = Scratch::new("keep");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    whole::fill(&store);
    drop(store);
    // Opened once more, all of it is in tables.
    whole::check(&Store::open(scratch.path(), &keys(), &options()).unwrap());
    let kept = folder("new");
    copy(&scratch.path().join("rocksdb"), &kept);
    // The engine's own log and options name paths of the machine, and are not needed.
    for entry in fs::read_dir(&kept).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if ["LOG", "OPTIONS"].iter().any(|prefix| name.starts_with(prefix)) {
            fs::remove_file(&path).unwrap();
        }
    }
}
