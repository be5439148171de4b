//! Opening: what is refused, and by which name.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use storage::engine::memory::Memory;
use storage::engine::rocks::Rocks;
use storage::engine::{Batch, Engine, FORMAT_KEY, OpenError, Part, Space};
use storage::secret::{INDEX_KEY_FILE, VALUE_KEY_FILE};
use storage::{Keys, KeysError, Store, StoreError};

use crate::sample::{keys, now, options};
use crate::scratch::Scratch;

#[test]
fn twice_at_once() {
    let scratch = Scratch::new("twice");
    let first = Store::open(scratch.path(), &keys(), &options()).unwrap();
    let second = Store::open(scratch.path(), &keys(), &options()).unwrap_err();
    assert!(matches!(second, StoreError::Engine(OpenError::Locked)), "{second}");
    drop(first);
    Store::open(scratch.path(), &keys(), &options()).unwrap().probe(now()).unwrap();
}

#[test]
fn the_wrong_keys() {
    let scratch = Scratch::new("wrong-keys");
    drop(Store::open(scratch.path(), &keys(), &options()).unwrap());
    let error = Store::open(scratch.path(), &Keys::new([9; 32], [2; 32]), &options()).unwrap_err();
    assert!(matches!(error, StoreError::WrongValueKey { expected, given } if expected != given), "{error}");
    let error = Store::open(scratch.path(), &Keys::new([1; 32], [9; 32]), &options()).unwrap_err();
    assert!(matches!(error, StoreError::WrongIndexKey), "{error}");
    Store::open(scratch.path(), &keys(), &options()).unwrap();
}

#[test]
fn the_same_engine_under_other_keys() {
    let engine = Arc::new(Memory::new());
    Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    let error = Store::on(engine, &Keys::new([9; 32], [9; 32])).unwrap_err();
    assert!(matches!(error, StoreError::WrongValueKey { .. }), "{error}");
}

#[test]
fn an_unknown_format() {
    let scratch = Scratch::new("format");
    let engine = Rocks::open(scratch.path(), &options()).unwrap();
    let mut batch = Batch::new();
    batch.replace(Space::Hot, FORMAT_KEY.to_vec(), 1, b"2".to_vec());
    engine.commit(Part(0), batch).unwrap();
    drop(engine);
    let error = Rocks::open(scratch.path(), &options()).unwrap_err();
    assert!(matches!(&error, OpenError::UnknownFormat { found } if found == "2"), "{error}");
}

#[test]
fn a_store_of_a_newer_program() {
    let scratch = Scratch::new("newer");
    let engine = Rocks::open(scratch.path(), &options()).unwrap();
    let mut batch = Batch::new();
    let row = br#"{"format":3,"written_by":"0.9.0","needs":["keyring","shards"]}"#;
    batch.replace(Space::Hot, FORMAT_KEY.to_vec(), 1, row.to_vec());
    engine.commit(Part(0), batch).unwrap();
    drop(engine);
    for error in [
        Store::open(scratch.path(), &keys(), &options()).unwrap_err(),
        Store::inspect(scratch.path(), &keys(), &options()).unwrap_err(),
        Store::migrate(scratch.path(), &keys(), &options(), &mut |_| ()).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.starts_with("the store was made by licet 0.9.0 in format 3, which needs shards; this is licet "), "{text}");
    }
}

#[test]
fn content_without_a_format() {
    let scratch = Scratch::new("no-format");
    let engine = Rocks::open(scratch.path(), &options()).unwrap();
    let mut batch = Batch::new();
    batch.delete(Space::Hot, FORMAT_KEY.to_vec(), 1);
    batch.put(Space::Tile, vec![1], vec![1]);
    engine.commit(Part(3), Batch::clone(&batch)).unwrap_err();
    engine.commit(Part(0), batch).unwrap();
    drop(engine);
    let error = Rocks::open(scratch.path(), &options()).unwrap_err();
    assert!(matches!(error, OpenError::Foreign), "{error}");
}

#[test]
fn a_database_of_somebody_else() {
    let scratch = Scratch::new("foreign");
    let path = scratch.path().join("rocksdb");
    let mut theirs = rocksdb::Options::default();
    theirs.create_if_missing(true);
    theirs.create_missing_column_families(true);
    drop(rocksdb::DB::open_cf(&theirs, &path, ["default", "theirs"]).unwrap());
    let error = Rocks::open(scratch.path(), &options()).unwrap_err();
    assert!(matches!(error, OpenError::Foreign), "{error}");
}

#[test]
fn key_files() {
    let scratch = Scratch::new("key-files");
    let directory = scratch.path().join("keys");
    let made = Keys::generate(&directory).unwrap();
    assert_eq!(format!("{made:?}"), "Keys(..)");
    for (path, mode) in
        [(directory.clone(), 0o700), (directory.join(VALUE_KEY_FILE), 0o600), (directory.join(INDEX_KEY_FILE), 0o600)]
    {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    // The keys that were made are those that are read.
    let engine = Arc::new(Memory::new());
    Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &made).unwrap();
    Store::on(engine, &Keys::load(&directory).unwrap()).unwrap();
    // Never overwritten.
    assert!(matches!(Keys::generate(&directory), Err(KeysError::Io { .. })));
}

#[test]
fn bad_key_files() {
    let scratch = Scratch::new("bad-key-files");
    let directory = scratch.path();
    drop(Keys::generate(directory).unwrap());
    let value = directory.join(VALUE_KEY_FILE);
    let text = fs::read_to_string(&value).unwrap();
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&value, fs::Permissions::from_mode(mode)).unwrap();
        let error = Keys::load(directory).unwrap_err();
        assert!(matches!(&error, KeysError::Exposed { mode: found, .. } if *found == mode), "{error}");
    }
    fs::set_permissions(&value, fs::Permissions::from_mode(0o600)).unwrap();
    for bad in ["", "00", &format!("{}0", text.trim_end()), &text.replace(|c: char| c.is_ascii_hexdigit(), "g"), &"0".repeat(500)]
    {
        fs::write(&value, bad).unwrap();
        let error = Keys::load(directory).unwrap_err();
        assert!(matches!(error, KeysError::NotAKey { .. }), "{error}");
        assert!(!error.to_string().contains(text.trim_end()));
    }
    fs::copy(directory.join(INDEX_KEY_FILE), &value).unwrap();
    assert!(matches!(Keys::load(directory), Err(KeysError::Same { .. })));
    fs::remove_file(&value).unwrap();
    assert!(matches!(Keys::load(directory), Err(KeysError::Io { .. })));
}
