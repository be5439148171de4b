//! Proofs that an answer of the store is complete, checked as an auditor would.

use std::sync::Arc;

use crypto::record::{
    Completeness, CompletenessError, Ending, EventKind, Facts, KeyKind, LogName, Opening, SealMention, VerifiedTree,
};
use crypto::time::Timestamp;
use crypto::tlog::Hash;
use storage::engine::memory::Memory;
use storage::engine::{Engine, Space, Versioned};
use storage::log::{ChainKey, Draft, LINKS_MAX, Order, Publisher, Query, Recorded};
use storage::{StorageError, Store};

use crate::log_query::{Dice, random_draft};
use crate::sample::{keys, now, number};

/// Shards of ten minutes, and checkpoints that nobody signs.
#[derive(Debug)]
struct Plain;

impl Publisher for Plain {
    fn period(&self, _log: LogName, at: Timestamp) -> String {
        at.unix().div_euclid(600).to_string()
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        Some(format!("log.example/{log}/{period}\n{size}\n{root}\n"))
    }
}

struct World {
    engine: Arc<Memory>,
    store: Store,
    drafts: Vec<Draft>,
}

impl World {
    /// Some thousand random records over several shards.
    fn new(count: usize) -> Self {
        let engine = Arc::new(Memory::new());
        let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
        store.logs().publish_with(Arc::new(Plain));
        let mut dice = Dice(11);
        let drafts: Vec<Draft> = (0..count).map(|n| random_draft(&mut dice, now().plus(i64::try_from(n).unwrap() / 2))).collect();
        for group in drafts.chunks(200) {
            store.logs().append_and_wait(group).unwrap();
        }
        Self { engine, store, drafts }
    }

    /// Puts on record that somebody asks, and waits for the checkpoint.
    fn ask(&self, key: &ChainKey) -> Recorded {
        let mut facts = Facts::new(EventKind::LogRead, Ending::Done, "auditor".to_owned());
        let mut holders = Vec::new();
        match key {
            ChainKey::Seal(id) => facts.seals.push(SealMention { id: id.clone(), sha256: None, owner: None }),
            ChainKey::Subject(holder) => holders.push(holder.clone()),
        }
        let last = self.drafts.last().map_or_else(now, |draft| draft.at);
        let draft = Draft { log: LogName::Seal, holders, ..Draft::new(last.plus(1), facts) };
        let recorded = self.store.logs().append_and_wait(&[draft]).unwrap().remove(0);
        let (send, receive) = std::sync::mpsc::channel();
        self.store.logs().when_covered(recorded.log, recorded.number, Box::new(move |tree| send.send(tree).unwrap()));
        assert!(receive.recv().unwrap().unwrap().covers(recorded.number));
        recorded
    }

    fn expected(&self, key: &ChainKey, from: Option<Timestamp>, until: Option<Timestamp>) -> Vec<u64> {
        let concerns = |draft: &Draft| match key {
            ChainKey::Seal(id) => draft.facts.seals.iter().any(|seal| seal.id == *id),
            ChainKey::Subject(holder) => draft.holders.iter().any(|other| other.expose() == holder.expose()),
        };
        let is_inside = |at| from.is_none_or(|from| at >= from) && until.is_none_or(|until| at <= until);
        let all = (0..).zip(&self.drafts).filter(|(_, draft)| concerns(draft) && is_inside(draft.at));
        all.map(|(number, _)| number).collect()
    }

    /// The trees as their checkpoints tell of them: the origin in the first line, then size and root.
    fn check(&self, proof: &Completeness) -> Result<(), CompletenessError> {
        let logs = self.store.logs();
        let shards = logs.shards(proof.log).unwrap();
        let notes: Vec<String> = shards
            .iter()
            .filter_map(|shard| logs.published_of(proof.log, shard.shard).unwrap())
            .map(|tree| tree.note.clone())
            .collect();
        proof.check(&|origin| {
            let note = notes.iter().find(|note| note.lines().next() == Some(origin))?;
            let mut lines = note.lines().skip(1);
            Some(VerifiedTree { size: lines.next()?.parse().ok()?, root: lines.next()?.parse().ok()? })
        })
    }
}

fn seal(n: u64) -> ChainKey {
    ChainKey::Seal(format!("seal-{n}"))
}

fn numbers(proof: &Completeness) -> Vec<u64> {
    proof.rows.iter().map(|row| row.number).collect()
}

#[test]
fn answers_are_proven_complete_over_shards_and_blocks() {
    let world = World::new(5000);
    assert!(world.store.logs().shards(LogName::Seal).unwrap().len() > 3);
    let at = |share: i64| Some(now().plus(2500 * share / 10));
    for key in [seal(1), seal(5), seal(77), ChainKey::Subject(number(3))] {
        let end = world.ask(&key);
        for (from, until) in
            [(None, None), (at(3), None), (None, at(4)), (at(2), at(9)), (at(5), at(5)), (at(20), None), (None, at(20))]
        {
            let mut asked = vec![];
            // Earlier askings are records of the key as well, behind those of the world.
            if until.is_none_or(|until| until >= end.at) {
                asked.extend(
                    world
                        .store
                        .logs()
                        .numbers(LogName::Seal, &Query { event: Some(EventKind::LogRead), from, ..query(&key) }, None, 99)
                        .unwrap(),
                );
                asked.retain(|number| *number < end.number);
            }
            let proof = world.store.logs().complete(&key, (from, until), &end, 5000).unwrap();
            let expected = [world.expected(&key, from, until), asked].concat();
            assert_eq!(numbers(&proof), expected, "{key:?} {from:?} {until:?}");
            assert_eq!(world.check(&proof), Ok(()));
            for place in 0..proof.rows.len().min(5) {
                let mut less = proof.clone();
                less.rows.remove(place);
                assert!(world.check(&less).is_err());
            }
        }
    }
}

fn query(key: &ChainKey) -> Query {
    match key {
        ChainKey::Seal(id) => Query { seal: Some(id.clone()), ..Query::default() },
        ChainKey::Subject(holder) => Query { subject: Some(holder.clone()), ..Query::default() },
    }
}

#[test]
fn a_proof_shows_stamps_and_one_link_alone() {
    let world = World::new(300);
    let key = ChainKey::Subject(number(2));
    let proof = world.store.logs().complete(&key, (None, None), &world.ask(&key), 500).unwrap();
    assert_eq!((proof.log, proof.kind), (LogName::Seal, KeyKind::Subject));
    for row in proof.rows.iter().chain([&proof.end]) {
        let open = row.opening.parts.iter().enumerate().filter(|(_, part)| part.text().is_some());
        let mut open: Vec<usize> = open.map(|(place, _)| place).collect();
        if row.number == proof.end.number {
            // The asker's own record says what was asked.
            assert_eq!(open.remove(1), Opening::FACTS);
        }
        assert!(matches!(open[..], [Opening::STAMP, link] if link >= Opening::LINKS), "{open:?}");
        // What is shown beside it is the same record.
        let whole = world.store.logs().record(LogName::Seal, row.number).unwrap().unwrap();
        assert_eq!(whole.entry(), row.opening.entry());
    }
    let json = serde_json::to_string(&proof).unwrap();
    assert!(!json.contains("licence-") && !json.contains("caller-"));
}

#[test]
fn the_asking_says_which_seal_the_key_is_of() {
    let world = World::new(2000);
    let (key, end) = (seal(3), world.ask(&seal(3)));
    for until in [None, Some(now().plus(500))] {
        let proof = world.store.logs().complete(&key, (None, until), &end, 2000).unwrap();
        assert_eq!(proof.asking.as_ref().map(|asking| asking.number), until.map(|_| end.number));
        assert_eq!(world.check(&proof), Ok(()));
        let asked = proof.asked().unwrap();
        assert_eq!((asked.event, asked.seals[0].id.as_str(), asked.seals.len()), (EventKind::LogRead, "seal-3", 1));
        // Behind the range, somebody else's record says no more than what the proof needs.
        assert_eq!(proof.end.opening.read::<Facts>(Opening::FACTS).is_some(), until.is_none());
    }
}

#[test]
fn more_than_the_limit_is_refused_and_can_be_asked_in_pieces() {
    let world = World::new(2000);
    let (key, end) = (seal(0), world.ask(&seal(0)));
    let logs = world.store.logs();
    let whole = logs.complete(&key, (None, None), &end, 5000).unwrap();
    let count = whole.rows.len();
    assert!(logs.complete(&key, (None, None), &end, count).is_ok());
    assert_eq!(logs.complete(&key, (None, None), &end, count - 1), Err(StorageError::TooLarge));
    let middle = now().plus(500);
    let first = logs.complete(&key, (None, Some(middle)), &end, count - 1).unwrap();
    let second = logs.complete(&key, (Some(middle.plus(1)), None), &end, count - 1).unwrap();
    assert_eq!([numbers(&first), numbers(&second)].concat(), numbers(&whole));
    assert_eq!(first.until, Some(middle));
    assert_eq!((world.check(&first), world.check(&second)), (Ok(()), Ok(())));
}

#[test]
fn an_index_without_a_record_gives_no_proof() {
    let world = World::new(4200);
    let (key, end) = (seal(4), world.ask(&seal(4)));
    let logs = world.store.logs();
    let proof = logs.complete(&key, (None, None), &end, 5000).unwrap();
    let in_block: Vec<u64> = numbers(&proof).into_iter().filter(|number| *number < 1024).collect();
    let is_posting = |key: &[u8]| key.starts_with(b"l\x01\x01");
    let rows = world.engine.rows().into_iter();
    let rows: Vec<_> = rows.filter(|(_, space, key, _)| *space == Space::Idx && is_posting(key)).collect();
    let corrupt = Err(StorageError::Corrupt { what: "index of a log" });
    let mut refused = 0;
    for (part, space, row_key, row) in rows {
        // As one bit for each record, with the first that this seal has left out: wrong for this seal, and any other that has it.
        let mut bits = row.value.clone();
        if bits.len() != 128 {
            continue;
        }
        let place = usize::try_from(in_block[0] / 8).unwrap();
        bits[place] &= !(1 << (in_block[0] % 8));
        if bits == row.value {
            continue;
        }
        world.engine.overwrite(part, space, &row_key, Versioned { value: bits, ..row.clone() });
        let found = logs.complete(&key, (None, None), &end, 5000);
        refused += usize::from(found == corrupt);
        assert!(found == corrupt || found.as_ref() == Ok(&proof));
        world.engine.overwrite(part, space, &row_key, row);
    }
    assert_eq!(refused, 1);
}

#[test]
fn a_seal_that_is_mentioned_but_not_linked_breaks_nothing() {
    let world = World::new(0);
    let mention = |n: usize| SealMention { id: format!("seal-{n}"), sha256: None, owner: None };
    let mut facts = Facts::new(EventKind::DocumentVerify, Ending::Done, "window".to_owned());
    facts.seals = (0..=LINKS_MAX).map(mention).collect();
    let many = Draft::new(now(), facts.clone());
    facts.seals = vec![mention(LINKS_MAX)];
    let one = Draft::new(now(), facts);
    world.store.logs().append_and_wait(&[many.clone(), one, many]).unwrap();
    let key = seal(u64::try_from(LINKS_MAX).unwrap());
    let proof = world.store.logs().complete(&key, (None, None), &world.ask(&key), 10).unwrap();
    assert_eq!((numbers(&proof), world.check(&proof)), (vec![1], Ok(())));
    let hits = world.store.logs().search(LogName::Seal, &query(&key), Order::OldestFirst, None, 10).unwrap();
    assert_eq!(hits.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn what_was_let_go_is_not_claimed_to_be_complete() {
    let world = World::new(9000);
    let (key, logs) = (seal(2), world.store.logs());
    let kept_from = logs.retire(LogName::Seal, now().plus(4500)).unwrap().kept_from;
    assert_eq!(kept_from, 8192);
    let end = world.ask(&key);
    let gone = Err(StorageError::NotFound { what: "older record" });
    assert_eq!(logs.complete(&key, (None, None), &end, 9000), gone);
    assert_eq!(logs.complete(&key, (Some(now().plus(100)), Some(now().plus(200))), &end, 9000), gone);
    let from = Some(now().plus(4097));
    let proof = logs.complete(&key, (from, None), &end, 9000).unwrap();
    assert_eq!((numbers(&proof), world.check(&proof)), (world.expected(&key, from, None), Ok(())));
    let found = logs.numbers(LogName::Seal, &query(&key), None, 9000).unwrap();
    assert!(
        found[0] >= kept_from && found.len() == proof.rows.len() + 1 + found.iter().filter(|n| **n < numbers(&proof)[0]).count()
    );
}

#[test]
fn nothing_is_proven_about_somebody_unknown_or_erased() {
    let world = World::new(100);
    let (known, logs) = (ChainKey::Subject(number(1)), world.store.logs());
    let end = world.ask(&known);
    let unknown = Err(StorageError::NotFound { what: "subject" });
    assert_eq!(logs.complete(&ChainKey::Subject(number(9)), (None, None), &end, 100), unknown);
    assert!(logs.complete(&known, (None, None), &end, 100).is_ok());
    logs.erase(&number(1)).unwrap();
    assert_eq!(logs.complete(&known, (None, None), &end, 100), unknown);
    // The seals' proofs go on to hold.
    let proof = logs.complete(&seal(1), (None, None), &world.ask(&seal(1)), 100).unwrap();
    assert_eq!((numbers(&proof), world.check(&proof)), (world.expected(&seal(1), None, None), Ok(())));
}
