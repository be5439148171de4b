//! The sequencer over a disk of paper: who shares a write, who waits, and what a failed write means.

use std::sync::mpsc::Receiver;
use std::sync::{Barrier, Mutex};

use super::*;
use crate::engine::memory::{Fault, FaultPlan, Memory};
use crate::engine::{CommitError, Direction, Part, Range, ReadError, Row, Space, VALUE_BYTES_MAX, Versioned};
use crate::keyring::row::Ring;
use crate::secret::Keys;

/// Memory that notes how many writes each commit has, and waits at two gates before its first one.
#[derive(Debug, Default)]
struct Gated {
    memory: Memory,
    groups: Mutex<Vec<usize>>,
    gates: Option<(Barrier, Barrier)>,
}

impl Engine for Gated {
    fn get(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        self.memory.get(part, space, key)
    }

    fn scan(&self, part: Part, space: Space, range: Range, direction: Direction, limit: usize) -> Result<Vec<Row>, ReadError> {
        self.memory.scan(part, space, range, direction, limit)
    }

    fn commit(&self, part: Part, batch: Batch) -> Result<(), CommitError> {
        if let Some((reached, go)) = self.gates.as_ref().filter(|_| self.groups.lock().unwrap().is_empty()) {
            reached.wait();
            go.wait();
        }
        self.groups.lock().unwrap().push(batch.writes().len());
        self.memory.commit(part, batch)
    }

    fn settle(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        self.memory.settle(part, space, key)
    }

    fn barrier(&self, part: Part) -> Result<(), ReadError> {
        self.memory.barrier(part)
    }

    fn caps(&self) -> Caps {
        self.memory.caps()
    }
}

fn started(gated: bool) -> (Arc<Gated>, Sequencer) {
    let gates = gated.then(|| (Barrier::new(2), Barrier::new(2)));
    let engine = Arc::new(Gated { gates, ..Gated::default() });
    let keys = Keys::new([1; 32], [2; 32]);
    let vault = Arc::new(Vault::new(&Ring::of_given(&keys).unwrap(), &keys));
    let of_engine = Arc::clone(&engine);
    (engine, Sequencer::start(of_engine, vault, Arc::new(Board::empty()), Arc::default()).unwrap())
}

fn insert(key: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.insert(Space::Hot, key.to_vec(), vec![1]);
    batch
}

fn replace(key: &[u8], version: u64) -> Batch {
    let mut batch = Batch::new();
    batch.replace(Space::Hot, key.to_vec(), version, vec![2]);
    batch
}

fn submit(sequencer: &Sequencer, batch: Batch) -> Receiver<Result<Vec<Recorded>, StorageError>> {
    let (reply, outcome) = mpsc::sync_channel(1);
    let answer: Answer = Box::new(move |outcome| reply.send(outcome).unwrap());
    sequencer.submit(Submission { batch, records: Vec::new(), answer });
    outcome
}

#[test]
fn those_who_wait_share_a_write_and_nobody_overtakes() {
    let (engine, sequencer) = started(true);
    let (reached, go) = engine.gates.as_ref().unwrap();
    let first = submit(&sequencer, insert(b"a"));
    reached.wait();
    // The disk is busy with the first; these wait. The two that want `b` again go into a group each, in their order.
    let waiting = [
        submit(&sequencer, insert(b"b")),
        submit(&sequencer, insert(b"a")),
        submit(&sequencer, replace(b"b", 1)),
        submit(&sequencer, insert(b"c")),
        submit(&sequencer, replace(b"b", 2)),
        submit(&sequencer, replace(b"b", 1)),
    ];
    go.wait();
    assert_eq!(first.recv(), Ok(Ok(Vec::new())));
    let done = Ok(Vec::new());
    let conflict = Err(StorageError::Contention);
    let expected = [done.clone(), conflict.clone(), done.clone(), done.clone(), done, conflict];
    assert_eq!(waiting.map(|outcome| outcome.recv().unwrap()), expected);
    drop(sequencer);
    assert_eq!(*engine.groups.lock().unwrap(), [1, 2, 1, 1]);
}

#[test]
fn a_full_queue_refuses() {
    let (engine, sequencer) = started(true);
    let (reached, go) = engine.gates.as_ref().unwrap();
    let mut outcomes = vec![submit(&sequencer, insert(b"first"))];
    reached.wait();
    outcomes.extend((0..QUEUE_MAX).map(|n| submit(&sequencer, insert(&n.to_be_bytes()))));
    assert_eq!(submit(&sequencer, insert(b"one more")).recv().unwrap(), Err(StorageError::Unavailable));
    go.wait();
    assert!(outcomes.iter().all(|outcome| outcome.recv() == Ok(Ok(Vec::new()))));
}

#[test]
fn a_queue_of_large_submissions_refuses_by_their_size() {
    const LARGE: usize = 8 * 1024 * 1024;
    let large = |key: u8| {
        let mut batch = Batch::new();
        (0..LARGE / VALUE_BYTES_MAX)
            .for_each(|n| batch.put(Space::Obj, [&[key][..], &n.to_be_bytes()].concat(), vec![1; VALUE_BYTES_MAX]));
        batch
    };
    let (engine, sequencer) = started(true);
    let (reached, go) = engine.gates.as_ref().unwrap();
    let mut outcomes = vec![submit(&sequencer, insert(b"first"))];
    reached.wait();
    // One less than its bytes say: keys count as well.
    outcomes.extend((0..7).map(|key| submit(&sequencer, large(key))));
    assert_eq!(submit(&sequencer, large(7)).recv().unwrap(), Err(StorageError::Unavailable));
    outcomes.push(submit(&sequencer, insert(b"small")));
    go.wait();
    assert!(outcomes.iter().all(|outcome| outcome.recv() == Ok(Ok(Vec::new()))));
    assert_eq!(submit(&sequencer, large(7)).recv().unwrap(), Ok(Vec::new()), "there is room again");
}

#[test]
fn after_a_failed_write_nothing_is_written() {
    let (engine, sequencer) = started(false);
    assert_eq!(sequencer.submit_and_wait(insert(b"a"), Vec::new()), Ok(Vec::new()));
    engine.memory.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    assert_eq!(sequencer.submit_and_wait(insert(b"b"), Vec::new()), Err(StorageError::Unknown));
    assert_eq!(sequencer.submit_and_wait(insert(b"c"), Vec::new()), Err(StorageError::Poisoned));
    assert_eq!(engine.memory.rows().len(), 1);
}

#[test]
fn an_outcome_that_is_not_known_is_looked_up() {
    let (engine, sequencer) = started(false);
    engine.memory.plan(FaultPlan::new().at(0, Fault::Lost).at(2, Fault::Kept));
    assert_eq!(sequencer.submit_and_wait(insert(b"a"), Vec::new()), Ok(Vec::new()));
    assert_eq!(engine.memory.commits(), 2, "written again");
    assert_eq!(sequencer.submit_and_wait(insert(b"b"), Vec::new()), Ok(Vec::new()));
    assert_eq!(engine.memory.commits(), 3, "found");
}

#[test]
fn a_submission_that_no_engine_takes_harms_nobody() {
    let (engine, sequencer) = started(false);
    let mut many = Batch::new();
    (0..=SUBMISSION.writes).for_each(|n| many.put(Space::Hot, n.to_be_bytes().to_vec(), vec![1]));
    assert_eq!(sequencer.submit_and_wait(many, Vec::new()), Err(StorageError::TooLarge));
    let mut nameless = Batch::new();
    nameless.put(Space::Hot, Vec::new(), vec![1]);
    assert_eq!(sequencer.submit_and_wait(nameless, Vec::new()), Err(StorageError::Internal));
    assert!(engine.groups.lock().unwrap().is_empty());
}
