//! The journal: a store is restored to every state of which there is a segment, nothing that is not what was written passes, and what is
//! missing is known to be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::licence::Operation;
use crypto::time::Timestamp;
use storage::backup::{
    self, BackupError, BackupId, BackupKey, Damage, Folder, Gap, Goal, Harm, Journal, Making, SegmentName, Step,
};
use storage::engine::rocks::Rocks;
use storage::engine::{Direction, Engine, OpenError, Part, Range, Row, Space};
use storage::{Options, Store, StoreError};

use crate::ledger::{findings, look_up, seal_use};
use crate::sample::{identifier, ingest, keys, licence, now, options, status};
use crate::scratch::Scratch;

pub(crate) fn key() -> BackupKey {
    BackupKey::new(&[5; 32])
}

pub(crate) fn quiet(_: Step) {}

pub(crate) type Rows = Vec<(Space, Row)>;

pub(crate) fn rows(engine: &Rocks) -> Rows {
    let of = |space| engine.scan(Part(0), space, Range::prefix(&[]), Direction::Ascending, usize::MAX).unwrap();
    Space::ALL.into_iter().flat_map(|space| of(space).into_iter().map(move |row| (space, row))).collect()
}

fn rows_of(path: &Path) -> Rows {
    rows(&Rocks::open(path, &options()).unwrap())
}

/// A store that is open with its journal, and what it was at the end of each segment.
pub(crate) struct Desk {
    pub(crate) journal: Journal,
    pub(crate) store: Store,
    pub(crate) engine: Arc<Rocks>,
    pub(crate) seconds: i64,
}

impl Desk {
    pub(crate) fn open(data: &Path, folder: &Folder, seconds: i64) -> Self {
        Self::with(data, folder, seconds, 8 << 20)
    }

    fn with(data: &Path, folder: &Folder, seconds: i64, journal_bytes: usize) -> Self {
        let engine = Arc::new(Rocks::open(data, &Options { journal_bytes, ..options() }).unwrap());
        let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
        let journal = Journal::open(&store, Folder::new(folder.path()), key(), now().plus(seconds)).unwrap();
        Self { journal, store, engine, seconds }
    }

    /// A moment after all before.
    fn later(&mut self) -> Timestamp {
        self.seconds += 1;
        now().plus(self.seconds)
    }

    pub(crate) fn segment(&mut self) -> SegmentName {
        let until = self.later();
        assert_eq!(self.journal.gather(), Ok(true));
        let name = self.journal.write(until).unwrap().unwrap();
        assert_eq!((name.line, name.until), (self.journal.line(), until));
        name
    }

    /// A segment, if there is something to be written; until when it reaches.
    pub(crate) fn turn(&mut self) -> Option<Timestamp> {
        let until = self.later();
        let is_something = self.journal.gather().unwrap();
        let name = self.journal.write(until).unwrap();
        assert_eq!(name.is_some(), is_something);
        name.map(|name| name.until)
    }

    pub(crate) fn back_up(&mut self, folder: &Folder) -> BackupId {
        let making = Making { now: self.later(), program: "test" };
        backup::create(&self.store, folder, &key(), making, &mut quiet).unwrap().id
    }

    pub(crate) fn fill(&self, numbers: std::ops::Range<u16>) {
        fill(&self.store, numbers);
    }
}

fn fill(store: &Store, numbers: std::ops::Range<u16>) {
    for number in numbers {
        let serial = format!("A{number}");
        store.licences().ingest(&licence(&serial, 1, &[number], serial.as_bytes()), &ingest()).unwrap();
        store.logs().append_and_wait(&[seal_use(number % 5, number, 0), look_up(number, 1)]).unwrap();
    }
}

pub(crate) fn goal(folder: &Folder, until: Option<Timestamp>) -> Result<Goal, BackupError> {
    backup::goal(folder, &key(), &folder.ids().unwrap(), until)
}

pub(crate) fn restored(folder: &Folder, goal: &Goal, to: &Path) -> Rows {
    let restored = backup::restore_to(folder, goal, &key(), to, &mut quiet).unwrap();
    assert_eq!(restored.until, goal.until());
    assert!(to.join("restored.json").exists());
    assert_eq!(findings(&Store::inspect(to, &keys(), &options()).unwrap()), []);
    rows_of(to)
}

pub(crate) fn verified(folder: &Folder) -> Vec<Damage> {
    backup::verify(folder, &folder.ids().unwrap(), &key(), &mut quiet).unwrap()
}

fn path(folder: &Folder, name: &SegmentName) -> PathBuf {
    folder.path().join("journal").join(name.to_string())
}

pub(crate) fn places(scratch: &Scratch) -> (PathBuf, Folder) {
    (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")))
}

#[test]
fn a_store_is_restored_to_the_end_of_every_segment() {
    let scratch = Scratch::new("journal-every");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.fill(0..20);
    let mut states = vec![(desk.segment().until, rows(&desk.engine))];
    let mut ids = vec![desk.back_up(&folder)];
    let begun = states[0].0.plus(1);
    states[0].0 = begun;
    for round in 0..10_u16 {
        let first = 20 + round * 3;
        // Of one commit, of many, and with what is deleted or changed.
        match round % 4 {
            0 => desk.store.probe(now().plus(round.into())).unwrap(),
            1 => desk.fill(first..first + 3),
            2 => {
                let revoked = identifier(&format!("A{round}"), 1);
                desk.store.licences().change_status(&revoked, &status(Operation::Revoke)).unwrap();
            }
            _ => drop(desk.store.logs().append_and_wait(&[seal_use(1, round, 0)]).unwrap()),
        }
        let name = desk.segment();
        states.push((name.until, rows(&desk.engine)));
        match round {
            // In the middle of a segment: what is in the backup already is not written again.
            5 => {
                desk.fill(100..102);
                ids.push(desk.back_up(&folder));
                desk.fill(102..103);
                states.push((desk.segment().until, rows(&desk.engine)));
            }
            // A restart that lost nothing goes on with the line.
            8 => {
                let (line, seconds) = (desk.journal.line(), desk.seconds);
                drop(desk);
                desk = Desk::open(&data, &folder, seconds);
                assert_eq!(desk.journal.line(), line);
            }
            _ => {}
        }
    }
    let line = desk.journal.line();
    assert!(folder.segments().unwrap().iter().all(|name| name.line == line));
    drop(desk);
    assert_eq!(verified(&folder), []);
    for (number, (until, state)) in states.iter().enumerate() {
        let goal = goal(&folder, Some(*until)).unwrap();
        assert_eq!(goal.until(), *until);
        assert_eq!(restored(&folder, &goal, &scratch.path().join(format!("until-{number}"))), *state, "state {number}");
    }
    // Between two moments it is the state of the earlier one; before the first there is none; at last it is the newest.
    let [.., (before, state), (last, newest)] = &states[..] else { panic!("two states") };
    assert_eq!(restored(&folder, &goal(&folder, Some(last.plus(-1))).unwrap(), &scratch.path().join("between")), *state);
    assert!(last.plus(-1) >= *before);
    assert!(matches!(goal(&folder, Some(begun.plus(-1))), Err(BackupError::NoneUntil { .. })));
    let far = goal(&folder, None).unwrap();
    assert_eq!(restored(&folder, &far, &scratch.path().join("newest")), *newest);
    // Also from the first backup, over the second; and a backup by its name is what it was.
    assert_eq!(far.manifest.id, ids[1]);
    let along = backup::goal(&folder, &key(), &ids[..1], None).unwrap();
    assert!(along.segments.len() > far.segments.len());
    assert_eq!(restored(&folder, &along, &scratch.path().join("along")), *newest);
    backup::restore(&folder, &ids[0], &key(), &scratch.path().join("by-name"), &mut quiet).unwrap();
    assert_eq!(rows_of(&scratch.path().join("by-name")), states[0].1);
}

#[test]
fn under_load_the_journal_and_the_backups_join() {
    let scratch = Scratch::new("journal-load");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.fill(0..5);
    let store = desk.store.clone();
    std::thread::scope(|scope| {
        let writers = [300_u16, 400].map(|from| {
            let store = &store;
            scope.spawn(move || fill(store, from..from + 60))
        });
        for _ in 0..4 {
            desk.back_up(&folder);
            for _ in 0..3 {
                desk.turn();
            }
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    drop(store);
    desk.turn();
    let newest = rows(&desk.engine);
    drop(desk);
    assert_eq!(verified(&folder), []);
    for (number, id) in folder.ids().unwrap().iter().enumerate() {
        let goal = backup::goal(&folder, &key(), std::slice::from_ref(id), None).unwrap();
        assert_eq!(goal.broken, None);
        assert_eq!(restored(&folder, &goal, &scratch.path().join(format!("from-{number}"))), newest, "from {id}");
    }
}

#[test]
fn every_changed_byte_of_a_segment_is_found() {
    let scratch = Scratch::new("journal-bytes");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    let names: Vec<SegmentName> = (0..3)
        .map(|second| {
            desk.store.probe(now().plus(second)).unwrap();
            desk.segment()
        })
        .collect();
    drop(desk);
    let path = path(&folder, &names[1]);
    let good = fs::read(&path).unwrap();
    let newest = |harm| {
        let goal = goal(&folder, None).unwrap();
        assert_eq!(goal.segments, names[..1]);
        assert!(harm == goal.broken.map(|(_, harm)| harm), "{:?}", goal.broken);
    };
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, bad).unwrap();
        let found = goal(&folder, None).unwrap();
        // The name of the key only says which key to look for.
        let is_key_name = (24..33).contains(&at);
        assert!(found.segments == names[..1] || is_key_name, "byte {at}: {:?}", found.broken);
    }
    for end in [0, 1, good.len() / 2, good.len() - 1] {
        fs::write(&path, &good[..end]).unwrap();
        assert_eq!(goal(&folder, None).unwrap().segments, names[..1], "cut at {end}");
    }
    newest(Some(Harm::Segment));
    let [found] = &verified(&folder)[..] else { panic!("one damage") };
    assert_eq!((found.harm, &found.name, &found.backups), (Harm::Segment, &names[1].to_string(), &folder.ids().unwrap()));
    // Whoever asks for a moment behind it is told; before it all is well.
    for (until, is_there) in
        [(names[0].until, true), (names[1].until.plus(-1), true), (names[1].until, false), (names[2].until, false)]
    {
        let reached = goal(&folder, Some(until));
        assert_eq!(reached.is_ok(), is_there, "{until}: {reached:?}");
        let told = reached.map_or_else(|error| error.to_string(), |_| String::new());
        assert!(
            is_there || told.contains(&names[1].to_string()) && told.contains(&format!("--until {}", names[0].until)),
            "{told}"
        );
    }
    // Missing.
    fs::remove_file(&path).unwrap();
    assert_eq!(goal(&folder, None).unwrap().broken, Some((names[2], Harm::SegmentMissing)));
    let [found] = &verified(&folder)[..] else { panic!("one damage") };
    assert_eq!((found.harm, &found.name), (Harm::SegmentMissing, &names[2].to_string()));
    assert!(matches!(goal(&folder, Some(names[2].until)), Err(BackupError::Hole { .. })));
    // Under another name, and in the place of another.
    fs::write(&path, fs::read(self::path(&folder, &names[2])).unwrap()).unwrap();
    newest(Some(Harm::Segment));
    fs::write(&path, &good).unwrap();
    assert_eq!((goal(&folder, None).unwrap().segments, verified(&folder)), (names.clone(), vec![]));
    // Under another key.
    let other = BackupKey::new(&[6; 32]);
    let found = backup::verify(&folder, &folder.ids().unwrap(), &other, &mut quiet).unwrap();
    assert!(found.iter().all(|damage| damage.harm == Harm::OtherKey), "{found:?}");
}

#[test]
fn a_segment_of_another_history_does_not_pass_under_the_same_name() {
    let scratch = Scratch::new("journal-history");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    desk.fill(0..2);
    desk.segment();
    let seconds = desk.seconds;
    drop(desk);
    let other = scratch.copy("journal-history-other");
    let two_more = |at: &Scratch, number: i64| -> [SegmentName; 2] {
        let (data, folder) = places(at);
        let mut desk = Desk::open(&data, &folder, seconds);
        [0, 1].map(|n| {
            desk.store.probe(now().plus(number + n)).unwrap();
            desk.segment()
        })
    };
    let names = two_more(&scratch, 0);
    assert_eq!(two_more(&other, 50), names);
    fs::copy(path(&places(&other).1, &names[0]), path(&folder, &names[0])).unwrap();
    assert_eq!(goal(&folder, None).unwrap().broken, Some((names[1], Harm::SegmentOrder)));
    let found: Vec<Harm> = verified(&folder).iter().map(|damage| damage.harm).collect();
    assert_eq!(found, [Harm::SegmentOrder]);
}

#[test]
fn a_gap_makes_a_new_line_that_leads_on_from_the_next_backup() {
    let scratch = Scratch::new("journal-gap");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::with(&data, &folder, 0, 64 << 10);
    desk.back_up(&folder);
    desk.fill(0..2);
    let reached = desk.segment();
    // More than waits.
    desk.fill(2..60);
    assert_eq!(desk.journal.gather(), Err(Gap));
    let line = desk.journal.line();
    desk.seconds += 1;
    desk.journal.begin(now().plus(desk.seconds)).unwrap();
    assert_ne!(desk.journal.line(), line);
    desk.store.probe(now()).unwrap();
    let unled = desk.segment();
    assert_eq!(goal(&folder, None).unwrap().until(), reached.until);
    let second = desk.back_up(&folder);
    desk.store.probe(now().plus(1)).unwrap();
    let led = desk.segment();
    assert_eq!(goal(&folder, None).unwrap().segments, [led]);
    // A crash: what was committed last is not in the journal.
    desk.fill(60..61);
    let seconds = desk.seconds;
    drop(desk);
    let mut desk = Desk::open(&data, &folder, seconds);
    assert!(desk.journal.line() != led.line);
    assert_eq!(goal(&folder, None).unwrap().until(), led.until);
    let third = desk.back_up(&folder);
    desk.fill(61..62);
    let newest = desk.segment();
    let state = rows(&desk.engine);
    drop(desk);
    let to = scratch.path().join("restored");
    let far = goal(&folder, None).unwrap();
    assert_eq!((&far.manifest.id, far.until(), restored(&folder, &far, &to)), (&third, newest.until, state));
    assert_eq!(verified(&folder), []);
    // What no backup leads to goes with the oldest ones.
    let segments = folder.segments().unwrap();
    assert!(segments.contains(&reached) && segments.contains(&unled));
    assert_eq!(folder.prune(2, &key()).unwrap(), 1);
    assert_eq!(folder.ids().unwrap(), [second, third]);
    assert_eq!(folder.segments().unwrap(), [led, newest].into());
}

#[test]
fn a_store_that_was_put_back_begins_a_new_line_even_at_the_same_number() {
    let scratch = Scratch::new("journal-fork");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    desk.fill(0..2);
    let kept = desk.segment();
    desk.store.probe(now()).unwrap();
    let lost = desk.segment();
    let seconds = desk.seconds;
    drop(desk);
    let to = scratch.path().join("put-back");
    drop(restored(&folder, &goal(&folder, Some(kept.until)).unwrap(), &to));
    // As many writes as were lost, and nobody listens.
    Store::open(&to, &keys(), &options()).unwrap().probe(now().plus(9)).unwrap();
    let mut desk = Desk::open(&to, &folder, seconds);
    assert_eq!(desk.store.tap().unwrap().at(), lost.to);
    assert_ne!(desk.journal.line(), lost.line);
    // A copy of it that nobody has open does not join what it is not either.
    drop(desk.back_up(&folder));
    drop(desk);
    let made = |path: &Path| {
        let store = Store::inspect(path, &keys(), &options()).unwrap();
        let making = Making { now: now().plus(seconds + 9), program: "test" };
        backup::create(&store, &folder, &key(), making, &mut quiet).unwrap()
    };
    assert_eq!(made(&to).journal, None);
    // And the one that was not put back does.
    assert_eq!(made(&data).journal.map(|joint| (joint.line, joint.from)), Some((lost.line, lost.to)));
}

#[test]
fn a_line_goes_on_also_where_its_last_rows_were_written_again() {
    let scratch = Scratch::new("journal-again");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    desk.fill(0..1);
    desk.segment();
    // One row, three times: a start writes it anew before the journal is open.
    for _ in 0..3 {
        desk.store.probe(now()).unwrap();
        desk.segment();
    }
    let line = desk.journal.line();
    drop(desk);
    let store = Store::open(&data, &keys(), &Options { journal_bytes: 8 << 20, ..options() }).unwrap();
    store.probe(now().plus(1)).unwrap();
    let mut journal = Journal::open(&store, Folder::new(folder.path()), key(), now().plus(50)).unwrap();
    assert_eq!((journal.line(), journal.gather()), (line, Ok(true)));
    let last = journal.write(now().plus(51)).unwrap().unwrap();
    assert_eq!(goal(&folder, None).unwrap().segments.last(), Some(&last));
}

#[test]
fn a_folder_that_takes_no_segments_gets_them_when_it_does() {
    let scratch = Scratch::new("journal-refused");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    desk.fill(0..1);
    let (journal, away) = (folder.path().join("journal"), folder.path().join("away"));
    fs::rename(&journal, &away).unwrap();
    assert_eq!(desk.journal.gather(), Ok(true));
    assert!(matches!(desk.journal.write(now().plus(10)), Err(BackupError::Io { .. })));
    desk.fill(1..2);
    assert_eq!(desk.journal.gather(), Ok(true));
    assert!(desk.journal.write(now().plus(11)).is_err());
    fs::rename(&away, &journal).unwrap();
    // What was refused keeps its moment; what came meanwhile is another segment.
    let first = desk.journal.write(now().plus(12)).unwrap().unwrap();
    assert_eq!(first.until, now().plus(10));
    assert_eq!(desk.journal.gather(), Ok(true));
    let second = desk.journal.write(now().plus(12)).unwrap().unwrap();
    assert_eq!(second.from, first.to);
    assert_eq!((desk.journal.gather(), desk.journal.write(now().plus(13)).unwrap()), (Ok(false), None));
    let state = rows(&desk.engine);
    drop(desk);
    assert_eq!(restored(&folder, &goal(&folder, None).unwrap(), &scratch.path().join("restored")), state);
}

/// Copies a folder as it is at this moment: what is left when the power goes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            assert!(fs::copy(entry.path(), to).is_ok());
        }
    }
}

#[test]
fn a_restoration_that_is_cut_short_is_no_store_and_says_so() {
    let scratch = Scratch::new("restore-cut");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.fill(0..3);
    desk.back_up(&folder);
    for number in 3..6 {
        desk.fill(number..number + 1);
        desk.segment();
    }
    let state = rows(&desk.engine);
    drop(desk);
    let (goal, to) = (goal(&folder, None).unwrap(), scratch.path().join("restored"));
    let mut left = Vec::new();
    let restored = backup::restore_to(&folder, &goal, &key(), &to, &mut |_| {
        let cut = scratch.path().join(format!("cut-{}", left.len()));
        copy(&to, &cut);
        left.push(cut);
    });
    assert!(restored.unwrap().commits > 0);
    assert_eq!(rows_of(&to), state);
    assert!(left.len() > goal.manifest.pieces.len() + goal.segments.len());
    for cut in left {
        assert!(cut.join("restored.json").exists(), "{} has no mark", cut.display());
        let opened = Store::open(&cut, &keys(), &options()).unwrap_err();
        assert!(matches!(opened, StoreError::Engine(OpenError::HalfRestored)), "{opened}");
        assert!(!cut.join("rocksdb").exists());
        let again = backup::restore_to(&folder, &goal, &key(), &cut, &mut quiet).unwrap_err();
        assert_eq!(again.code(), "backup-half-restored");
        assert!(again.to_string().contains("remove the folder, and restore again"), "{again}");
    }
    // What fails by itself leaves nothing.
    fs::remove_file(path(&folder, &goal.segments[1])).unwrap();
    let empty = scratch.path().join("empty");
    let error = backup::restore_to(&folder, &goal, &key(), &empty, &mut quiet).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { harm: Harm::SegmentMissing, .. }), "{error}");
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
}
