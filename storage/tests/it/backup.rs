//! Backups: what is restored is what was, what is damaged is found, what was cut short is none, and what was lost is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::Hash;
use storage::backup::{self, BackupError, BackupKey, Folder, Harm, Making, Manifest, Step};
use storage::engine::rocks::Rocks;
use storage::engine::{Direction, Engine, FreezeError, Part, Range, Row, Space};
use storage::log::{Publisher, Standing, restored_period};
use storage::restoration::{Lost, Restoration};
use storage::{KeyId, Store};

use crate::ledger::{Scribe, findings, look_up, newest, publishing, seal_use};
use crate::sample::{identifier, ingest, keys, licence, now, options};
use crate::scratch::Scratch;

fn key() -> BackupKey {
    BackupKey::new(&[5; 32])
}

fn quiet(_: Step) {}

fn back_up(store: &Store, folder: &Folder) -> Manifest {
    backup::create(store, folder, &key(), Making { now: now(), program: "test" }, &mut quiet).unwrap()
}

fn fill(store: &Store, numbers: std::ops::Range<u16>) {
    for number in numbers {
        let serial = format!("A{number}");
        store.licences().ingest(&licence(&serial, 1, &[number], serial.as_bytes()), &ingest()).unwrap();
        store.logs().append_and_wait(&[seal_use(number % 5, number, 0), look_up(number, 1)]).unwrap();
    }
}

fn open(path: &Path) -> Store {
    Store::open(path, &keys(), &options()).unwrap()
}

/// Every row of a store that nobody has open.
fn rows(path: &Path) -> Vec<(Space, Row)> {
    let engine = Rocks::open(path, &options()).unwrap();
    let of = |space| engine.scan(Part(0), space, Range::prefix(&[]), Direction::Ascending, usize::MAX).unwrap();
    Space::ALL.into_iter().flat_map(|space| of(space).into_iter().map(move |row| (space, row))).collect()
}

fn pieces(folder: &Folder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join("pieces")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_is_restored_is_what_was() {
    let scratch = Scratch::new("backup-restored");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let store = open(&data);
    publishing(&store, &Scribe::new());
    fill(&store, 0..40);
    newest(&store, LogName::Seal);
    newest(&store, LogName::Access);
    let mut steps = Vec::new();
    let made =
        backup::create(&store, &folder, &key(), Making { now: now(), program: "test" }, &mut |step| steps.push(step)).unwrap();
    assert_eq!(made.parent, None);
    assert_eq!(made.new_bytes, made.bytes());
    assert_eq!(
        made.logs.iter().map(|head| (head.log, head.size)).collect::<Vec<_>>(),
        [(LogName::Seal, 40), (LogName::Access, 40)]
    );
    assert!(steps.is_sorted_by_key(|step| step.done) && steps.last().is_some_and(|last| last.done == last.all));
    assert!(!data.join("frozen").exists());
    assert_eq!(backup::verify(&folder, &folder.ids().unwrap(), &key(), &mut quiet).unwrap(), []);
    drop(store);

    let restored = scratch.path().join("restored");
    assert_eq!(backup::restore(&folder, &made.id, &key(), &restored, &mut quiet).unwrap(), made);
    assert_eq!(rows(&restored), rows(&data));
    let store = Store::inspect(&restored, &keys(), &options()).unwrap();
    assert_eq!(findings(&store), []);
    for head in &made.logs {
        assert_eq!(store.logs().standing(head), Ok(Standing::Holds));
    }
    // One that is only looked at publishes nothing, and is backed up all the same.
    let looked_at = back_up(&store, &folder);
    drop(store);
    let told = |made: &Manifest| -> Vec<_> { made.logs.iter().map(|head| (head.log, head.size, head.root)).collect() };
    assert_eq!(told(&looked_at), told(&made));
    assert!(looked_at.logs.iter().all(|head| head.note.is_empty()));
    // It is a store like any other.
    let store = open(&restored);
    fill(&store, 40..41);
    assert_eq!(store.licences().file(&identifier("A7", 1)).unwrap().unwrap(), b"A7");
    // And nothing is put over another.
    drop(store);
    let error = backup::restore(&folder, &made.id, &key(), &restored, &mut quiet).unwrap_err();
    assert!(matches!(error, BackupError::NotEmpty { .. }), "{error}");
}

#[test]
fn only_what_is_new_is_written() {
    let scratch = Scratch::new("backup-new");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let store = open(&data);
    fill(&store, 0..60);
    let first = back_up(&store, &folder);
    fill(&store, 60..61);
    let before = pieces(&folder).len();
    let second = back_up(&store, &folder);
    assert_eq!(second.parent, Some(first.id.clone()));
    assert!(second.new_bytes * 2 < second.bytes(), "{} of {} bytes are new", second.new_bytes, second.bytes());
    let shared = second.pieces.iter().filter(|row| first.pieces.contains(row)).count();
    assert!(shared > 0);
    assert_eq!(pieces(&folder).len() - before, second.pieces.len() - shared);
    // Under another key there is nothing to share, and nothing to read.
    let other = BackupKey::new(&[6; 32]);
    let third = backup::create(&store, &folder, &other, Making { now: now(), program: "test" }, &mut quiet).unwrap();
    assert_eq!((third.parent, third.new_bytes), (None, third.pieces.iter().map(|row| row.bytes).sum()));
    let error = folder.manifest(&first.id, &other).unwrap_err();
    assert!(matches!(error, BackupError::OtherKey { sealed, given } if sealed == key().id() && given == other.id()), "{error}");
    drop(store);
    for (made, licences) in [(&first, 60), (&second, 61)] {
        let restored = scratch.path().join(made.id.as_str());
        backup::restore(&folder, &made.id, &key(), &restored, &mut quiet).unwrap();
        let store = Store::inspect(&restored, &keys(), &options()).unwrap();
        assert_eq!(store.logs().size(LogName::Seal), Ok(licences));
    }
}

#[test]
fn old_backups_go_and_take_with_them_what_nobody_else_has() {
    let scratch = Scratch::new("backup-prune");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let store = open(&data);
    let made: Vec<Manifest> = (0..3)
        .map(|round| {
            fill(&store, round * 10..round * 10 + 10);
            let making = Making { now: now().plus(i64::from(round)), program: "test" };
            backup::create(&store, &folder, &key(), making, &mut quiet).unwrap()
        })
        .collect();
    assert_eq!(folder.prune(3, &key()).unwrap(), 0);
    assert_eq!(folder.prune(1, &key()).unwrap(), 2);
    assert_eq!(folder.ids().unwrap(), [made[2].id.clone()]);
    assert_eq!(pieces(&folder).len(), made[2].pieces.len());
    assert_eq!(backup::verify(&folder, &folder.ids().unwrap(), &key(), &mut quiet).unwrap(), []);
    // The last one stays whatever is asked for, and pieces stay that may be those of a backup which cannot be read.
    assert_eq!(folder.prune(0, &key()).unwrap(), 0);
    let [stray, foreign] = ["0".repeat(64), "mine".to_owned()].map(|name| folder.path().join("pieces").join(name));
    fs::write(&stray, b"?").unwrap();
    fs::write(&foreign, b"?").unwrap();
    assert_eq!(folder.prune(1, &BackupKey::new(&[6; 32])).unwrap(), 0);
    assert!(stray.exists());
    assert_eq!(folder.prune(1, &key()).unwrap(), 0);
    assert!(!stray.exists() && foreign.exists(), "what is no piece is somebody else's");
}

#[test]
fn damage_is_found_wherever_it_is() {
    let scratch = Scratch::new("backup-damage");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let store = open(&data);
    fill(&store, 0..20);
    let made = back_up(&store, &folder);
    let ids = folder.ids().unwrap();
    let verified = || backup::verify(&folder, &ids, &key(), &mut quiet).unwrap();
    let kinds: std::collections::BTreeSet<&str> = made
        .pieces
        .iter()
        .map(|row| row.file.rsplit(['.', '-']).next().unwrap().trim_end_matches(|c: char| c.is_ascii_digit()))
        .collect();
    assert!(kinds.len() >= 3, "tables, manifest of the database, its pointer: {kinds:?}");
    for row in &made.pieces {
        let path = folder.path().join("pieces").join(row.piece.to_string());
        let good = fs::read(&path).unwrap();
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            let [found] = &verified()[..] else { panic!("{} byte {at}", row.file) };
            assert_eq!((found.harm, &found.name, &found.backups), (Harm::Piece, &row.piece.to_string(), &ids));
        }
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert_eq!(verified()[0].harm, Harm::Piece);
        fs::remove_file(&path).unwrap();
        assert_eq!(verified()[0].harm, Harm::Missing);
        let to = scratch.path().join("not-restored");
        let error = backup::restore(&folder, &made.id, &key(), &to, &mut quiet).unwrap_err();
        assert!(matches!(error, BackupError::Damaged { harm: Harm::Missing, .. }), "{error}");
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0, "nothing is half restored");
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(verified(), []);
    let path = folder.path().join("manifests").join(made.id.as_str());
    let mut bad = fs::read(&path).unwrap();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    fs::write(&path, bad).unwrap();
    let [found] = &verified()[..] else { panic!("one damage") };
    assert_eq!((found.harm, found.name.as_str()), (Harm::Manifest, made.id.as_str()));
    // A piece that is too short is written again by the next backup.
    drop(backup::create(&store, &folder, &key(), Making { now: now(), program: "test" }, &mut quiet).unwrap());
    fs::write(folder.path().join("pieces").join(made.pieces[0].piece.to_string()), b"").unwrap();
    let again = back_up(&store, &folder);
    assert_eq!(backup::verify(&folder, std::slice::from_ref(&again.id), &key(), &mut quiet).unwrap(), []);
}

#[test]
fn a_backup_that_was_cut_short_is_none() {
    let scratch = Scratch::new("backup-cut");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let store = open(&data);
    fill(&store, 0..5);
    let made = back_up(&store, &folder);
    let manifest = folder.path().join("manifests").join(made.id.as_str());
    // All pieces, and the manifest before it got its name: the last moment at which it can be cut short.
    fs::rename(&manifest, manifest.with_extension("new")).unwrap();
    fs::write(folder.path().join("pieces/piece.new"), b"half").unwrap();
    assert_eq!(folder.ids().unwrap(), []);
    assert!(matches!(folder.manifest(&made.id, &key()), Err(BackupError::Absent { .. })));
    let next = back_up(&store, &folder);
    assert_eq!((next.parent, folder.ids().unwrap()), (None, vec![next.id.clone()]));
    assert!(!manifest.with_extension("new").exists() && !folder.path().join("pieces/piece.new").exists());
    folder.prune(1, &key()).unwrap();
    assert_eq!(pieces(&folder).len(), next.pieces.len());
}

#[test]
fn a_backup_under_load_is_a_store_of_one_moment() {
    let scratch = Scratch::new("backup-load");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let store = open(&data);
    publishing(&store, &Scribe::new());
    fill(&store, 0..10);
    let goes_on = AtomicBool::new(true);
    let made = std::thread::scope(|scope| {
        let writers = [100_u16, 200].map(|from| {
            let (store, goes_on) = (&store, &goes_on);
            scope.spawn(move || {
                let numbers = (from..from + 100).take_while(|_| goes_on.load(Ordering::Relaxed));
                numbers.for_each(|number| fill(store, number..number + 1));
            })
        });
        let made: Vec<Manifest> = (0..3).map(|_| back_up(&store, &folder)).collect();
        goes_on.store(false, Ordering::Relaxed);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        made
    });
    let mut before = 0;
    for made in made {
        let restored = scratch.path().join(made.id.as_str());
        backup::restore(&folder, &made.id, &key(), &restored, &mut quiet).unwrap();
        let copy = Store::inspect(&restored, &keys(), &options()).unwrap();
        assert_eq!(findings(&copy), []);
        for head in &made.logs {
            assert_eq!(copy.logs().standing(head), Ok(Standing::Holds));
        }
        // Whatever is in it, the store has it too.
        let size = copy.logs().size(LogName::Seal).unwrap();
        assert!(size >= before);
        before = size;
        for number in 0..size {
            assert_eq!(copy.logs().record(LogName::Seal, number), store.logs().record(LogName::Seal, number));
        }
    }
}

#[test]
fn what_is_frozen_does_not_live_on() {
    let scratch = Scratch::new("frozen");
    let engine = Rocks::open(scratch.path(), &options()).unwrap();
    let frozen = engine.freeze().unwrap();
    let path = frozen.path().to_owned();
    assert!(path.join("CURRENT").exists());
    assert!(matches!(engine.freeze(), Err(FreezeError::Refused(_))), "one at a time");
    drop(frozen);
    assert!(!path.exists());
    drop(engine);
    // What a process leaves that is killed in the middle of it.
    let left = [scratch.path().join("frozen"), scratch.path().join("frozen.tmp")];
    left.iter().for_each(|folder| fs::create_dir(folder).unwrap());
    drop(Rocks::open(scratch.path(), &options()).unwrap());
    assert!(left.iter().all(|folder| !folder.exists()));
    let error = Store::memory(&keys()).unwrap().freeze().unwrap_err();
    assert_eq!(error, FreezeError::Unsupported);
}

/// Goes on in a period that is left of another.
#[derive(Debug)]
struct Anew(Arc<Scribe>, Timestamp);

impl Publisher for Anew {
    fn period(&self, log: LogName, at: Timestamp) -> String {
        restored_period(&self.0.period(log, at), self.1)
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        self.0.sign(log, period, size, root)
    }
}

#[test]
fn a_store_that_was_put_back_is_known_by_what_was_published() {
    let scratch = Scratch::new("put-back");
    let (data, folder) = (scratch.path().join("data"), Folder::new(&scratch.path().join("backups")));
    let (store, scribe) = (open(&data), Scribe::new());
    publishing(&store, &scribe);
    fill(&store, 0..3);
    newest(&store, LogName::Seal);
    newest(&store, LogName::Access);
    let (before, made) = (store.logs().known_heads(), back_up(&store, &folder));
    fill(&store, 3..300);
    newest(&store, LogName::Seal);
    newest(&store, LogName::Access);
    let after = store.logs().known_heads();
    for head in before.iter().chain(&after) {
        assert_eq!(store.logs().standing(head), Ok(Standing::Holds));
    }
    drop(store);

    let restored = scratch.path().join("restored");
    backup::restore(&folder, &made.id, &key(), &restored, &mut quiet).unwrap();
    let store = open(&restored);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(store.logs().standing(before), Ok(Standing::Holds));
        assert_eq!(store.logs().standing(after), Ok(Standing::Behind { size: 3 }));
    }
    // Going on as if nothing had happened would make another tree of the same name.
    fill(&store, 500..800);
    assert_eq!(store.logs().standing(&after[0]), Ok(Standing::Differs));
    drop(store);

    fs::remove_dir_all(&restored).unwrap();
    backup::restore(&folder, &made.id, &key(), &restored, &mut quiet).unwrap();
    let store = open(&restored);
    let at = now().plus(7);
    store.logs().publish_with(Arc::new(Anew(Arc::clone(&scribe), at)));
    fill(&store, 500..501);
    newest(&store, LogName::Seal);
    newest(&store, LogName::Access);
    let period = format!("{}-r20260301000007", after[0].period);
    for log in LogName::ALL {
        let shards = store.logs().shards(log).unwrap();
        let told: Vec<_> = shards.iter().map(|shard| (shard.period.as_str(), shard.size, shard.is_closed)).collect();
        assert_eq!(told, [(after[0].period.as_str(), 3, true), (period.as_str(), 1, false)]);
    }
    // The usual names are taken again, and the period goes on under its own. The scribe sees to it that nothing is signed twice.
    drop(store);
    let store = open(&restored);
    publishing(&store, &scribe);
    fill(&store, 501..510);
    let later = newest(&store, LogName::Seal);
    assert_eq!((later.period.as_str(), later.size), (period.as_str(), 10));
    assert_eq!(store.logs().standing(&after[0]), Ok(Standing::Behind { size: 3 }));
    assert_eq!(findings(&store), []);
    // Another hour is another period.
    store.logs().append_and_wait(&[seal_use(1, 1, 3600)]).unwrap();
    assert_eq!(newest(&store, LogName::Seal).period, "2026-03-01T01");
    // A second restoration within a period has a name of its own.
    assert_eq!(restored_period(&period, at.plus(1)), format!("{}-r20260301000008", after[0].period));
}

#[test]
fn a_restoration_stays_on_file_until_it_is_dealt_with() {
    let store = Store::memory(&keys()).unwrap();
    assert_eq!(store.restoration(), Ok(None));
    let lost = |from| Lost { log: LogName::Seal, period: "2026".to_owned(), from, until: from + 5 };
    let first = Restoration { at: now(), lost: vec![lost(3)] };
    store.note_restoration(&first).unwrap();
    store.note_restoration(&first).unwrap();
    assert_eq!(store.restoration(), Ok(Some(first)));
    store.note_restoration(&Restoration { at: now().plus(1), lost: vec![lost(9)] }).unwrap();
    let both = Restoration { at: now().plus(1), lost: vec![lost(9), lost(3)] };
    assert_eq!(store.restoration(), Ok(Some(both)));
    store.settle_restoration().unwrap();
    store.settle_restoration().unwrap();
    assert_eq!(store.restoration(), Ok(None));
}

#[test]
fn a_backup_names_the_keys_that_it_takes() {
    let scratch = Scratch::new("backup-keys");
    let folder = Folder::new(&scratch.path().join("backups"));
    let store = open(&scratch.path().join("data"));
    let made = back_up(&store, &folder);
    let id: KeyId = store.keyring().outer();
    assert_eq!((made.value_key, made.store_format.as_str(), made.program.as_str()), (id.to_string(), "2", "test"));
    let file = scratch.path().join("backup.key");
    fs::write(&file, "05".repeat(32)).unwrap();
    assert!(matches!(BackupKey::load(&file), Err(BackupError::Key(_))), "others may read it");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(BackupKey::load(&file).unwrap().id(), key().id());
}
