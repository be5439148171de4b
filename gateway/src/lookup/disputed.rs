//! Whether what is told is disputed: decided here alone, whatever the form of the answer.

use storage::objections::Dispute;

use super::findings::{Finding, Findings};
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

    /// The objections against a record of a resource: filed here against the resource or the licence that the record is, or told by the
    /// source itself.
    pub fn against<'a>(&'a self, resource: &str, row: &'a Row) -> impl Iterator<Item = &'a Dispute> + use<'a> {
        let resource = resource.to_owned();
        let is_it = move |dispute: &&Dispute| match &dispute.licence {
            Some(licence) => row.licence.as_ref() == Some(licence),
            None => dispute.resource.as_ref() == Some(&resource),
        };
        self.disputes.iter().filter(is_it).chain(&row.disputes)
    }

    /// Whether a field of a record is disputed: who objects to a licence or to a whole record objects to every field of it.
    #[must_use]
    pub fn is_disputed(&self, resource: &str, row: &Row, field: &str) -> bool {
        self.against(resource, row).any(|dispute| dispute.field.as_ref().is_none_or(|named| named == field))
    }
}
