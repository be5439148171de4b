//! Places in status lists: every version of a licence has one for ever, given with its record and never to anybody else.
//!
//! Places are found by a keyed digest and not counted up: neighbours in a list have nothing in common, and licences that come in
//! at the same time do not wait for each other. Lists are filled one after the other: a licence whose tries in the last list are
//! all taken opens the next one, which happens at about nine tenths.

use crypto::licence::Record;
use serde::{Deserialize, Serialize};

use crate::engine::{Direction, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, LicenceKey, REGISTRY};
use crate::records::Layout;
use crate::shelf::{Attempt, Change, Committed, Shelf, repeat};

/// Places in one list.
pub const SLOTS: u32 = 1 << 17;

/// How many places of a list are tried for one licence.
const TRIES: u32 = 64;

/// How many licences are given their places in one batch.
const BACKFILL: usize = 128;

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// Which list, from 0.
    pub list: u32,
    /// Which place in it, below [`SLOTS`].
    pub index: u32,
}

/// Whose place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) lineage: [u8; 32],
    pub(crate) version: u16,
}

/// What tells that every licence has its place.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Backfilled {}

impl From<LicenceKey> for Owner {
    fn from(key: LicenceKey) -> Self {
        Self { lineage: key.lineage, version: key.version }
    }
}

impl From<Owner> for LicenceKey {
    fn from(owner: Owner) -> Self {
        Self { lineage: owner.lineage, version: owner.version }
    }
}

/// Gives a licence its place, within the change that writes it. `taken` are those that the same change gave before.
pub(crate) fn allocate(
    shelf: &Shelf,
    change: &mut Change<'_>,
    key: LicenceKey,
    taken: &mut Vec<Slot>,
) -> Result<Slot, StorageError> {
    let newest = taken.iter().map(|slot| slot.list).max();
    let mut list = last_list(shelf)?.max(newest).unwrap_or(0);
    loop {
        if let Some(slot) = free_in(shelf, key, list, taken)? {
            change.insert(keys::owner(slot), &Owner::from(key))?;
            change.insert(key.slot(), &slot)?;
            taken.push(slot);
            return Ok(slot);
        }
        list = list.checked_add(1).ok_or(StorageError::Internal)?;
    }
}

/// The first place of the licence in this list that nobody has.
fn free_in(shelf: &Shelf, key: LicenceKey, list: u32, taken: &[Slot]) -> Result<Option<Slot>, StorageError> {
    let subject = [&key.lineage[..], &key.version.to_be_bytes(), &list.to_be_bytes()].concat();
    let [a, b, c, d, e, f, g, h, ..] = shelf.vault.blind(b"status slot", &subject);
    let (start, step) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]) | 1);
    for attempt in 0..TRIES {
        // An odd step meets every place of a list whose length is a power of two before it comes back.
        let slot = Slot { list, index: start.wrapping_add(attempt.wrapping_mul(step)) % SLOTS };
        let owner = keys::owner(slot);
        if !taken.contains(&slot) && shelf.engine.get(REGISTRY, owner.space, &owner.bytes)?.is_none() {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// The last list in which anybody has a place.
fn last_list(shelf: &Shelf) -> Result<Option<u32>, StorageError> {
    let rows = shelf.engine.scan(REGISTRY, Space::Obj, Range::prefix(keys::OWNERS), Direction::Descending, 1)?;
    Ok(rows.first().and_then(|(key, _)| keys::slot_of(key)).map(|slot| slot.list))
}

/// Who has places in a list, in order, behind the place `after`: up to `limit` of them.
pub(crate) fn owners(
    shelf: &Shelf,
    list: u32,
    after: Option<u32>,
    limit: usize,
) -> Result<Vec<(Slot, LicenceKey)>, StorageError> {
    let mut range = Range::prefix(&keys::owners_of(list));
    if let Some(index) = after {
        range = range.resumed(Direction::Ascending, keys::owner(Slot { list, index }).bytes);
    }
    let rows = shelf.engine.scan(REGISTRY, Space::Obj, range, Direction::Ascending, limit)?;
    let corrupt = || StorageError::Corrupt { what: Owner::WHAT };
    let read = |(key, row): &(Vec<u8>, _)| {
        let slot = keys::slot_of(key).ok_or_else(corrupt)?;
        Ok((slot, shelf.opened::<Owner>(&keys::owner(slot), row)?.value.into()))
    };
    rows.iter().map(read).collect()
}

/// Gives their places to licences that came in when there were none. Done once for a store.
pub(crate) fn backfill(shelf: &Shelf, told: &mut dyn FnMut(u64)) -> Result<(), StorageError> {
    let done = keys::backfilled();
    if shelf.read::<Backfilled>(&done)?.is_some() {
        return Ok(());
    }
    let mut count = 0;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let mut range = Range::prefix(keys::RECORDS);
        if let Some(last) = after.take() {
            range = range.resumed(Direction::Ascending, last);
        }
        let rows = shelf.engine.scan(REGISTRY, Space::Hot, range, Direction::Ascending, BACKFILL)?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        let licences: Vec<LicenceKey> = rows.iter().filter_map(|(key, _)| LicenceKey::from_suffix(key)).collect();
        repeat(|| attempt_backfill(shelf, &licences))?;
        count += u64::try_from(licences.len()).unwrap_or_default();
        told(count);
    }
    let mut change = shelf.change();
    change.put(done, &Backfilled {})?;
    match change.commit()? {
        Committed::Yes => Ok(()),
        // Whoever tries again does nothing twice.
        Committed::Conflict | Committed::Unknown => Err(StorageError::Unknown),
    }
}

fn attempt_backfill(shelf: &Shelf, licences: &[LicenceKey]) -> Result<Attempt<()>, StorageError> {
    let (mut change, mut taken) = (shelf.change(), Vec::new());
    for key in licences {
        if shelf.read::<Slot>(&key.slot())?.is_none() {
            allocate(shelf, &mut change, *key, &mut taken)?;
        }
    }
    if taken.is_empty() {
        return Ok(Attempt::Done(()));
    }
    Ok(match change.commit()? {
        Committed::Yes => Attempt::Done(()),
        Committed::Conflict => Attempt::Again,
        Committed::Unknown => Attempt::Doubtful,
    })
}

/// A licence with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its place.
    pub slot: Slot,
    /// What is on record about it.
    pub record: Record,
}
