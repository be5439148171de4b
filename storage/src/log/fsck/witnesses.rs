//! What witnesses signed of our logs, and what we signed of the logs of others, held against the trees and the records.

use std::collections::BTreeMap;

use crypto::record::{Ending, EventKind, Facts, Opening};
use crypto::tlog::{Checkpoint, Hash, Note};

use super::{Check, Walk};
use crate::engine::{Range, Space};
use crate::error::StorageError;
use crate::keys;
use crate::log::finding::{Fault, Finding};
use crate::log::rows::Head;
use crate::records::Layout as _;
use crate::shelf::open;
use crate::witnessing::{Cosigned, Vouched, WitnessedNote};

impl Check<'_> {
    /// Size and root of the newest tree of a shard that enough witnesses signed.
    pub(super) fn cosigned(&mut self, walk: &Walk) -> Result<Option<(u64, Hash)>, StorageError> {
        let at = u64::from(walk.shard);
        let row = self.row::<Cosigned>(&keys::log_cosigned(self.log, walk.shard), Fault::CosignedDamaged, Some(at))?;
        let Some(Cosigned { lines, newest }) = row else { return Ok(None) };
        let mut sizes = lines.values().map(|line| line.size).chain(newest.as_ref().map(|newest| newest.size));
        if sizes.any(|size| size > walk.period.size) {
            self.say(Fault::CosignedDiffers, at);
        }
        let tree = newest.as_ref().map(tree_of);
        if tree == Some(None) {
            self.say(Fault::CosignedDamaged, at);
        }
        Ok(tree.flatten())
    }

    /// There is nothing to sign of shards that are not there.
    pub(super) fn extra_cosigned(&mut self, head: &Head) -> Result<(), StorageError> {
        let last = head.shard;
        self.each(Space::Hot, Range::prefix(&keys::log_cosigned_of(self.log)), move |check, key, _| {
            let shard = keys::log_cosigned_shard(key);
            if shard.is_none_or(|shard| shard > last) {
                check.say(Fault::CosignedDamaged, shard.map(u64::from));
            }
            Ok(())
        })
    }

    /// Notes what a record says that we signed as a witness.
    pub(super) fn note_vouched(&mut self, opening: &Opening) {
        let Some(text) = opening.parts.get(Opening::FACTS).and_then(|part| part.text()) else { return };
        if !text.contains(EventKind::LogWitness.name()) {
            return;
        }
        let facts = opening.read::<Facts>(Opening::FACTS);
        let Some(facts) = facts.filter(|facts| (facts.event, facts.outcome) == (EventKind::LogWitness, Ending::Done)) else {
            return;
        };
        let (origin, size) = (facts.details.get("origin"), facts.details.get("size"));
        if let Some((origin, size)) = origin.and_then(|origin| origin.as_str()).zip(size.and_then(|size| size.as_u64())) {
            let known = self.vouched.entry(origin.to_owned()).or_default();
            *known = size.max(*known);
        }
    }

    /// What we signed last of each log of others: a witness that forgets would sign a second tree.
    pub(super) fn vouched(&mut self, recorded: &BTreeMap<String, u64>) -> Result<(), StorageError> {
        let mut kept = BTreeMap::new();
        let damaged = Finding { log: None, fault: Fault::VouchedDamaged, at: None };
        self.each(Space::Hot, Range::prefix(keys::VOUCHED), |check, key, value| {
            let bytes = open(&check.shelf.vault, Space::Hot, key, value, Vouched::WHAT);
            let row = bytes.and_then(|bytes| Vouched::decode(&bytes)).ok();
            match row.filter(|row| keys::vouched(&row.origin).bytes == key) {
                Some(row) => drop(kept.insert(row.origin, row.size)),
                None => (check.found)(damaged),
            }
            Ok(())
        })?;
        for (origin, size) in recorded {
            if kept.get(origin).is_none_or(|kept| kept < size) {
                (self.found)(damaged);
            }
        }
        Ok(())
    }
}

/// The tree that a checkpoint tells of, if it is one of the size that is noted beside it.
fn tree_of(witnessed: &WitnessedNote) -> Option<(u64, Hash)> {
    let note = Note::parse(witnessed.note.as_bytes()).ok()?;
    let checkpoint = Checkpoint::of(&note).ok()?;
    (checkpoint.size() == witnessed.size).then(|| (checkpoint.size(), checkpoint.root()))
}
