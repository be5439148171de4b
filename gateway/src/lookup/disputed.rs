//! Whether what is told is disputed: decided here alone, whatever the form of the answer. An objection against a field that whoever asks
//! may not see is not told either: it would say that there is such a field, and that somebody holds it to be wrong.

use storage::objections::Dispute;

use super::findings::{Finding, Findings};
use super::plan::Asked;
use crate::app::App;
use crate::broker::Row;

impl Findings {
    /// Reads which objections are open against what has come of the resource at this place, before any of it is told.
    ///
    /// # Errors
    /// Those of a store that does not work: a disputed fact is not told as an undisputed one.
    pub fn read_disputes_at(&mut self, app: &App, place: usize) -> Result<(), storage::StorageError> {
        let read = self.at(place).map(|finding| self.read(app, std::iter::once(finding))).transpose()?;
        self.disputes.extend(read.unwrap_or_default());
        self.settle();
        Ok(())
    }

    /// The same of everything that has come.
    ///
    /// # Errors
    /// The same.
    pub fn read_disputes(&mut self, app: &App) -> Result<(), storage::StorageError> {
        self.disputes = self.read(app, self.all())?;
        self.settle();
        Ok(())
    }

    fn read<'a>(&self, app: &App, findings: impl Iterator<Item = Finding<'a>>) -> Result<Vec<Dispute>, storage::StorageError> {
        let told: Vec<_> = findings.filter(|finding| !finding.rows().is_empty()).collect();
        let licences: Vec<_> = told.iter().flat_map(|finding| finding.rows()).filter_map(|row| row.licence.clone()).collect();
        let resources: Vec<&str> = told.iter().map(|finding| finding.asked.code.as_str()).collect();
        if resources.is_empty() {
            return Ok(Vec::new());
        }
        app.store().objections().disputes(&self.plan.subject, &licences, &resources)
    }

    fn settle(&mut self) {
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
