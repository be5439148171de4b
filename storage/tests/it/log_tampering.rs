//! Every byte that the store keeps of a log, changed: the check finds each.

use std::sync::Arc;

use crypto::record::LogName;
use storage::engine::memory::Memory;
use storage::engine::{Engine, Part, Space, Versioned};
use storage::log::{Draft, Fault};
use storage::{Store, StoreError};

use crate::ledger::{Scribe, findings, look_up, newest, once, publishing, seal_use, witness};
use crate::sample::keys;

const PART: Part = Part(0);

/// Whether a row is of the logs.
fn is_of_a_log(space: Space, key: &[u8]) -> bool {
    match space {
        Space::Log | Space::Tile | Space::Idem => true,
        Space::Hot => matches!(key.first(), Some(b'C' | b'F' | b'L' | b'O' | b'P' | b'v' | b'w' | b'Y')),
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
    newest(&store, LogName::Seal);
    witness(&store, "one");
    drop(store);
    assert_eq!(check(&engine), []);
    let rows = engine.rows().into_iter().filter(|(_, space, key, _)| is_of_a_log(*space, key));
    let rows = rows.map(|(_, space, key, row)| (space, key, row)).collect();
    (engine, rows)
}

/// What a check finds.
fn check(engine: &Arc<Memory>) -> Vec<Fault> {
    let store = Store::inspect_on(Arc::clone(engine) as Arc<dyn Engine>, &keys()).unwrap();
    findings(&store).iter().map(|finding| finding.fault).collect()
}

/// Changes each byte of a row, and looks whether that is found.
fn flip(engine: &Arc<Memory>, (space, key, row): &Kept) {
    for place in 0..row.value.len() {
        let mut changed = row.clone();
        changed.value[place] ^= 1;
        engine.overwrite(PART, *space, key, changed);
        assert_ne!(check(engine), [], "byte {place} of {space:?} {key:02x?}");
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
    for kind in *b"CFLPvwY" {
        assert!(rows.iter().any(|(space, key, _)| *space == Space::Hot && key.first() == Some(&kind)), "{kind}");
    }
    for row in &rows {
        flip(&engine, row);
    }
    assert_eq!(check(&engine), []);
}

/// What a row of a full block is. Each check reads the whole log, so that all rows of a kind are changed together: each one must be
/// found by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Index,
    Hashes,
    Entries,
}

impl Whole {
    fn of((space, key, _): &Kept) -> Option<Self> {
        match space {
            Space::Idx => Some(Self::Index),
            Space::Tile if key.get(5) == Some(&0xff) => Some(Self::Entries),
            Space::Tile => Some(Self::Hashes),
            Space::Hot | Space::Log | Space::Idem | Space::Obj => None,
        }
    }

    /// Whether this is what is said of such a row.
    fn is_found_by(self, fault: Fault) -> bool {
        match self {
            Self::Index => fault == Fault::IndexDiffers,
            Self::Hashes => fault == Fault::TileDiffers,
            Self::Entries => matches!(fault, Fault::EntryDiffers | Fault::BundleDamaged),
        }
    }
}

#[test]
fn every_tile_and_index_row_of_full_blocks_is_checked() {
    // Full rows of bits in the index as well as short lists, and a record in a block that is not full.
    let (engine, rows) = filled((0..1024 + 10).map(|n| seal_use(u16::try_from(n % 7).unwrap(), 1, n / 100)));
    for (kind, at_least) in [(Whole::Index, 30), (Whole::Hashes, 4), (Whole::Entries, 4)] {
        let rows: Vec<&Kept> = rows.iter().filter(|row| Whole::of(row) == Some(kind)).collect();
        assert!(rows.len() >= at_least, "{}", rows.len());
        let found = || check(&engine).into_iter().filter(|fault| kind.is_found_by(*fault)).count();
        let restore = || rows.iter().for_each(|(space, key, row)| engine.overwrite(PART, *space, key, row.clone()));
        for round in 0..16 {
            for (space, key, row) in &rows {
                let mut changed = row.clone();
                let length = changed.value.len();
                changed.value[(round * length / 16 + round) % length] ^= 1 << (round % 8);
                engine.overwrite(PART, *space, key, changed);
            }
            assert_eq!(found(), rows.len(), "round {round}");
        }
        restore();
        for (space, key, _) in &rows {
            engine.remove(PART, *space, key);
        }
        assert_eq!(found(), rows.len());
        restore();
    }
    assert_eq!(check(&engine), []);
}

#[test]
fn what_is_missing_or_too_much_is_found() {
    let (engine, rows) = filled((0..40).map(|n| seal_use(1, 1, n * 300)));
    for (space, key, row) in &rows {
        let kind = key.first().filter(|_| *space == Space::Hot);
        // What witnesses signed may be missing: they are asked again.
        if kind != Some(&b'w') {
            engine.remove(PART, *space, key);
            assert_ne!(check(&engine), [], "without {space:?} {key:02x?}");
            engine.overwrite(PART, *space, key, row.clone());
        }
        // Nothing looks for these under a number of a log that there is not.
        if matches!(kind, Some(b'L' | b'P')) {
            continue;
        }
        // The same row under a key that nothing else says anything of.
        let mut other = key.clone();
        if let Some(last) = other.last_mut() {
            *last ^= 0x80;
        }
        engine.overwrite(PART, *space, &other, row.clone());
        assert_ne!(check(&engine), [], "more of {space:?} {key:02x?}");
        engine.remove(PART, *space, &other);
    }
    assert_eq!(check(&engine), []);
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
    // Nor one that does not know any more what it signed.
    let (space, key, row) = rows.iter().find(|(_, key, _)| key.first() == Some(&b'P')).unwrap();
    engine.remove(PART, *space, key);
    assert!(check(&engine).contains(&Fault::SignedMissing));
    Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap_err();
    engine.overwrite(PART, *space, key, row.clone());
    Store::on(engine, &keys()).unwrap();
}

#[test]
fn what_witnesses_signed_is_held_against_the_tree() {
    let (engine, _) = filled((0..9).map(|n| seal_use(1, 1, n)));
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    let good = store.witnessing().cosigned(LogName::Seal, 0).unwrap();
    let mut other = good.clone();
    let newest = other.newest.as_mut().unwrap();
    // The same tree under a note of another root.
    let mut lines: Vec<String> = newest.note.lines().map(str::to_owned).collect();
    lines[2] = crypto::tlog::leaf_hash(b"another").to_string();
    newest.note = lines.join("\n") + "\n";
    store.witnessing().keep_cosigned(LogName::Seal, 0, &other).unwrap();
    assert_eq!(check(&engine), [Fault::CosignedDiffers]);
    let mut longer = good.clone();
    longer.lines.values_mut().for_each(|line| line.size += 1);
    store.witnessing().keep_cosigned(LogName::Seal, 0, &longer).unwrap();
    assert_eq!(check(&engine), [Fault::CosignedDiffers]);
    store.witnessing().keep_cosigned(LogName::Seal, 0, &good).unwrap();
    store.witnessing().keep_cosigned(LogName::Seal, 7, &good).unwrap();
    assert_eq!(check(&engine), [Fault::CosignedDamaged]);
}
