//! How the check reads: what a damaged block of the disk holds is something that it finds, not something that ends it.

use super::Check;
use crate::engine::{Direction, Range, ReadError, Space, Versioned};
use crate::error::StorageError;
use crate::keys::{Key, REGISTRY};
use crate::log::finding::{Fault, Finding};

/// How many rows are read together.
const TOGETHER: usize = 256;

impl Check<'_> {
    /// The bytes under a key. What lies in a damaged block counts as missing.
    pub(super) fn bytes(&self, key: &Key) -> Result<Option<Versioned>, StorageError> {
        match self.shelf.engine.get(REGISTRY, key.space, &key.bytes) {
            Err(ReadError::Corrupt) => Ok(None),
            read => Ok(read?),
        }
    }

    /// Walks rows, page by page, as far as blocks are whole.
    pub(super) fn each(
        &mut self,
        space: Space,
        range: Range,
        mut look: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut range = range;
        loop {
            let rows = match self.shelf.engine.scan(REGISTRY, space, range.clone(), Direction::Ascending, TOGETHER) {
                Ok(rows) => rows,
                Err(ReadError::Corrupt) => {
                    (self.found)(Finding { log: None, fault: Fault::BlockDamaged, at: None });
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            for (key, row) in &rows {
                look(self, key, &row.value)?;
            }
            match rows.into_iter().next_back() {
                Some((last, _)) => range = range.resumed(Direction::Ascending, last),
                None => return Ok(()),
            }
        }
    }
}
