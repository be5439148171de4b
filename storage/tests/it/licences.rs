//! The table of licences.

use std::sync::Arc;
use std::thread;

use crypto::licence::{Operation, RecordError, Status};
use storage::engine::memory::Memory;
use storage::engine::{Engine, Part, Space};
use storage::licences::{Ingest, StatusChange};
use storage::page::{Cursor, Page};
use storage::{StorageError, Store, Stored};

use crate::sample::{ISSUER, TYPE, at, identifier, ingest, ingest_at, keys, licence, now, number, options, status};
use crate::scratch::Scratch;

fn store() -> Store {
    Store::memory(&keys()).unwrap()
}

#[test]
fn what_goes_in_comes_out() {
    let scratch = Scratch::new("in-out");
    // More than two pieces, and not a round number of them.
    let document: Vec<u8> = (0..600_000_u32).flat_map(|n| [n.to_be_bytes()[3] ^ 0x5a]).collect();
    let verified = licence("A1", 1, &[1, 2], &document);
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    let Stored::Created(record) = store.licences().ingest(&verified, &ingest()).unwrap() else { panic!("not created") };
    drop(store);
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    let table = store.licences();
    let id = identifier("A1", 1);
    assert_eq!(table.record(&id).unwrap().as_ref(), Some(&record));
    assert_eq!(table.file(&id).unwrap().as_ref(), Some(&document));
    assert_eq!(table.current(&id.lineage()).unwrap().as_ref(), Some(&record));
    assert_eq!(table.by_sha256(&verified.sha256()).unwrap().as_ref(), Some(&record));
    assert_eq!(table.by_sm3(&verified.sm3()).unwrap().as_ref(), Some(&record));
    for holder in [1, 2] {
        assert_eq!(table.by_holder(&number(holder), None, 10).unwrap().items, std::slice::from_ref(&record));
    }
    assert_eq!(table.by_issuer(ISSUER, None, 10).unwrap().items, std::slice::from_ref(&record));
    assert_eq!(table.by_type(TYPE, None, 10).unwrap().items, std::slice::from_ref(&record));
    assert_eq!(table.by_holder(&number(3), None, 10).unwrap().items, []);
    assert_eq!(table.by_type("1", None, 10).unwrap().items, []);
    assert_eq!(table.by_sha256(&crypto::digest::Sha256([0; 32])).unwrap(), None);
    assert_eq!(table.record(&identifier("A1", 2)).unwrap(), None);
    assert_eq!(table.file(&identifier("A2", 1)).unwrap(), None);
    assert_eq!((record.sha256, record.size, record.received_at), (verified.sha256(), 600_000, now()));
    // Issued on its day in China, before it came in.
    assert_eq!(record.status_at(at("2025-12-31T15:59:59Z")), None);
    assert_eq!(record.status_at(at("2025-12-31T16:00:00Z")).unwrap().0, Status::Valid);
}

#[test]
fn a_document_of_whole_pieces() {
    for pieces in [1, 2] {
        let store = store();
        let document = vec![7; 240 * 1024 * pieces];
        store.licences().ingest(&licence("A1", 1, &[1], &document), &ingest()).unwrap();
        assert_eq!(store.licences().file(&identifier("A1", 1)).unwrap(), Some(document));
    }
}

#[test]
fn the_same_again_changes_nothing() {
    let store = store();
    let verified = licence("A1", 1, &[1, 1], b"document");
    let first = store.licences().ingest(&verified, &ingest()).unwrap();
    assert!(first.is_new());
    let again = store.licences().ingest(&verified, &ingest_at(now().plus(1000))).unwrap();
    assert_eq!(again, Stored::Unchanged(first.into_inner()));
    let other = store.licences().ingest(&licence("A1", 1, &[1], b"another"), &ingest());
    assert_eq!(other, Err(StorageError::LicenceExists));
    assert_eq!(store.licences().by_holder(&number(1), None, 10).unwrap().items.len(), 1);
}

#[test]
fn versions_follow_each_other() {
    let store = store();
    let table = store.licences();
    let put = |version: u16, document: &[u8]| table.ingest(&licence("A1", version, &[1], document), &ingest());
    assert_eq!(put(2, b"two"), Err(StorageError::VersionGap { current: None }));
    put(1, b"one").unwrap();
    assert_eq!(put(3, b"three"), Err(StorageError::VersionGap { current: Some(1) }));
    let second = put(2, b"two").unwrap().into_inner();
    let first = table.record(&identifier("A1", 1)).unwrap().unwrap();
    assert_eq!(first.current().unwrap().0, Status::Superseded);
    assert_eq!((first.next, first.previous), (Some(identifier("A1", 2)), None));
    assert_eq!((second.next.as_ref(), second.previous.as_ref()), (None, Some(&identifier("A1", 1))));
    assert_eq!(table.current(&identifier("A1", 1).lineage()).unwrap(), Some(second));
    assert!(!put(1, b"one").unwrap().is_new());
    // Both are listed, the newest first.
    let versions: Vec<u16> =
        table.by_holder(&number(1), None, 10).unwrap().items.iter().map(|r| r.identifier().version()).collect();
    assert_eq!(versions.len(), 2);
    assert!(versions.contains(&1) && versions.contains(&2));
}

#[test]
fn what_has_ended_has_no_successor() {
    let store = store();
    let table = store.licences();
    table.ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap();
    table.change_status(&identifier("A1", 1), &status(Operation::Revoke)).unwrap();
    let later = ingest_at(now().plus(120));
    let error = table.ingest(&licence("A1", 2, &[1], b"two"), &later).unwrap_err();
    assert_eq!(error.code(), "illegal-transition");
    assert_eq!(table.record(&identifier("A1", 2)).unwrap(), None);
    assert_eq!(table.by_sha256(&licence("A1", 2, &[1], b"two").sha256()).unwrap(), None);
}

#[test]
fn a_first_version_is_issued_and_nothing_else() {
    let store = store();
    let put =
        |operation| store.licences().ingest(&licence("A1", 1, &[1], b"one"), &Ingest { operation: Some(operation), ..ingest() });
    for operation in Operation::ALL.iter().copied().filter(|operation| *operation != Operation::Issue) {
        assert_eq!(put(operation).unwrap_err().code(), "illegal-transition");
    }
    assert!(put(Operation::Issue).unwrap().is_new());
}

#[test]
fn a_later_version_says_what_it_is() {
    let put = |operation| {
        let store = store();
        store.licences().ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap();
        let how = Ingest { operation: Some(operation), ..ingest() };
        let outcome = store.licences().ingest(&licence("A1", 2, &[1], b"two"), &how);
        outcome.map(|_| store.licences().record(&identifier("A1", 1)).unwrap().unwrap().current().unwrap().0)
    };
    assert_eq!(put(Operation::Extend), Ok(Status::Superseded));
    assert_eq!(put(Operation::Change), Ok(Status::Superseded));
    assert_eq!(put(Operation::Transfer), Ok(Status::Transferred));
    for operation in [Operation::Issue, Operation::Suspend, Operation::Restore, Operation::Revoke, Operation::Cancel] {
        assert!(matches!(put(operation), Err(StorageError::Refused(_))), "{operation:?}");
    }
}

#[test]
fn states_change_by_legal_steps() {
    let store = store();
    let table = store.licences();
    let id = identifier("A1", 1);
    assert_eq!(table.change_status(&id, &status(Operation::Revoke)), Err(StorageError::NotFound { what: "licence" }));
    table.ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap();
    let step = |operation, seconds| {
        let change = StatusChange { now: now().plus(seconds), ..status(operation) };
        table.change_status(&id, &change).map(|record| record.current().unwrap().0)
    };
    assert_eq!(step(Operation::Suspend, 1), Ok(Status::Suspended));
    assert_eq!(step(Operation::Suspend, 2).unwrap_err().code(), "illegal-transition");
    assert_eq!(step(Operation::Restore, 3), Ok(Status::Valid));
    assert_eq!(step(Operation::Change, 4), Err(StorageError::Refused(RecordError::Successor)));
    assert_eq!(step(Operation::Revoke, 5), Ok(Status::Revoked));
    assert_eq!(step(Operation::Restore, 6).unwrap_err().code(), "illegal-transition");
    let record = table.record(&id).unwrap().unwrap();
    assert_eq!(record.events.len(), 4);
    assert_eq!(record.status_at(now().plus(2)).unwrap().0, Status::Suspended);
}

#[test]
fn a_number_that_is_none_is_refused() {
    let store = store();
    let whole = licence("A1", 1, &[1], b"one");
    let mut metadata = whole.metadata().clone();
    metadata.holders[0].code = "110105198001010010".to_owned();
    let broken = crypto::verify::Verified::for_tests(metadata, b"one".to_vec());
    let error = store.licences().ingest(&broken, &ingest()).unwrap_err();
    assert!(matches!(error, StorageError::Holder(_)), "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.text()).contains("1980"));
    assert_eq!(store.licences().record(&identifier("A1", 1)).unwrap(), None);
}

#[test]
fn a_document_beyond_the_engine_is_refused() {
    let store = store();
    let error = store.licences().ingest(&licence("A1", 1, &[1], &vec![1; (64 << 20) - 10]), &ingest()).unwrap_err();
    assert_eq!(error, StorageError::TooLarge);
    assert_eq!(store.licences().record(&identifier("A1", 1)).unwrap(), None);
}

#[test]
fn pages_cover_the_list_once_newest_first() {
    let store = store();
    let table = store.licences();
    for n in 0..25_u8 {
        // Some come in at the same second.
        let when = now().plus(i64::from(n / 3));
        let verified = licence(&format!("S{n:02}"), 1, &[1], &[n]);
        table.ingest(&verified, &ingest_at(when)).unwrap();
    }
    table.ingest(&licence("OTHER", 1, &[2], b"other"), &ingest()).unwrap();
    for limit in [1, 4, 5, 24, 25, 26, 1000] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = table.by_holder(&number(1), after.as_ref(), limit).unwrap();
            assert!(page.items.len() == limit || page.next.is_none(), "a short page in between");
            seen.extend(page.items);
            // Through text and back, as clients do it.
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        assert!(seen.is_sorted_by(|a, b| a.received_at >= b.received_at), "limit {limit}");
        let mut serials: Vec<_> = seen.iter().map(|record| record.identifier().serial().to_owned()).collect();
        serials.sort();
        assert_eq!(serials, (0..25).map(|n| format!("S{n:02}")).collect::<Vec<_>>(), "limit {limit}");
    }
    let own = |issuer, after: Option<&Cursor>, limit| table.by_holder_and_issuer((&number(1), issuer), after, limit).unwrap();
    let first = own(ISSUER, None, 20);
    assert_eq!((first.items.len(), first.next.is_some()), (20, true));
    let rest = own(ISSUER, first.next.as_ref(), 20);
    assert_eq!((rest.items.len(), rest.next), (5, None));
    assert_eq!(own(ISSUER, None, 25).next, None);
    assert_eq!(own("11220000013544541J", None, 1), Page { items: Vec::new(), next: None });
    assert_eq!(table.by_holder(&number(1), None, 0).unwrap().items.len(), 1);
    // A made-up cursor leads nowhere else.
    let made_up = "ff".repeat(42).parse().unwrap();
    assert_eq!(table.by_holder(&number(2), Some(&made_up), 10).unwrap().items.len(), 1);
}

#[test]
fn of_many_who_ingest_at_once_one_creates() {
    let store = store();
    let verified = Arc::new(licence("A1", 1, &[1], b"one"));
    let rival = Arc::new(licence("A1", 1, &[1], b"rival"));
    let threads: Vec<_> = (0..16)
        .map(|n| {
            let (store, verified) = (store.clone(), Arc::clone(if n % 2 == 0 { &verified } else { &rival }));
            thread::spawn(move || store.licences().ingest(&verified, &ingest()))
        })
        .collect();
    let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let created = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Stored::Created(_)))).count();
    let unchanged = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Stored::Unchanged(_)))).count();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(StorageError::LicenceExists))).count();
    assert_eq!((created, unchanged, refused), (1, 7, 8));
}

#[test]
fn of_many_who_revoke_at_once_one_does() {
    let store = store();
    store.licences().ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap();
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            thread::spawn(move || store.licences().change_status(&identifier("A1", 1), &status(Operation::Revoke)).is_ok())
        })
        .collect();
    assert_eq!(threads.into_iter().filter_map(|thread| thread.join().unwrap().then_some(())).count(), 1);
}

#[test]
fn damage_is_noticed() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    store.licences().ingest(&licence("A1", 1, &[1], b"one"), &ingest()).unwrap();
    store.licences().ingest(&licence("A2", 1, &[2], b"two"), &ingest()).unwrap();
    let rows = engine.rows();
    let pieces: Vec<_> = rows.iter().filter(|row| row.1 == Space::Obj && row.2.starts_with(b"b")).collect();
    let records: Vec<_> = rows.iter().filter(|row| row.1 == Space::Hot && row.2.starts_with(b"r")).collect();
    assert_eq!((pieces.len(), records.len()), (2, 2));
    // Values that are genuine, but of another place.
    for swapped in [&pieces, &records] {
        engine.overwrite(Part(0), swapped[0].1, &swapped[0].2, swapped[1].3.clone());
        engine.overwrite(Part(0), swapped[1].1, &swapped[1].2, swapped[0].3.clone());
    }
    for serial in ["A1", "A2"] {
        let id = identifier(serial, 1);
        assert!(matches!(store.licences().record(&id), Err(StorageError::Corrupt { .. })));
        assert!(matches!(store.licences().file(&id), Err(StorageError::Corrupt { .. })));
    }
    for row in &records {
        engine.overwrite(Part(0), row.1, &row.2, row.3.clone());
    }
    assert!(store.licences().record(&identifier("A1", 1)).is_ok());
    assert!(matches!(store.licences().file(&identifier("A1", 1)), Err(StorageError::Corrupt { .. })));
    // An index row that would show somebody else's licence.
    let of = |n: u16| {
        let row = |store: &Store| store.licences().by_holder(&number(n), None, 10);
        row(&store)
    };
    let holders: Vec<_> = rows.iter().filter(|row| row.1 == Space::Idx && row.2.starts_with(b"h")).collect();
    let forged = [&holders[0].2[..33], &holders[1].2[33..]].concat();
    assert!(of(1).is_ok() && of(2).is_ok());
    engine.overwrite(Part(0), Space::Idx, &forged, holders[0].3.clone());
    let corrupt = StorageError::Corrupt { what: "index row" };
    assert!([of(1), of(2)].iter().any(|page| page.as_ref() == Err(&corrupt)));
}

#[test]
fn a_clock_set_back_refuses_no_change() {
    let store = store();
    store.licences().ingest(&licence("B1", 1, &[1], b"one"), &ingest()).unwrap();
    let change =
        |operation, now| store.licences().change_status(&identifier("B1", 1), &StatusChange { now, ..status(operation) });
    change(Operation::Suspend, now().plus(1000)).unwrap();
    let record = change(Operation::Restore, now()).unwrap();
    let (status, last) = record.current().unwrap();
    assert_eq!((status, last.effective_at, last.recorded_at), (Status::Valid, now().plus(1000), now().plus(1000)));
    store.licences().ingest(&licence("B1", 2, &[1], b"two"), &ingest_at(now())).unwrap();
    let superseded = store.licences().record(&identifier("B1", 1)).unwrap().unwrap();
    assert_eq!(superseded.current().unwrap().0, Status::Superseded);
}
