//! The catalogue on record: every version as it was, whatever became of it, and one change after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::catalogue::{Catalogue, Change, Entry, Item, Key, Kind};
use crypto::digest::Sha256;
use crypto::licence::Reason;
use crypto::record::{Ending, EventKind, Facts, LogName};
use storage::catalogue::digest;
use storage::engine::memory::Memory;
use storage::engine::{Engine, Space};
use storage::log::{Draft, Pending};
use storage::{StorageError, Store, Stored};

use crate::sample::{ISSUER, keys, now, options};
use crate::scratch::Scratch;

fn item(code: &str, name: String) -> Entry {
    Entry::Item(Item { code: code.to_owned(), name, organisation: ISSUER.to_owned(), materials: Vec::new() })
}

pub(crate) fn change(version: u64, puts: Vec<Entry>, removals: Vec<Key>) -> Change {
    let (caller, organisation) = ("operations".to_owned(), ISSUER.to_owned());
    let reason = Reason::new(format!("reason {version}")).ok();
    Change { version, at: now(), caller, organisation, reason, puts, removals }
}

pub(crate) fn first() -> Change {
    change(1, vec![item("1", "one".to_owned())], Vec::new())
}

/// Numbers that depend on the seed alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A change of what is there: some entries put, some removed.
fn random(dice: &mut Dice, version: u64, there: &BTreeMap<String, Entry>) -> Change {
    let mut puts = BTreeMap::new();
    for _ in 0..=dice.roll(3) {
        let code = dice.roll(20).to_string();
        let name = format!("{version} ").repeat(usize::try_from(dice.roll(20_000)).unwrap());
        puts.insert(code.clone(), item(&code, name));
    }
    let removed = there.keys().filter(|code| !puts.contains_key(*code) && dice.roll(5) == 0);
    let removals = removed.map(|code| Key::new(Kind::Item, code)).collect();
    change(version, puts.into_values().collect(), removals)
}

#[test]
fn every_version_is_as_it_was() {
    let scratch = Scratch::new("catalogue");
    let mut dice = Dice(5);
    let (mut there, mut versions, mut wholes) = (BTreeMap::new(), vec![Catalogue::default()], 0);
    let mut changes = Vec::new();
    let mut version = 0;
    for _ in 0..3 {
        let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
        assert_eq!(store.catalogue().newest().as_ref(), Ok(versions.last().unwrap()), "after a restart");
        for _ in 0..12 {
            version += 1;
            let change = random(&mut dice, version, &there);
            for key in &change.removals {
                there.remove(&key.code);
            }
            there.extend(change.puts.iter().map(|entry| (entry.key().code, entry.clone())));
            assert!(store.catalogue().change(&change, None).unwrap().is_new());
            versions.push(Catalogue::of(version, there.values().cloned()));
            wholes += u64::from(store.catalogue().tidy(versions.last().unwrap()).unwrap());
            changes.push(change);
        }
        for (number, expected) in (0..).zip(&versions) {
            assert_eq!(store.catalogue().version(number).unwrap().as_ref(), Some(expected), "version {number}");
        }
        assert_eq!(store.catalogue().version(version + 1), Ok(None));
    }
    assert!((2..version).contains(&wholes), "{wholes} wholes of {version} versions test too little");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    let read = |version| store.catalogue().change_of(version).unwrap();
    assert!((1..).zip(&changes).all(|(version, change)| read(version).as_ref() == Some(change)));
    assert_eq!((read(0), read(version + 1)), (None, None));
}

#[test]
fn one_change_follows_the_other() {
    let store = Store::memory(&keys()).unwrap();
    let table = store.catalogue();
    assert_eq!((table.newest(), table.newest_version()), (Ok(Catalogue::default()), Ok(0)));
    let taken = |newest| Err(StorageError::VersionTaken { newest });
    assert_eq!(table.change(&change(2, vec![], vec![]), None), taken(0));
    let record = table.change(&first(), None).unwrap();
    assert!(record.is_new());
    let record = record.into_inner();
    assert_eq!((record.sha256, record.puts, record.removals), (digest(&first()).unwrap(), 1, 0));
    assert_eq!(table.change(&first(), None), Ok(Stored::Unchanged(record)));
    let other = change(1, vec![item("1", "another".to_owned())], Vec::new());
    let refused = table.change(&other, None);
    assert_eq!((&refused, refused.as_ref().unwrap_err().code()), (&taken(1), "catalogue-changed"));
    assert_eq!(table.newest().unwrap(), Catalogue::of(1, first().puts));
}

#[test]
fn a_change_is_found_by_the_name_of_its_request() {
    let store = Store::memory(&keys()).unwrap();
    let [one, other] = [b"one", b"two"].map(|name| Sha256::of(&[&name[..]]));
    store.catalogue().change(&first(), Some(&one)).unwrap();
    assert_eq!(store.catalogue().named(&one), Ok(Some(first())));
    assert_eq!(store.catalogue().named(&other), Ok(None));
}

#[test]
fn history_is_read_newest_first() {
    let store = Store::memory(&keys()).unwrap();
    for version in 1..=5 {
        store.catalogue().change(&change(version, vec![item("1", version.to_string())], vec![]), None).unwrap();
    }
    let versions = |before, limit| -> Vec<u64> {
        store.catalogue().changes(before, limit).unwrap().into_iter().map(|record| record.version).collect()
    };
    assert_eq!(versions(None, 3), [5, 4, 3]);
    assert_eq!(versions(Some(3), 3), [2, 1]);
    assert_eq!(versions(Some(99), 1), [5]);
    assert_eq!(versions(Some(1), 3), [0; 0]);
    assert_eq!(versions(Some(0), 3), [0; 0]);
}

#[test]
fn a_change_takes_its_record_along() {
    let store = Store::memory(&keys()).unwrap();
    let facts = Facts::new(EventKind::CatalogueChange, Ending::Done, "operations".to_owned());
    let pending = || Pending::new(vec![Draft::new(now(), facts.clone())]);
    let (made, refused) = (pending(), pending());
    store.catalogue().recording(&made).change(&first(), None).unwrap();
    assert_eq!(made.recorded().map(<[_]>::len), Some(1));
    store.catalogue().recording(&refused).change(&change(9, vec![], vec![]), None).unwrap_err();
    assert!(refused.recorded().is_none());
    assert_eq!(store.logs().size(LogName::Access), Ok(1));
}

#[test]
fn what_is_damaged_is_not_served() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    store.catalogue().change(&first(), None).unwrap();
    let mut rows = engine.rows().into_iter().filter(|(_, space, key, _)| *space == Space::Obj && key.starts_with(b"b"));
    let (part, space, key, mut row) = rows.next_back().unwrap();
    *row.value.last_mut().unwrap() ^= 1;
    engine.overwrite(part, space, &key, row);
    assert_eq!(store.catalogue().newest(), Err(StorageError::Corrupt { what: "catalogue" }));
    engine.remove(part, space, &key);
    assert_eq!(store.catalogue().change_of(1), Err(StorageError::Corrupt { what: "catalogue" }));
}
