//! A loss of power while a batch is written: the disk had not promised it yet, and leaves of it what it likes.

use std::fs;
use std::path::PathBuf;

use storage::engine::rocks::Rocks;
use storage::engine::{Batch, Engine, OpenError, Part, Space};

use crate::sample::options;
use crate::scratch::Scratch;

/// The newest write-ahead log of a database.
fn log_of(scratch: &Scratch) -> PathBuf {
    let logs = scratch.files().into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "log"));
    logs.max().unwrap()
}

/// Opens what a loss of power left; how many of the rows of the last batch are there, if it opens.
fn left(torn: &Scratch) -> Result<usize, OpenError> {
    let engine = Rocks::open(torn.path(), &options())?;
    let is_there = |key: u8| engine.get(Part(1), Space::Tile, &[key]).unwrap().is_some();
    assert!((0..4).all(is_there), "what was acknowledged is missing");
    let found = (10..13).filter(|key| is_there(*key)).count();
    // It goes on from there, and the next start finds nothing wrong.
    let mut batch = Batch::new();
    batch.put(Space::Tile, vec![99], vec![1]);
    engine.commit(Part(1), batch).unwrap();
    drop(engine);
    assert!(Rocks::open(torn.path(), &options()).unwrap().get(Part(1), Space::Tile, &[99]).unwrap().is_some());
    Ok(found)
}

#[test]
fn the_end_of_the_log_with_holes_and_garbage() {
    const BLOCK: usize = 4096;
    let scratch = Scratch::new("torn");
    let engine = Rocks::open(scratch.path(), &options()).unwrap();
    let value = |seed: u8, length: usize| (0..length).map(|at| seed ^ u8::try_from(at * 31 % 251).unwrap()).collect::<Vec<u8>>();
    let mut boundaries = vec![0];
    for key in 0..4 {
        let mut batch = Batch::new();
        batch.put(Space::Tile, vec![key], value(key, 9_000));
        engine.commit(Part(1), batch).unwrap();
        boundaries.push(usize::try_from(fs::metadata(log_of(&scratch)).unwrap().len()).unwrap());
    }
    let log = log_of(&scratch);
    let synced = boundaries.pop().unwrap();
    let mut batch = Batch::new();
    (10..13).for_each(|key| batch.put(Space::Tile, vec![key], value(key, 20_000)));
    engine.commit(Part(1), batch).unwrap();
    let whole = fs::read(&log).unwrap();
    assert!(whole.len() > synced + 60_000);
    // The power goes while the last batch is written: nobody was told of it.
    let after = |change: &mut dyn FnMut(&mut Vec<u8>)| {
        let copy = scratch.copy("torn-copy");
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(log_of(&copy), bytes).unwrap();
        left(&copy)
    };
    assert_eq!(after(&mut |_| ()).unwrap(), 3);
    for start in (synced / BLOCK * BLOCK..whole.len() - BLOCK).step_by(3 * BLOCK) {
        let hole = start.max(synced)..start + BLOCK;
        assert_eq!(after(&mut |bytes| bytes[hole.clone()].fill(0)).unwrap(), 0, "a hole at {hole:?}");
    }
    assert_eq!(after(&mut |bytes| bytes[synced..whole.len() - 10].fill(0)).unwrap(), 0, "the last bytes alone");
    let garbage = value(0xa5, BLOCK);
    for length in [BLOCK / 2, 20_000, 40_000] {
        let end = synced + length;
        let put = &mut |bytes: &mut Vec<u8>| {
            bytes.truncate(end);
            bytes[end - 1_000..].copy_from_slice(&garbage[..1_000]);
        };
        assert_eq!(after(put).unwrap(), 0, "garbage up to {end}");
    }
    // Damage with a record behind it is no torn end.
    for at in [1_000, synced - 5_000, synced - 1] {
        let refused = after(&mut |bytes| bytes[at] ^= 1).unwrap_err();
        assert!(matches!(&refused, OpenError::Refused(said) if said.contains("Corruption")), "{at}: {refused}");
    }
    // RocksDB would skip zeros that begin where a record does, and what they were.
    for from in boundaries {
        let refused = after(&mut |bytes| bytes[from..from + BLOCK].fill(0)).unwrap_err();
        assert!(matches!(&refused, OpenError::Refused(said) if said.contains("has zeros")), "{from}: {refused}");
    }
}
