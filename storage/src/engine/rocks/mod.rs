//! The default engine: `RocksDB` on the local disk. One batch is one synced write; that many callers share it is the
//! sequencer's doing.
//!
//! One column family per [`Space`]; key = part (8 bytes, big-endian) ++ key; value = version (8 bytes, big-endian) ++ value.
//! The directory holds `licet.lock`, which one process at a time has locked, and [`DATABASE`]; while a backup is made, also what was
//! frozen for it.

mod frozen;
pub(crate) mod peek;
mod replay;
mod settings;
mod torn;

use std::fs::{self, File, TryLockError};
use std::ops::{Bound, RangeInclusive};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rocksdb::{
    BottommostLevelCompaction, ColumnFamily, ColumnFamilyDescriptor, CompactOptions, DB, DBRecoveryMode, ErrorKind, FlushOptions,
    IteratorMode, LiveFile, ReadOptions, WriteBatch, WriteOptions, properties,
};

use super::options::Options;
use super::{
    Batch, CAPS, Caps, CommitError, Direction, Engine, Expect, FORMAT_KEY, Format, FreezeError, Frozen, OpenError, Part, Range,
    ReadError, Row, Space, Tap, Versioned,
};
use settings::{database_options, family_options};

/// What a write takes in a batch beside its key and its value, about: part, version, lengths, family.
const WRITE_BYTES: usize = 32;

/// The folder of the database in that of the store.
pub const DATABASE: &str = "rocksdb";

/// The file that one process at a time has locked.
pub(crate) const LOCK: &str = "licet.lock";

/// The folder that a backup is restored in, until all of it is there and it is the database.
pub const RESTORING: &str = "restoring";

/// The column family that `RocksDB` makes by itself. Nothing is in it.
const DEFAULT_FAMILY: &str = "default";

/// A `RocksDB` database, open.
#[derive(Debug)]
pub struct Rocks {
    // In this order: the database closes, then the lock is released.
    disk: Disk,
    turn: Mutex<Turn>,
    tap: Arc<Tap>,
    damaged: AtomicU64,
    _lock: File,
}

/// Held by whoever writes.
#[derive(Debug, Default)]
struct Turn {
    /// What the system said of a write that failed. After it nothing is known about the disk any more: a sync that failed once may
    /// succeed the next time without having written. So nothing is written until the process restarts and reads what there is.
    trouble: Option<String>,
}

struct Disk {
    db: DB,
}

/// A write or a sync failed, and what the system said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct WriteFailed(String);

/// A write whose expectation held.
#[derive(Debug)]
struct Decided<'a> {
    part: Part,
    space: Space,
    key: &'a [u8],
    /// The new version and value; `None` to delete.
    value: Option<(u64, &'a [u8])>,
}

/// Whose word counts for what a caller says it knows of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Caller,
    Nobody,
}

/// When a write is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durable {
    Now,
    Later,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("path", &self.db.path()).finish()
    }
}

impl Rocks {
    /// Opens the database in `directory`, or makes it, readable by its owner only.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is changed in a directory that is refused.
    pub fn open(directory: &Path, options: &Options) -> Result<Self, OpenError> {
        if directory.join(RESTORING).try_exists()? && !directory.join(DATABASE).try_exists()? {
            return Err(OpenError::HalfRestored);
        }
        Self::open_in(directory, DATABASE, options)
    }

    /// The same of a database in another folder of the directory.
    pub(crate) fn open_in(directory: &Path, name: &str, options: &Options) -> Result<Self, OpenError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let lock = File::options().create(true).truncate(false).write(true).open(directory.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::Locked,
            TryLockError::Error(error) => OpenError::Io(error),
        })?;
        let path = directory.join(name);
        frozen::clear(directory)?;
        if let Some(log) = torn::holed(&path)? {
            let why = format!("Corruption: {log} has zeros where a record would begin, and something behind them");
            return Err(OpenError::Refused(why));
        }
        refuse_foreign(&path)?;
        let shared = options.shared();
        let opened = |mode| {
            let families = Space::ALL.iter().map(|space| (space.name(), family_options(options, &shared)));
            let families = families.chain([(DEFAULT_FAMILY, rocksdb::Options::default())]);
            let families = families.map(|(name, options)| ColumnFamilyDescriptor::new(name, options));
            DB::open_cf_descriptors(&database_options(options, &shared, mode), &path, families)
        };
        let db = match opened(DBRecoveryMode::TolerateCorruptedTailRecords) {
            Err(error) if error.kind() == ErrorKind::Corruption => match torn::torn(&path)? {
                // What is before the damage is all that anybody was told of.
                Some(torn) => {
                    let opened = opened(DBRecoveryMode::PointInTime);
                    if opened.is_ok() {
                        tracing::warn!(%torn, %error, "a write was cut short by a loss of power, and is left out: nobody was told of it");
                    }
                    opened
                }
                None => Err(error),
            },
            other => other,
        };
        let db = db.map_err(refused)?;
        let disk = Disk { db };
        disk.check_format()?;
        let tap = Arc::new(Tap::new(disk.db.latest_sequence_number(), options.journal_bytes));
        Ok(Self { disk, turn: Mutex::default(), tap, damaged: AtomicU64::new(0), _lock: lock })
    }

    /// Counts what was read and found damaged.
    fn noted<T>(&self, read: Result<T, ReadError>) -> Result<T, ReadError> {
        read.inspect_err(|error| self.note(*error == ReadError::Corrupt))
    }

    fn note(&self, is_damage: bool) {
        if is_damage {
            self.damaged.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        // Whoever panicked here had not begun to write, or has not heard the outcome: the flag was set before.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a database with other column families, before `RocksDB` touches it.
fn refuse_foreign(path: &Path) -> Result<(), OpenError> {
    if !path.join("CURRENT").try_exists()? {
        return Ok(());
    }
    let names = DB::list_cf(&rocksdb::Options::default(), path).map_err(refused)?;
    let ours = |name: &String| name == DEFAULT_FAMILY || Space::ALL.iter().any(|space| space.name() == name);
    if names.iter().all(ours) { Ok(()) } else { Err(OpenError::Foreign) }
}

fn refused(error: rocksdb::Error) -> OpenError {
    OpenError::Refused(error.into_string())
}

impl Disk {
    fn family(&self, space: Space) -> Result<&ColumnFamily, ReadError> {
        self.db.cf_handle(space.name()).ok_or(ReadError::Unavailable)
    }

    /// Reads the format marker, and writes it into an empty database.
    fn check_format(&self) -> Result<(), OpenError> {
        let doubtful = |error: ReadError| OpenError::Refused(error.to_string());
        if let Some(format) = self.read(Part(0), Space::Hot, FORMAT_KEY).map_err(doubtful)? {
            return Format::read(&format.value).map(|_known| ());
        }
        let families = Space::ALL.into_iter().map(Space::name).chain([DEFAULT_FAMILY]);
        for family in families.filter_map(|name| self.db.cf_handle(name)) {
            if self.db.iterator_cf(family, IteratorMode::Start).next().is_some() {
                return Err(OpenError::Foreign);
            }
        }
        let marker = Decided { part: Part(0), space: Space::Hot, key: FORMAT_KEY, value: Some((1, Format::FIRST)) };
        self.write(&[marker], Durable::Now)
            .map_err(|WriteFailed(why)| OpenError::Refused(format!("the format marker cannot be written: {why}")))
    }

    fn read(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        let found = self.db.get_pinned_cf(self.family(space)?, placed(part, key)).map_err(read_error)?;
        found.map(|stored| unpack(&stored)).transpose()
    }
}

impl Disk {
    fn scan(&self, part: Part, space: Space, range: Range, direction: Direction, limit: usize) -> Result<Vec<Row>, ReadError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let mut bounds = ReadOptions::default();
        bounds.set_iterate_lower_bound(lower_bound(part, range.from));
        if let Some(end) = upper_bound(part, range.to) {
            bounds.set_iterate_upper_bound(end);
        }
        let start = match direction {
            Direction::Ascending => IteratorMode::Start,
            Direction::Descending => IteratorMode::End,
        };
        let rows = self.db.iterator_cf_opt(self.family(space)?, bounds, start).take(limit);
        rows.map(|row| {
            let (key, stored) = row.map_err(read_error)?;
            let (_, key) = key.split_at_checked(8).ok_or(ReadError::Corrupt)?;
            Ok((key.to_vec(), unpack(&stored)?))
        })
        .collect()
    }

    /// The version of a key on disk.
    fn version(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<u64>, ReadError> {
        let found = self.db.get_pinned_cf(self.family(space)?, placed(part, key)).map_err(read_error)?;
        found.map(|stored| split_version(&stored).map(|(version, _)| version)).transpose()
    }

    /// What a batch writes, if all that it expects holds.
    fn decide<'a>(&self, part: Part, batch: &'a Batch, trust: Trust) -> Result<Vec<Decided<'a>>, CommitError> {
        let mut decided = Vec::with_capacity(batch.writes().len());
        for write in batch.writes() {
            let version = match write.expect {
                // Looking would cost as much as the write does.
                Some(Expect::Known(version)) if trust == Trust::Caller => version,
                _ => self.version(part, write.space, &write.key).map_err(|error| match error {
                    ReadError::Corrupt => CommitError::Corrupt,
                    ReadError::Unavailable => CommitError::Unavailable,
                })?,
            };
            if write.expect.is_some_and(|expect| !expect.holds(version)) {
                return Err(CommitError::Conflict);
            }
            let next = version.unwrap_or(0).checked_add(1).ok_or(CommitError::Corrupt)?;
            let value = write.value.as_ref().map(|value| (next, &value[..]));
            decided.push(Decided { part, space: write.space, key: &write.key, value });
        }
        Ok(decided)
    }

    /// Writes all of it, and syncs. `Err` means that it is not known how much of it there is.
    fn write(&self, writes: &[Decided<'_>], durable: Durable) -> Result<(), WriteFailed> {
        let bytes = writes.iter().map(|write| write.key.len() + write.value.map_or(0, |(_, value)| value.len()) + WRITE_BYTES);
        let mut batch = WriteBatch::with_capacity_bytes(bytes.sum());
        let (mut key, mut stored) = (Vec::new(), Vec::new());
        for write in writes {
            let family = self.family(write.space).map_err(|missing| WriteFailed(missing.to_string()))?;
            key.clear();
            key.extend(write.part.0.to_be_bytes());
            key.extend(write.key);
            match write.value {
                Some((version, value)) => {
                    stored.clear();
                    stored.extend(version.to_be_bytes());
                    stored.extend(value);
                    batch.put_cf(family, &key, &stored);
                }
                None => batch.delete_cf(family, &key),
            }
        }
        let mut synced = WriteOptions::default();
        synced.set_sync(durable == Durable::Now);
        self.db.write_opt(batch, &synced).map_err(|error| WriteFailed(error.into_string()))
    }
}

impl Engine for Rocks {
    fn get(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        self.noted(self.disk.read(part, space, key))
    }

    fn scan(&self, part: Part, space: Space, range: Range, direction: Direction, limit: usize) -> Result<Vec<Row>, ReadError> {
        self.noted(self.disk.scan(part, space, range, direction, limit))
    }
    fn commit(&self, part: Part, batch: Batch) -> Result<(), CommitError> {
        batch.check(self.caps())?;
        let mut turn = self.turn();
        if turn.trouble.is_some() {
            return Err(CommitError::Poisoned);
        }
        let decided = self.disk.decide(part, &batch, Trust::Caller);
        let decided = decided.inspect_err(|error| self.note(*error == CommitError::Corrupt))?;
        let before = self.disk.db.latest_sequence_number();
        // Set first: also a panic in the middle leaves the disk in doubt.
        turn.trouble = Some("a write was broken off".to_owned());
        turn.trouble = self.disk.write(&decided, Durable::Now).err().map(|WriteFailed(why)| why);
        if turn.trouble.is_some() {
            // Not heard of: the next start finds other numbers if it was written, and the same if it was not.
            return Err(CommitError::Unknown);
        }
        // In the turn: what is heard is in the order in which it was written.
        self.tap.hear(before, self.disk.db.latest_sequence_number(), part, &batch);
        Ok(())
    }

    fn settle(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError> {
        if self.turn().trouble.is_some() {
            // What a read shows may be in memory alone.
            return Err(ReadError::Unavailable);
        }
        self.disk.read(part, space, key)
    }

    fn barrier(&self, _part: Part) -> Result<(), ReadError> {
        // One process writes, and its reads see what it has acknowledged.
        Ok(())
    }

    fn caps(&self) -> Caps {
        CAPS
    }

    fn estimate(&self, space: Space) -> Option<u64> {
        let family = self.disk.family(space).ok()?;
        self.disk.db.property_int_value_cf(family, properties::ESTIMATE_NUM_KEYS).ok()?
    }

    fn damaged_reads(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    fn trouble(&self) -> Option<String> {
        self.turn().trouble.clone()
    }

    fn forget(&self, part: Part, space: Space, keys: Vec<RangeInclusive<Vec<u8>>>) -> Result<(), ReadError> {
        self.disk.forget(part, space, keys)
    }

    fn freeze(&self) -> Result<Frozen, FreezeError> {
        if let Some(trouble) = self.trouble() {
            // Files may hold what was never synced.
            return Err(FreezeError::Refused(trouble));
        }
        frozen::freeze(&self.disk.db)
    }

    fn tap(&self) -> Option<&Arc<Tap>> {
        Some(&self.tap)
    }
}

impl Disk {
    /// Writes what is in memory to tables, so that no write-ahead log is needed any more, and rewrites every table that may hold old
    /// values of these keys.
    fn forget(&self, part: Part, space: Space, keys: Vec<RangeInclusive<Vec<u8>>>) -> Result<(), ReadError> {
        let families = Space::ALL.iter().map(|space| self.family(*space)).collect::<Result<Vec<_>, _>>()?;
        self.db.flush_cfs_opt(&families, &FlushOptions::default()).map_err(read_error)?;
        let files = self.db.live_files().map_err(read_error)?;
        let files: Vec<LiveFile> = files.into_iter().filter(|file| file.column_family_name == space.name()).collect();
        let holding = |keys: &RangeInclusive<Vec<u8>>| -> Vec<&str> {
            let is_before = |bound: &Option<Vec<u8>>, key: &Vec<u8>| bound.as_ref().is_none_or(|bound| bound <= key);
            let is_behind = |bound: &Option<Vec<u8>>, key: &Vec<u8>| bound.as_ref().is_none_or(|bound| bound >= key);
            let holds = |file: &&LiveFile| is_before(&file.start_key, keys.end()) && is_behind(&file.end_key, keys.start());
            files.iter().filter(holds).map(|file| file.name.as_str()).collect()
        };
        let mut spans: Vec<_> = keys.into_iter().map(|keys| placed(part, keys.start())..=placed(part, keys.end())).collect();
        spans.sort_by(|one, other| one.start().cmp(other.start()));
        let mut compaction = CompactOptions::default();
        compaction.set_exclusive_manual_compaction(false);
        compaction.set_bottommost_level_compaction(BottommostLevelCompaction::ForceOptimized);
        // Keys in the same tables are rewritten together.
        for together in spans.chunk_by(|one, other| holding(one) == holding(other)) {
            if let (Some(first), Some(last)) = (together.first(), together.iter().map(RangeInclusive::end).max()) {
                self.db.compact_range_cf_opt(self.family(space)?, Some(first.start()), Some(last), &compaction);
            }
        }
        Ok(())
    }
}

fn placed(part: Part, key: &[u8]) -> Vec<u8> {
    [&part.0.to_be_bytes()[..], key].concat()
}

/// The first key that a range may hold.
fn lower_bound(part: Part, from: Bound<Vec<u8>>) -> Vec<u8> {
    match from {
        Bound::Unbounded => placed(part, &[]),
        Bound::Included(key) => placed(part, &key),
        Bound::Excluded(mut key) => {
            key.push(0);
            placed(part, &key)
        }
    }
}

/// The first key behind a range; `None` when there is no key behind it.
fn upper_bound(part: Part, to: Bound<Vec<u8>>) -> Option<Vec<u8>> {
    match to {
        Bound::Unbounded => part.0.checked_add(1).map(|next| placed(Part(next), &[])),
        Bound::Excluded(key) => Some(placed(part, &key)),
        Bound::Included(mut key) => {
            key.push(0);
            Some(placed(part, &key))
        }
    }
}

fn split_version(stored: &[u8]) -> Result<(u64, &[u8]), ReadError> {
    let (version, value) = stored.split_first_chunk::<8>().ok_or(ReadError::Corrupt)?;
    Ok((u64::from_be_bytes(*version), value))
}

fn unpack(stored: &[u8]) -> Result<Versioned, ReadError> {
    let (version, value) = split_version(stored)?;
    Ok(Versioned { version, value: value.to_vec() })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn read_error(error: rocksdb::Error) -> ReadError {
    match error.kind() {
        ErrorKind::Corruption => ReadError::Corrupt,
        _ => ReadError::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use rocksdb::statistics::Ticker;

    use super::*;

    #[test]
    fn a_write_is_on_the_disk_before_it_is_done() {
        let folder = std::env::temp_dir().join(format!("licet-sync-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        let sizes = Options::default();
        let mut options = database_options(&sizes, &sizes.shared(), DBRecoveryMode::TolerateCorruptedTailRecords);
        options.enable_statistics();
        let families = Space::ALL.map(|space| ColumnFamilyDescriptor::new(space.name(), rocksdb::Options::default()));
        let disk = Disk { db: DB::open_cf_descriptors(&options, &folder, families).unwrap() };
        for number in 1..=3 {
            let before = options.get_ticker_count(Ticker::WalFileSynced);
            let write = Decided { part: Part(0), space: Space::Hot, key: &[1], value: Some((number, &[1])) };
            disk.write(&[write], Durable::Now).unwrap();
            assert_eq!(options.get_ticker_count(Ticker::WalFileSynced), before + 1);
        }
        drop(disk);
        fs::remove_dir_all(&folder).unwrap();
    }
}
