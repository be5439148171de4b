//! What an engine promises beyond being a map.

use std::sync::Arc;
use std::thread;

use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::engine::rocks::Rocks;
use storage::engine::{Batch, CommitError, Engine, Malformed, Part, Space};

use crate::sample::options;
use crate::scratch::Scratch;

const PART: Part = Part(0);

fn insert(key: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.insert(Space::Obj, key.to_vec(), key.to_vec());
    batch
}

/// Sixteen threads, each with rows of its own and one row that all of them count up.
fn crowd(engine: &Arc<Rocks>) {
    const ROUNDS: u64 = 20;
    let threads: Vec<_> = (0..16_u64)
        .map(|thread| {
            let engine = Arc::clone(engine);
            thread::spawn(move || {
                for round in 0..ROUNDS {
                    engine.commit(PART, insert(format!("{thread}/{round}").as_bytes())).unwrap();
                    count_up(engine.as_ref());
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn count_up(engine: &dyn Engine) {
    loop {
        let mut batch = Batch::new();
        match engine.get(PART, Space::Hot, b"count").unwrap() {
            None => batch.insert(Space::Hot, b"count".to_vec(), vec![1]),
            Some(row) => batch.replace(Space::Hot, b"count".to_vec(), row.version, vec![1]),
        }
        match engine.commit(PART, batch) {
            Ok(()) => return,
            Err(error) => assert_eq!(error, CommitError::Conflict),
        }
    }
}

fn assert_crowd(engine: &Rocks) {
    for thread in 0..16 {
        for round in 0..20 {
            let key = format!("{thread}/{round}");
            assert!(engine.get(PART, Space::Obj, key.as_bytes()).unwrap().is_some(), "{key} was acknowledged and is gone");
        }
    }
    assert_eq!(engine.get(PART, Space::Hot, b"count").unwrap().unwrap().version, 16 * 20);
}

#[test]
fn what_a_crowd_was_promised_is_there() {
    let scratch = Scratch::new("crowd");
    let engine = Arc::new(Rocks::open(scratch.path(), &options()).unwrap());
    crowd(&engine);
    // The engine is still open: the copy is what a crash at this moment leaves.
    let crashed = scratch.copy("crowd-crashed");
    assert_crowd(&Rocks::open(crashed.path(), &options()).unwrap());
    drop(engine);
    assert_crowd(&Rocks::open(scratch.path(), &options()).unwrap());
}

#[test]
fn the_rules_hold_on_both() {
    let scratch = Scratch::new("rules");
    let rocks = Rocks::open(scratch.path(), &options()).unwrap();
    let memory = Memory::new();
    for engine in [&rocks as &dyn Engine, &memory] {
        assert_eq!(engine.commit(PART, Batch::new()), Err(CommitError::Malformed(Malformed::EmptyBatch)));
        let mut batch = Batch::new();
        batch.put(Space::Obj, vec![1; 201], vec![1]);
        assert_eq!(engine.commit(PART, batch), Err(CommitError::Malformed(Malformed::KeyTooLong { bytes: 201 })));
        let mut batch = Batch::new();
        (0..=131_072_u32).for_each(|n| batch.put(Space::Obj, n.to_be_bytes().to_vec(), vec![1]));
        assert!(matches!(engine.commit(PART, batch), Err(CommitError::TooLarge { writes: 131_073, .. })));
        for known in [None, Some(1), Some(2)] {
            let mut batch = Batch::new();
            batch.put_known(Space::Obj, vec![1], known, vec![1]);
            assert_eq!(engine.commit(PART, batch), Ok(()));
            let row = engine.get(PART, Space::Obj, &[1]).unwrap().unwrap();
            assert_eq!(row.version, known.unwrap_or(0) + 1);
        }
        assert_eq!(engine.barrier(PART), Ok(()));
    }
    // Nobody has to notice what cannot be; that memory does is for tests.
    let mut batch = Batch::new();
    batch.put_known(Space::Obj, vec![1], None, vec![1]);
    assert_eq!(memory.commit(PART, batch), Err(CommitError::Conflict));
}

#[test]
fn memory_fails_as_planned() {
    let memory = Memory::new();
    let there = |key: &[u8]| memory.settle(PART, Space::Obj, key).unwrap().is_some();
    memory.plan(FaultPlan::new().at(1, Fault::Lost).at(2, Fault::Kept).at(3, Fault::Refused));
    assert_eq!(memory.commit(PART, insert(b"a")), Ok(()));
    assert_eq!((memory.commit(PART, insert(b"b")), there(b"b")), (Err(CommitError::Unknown), false));
    assert_eq!((memory.commit(PART, insert(b"c")), there(b"c")), (Err(CommitError::Unknown), true));
    assert_eq!((memory.commit(PART, insert(b"d")), there(b"d")), (Err(CommitError::Unavailable), false));
    assert_eq!(memory.commit(PART, insert(b"e")), Ok(()));
    memory.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    assert_eq!(memory.commit(PART, insert(b"f")), Err(CommitError::Unknown));
    assert_eq!(memory.commit(PART, insert(b"g")), Err(CommitError::Poisoned));
    assert!(there(b"a"), "reads go on");
    memory.restart();
    assert_eq!(memory.commit(PART, insert(b"g")), Ok(()));
}
