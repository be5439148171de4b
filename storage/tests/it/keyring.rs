//! The keys of a store: rotated, retired and wrapped anew while others write, and re-encryption that is broken off anywhere.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::engine::rocks::Rocks;
use storage::engine::{Engine, Part, Space};
use storage::keyring::{KeyringError, would_open};
use storage::tokens::TokenUse;
use storage::{Cipher, KeyId, Keys, Store, StoreError};

use crate::ledger::{findings, seal_use};
use crate::sample::{identifier, ingest, keys, licence, now, options};
use crate::scratch::Scratch;
use crate::whole;

fn memory() -> (Arc<Memory>, Store) {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    (engine, store)
}

fn current(store: &Store) -> KeyId {
    store.keyring().list().unwrap()[0].id
}

/// Re-encrypts to the end. Says how many rows were sealed anew.
fn reseal(store: &Store) -> u64 {
    loop {
        match store.keyring().reseal(now()).unwrap() {
            Some(at) if at.is_done => {
                assert_eq!(at.damaged, 0);
                return at.resealed;
            }
            Some(_) => {}
            None => return 0,
        }
    }
}

#[track_caller]
fn assert_all_under(store: &Store, key: KeyId) {
    assert_eq!(store.keyring().count().unwrap().into_keys().collect::<Vec<_>>(), [key]);
}

/// Uses up tokens: small rows.
fn tokens(store: &Store, names: std::ops::Range<u32>) {
    for name in names {
        let id = name.to_string();
        let token = TokenUse { issuer: "many", id: &id, dead_at: now().plus(600), now: now() };
        assert!(store.tokens().spend(&token).unwrap());
    }
}

#[test]
fn a_key_is_followed_by_another_and_goes_when_nothing_needs_it() {
    for cipher in [Cipher::Aes256Gcm, Cipher::Sm4Gcm] {
        let (engine, store) = memory();
        whole::fill(&store);
        let first = current(&store);
        assert_eq!(store.keyring().reseal(now()), Ok(None), "with one key there is nothing to do");
        assert_eq!(store.keyring().retire(first), Err(KeyringError::Current));
        let second = store.keyring().rotate(cipher, now()).unwrap();
        let listed = store.keyring().list().unwrap();
        assert_eq!(listed.iter().map(|key| (key.id, key.is_current)).collect::<Vec<_>>(), [(second, true), (first, false)]);
        assert_eq!((listed[0].cipher, listed[0].made_at), (cipher, Some(now())));
        whole::check(&store);
        let under_first = store.keyring().count().unwrap()[&first];
        assert_eq!(store.keyring().retire(first), Err(KeyringError::InUse { rows: under_first }));
        assert_eq!(reseal(&store), under_first);
        assert_all_under(&store, second);
        whole::check(&store);
        store.keyring().retire(first).unwrap();
        assert_eq!(store.keyring().retire(first), Err(KeyringError::Missing));
        drop(store);
        let store = Store::on(engine, &keys()).unwrap();
        whole::check(&store);
        assert_eq!(current(&store), second);
        store.licences().ingest(&licence("A9", 1, &[1], b"after"), &ingest()).unwrap();
        assert_all_under(&store, second);
    }
}

#[test]
fn nothing_is_written_under_an_older_key_whoever_writes_meanwhile() {
    let (_, store) = memory();
    whole::fill(&store);
    tokens(&store, 0..1500);
    let first = current(&store);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let licences = scope.spawn(|| {
            let mut count = 0_u32;
            while !is_over.load(Ordering::Relaxed) {
                let serial = format!("B{count}");
                store.licences().ingest(&licence(&serial, 1, &[1, 2], serial.as_bytes()), &ingest()).unwrap();
                count += 1;
            }
            count
        });
        let records = scope.spawn(|| {
            let mut count = 0;
            while !is_over.load(Ordering::Relaxed) {
                // The same seals and people again and again: their chains change all the time.
                store.logs().append_and_wait(&[seal_use(1, 1, 4000), seal_use(2, 2, 4000)]).unwrap();
                count += 2;
            }
            count
        });
        let mut before = first;
        for cipher in [Cipher::Sm4Gcm, Cipher::Aes256Gcm, Cipher::Sm4Gcm] {
            let next = store.keyring().rotate(cipher, now()).unwrap();
            reseal(&store);
            // Others go on to write.
            store.keyring().retire(before).unwrap();
            assert_eq!(current(&store), next);
            before = next;
        }
        is_over.store(true, Ordering::Relaxed);
        let (licences, records): (u32, u64) = (licences.join().unwrap(), records.join().unwrap());
        assert!(licences > 0 && records > 0);
        for n in 0..licences {
            let serial = format!("B{n}");
            assert_eq!(store.licences().file(&identifier(&serial, 1)).unwrap().unwrap(), serial.as_bytes());
        }
    });
    assert_all_under(&store, current(&store));
    assert_eq!(findings(&store), []);
    assert_eq!(store.keyring().list().unwrap().len(), 1);
}

#[test]
fn re_encryption_goes_on_after_a_restart() {
    let scratch = Scratch::new("reseal");
    let open = || Store::open(scratch.path(), &keys(), &options()).unwrap();
    let mut store = open();
    whole::fill(&store);
    tokens(&store, 0..1500);
    let first = current(&store);
    let second = store.keyring().rotate(Cipher::Sm4Gcm, now()).unwrap();
    let rows = store.keyring().count().unwrap()[&first];
    let mut at = store.keyring().reseal(now()).unwrap().unwrap();
    let mut starts = 0;
    while !at.is_done {
        drop(store);
        store = open();
        starts += 1;
        let seen = at.seen;
        assert_eq!(store.keyring().resealing().unwrap().as_ref(), Some(&at));
        at = store.keyring().reseal(now()).unwrap().unwrap();
        assert!(at.seen >= seen, "nothing is looked at twice");
    }
    assert!(starts > 3 && at.resealed == rows, "{starts} starts, {at:?}, {rows} rows");
    assert_eq!((at.began_at, at.ended_at), (Some(now()), Some(now())));
    assert_all_under(&store, second);
    whole::check(&store);
}

#[test]
fn whatever_goes_wrong_with_a_write() {
    let begun = || {
        let (engine, store) = memory();
        whole::fill(&store);
        (engine, store)
    };
    let work = |store: &Store| -> Result<(), KeyringError> {
        let keyring = store.keyring();
        let first = current(store);
        keyring.rotate(Cipher::Sm4Gcm, now())?;
        while keyring.reseal(now())?.is_some_and(|at| !at.is_done) {}
        keyring.retire(first)
    };
    let (engine, store) = begun();
    engine.plan(FaultPlan::new());
    work(&store).unwrap();
    let commits = engine.commits();
    assert!(commits > 5, "{commits}");
    for commit in 0..commits {
        for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
            for poisoning in [false, true] {
                let what = format!("commit {commit}, {fault:?}, poisoning {poisoning}");
                let (engine, store) = begun();
                let plan = FaultPlan::new().at(commit, fault);
                engine.plan(if poisoning { plan.poisoning() } else { plan });
                // It may succeed: what is not known is found out.
                drop(work(&store));
                drop(store);
                engine.restart();
                let store = Store::on(engine, &keys()).unwrap();
                whole::check(&store);
                store.keyring().rotate(Cipher::Aes256Gcm, now()).unwrap();
                reseal(&store);
                let listed = store.keyring().list().unwrap();
                assert_all_under(&store, listed[0].id);
                for older in &listed[1..] {
                    store.keyring().retire(older.id).unwrap_or_else(|error| panic!("{what}: {error}"));
                }
                whole::check(&store);
            }
        }
    }
}

#[test]
fn a_row_that_does_not_open_stays_and_keeps_its_key() {
    let (engine, store) = memory();
    whole::fill(&store);
    let first = current(&store);
    let rows = engine.rows().into_iter().filter(|(_, space, key, _)| *space == Space::Obj && key.starts_with(b"x"));
    let (part, space, key, mut row) = rows.into_iter().next().unwrap();
    *row.value.last_mut().unwrap() ^= 1;
    engine.overwrite(part, space, &key, row);
    store.keyring().rotate(Cipher::Aes256Gcm, now()).unwrap();
    let at = loop {
        let at = store.keyring().reseal(now()).unwrap().unwrap();
        if at.is_done {
            break at;
        }
    };
    assert_eq!(at.damaged, 1);
    assert_eq!(store.keyring().retire(first), Err(KeyringError::InUse { rows: 1 }));
}

#[test]
fn whether_a_store_would_open_is_seen_without_opening_it() {
    let scratch = Scratch::new("would-open");
    would_open(scratch.path(), &keys()).unwrap();
    assert!(scratch.files().is_empty(), "none is made");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    whole::fill(&store);
    let stats = || -> Vec<_> {
        let files = scratch.files().into_iter();
        files.map(|file| (fs::metadata(&file).map(|known| (known.len(), known.modified().unwrap())).unwrap(), file)).collect()
    };
    let look = || {
        let before = stats();
        would_open(scratch.path(), &keys()).unwrap();
        let wrong = would_open(scratch.path(), &Keys::outside([9; 32])).unwrap_err();
        assert!(matches!(wrong, StoreError::WrongValueKey { .. }), "{wrong}");
        let wrong = would_open(scratch.path(), &Keys::new([1; 32], [9; 32])).unwrap_err();
        assert!(matches!(wrong, StoreError::WrongIndexKey), "{wrong}");
        assert_eq!(stats(), before, "nothing was written");
    };
    // While somebody has it open; of what is in its write-ahead log alone; and of what is in tables.
    look();
    drop(store);
    look();
    drop(Store::open(scratch.path(), &keys(), &options()).unwrap());
    look();
}

#[test]
fn the_key_outside_is_changed_by_writing_one_row() {
    let scratch = Scratch::new("rewrap");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    whole::fill(&store);
    let first = current(&store);
    drop(store);
    let ring = Rocks::open(scratch.path(), &options()).unwrap().get(Part(0), Space::Hot, b"Q").unwrap().unwrap();
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    let before = store.keyring().outer();
    // Subjects are indexed under this one: whoever opens the store must not be able to guess numbers by it alone.
    assert_eq!(store.keyring().rewrap(&Keys::outside([2; 32])), Err(KeyringError::Index));
    store.keyring().opens_with(&keys()).unwrap();
    store.keyring().rewrap(&Keys::outside([9; 32])).unwrap();
    assert_ne!(store.keyring().outer(), before);
    // What the next start says, the store says while it is open.
    let opens = |keys: &Keys| store.keyring().opens_with(keys).map_err(|error| error.to_string());
    assert_eq!((opens(&Keys::outside([9; 32])), opens(&Keys::new([9; 32], [2; 32]))), (Ok(()), Ok(())));
    assert!(opens(&keys()).unwrap_err().contains(&format!("the key given is {before}")));
    assert!(opens(&Keys::new([9; 32], [3; 32])).unwrap_err().contains("another index key"));
    // The store goes on as it is, and its keys go on to change.
    let second = store.keyring().rotate(Cipher::Aes256Gcm, now()).unwrap();
    whole::check(&store);
    drop(store);
    let refused = Store::open(scratch.path(), &keys(), &options()).unwrap_err();
    assert!(matches!(refused, StoreError::WrongValueKey { given, .. } if given == before), "{refused}");
    for outer in [Keys::outside([9; 32]), Keys::new([9; 32], [2; 32])] {
        let store = Store::open(scratch.path(), &outer, &options()).unwrap();
        whole::check(&store);
        assert_eq!(store.keyring().list().unwrap().iter().map(|key| key.id).collect::<Vec<_>>(), [second, first]);
    }
    let wrong = Store::open(scratch.path(), &Keys::new([9; 32], [3; 32]), &options()).unwrap_err();
    assert!(matches!(wrong, StoreError::WrongIndexKey), "{wrong}");
    for file in scratch.files() {
        let bytes = fs::read(&file).unwrap();
        let holds = bytes.windows(ring.value.len()).any(|window| window == ring.value);
        assert!(!holds, "{} still has the keys under the key of before", file.display());
    }
}
