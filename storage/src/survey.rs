//! A walk over everything that is kept, to find out which of it the disk still gives back as it was written.

use crate::engine::{Direction, Range, ReadError, Space};
use crate::error::StorageError;
use crate::keys::REGISTRY;
use crate::store::Store;

/// How many rows are read together: with the longest values, 16 MiB.
const TOGETHER: usize = 64;

/// What was found in one space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// The name of the space.
    pub space: &'static str,
    /// How many rows were read.
    pub rows: u64,
    /// How the walk ended.
    pub end: SurveyEnd,
}

/// How the walk over a space ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveyEnd {
    /// Every row was read.
    Whole,
    /// So many rows were read as were asked for.
    Enough,
    /// A block of the disk is damaged. What lies behind it was not looked at.
    Damaged,
}

impl Store {
    /// Reads at most so many rows of each space, block by block: the disk's own checksums are compared, no value is opened.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when the disk does not answer. What is damaged is a finding.
    pub fn survey(&self, rows_max: u64) -> Result<Vec<Surveyed>, StorageError> {
        Space::ALL.into_iter().map(|space| self.survey_of(space, rows_max)).collect()
    }

    fn survey_of(&self, space: Space, rows_max: u64) -> Result<Surveyed, StorageError> {
        let mut surveyed = Surveyed { space: space.name(), rows: 0, end: SurveyEnd::Enough };
        let mut range = Range::prefix(&[]);
        while surveyed.rows < rows_max {
            let rows = match self.engine().scan(REGISTRY, space, range.clone(), Direction::Ascending, TOGETHER) {
                Ok(rows) => rows,
                Err(ReadError::Corrupt) => return Ok(Surveyed { end: SurveyEnd::Damaged, ..surveyed }),
                Err(error) => return Err(error.into()),
            };
            surveyed.rows = surveyed.rows.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
            match rows.into_iter().next_back() {
                Some((last, _)) => range = range.resumed(Direction::Ascending, last),
                None => return Ok(Surveyed { end: SurveyEnd::Whole, ..surveyed }),
            }
        }
        Ok(surveyed)
    }
}
