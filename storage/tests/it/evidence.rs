//! Evidence of status: kept once, found newest first, within a budget, however long it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::digest::Sha256;
use storage::engine::Engine;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::evidence::{BYTES_MAX, EvidenceKind, EvidenceRecord};
use storage::{StorageError, Store, Stored};

use crate::sample::{keys, now, options};
use crate::scratch::Scratch;

fn record(kind: EvidenceKind, issuer: &str, seconds: i64, der: &[u8]) -> EvidenceRecord {
    EvidenceRecord::new(kind, Sha256::of(&[issuer.as_bytes()]), now().plus(seconds), der.to_vec(), now())
}

fn list(issuer: &str, seconds: i64, der: &[u8]) -> EvidenceRecord {
    record(EvidenceKind::List, issuer, seconds, der)
}

#[test]
fn kept_once_and_read_newest_first() {
    let store = Store::memory(&keys()).unwrap();
    let table = store.evidence();
    let old = list("a", 0, b"old");
    let new = list("a", 9, b"new");
    let answer = record(EvidenceKind::Response, "a", 5, b"answer");
    let other = list("b", 7, b"other");
    for one in [&new, &answer, &old, &other] {
        assert_eq!(table.put(one), Ok(Stored::Created(())));
        assert_eq!(table.put(one), Ok(Stored::Unchanged(())));
    }
    assert_eq!(table.count(), Ok(4));
    assert_eq!(table.newest(u64::MAX).unwrap(), [new.clone(), other, answer.clone(), old.clone()]);
    assert_eq!(table.of_issuer(&new.issuer, u64::MAX).unwrap(), [new, answer, old]);
    assert_eq!(table.of_issuer(&Sha256::of(&[b"c"]), u64::MAX).unwrap(), []);
}

#[test]
fn a_budget_is_kept_and_no_issuer_is_crowded_out() {
    let store = Store::memory(&keys()).unwrap();
    let table = store.evidence();
    let quiet = list("quiet", 0, &[1; 100]);
    let busy: Vec<_> = (1..10).map(|n| list("busy", n, &[u8::try_from(n).unwrap() + 1; 100])).collect();
    for one in busy.iter().chain([&quiet]) {
        table.put(one).unwrap();
    }
    assert_eq!(table.newest(350).unwrap(), [busy[8].clone(), busy[7].clone(), quiet.clone()]);
    assert_eq!(table.newest(200).unwrap(), [busy[8].clone(), quiet]);
    assert_eq!(table.newest(99).unwrap(), []);
}

#[test]
fn more_than_a_page_of_it() {
    let store = Store::memory(&keys()).unwrap();
    for n in 0..1200_i64 {
        store.evidence().put(&record(EvidenceKind::Response, "a", n, &n.to_be_bytes())).unwrap();
    }
    assert_eq!(store.evidence().count(), Ok(1200));
    let read = store.evidence().newest(u64::MAX).unwrap();
    assert!(read.len() == 1200 && read.is_sorted_by_key(|record| std::cmp::Reverse(record.this_update)));
    assert_eq!(read.iter().map(|record| record.sha256).collect::<BTreeSet<_>>().len(), 1200);
}

/// Longer than one batch.
fn long() -> EvidenceRecord {
    let der: Vec<u8> = (0_u32..20 << 18).flat_map(u32::to_be_bytes).collect();
    list("long", 0, &der)
}

#[test]
fn long_lists_on_a_disk() {
    let scratch = Scratch::new("evidence");
    let long = long();
    {
        let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
        assert!(store.evidence().put(&long).unwrap().is_new());
    }
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    assert!(store.evidence().newest(u64::MAX).unwrap() == [long.clone()], "it comes back as it came");
    assert!(!store.evidence().put(&long).unwrap().is_new());
    let beyond = list("long", 0, &vec![0; BYTES_MAX + 1]);
    assert_eq!(store.evidence().put(&beyond), Err(StorageError::TooLarge));
}

#[test]
fn a_long_list_broken_off_anywhere_is_whole_or_absent() {
    let long = long();
    for commit in 0..3 {
        for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
            let engine = Arc::new(Memory::new());
            let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
            engine.plan(FaultPlan::new().at(commit, fault).poisoning());
            let kept = store.evidence().put(&long).is_ok();
            assert_eq!(kept, commit == 2 && fault == Fault::Kept, "{commit} {fault:?}");
            assert_eq!(store.evidence().count(), Ok(u64::from(kept)));
            engine.restart();
            assert_eq!(store.evidence().put(&long).unwrap().is_new(), !kept);
            assert!(store.evidence().newest(u64::MAX).unwrap() == [long.clone()], "{commit} {fault:?}");
        }
    }
}
