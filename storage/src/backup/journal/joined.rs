//! Whether a line ends where a store is: at the same number, and at the same history.

use std::collections::{BTreeMap, BTreeSet};

use crypto::digest::Sha256;

use super::super::{BackupError, BackupKey, Folder};
use super::{SegmentName, segment};
use crate::engine::{Engine, Part, Space, Tap};
use crate::error::StorageError;

/// How many segments are looked at, from the last one back.
const SEGMENTS_MAX: usize = 16;

/// Values from this length on are sealed, under a random number each, or are hashes of such: no other history has them.
const TELLING_BYTES: usize = 32;

/// Where a row is.
type Place = (Part, Space, Vec<u8>);

/// What a row holds; nothing, where it was deleted.
type Held = Option<(usize, Sha256)>;

fn held(value: Option<Vec<u8>>) -> Held {
    value.map(|value| (value.len(), Sha256::of(&[&value])))
}

/// The last segment of a line that ends at this write, and at what the store held then; with its digest.
pub(super) fn joined(
    engine: &dyn Engine,
    tap: &Tap,
    at: u64,
    folder: &Folder,
    key: &BackupKey,
) -> Result<Option<(SegmentName, Sha256)>, BackupError> {
    let journal = folder.segments()?;
    // A line that goes on beyond is of a store that was further: this one was set back, or restored to less.
    let goes_on = |name: &SegmentName| journal.iter().any(|other| other.line == name.line && other.to > at);
    for last in journal.iter().filter(|name| name.to == at && !goes_on(name)) {
        if let Some(sha256) = digest_if_held(engine, tap, last, &journal, (folder, key))? {
            return Ok(Some((*last, sha256)));
        }
    }
    Ok(None)
}

/// The digest of a segment, if the store holds what it and those before it wrote, but for what was written since and is heard. One row that
/// tells this history from all others is enough, and none may be another; a start writes the newest ones again.
fn digest_if_held(
    engine: &dyn Engine,
    tap: &Tap,
    last: &SegmentName,
    journal: &BTreeSet<SegmentName>,
    (folder, key): (&Folder, &BackupKey),
) -> Result<Option<Sha256>, BackupError> {
    let (mut name, mut sha256) = (*last, None);
    let mut seen: BTreeSet<Place> = BTreeSet::new();
    for _ in 0..SEGMENTS_MAX {
        let Some((rows, digest)) = rows(&name, folder, key) else { return Ok(None) };
        let sha256 = *sha256.get_or_insert(digest);
        let mut is_told_apart = false;
        for (place, written) in rows {
            if seen.contains(&place) {
                continue;
            }
            let (part, space, at) = &place;
            let found = engine.get(*part, *space, at).map_err(StorageError::from)?;
            let is_same = held(found.map(|found| found.value)) == written;
            if !is_same && !tap.has_written(*part, *space, at) {
                return Ok(None);
            }
            is_told_apart |= is_same && written.is_some_and(|(bytes, _)| bytes >= TELLING_BYTES);
            seen.insert(place);
        }
        if is_told_apart {
            return Ok(Some(sha256));
        }
        let before = journal.iter().find(|before| before.line == name.line && before.to == name.from);
        let Some(before) = before else { return Ok(None) };
        name = *before;
    }
    Ok(None)
}

/// What the rows held that a segment wrote, at its end; and the digest of its file. One that does not open is none to go on from.
fn rows(name: &SegmentName, folder: &Folder, key: &BackupKey) -> Option<(BTreeMap<Place, Held>, Sha256)> {
    let mut rows = BTreeMap::new();
    let read = segment::read(folder, name, key, &mut |_| (), &mut |_, commit| {
        for write in commit.batch.into_writes() {
            rows.insert((commit.part, write.space, write.key), held(write.value));
        }
        Ok(())
    });
    let (_, sha256) = read.ok()?;
    Some((rows, sha256))
}
