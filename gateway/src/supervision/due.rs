//! What is due by a certain moment.

use std::fmt;

use crypto::time::Timestamp;
use storage::StorageError;
use storage::ledger::Colour;

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What, by its path, such as `grants/applications/5f…`.
    pub matter: String,
    /// The organisation that has to act.
    pub organisation: String,
    /// From when on it is a reminder.
    pub warn: Timestamp,
    /// The first moment that is too late.
    pub due: Timestamp,
}

/// Who knows what is due.
pub trait Dues: fmt::Debug + Send + Sync {
    /// Everything that is due or soon will be.
    ///
    /// # Errors
    /// Those of a store that does not work.
    fn dues(&self, now: Timestamp) -> Result<Vec<Due>, StorageError>;
}

impl Due {
    /// Its card.
    #[must_use]
    pub fn colour(&self, now: Timestamp) -> Colour {
        if now >= self.due {
            Colour::Red
        } else if now >= self.warn {
            Colour::Yellow
        } else {
            Colour::Green
        }
    }
}
