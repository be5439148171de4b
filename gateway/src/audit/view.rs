//! A record as an auditor is shown it.

use crypto::record::{Entry, Facts, Opening, Stamp, SubjectPart};
use crypto::time::Timestamp;
use crypto::tlog::Hash;
use schemars::JsonSchema;
use serde::Serialize;

use super::Sight;

/// A record of a log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RowView {
    /// Its number in its log.
    pub number: u64,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What happened. Absent where the caller may not see the record, which is listed only because a proof needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// What it says about a citizen. Absent once that was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectPart>,
    /// What the tree holds of it.
    pub entry: Entry,
    /// Its parts with their salts, where that was asked for: from them follows the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
    /// Where it stands in the tree, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofView>,
}

/// Where an entry stands in the tree of a checkpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProofView {
    /// The place of the checkpoint in `checkpoints`.
    pub checkpoint: usize,
    /// The place of the entry in its tree.
    pub index: u64,
    /// The way to the root (RFC 6962), from the bottom up, each in base64.
    #[schemars(with = "Vec<String>")]
    pub hashes: Vec<String>,
}

/// The way to a root, in text.
#[must_use]
pub fn hashes(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(ToString::to_string).collect()
}

impl RowView {
    /// A record that the reader sees; with its salts, if `opens`.
    #[must_use]
    pub fn new(number: u64, record: &Opening, sight: &Sight, opens: bool) -> Self {
        Self {
            number,
            at: record.read::<Stamp>(Opening::STAMP).map(|stamp| stamp.at),
            facts: record.read(Opening::FACTS),
            subject: record.read(Opening::SUBJECT),
            entry: record.entry(),
            opening: opens.then(|| opened(record, sight)),
            proof: None,
        }
    }

    /// A record that the reader may not see: that it is there, and what the tree holds of it.
    #[must_use]
    pub fn hidden(number: u64, record: &Opening) -> Self {
        let opening = Some(Opening { parts: record.parts.iter().map(crypto::record::Part::closed).collect() });
        Self { number, at: None, facts: None, subject: None, entry: record.entry(), opening, proof: None }
    }

    /// One or the other.
    #[must_use]
    pub fn of(number: u64, record: &Opening, sight: &Sight, opens: bool) -> Self {
        if is_visible(record, sight) { Self::new(number, record, sight, opens) } else { Self::hidden(number, record) }
    }
}

/// Whether the reader may see a record. What is not known to concern his organisations is not for him.
#[must_use]
pub fn is_visible(record: &Opening, sight: &Sight) -> bool {
    sight.is_all() || record.read::<Facts>(Opening::FACTS).is_some_and(|facts| sight.sees(&facts))
}

/// The record with its salts. Links tell of other records of the same seal or person: they are closed for who does not see all.
fn opened(record: &Opening, sight: &Sight) -> Opening {
    let parts = record.parts.iter().enumerate();
    let shown = parts.map(|(place, part)| if sight.is_all() || place < Opening::LINKS { part.clone() } else { part.closed() });
    Opening { parts: shown.collect() }
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, Part, Salt};

    use super::*;
    use crate::audit::Tree;
    use crate::catalogue::Catalogues;
    use crate::config::Caller;

    fn record(organisation: &str) -> Opening {
        let mut facts = Facts::new(EventKind::SealUse, Ending::Done, "x".to_owned());
        facts.organisation = Some(organisation.to_owned());
        let stamp = r#"{"number":4,"at":"2026-07-01T00:00:00Z"}"#.to_owned();
        let texts = [stamp, serde_json::to_string(&facts).unwrap(), r#"{"case":"7"}"#.to_owned(), "{}".to_owned()];
        Opening { parts: texts.map(|text| Part::Open { salt: Salt([9; 16]), text }).to_vec() }
    }

    #[test]
    fn what_is_shown_leads_to_the_same_entry() {
        let row = "name = 'auditor'\norganisation = 'mine'\ncertificates = []\nroles = []";
        let caller: Caller = toml::from_str(row).unwrap();
        let mine = Sight::of(&caller, &Tree::new(&[], Catalogues::new(crypto::catalogue::Catalogue::default(), None)));
        for (sight, organisation, parts_open) in [(&Sight::All, "other", 4), (&mine, "mine", 3), (&mine, "other", 0)] {
            let record = record(organisation);
            let view = RowView::of(4, &record, sight, true);
            let opening = view.opening.as_ref().unwrap();
            assert_eq!((opening.entry(), view.entry), (record.entry(), record.entry()));
            assert_eq!(opening.parts.iter().filter(|part| part.text().is_some()).count(), parts_open);
            assert_eq!(view.facts.is_some(), parts_open > 0);
            assert_eq!(view.subject.is_some(), parts_open > 0);
        }
    }
}
