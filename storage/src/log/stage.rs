//! A group's records, being put in order: numbers, links, entries, tiles. Nothing of it counts before it is durable.

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use crypto::record::{Entry, KeyKind, Link, LogName, Opening, Stamp};
use crypto::time::Timestamp;
use crypto::tlog::{FullTile, TileKind, Tree, leaf_hash};

use super::Recorded;
use super::board::{Board, Signing};
use super::live::Live;
use super::prepared::{Made, Prepared};
use super::rows::{Closed, Head, Pair, Pseudonym, Signed};
use super::tail::Tail;
use super::term::{Term, Terms};
use super::tiles;
use crate::engine::{Batch, Engine, Space, Write};
use crate::error::StorageError;
use crate::keys::{self, Key, REGISTRY};
use crate::records::Layout;
use crate::shelf::{open, seal};
use crate::vault::{Blind, Vault};

/// The records of a group.
///
/// That the head is where it was when the group was begun is checked when the group is written. What is new by its number is then
/// new on disk, and nothing else is looked up again: reading what must be absent took half of the time of a write.
pub(crate) struct Stage<'a> {
    engine: &'a dyn Engine,
    vault: &'a Vault,
    board: &'a Board,
    batch: Batch,
    logs: Pair<Option<StagedLog>>,
    /// By the key of the row.
    chains: BTreeMap<Vec<u8>, Chained>,
    /// By the key of the row: the pseudonym, and whether the row is to be written.
    pseudonyms: BTreeMap<Vec<u8>, Known>,
    once: BTreeMap<Vec<u8>, Recorded>,
    error: Option<StorageError>,
}

/// A chain as it will be.
struct Chained {
    /// The link of the next record.
    link: Link,
    /// The version of the row on disk, if there is one. Nobody else writes the row before this group is written.
    version: Option<u64>,
    /// Whether a record of this group is in it.
    is_used: bool,
}

struct Known {
    key: Sha256,
    is_new: bool,
    is_used: bool,
}

/// A log as it will be.
pub(crate) struct StagedLog {
    head: Head,
    version: Option<u64>,
    tree: Tree,
    bundle: Vec<Entry>,
    /// The tail that takes the place of the one before, if a block became full.
    tail: Option<Tail>,
    /// What the last tail gets.
    pushed: Vec<(u64, Timestamp, Terms)>,
    period: Option<(Timestamp, String)>,
    /// What is noted for the first time as that which may be signed.
    first_signed: Option<Signed>,
}

/// What becomes of the logs once the batch is durable.
pub(crate) struct Staged(Pair<Option<StagedLog>>);

impl<'a> Stage<'a> {
    pub(crate) fn new(engine: &'a dyn Engine, vault: &'a Vault, board: &'a Board) -> Self {
        Self {
            engine,
            vault,
            board,
            batch: Batch::new(),
            logs: Pair::default(),
            chains: BTreeMap::new(),
            pseudonyms: BTreeMap::new(),
            once: BTreeMap::new(),
            error: None,
        }
    }

    /// Whether the group will write this row.
    pub(crate) fn holds(&self, write: &Write) -> bool {
        match write.space {
            Space::Hot => self.chains.contains_key(&write.key) || self.pseudonyms.contains_key(&write.key),
            Space::Idem => self.once.contains_key(&write.key),
            // A record that is being erased may be linked by nothing that is being written.
            Space::Log | Space::Tile | Space::Obj | Space::Idx => false,
        }
    }

    /// Reads all that [`Self::append`] needs from the disk.
    pub(crate) fn resolve(&mut self, record: &Prepared) -> Result<(), StorageError> {
        if let Some(key) = &record.once
            && !self.once.contains_key(&key.bytes)
            && let Some((recorded, _)) = self.read::<Recorded>(key)?
        {
            self.once.insert(key.bytes.clone(), Recorded { is_repeat: true, ..recorded });
        }
        for seal in &record.seals {
            self.resolve_chain(record.log, KeyKind::Seal, seal)?;
        }
        for subject in &record.holders {
            let pseudonym = self.resolve_pseudonym(subject)?;
            self.resolve_chain(record.log, KeyKind::Subject, &pseudonym)?;
        }
        Ok(())
    }

    fn resolve_chain(&mut self, log: LogName, kind: KeyKind, chain: &Sha256) -> Result<(), StorageError> {
        let key = keys::chain(log, kind, chain);
        if !self.chains.contains_key(&key.bytes) {
            let (link, version) = self.read::<Link>(&key)?.unzip();
            let link = link.unwrap_or_else(|| Link::first(kind, *chain));
            self.chains.insert(key.bytes, Chained { link, version, is_used: false });
        }
        Ok(())
    }

    fn resolve_pseudonym(&mut self, subject: &Blind) -> Result<Sha256, StorageError> {
        let row = keys::pseudonym(subject);
        if let Some(known) = self.pseudonyms.get(&row.bytes) {
            return Ok(known.key);
        }
        let known = match self.read::<Pseudonym>(&row)? {
            Some((pseudonym, _)) => Known { key: pseudonym.key, is_new: false, is_used: false },
            None => {
                let mut key = [0; 32];
                self.vault.random(&mut key).map_err(|error| StorageError::of_vault(error, Pseudonym::WHAT))?;
                Known { key: Sha256(key), is_new: true, is_used: false }
            }
        };
        let key = known.key;
        self.pseudonyms.insert(row.bytes, known);
        Ok(key)
    }

    /// Gives the record its place. What fails here fails the whole group: half of a submission must not be on record.
    pub(crate) fn append(&mut self, record: &Prepared) -> Result<Recorded, StorageError> {
        let appended = self.try_append(record);
        if let Err(error) = &appended {
            self.error = Some(error.clone());
        }
        appended
    }

    fn try_append(&mut self, record: &Prepared) -> Result<Recorded, StorageError> {
        if let Some(first) = record.once.as_ref().and_then(|key| self.once.get(&key.bytes)) {
            return Ok(Recorded { is_repeat: true, ..first.clone() });
        }
        self.begin(record)?;
        let Some(staged) = self.logs.of_mut(record.log) else { return Err(StorageError::Internal) };
        let stamp = Stamp { number: staged.head.size, at: staged.head.at.max(record.at) };
        let mut salts = record.salts.iter();
        let mut salt = || salts.next().copied().ok_or(StorageError::Internal);
        let stamped = Made::new(salt()?, &stamp)?;
        let mut linked = Vec::with_capacity(record.seals.len() + record.holders.len());
        let mut terms = record.terms.clone();
        let mut links: Vec<(KeyKind, Sha256)> = record.seals.iter().map(|key| (KeyKind::Seal, *key)).collect();
        for subject in &record.holders {
            let known = self.pseudonyms.get_mut(&keys::pseudonym(subject).bytes).ok_or(StorageError::Internal)?;
            known.is_used = true;
            links.push((KeyKind::Subject, known.key));
        }
        for (kind, key) in links {
            let row = keys::chain(record.log, kind, &key);
            let chain = self.chains.get_mut(&row.bytes).ok_or(StorageError::Internal)?;
            linked.push(Made::new(salt()?, &chain.link)?);
            chain.link = chain.link.next(stamp);
            chain.is_used = true;
            if kind == KeyKind::Subject {
                terms.add(Term::subject(self.vault, &key));
            }
        }
        let parts: Vec<&Made> = [&stamped, &record.facts, &record.subject].into_iter().chain(&linked).collect();
        let entry = Opening::entry_of(&parts.iter().map(|made| made.commitment).collect::<Vec<_>>());
        let row = keys::log_row(record.log, stamp.number);
        let sealed = seal(self.vault, &row, &Made::encode(&parts))?;
        self.batch.put_known(row.space, row.bytes, None, sealed);
        staged.grow(record.log, stamp, entry, terms, self.board, &mut self.batch)?;
        let recorded = Recorded { log: record.log, number: stamp.number, at: stamp.at, entry, is_repeat: false };
        if let Some(key) = &record.once {
            let sealed = seal(self.vault, key, &recorded.encode()?)?;
            // It was looked for, and not found.
            self.batch.put_known(key.space, key.bytes.clone(), None, sealed);
            self.once.insert(key.bytes.clone(), recorded.clone());
        }
        Ok(recorded)
    }

    /// Makes ready the log of a record, and the shard of its period.
    fn begin(&mut self, record: &Prepared) -> Result<(), StorageError> {
        let staged = self.logs.of_mut(record.log).get_or_insert_with(|| StagedLog::of(&self.board.live(record.log)));
        let at = staged.head.at.max(record.at);
        if staged.period.as_ref().is_none_or(|(of, _)| *of != at) {
            let period = self.board.period(record.log, at).unwrap_or_else(|| staged.head.period.clone());
            staged.period = Some((at, period));
        }
        match &staged.period {
            Some((_, period)) if !continues(&staged.head.period, period) => {
                let period = period.clone();
                staged.roll(record.log, period, self.vault, &mut self.batch)
            }
            _ => Ok(()),
        }
    }

    /// Adds the rows of the logs to a batch. Gives the write that tells whether it was written, and the logs as they will be.
    pub(crate) fn finish(&mut self, batch: &mut Batch, signings: &[Signing]) -> Result<(Option<Write>, Staged), StorageError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        batch.append(std::mem::take(&mut self.batch));
        for (bytes, chain) in self.chains.iter().filter(|(_, chain)| chain.is_used) {
            let key = Key { space: Space::Hot, bytes: bytes.clone() };
            let sealed = seal(self.vault, &key, &chain.link.encode()?)?;
            batch.put_known(key.space, key.bytes, chain.version, sealed);
        }
        for (bytes, known) in self.pseudonyms.iter().filter(|(_, known)| known.is_new && known.is_used) {
            let key = Key { space: Space::Hot, bytes: bytes.clone() };
            let sealed = seal(self.vault, &key, &Pseudonym { key: known.key }.encode()?)?;
            batch.put_known(key.space, key.bytes, None, sealed);
        }
        for signing in signings.iter().filter(|signing| signing.is_new) {
            let key = keys::log_signed(signing.log);
            let sealed = seal(self.vault, &key, &signing.row.encode()?)?;
            put(batch, key, signing.version, sealed);
        }
        let mut witness = None;
        for log in LogName::ALL {
            if let Some(staged) = self.logs.of_mut(log) {
                staged.head.root = staged.tree.root();
                let key = keys::log_head(log);
                let sealed = seal(self.vault, &key, &staged.head.encode()?)?;
                witness = Some(Write { space: key.space, key: key.bytes.clone(), expect: None, value: Some(sealed.clone()) });
                put(batch, key, staged.version, sealed);
                // From the first record on there is such a row, so that one that is missing was taken away.
                let is_noted = self.board.has_noted(log) || signings.iter().any(|signing| signing.log == log);
                if staged.head.has_signed() && !is_noted {
                    let (key, row) = (keys::log_signed(log), staged.head.signed());
                    let sealed = seal(self.vault, &key, &row.encode()?)?;
                    put(batch, key, None, sealed);
                    staged.first_signed = Some(row);
                }
            }
        }
        Ok((witness, Staged(std::mem::take(&mut self.logs))))
    }

    fn read<T: Layout>(&self, key: &Key) -> Result<Option<(T, u64)>, StorageError> {
        let Some(row) = self.engine.get(REGISTRY, key.space, &key.bytes)? else { return Ok(None) };
        let value = T::decode(&open(self.vault, key.space, &key.bytes, &row.value, T::WHAT)?)?;
        Ok(Some((value, row.version)))
    }
}

fn put(batch: &mut Batch, key: Key, version: Option<u64>, sealed: Vec<u8>) {
    match version {
        None => batch.insert(key.space, key.bytes, sealed),
        Some(version) => batch.replace(key.space, key.bytes, version, sealed),
    }
}

impl StagedLog {
    fn of(live: &Live) -> Self {
        Self {
            head: live.head.clone(),
            version: live.version,
            tree: live.tree.clone(),
            bundle: live.bundle.clone(),
            tail: None,
            pushed: Vec::new(),
            period: None,
            first_signed: None,
        }
    }

    /// Adds an entry to the tree and what it is found by to the index.
    fn grow(
        &mut self,
        log: LogName,
        stamp: Stamp,
        entry: Entry,
        terms: Terms,
        board: &Board,
        batch: &mut Batch,
    ) -> Result<(), StorageError> {
        self.head.size = stamp.number.checked_add(1).ok_or(StorageError::Internal)?;
        self.head.at = stamp.at;
        self.bundle.push(entry);
        for tile in self.tree.append(leaf_hash(&entry.0)).map_err(|_error| StorageError::Internal)? {
            if tile.level == 0 {
                let key = keys::log_tile(log, self.head.shard, TileKind::Entries, tile.index);
                batch.put_known(key.space, key.bytes, None, tiles::encode_bundle(&self.bundle)?);
                self.bundle.clear();
            }
            put_tile(log, self.head.shard, &tile, batch);
        }
        self.pushed.push((stamp.number, stamp.at, terms));
        if Tail::ends_block(stamp.number) {
            let mut tail = self.tail.take().unwrap_or_else(|| board.live(log).tail.clone());
            push(&mut tail, std::mem::take(&mut self.pushed))?;
            for (key, value) in tail.rows(log) {
                batch.put_known(key.space, key.bytes, None, value);
            }
            self.tail = Some(Tail::new(self.head.size));
        }
        Ok(())
    }

    /// Closes the shard, and begins that of another period.
    fn roll(&mut self, log: LogName, period: String, vault: &Vault, batch: &mut Batch) -> Result<(), StorageError> {
        if self.head.leaves() > 0 {
            let shard = self.head.shard;
            for (level, index) in tiles::partial_of(&self.tree) {
                let tile = FullTile { level, index, hashes: self.tree.partial(level).to_vec() };
                put_tile(log, shard, &tile, batch);
            }
            if !self.bundle.is_empty() {
                let key = keys::log_tile(log, shard, TileKind::Entries, self.tree.size() / 256);
                batch.put_known(key.space, key.bytes, None, tiles::encode_bundle(&self.bundle)?);
            }
            let first = self.head.first;
            let closed = Closed { period: self.head.period.clone(), first, size: self.head.leaves(), root: self.tree.root() };
            let key = keys::log_shard(log, shard);
            let sealed = seal(vault, &key, &closed.encode()?)?;
            batch.insert(key.space, key.bytes, sealed);
            self.head.shard = shard.checked_add(1).ok_or(StorageError::Internal)?;
            self.head.first = self.head.size;
            self.tree = Tree::default();
            self.bundle.clear();
        }
        self.head.period = period;
        Ok(())
    }
}

/// Whether a shard of this period takes what happens in another: in the same one, or in that which it continues after a
/// [restoration](super::restored_period).
fn continues(period: &str, now: &str) -> bool {
    let rest = period.strip_prefix(now);
    rest.is_some_and(|rest| rest.is_empty() || (!now.is_empty() && rest.starts_with(super::AFTER_RESTORATION)))
}

fn put_tile(log: LogName, shard: u32, tile: &FullTile, batch: &mut Batch) {
    let key = keys::log_tile(log, shard, TileKind::Hashes { level: tile.level }, tile.index);
    batch.put_known(key.space, key.bytes, None, crypto::tlog::tile::encode_hashes(&tile.hashes));
}

fn push(tail: &mut Tail, pushed: Vec<(u64, Timestamp, Terms)>) -> Result<(), StorageError> {
    for (number, at, terms) in pushed {
        if !tail.push(number, at, &terms) {
            return Err(StorageError::Internal);
        }
    }
    Ok(())
}

impl Staged {
    /// What is noted for the first time as that which may be signed.
    pub(crate) fn first_signed(&self, log: LogName) -> Option<Signed> {
        self.0.of(log).as_ref()?.first_signed
    }

    /// Makes it so.
    pub(crate) fn apply(&mut self, log: LogName, live: &mut Live) -> Result<(), StorageError> {
        let Some(staged) = self.0.of_mut(log).take() else { return Ok(()) };
        live.head = staged.head;
        live.version = Some(staged.version.unwrap_or(0).saturating_add(1));
        live.tree = staged.tree;
        live.bundle = staged.bundle;
        if let Some(tail) = staged.tail {
            live.tail = tail;
        }
        push(&mut live.tail, staged.pushed)
    }
}
