//! What is erased or let go is in no file any more.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use crypto::record::LogName;
use storage::Store;
use storage::engine::rocks::Rocks;
use storage::engine::{Direction, Engine, Part, Range, Space};

use crate::ledger::{findings, seal_use};
use crate::sample::{keys, now, number, options};
use crate::scratch::Scratch;

/// The rows of the records, as they are on the disk: sealed.
fn rows(engine: &Rocks) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = engine.scan(Part(0), Space::Log, Range::prefix(&[]), Direction::Ascending, 10_000).unwrap();
    rows.into_iter().map(|(key, row)| (key, row.value)).collect()
}

/// The beginning of a sealed value: what all have, a number that no other has, and some of what is sealed.
fn mark(value: &[u8]) -> Vec<u8> {
    value[..40].to_vec()
}

/// How many of these values are anywhere in the files of the store.
fn found(scratch: &Scratch, values: &[Vec<u8>]) -> usize {
    let wanted: BTreeSet<Vec<u8>> = values.iter().map(|value| mark(value)).collect();
    let common = &values[0][..5];
    let mut seen = BTreeSet::new();
    for file in scratch.files() {
        let bytes = fs::read(file).unwrap();
        let windows = bytes.windows(40).filter(|window| window.starts_with(common));
        seen.extend(windows.filter(|window| wanted.contains(*window)).map(<[u8]>::to_vec));
    }
    seen.len()
}

#[test]
fn what_is_erased_or_let_go_is_in_no_file() {
    let scratch = Scratch::new("forgetting");
    let engine = Arc::new(Rocks::open(scratch.path(), &options()).unwrap());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    let drafts = |from: i64, to: i64| (from..to).map(|n| seal_use(1, u16::try_from(n % 50).unwrap(), n)).collect::<Vec<_>>();
    store.logs().append_and_wait(&drafts(0, 300)).unwrap();
    // In a table, and in the write-ahead log alone.
    engine.forget(Part(0), Space::Log, Vec::new()).unwrap();
    store.logs().append_and_wait(&drafts(300, 600)).unwrap();
    let before = rows(&engine);
    let values = |rows: &[(Vec<u8>, Vec<u8>)]| rows.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    // A write-ahead log is cut into blocks, and a few marks with it.
    assert!(found(&scratch, &values(&before)) > 590);

    assert_eq!(store.logs().erase(&number(3)).unwrap().records, 12);
    let after = rows(&engine);
    let gone: Vec<Vec<u8>> = before.iter().filter(|row| !after.contains(row)).map(|(_, value)| value.clone()).collect();
    assert_eq!((gone.len(), after.len()), (12, 600));
    assert_eq!((found(&scratch, &gone), found(&scratch, &values(&after))), (0, 600));

    for from in [600, 900, 1200, 1500, 1800, 2100] {
        store.logs().append_and_wait(&drafts(from, from + 300)).unwrap();
    }
    let before = rows(&engine);
    let retired = store.logs().retire(LogName::Seal, now().plus(2000)).unwrap();
    assert_eq!((retired.records, retired.kept_from), (1024, 1024));
    let after = rows(&engine);
    assert_eq!((found(&scratch, &values(&before[..1024])), found(&scratch, &values(&after))), (0, 2400 - 1024));
    assert!(findings(&store).is_empty());
}
