//! The engine port: ordered byte keys, one [`Part`] per batch, compare-and-set commits.
//!
//! Everything above is written once over this trait; everything an engine must promise is here.
//!
//! 1. A batch lives in one [`Part`]. There is no transaction across parts.
//! 2. Every checked key is also written: a check is part of a write ([`Batch::insert`], [`Batch::replace`]), so a batch that
//!    breaks this cannot be made. An engine need not check what the caller knows ([`Expect::Known`]).
//! 3. [`CommitError::Unknown`] is a normal outcome. The caller calls [`Engine::settle`] on a key of the batch, and looks there;
//!    a plain read may come too early.
//! 4. A commit that returns `Ok` is durable, and every later read sees it.
//! 5. A scan is a page, resumed behind its last key. There is no snapshot over several pages.
//! 6. Order is unsigned byte order. Keys have at most [`KEY_BYTES_MAX`], values at most [`VALUE_BYTES_MAX`] bytes; there is no
//!    empty value.
//! 7. [`Engine::caps`] bounds one batch.
//! 8. What was overwritten or deleted is in no file any more once [`Engine::forget`] has returned, but for what was
//!    [frozen](Engine::freeze) before.

mod batch;
mod error;
mod format;
mod frozen;
pub mod memory;
pub mod options;
pub mod rocks;
mod tap;

pub use batch::{Batch, Expect, Write};
pub use error::{CommitError, FreezeError, Malformed, OpenError, ReadError};
pub use format::{FORMAT_KEY, FORMAT_NEWEST, Format};
pub use frozen::Frozen;
pub use tap::{Commit, Line, Taken, Tap};

use std::ops::{Bound, RangeInclusive};
use std::sync::Arc;

/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// The longest value, in bytes. Larger things are stored in pieces.
pub const VALUE_BYTES_MAX: usize = 256 * 1024;

/// The unit of atomicity and of sharding. A part never spans engines or nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part(pub u64);

/// What kind of thing a key names; an engine may keep each kind in a table of its own, with grants of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Small rows that change: states, heads, pointers.
    Hot,
    /// Log entries, by sequence number. Written once.
    Log,
    /// Hash tiles of the logs. Written once.
    Tile,
    /// Files, seals, certificates. Written once.
    Obj,
    /// Index rows: the key says it all. Written once.
    Idx,
    /// Request identifiers that have been dealt with.
    Idem,
}

impl Space {
    /// Every space, in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Hot, Self::Log, Self::Tile, Self::Obj, Self::Idx, Self::Idem];

    /// The name of the space on disk.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Log => "log",
            Self::Tile => "tile",
            Self::Obj => "obj",
            Self::Idx => "idx",
            Self::Idem => "idem",
        }
    }

    /// The number of the space: what binds a sealed value to it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Hot => 0,
            Self::Log => 1,
            Self::Tile => 2,
            Self::Obj => 3,
            Self::Idx => 4,
            Self::Idem => 5,
        }
    }
}

/// A value with the number of times its key has been written since it last came into being: 1 for a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// How often the key has been written.
    pub version: u64,
    /// The bytes.
    pub value: Vec<u8>,
}

/// The keys of a scan.
#[derive(Clone, Debug)]
pub struct Range {
    /// Where the keys begin.
    pub from: Bound<Vec<u8>>,
    /// Where the keys end.
    pub to: Bound<Vec<u8>>,
}

impl Range {
    /// All keys that begin with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        Self { from: Bound::Included(prefix.to_vec()), to: after_prefix(prefix) }
    }

    /// What is left of this range behind `last` when it is walked in `direction`.
    #[must_use]
    pub fn resumed(self, direction: Direction, last: Vec<u8>) -> Self {
        match direction {
            Direction::Ascending => Self { from: Bound::Excluded(last), ..self },
            Direction::Descending => Self { to: Bound::Excluded(last), ..self },
        }
    }

    /// Whether no key can lie in the range.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
            _ => false,
        }
    }
}

/// The bound behind the last key that begins with `prefix`.
fn after_prefix(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

/// Which way a scan walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Direction {
    Ascending,
    Descending,
}

/// What one batch may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Writes, of whatever kind.
    pub writes: usize,
    /// Bytes of all keys and values together.
    pub bytes: usize,
}

/// The bounds of the engines of this crate: room for the longest submission together with those who wait with it, and for the end
/// of a block of a log, which writes some ten thousand rows of its index at once.
pub(crate) const CAPS: Caps = Caps { writes: 131_072, bytes: 128 * 1024 * 1024 };

/// A key and what it holds, as a scan returns them.
pub type Row = (Vec<u8>, Versioned);

/// A store of ordered byte keys. See the [module](self) for what every engine promises.
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// The value of a key.
    ///
    /// # Errors
    /// [`ReadError`] when the engine cannot say.
    fn get(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError>;

    /// At most `limit` rows of a range, in the given direction.
    ///
    /// # Errors
    /// [`ReadError`] when the engine cannot say.
    fn scan(&self, part: Part, space: Space, range: Range, direction: Direction, limit: usize) -> Result<Vec<Row>, ReadError>;

    /// Writes all of the batch or nothing, durably. Blocks until the outcome is known.
    ///
    /// # Errors
    /// [`CommitError`]; only after [`CommitError::Unknown`] may the batch have been written.
    fn commit(&self, part: Part, batch: Batch) -> Result<(), CommitError>;

    /// The value of a key after every commit that was under way when this was called has ended.
    ///
    /// # Errors
    /// [`ReadError`] when the engine cannot say.
    fn settle(&self, part: Part, space: Space, key: &[u8]) -> Result<Option<Versioned>, ReadError>;

    /// After this returns, reads see every commit that was acknowledged before, by whichever instance.
    ///
    /// # Errors
    /// [`ReadError`] when the engine cannot say.
    fn barrier(&self, part: Part) -> Result<(), ReadError>;

    /// The bounds of one batch.
    fn caps(&self) -> Caps;

    /// About how many keys there are in a space, if that is known without counting.
    fn estimate(&self, _space: Space) -> Option<u64> {
        None
    }

    /// What the system said of the write that failed, after which none is made any more.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// How many reads found stored bytes damaged since the engine was opened.
    fn damaged_reads(&self) -> u64 {
        0
    }

    /// Removes from the disk what was overwritten or deleted under these keys. Until then old bytes may stay in files, where no read
    /// finds them. May take long; reads and writes go on meanwhile. An engine that keeps no old bytes has nothing to do.
    ///
    /// # Errors
    /// [`ReadError`] when the engine cannot; what was written stays as it is.
    fn forget(&self, _part: Part, _space: Space, _keys: Vec<RangeInclusive<Vec<u8>>>) -> Result<(), ReadError> {
        Ok(())
    }

    /// Copies the whole of it, all parts and spaces, as it is at one moment that comes after every acknowledged commit. Reads and
    /// writes go on meanwhile.
    ///
    /// # Errors
    /// [`FreezeError`]: by default an engine has no files that could be copied.
    fn freeze(&self) -> Result<Frozen, FreezeError> {
        Err(FreezeError::Unsupported)
    }

    /// Where the commits that become durable are heard, in their order; none, where the engine does not number its writes.
    fn tap(&self) -> Option<&Arc<Tap>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix() {
        assert_eq!(after_prefix(b"a"), Bound::Excluded(b"b".to_vec()));
        assert_eq!(after_prefix(&[b'a', 0xff]), Bound::Excluded(b"b".to_vec()));
        assert_eq!(after_prefix(&[0xff, 0xff]), Bound::Unbounded);
        assert_eq!(after_prefix(&[]), Bound::Unbounded);
    }

    #[test]
    fn numbers_follow_the_order_of_all() {
        for (n, space) in Space::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(space.number()), n);
        }
    }
}
