//! What is to be put on record.

use crypto::licence::HolderNumber;
use crypto::record::{Facts, LogName, SubjectPart};
use crypto::time::Timestamp;

/// A record before it has a number.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The log that it goes to: that of its event, but for the reading of a log, which may go to the log that is read.
    pub log: LogName,
    /// When it happened.
    pub at: Timestamp,
    /// What happened. The seals that it names are linked, up to [`super::LINKS_MAX`] with the subjects.
    pub facts: Facts,
    /// What it says about a citizen.
    pub subject: SubjectPart,
    /// Whom it concerns: linked and found by a pseudonym alone. The numbers are not kept.
    pub holders: Vec<HolderNumber>,
    /// Makes a repeated request find its first record instead of making another.
    pub once: Option<Once>,
}

/// The name that a caller gave to a request of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The caller.
    pub caller: String,
    /// The name, unique for the caller.
    pub name: String,
}

impl Draft {
    /// A record of these facts in the log of their event, about nobody.
    #[must_use]
    pub fn new(at: Timestamp, facts: Facts) -> Self {
        Self { log: facts.event.log(), at, facts, subject: SubjectPart::default(), holders: Vec::new(), once: None }
    }
}
