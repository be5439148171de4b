//! Whom a document concerns, as far as the record needs it.

use crypto::licence::{HolderNumber, Metadata, Record};
use crypto::time::{Date, Timestamp};
use storage::log::Draft;

use crate::handlers::today_in_china;

/// The licence that a document is, and its holders. Never shown: it is for the record alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    issuer: String,
    licence: String,
    holders: Vec<HolderNumber>,
}

impl About {
    /// What a licence says of itself.
    #[must_use]
    pub fn metadata(metadata: &Metadata, now: Timestamp) -> Self {
        let today: Date = today_in_china(now);
        Self {
            issuer: metadata.issuer_code.clone(),
            licence: metadata.identifier.to_string(),
            // A number that is none finds nobody.
            holders: metadata.holders.iter().filter_map(|holder| holder.number(today).ok()).collect(),
        }
    }

    /// What is on record about it.
    #[must_use]
    pub fn record(record: &Record, now: Timestamp) -> Self {
        Self::metadata(&record.metadata, now)
    }

    pub(crate) fn add_to(&self, draft: &mut Draft) {
        draft.facts.issuer = Some(self.issuer.clone());
        draft.subject.licence = Some(self.licence.clone());
        for holder in &self.holders {
            if !draft.holders.contains(holder) {
                draft.holders.push(holder.clone());
            }
        }
    }
}
