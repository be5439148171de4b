//! The two logs: what happened, in order and without gaps, in the same batch as what it changed.
//!
//! A record is made ready by whoever asks for it (`prepared`), gets its number, its links and its place in the tree from the
//! one thread that writes (`stage`), and is visible when it is durable (`board`). A start puts the same together from the disk
//! (`recovery`).

mod board;
mod complete;
mod draft;
mod erase;
mod finding;
mod fsck;
mod known;
mod linked;
mod live;
mod pending;
pub(crate) mod postings;
mod prepared;
mod proofs;
mod publish;
mod query;
mod question;
mod recovery;
mod retire;
pub(crate) mod rows;
mod search;
mod stage;
pub(crate) mod tail;
pub(crate) mod term;
mod tiles;
pub(crate) mod times;
mod tree;
mod walk;

use std::sync::Arc;

use crypto::record::{Entry, LogName, Opening};
use crypto::time::Timestamp;
use crypto::tlog::{Hash, ProveError, TilePath};
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::keys;
use crate::records::Layout as _;
use crate::shelf::{Attempt, Shelf, repeat};
use proofs::Proofs;
use tiles::ShardTiles;

pub(crate) use board::{Board, End, Signing};
pub use complete::ChainKey;
pub use draft::{Draft, Once};
pub use erase::Erased;
pub use finding::{Fault, Finding};
pub use known::{KnownHead, Standing};
pub use pending::Pending;
pub(crate) use prepared::Prepared;
pub use publish::{Covered, Published, Publisher};
pub use query::{Hits, Order, Query, Row};
pub use question::{OfficeHours, Period, Question};
pub use retire::Retired;
pub use rows::Shard;
pub(crate) use stage::{Stage, Staged};

/// The most links of one record: seals and subjects together.
pub const LINKS_MAX: usize = Opening::PARTS_MAX - Opening::LINKS;

/// What stands between the name of a period and the moment from which on it is continued in another shard.
pub const AFTER_RESTORATION: &str = "-r";

/// The name of what is left of a period after a store was put back to an earlier state in it. What was lost was published under the
/// name of the period: nothing else may ever be published under that name and those numbers.
#[must_use]
pub fn restored_period(period: &str, at: Timestamp) -> String {
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
    let period = period.split_once(AFTER_RESTORATION).map_or(period, |(period, _)| period);
    format!("{period}{AFTER_RESTORATION}{digits}")
}

/// Where a record came to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// In which log.
    pub log: LogName,
    /// Under which number.
    pub number: u64,
    /// With which time: that of the draft, or that of the record before where that is later.
    pub at: Timestamp,
    /// What the tree holds of it.
    pub entry: Entry,
    /// Whether it stood there already, from an earlier request of the same name.
    pub is_repeat: bool,
}

/// What is called when records are durable, or will not be.
pub type Done = Box<dyn FnOnce(Result<Vec<Recorded>, StorageError>) + Send>;

/// Is told how many records a log has, whenever some became durable.
pub type Grown = Box<dyn Fn(LogName, u64) + Send + Sync>;

/// The logs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Logs {
    pub(crate) shelf: Arc<Shelf>,
    proofs: Arc<Proofs>,
}

impl Logs {
    pub(crate) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, proofs: Arc::default() }
    }

    /// Puts on record what changed nothing in the registry, all of it or nothing. `done` is called soon, mostly from another thread;
    /// it must not block.
    #[expect(clippy::needless_pass_by_value, reason = "the drafts are used up: what is made of them is on its way")]
    pub fn append(&self, drafts: Vec<Draft>, done: Done) {
        match self.prepare(&drafts) {
            Ok(records) if records.is_empty() => done(Ok(Vec::new())),
            Ok(records) => self.shelf.submit(records, done),
            Err(error) => done(Err(error)),
        }
    }

    /// The same, and waits until the records are durable.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] when a draft is longer than a record may be, and those of a store that does not work.
    pub fn append_and_wait(&self, drafts: &[Draft]) -> Result<Vec<Recorded>, StorageError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.prepare(drafts)?;
        repeat(|| match self.shelf.submit_and_wait(records.clone()) {
            Ok(recorded) => Ok(Attempt::Done(recorded)),
            Err(StorageError::Contention) => Ok(Attempt::Again),
            Err(error) => Err(error),
        })
    }

    fn prepare(&self, drafts: &[Draft]) -> Result<Vec<Prepared>, StorageError> {
        drafts.iter().map(|draft| Prepared::of(draft, &self.shelf.vault)).collect()
    }

    /// A record, as far as it is kept; nothing, if the log has not come so far.
    ///
    /// # Errors
    /// [`StorageError::Retired`] when it is older than what is kept, and those of a store that does not work.
    pub fn record(&self, log: LogName, number: u64) -> Result<Option<Opening>, StorageError> {
        let record = recovery::record(self.shelf.engine.as_ref(), &self.shelf.vault, log, number)?;
        if record.is_some() || number >= self.size(log)? {
            return Ok(record);
        }
        let kept_from = self.kept_from(log)?;
        Err(if number < kept_from { StorageError::Retired { kept_from } } else { StorageError::Corrupt { what: Opening::WHAT } })
    }

    /// Where the record stands that a request of this name left, if it left one.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn once(&self, once: &Once) -> Result<Option<Recorded>, StorageError> {
        let kept = self.shelf.read::<Recorded>(&keys::once(&self.shelf.vault, &once.caller, &once.name))?;
        Ok(kept.map(|kept| Recorded { is_repeat: true, ..kept.value }))
    }

    /// How many records a log has.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn size(&self, log: LogName) -> Result<u64, StorageError> {
        Ok(self.shelf.board.live(log).head.size)
    }

    /// When the newest record of both logs happened; nothing while there is none.
    #[must_use]
    pub fn newest_at(&self) -> Option<Timestamp> {
        let heads = LogName::ALL.map(|log| self.shelf.board.live(log).head.clone());
        heads.into_iter().filter(|head| head.size > 0).map(|head| head.at).max()
    }

    /// Has this called after records became durable, from now on and instead of what was called before; by the thread that writes, so
    /// that it must be quick.
    pub fn when_grown(&self, grown: Grown) {
        self.shelf.board.set_grown(grown);
    }

    /// Has periods named and checkpoints signed from now on. Returns when what there is is published.
    pub fn publish_with(&self, publisher: Arc<dyn Publisher>) {
        self.shelf.board.set_publisher(publisher);
        self.shelf.publish();
    }

    /// The shards of a log, in order; none as long as there is no record.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn shards(&self, log: LogName) -> Result<Vec<Shard>, StorageError> {
        let head = self.shelf.board.live(log).head.clone();
        let closed = tiles::all_closed(self.shelf.engine.as_ref(), &self.shelf.vault, log)?;
        let closed = closed.into_iter().filter(|(shard, _)| *shard < head.shard).map(|(shard, closed)| Shard {
            log,
            shard,
            period: closed.period,
            first: closed.first,
            size: closed.size,
            is_closed: true,
        });
        let growing =
            Shard { log, shard: head.shard, first: head.first, size: head.leaves(), period: head.period, is_closed: false };
        Ok(closed.chain((growing.size > 0).then_some(growing)).collect())
    }

    /// The newest checkpoint of a log.
    #[must_use]
    pub fn published(&self, log: LogName) -> Option<Arc<Published>> {
        self.shelf.board.published(log)
    }

    /// The newest checkpoint of a shard: the final one, if the shard is closed.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn published_of(&self, log: LogName, shard: u32) -> Result<Option<Arc<Published>>, StorageError> {
        if shard == self.shelf.board.live(log).head.shard {
            return Ok(self.published(log).filter(|published| published.shard == shard));
        }
        self.shelf.board.last_of(log, shard, self.shelf.engine.as_ref(), &self.shelf.vault)
    }

    /// Has `done` called with a checkpoint that covers the record, at once or as soon as there is one; with nothing, when there
    /// will not be one in this process.
    pub fn when_covered(&self, log: LogName, number: u64, done: Covered) {
        let board = &self.shelf.board;
        let covering = board.covering(log, number, self.shelf.engine.as_ref(), &self.shelf.vault);
        match covering {
            Ok(None) if board.has_publisher() && number < board.live(log).head.size => {
                board.wait(log, number, done);
                self.shelf.nudge();
            }
            Ok(covering) => done(covering),
            Err(_) => done(None),
        }
    }

    /// A tile or an entry bundle of a shard, of any width that its published tree has.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn tile(&self, log: LogName, shard: u32, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        let published = self.published_of(log, shard)?;
        let width = published.and_then(|published| path.width_at(published.size));
        if width.is_none_or(|width| path.width() > width) {
            return Ok(None);
        }
        self.tiles(log, shard).bytes(*path).map(Some)
    }

    /// The proof that a record is in a published tree.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when it is not, and those of a store that does not work.
    pub fn inclusion(&self, number: u64, published: &Published) -> Result<Vec<Hash>, StorageError> {
        let leaf = published.leaf(number).ok_or(StorageError::NotFound { what: "record" })?;
        let tiles = || self.tiles(published.log, published.shard);
        self.proofs.inclusion(published, leaf, tiles).map_err(unproven)
    }

    /// The proof that the tree of `from` leaves is the beginning of a published tree of the same shard.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when there is no such smaller tree, and those of a store that does not work.
    pub fn consistency(&self, published: &Published, from: u64) -> Result<Vec<Hash>, StorageError> {
        let tiles = self.tiles(published.log, published.shard);
        crypto::tlog::prove::consistency(from, published.size, &tiles).map_err(unproven)
    }

    fn tiles(&self, log: LogName, shard: u32) -> ShardTiles {
        let (engine, board) = (Arc::clone(&self.shelf.engine), Arc::clone(&self.shelf.board));
        ShardTiles { engine, board, log, shard }
    }
}

fn unproven(error: ProveError<StorageError>) -> StorageError {
    match error {
        ProveError::OutOfRange => StorageError::NotFound { what: "tree" },
        ProveError::Width { .. } => StorageError::Corrupt { what: tiles::WHAT },
        ProveError::Tiles(error) => error,
    }
}
