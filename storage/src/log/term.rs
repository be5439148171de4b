//! What a record can be found by.

use std::ops::Deref;

use crypto::digest::Sha256;
use crypto::record::{Facts, KeyKind, Link, Opening, SubjectPart};
use serde_json::Value;

use super::Draft;
use crate::vault::Vault;

/// How many bytes of a keyed digest stand for a value: enough that no two values of a store meet.
pub(crate) const DIGEST_BYTES: usize = 16;

/// The details that name people who acted, beside the operator: by pseudonyms of calling systems.
const PEOPLE: [&str; 3] = ["applicant", "approver", "receiver"];

/// What of a record is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Seal,
    Document,
    Licence,
    Issuer,
    Actor,
    Organisation,
    Subject,
    Item,
    Case,
    Event,
    Outcome,
}

impl Field {
    /// The number in keys of the store.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Seal => 1,
            Self::Document => 2,
            Self::Licence => 3,
            Self::Issuer => 4,
            Self::Actor => 5,
            Self::Organisation => 6,
            Self::Subject => 7,
            Self::Item => 8,
            Self::Case => 9,
            Self::Event => 10,
            Self::Outcome => 11,
        }
    }

    /// What keeps digests of different fields apart.
    const fn purpose(self) -> &'static [u8] {
        match self {
            Self::Seal => b"log seal",
            Self::Document => b"log document",
            Self::Licence => b"log licence",
            Self::Issuer => b"log issuer",
            Self::Actor => b"log actor",
            Self::Organisation => b"log organisation",
            Self::Subject => b"log subject",
            Self::Item => b"log item",
            Self::Case => b"log case",
            Self::Event => b"log event",
            Self::Outcome => b"log outcome",
        }
    }
}

/// A value of a field, by a keyed digest: the index shows no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term {
    pub(crate) field: Field,
    pub(crate) digest: [u8; DIGEST_BYTES],
}

impl Term {
    pub(crate) fn new(vault: &Vault, field: Field, value: &[u8]) -> Self {
        let blind = vault.blind(field.purpose(), value);
        let mut digest = [0; DIGEST_BYTES];
        for (to, from) in digest.iter_mut().zip(blind) {
            *to = from;
        }
        Self { field, digest }
    }

    /// The person with this pseudonym.
    pub(crate) fn subject(vault: &Vault, pseudonym: &Sha256) -> Self {
        Self::new(vault, Field::Subject, &pseudonym.0)
    }

    /// Whether the term goes when what a record says about a person is erased.
    pub(crate) const fn is_about_a_person(&self) -> bool {
        matches!(self.field, Field::Licence | Field::Subject | Field::Case)
    }
}

/// All that one record can be found by, in order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms(Vec<Term>);

impl Terms {
    /// Of a record to be, but for its subjects: those come with [`Self::add`] when their pseudonyms are known.
    pub(crate) fn of(draft: &Draft, vault: &Vault) -> Self {
        let mut terms = Self::default();
        terms.add_facts(&draft.facts, vault);
        terms.add_subject_part(&draft.subject, vault);
        terms
    }

    /// Of a record, as far as it is open.
    pub(crate) fn of_opening(opening: &Opening, vault: &Vault) -> Self {
        let mut terms = Self::default();
        if let Some(facts) = opening.read(Opening::FACTS) {
            terms.add_facts(&facts, vault);
        }
        if let Some(part) = opening.read(Opening::SUBJECT) {
            terms.add_subject_part(&part, vault);
        }
        for place in Opening::LINKS..opening.parts.len() {
            let link: Option<Link> = opening.read(place);
            if let Some(link) = link.filter(|link| link.kind == KeyKind::Subject) {
                terms.add(Term::subject(vault, &link.key));
            }
        }
        terms
    }

    pub(crate) fn add(&mut self, term: Term) {
        if let Err(place) = self.0.binary_search(&term) {
            self.0.insert(place, term);
        }
    }

    pub(crate) fn has(&self, term: &Term) -> bool {
        self.0.binary_search(term).is_ok()
    }

    fn add_facts(&mut self, facts: &Facts, vault: &Vault) {
        let mut add = |field, value: &[u8]| self.add(Term::new(vault, field, value));
        add(Field::Event, facts.event.name().as_bytes());
        add(Field::Outcome, facts.outcome.name().as_bytes());
        add(Field::Actor, facts.caller.as_bytes());
        for seal in &facts.seals {
            add(Field::Seal, seal.id.as_bytes());
        }
        if let Some(document) = facts.document.as_ref().and_then(|document| document.sha256) {
            add(Field::Document, &document.0);
        }
        let texts = [
            (Field::Actor, &facts.operator),
            (Field::Organisation, &facts.organisation),
            (Field::Issuer, &facts.issuer),
            (Field::Item, &facts.item),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                add(field, text.as_bytes());
            }
        }
        for person in PEOPLE.into_iter().filter_map(|name| facts.details.get(name).and_then(Value::as_str)) {
            add(Field::Actor, person.as_bytes());
        }
    }

    fn add_subject_part(&mut self, part: &SubjectPart, vault: &Vault) {
        for (field, text) in [(Field::Licence, &part.licence), (Field::Case, &part.case)] {
            if let Some(text) = text {
                self.add(Term::new(vault, field, text.as_bytes()));
            }
        }
    }
}

impl Deref for Terms {
    type Target = [Term];

    fn deref(&self) -> &[Term] {
        &self.0
    }
}
