//! One byte of a table on the disk, changed while nobody has the store open: what lies in that block is refused by name, the rest
//! goes on, and whoever looks for damage finds it.

use std::fs;

use crypto::digest::Sha256;
use crypto::record::LogName;
use storage::log::Fault;
use storage::{Options, StorageError, Store, SurveyEnd};

use crate::ledger::{findings, look_up};
use crate::sample::{keys, now};
use crate::scratch::Scratch;

fn open(scratch: &Scratch) -> Store {
    Store::open(scratch.path(), &keys(), &Options::default()).unwrap()
}

/// Changes a byte in the middle of the largest table: far from its index, which stands at the end.
fn flip(scratch: &Scratch) {
    let tables = scratch.files().into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "sst"));
    let table = tables.max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap();
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, bytes).unwrap();
}

#[test]
fn a_damaged_block_takes_nothing_else_along() {
    let scratch = Scratch::new("damaged-file");
    let store = open(&scratch);
    let files: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 20_000]).collect();
    for file in &files {
        store.certificates().add(file, "issuing-system", now()).unwrap();
    }
    drop(store);
    // What is in the write-ahead log goes into tables.
    drop(open(&scratch));
    flip(&scratch);

    let store = open(&scratch);
    let read = |file: &Vec<u8>| store.certificates().certificate(&Sha256::of(&[file]));
    let damaged: Vec<_> = files.iter().filter(|file| read(file).is_err()).collect();
    assert!((1..=3).contains(&damaged.len()), "{} of 40", damaged.len());
    assert!(store.damaged_reads() >= 1);
    for file in &files {
        match read(file) {
            Ok(record) => assert_eq!(&record.unwrap().der, file),
            Err(error) => assert!(matches!(error, StorageError::Corrupt { .. }), "{error}"),
        }
    }
    // Rows beside it are written as before.
    store.probe(now()).unwrap();
    store.certificates().add(b"another", "issuing-system", now()).unwrap();
    drop(store);
    let store = Store::inspect(scratch.path(), &keys(), &Options::default()).unwrap();
    let ends = |rows_max| -> Vec<_> {
        let surveyed = store.survey(rows_max).unwrap();
        surveyed.iter().filter(|surveyed| surveyed.end != SurveyEnd::Whole).map(|it| (it.space, it.end)).collect()
    };
    assert_eq!(ends(u64::MAX), [("obj", SurveyEnd::Damaged)]);
    assert!(ends(1).contains(&("idx", SurveyEnd::Enough)));
    assert_eq!(findings(&store), [], "it is not in the logs");
}

#[test]
fn the_check_of_the_logs_goes_past_a_damaged_block() {
    let scratch = Scratch::new("damaged-log");
    let store = open(&scratch);
    for group in 0..10 {
        let drafts: Vec<_> = (0..200).map(|n| look_up(1, group * 200 + n)).collect();
        store.logs().append_and_wait(&drafts).unwrap();
    }
    drop(store);
    drop(open(&scratch));
    flip(&scratch);
    let store = Store::inspect(scratch.path(), &keys(), &Options::default()).unwrap();
    let found = findings(&store);
    let damaged: Vec<_> = found.iter().filter(|finding| finding.fault == Fault::RecordDamaged).collect();
    assert!((1..20).contains(&damaged.len()), "{found:?}");
    assert!(damaged.iter().all(|finding| finding.log == Some(LogName::Access) && finding.at.is_some()), "{damaged:?}");
    assert!(store.damaged_reads() >= 1);
}
