//! The verdict on a document: a kept one that holds, or a new one from `crypto` and what is on record.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::licence::{self, Identifier};
use crypto::report::checks::{LICENCE_METADATA, LICENCE_RECORD};
use crypto::report::{Horizon, Outcome, Report, SubIndication, Verdict};
use crypto::sd_jwt;
use crypto::status_list::{Evidence, Known};
use crypto::time::Timestamp;
use crypto::verify;
use crypto::x509::Trust;
use hyper::body::Bytes;
use storage::Store;

use crate::app::App;
use crate::cache::{At, Judged, Question};
use crate::config::Unrecorded;
use crate::epochs::{Epoch, Epochs};
use crate::http::{Code, Problem};
use crate::status_lists::{self, StatusLists};

/// What it takes to judge, shared with the threads that do.
#[derive(Debug)]
pub struct Judge {
    /// What is on record.
    pub store: Store,
    /// Which verdicts still hold.
    pub epochs: Arc<Epochs>,
    /// What a licence that is not on record counts as.
    pub unrecorded: Unrecorded,
    /// The status lists of the licences on record, where they are published.
    pub status_lists: Option<Arc<StatusLists>>,
}

/// What is on record at the place that a credential refers to, if that is in one of our own lists.
struct OwnStatus {
    known: Known,
    issuer: String,
    epoch: Epoch,
}

/// Where the document is.
#[derive(Clone, Debug)]
pub enum Document {
    /// It came with the question.
    Given(Bytes),
    /// It is on record under this identifier, and read by the one verification that needs it: those who wait for that
    /// verification hold no copies.
    OnRecord(Identifier),
}

/// The verdict on this document, whose SHA-256 is known.
///
/// # Errors
/// When the gateway is too busy or the store does not answer; never because the document is bad.
pub async fn on(app: &App, document: &Document, sha256: Sha256, at: At, now: Timestamp) -> Result<Arc<Report>, Problem> {
    let trust = app.trust.load_full();
    let question = Question { document: sha256, generation: trust.generation(), at };
    let verify = || {
        let (judge, trust, document) = (Arc::clone(&app.judge), Arc::clone(&trust), document.clone());
        async move { app.pool.run(move || judge.judge(&document, at, now, &trust)).await? }
    };
    let (report, lookup) = app.cache.verdict(question, now, verify).await?;
    app.metrics.looked_up(lookup);
    Ok(report)
}

impl Judge {
    /// Judges a document with what is on record about it. Takes a processor for milliseconds.
    ///
    /// # Errors
    /// When the store does not answer, or has no such document.
    pub fn judge(&self, document: &Document, at: At, now: Timestamp, trust: &Trust) -> Result<Judged, Problem> {
        match document {
            Document::Given(document) => self.judge_bytes(document, at, now, trust),
            Document::OnRecord(identifier) => {
                let document = self.store.licences().file(identifier)?.ok_or(Code::LicenceNotFound)?;
                self.judge_bytes(&document, at, now, trust)
            }
        }
    }

    /// The status of a credential that refers to our own lists, from the records themselves.
    fn own_status(&self, document: &[u8], asked: At) -> Result<Option<OwnStatus>, Problem> {
        let Some(lists) = self.status_lists.as_ref().filter(|_| sd_jwt::is_likely(document)) else { return Ok(None) };
        let Some(reference) = sd_jwt::status_reference(document) else { return Ok(None) };
        let Some(slot) = lists.slot(&reference) else { return Ok(None) };
        let licences = self.store.licences();
        let Some(first) = licences.by_slot(slot)? else { return Ok(None) };
        let issuer = first.metadata.issuer_code;
        // The epoch is read before the record that counts, as below.
        let epoch = self.epochs.of(&issuer);
        let record = licences.by_slot(slot)?.ok_or(Code::Internal)?;
        let at = match asked {
            At::Now => None,
            At::Moment(moment) => Some(moment),
        };
        Ok(status_lists::known(&reference, &record, at).map(|known| OwnStatus { known, issuer, epoch }))
    }

    fn judge_bytes(&self, document: &[u8], asked: At, now: Timestamp, trust: &Trust) -> Result<Judged, Problem> {
        let at = match asked {
            At::Now => now,
            At::Moment(moment) => moment,
        };
        let own = self.own_status(document, asked)?;
        let ask = |own: Option<&OwnStatus>| {
            let status = Evidence { tokens: &[], known: own.map(|own| &own.known) };
            verify::verify(&verify::Question { status, ..verify::Question::new(document, at) }, trust)
        };
        let mut verification = ask(own.as_ref());
        let is_foreign = |own: &OwnStatus| verification.metadata.as_ref().is_some_and(|data| data.issuer_code != own.issuer);
        if own.as_ref().is_some_and(is_foreign) {
            // One verdict cannot follow the changes of two issuers, and no licence has its status at another issuer's.
            verification = ask(None);
        }
        let mut report = verification.report;
        let Some(metadata) = verification.metadata else {
            // What names no licence has no record that could change the verdict, and the question was about a licence.
            if self.unrecorded == Unrecorded::Indeterminate {
                for check in report.checks.iter_mut().filter(|check| check.id == LICENCE_METADATA.id && check.is_warning()) {
                    check.effect = Some(Verdict::indeterminate(SubIndication::SignedDataNotFound));
                }
                report.conclude();
            }
            return Ok(Judged { report: Arc::new(report), epoch: own.map(|own| own.epoch) });
        };
        // The order matters: a change after this line makes the epoch old, a change before it is seen in the record.
        let epoch = self.epochs.of(&metadata.issuer_code);
        let record = self.store.licences().record(&metadata.identifier)?;
        // What is on record has happened, whatever the clock says: one that was set back brings no licence back to life.
        let last = record.as_ref().filter(|_| asked == At::Now).and_then(|record| record.current());
        let mut horizon = Horizon::new(last.map_or(at, |(_, event)| at.max(event.effective_at)));
        let mut checks = licence::checks(record.as_ref(), &mut horizon, Some(&report.document_sha256));
        if self.unrecorded == Unrecorded::Accept {
            for check in checks.iter_mut().filter(|check| check.id == LICENCE_RECORD.id && check.outcome == Outcome::NotConcluded)
            {
                check.effect = None;
            }
        }
        report.checks.extend(checks);
        report.holds_until = report.holds_until.into_iter().chain(horizon.next()).min();
        report.conclude();
        Ok(Judged { report: Arc::new(report), epoch: Some(epoch) })
    }
}
