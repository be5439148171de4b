//! Proofs that an answer has all records of a key: right ones pass, and whatever is left out, added or changed is found.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crypto::digest::Sha256;
use crypto::record::{Completeness, CompletenessError, KeyKind, Link, LogName, Opening, Part, Proven, Salt, Stamp, VerifiedTree};
use crypto::time::Timestamp;
use crypto::tlog::{Hash, HashTiles, Prover, Tree, leaf_hash};

/// Numbers that depend on the seed alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[derive(Default)]
struct Shard {
    first: u64,
    tree: Tree,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl HashTiles for Shard {
    type Error = Infallible;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Infallible> {
        let full = self.tiles.get(&(level, index)).map_or_else(|| self.tree.partial(level).to_vec(), Clone::clone);
        Ok(full[..usize::from(width)].to_vec())
    }
}

/// A log in memory, with a shard for each fifty records.
struct Log {
    records: Vec<(Stamp, Opening)>,
    links: BTreeMap<Sha256, Link>,
    shards: Vec<Shard>,
}

const SHARD: u64 = 50;

const COUNT: u64 = 140;

fn key(n: u64) -> Sha256 {
    Sha256::of(&[&n.to_be_bytes()])
}

fn part(text: String, salt: u64) -> Part {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&salt.to_be_bytes());
    Part::Open { salt: Salt(bytes), text }
}

impl Log {
    /// `count` records of `keys` keys, some of them of two, some of none.
    fn random(dice: &mut Dice, count: u64, keys: u64) -> Self {
        let mut log = Self { records: Vec::new(), links: BTreeMap::new(), shards: Vec::new() };
        let mut seconds = 1_000_000;
        for number in 0..count {
            seconds += i64::try_from(dice.roll(3)).unwrap();
            let mut concerned = vec![key(dice.roll(keys)), key(dice.roll(keys))];
            concerned.dedup();
            concerned.truncate(usize::try_from(dice.roll(3)).unwrap());
            log.append(Stamp { number, at: Timestamp::from_unix(seconds) }, &concerned);
        }
        log
    }

    fn append(&mut self, stamp: Stamp, keys: &[Sha256]) {
        let json = serde_json::to_string(&stamp).unwrap();
        let mut parts = vec![part(json, stamp.number), part("{}".to_owned(), 1), part("{}".to_owned(), 2)];
        for key in keys {
            let link = self.links.entry(*key).or_insert_with(|| Link::first(KeyKind::Seal, *key));
            parts.push(part(serde_json::to_string(link).unwrap(), stamp.number));
            *link = link.next(stamp);
        }
        let opening = Opening { parts };
        if stamp.number.is_multiple_of(SHARD) {
            self.shards.push(Shard { first: stamp.number, ..Shard::default() });
        }
        let shard = self.shards.last_mut().unwrap();
        for tile in shard.tree.append(leaf_hash(&opening.entry().0)).unwrap() {
            shard.tiles.insert((tile.level, tile.index), tile.hashes);
        }
        self.records.push((stamp, opening));
    }

    fn proven(&self, number: u64) -> Proven {
        let place = number / SHARD;
        let shard = &self.shards[usize::try_from(place).unwrap()];
        let index = number - shard.first;
        let path = Prover::new(shard.tree.size(), shard).inclusion(index).unwrap();
        let opening = self.records[usize::try_from(number).unwrap()].1.clone();
        Proven { number, origin: format!("log.example/seal/{place}"), index, opening, path }
    }

    fn tree(&self, origin: &str) -> Option<VerifiedTree> {
        let place: usize = origin.strip_prefix("log.example/seal/")?.parse().ok()?;
        let shard = self.shards.get(place)?;
        Some(VerifiedTree { size: shard.tree.size(), root: shard.tree.root() })
    }

    fn numbers_of(&self, key: Sha256) -> Vec<u64> {
        let shows = |opening: &Opening| {
            (Opening::LINKS..opening.parts.len()).any(|place| opening.read::<Link>(place).is_some_and(|link| link.key == key))
        };
        self.records.iter().filter(|(_, opening)| shows(opening)).map(|(stamp, _)| stamp.number).collect()
    }

    fn at(&self, number: u64) -> Timestamp {
        self.records[usize::try_from(number).unwrap()].0.at
    }

    /// What is right, by the definition. Nothing where no record is behind the range.
    fn complete(&self, key: Sha256, from: Option<Timestamp>, until: Option<Timestamp>) -> Option<Completeness> {
        let numbers = self.numbers_of(key);
        let end = match until {
            Some(until) => {
                *numbers.iter().find(|number| self.at(**number) > until && from.is_none_or(|from| self.at(**number) >= from))?
            }
            None => *numbers.last()?,
        };
        let is_inside = |number: &&u64| **number < end && from.is_none_or(|from| self.at(**number) >= from);
        let rows = numbers.iter().filter(is_inside).map(|number| self.proven(*number)).collect();
        let end = self.proven(end);
        Some(Completeness { log: LogName::Seal, kind: KeyKind::Seal, key, from, until, rows, end, asking: None })
    }

    fn check(&self, proof: &Completeness) -> Result<(), CompletenessError> {
        proof.check(&|origin| self.tree(origin))
    }
}

/// Proofs over random ranges of random chains, with their logs.
fn each_proof(mut with: impl FnMut(&Log, Completeness)) {
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let log = Log::random(&mut dice, COUNT, 4);
        for _ in 0..12 {
            let mut moment = || Some(log.at(dice.roll(COUNT))).filter(|_| dice.roll(4) > 0);
            let (from, until) = (moment(), moment());
            if let Some(proof) =
                log.complete(key(dice.roll(4)), from, until.filter(|until| from.is_none_or(|from| from <= *until)))
            {
                with(&log, proof);
            }
        }
    }
}

#[test]
fn what_is_complete_is_proven() {
    let (mut proofs, mut rows) = (0, 0);
    each_proof(|log, proof| {
        assert_eq!(log.check(&proof), Ok(()), "{proof:?}");
        let json = serde_json::to_string(&proof).unwrap();
        assert_eq!(serde_json::from_str::<Completeness>(&json).unwrap(), proof);
        proofs += 1;
        rows += proof.rows.len();
    });
    assert!(proofs > 25 && rows > 300, "tests too little: {proofs}, {rows}");
}

#[test]
fn rows_may_be_closed_but_for_what_the_proof_needs() {
    each_proof(|log, mut proof| {
        for (place, row) in proof.rows.iter_mut().enumerate() {
            let needed = |part: usize| part == Opening::STAMP || (place == 0 && part >= Opening::LINKS);
            let parts = row.opening.parts.iter().enumerate();
            row.opening.parts = parts.map(|(n, part)| if needed(n) { part.clone() } else { part.closed() }).collect();
        }
        assert_eq!(log.check(&proof), Ok(()));
    });
}

#[test]
fn each_record_left_out_is_missed() {
    let mut found = BTreeMap::new();
    each_proof(|log, proof| {
        for place in 0..proof.rows.len() {
            let mut less = proof.clone();
            less.rows.remove(place);
            let error = log.check(&less).unwrap_err();
            let expected = [CompletenessError::LeftOut, CompletenessError::Start];
            assert!(expected.contains(&error), "{error:?} without row {place} of {}", proof.rows.len());
            *found.entry(error.code()).or_insert(0) += 1;
        }
    });
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn many_left_out_are_missed() {
    each_proof(|log, proof| {
        for cut in 1..=proof.rows.len() {
            let (front, back) = (proof.rows[cut..].to_vec(), proof.rows[..proof.rows.len() - cut].to_vec());
            for rows in [front, back] {
                assert!(log.check(&Completeness { rows, ..proof.clone() }).is_err());
            }
        }
        // A record of the range in place of the one behind it.
        if let Some(last) = proof.rows.last().cloned() {
            let rows = proof.rows[..proof.rows.len() - 1].to_vec();
            let early = Completeness { rows, end: last, ..proof.clone() };
            let expected = if proof.until.is_some() { Err(CompletenessError::End) } else { Ok(()) };
            assert_eq!(log.check(&early), expected, "without `until`, the range ends where the end is");
        }
    });
}

#[test]
fn a_record_added_or_exchanged_is_noticed() {
    each_proof(|log, proof| {
        let ours: Vec<u64> = proof.rows.iter().map(|row| row.number).collect();
        let (Some(first), Some(last)) = (ours.first(), ours.last()) else { return };
        let strangers: Vec<u64> = (first + 1..*last).filter(|number| !ours.contains(number)).step_by(7).collect();
        for stranger in strangers {
            let place = ours.partition_point(|number| *number < stranger);
            let mut more = proof.clone();
            more.rows.insert(place, log.proven(stranger));
            assert_eq!(log.check(&more), Err(CompletenessError::Added));
            if place < ours.len() - 1 {
                let mut other = proof.clone();
                other.rows[place] = log.proven(stranger);
                assert_eq!(log.check(&other), Err(CompletenessError::Chain));
            }
        }
        if ours.len() > 1 {
            let mut swapped = proof.clone();
            swapped.rows.swap(0, 1);
            assert_eq!(log.check(&swapped), Err(CompletenessError::Order));
            let mut twice = proof;
            twice.rows.insert(1, twice.rows[0].clone());
            assert_eq!(log.check(&twice), Err(CompletenessError::Order));
        }
    });
}

fn sample() -> (Log, Completeness) {
    let log = Log::random(&mut Dice(99), 350, 4);
    let proof = log.complete(key(1), Some(log.at(80)), Some(log.at(250))).unwrap();
    assert!(proof.rows.len() > 20);
    (log, proof)
}

#[track_caller]
fn check_fails(expected: CompletenessError, change: impl FnOnce(&mut Completeness)) {
    let (log, mut proof) = sample();
    assert_eq!(log.check(&proof), Ok(()));
    change(&mut proof);
    assert_eq!(log.check(&proof), Err(expected));
}

#[test]
fn each_fault_has_its_name() {
    let close = |row: &mut Proven, place: usize| row.opening.parts[place] = row.opening.parts[place].closed();
    check_fails(CompletenessError::Stamp, |proof| close(&mut proof.rows[3], Opening::STAMP));
    check_fails(CompletenessError::Stamp, |proof| close(&mut proof.end, Opening::STAMP));
    check_fails(CompletenessError::Stamp, |proof| proof.rows[3].number += 1);
    check_fails(CompletenessError::Stamp, |proof| proof.rows[0].number = 0);
    check_fails(CompletenessError::Key, |proof| {
        proof.rows[0].opening.parts.iter_mut().skip(3).for_each(|part| *part = part.closed());
    });
    check_fails(CompletenessError::Key, |proof| {
        proof.end.opening.parts.iter_mut().skip(3).for_each(|part| *part = part.closed());
    });
    check_fails(CompletenessError::Key, |proof| proof.key = key(77));
    check_fails(CompletenessError::Key, |proof| proof.kind = KeyKind::Subject);
    check_fails(CompletenessError::Log, |proof| proof.log = LogName::Access);
    check_fails(CompletenessError::Log, |proof| proof.rows[2].origin = "seal".to_owned());
    check_fails(CompletenessError::UnknownTree, |proof| proof.rows[2].origin = "log.example/seal/9".to_owned());
    check_fails(CompletenessError::Tree, |proof| proof.rows[2].path[0].0[0] ^= 1);
    check_fails(CompletenessError::Tree, |proof| proof.end.path.truncate(1));
    check_fails(CompletenessError::Tree, |proof| proof.rows[2].index ^= 1);
    check_fails(CompletenessError::Tree, |proof| proof.rows[2].opening.parts.push(part("{}".to_owned(), 1)));
    check_fails(CompletenessError::Range, |proof| proof.from = Some(proof.rows[0].opening.read::<Stamp>(0).unwrap().at.plus(1)));
    check_fails(CompletenessError::Range, |proof| proof.until = proof.from);
    check_fails(CompletenessError::Start, |proof| proof.from = None);
    check_fails(CompletenessError::Start, |proof| proof.from = Some(proof.from.unwrap().plus(-60)));
    check_fails(CompletenessError::End, |proof| proof.until = Some(proof.until.unwrap().plus(60)));
    check_fails(CompletenessError::LeftOut, |proof| proof.rows.clear());
    check_fails(CompletenessError::LeftOut, |proof| drop(proof.rows.remove(5)));
}

#[test]
fn the_asking_is_of_the_chain_and_behind_the_end() {
    let (log, proof) = sample();
    let later: Vec<u64> = log.numbers_of(proof.key).into_iter().filter(|number| *number > proof.end.number).collect();
    let asked_in = |number| Completeness { asking: Some(log.proven(number)), ..proof.clone() };
    for number in &later {
        assert_eq!(log.check(&asked_in(*number)), Ok(()));
    }
    let stranger = (later[0] + 1..350).find(|number| !later.contains(number)).unwrap();
    assert_eq!(log.check(&asked_in(stranger)), Err(CompletenessError::Key));
    assert_eq!(log.check(&asked_in(proof.end.number)), Err(CompletenessError::Order));
    assert_eq!(log.check(&asked_in(proof.rows[3].number)), Err(CompletenessError::Order));
    let mut moved = asked_in(later[0]);
    moved.asking.as_mut().unwrap().path[0].0[0] ^= 1;
    assert_eq!(log.check(&moved), Err(CompletenessError::Tree));
    let mut closed = asked_in(later[0]);
    let parts = &mut closed.asking.as_mut().unwrap().opening.parts;
    parts[Opening::STAMP] = parts[Opening::STAMP].closed();
    assert_eq!(log.check(&closed), Err(CompletenessError::Stamp));
}

#[test]
fn a_log_that_forks_a_chain_is_found_out() {
    // The operator leaves a record out of the links that follow it: whoever has the record sees another chain.
    let mut log = Log { records: Vec::new(), links: BTreeMap::new(), shards: Vec::new() };
    let stamp = |number: u64| Stamp { number, at: Timestamp::from_unix(i64::try_from(number).unwrap()) };
    log.append(stamp(0), &[key(1)]);
    let before = log.links.clone();
    log.append(stamp(1), &[key(1)]);
    log.links = before;
    log.append(stamp(2), &[key(1)]);
    let end = log.proven(2);
    let proof = |rows: &[u64]| Completeness {
        log: LogName::Seal,
        kind: KeyKind::Seal,
        key: key(1),
        from: None,
        until: None,
        rows: rows.iter().map(|number| log.proven(*number)).collect(),
        end: end.clone(),
        asking: None,
    };
    assert_eq!(log.check(&proof(&[0, 1])), Err(CompletenessError::Added));
    assert_eq!(log.check(&proof(&[1])), Err(CompletenessError::Start));
    // By itself the fork is well formed: finding it takes somebody who reads every link.
    assert_eq!(log.check(&proof(&[0])), Ok(()));
}

#[test]
fn every_error_has_a_code_and_two_sentences() {
    let codes: std::collections::BTreeSet<_> = CompletenessError::ALL.iter().map(|error| error.code()).collect();
    assert_eq!(codes.len(), CompletenessError::ALL.len());
    for error in CompletenessError::ALL {
        assert!(error.text().en.ends_with('.') && error.text().zh.ends_with('。'));
    }
}
