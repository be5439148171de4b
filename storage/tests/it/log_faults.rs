//! Every write of the logs, gone wrong in every way, then a restart: what was acknowledged is there, once and without gaps, and what
//! was signed goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::record::{Ending, EventKind, Facts, LogName, Opening, Stamp};
use crypto::seal_register::{Operation, Status};
use crypto::tlog::merkle::verify_consistency;
use storage::engine::Engine;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::log::{Draft, Order, Pending, Query, Recorded};
use storage::{StorageError, Store};

use crate::ledger::{
    Scribe, assert_signed, findings, keep_cosigned, look_up, newest, once, publishing, root_of_tiles, seal_use, vouch,
};
use crate::sample::{identifier, ingest, keys, licence, now, number, seal, seal_change};

const SEAL: &str = "33010000009";

/// What was promised.
#[derive(Default)]
struct Promised {
    recorded: Vec<Recorded>,
    licences: Vec<&'static str>,
    /// Requests by name whose outcome was not heard.
    doubtful: Vec<&'static str>,
    /// The state of the seal.
    status: Option<Status>,
    /// The tree that a witness signed.
    cosigned: u64,
    /// The tree of somebody else that we signed as a witness.
    vouched: u64,
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

    /// Registers a seal and freezes it, each with its record.
    fn seal(&mut self, store: &Store) {
        let (record, der) = seal(SEAL, b"picture", 0);
        let pending = |event| {
            let draft = Draft::new(now().plus(4000), Facts::new(event, Ending::Done, "issuing-system".to_owned()));
            Pending::new(vec![draft])
        };
        let (filing, freezing) = (pending(EventKind::SealFile), pending(EventKind::SealFreeze));
        if store.seals().recording(&filing).register(&record, &der).is_ok() {
            self.status = Some(Status::Filed);
        }
        if store.seals().recording(&freezing).change_status(SEAL, &seal_change(Operation::Freeze)).is_ok() {
            self.status = Some(Status::Frozen);
        }
        self.recorded.extend([filing, freezing].iter().filter_map(|pending| pending.recorded()).flatten().cloned());
    }

    /// Keeps what a witness signed of ours, and what we signed of another's.
    fn witness(&mut self, store: &Store, size: u64) {
        if keep_cosigned(store, "one").is_ok() {
            let shard = store.logs().shards(LogName::Seal).unwrap().pop().unwrap();
            self.cosigned = store.witnessing().cosigned(LogName::Seal, shard.shard).unwrap().newest.unwrap().size;
        }
        if vouch(store, "one", size).is_ok() {
            self.vouched = size;
        }
    }

    /// Checks the state of the seal, and that each change of it is on record if and only if it was made; and what was signed.
    fn assert_changes(&self, store: &Store, what: &str) {
        let record = store.seals().seal(SEAL).unwrap();
        let status = record.as_ref().and_then(|record| record.current()).map(|(status, _)| status);
        assert!(self.status.is_none() || self.status == status || status == Some(Status::Frozen), "{what}: {status:?}");
        let made = [(EventKind::SealFile, status.is_some()), (EventKind::SealFreeze, status == Some(Status::Frozen))];
        for (event, is_made) in made {
            let query = Query { event: Some(event), ..Query::default() };
            let hits = store.logs().search(LogName::Seal, &query, Order::OldestFirst, None, 9).unwrap();
            assert_eq!(hits.rows.len(), usize::from(is_made), "{what}: {event:?}");
        }
        let cosigned = |shard| store.witnessing().cosigned(LogName::Seal, shard).unwrap().newest.map(|newest| newest.size);
        assert!((0..4).filter_map(cosigned).max().unwrap_or(0) >= self.cosigned, "{what}");
        let vouched = store.witnessing().vouched("other.example/one").unwrap().1;
        assert!(vouched.map_or(0, |vouched| vouched.size) >= self.vouched, "{what}");
    }

    fn ingest(&mut self, store: &Store, serial: &'static str) {
        let pending = Pending::new(vec![seal_use(2, 2, 0), look_up(2, 0)]);
        if store.licences().recording(&pending).ingest(&licence(serial, 1, &[2], serial.as_bytes()), &ingest()).is_ok() {
            self.licences.push(serial);
            self.recorded.extend(pending.recorded().unwrap_or_default().iter().cloned());
        }
    }
}

/// Records, records with a change, what witnesses sign, a new shard, checkpoints, an erasure.
fn scenario(store: &Store, promised: &mut Promised) {
    promised.name(store, "a", 0);
    promised.ingest(store, "A1");
    promised.note(store.logs().append_and_wait(&[seal_use(1, 3, 1), look_up(3, 1)]));
    promised.name(store, "b", 4000);
    promised.ingest(store, "A2");
    promised.seal(store);
    promised.witness(store, 5);
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
        match store.logs().record(recorded.log, recorded.number) {
            Ok(opening) => assert_eq!(opening.map(|opening| opening.entry()), Some(recorded.entry), "{what}"),
            Err(error) => {
                let kept_from = store.logs().kept_from(recorded.log).unwrap();
                assert_eq!((error, recorded.number < kept_from), (StorageError::Retired { kept_from }, true), "{what}");
            }
        }
    }
    let places: BTreeSet<_> = promised.recorded.iter().map(|recorded| (recorded.log, recorded.number)).collect();
    assert_eq!(places.len(), promised.recorded.len(), "{what}: one place for each");
    for log in LogName::ALL {
        for number in store.logs().kept_from(log).unwrap()..store.logs().size(log).unwrap() {
            let opening = store.logs().record(log, number).unwrap().unwrap();
            assert_eq!(opening.read::<Stamp>(Opening::STAMP).unwrap().number, number, "{what}");
        }
    }
    for serial in &promised.licences {
        assert!(store.licences().record(&identifier(serial, 1)).unwrap().is_some(), "{what}");
    }
    promised.assert_changes(store, what);
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

/// Fills a block, lets it go, and goes on.
fn end_of_block(store: &Store, promised: &mut Promised) {
    let uses: Vec<Draft> = (0..5).map(|n| seal_use(1, n, 1)).collect();
    promised.note(store.logs().append_and_wait(&uses));
    store.logs().retire(LogName::Seal, now().plus(60)).map(|_| ()).unwrap_or_default();
    promised.note(store.logs().append_and_wait(&[seal_use(1, 1, 2)]));
}

/// Every tree that was signed is the beginning of the newest one, whose tiles are all there.
fn assert_grown(store: &Store, scribe: &Arc<Scribe>, what: &str) {
    publishing(store, scribe);
    let newest = newest(store, LogName::Seal);
    assert_eq!(root_of_tiles(store, &newest), newest.root, "{what}");
    for (_, _, size, root) in scribe.signed() {
        let proof = store.logs().consistency(&newest, size).unwrap();
        assert_eq!(verify_consistency(size, newest.size, &root, &newest.root, &proof), Ok(()), "{what}");
    }
}

#[test]
fn whatever_goes_wrong_at_the_end_of_a_block() {
    let full = Arc::new(Memory::new());
    let store = opened(&full, &Scribe::new());
    let uses: Vec<Draft> = (0..1022).map(|n| seal_use(n % 3, n % 5, 0)).collect();
    store.logs().append_and_wait(&uses).unwrap();
    newest(&store, LogName::Seal);
    drop(store);
    let copied = || {
        let engine = Arc::new(Memory::new());
        full.rows().into_iter().for_each(|(part, space, key, row)| engine.overwrite(part, space, &key, row));
        engine
    };
    let engine = copied();
    let store = opened(&engine, &Scribe::new());
    engine.plan(FaultPlan::new());
    end_of_block(&store, &mut Promised::default());
    drop(store);
    let commits = engine.commits() + 2;
    assert!(commits > 6);
    for commit in 0..commits {
        for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
            for poisoning in [false, true] {
                let what = format!("commit {commit}, {fault:?}, poisoning {poisoning}");
                let (engine, scribe) = (copied(), Scribe::new());
                let store = opened(&engine, &scribe);
                let plan = FaultPlan::new().at(commit, fault);
                engine.plan(if poisoning { plan.poisoning() } else { plan });
                let mut promised = Promised::default();
                end_of_block(&store, &mut promised);
                drop(store);
                engine.restart();
                let store = opened(&engine, &scribe);
                assert_kept(&store, &promised, false, &what);
                assert_grown(&store, &scribe, &what);
                // Again: the block is full now in any case, and what was begun of letting it go is finished.
                end_of_block(&store, &mut promised);
                assert_eq!(store.logs().kept_from(LogName::Seal), Ok(1024), "{what}");
                assert_eq!(store.logs().record(LogName::Seal, 1023), Err(StorageError::Retired { kept_from: 1024 }), "{what}");
                let all = store.logs().numbers(LogName::Seal, &Query::default(), None, 100).unwrap();
                assert_eq!(all, (1024..store.logs().size(LogName::Seal).unwrap()).collect::<Vec<_>>(), "{what}");
                assert_kept(&store, &promised, false, &what);
                assert_grown(&store, &scribe, &what);
            }
        }
    }
}

#[test]
fn nobody_waits_for_a_checkpoint_that_cannot_be() {
    let engine = Arc::new(Memory::new());
    let store = opened(&engine, &Scribe::new());
    store.logs().append_and_wait(&[seal_use(1, 1, 0)]).unwrap();
    newest(&store, LogName::Seal);
    // The record is written, and nothing after it.
    engine.plan(FaultPlan::new().at(1, Fault::Lost).poisoning());
    store.logs().append_and_wait(&[seal_use(1, 1, 0)]).unwrap();
    let (reply, done) = std::sync::mpsc::channel();
    store.logs().when_covered(LogName::Seal, 1, Box::new(move |published| reply.send(published).unwrap()));
    assert_eq!(done.recv(), Ok(None));
    engine.restart();
    let scribe = Scribe::new();
    publishing(&store, &scribe);
    assert_eq!(store.logs().published(LogName::Seal).unwrap().size, 2);
    // Another publisher signs the same again, at once.
    let other = Scribe::new();
    publishing(&store, &other);
    assert_eq!(other.signed(), scribe.signed());
}
