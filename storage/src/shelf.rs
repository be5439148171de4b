//! The engine with the vault in front of it: the tables read and write through here, and see values, not sealed bytes.

use std::sync::{Arc, OnceLock};

use crypto::digest::Sha256;

use crate::engine::{Batch, Direction, Engine, Range, Space, Versioned};
use crate::error::StorageError;
use crate::gate::Gate;
use crate::keys::{self, INDEX_VALUE, Key, REGISTRY};
use crate::log::{Board, Done, Pending, Prepared, Recorded};
use crate::page::{Cursor, PAGE_MAX};
use crate::records::Layout;
use crate::sealing::{OVERHEAD_BYTES, Place};
use crate::sequencer::{Sequencer, Submission};
use crate::vault::Vault;

/// The plain bytes of one piece of a file: with its seal it stays below the longest value.
pub(crate) const PIECE_BYTES: usize = 240 * 1024;

const _: () = assert!(PIECE_BYTES + OVERHEAD_BYTES <= crate::engine::VALUE_BYTES_MAX);

/// So many pieces of a long file are written together, 7.5 MiB: far below what a batch may hold, and no long wait for others.
pub(crate) const PIECES_TOGETHER: usize = 32;

/// How often a change is worked out anew after others came first.
pub(crate) const ATTEMPTS: usize = 32;

/// Engine and vault.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// Who writes; nobody before the store is open, and nobody at all where it is only looked at. First, so that it ends before
    /// the engine is closed.
    pub(crate) sequencer: OnceLock<Sequencer>,
    pub(crate) board: Arc<Board>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) vault: Arc<Vault>,
    /// Whether the store is only looked at.
    pub(crate) is_read_only: bool,
}

/// A value with the version of its key.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    pub(crate) version: u64,
    pub(crate) value: T,
}

/// How a commit ended, where it did not fail.
pub(crate) enum Committed {
    Yes,
    /// Somebody else came first.
    Conflict,
    /// Nobody knows yet: [`Shelf::settle`] tells.
    Unknown,
}

impl Shelf {
    pub(crate) fn new(engine: Arc<dyn Engine>, vault: Vault, is_read_only: bool) -> Self {
        let (sequencer, board, gate) = (OnceLock::new(), Arc::new(Board::empty()), Arc::default());
        Self { sequencer, board, gate, engine, vault: Arc::new(vault), is_read_only }
    }

    /// Puts records into the log that belong to no change.
    pub(crate) fn submit(&self, records: Vec<Prepared>, answer: Done) {
        match self.sequencer.get() {
            Some(sequencer) => sequencer.submit(Submission { batch: Batch::new(), records, answer }),
            None => answer(Err(StorageError::Unavailable)),
        }
    }

    /// The same, and waits.
    pub(crate) fn submit_and_wait(&self, records: Vec<Prepared>) -> Result<Vec<Recorded>, StorageError> {
        self.write(Batch::new(), records)
    }

    fn write(&self, batch: Batch, records: Vec<Prepared>) -> Result<Vec<Recorded>, StorageError> {
        match self.sequencer.get() {
            Some(sequencer) => sequencer.submit_and_wait(batch, records),
            // The store is being opened: nobody else writes.
            None if !self.is_read_only && records.is_empty() => {
                self.engine.commit(REGISTRY, batch)?;
                Ok(Vec::new())
            }
            None => Err(StorageError::Unavailable),
        }
    }

    /// Has something done by the thread that writes, between two groups, and waits for it.
    pub(crate) fn between<T: Send + 'static>(&self, work: impl FnOnce(&Board) -> T + Send + 'static) -> Result<T, StorageError> {
        self.sequencer.get().and_then(|sequencer| sequencer.between(work)).ok_or(StorageError::Unavailable)
    }

    /// Publishes what there is to publish, and waits for it.
    pub(crate) fn publish(&self) {
        if let Some(sequencer) = self.sequencer.get() {
            sequencer.publish();
        }
    }

    /// Says that somebody waits for a checkpoint.
    pub(crate) fn nudge(&self) {
        if let Some(sequencer) = self.sequencer.get() {
            sequencer.nudge();
        }
    }

    /// The value of a key.
    pub(crate) fn read<T: Layout>(&self, key: &Key) -> Result<Option<Kept<T>>, StorageError> {
        self.engine.get(REGISTRY, key.space, &key.bytes)?.map(|row| self.opened(key, &row)).transpose()
    }

    /// The value of a key, once every write under way has ended.
    pub(crate) fn settle<T: Layout>(&self, key: &Key) -> Result<Option<Kept<T>>, StorageError> {
        self.engine.settle(REGISTRY, key.space, &key.bytes)?.map(|row| self.opened(key, &row)).transpose()
    }

    pub(crate) fn opened<T: Layout>(&self, key: &Key, row: &Versioned) -> Result<Kept<T>, StorageError> {
        let bytes = self.open(key.space, &key.bytes, &row.value, T::WHAT)?;
        Ok(Kept { version: row.version, value: T::decode(&bytes)? })
    }

    fn open(&self, space: Space, key: &[u8], sealed: &[u8], what: &'static str) -> Result<Vec<u8>, StorageError> {
        open(&self.vault, space, key, sealed, what)
    }

    /// The pieces stored under a digest, put together and checked against it.
    pub(crate) fn file(&self, digest: &Sha256, what: &'static str) -> Result<Option<Vec<u8>>, StorageError> {
        let mut file = Vec::new();
        for number in 0.. {
            let key = keys::piece(digest, number);
            let Some(row) = self.engine.get(REGISTRY, key.space, &key.bytes)? else { break };
            let piece = self.open(key.space, &key.bytes, &row.value, what)?;
            let last = piece.len() < PIECE_BYTES;
            file.extend(piece);
            if last {
                break;
            }
        }
        match file.is_empty() {
            true => Ok(None),
            false if Sha256::of(&[&file]) == *digest => Ok(Some(file)),
            false => Err(StorageError::Corrupt { what }),
        }
    }

    /// One page of an index, newest first: the keys, and where the next page begins.
    pub(crate) fn page(
        &self,
        index: &[u8],
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<(Vec<Vec<u8>>, Option<Cursor>), StorageError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut range = Range::prefix(index);
        if let Some(cursor) = after {
            range = range.resumed(Direction::Descending, [index, cursor.bytes()].concat());
        }
        // One more than asked for tells whether there is a next page.
        let rows = self.engine.scan(REGISTRY, Space::Idx, range, Direction::Descending, limit + 1)?;
        let more = rows.len() > limit;
        let keys: Vec<Vec<u8>> = rows.into_iter().take(limit).map(|(key, _)| key).collect();
        let last = keys.last().filter(|_| more).and_then(|key| key.strip_prefix(index));
        let next = last.map(Cursor::new);
        Ok((keys, next))
    }

    /// The keys of an index that begin with `prefix`, at most one.
    pub(crate) fn first(&self, prefix: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let rows = self.engine.scan(REGISTRY, Space::Idx, Range::prefix(prefix), Direction::Ascending, 1)?;
        Ok(rows.into_iter().next().map(|(key, _)| key))
    }

    /// Writes what [`Change::front_of_file`] leaves out of a long file, group by group. Without its front it is no file yet, and
    /// what a broken attempt has left is written over.
    pub(crate) fn rest_of_file(&self, digest: &Sha256, bytes: &[u8]) -> Result<(), StorageError> {
        let pieces: Vec<_> = (0..).zip(bytes.chunks(PIECE_BYTES)).skip(PIECES_TOGETHER).collect();
        for group in pieces.chunks(PIECES_TOGETHER) {
            repeat(|| {
                let mut change = self.change();
                for (number, piece) in group {
                    let key = keys::piece(digest, *number);
                    let sealed = change.sealed(&key, piece)?;
                    change.batch.put(key.space, key.bytes, sealed);
                }
                Ok(match change.commit()? {
                    Committed::Yes => Attempt::Done(()),
                    Committed::Conflict => Attempt::Again,
                    Committed::Unknown => Attempt::Doubtful,
                })
            })?;
        }
        Ok(())
    }

    /// An empty change.
    pub(crate) fn change(&self) -> Change<'_> {
        Change { shelf: self, batch: Batch::new(), pending: None }
    }
}

/// Writes that will happen together, being gathered.
pub(crate) struct Change<'a> {
    pub(crate) shelf: &'a Shelf,
    batch: Batch,
    pending: Option<Arc<Pending>>,
}

impl Change<'_> {
    /// Takes records along.
    pub(crate) fn recording(mut self, pending: Option<&Arc<Pending>>) -> Self {
        self.pending = pending.cloned();
        self
    }

    pub(crate) fn insert<T: Layout>(&mut self, key: Key, value: &T) -> Result<(), StorageError> {
        let sealed = self.sealed(&key, &value.encode()?)?;
        self.batch.insert(key.space, key.bytes, sealed);
        Ok(())
    }

    pub(crate) fn replace<T: Layout>(&mut self, key: Key, version: u64, value: &T) -> Result<(), StorageError> {
        let sealed = self.sealed(&key, &value.encode()?)?;
        self.batch.replace(key.space, key.bytes, version, sealed);
        Ok(())
    }

    pub(crate) fn put<T: Layout>(&mut self, key: Key, value: &T) -> Result<(), StorageError> {
        let sealed = self.sealed(&key, &value.encode()?)?;
        self.batch.put(key.space, key.bytes, sealed);
        Ok(())
    }

    /// A row whose value is not sealed.
    pub(crate) fn replace_plain(&mut self, key: Key, version: u64, value: Vec<u8>) {
        self.batch.replace(key.space, key.bytes, version, value);
    }

    pub(crate) fn delete(&mut self, key: Key, version: u64) {
        self.batch.delete(key.space, key.bytes, version);
    }

    /// An index row, which must be new.
    pub(crate) fn index(&mut self, key: Key) {
        self.batch.insert(key.space, key.bytes, INDEX_VALUE.to_vec());
    }

    /// The bytes of a file under their digest, unless they are there already: they are written once, and all pieces together.
    pub(crate) fn file(&mut self, digest: &Sha256, bytes: &[u8]) -> Result<(), StorageError> {
        let first = keys::piece(digest, 0);
        if self.shelf.engine.get(REGISTRY, first.space, &first.bytes)?.is_some() {
            return Ok(());
        }
        if bytes.len() > self.shelf.engine.caps().bytes {
            return Err(StorageError::TooLarge);
        }
        self.pieces(digest, bytes, usize::MAX)
    }

    /// The first pieces of a file that may be too long for one batch, once [`Shelf::rest_of_file`] has written the others: they make
    /// it a file.
    pub(crate) fn front_of_file(&mut self, digest: &Sha256, bytes: &[u8]) -> Result<(), StorageError> {
        self.pieces(digest, bytes, PIECES_TOGETHER)
    }

    fn pieces(&mut self, digest: &Sha256, bytes: &[u8], pieces_max: usize) -> Result<(), StorageError> {
        for (number, piece) in (0..).zip(bytes.chunks(PIECE_BYTES)).take(pieces_max) {
            let key = keys::piece(digest, number);
            let sealed = self.sealed(&key, piece)?;
            self.batch.insert(key.space, key.bytes, sealed);
        }
        Ok(())
    }

    /// Commits. What another outcome than these means for the caller's loop is for the caller to say.
    pub(crate) fn commit(mut self) -> Result<Committed, StorageError> {
        let pending = self.pending.take();
        let drafts = pending.as_ref().map_or(&[][..], |pending| pending.drafts());
        let records = drafts.iter().map(|draft| Prepared::of(draft, &self.shelf.vault)).collect::<Result<_, _>>()?;
        match self.shelf.write(self.batch, records) {
            Ok(recorded) => {
                if let Some(pending) = pending {
                    pending.is_done(recorded);
                }
                Ok(Committed::Yes)
            }
            Err(StorageError::Contention) => Ok(Committed::Conflict),
            Err(StorageError::Unknown) => Ok(Committed::Unknown),
            Err(error) => Err(error),
        }
    }

    fn sealed(&self, key: &Key, value: &[u8]) -> Result<Vec<u8>, StorageError> {
        seal(&self.shelf.vault, key, value)
    }
}

/// Seals a value for its key.
pub(crate) fn seal(vault: &Vault, key: &Key, value: &[u8]) -> Result<Vec<u8>, StorageError> {
    let place = Place { part: REGISTRY, space: key.space, key: &key.bytes };
    vault.seal(place, value).map_err(|error| StorageError::of_vault(error, "value"))
}

/// Opens the value of a key.
pub(crate) fn open(vault: &Vault, space: Space, key: &[u8], sealed: &[u8], what: &'static str) -> Result<Vec<u8>, StorageError> {
    let place = Place { part: REGISTRY, space, key };
    vault.open(place, sealed).map_err(|error| StorageError::of_vault(error, what))
}

/// What one attempt at a change came to.
pub(crate) enum Attempt<T> {
    Done(T),
    /// Others came first: work it out anew.
    Again,
    /// The write may have happened, but does not show: work it out anew, and say so if that fails.
    Doubtful,
}

/// Repeats an attempt until it is done. An error after a doubtful attempt is [`StorageError::Unknown`]: what could not be seen
/// then may still come to light.
pub(crate) fn repeat<T>(mut attempt: impl FnMut() -> Result<Attempt<T>, StorageError>) -> Result<T, StorageError> {
    let mut doubtful = false;
    for _ in 0..ATTEMPTS {
        match attempt() {
            Ok(Attempt::Done(done)) => return Ok(done),
            Ok(Attempt::Again) => {}
            Ok(Attempt::Doubtful) => doubtful = true,
            Err(error) if doubtful && !error.is_refusal() => return Err(StorageError::Unknown),
            Err(error) => return Err(error),
        }
    }
    Err(if doubtful { StorageError::Unknown } else { StorageError::Contention })
}
