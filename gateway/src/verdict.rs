//! The verdict on a document: a kept one that holds, or a new one from `crypto` and what is on record.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::licence::{self, Identifier};
use crypto::report::checks::{LICENCE_METADATA, LICENCE_RECORD};
use crypto::report::{Horizon, Outcome, Report, SubIndication, Verdict};
use crypto::time::Timestamp;
use crypto::verify;
use crypto::x509::Trust;
use hyper::body::Bytes;
use storage::Store;

use crate::app::App;
use crate::cache::{At, Judged, Question};
use crate::config::Unrecorded;
use crate::epochs::Epochs;
use crate::http::{Code, Problem};
use crate::status::Fetcher;

/// What it takes to judge, shared with the threads that do.
#[derive(Debug)]
pub struct Judge {
    /// What is on record.
    pub store: Store,
    /// Which verdicts still hold.
    pub epochs: Arc<Epochs>,
    /// What a licence that is not on record counts as.
    pub unrecorded: Unrecorded,
    /// Who asks for the status of certificates.
    pub status: Arc<Fetcher>,
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
    let trust = app.trust.current();
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

    fn judge_bytes(&self, document: &[u8], asked: At, now: Timestamp, trust: &Trust) -> Result<Judged, Problem> {
        let at = match asked {
            At::Now => now,
            At::Moment(moment) => moment,
        };
        let verification = verify::verify(&verify::Question::new(document, at), trust);
        self.status.need(&verification.judged, now);
        let mut report = verification.report;
        let Some(metadata) = verification.metadata else {
            // What names no licence has no record that could change the verdict, and the question was about a licence.
            if self.unrecorded == Unrecorded::Indeterminate {
                for check in report.checks.iter_mut().filter(|check| check.id == LICENCE_METADATA.id && check.is_warning()) {
                    check.effect = Some(Verdict::indeterminate(SubIndication::SignedDataNotFound));
                }
                report.conclude();
            }
            return Ok(Judged { report: Arc::new(report), epoch: None });
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
