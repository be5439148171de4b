//! Places in status lists: one for every version of a licence, for ever, and never the same for two.

use std::collections::BTreeSet;
use std::thread;

use crypto::licence::{Operation, Status};
use storage::slots::{SLOTS, Slot};
use storage::{Store, Stored};

use crate::sample::{identifier, ingest, keys, licence, options, status};
use crate::scratch::Scratch;

fn serial(n: u16) -> String {
    format!("S{n:04}")
}

fn fill(store: &Store, licences: std::ops::Range<u16>) {
    for n in licences {
        store.licences().ingest(&licence(&serial(n), 1, &[1], &n.to_be_bytes()), &ingest()).unwrap();
    }
}

fn slots(store: &Store, licences: std::ops::Range<u16>) -> Vec<Slot> {
    licences.map(|n| store.licences().slot(&identifier(&serial(n), 1)).unwrap().unwrap()).collect()
}

#[test]
fn every_version_has_its_own_and_keeps_it() {
    let store = Store::memory(&keys()).unwrap();
    fill(&store, 0..200);
    let before = slots(&store, 0..200);
    let distinct: BTreeSet<_> = before.iter().copied().collect();
    assert_eq!(distinct.len(), 200);
    assert!(before.iter().all(|slot| slot.list == 0 && slot.index < SLOTS));
    assert!(!before.is_sorted(), "places say nothing of the order in which licences came in");
    store.licences().change_status(&identifier(&serial(0), 1), &status(Operation::Suspend)).unwrap();
    store.licences().ingest(&licence(&serial(1), 2, &[1], b"two"), &ingest()).unwrap();
    assert_eq!(slots(&store, 0..200), before);
    let second = store.licences().slot(&identifier(&serial(1), 2)).unwrap().unwrap();
    assert!(!distinct.contains(&second));
    let record = store.licences().by_slot(before[1]).unwrap().unwrap();
    assert_eq!((record.identifier(), record.current().unwrap().0), (&identifier(&serial(1), 1), Status::Superseded));
    assert_eq!(store.licences().slot(&identifier("NONE", 1)).unwrap(), None);
    let nobody = (0..).map(|index| Slot { list: 0, index }).find(|slot| !distinct.contains(slot) && *slot != second).unwrap();
    assert_eq!(store.licences().by_slot(nobody).unwrap(), None);
}

#[test]
fn a_list_is_walked_in_pages() {
    let store = Store::memory(&keys()).unwrap();
    fill(&store, 0..50);
    for limit in [1, 7, 50, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.licences().in_list(0, after, limit).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.slot.index);
            found.extend(page);
        }
        assert!(found.is_sorted_by_key(|placed| placed.slot));
        let mut serials: Vec<_> = found.iter().map(|placed| placed.record.identifier().serial().to_owned()).collect();
        serials.sort();
        assert_eq!(serials, (0..50).map(serial).collect::<Vec<_>>());
    }
    assert!(store.licences().in_list(1, None, 10).unwrap().is_empty());
}

#[test]
fn of_many_at_once_no_two_get_the_same() {
    let store = Store::memory(&keys()).unwrap();
    let threads: Vec<_> = (0..8_u16)
        .map(|n| {
            let store = store.clone();
            thread::spawn(move || fill(&store, n * 20..n * 20 + 20))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(slots(&store, 0..160).into_iter().collect::<BTreeSet<_>>().len(), 160);
}

#[test]
fn places_outlive_a_restart() {
    let scratch = Scratch::new("slots");
    let open = || Store::open(scratch.path(), &keys(), &options()).unwrap();
    let store = open();
    fill(&store, 0..5);
    let before = slots(&store, 0..5);
    drop(store);
    let store = open();
    assert_eq!(slots(&store, 0..5), before);
    let again = store.licences().ingest(&licence(&serial(0), 1, &[1], &0_u16.to_be_bytes()), &ingest()).unwrap();
    assert!(matches!(again, Stored::Unchanged(_)));
    assert_eq!(slots(&store, 0..5), before);
}
