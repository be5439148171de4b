//! How much memory `RocksDB` may take: one cache for blocks that were read, in which writes that are not in tables yet count too.

use rocksdb::{Cache, WriteBufferManager};

use super::Space;

/// The most that is collected for one table of a space.
const WRITE_BUFFER_BYTES_MAX: usize = 16 << 20;

/// The least memory with which it works at all.
pub const MEMORY_BYTES_MIN: usize = 16 << 20;

/// Sizes, all in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Memory for blocks that have been read and for writes that are not in tables yet, of all spaces together. Writes may take half.
    pub memory_bytes: usize,
    /// Memory for commits that a journal has not taken yet; 0 where there is none. What a journal does not take in time is a gap in it.
    pub journal_bytes: usize,
}

/// What is shared by all spaces.
pub(super) struct Shared {
    pub(super) cache: Cache,
    pub(super) writes: WriteBufferManager,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_bytes: 256 << 20, journal_bytes: 0 }
    }
}

impl Options {
    /// Cache and count of what is written.
    pub(super) fn shared(&self) -> Shared {
        let cache = Cache::new_hyper_clock_cache(self.memory_bytes.max(MEMORY_BYTES_MIN), 0);
        // Writers are not stalled: when it is full, what fills it is written to tables, and until that is done blocks make room.
        let writes = WriteBufferManager::new_write_buffer_manager_with_cache(self.writes_bytes(), false, cache.clone());
        Shared { cache, writes }
    }

    /// Memory for writes that are not in tables yet.
    fn writes_bytes(&self) -> usize {
        self.memory_bytes.max(MEMORY_BYTES_MIN) / 2
    }

    /// The same of one space: every space may have one that fills while another is written out.
    pub(super) fn write_buffer_bytes(&self) -> usize {
        (self.writes_bytes() / Space::ALL.len()).min(WRITE_BUFFER_BYTES_MAX)
    }

    /// When the write-ahead logs together exceed this, what they hold is written to tables. Bounds the time of a start.
    pub(super) fn wal_bytes_max(&self) -> u64 {
        u64::try_from(self.writes_bytes()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_take_half_at_most_and_no_space_all_of_it() {
        let usual = Options::default();
        assert_eq!((usual.writes_bytes(), usual.write_buffer_bytes()), (128 << 20, 16 << 20));
        assert_eq!(usual.wal_bytes_max(), 128 << 20);
        let small = Options { memory_bytes: 0, journal_bytes: 0 };
        assert_eq!(small.writes_bytes(), 8 << 20);
        assert!(small.write_buffer_bytes() * Space::ALL.len() <= 8 << 20);
        let shared = usual.shared();
        assert_eq!(shared.writes.get_buffer_size(), 128 << 20);
    }
}
