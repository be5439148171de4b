//! Records that travel with a change.

use std::sync::{Arc, OnceLock};

use super::{Draft, Recorded};

/// What a change puts on record, in the batch that makes it; and, once that is durable, where it came to stand.
///
/// A change that turns out to change nothing writes nothing: then there is no [`Pending::recorded`], and whoever asked puts the
/// drafts on record by themselves.
#[derive(Debug)]
pub struct Pending {
    drafts: Vec<Draft>,
    recorded: OnceLock<Vec<Recorded>>,
}

impl Pending {
    /// These drafts, for one change.
    #[must_use]
    pub fn new(drafts: Vec<Draft>) -> Arc<Self> {
        Arc::new(Self { drafts, recorded: OnceLock::new() })
    }

    /// What is to be put on record.
    #[must_use]
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// Where it came to stand, in the order of the drafts.
    #[must_use]
    pub fn recorded(&self) -> Option<&[Recorded]> {
        self.recorded.get().map(Vec::as_slice)
    }

    pub(crate) fn is_done(&self, recorded: Vec<Recorded>) {
        // A change commits once: a second answer would be about the same records.
        self.recorded.set(recorded).unwrap_or_default();
    }
}
