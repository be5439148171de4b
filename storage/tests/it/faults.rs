//! Every write of every table, each gone wrong in every way, then tried again: nothing half there, nothing doubled.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::licence::Operation;
use crypto::seal_register;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::engine::{Engine, Space};
use storage::evidence::{EvidenceKind, EvidenceRecord};
use storage::{StorageError, Store};

use crate::objections;
use crate::sample::{self, identifier, ingest, keys, licence, now, seal_change, status};

/// A change of the store; `Ok` says whether it found its work already done.
type Change = fn(&Store) -> Result<bool, StorageError>;

fn first_version(store: &Store) -> Result<bool, StorageError> {
    store.licences().ingest(&licence("A1", 1, &[1, 2], &vec![1; 500_000]), &ingest()).map(|stored| !stored.is_new())
}

fn second_version(store: &Store) -> Result<bool, StorageError> {
    store.licences().ingest(&licence("A1", 2, &[1], b"two"), &ingest()).map(|stored| !stored.is_new())
}

fn revocation(store: &Store) -> Result<bool, StorageError> {
    match store.licences().change_status(&identifier("A1", 1), &status(Operation::Revoke)) {
        Err(StorageError::Refused(_)) => Ok(true),
        outcome => outcome.map(|_| false),
    }
}

fn seal(store: &Store) -> Result<bool, StorageError> {
    let (record, der) = sample::seal("33010000001", b"old", 0);
    store.seals().register(&record, &der).map(|stored| !stored.is_new())
}

fn new_seal(store: &Store) -> Result<bool, StorageError> {
    let (record, der) = sample::seal("33010000002", b"new", 0);
    store.seals().register(&record, &der).map(|stored| !stored.is_new())
}

/// Ends one seal and tells the other whose place it took: two rows that change together.
fn remaking(store: &Store) -> Result<bool, StorageError> {
    let successor = Some("33010000002".to_owned());
    let request = Some(Sha256::of(&[b"request"]));
    let change = seal_register::Change { successor, request, ..seal_change(seal_register::Operation::Remake) };
    store.seals().change_status("33010000001", &change).map(|stored| !stored.is_new())
}

fn certificate(store: &Store) -> Result<bool, StorageError> {
    store.certificates().add(b"certificate", "issuing-system", now()).map(|stored| !stored.is_new())
}

fn evidence(store: &Store) -> Result<bool, StorageError> {
    let issuer = Sha256::of(&[b"issuer"]);
    let record = EvidenceRecord::new(EvidenceKind::List, issuer, now(), vec![3; 500_000], now());
    store.evidence().put(&record).map(|stored| !stored.is_new())
}

fn objection(store: &Store) -> Result<bool, StorageError> {
    store.objections().file(&objections::against_licence("1", "A1")).map(|stored| !stored.is_new())
}

fn its_answer(store: &Store) -> Result<bool, StorageError> {
    let answer = objections::event(objections::answer(), sample::ISSUER);
    store.objections().change("1", &answer).map(|stored| !stored.is_new())
}

fn catalogue(store: &Store) -> Result<bool, StorageError> {
    let name = Sha256::of(&[b"request"]);
    store.catalogue().change(&crate::catalogue::first(), Some(&name)).map(|stored| !stored.is_new())
}

/// Which keys there are, how often each was written: all of a store but for its nonces.
fn shape(engine: &Memory) -> Vec<(Space, Vec<u8>, u64)> {
    engine.rows().into_iter().map(|(_, space, key, row)| (space, key, row.version)).collect()
}

fn opened(before: &[Change]) -> (Arc<Memory>, Store) {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    for change in before {
        change(&store).unwrap();
    }
    (engine, store)
}

#[track_caller]
fn check(before: &[Change], change: Change) {
    let (reference, store) = opened(before);
    let untouched = shape(&reference);
    reference.plan(FaultPlan::new());
    assert_eq!(change(&store), Ok(false));
    let commits = reference.commits();
    let done = shape(&reference);
    assert_eq!(commits, 1, "one batch, all or nothing");
    assert_ne!(untouched, done);
    for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
        for poisoning in [false, true] {
            let (engine, store) = opened(before);
            let plan = FaultPlan::new().at(0, fault);
            engine.plan(if poisoning { plan.poisoning() } else { plan });
            let outcome = change(&store);
            let expected = match (fault, poisoning) {
                (Fault::Refused, _) => Err(StorageError::Unavailable),
                // It did not show, and no second attempt was possible.
                (Fault::Lost, true) => Err(StorageError::Unknown),
                (Fault::Lost, false) | (Fault::Kept, _) => Ok(false),
            };
            assert_eq!(outcome, expected, "{fault:?}, poisoning {poisoning}");
            let expected = if outcome.is_ok() { &done } else { &untouched };
            assert_eq!(&shape(&engine), expected, "{fault:?}, poisoning {poisoning}");
            engine.restart();
            assert_eq!(change(&store), Ok(outcome.is_ok()), "{fault:?}, poisoning {poisoning}");
            assert_eq!(shape(&engine), done, "{fault:?}, poisoning {poisoning}");
        }
    }
}

#[test]
fn ingesting_a_first_version() {
    check(&[], first_version);
}

#[test]
fn ingesting_a_second_version() {
    check(&[first_version], second_version);
}

#[test]
fn changing_a_state() {
    check(&[first_version], revocation);
}

#[test]
fn registering_a_seal() {
    check(&[], seal);
}

#[test]
fn remaking_a_seal() {
    check(&[seal, new_seal], remaking);
}

#[test]
fn adding_a_certificate() {
    check(&[], certificate);
}

#[test]
fn keeping_evidence() {
    check(&[], evidence);
}

#[test]
fn filing_an_objection() {
    check(&[], objection);
}

#[test]
fn answering_an_objection() {
    check(&[objection], its_answer);
}

#[test]
fn changing_the_catalogue() {
    check(&[], catalogue);
}

#[test]
fn a_poisoned_store_reads_on_and_is_not_ready() {
    let (engine, store) = opened(&[first_version]);
    store.probe(now()).unwrap();
    engine.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    assert_eq!(store.probe(now()), Err(StorageError::Unknown));
    assert_eq!(store.probe(now()), Err(StorageError::Poisoned));
    assert_eq!(second_version(&store), Err(StorageError::Poisoned));
    assert!(store.licences().record(&identifier("A1", 1)).unwrap().is_some());
    assert_eq!(first_version(&store), Ok(true));
    engine.restart();
    store.probe(now()).unwrap();
}
