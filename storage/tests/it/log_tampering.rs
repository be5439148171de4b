//! Every byte that the store keeps of a log, changed: the check finds each.

use std::sync::Arc;

use storage::engine::memory::Memory;
use storage::engine::{Engine, Part, Space, Versioned};
use storage::log::Draft;
use storage::{Store, StoreError};

use crate::ledger::{Scribe, findings, look_up, newest, once, publishing, seal_use};
use crate::sample::keys;

const PART: Part = Part(0);

/// Whether a row is of the logs.
fn is_of_a_log(space: Space, key: &[u8]) -> bool {
    match space {
        Space::Log | Space::Tile | Space::Idem => true,
        Space::Hot => matches!(key.first(), Some(b'C' | b'F' | b'L' | b'O' | b'P' | b'Y')),
        Space::Idx => matches!(key.first(), Some(b'l' | b'B')),
        Space::Obj => false,
    }
}

type Kept = (Space, Vec<u8>, Versioned);

/// A store with a log of this many records in shards, and its rows.
fn filled(drafts: impl Iterator<Item = Draft>) -> (Arc<Memory>, Vec<Kept>) {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    publishing(&store, &Scribe::new());
    let drafts: Vec<Draft> = drafts.collect();
    for group in drafts.chunks(300) {
        store.logs().append_and_wait(group).unwrap();
    }
    newest(&store, crypto::record::LogName::Seal);
    drop(store);
    assert_eq!(check(&engine), 0);
    let rows = engine.rows().into_iter().filter(|(_, space, key, _)| is_of_a_log(*space, key));
    let rows = rows.map(|(_, space, key, row)| (space, key, row)).collect();
    (engine, rows)
}

/// How much a check finds.
fn check(engine: &Arc<Memory>) -> usize {
    findings(&Store::inspect_on(Arc::clone(engine) as Arc<dyn Engine>, &keys()).unwrap()).len()
}

/// Changes the bytes of a row, `step` apart, and looks whether each is found.
fn flip(engine: &Arc<Memory>, (space, key, row): &Kept, step: usize) {
    for place in (0..row.value.len()).step_by(step) {
        let mut changed = row.clone();
        changed.value[place] ^= 1;
        engine.overwrite(PART, *space, key, changed);
        assert!(check(engine) > 0, "byte {place} of {space:?} {key:02x?}");
    }
    engine.overwrite(PART, *space, key, row.clone());
}

#[test]
fn every_byte_of_a_small_log_is_checked() {
    let drafts = (0..8).map(|n| match n % 3 {
        0 => once(seal_use(1, 1, n * 900), &n.to_string()),
        1 => look_up(1, n * 900),
        _ => seal_use(2, 2, n * 900),
    });
    let (engine, rows) = filled(drafts);
    let spaces: Vec<Space> = rows.iter().map(|(space, _, _)| *space).collect();
    for space in [Space::Hot, Space::Log, Space::Tile, Space::Idem] {
        assert!(spaces.contains(&space), "{space:?}");
    }
    for row in &rows {
        flip(&engine, row, 1);
    }
    assert_eq!(check(&engine), 0);
}

#[test]
fn tiles_and_indexes_of_full_blocks_are_checked() {
    let (engine, rows) = filled((0..1024 + 10).map(|n| seal_use(u16::try_from(n % 7).unwrap(), 1, 0)));
    let mut of_kinds = Vec::new();
    for row in &rows {
        // The first row of each kind is enough: they are all compared alike, and each check reads the whole log.
        let kind = (row.0, row.1.get(..3).map(<[u8]>::to_vec), row.1.get(5).copied().filter(|_| row.0 == Space::Tile));
        if matches!(row.0, Space::Tile | Space::Idx) && !of_kinds.contains(&kind) {
            of_kinds.push(kind);
            flip(&engine, row, row.2.value.len().div_ceil(2));
        }
    }
    assert!(of_kinds.len() > 8);
    assert_eq!(check(&engine), 0);
}

#[test]
fn what_is_missing_or_too_much_is_found() {
    let (engine, rows) = filled((0..40).map(|n| seal_use(1, 1, n * 300)));
    for (space, key, row) in rows.iter().filter(|(space, key, _)| *space != Space::Hot || key.first() != Some(&b'P')) {
        engine.remove(PART, *space, key);
        assert!(check(&engine) > 0, "without {space:?} {key:02x?}");
        engine.overwrite(PART, *space, key, row.clone());
        if *space == Space::Hot && key.first() == Some(&b'L') {
            continue;
        }
        // The same row under a key that nothing else says anything of.
        let mut other = key.clone();
        if let Some(last) = other.last_mut() {
            *last ^= 0x80;
        }
        engine.overwrite(PART, *space, &other, row.clone());
        assert!(check(&engine) > 0, "more of {space:?} {key:02x?}");
        engine.remove(PART, *space, &other);
    }
    assert_eq!(check(&engine), 0);
}

#[test]
fn a_store_whose_log_is_not_whole_does_not_open() {
    let (engine, rows) = filled((0..10).map(|n| seal_use(1, 1, n)));
    for (space, key, row) in rows.iter().filter(|(space, key, _)| *space == Space::Log || key.first() == Some(&b'L')) {
        let mut changed = row.clone();
        changed.value[40] ^= 1;
        engine.overwrite(PART, *space, key, changed);
        let refused = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap_err();
        assert!(matches!(refused, StoreError::Storage(_)), "{refused}");
        engine.overwrite(PART, *space, key, row.clone());
    }
    Store::on(engine, &keys()).unwrap();
}
