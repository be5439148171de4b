//! Every write of the logs, gone wrong in every way, then a restart: what was acknowledged is there, once and without gaps, and what
//! was signed goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::record::{LogName, Opening, Stamp};
use storage::engine::Engine;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::log::{Pending, Recorded};
use storage::{StorageError, Store};

use crate::ledger::{Scribe, assert_signed, findings, look_up, once, publishing, seal_use};
use crate::sample::{identifier, ingest, keys, licence, number};

/// What was promised.
#[derive(Default)]
struct Promised {
    recorded: Vec<Recorded>,
    licences: Vec<&'static str>,
    /// Requests by name whose outcome was not heard.
    doubtful: Vec<&'static str>,
}

impl Promised {
    fn note(&mut self, outcome: Result<Vec<Recorded>, StorageError>) {
        self.recorded.extend(outcome.into_iter().flatten());
    }

    fn name(&mut self, store: &Store, name: &'static str, seconds: i64) {
        let outcome = store.logs().append_and_wait(&[once(seal_use(1, 1, seconds), name)]);
        if outcome == Err(StorageError::Unknown) {
            self.doubtful.push(name);
        }
        self.note(outcome);
    }

    fn ingest(&mut self, store: &Store, serial: &'static str) {
        let pending = Pending::new(vec![seal_use(2, 2, 0), look_up(2, 0)]);
        if store.licences().recording(&pending).ingest(&licence(serial, 1, &[2], serial.as_bytes()), &ingest()).is_ok() {
            self.licences.push(serial);
            self.recorded.extend(pending.recorded().unwrap_or_default().iter().cloned());
        }
    }
}

/// Records, records with a change, a new shard, checkpoints, an erasure.
fn scenario(store: &Store, promised: &mut Promised) {
    promised.name(store, "a", 0);
    promised.ingest(store, "A1");
    promised.note(store.logs().append_and_wait(&[seal_use(1, 3, 1), look_up(3, 1)]));
    promised.name(store, "b", 4000);
    promised.ingest(store, "A2");
    store.logs().erase(&number(3)).map(|_| ()).unwrap_or_default();
    promised.note(store.logs().append_and_wait(&[seal_use(1, 3, 8000)]));
}

fn opened(engine: &Arc<Memory>, scribe: &Arc<Scribe>) -> Store {
    let store = Store::on(Arc::clone(engine) as Arc<dyn Engine>, &keys()).unwrap();
    publishing(&store, scribe);
    store
}

/// Checks a store after everything against what it promised. An erasure may have been broken off, if one was under way.
fn assert_kept(store: &Store, promised: &Promised, is_erasing: bool, what: &str) {
    for recorded in &promised.recorded {
        let opening = store.logs().record(recorded.log, recorded.number).unwrap();
        assert_eq!(opening.map(|opening| opening.entry()), Some(recorded.entry), "{what}");
    }
    let places: BTreeSet<_> = promised.recorded.iter().map(|recorded| (recorded.log, recorded.number)).collect();
    assert_eq!(places.len(), promised.recorded.len(), "{what}: one place for each");
    for log in LogName::ALL {
        for number in 0..store.logs().size(log).unwrap() {
            let opening = store.logs().record(log, number).unwrap().unwrap();
            assert_eq!(opening.read::<Stamp>(Opening::STAMP).unwrap().number, number, "{what}");
        }
    }
    for serial in &promised.licences {
        assert!(store.licences().record(&identifier(serial, 1)).unwrap().is_some(), "{what}");
    }
    let mut findings = findings(store);
    if is_erasing {
        findings.retain(|finding| finding.fault != storage::log::Fault::ErasureUnfinished);
    }
    assert_eq!(findings, [], "{what}");
}

#[test]
fn whatever_goes_wrong_with_a_write() {
    let engine = Arc::new(Memory::new());
    let scribe = Scribe::new();
    let store = opened(&engine, &scribe);
    engine.plan(FaultPlan::new());
    scenario(&store, &mut Promised::default());
    drop(store);
    // Publishing takes a write or none, as it falls together with others: some more are tried.
    let commits = engine.commits() + 4;
    assert!(commits > 12);
    for commit in 0..commits {
        for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
            for poisoning in [false, true] {
                let what = format!("commit {commit}, {fault:?}, poisoning {poisoning}");
                let (engine, scribe) = (Arc::new(Memory::new()), Scribe::new());
                let store = opened(&engine, &scribe);
                let plan = FaultPlan::new().at(commit, fault);
                engine.plan(if poisoning { plan.poisoning() } else { plan });
                let mut promised = Promised::default();
                scenario(&store, &mut promised);
                drop(store);
                engine.restart();
                let store = opened(&engine, &scribe);
                assert_kept(&store, &promised, true, &what);
                assert_signed(&store, &scribe);
                // Whoever did not hear asks again, and is on record once.
                let size = store.logs().size(LogName::Seal).unwrap();
                let doubtful = std::mem::take(&mut promised.doubtful);
                for name in &doubtful {
                    promised.name(&store, name, 8000);
                }
                assert!(store.logs().size(LogName::Seal).unwrap() - size <= doubtful.len().try_into().unwrap());
                scenario(&store, &mut Promised::default());
                store.logs().erase(&number(3)).unwrap();
                assert_kept(&store, &promised, false, &what);
                assert_signed(&store, &scribe);
            }
        }
    }
}

#[test]
fn nobody_waits_for_a_checkpoint_that_cannot_be() {
    let engine = Arc::new(Memory::new());
    let store = opened(&engine, &Scribe::new());
    // The record is written, and nothing after it.
    engine.plan(FaultPlan::new().at(1, Fault::Lost).poisoning());
    store.logs().append_and_wait(&[seal_use(1, 1, 0)]).unwrap();
    let (reply, done) = std::sync::mpsc::channel();
    store.logs().when_covered(LogName::Seal, 0, Box::new(move |published| reply.send(published).unwrap()));
    assert_eq!(done.recv(), Ok(None));
    engine.restart();
    let scribe = Scribe::new();
    publishing(&store, &scribe);
    assert_eq!(store.logs().published(LogName::Seal).unwrap().size, 1);
    // Another publisher signs the same again, at once.
    let other = Scribe::new();
    publishing(&store, &other);
    assert_eq!(other.signed(), scribe.signed());
}
