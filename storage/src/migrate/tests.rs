//! Steps that are refused, broken off and taken again; and the first one, over a store as format 1 left it.

use super::*;
use crate::engine::memory::{Fault, FaultPlan, Memory};
use crate::keyring::row::Ring;
use crate::keys;
use crate::records::KeyCheck;
use crate::shelf::{Committed, Shelf};
use crate::store::Store;
use crate::vault::Vault;
use crypto::digest::to_hex;

fn keys() -> Keys {
    Keys::new([1; 32], [2; 32])
}

fn engine() -> (Arc<Memory>, Arc<dyn Engine>) {
    let memory = Arc::new(Memory::new());
    let engine: Arc<dyn Engine> = Arc::<Memory>::clone(&memory);
    (memory, engine)
}

fn row(text: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(Space::Hot, text.to_vec(), text.to_vec());
    batch
}

/// Two steps: one for everybody, and one that takes long and can be broken off.
static TWO: &[Step] = &[
    Step { from: 1, to: 2, name: "quick", is_online: true, run: |_, _, _| Ok(row(b"quick")) },
    Step { from: 2, to: 3, name: "long", is_online: false, run: long },
];

fn long(engine: &Arc<dyn Engine>, _: &Keys, done: &mut dyn FnMut(u64)) -> Result<Batch, StoreError> {
    for (count, name) in (1..).zip([b"a", b"b", b"c"]) {
        if engine.get(REGISTRY, Space::Hot, name).map_err(StorageError::from)?.is_none() {
            engine.commit(REGISTRY, row(name)).map_err(StorageError::from)?;
        }
        done(count);
    }
    Ok(row(b"long"))
}

#[test]
fn a_start_takes_quick_steps_and_names_the_others() {
    let (_, engine) = engine();
    let refused = take(TWO, &engine, &keys(), By::Start, &mut |_| ()).unwrap_err();
    assert!(matches!(refused, StoreError::NeedsMigration { format: 2 }), "{refused}");
    assert!(refused.to_string().contains("the store has format 2") && refused.to_string().contains("licet store migrate"));
    assert_eq!(format(engine.as_ref()).unwrap().0, Format::of(2), "the quick one is taken");
}

#[test]
fn an_operator_takes_all_and_hears_of_it() {
    let (_, engine) = engine();
    let mut heard = Vec::new();
    // What this program writes ends at its newest format: format 3 is told of by nobody who reads it.
    let taken = take(&TWO[1..], &engine, &keys(), By::Operator, &mut |progress| heard.push(progress));
    assert_eq!(taken.unwrap(), Migrated { from: 1, to: 1 }, "no step begins at format 1");
    take(&TWO[..1], &engine, &keys(), By::Operator, &mut |progress| heard.push(progress)).unwrap();
    assert_eq!(heard, []);
    let newer = take(&TWO[1..], &engine, &keys(), By::Operator, &mut |progress| heard.push(progress)).unwrap_err();
    assert!(newer.to_string().contains("in format 3"), "{newer}");
    assert_eq!(
        heard.iter().map(|progress| (progress.name, progress.done)).collect::<Vec<_>>(),
        [("long", 1), ("long", 2), ("long", 3)]
    );
}

#[test]
fn a_step_that_was_broken_off_anywhere_is_taken_again() {
    for commit in 0..4 {
        for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
            let (memory, engine) = engine();
            take(&TWO[..1], &engine, &keys(), By::Operator, &mut |_| ()).unwrap();
            memory.plan(FaultPlan::new().at(commit, fault).poisoning());
            take(&TWO[1..], &engine, &keys(), By::Operator, &mut |_| ()).unwrap_err();
            memory.restart();
            // The newest format of the table is newer than this program: that it is reached shows in its name.
            let reached = take(&TWO[1..], &engine, &keys(), By::Operator, &mut |_| ()).unwrap_err();
            assert!(reached.to_string().contains("in format 3"), "commit {commit}, {fault:?}: {reached}");
            let versions = |name: &[u8]| memory.get(REGISTRY, Space::Hot, name).unwrap().map(|row| row.version);
            assert_eq!(
                [b"a", b"b", b"c"].map(|name| versions(name)),
                [Some(1); 3],
                "commit {commit}, {fault:?}: nothing is done twice"
            );
            assert_eq!(versions(b"long"), Some(1));
        }
    }
}

/// A store as format 1 left it.
fn first(memory: &Arc<dyn Engine>) {
    let ring = Ring::of_given(&keys()).unwrap();
    let shelf = Shelf::new(Arc::clone(memory), Vault::new(&ring, &keys()), false);
    let mut change = shelf.change();
    let check = KeyCheck { index: to_hex(&shelf.vault.blind(b"key check", b"")) };
    change.insert(keys::key_check(), &check).unwrap();
    assert!(matches!(change.commit().unwrap(), Committed::Yes));
}

#[test]
fn the_keyring_is_made_whole_or_not_at_all() {
    for commit in 0..2 {
        for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
            let (memory, engine) = engine();
            first(&engine);
            memory.plan(FaultPlan::new().at(commit, fault).poisoning());
            assert!(Store::on(Arc::clone(&engine), &keys()).is_err());
            memory.restart();
            let store = Store::on(Arc::clone(&engine), &keys()).unwrap();
            let named = Ring::of_given(&keys()).unwrap().current().id;
            assert_eq!(store.keyring().list().unwrap().into_iter().map(|key| key.id).collect::<Vec<_>>(), [named]);
            assert_eq!(format(engine.as_ref()).unwrap().0, Format::of(2));
        }
    }
}

#[test]
fn a_store_of_format_1_is_not_taken_over_with_other_keys() {
    let (memory, engine) = engine();
    first(&engine);
    let before = memory.rows();
    for (keys, expected) in [
        (Keys::new([9; 32], [2; 32]), "opens with the key"),
        (Keys::new([1; 32], [9; 32]), "another index key"),
        (Keys::outside([1; 32]), "is opened with its index key"),
    ] {
        let error = Store::on(Arc::clone(&engine), &keys).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(memory.rows(), before);
    Store::on(Arc::clone(&engine), &keys()).unwrap();
    Store::on(engine, &Keys::outside([1; 32])).unwrap();
}
