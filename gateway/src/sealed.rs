//! What is on file about the seals of a document: added to its report, with what the verdict depends on then.

use std::collections::{BTreeMap, BTreeSet};

use crypto::report::{Horizon, Report};
use crypto::seal_register::{self, Record, Use};
use crypto::time::Timestamp;

use crate::config::Unrecorded;
use crate::epochs::Epoch;
use crate::http::Problem;
use crate::verdict::Judge;

/// What a verdict depends on beside what is in its report.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    /// The epochs of the seals, each read before what is on file about it.
    pub(crate) epochs: Vec<Epoch>,
    /// The moments that the moment in question was compared with.
    pub(crate) compared: BTreeSet<Timestamp>,
}

impl Judge {
    /// Adds to each signature with a seal what is on file about the seal, for a moment that may be the present.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) fn add_seals(&self, report: &mut Report, (at, is_now): (Timestamp, bool)) -> Result<Sealed, Problem> {
        let mut sealed = Sealed::default();
        let mut records: BTreeMap<String, Option<Record>> = BTreeMap::new();
        let mut next = report.holds_until;
        for signature in &mut report.signatures {
            let Some((seal, used)) = Use::of(signature) else { continue };
            if !records.contains_key(&seal.id) {
                // The order matters: a change after this line makes the epoch old, a change before it is seen in the record.
                sealed.epochs.push(self.epochs.of_seal(&seal.id));
                records.insert(seal.id.clone(), self.store.seals().seal(&seal.id)?);
            }
            let record = records.get(&seal.id).and_then(Option::as_ref);
            // What is on record has happened, whatever the clock says: one that was set back takes no seal into use again.
            let last = record.filter(|_| is_now).and_then(Record::current);
            let mut horizon = Horizon::new(last.map_or(at, |(_, event)| at.max(event.effective_at)));
            let checks = seal_register::checks(record, &used, &mut horizon);
            let is_remark = self.unfiled_seals == Unrecorded::Accept;
            signature.checks.extend(checks.into_iter().map(|check| if is_remark { seal_register::remark(check) } else { check }));
            signature.conclude();
            next = next.into_iter().chain(horizon.next()).min();
            sealed.compared.extend(horizon.compared());
        }
        report.holds_until = next;
        report.conclude();
        Ok(sealed)
    }
}
