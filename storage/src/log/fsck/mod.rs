//! Checks the logs of a store that nobody writes to: everything that is kept against everything that it says about the rest.
//!
//! Records are walked in order, shard by shard: each against its entry, its links against the records that they name, the tree
//! that grows from the entries against the tiles, the roots and what was signed, and each full block against its index. Then what is
//! there but should not be is looked for. Memory does not grow with the log.

mod reads;
mod witnesses;

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use crypto::record::{Entry, KeyKind, Link, LogName, Opening, Stamp};
use crypto::time::Timestamp;
use crypto::tlog::tile::{decode_entries, encode_hashes};
use crypto::tlog::{FullTile, TileKind, Tree, leaf_hash};

use super::finding::{Fault, Finding};
use super::postings::{BLOCK, block_of};
use super::rows::{Closed, Head, KeptFrom, Pseudonym, Signed};
use super::tail::Tail;
use super::term::Terms;
use super::{Logs, Recorded, linked, recovery, tiles};
use crate::engine::{Range, Space};
use crate::error::StorageError;
use crate::keys::{self, Key, REGISTRY};
use crate::records::Layout;
use crate::shelf::{Shelf, open};

impl Logs {
    /// Checks both logs, and tells what is wrong, as it comes up. Right for a store that nobody writes to: best one that is
    /// [only looked at](crate::Store::inspect).
    ///
    /// # Errors
    /// Those of a store that does not answer. What is damaged is a finding.
    pub fn fsck(&self, found: &mut dyn FnMut(Finding)) -> Result<(), StorageError> {
        let mut vouched = BTreeMap::new();
        for log in LogName::ALL {
            let mut check = Check::new(&self.shelf, log, found);
            check.log()?;
            vouched.append(&mut check.vouched);
        }
        let mut check = Check::new(&self.shelf, LogName::Seal, found);
        check.pseudonyms()?;
        check.notes()?;
        check.vouched(&vouched)
    }
}

struct Check<'a> {
    shelf: &'a Shelf,
    log: LogName,
    found: &'a mut dyn FnMut(Finding),
    kept_from: u64,
    /// How many open links there are, less those that the ends of the chains account for.
    links: i128,
    /// How many rows the index should have.
    index_rows: u64,
    /// By the origin of a log of others, up to which size it is on record that we signed it as a witness.
    vouched: BTreeMap<String, u64>,
}

/// A shard as it is walked.
struct Walk {
    shard: u32,
    period: Closed,
    is_closed: bool,
    tree: Tree,
}

impl<'a> Check<'a> {
    fn new(shelf: &'a Shelf, log: LogName, found: &'a mut dyn FnMut(Finding)) -> Self {
        Self { shelf, log, found, kept_from: 0, links: 0, index_rows: 0, vouched: BTreeMap::new() }
    }
}

impl Check<'_> {
    fn say(&mut self, fault: Fault, at: impl Into<Option<u64>>) {
        (self.found)(Finding { log: Some(self.log), fault, at: at.into() });
    }

    /// A row, if it is there; what does not open is a finding, and counts as missing.
    fn row<T: Layout>(&mut self, key: &Key, fault: Fault, at: Option<u64>) -> Result<Option<T>, StorageError> {
        match self.shelf.read::<T>(key) {
            Ok(kept) => Ok(kept.map(|kept| kept.value)),
            Err(StorageError::Unavailable) => Err(StorageError::Unavailable),
            Err(_) => {
                self.say(fault, at);
                Ok(None)
            }
        }
    }

    fn log(&mut self) -> Result<(), StorageError> {
        let head = match recovery::head(self.shelf.engine.as_ref(), &self.shelf.vault, self.log) {
            Ok((head, _)) => head,
            Err(StorageError::Unavailable) => return Err(StorageError::Unavailable),
            Err(_) => {
                self.say(Fault::HeadDamaged, None);
                return Ok(());
            }
        };
        self.kept_from = self.row::<KeptFrom>(&keys::log_kept(self.log), Fault::KeptDamaged, None)?.map_or(0, |kept| kept.number);
        let signed = self.signed(&head)?;
        let mut index = Index { tail: Tail::new(0), is_whole: true };
        let (mut last, mut next) = (Timestamp::MIN, 0);
        for shard in 0..=head.shard {
            let Some(period) = self.shard(&head, shard, next)? else { continue };
            next = period.first.saturating_add(period.size);
            let mut walk = Walk { shard, period, is_closed: shard < head.shard, tree: Tree::default() };
            self.walk(&mut walk, signed.as_ref(), &mut last, &mut index)?;
        }
        self.extra_shards(&head)?;
        self.extra_cosigned(&head)?;
        if signed.is_some_and(|signed| signed.shard > head.shard || (signed.shard == head.shard && signed.size > head.leaves())) {
            self.say(Fault::SignedDiffers, u64::from(head.shard));
        }
        self.extra_records(head.size)?;
        self.extra_tiles(&head)?;
        self.chains()?;
        self.extra_index()
    }

    /// What was signed last, which must be there.
    fn signed(&mut self, head: &Head) -> Result<Option<Signed>, StorageError> {
        let key = keys::log_signed(self.log);
        if head.has_signed() && self.bytes(&key)?.is_none() {
            self.say(Fault::SignedMissing, None);
        }
        self.row::<Signed>(&key, Fault::SignedDamaged, None)
    }

    /// What a shard should be.
    fn shard(&mut self, head: &Head, shard: u32, next: u64) -> Result<Option<Closed>, StorageError> {
        let at = u64::from(shard);
        let row = self.row::<Closed>(&keys::log_shard(self.log, shard), Fault::ShardDamaged, Some(at))?;
        let closed = if shard == head.shard {
            if row.is_some() {
                self.say(Fault::ShardDamaged, at);
            }
            Some(Closed { period: head.period.clone(), first: head.first, size: head.leaves(), root: head.root })
        } else {
            row
        };
        if closed.as_ref().is_none_or(|closed| closed.first != next || (closed.size == 0 && shard < head.shard)) {
            self.say(Fault::ShardDamaged, at);
        }
        Ok(closed)
    }

    /// Walks the records of a shard.
    fn walk(
        &mut self,
        walk: &mut Walk,
        signed: Option<&Signed>,
        last: &mut Timestamp,
        index: &mut Index,
    ) -> Result<(), StorageError> {
        let Closed { first, size, root, .. } = walk.period;
        let witnessed = self.cosigned(walk)?;
        let mut start = 0;
        while start < size {
            let width = u16::try_from((size - start).min(256)).unwrap_or(256);
            let bundle = if width == 256 || walk.is_closed { Some(self.bundle(walk, start, width)?) } else { None };
            for place in 0..width {
                let number = first.saturating_add(start).saturating_add(u64::from(place));
                let kept = self.record(number, last, index)?;
                let held = bundle.as_ref().and_then(|bundle| bundle.get(usize::from(place)).copied());
                if let (Some(kept), Some(held)) = (kept, held)
                    && kept != held
                {
                    self.say(Fault::EntryDiffers, number);
                }
                let Some(entry) = held.or(kept) else { return Ok(()) };
                for tile in walk.tree.append(leaf_hash(&entry.0)).map_err(|_error| StorageError::Internal)? {
                    self.tile(walk, &tile)?;
                }
                if let Some(signed) = signed.filter(|signed| signed.shard == walk.shard && signed.size == walk.tree.size())
                    && signed.root != walk.tree.root()
                {
                    self.say(Fault::SignedDiffers, u64::from(walk.shard));
                }
                if witnessed.is_some_and(|(size, root)| size == walk.tree.size() && root != walk.tree.root()) {
                    self.say(Fault::CosignedDiffers, u64::from(walk.shard));
                }
            }
            start = start.saturating_add(u64::from(width));
        }
        if walk.tree.root() != root {
            self.say(Fault::RootDiffers, u64::from(walk.shard));
        }
        if walk.is_closed {
            for (level, index) in tiles::partial_of(&walk.tree) {
                let tile = FullTile { level, index, hashes: walk.tree.partial(level).to_vec() };
                self.tile(walk, &tile)?;
            }
        }
        Ok(())
    }

    /// The entries of a bundle, as the disk has them.
    fn bundle(&mut self, walk: &Walk, start: u64, width: u16) -> Result<Vec<Entry>, StorageError> {
        let key = keys::log_tile(self.log, walk.shard, TileKind::Entries, start / 256);
        let row = self.bytes(&key)?;
        let entries = row.and_then(|row| {
            let entries = decode_entries(&row.value, width).ok()?;
            entries.into_iter().map(|entry| entry.try_into().ok().map(Sha256)).collect::<Option<Vec<Entry>>>()
        });
        if entries.is_none() {
            self.say(Fault::BundleDamaged, walk.period.first.saturating_add(start));
        }
        Ok(entries.unwrap_or_default())
    }

    fn tile(&mut self, walk: &Walk, tile: &FullTile) -> Result<(), StorageError> {
        let key = keys::log_tile(self.log, walk.shard, TileKind::Hashes { level: tile.level }, tile.index);
        let row = self.bytes(&key)?;
        if row.is_none_or(|row| row.value != encode_hashes(&tile.hashes)) {
            let below = tile.index.checked_shl(8 * (u32::from(tile.level) + 1)).unwrap_or(0);
            self.say(Fault::TileDiffers, walk.period.first.saturating_add(below));
        }
        Ok(())
    }

    /// Checks a record by itself, its links, and the index of its block. Gives its entry.
    fn record(&mut self, number: u64, last: &mut Timestamp, index: &mut Index) -> Result<Option<Entry>, StorageError> {
        let row = keys::log_row(self.log, number);
        // A row that the disk cannot give whole is there, and does not open.
        let is_there = !matches!(self.shelf.engine.get(REGISTRY, row.space, &row.bytes), Ok(None));
        let opening = self.row::<Opening>(&row, Fault::RecordDamaged, Some(number))?;
        if !is_there && number >= self.kept_from {
            self.say(Fault::RecordMissing, number);
        }
        let stamp: Option<Stamp> = opening.as_ref().and_then(|opening| opening.read(Opening::STAMP));
        if let Some(opening) = &opening {
            if linked::leaves_out(opening, &self.shelf.vault) {
                self.say(Fault::LinkMissing, number);
            }
            if stamp.is_none_or(|stamp| stamp.number != number) {
                self.say(Fault::StampWrong, number);
            }
            if stamp.is_some_and(|stamp| stamp.at < *last) {
                self.say(Fault::TimeBackwards, number);
            }
            self.links_of(number, opening)?;
            self.note_vouched(opening);
        }
        *last = stamp.map_or(*last, |stamp| stamp.at);
        self.index_of(number, opening.as_ref().zip(stamp), index)?;
        Ok(opening.map(|opening| opening.entry()))
    }

    fn links_of(&mut self, number: u64, opening: &Opening) -> Result<(), StorageError> {
        if number < self.kept_from {
            // It was on its way out when that was broken off: what is kept says how many were before.
            return Ok(());
        }
        for place in Opening::LINKS..opening.parts.len() {
            let Some(link) = opening.read::<Link>(place) else { continue };
            self.links += 1;
            match link.previous {
                None if link == Link::first(link.kind, link.key) => {}
                // What was before is gone: the link says how much.
                Some(previous) if previous.number < self.kept_from => self.links += i128::from(link.count),
                Some(previous) if previous.number < number => match self.follows(&link, previous)? {
                    Follows::Yes => {}
                    Follows::Erased => {
                        self.links += i128::from(link.count);
                        self.say(Fault::ErasureUnfinished, number);
                    }
                    Follows::No => self.say(Fault::LinkBroken, number),
                },
                _ => self.say(Fault::LinkBroken, number),
            }
        }
        Ok(())
    }

    /// Whether a link is what follows from the record that it names.
    fn follows(&self, link: &Link, previous: Stamp) -> Result<Follows, StorageError> {
        let row = keys::log_row(self.log, previous.number);
        let before = match self.shelf.read::<Opening>(&row) {
            Ok(Some(kept)) => kept.value,
            Err(StorageError::Unavailable) => return Err(StorageError::Unavailable),
            Ok(None) | Err(_) => return Ok(Follows::No),
        };
        let places = Opening::LINKS..before.parts.len();
        let same = |place: usize| before.read::<Link>(place).filter(|other| (other.kind, other.key) == (link.kind, link.key));
        let stamp: Option<Stamp> = before.read(Opening::STAMP);
        Ok(match places.clone().find_map(same).zip(stamp) {
            Some((other, stamp)) if stamp == previous && other.next(stamp) == *link => Follows::Yes,
            // The oldest are closed first: a closed link is theirs whose newer records are still open.
            None if link.kind == KeyKind::Subject && before.parts.iter().skip(places.start).any(|part| part.text().is_none()) => {
                Follows::Erased
            }
            _ => Follows::No,
        })
    }

    /// Adds a record to the index of its block, and compares that with the disk when the block is full.
    fn index_of(&mut self, number: u64, record: Option<(&Opening, Stamp)>, index: &mut Index) -> Result<(), StorageError> {
        if number.is_multiple_of(u64::from(BLOCK)) {
            *index = Index { tail: Tail::new(number), is_whole: true };
        }
        let terms = record.map(|(opening, _)| Terms::of_opening(opening, &self.shelf.vault)).unwrap_or_default();
        let at = record.map_or(Timestamp::MIN, |(_, stamp)| stamp.at);
        index.is_whole &= record.is_some() && index.tail.push(number, at, &terms);
        if !Tail::ends_block(number) {
            return Ok(());
        }
        let block = block_of(number);
        for (key, value) in index.tail.rows(self.log).into_iter().filter(|_| index.is_whole) {
            self.index_rows += u64::from(key.bytes.starts_with(&keys::log_index(self.log)));
            let row = self.bytes(&key)?;
            // Of what is to be let go the index goes first.
            let is_gone = row.is_none() && number < self.kept_from;
            if !is_gone && row.is_none_or(|row| row.value != value) {
                self.say(Fault::IndexDiffers, block);
            }
        }
        if !index.is_whole && number >= self.kept_from {
            self.say(Fault::IndexDiffers, block);
        }
        Ok(())
    }

    fn extra_shards(&mut self, head: &Head) -> Result<(), StorageError> {
        let mut rows = 0_u64;
        self.each(Space::Hot, Range::prefix(&keys::log_shards(self.log)), |_, _, _| {
            rows += 1;
            Ok(())
        })?;
        if rows != u64::from(head.shard) {
            self.say(Fault::ShardDamaged, None);
        }
        Ok(())
    }

    fn extra_records(&mut self, size: u64) -> Result<(), StorageError> {
        let range = Range::prefix(&[self.log.number()]);
        let from = keys::log_row(self.log, size).bytes;
        let range = Range { from: std::ops::Bound::Included(from), ..range };
        self.each(Space::Log, range, |check, key, _| {
            check.say(Fault::RecordExtra, keys::log_number(key));
            Ok(())
        })
    }

    fn extra_tiles(&mut self, head: &Head) -> Result<(), StorageError> {
        let range = Range::prefix(&[self.log.number()]);
        let head = head.clone();
        self.each(Space::Tile, range, move |check, key, _| {
            let Some((shard, level, index)) = keys::log_tile_of(key) else {
                check.say(Fault::TileExtra, None);
                return Ok(());
            };
            let (leaves, is_closed) = if shard == head.shard {
                (head.leaves(), false)
            } else {
                let closed = check.shelf.read::<Closed>(&keys::log_shard(check.log, shard)).ok().flatten();
                (closed.map_or(0, |closed| closed.value.size), true)
            };
            let width = crypto::tlog::tile::width_at(leaves, level.unwrap_or(0), index);
            if width.is_none_or(|width| width < 256 && !is_closed) {
                check.say(Fault::TileExtra, u64::from(shard));
            }
            Ok(())
        })
    }

    fn chains(&mut self) -> Result<(), StorageError> {
        let prefix = keys::chains(self.log);
        self.each(Space::Hot, Range::prefix(&prefix), |check, key, value| {
            let bytes = open(&check.shelf.vault, Space::Hot, key, value, Link::WHAT);
            let link = bytes.and_then(|bytes| Link::decode(&bytes)).ok();
            let link = link.filter(|link| keys::chain(check.log, link.kind, &link.key).bytes == key);
            let Some((link, previous)) = link.and_then(|link| link.previous.map(|previous| (link, previous))) else {
                check.say(Fault::ChainDamaged, None);
                return Ok(());
            };
            check.links -= i128::from(link.count);
            if previous.number < check.kept_from {
                check.links += i128::from(link.count);
                return Ok(());
            }
            match check.follows(&link, previous)? {
                Follows::Yes => {}
                Follows::Erased => {
                    check.links += i128::from(link.count);
                    check.say(Fault::ErasureUnfinished, previous.number);
                }
                Follows::No => check.say(Fault::ChainDamaged, None),
            }
            Ok(())
        })?;
        if self.links != 0 {
            self.say(Fault::ChainForked, None);
        }
        Ok(())
    }

    fn extra_index(&mut self) -> Result<(), StorageError> {
        let mut rows = 0_u64;
        self.each(Space::Idx, Range::prefix(&keys::log_index(self.log)), |_, _, _| {
            rows += 1;
            Ok(())
        })?;
        if rows > self.index_rows {
            self.say(Fault::IndexExtra, None);
        }
        Ok(())
    }

    /// Pseudonyms against chains: there is one for each person with a chain in one log or both.
    fn pseudonyms(&mut self) -> Result<(), StorageError> {
        let (mut people, mut pseudonyms, mut rows) = (0_u64, 0_u64, 0_u64);
        let subjects = |log| Range::prefix(&keys::chains_of(log, KeyKind::Subject));
        let is_there = |check: &Self, log, key: &Sha256| -> Result<bool, StorageError> {
            let row = keys::chain(log, KeyKind::Subject, key);
            Ok(check.bytes(&row)?.is_some())
        };
        for log in LogName::ALL {
            self.each(Space::Hot, subjects(log), |check, key, _| {
                // Whoever has a chain in the seal log was counted there.
                let key = keys::last_digest(key).map(Sha256);
                let is_new = log == LogName::Seal || !key.map_or(Ok(false), |key| is_there(check, LogName::Seal, &key))?;
                people += u64::from(is_new);
                Ok(())
            })?;
        }
        self.each(Space::Hot, Range::prefix(keys::PSEUDONYMS), |check, key, value| {
            let bytes = open(&check.shelf.vault, Space::Hot, key, value, Pseudonym::WHAT);
            let pseudonym = bytes.and_then(|bytes| Pseudonym::decode(&bytes)).ok();
            pseudonyms += u64::from(pseudonym.is_some());
            rows += 1;
            Ok(())
        })?;
        if rows != pseudonyms || people != pseudonyms {
            (self.found)(Finding { log: None, fault: Fault::PseudonymDamaged, at: None });
        }
        Ok(())
    }

    fn notes(&mut self) -> Result<(), StorageError> {
        self.each(Space::Idem, Range::prefix(&[]), |check, key, value| {
            let bytes = open(&check.shelf.vault, Space::Idem, key, value, Recorded::WHAT);
            let note = bytes.and_then(|bytes| Recorded::decode(&bytes)).ok();
            let agrees = |note: Recorded| match check.shelf.read::<Opening>(&keys::log_row(note.log, note.number)) {
                Ok(Some(kept)) => kept.value.entry() == note.entry,
                // It may have been let go; if not, the walk has found it.
                Ok(None) | Err(_) => true,
            };
            if !note.is_some_and(agrees) {
                (check.found)(Finding { log: None, fault: Fault::NoteDamaged, at: None });
            }
            Ok(())
        })
    }
}

/// What the record before has to say to a link.
enum Follows {
    Yes,
    No,
    /// It has been erased.
    Erased,
}

/// The index of a block, as its records say it.
struct Index {
    tail: Tail,
    /// Whether every record of it was there.
    is_whole: bool,
}
