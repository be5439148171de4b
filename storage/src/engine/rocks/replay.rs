//! Writing again what was written once, from a journal: with the same numbers, and with nothing taken on trust.

use rocksdb::FlushOptions;

use super::super::{Commit, CommitError, Engine as _, ReadError, Space};
use super::{Durable, Rocks, Trust, WriteFailed, read_error};

impl Rocks {
    /// The number of the last write.
    pub(crate) fn at(&self) -> u64 {
        self.disk.db.latest_sequence_number()
    }

    /// Writes a commit again. It is durable after [`Rocks::replayed`].
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when it was not made in the state that the engine is in, [`CommitError::Unknown`] when it was not
    /// written or led somewhere else.
    pub(crate) fn replay(&self, commit: &Commit) -> Result<(), CommitError> {
        commit.batch.check(self.caps())?;
        // Nobody else writes meanwhile: the numbers would not join.
        let _turn = self.turn();
        let decided = self.disk.decide(commit.part, &commit.batch, Trust::Nobody)?;
        let written = self.disk.write(&decided, Durable::Later);
        written.map_err(|WriteFailed(_)| CommitError::Unknown)?;
        if self.at() == commit.to { Ok(()) } else { Err(CommitError::Unknown) }
    }

    /// Makes durable what was written again.
    ///
    /// # Errors
    /// [`ReadError`] when the disk refuses it.
    pub(crate) fn replayed(&self) -> Result<(), ReadError> {
        let families = Space::ALL.iter().map(|space| self.disk.family(*space)).collect::<Result<Vec<_>, _>>()?;
        self.disk.db.flush_cfs_opt(&families, &FlushOptions::default()).map_err(read_error)
    }
}
