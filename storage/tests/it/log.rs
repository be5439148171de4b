//! The logs through their public face: numbers, chains, trees, shards, checkpoints, erasure, retention.

use std::sync::{Arc, mpsc};
use std::thread;

use crypto::record::{Chain, KeyKind, Link, LogName, Opening, Part, SealMention, Stamp};
use crypto::tlog::merkle::verify_inclusion;
use crypto::tlog::{TileKind, TilePath, leaf_hash};
use storage::engine::Engine;
use storage::engine::memory::Memory;
use storage::log::{Draft, Pending, Recorded};
use storage::{StorageError, Store};

use crate::ledger::{Scribe, assert_signed, findings, look_up, newest, once, publishing, root_of_tiles, seal_use};
use crate::sample::{ingest, keys, licence, now, number, options};
use crate::scratch::Scratch;

fn memory() -> (Arc<Memory>, Store) {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    (engine, store)
}

fn append(store: &Store, drafts: &[Draft]) -> Vec<Recorded> {
    store.logs().append_and_wait(drafts).unwrap()
}

fn links(opening: &Opening) -> Vec<Link> {
    (Opening::LINKS..opening.parts.len()).filter_map(|place| opening.read(place)).collect()
}

#[test]
fn records_get_numbers_and_times_and_chains() {
    let (_, store) = memory();
    // The clock was set back for the third.
    let drafts = [seal_use(1, 1, 0), seal_use(2, 1, 5), seal_use(1, 2, 3), look_up(1, 4), seal_use(1, 1, 9)];
    let recorded = append(&store, &drafts);
    let places: Vec<_> = recorded.iter().map(|recorded| (recorded.log, recorded.number, recorded.at)).collect();
    let at = |seconds| now().plus(seconds);
    use LogName::{Access, Seal};
    assert_eq!(places, [(Seal, 0, at(0)), (Seal, 1, at(5)), (Seal, 2, at(5)), (Access, 0, at(4)), (Seal, 3, at(9))]);
    let mut all = Vec::new();
    for recorded in &recorded {
        let opening = store.logs().record(recorded.log, recorded.number).unwrap().unwrap();
        assert_eq!(opening.entry(), recorded.entry);
        assert_eq!(opening.read(Opening::STAMP), Some(Stamp { number: recorded.number, at: recorded.at }));
        all.push(links(&opening));
    }
    // Seal 1: records 0, 2 and 3. Citizen 1: 0, 1 and 3 of one log, and a chain of their own in the other.
    assert_eq!(all[0][0].count, 0);
    assert_eq!(all[0][0].next(Stamp { number: 0, at: at(0) }), all[2][0]);
    assert_eq!(all[2][0].next(Stamp { number: 2, at: at(5) }), all[4][0]);
    assert_eq!(all[4][0].chain, Chain::EMPTY.then(0).then(2));
    assert_eq!(all[1][0], Link::first(KeyKind::Seal, all[1][0].key));
    assert_eq!(all[4][1].chain, Chain::EMPTY.then(0).then(1));
    assert_eq!(all[4][1].key, all[3][0].key);
    assert_eq!((all[3][0].count, all[2][1].count), (0, 0));
    assert_ne!(all[2][1].key, all[0][1].key);
    assert_eq!(store.logs().size(Seal), Ok(4));
    assert_eq!(store.logs().record(Seal, 4), Ok(None));
    assert_eq!(findings(&store), []);
}

#[test]
fn a_request_of_a_name_is_recorded_once() {
    let (engine, store) = memory();
    let first = append(&store, &[once(seal_use(1, 1, 0), "a"), once(seal_use(1, 1, 0), "a"), once(seal_use(1, 1, 1), "b")]);
    assert_eq!(first.iter().map(|r| (r.number, r.is_repeat)).collect::<Vec<_>>(), [(0, false), (0, true), (1, false)]);
    let store = Store::on(engine, &keys()).unwrap();
    let again = append(&store, &[once(seal_use(7, 7, 7), "b")]);
    assert_eq!(again, [Recorded { is_repeat: true, ..first[2].clone() }]);
    let other =
        Draft { once: Some(storage::log::Once { caller: "system-1".to_owned(), name: "a".to_owned() }), ..seal_use(1, 1, 2) };
    assert_eq!(append(&store, &[other])[0].number, 2);
    assert_eq!(findings(&store), []);
}

#[test]
fn a_record_is_written_with_the_change_that_it_is_about_or_not_at_all() {
    let (engine, store) = memory();
    let pending = Pending::new(vec![seal_use(1, 1, 0), look_up(1, 0)]);
    let before = engine.commits();
    assert!(store.licences().recording(&pending).ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap().is_new());
    assert_eq!(engine.commits(), before + 1);
    assert_eq!(pending.recorded().unwrap().len(), 2);
    let again = Pending::new(vec![seal_use(1, 1, 1)]);
    store.licences().recording(&again).ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap();
    assert_eq!(again.recorded(), None);
    let refused = Pending::new(vec![seal_use(1, 1, 2)]);
    store.licences().recording(&refused).ingest(&licence("A1", 1, &[1], b"two"), &ingest()).unwrap_err();
    assert_eq!((refused.recorded(), store.logs().size(LogName::Seal)), (None, Ok(1)));
    let mut long = seal_use(1, 1, 3);
    long.facts.purpose = Some("x".repeat(70_000));
    assert_eq!(store.logs().append_and_wait(&[seal_use(1, 1, 3), long]), Err(StorageError::TooLarge));
    assert_eq!(store.logs().size(LogName::Seal), Ok(1));
}

#[test]
fn what_is_published_is_the_tree_of_the_records() {
    let (engine, store) = memory();
    let scribe = Scribe::new();
    publishing(&store, &scribe);
    assert_eq!(store.logs().published(LogName::Seal), None);
    let mut recorded = Vec::new();
    for size in [1, 2, 253, 1, 300] {
        let drafts: Vec<Draft> = (0..size).map(|n| seal_use(n % 5, n % 7, 0)).collect();
        recorded.extend(append(&store, &drafts));
        let published = newest(&store, LogName::Seal);
        assert_eq!(published.size, u64::try_from(recorded.len()).unwrap());
        assert_eq!(root_of_tiles(&store, &published), published.root);
        for recorded in &recorded {
            let proof = store.logs().inclusion(recorded.number, &published).unwrap();
            let leaf = leaf_hash(&recorded.entry.0);
            assert_eq!(verify_inclusion(recorded.number, published.size, &leaf, &published.root, &proof), Ok(()));
        }
    }
    assert_signed(&store, &scribe);
    let bundle = |index, width| store.logs().tile(LogName::Seal, 0, &TilePath::new(TileKind::Entries, index, width).unwrap());
    assert_eq!(bundle(0, 256).unwrap().unwrap()[2..34], recorded[0].entry.0);
    assert_eq!(bundle(2, 45).unwrap().unwrap()[44 * 34 + 2..], recorded[556].entry.0);
    assert_eq!(bundle(0, 9).unwrap().unwrap().len(), 9 * 34, "narrower than it is by now");
    assert_eq!((bundle(2, 46), bundle(3, 1)), (Ok(None), Ok(None)));
    assert_eq!(store.logs().inclusion(557, &newest(&store, LogName::Seal)), Err(StorageError::NotFound { what: "record" }));
    // A start finds it all again, and says the same.
    let before = newest(&store, LogName::Seal);
    drop(store);
    let store = Store::on(engine, &keys()).unwrap();
    publishing(&store, &scribe);
    assert_eq!(store.logs().published(LogName::Seal), Some(before));
    append(&store, &[seal_use(1, 1, 1)]);
    assert_eq!(newest(&store, LogName::Seal).size, 558);
    assert_signed(&store, &scribe);
    assert_eq!(findings(&store), []);
}

#[test]
fn a_new_period_begins_a_new_shard() {
    let (engine, store) = memory();
    let scribe = Scribe::new();
    // Before anybody names periods there is one without a name.
    append(&store, &[seal_use(1, 1, 0)]);
    publishing(&store, &scribe);
    let drafts: Vec<Draft> = (1..=700).map(|n| seal_use(1, 1, n * 20)).collect();
    let recorded = append(&store, &drafts);
    let shards = store.logs().shards(LogName::Seal).unwrap();
    let periods: Vec<_> = shards.iter().map(|shard| (shard.period.as_str(), shard.first, shard.size, shard.is_closed)).collect();
    let expected = [
        ("", 0, 1, true),
        ("2026-03-01T00", 1, 179, true),
        ("2026-03-01T01", 180, 180, true),
        ("2026-03-01T02", 360, 180, true),
        ("2026-03-01T03", 540, 161, false),
    ];
    assert_eq!(periods, expected);
    newest(&store, LogName::Seal);
    for shard in &shards {
        let published = store.logs().published_of(LogName::Seal, shard.shard).unwrap().unwrap();
        assert_eq!((published.size, published.is_final, &published.period), (shard.size, shard.is_closed, &shard.period));
        assert_eq!(root_of_tiles(&store, &published), published.root);
    }
    let (reply, done) = mpsc::channel();
    store.logs().when_covered(LogName::Seal, 200, Box::new(move |published| reply.send(published).unwrap()));
    let covering = done.recv().unwrap().unwrap();
    assert_eq!((covering.shard, covering.size, covering.is_final), (2, 180, true));
    let proof = store.logs().inclusion(200, &covering).unwrap();
    let leaf = leaf_hash(&recorded[199].entry.0);
    assert_eq!(verify_inclusion(20, 180, &leaf, &covering.root, &proof), Ok(()));
    assert_signed(&store, &scribe);
    drop(store);
    let store = Store::on(engine, &keys()).unwrap();
    publishing(&store, &scribe);
    assert_eq!(store.logs().shards(LogName::Seal).unwrap(), shards);
    assert_signed(&store, &scribe);
    assert_eq!(findings(&store), []);
}

#[test]
fn whoever_waits_for_nothing_hears_so() {
    let (_, store) = memory();
    let covered = |store: &Store, number| {
        let (reply, done) = mpsc::channel();
        store.logs().when_covered(LogName::Seal, number, Box::new(move |published| reply.send(published).unwrap()));
        done
    };
    append(&store, &[seal_use(1, 1, 0)]);
    assert_eq!(covered(&store, 0).recv(), Ok(None), "nobody signs");
    publishing(&store, &Scribe::new());
    assert_eq!(covered(&store, 1).recv(), Ok(None), "there is no such record");
    assert_eq!(covered(&store, 0).recv().unwrap().unwrap().size, 1);
}

#[test]
fn what_a_crowd_recorded_is_there_once_and_without_gaps() {
    const THREADS: u16 = 8;
    const EACH: u16 = 40;
    let scratch = Scratch::new("log-crowd");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    let scribe = Scribe::new();
    publishing(&store, &scribe);
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let store = store.clone();
            thread::spawn(move || {
                let one = |n| append(&store, &[seal_use(n % 3, thread, 0), look_up(n % 2, 0)]);
                (0..EACH).flat_map(one).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut recorded: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    recorded.sort_by_key(|recorded| (recorded.log, recorded.number));
    newest(&store, LogName::Seal);
    newest(&store, LogName::Access);
    // The store is still open: the copy is what a crash at this moment leaves.
    let crashed = scratch.copy("log-crowd-crashed");
    for path in [crashed.path(), scratch.path()] {
        let copy = if path == scratch.path() { store.clone() } else { Store::open(path, &keys(), &options()).unwrap() };
        publishing(&copy, &scribe);
        for log in LogName::ALL {
            let of_log: Vec<_> = recorded.iter().filter(|recorded| recorded.log == log).collect();
            assert_eq!(of_log.len(), usize::from(THREADS * EACH));
            for (number, recorded) in (0..).zip(of_log) {
                assert_eq!(recorded.number, number);
                assert_eq!(copy.logs().record(log, number).unwrap().unwrap().entry(), recorded.entry);
            }
        }
        assert_signed(&copy, &scribe);
        assert_eq!(findings(&copy), []);
    }
}

#[test]
fn however_many_seals_there_are_a_person_can_be_erased() {
    let (_, store) = memory();
    let mut draft = seal_use(0, 2, 0);
    draft.facts.seals = (0..20).map(|n| SealMention { id: format!("seal-{n}"), sha256: None, owner: None }).collect();
    let recorded = &append(&store, &[draft])[0];
    let record = || store.logs().record(LogName::Seal, recorded.number).unwrap().unwrap();
    assert_eq!(record().parts.len(), Opening::LINKS + 16);
    assert_eq!(store.logs().erase(&number(2)).unwrap().records, 1);
    assert!(matches!(record().parts[Opening::SUBJECT], Part::Closed { .. }));
    assert_eq!(links(&record()).len(), 15);
}

#[test]
fn erasing_a_person_keeps_every_proof() {
    let (engine, store) = memory();
    publishing(&store, &Scribe::new());
    let drafts: Vec<Draft> =
        (0..600_u16).map(|n| if n % 2 == 0 { seal_use(n % 3, n % 5, 0) } else { look_up(n % 5, 0) }).collect();
    append(&store, &drafts);
    let entries = |store: &Store| -> Vec<_> {
        (0..300).map(|number| store.logs().record(LogName::Seal, number).unwrap().unwrap().entry()).collect()
    };
    let (before, root) = (entries(&store), newest(&store, LogName::Seal).root);
    assert_eq!(store.logs().erase(&number(2)).unwrap().records, 120);
    assert_eq!(store.logs().erase(&number(2)).unwrap().records, 0, "nothing is left of them");
    assert_eq!(entries(&store), before);
    for number in 0..300 {
        let opening = store.logs().record(LogName::Seal, number).unwrap().unwrap();
        let is_erased = matches!(opening.parts[Opening::SUBJECT], Part::Closed { .. });
        assert_eq!(is_erased, number % 5 == 1, "{number}");
        assert_eq!(links(&opening).len(), if is_erased { 1 } else { 2 });
    }
    assert_eq!(findings(&store), []);
    // The next record about them begins a chain of its own.
    let next = &append(&store, &[seal_use(1, 2, 1)])[0];
    assert_eq!(links(&store.logs().record(LogName::Seal, next.number).unwrap().unwrap())[1].count, 0);
    drop(store);
    let store = Store::on(engine, &keys()).unwrap();
    publishing(&store, &Scribe::new());
    let published = newest(&store, LogName::Seal);
    let proof = store.logs().consistency(&published, 300).unwrap();
    assert_eq!(crypto::tlog::merkle::verify_consistency(300, 301, &root, &published.root, &proof), Ok(()));
    assert_eq!(findings(&store), []);
}

#[test]
fn old_records_go_and_their_proofs_stay() {
    let (engine, store) = memory();
    publishing(&store, &Scribe::new());
    let drafts: Vec<Draft> =
        (0..9000).map(|n| seal_use(u16::try_from(n % 3).unwrap(), u16::try_from(n % 50).unwrap(), n / 10)).collect();
    let mut recorded = Vec::new();
    for group in drafts.chunks(500) {
        recorded.extend(append(&store, group));
    }
    assert_eq!(findings(&store), []);
    let rows = engine.rows().len();
    assert_eq!(store.logs().retire(LogName::Seal, now().plus(102)).unwrap().records, 0, "one second too early");
    let retired = store.logs().retire(LogName::Seal, now().plus(103)).unwrap();
    assert_eq!((retired.kept_from, retired.records), (1024, 1024));
    assert_eq!(store.logs().retire(LogName::Seal, now().plus(103)).unwrap().records, 0);
    assert!(engine.rows().len() < rows - 2048, "records and what leads to them");
    assert_eq!(store.logs().record(LogName::Seal, 1023), Err(StorageError::Retired { kept_from: 1024 }));
    assert!(store.logs().record(LogName::Seal, 1024).unwrap().is_some());
    let published = newest(&store, LogName::Seal);
    for number in [0, 255, 1023, 1024, 8999] {
        let proof = store.logs().inclusion(number, &published).unwrap();
        let leaf = leaf_hash(&recorded[usize::try_from(number).unwrap()].entry.0);
        assert_eq!(verify_inclusion(number, published.size, &leaf, &published.root, &proof), Ok(()));
    }
    assert_eq!(findings(&store), []);
    // A person whose oldest records are gone can still be erased, and chains go on.
    store.logs().erase(&number(2)).unwrap();
    append(&store, &[seal_use(1, 1, 2000)]);
    let retired = store.logs().retire(LogName::Seal, now().plus(5000)).unwrap();
    assert_eq!(retired.kept_from, 8192, "the last block stays");
    assert_eq!(findings(&store), []);
    drop(store);
    let store = Store::on(engine, &keys()).unwrap();
    assert_eq!(append(&store, &[seal_use(2, 2, 2001)])[0].number, 9001);
    assert_eq!(findings(&store), []);
}
