//! What to look for in a log.

use crypto::digest::Sha256;
use crypto::licence::HolderNumber;
use crypto::record::{Ending, EventKind, Opening};
use crypto::time::Timestamp;

use super::term::{Field, Term};
use crate::vault::Vault;

/// What the records must have that are looked for: everything that is given here. Nothing given, nothing asked.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// A seal that they mention, by its identifier.
    pub seal: Option<String>,
    /// The document, by the SHA-256 of the file.
    pub document: Option<Sha256>,
    /// The licence, by its identifier.
    pub licence: Option<String>,
    /// The code of the body that issued the licence.
    pub issuer: Option<String>,
    /// Who acted: the caller, by its name, or the operator, or who applied, approved or received.
    pub actor: Option<String>,
    /// The organisation that the caller speaks for.
    pub organisation: Option<String>,
    /// A person whom they concern.
    pub subject: Option<HolderNumber>,
    /// The code of the item (事项).
    pub item: Option<String>,
    /// The case (办件).
    pub case: Option<String>,
    /// What happened.
    pub event: Option<EventKind>,
    /// How it ended.
    pub outcome: Option<Ending>,
    /// The earliest moment.
    pub from: Option<Timestamp>,
    /// The latest moment, which is included.
    pub until: Option<Timestamp>,
}

/// In which order records are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the end of the log.
    NewestFirst,
    /// From the beginning of the log.
    OldestFirst,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// What is kept of it.
    pub opening: Opening,
}

/// A page of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The records.
    pub rows: Vec<Row>,
    /// The number behind which the next page begins, unless this is the last. It stays right while the log grows. A page may be
    /// short, even empty, and not the last.
    pub next: Option<u64>,
}

/// A query as the index takes it.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) terms: Vec<Term>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Query {
    /// As the index takes it, with the pseudonym of the subject where one is asked for.
    pub(crate) fn selection(&self, vault: &Vault, subject: Option<&Sha256>) -> Selection {
        let texts = [
            (Field::Seal, self.seal.as_deref()),
            (Field::Licence, self.licence.as_deref()),
            (Field::Issuer, self.issuer.as_deref()),
            (Field::Actor, self.actor.as_deref()),
            (Field::Organisation, self.organisation.as_deref()),
            (Field::Item, self.item.as_deref()),
            (Field::Case, self.case.as_deref()),
            (Field::Event, self.event.map(EventKind::name)),
            (Field::Outcome, self.outcome.map(Ending::name)),
        ];
        let texts = texts.into_iter().filter_map(|(field, text)| Some((field, text?.as_bytes())));
        let document = self.document.as_ref().map(|document| (Field::Document, &document.0[..]));
        let values = texts.chain(document).map(|(field, value)| Term::new(vault, field, value));
        let subject = subject.map(|pseudonym| Term::subject(vault, pseudonym));
        Selection { terms: values.chain(subject).collect(), from: self.from, until: self.until }
    }
}

impl Selection {
    /// Whether a moment is in the range.
    pub(crate) fn is_when(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at <= until)
    }
}
