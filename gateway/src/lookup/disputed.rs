//! Whether what is told is disputed: decided here alone, whatever the form of the answer. An objection against a field that whoever asks
//! may not see is not told either: it would say that there is such a field, and that somebody holds it to be wrong.

use crypto::licence::{HolderNumber, Identifier};
use storage::objections::Dispute;
use storage::{StorageError, Store};

use super::findings::{Finding, Findings};
use super::plan::Asked;
use crate::broker::Row;

/// What is told, as far as it decides about what is disputed of it: for a thread that may wait for the store.
#[derive(Debug)]
pub struct Told {
    subject: HolderNumber,
    licences: Vec<Identifier>,
    resources: Vec<String>,
}

impl Told {
    /// Reads which objections are open against it: directly before it is told.
    ///
    /// # Errors
    /// Those of a store that does not work: a disputed fact is not told as an undisputed one.
    pub fn disputes(&self, store: &Store) -> Result<Vec<Dispute>, StorageError> {
        let resources: Vec<&str> = self.resources.iter().map(String::as_str).collect();
        store.objections().disputes(&self.subject, &self.licences, &resources)
    }
}

impl Findings {
    /// What has come of the resource at this place. Nothing where there is no record to tell.
    #[must_use]
    pub fn told_at(&self, place: usize) -> Option<Told> {
        self.told_of(self.at(place).into_iter())
    }

    /// The same of everything that has come.
    #[must_use]
    pub fn told(&self) -> Option<Told> {
        self.told_of(self.all())
    }

    fn told_of<'a>(&self, findings: impl Iterator<Item = Finding<'a>>) -> Option<Told> {
        let told: Vec<_> = findings.filter(|finding| !finding.rows().is_empty()).collect();
        let licences = told.iter().flat_map(|finding| finding.rows()).filter_map(|row| row.licence.clone()).collect();
        let resources: Vec<_> = told.iter().map(|finding| finding.asked.code.clone()).collect();
        (!resources.is_empty()).then(|| Told { subject: self.plan.subject.clone(), licences, resources })
    }

    /// Notes what is disputed.
    pub fn dispute(&mut self, disputes: Vec<Dispute>) {
        self.disputes.extend(disputes);
        self.disputes.sort_unstable();
        self.disputes.dedup();
    }

    /// The objections against a record of a resource, as far as they are against what is told of it: filed here against the resource or
    /// the licence that the record is, or told by the source itself.
    pub fn against<'a>(&'a self, asked: &'a Asked, row: &'a Row) -> impl Iterator<Item = &'a Dispute> {
        let is_it = move |dispute: &&Dispute| match &dispute.licence {
            Some(licence) => row.licence.as_ref() == Some(licence),
            None => dispute.resource.as_ref() == Some(&asked.code),
        };
        self.disputes.iter().filter(is_it).chain(&row.disputes).filter(move |dispute| asked.shows(dispute.field.as_deref()))
    }

    /// Whether a field of a record is disputed: who objects to a licence or to a whole record objects to every field of it.
    #[must_use]
    pub fn is_disputed(&self, asked: &Asked, row: &Row, field: &str) -> bool {
        self.against(asked, row).any(|dispute| dispute.field.as_ref().is_none_or(|named| named == field))
    }
}

impl Asked {
    /// Whether a field is one of those that may be told or compared; and a record as a whole, where any is.
    pub(super) fn shows(&self, field: Option<&str>) -> bool {
        self.leave.permit().is_some_and(|permit| field.is_none_or(|field| permit.fields.contains(field)))
    }
}
