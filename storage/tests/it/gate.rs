//! A disk that has no room, and a disk that hangs: what is refused then was not written, and nothing is in doubt.

use std::sync::Arc;

use storage::engine::Engine;
use storage::engine::memory::Memory;
use storage::{Refusal, Room, StorageError, Store};

use crate::ledger::{look_up, once};
use crate::sample::{keys, now};

fn add(store: &Store, name: &[u8]) -> Result<bool, StorageError> {
    store.certificates().add(name, "issuing-system", now()).map(|stored| stored.is_new())
}

#[test]
fn a_disk_without_room_takes_records_longer_than_changes() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    let record = |seconds| store.logs().append_and_wait(&[look_up(1, seconds)]);
    assert_eq!(add(&store, b"1"), Ok(true));
    record(1).unwrap();

    store.gate().set_room(Room::Records);
    let before = engine.rows();
    assert_eq!(add(&store, b"2"), Err(StorageError::Unavailable));
    // What its caller named is what it asked for, not the record of something else.
    let named = store.logs().append_and_wait(&[once(look_up(1, 2), "use")]);
    assert_eq!(named, Err(StorageError::Unavailable));
    store.probe(now()).unwrap();
    assert_eq!(engine.rows(), before, "nothing was written");
    record(3).unwrap();
    assert!(engine.rows().len() > before.len());

    store.gate().set_room(Room::None);
    let before = engine.rows();
    assert_eq!(add(&store, b"2"), Err(StorageError::Unavailable));
    assert_eq!(record(4), Err(StorageError::Unavailable));
    assert_eq!(store.probe(now()), Err(StorageError::Unavailable));
    assert_eq!(engine.rows(), before, "nothing was written");
    assert_eq!(store.certificates().list(None, 9).unwrap().items.len(), 1, "reads go on");

    store.gate().set_room(Room::Ample);
    assert_eq!(add(&store, b"2"), Ok(true));
    assert_eq!(record(5).unwrap()[0].number, 2);
    store.probe(now()).unwrap();
}

#[test]
fn behind_a_write_that_hangs_nobody_waits() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    assert_eq!(add(&store, b"1"), Ok(true));
    assert_eq!(store.gate().turn(), None);
    let (is_reached, go) = engine.hold();
    let hung = std::thread::spawn({
        let store = store.clone();
        move || add(&store, b"2")
    });
    is_reached.recv().unwrap();
    let turn = store.gate().turn().unwrap();
    store.gate().hangs(turn);
    for is_change in [true, false] {
        assert_eq!(store.gate().refusal(is_change), Some(Refusal::Hangs));
    }
    assert_eq!(add(&store, b"3"), Err(StorageError::Unavailable));
    assert_eq!(store.logs().append_and_wait(&[look_up(1, 1)]), Err(StorageError::Unavailable));
    assert_eq!(store.probe(now()), Err(StorageError::Unavailable));
    assert_eq!(add(&store, b"1"), Ok(false), "what is there is still told");

    go.send(()).unwrap();
    assert_eq!(hung.join().unwrap(), Ok(true), "what had begun was made, and is told");
    assert_eq!(add(&store, b"3"), Ok(true));
    store.logs().append_and_wait(&[look_up(1, 1)]).unwrap();
}
