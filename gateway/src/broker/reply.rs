//! What a source says.

use std::collections::BTreeMap;
use std::fmt;

use crypto::licence::Identifier;
use crypto::time::Timestamp;
use serde_json::Value;
use storage::objections::Dispute;

/// What a source has about a subject: any number of records, none where nothing is on record. `Debug` shows no values.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The records.
    pub rows: Vec<Row>,
    /// As of when: what the source says of it, or when it was asked.
    pub as_of: Timestamp,
}

/// A record of a resource.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Fields of the catalogue, by name; those alone that were asked for. A field that the source does not have is absent.
    pub fields: BTreeMap<String, Value>,
    /// The licence that it is, where it is one on record here.
    pub licence: Option<Identifier>,
    /// Objections against it that are open where it comes from, as far as the source tells of them.
    pub disputes: Vec<Dispute>,
}

impl Reply {
    /// Nothing on record.
    #[must_use]
    pub const fn nothing(as_of: Timestamp) -> Self {
        Self { rows: Vec::new(), as_of }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("rows", &self.rows).field("as_of", &self.as_of).finish()
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("fields", &self.fields.keys()).finish_non_exhaustive()
    }
}
