//! Both engines against a map: random batches, reads and scans from a seed.

use std::collections::BTreeMap;
use std::ops::Bound;

use storage::engine::memory::Memory;
use storage::engine::rocks::Rocks;
use storage::engine::{Batch, CommitError, Direction, Engine, Part, Range, Row, Space, Versioned};

use crate::sample::options;
use crate::scratch::Scratch;

/// A generator of numbers that depends on its seed alone (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// Few keys, so that batches meet; some at the ends of the order.
    fn key(&mut self) -> Vec<u8> {
        const BYTES: [u8; 4] = [0, b'a', b'b', 0xff];
        (0..=self.roll(3)).map(|_| BYTES[usize::try_from(self.roll(4)).unwrap()]).collect()
    }

    fn space(&mut self) -> Space {
        [Space::Hot, Space::Idx][usize::try_from(self.roll(2)).unwrap()]
    }

    fn part(&mut self) -> Part {
        // Neighbours, and the last one, behind which there is no key.
        [Part(0), Part(1), Part(u64::MAX)][usize::try_from(self.roll(3)).unwrap()]
    }

    fn bound(&mut self) -> Bound<Vec<u8>> {
        match self.roll(3) {
            0 => Bound::Unbounded,
            1 => Bound::Included(self.key()),
            _ => Bound::Excluded(self.key()),
        }
    }
}

#[derive(Default)]
struct Model(BTreeMap<(Part, Space, Vec<u8>), Versioned>);

impl Model {
    fn commit(&mut self, part: Part, batch: &Batch) -> Result<(), CommitError> {
        let place = |write: &storage::engine::Write| (part, write.space, write.key.clone());
        let version = |at: &Self, write| at.0.get(&place(write)).map(|row| row.version);
        if batch.writes().iter().any(|write| write.expect.is_some_and(|expect| !expect.holds(version(self, write)))) {
            return Err(CommitError::Conflict);
        }
        for write in batch.writes() {
            let version = version(self, write).unwrap_or(0) + 1;
            match write.value.clone() {
                Some(value) => self.0.insert(place(write), Versioned { version, value }),
                None => self.0.remove(&place(write)),
            };
        }
        Ok(())
    }

    fn scan(&self, part: Part, space: Space, range: &Range, direction: Direction, limit: usize) -> Vec<Row> {
        let inside = |key: &Vec<u8>| {
            let from = match &range.from {
                Bound::Unbounded => true,
                Bound::Included(from) => key >= from,
                Bound::Excluded(from) => key > from,
            };
            let to = match &range.to {
                Bound::Unbounded => true,
                Bound::Included(to) => key <= to,
                Bound::Excluded(to) => key < to,
            };
            from && to
        };
        let rows = self.0.iter().filter(|((p, s, key), _)| (*p, *s) == (part, space) && inside(key));
        let mut rows: Vec<Row> = rows.map(|((_, _, key), row)| (key.clone(), row.clone())).collect();
        if direction == Direction::Descending {
            rows.reverse();
        }
        rows.truncate(limit);
        rows
    }
}

fn random_batch(dice: &mut Dice, model: &Model, part: Part) -> Batch {
    let mut writes = BTreeMap::new();
    for _ in 0..=dice.roll(3) {
        writes.insert((dice.space(), dice.key()), dice.roll(6));
    }
    let mut batch = Batch::new();
    for ((space, key), kind) in writes {
        let there = model.0.get(&(part, space, key.clone())).map(|row| row.version);
        // Mostly what is true, sometimes what is not.
        let version = there.unwrap_or(1) + u64::from(dice.roll(10) == 0);
        let value = dice.roll(1000).to_be_bytes().to_vec();
        match kind {
            0 => batch.put(space, key, value),
            1 => batch.delete(space, key, version),
            2 => batch.put_known(space, key, there, value),
            _ if there.is_none() || dice.roll(10) == 0 => batch.insert(space, key, value),
            _ => batch.replace(space, key, version, value),
        }
    }
    batch
}

/// Runs `steps` against engine and model, and says how many commits went through and how many met a conflict.
fn run(engine: &dyn Engine, model: &mut Model, dice: &mut Dice, steps: usize) -> (usize, usize) {
    let (mut committed, mut conflicts) = (0, 0);
    for step in 0..steps {
        let part = dice.part();
        let batch = random_batch(dice, model, part);
        let expected = model.commit(part, &batch);
        assert_eq!(engine.commit(part, batch), expected, "step {step}");
        if expected.is_ok() {
            committed += 1;
        } else {
            conflicts += 1;
        }
        for _ in 0..3 {
            let (part, space, key) = (dice.part(), dice.space(), dice.key());
            let expected = model.0.get(&(part, space, key.clone())).cloned();
            assert_eq!(engine.get(part, space, &key), Ok(expected.clone()), "step {step}");
            assert_eq!(engine.settle(part, space, &key), Ok(expected), "step {step}");
            let range = Range { from: dice.bound(), to: dice.bound() };
            let direction = if dice.roll(2) == 0 { Direction::Ascending } else { Direction::Descending };
            let limit = usize::try_from(dice.roll(6)).unwrap();
            let expected = model.scan(part, space, &range, direction, limit);
            assert_eq!(engine.scan(part, space, range.clone(), direction, limit), Ok(expected), "step {step} {range:?}");
        }
    }
    (committed, conflicts)
}

#[test]
fn memory_is_a_map() {
    for seed in 0..20 {
        let (committed, conflicts) = run(&Memory::new(), &mut Model::default(), &mut Dice(seed), 400);
        assert!(committed > 100 && conflicts > 20, "seed {seed} tests too little: {committed}, {conflicts}");
    }
}

#[test]
fn rocks_is_a_map_across_restarts() {
    let scratch = Scratch::new("model");
    let (mut model, mut dice) = (Model::default(), Dice(7));
    // The format marker of the engine is a row like others.
    let marker = Versioned { version: 1, value: b"1".to_vec() };
    model.0.insert((Part(0), Space::Hot, b"format".to_vec()), marker);
    for _ in 0..4 {
        let engine = Rocks::open(scratch.path(), &options()).unwrap();
        let (committed, conflicts) = run(&engine, &mut model, &mut dice, 60);
        assert!(committed > 10 && conflicts > 0, "tests too little: {committed}, {conflicts}");
    }
}
