//! The verdict on a document: a kept one that holds, or a new one from `crypto` and what is on record.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::licence::{self, Identifier, Metadata, Presented, Record};
use crypto::report::checks::{LICENCE_METADATA, LICENCE_RECORD};
use crypto::report::{CacheOutcome, Horizon, Outcome, Report, SubIndication, Verdict};
use crypto::status_list::Known;
use crypto::time::Timestamp;
use crypto::verify::{self, Format, Verification};
use crypto::x509::{Certificate, Evidence, Trust};
use hyper::body::Bytes;
use storage::Store;

use crate::about::About;
use crate::app::App;
use crate::cache::{At, Given, Judged, Question};
use crate::config::Unrecorded;
use crate::epochs::{Epoch, Epochs};
use crate::handlers::along::PresentationRequest;
use crate::http::{Code, Problem};
use crate::status::Fetcher;
use crate::status_lists::{OwnStatus, StatusLists};

/// What it takes to judge, shared with the threads that do.
#[derive(Debug)]
pub struct Judge {
    /// What is on record.
    pub store: Store,
    /// Which verdicts still hold.
    pub epochs: Arc<Epochs>,
    /// What a licence that is not on record counts as.
    pub unrecorded: Unrecorded,
    /// What a seal that is not on file counts as.
    pub unfiled_seals: Unrecorded,
    /// Whether the record of a document proves that the document existed when it came in.
    pub record_is_proof: bool,
    /// Who asks for the status of certificates.
    pub status: Arc<Fetcher>,
    /// The status lists of the licences on record, where they are published.
    pub status_lists: Option<Arc<StatusLists>>,
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

/// What came along with the question.
#[derive(Clone, Debug, Default)]
pub struct Along {
    /// Certificates, for signatures that carry none and for paths.
    pub certificates: Vec<Certificate>,
    /// Evidence of status. Nothing in it is believed that is not signed by whom it must be.
    pub evidence: Evidence,
    /// Signed lists of the status of credentials, believed as little.
    pub status_lists: Vec<Vec<u8>>,
    /// What the holder of a credential was asked to sign.
    pub presentation: Option<PresentationRequest>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// The document.
    pub document: Document,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// The moment in question.
    pub at: At,
    /// The present moment.
    pub now: Timestamp,
    /// What came along, if anything did.
    pub along: Option<Arc<Along>>,
}

/// The verdict that was asked for. A question with evidence of its own is answered by itself: what it was told must not be
/// given to those who were not, and what others were told is not what it asked.
///
/// # Errors
/// When the gateway is too busy or the store does not answer; never because the document is bad.
pub async fn on(app: &App, inquiry: Inquiry) -> Result<Given, Problem> {
    let trust = app.trust.current();
    let (question, now) = (Question { document: inquiry.sha256, generation: trust.generation(), at: inquiry.at }, inquiry.now);
    let is_alone = inquiry.along.is_some();
    let inquiry = Arc::new(inquiry);
    let verify = || {
        let (judge, trust, inquiry) = (Arc::clone(&app.judge), Arc::clone(&trust), Arc::clone(&inquiry));
        async move { app.pool.run(move || judge.judge(&inquiry, &trust)).await? }
    };
    let given = if is_alone {
        Given::new(&verify().await?, question, now, CacheOutcome::Bypass)
    } else {
        app.cache.verdict(question, now, verify).await?
    };
    tracing::debug!(outcome = given.cache.outcome.name(), age_s = given.cache.age_s, "a verdict");
    app.metrics.looked_up(given.cache.outcome);
    Ok(given)
}

impl Judge {
    /// Judges a document with what is on record about it. Takes a processor for milliseconds.
    ///
    /// # Errors
    /// When the store does not answer, or has no such document.
    pub fn judge(&self, inquiry: &Inquiry, trust: &Trust) -> Result<Judged, Problem> {
        match &inquiry.document {
            Document::Given(document) => self.judge_bytes(document, inquiry, trust),
            Document::OnRecord(identifier) => {
                let document = self.store.licences().file(identifier)?.ok_or(Code::LicenceNotFound)?;
                self.judge_bytes(&document, inquiry, trust)
            }
        }
    }

    fn judge_bytes(&self, document: &[u8], inquiry: &Inquiry, trust: &Trust) -> Result<Judged, Problem> {
        let at = match inquiry.at {
            At::Now => inquiry.now,
            At::Moment(moment) => moment,
        };
        let verify = |known_since, own: Option<&OwnStatus>| {
            let mut question = verify::Question { known_since, ..verify::Question::new(document, at) };
            question.status.known = own.map(|own| &own.known);
            if let Some(along) = &inquiry.along {
                (question.certificates, question.evidence) = (&along.certificates, &along.evidence);
                question.status.tokens = &along.status_lists;
            }
            let asked = inquiry.along.as_ref().and_then(|along| along.presentation.as_ref());
            let presentation = asked.map(PresentationRequest::expected);
            question.presentation = presentation.as_ref();
            let verification = verify::verify(&question, trust);
            self.status.need(&verification.judged, inquiry.now);
            verification
        };
        let expected = self.known_since(self.store.licences().by_sha256(&inquiry.sha256)?.as_ref(), &inquiry.sha256, at);
        let mut own = match &self.status_lists {
            Some(lists) => lists.status_of(document, inquiry.at, &self.store, &self.epochs)?,
            None => None,
        };
        let mut verification = verify(expected, own.as_ref());
        let Some(metadata) = &verification.metadata else {
            return self.without_record(verification, inquiry, own.map(|own| own.epoch));
        };
        // The order matters: a change after this line makes the epoch old, a change before it is seen in the record.
        let epoch = self.epochs.of(&metadata.issuer_code);
        let record = self.record(metadata)?;
        let about = About::metadata(metadata, inquiry.now);
        let known = self.known_since(record.as_ref(), &inquiry.sha256, at);
        // No licence has its status at another issuer's.
        let is_foreign = own.as_ref().is_some_and(|own| own.issuer != metadata.issuer_code);
        if known != expected || is_foreign {
            // It came in since it was looked for.
            own = own.filter(|_| !is_foreign);
            verification = verify(known, own.as_ref());
        }
        let mut report = verification.report;
        let sealed = self.add_seals(&mut report, (at, inquiry.at == At::Now))?;
        // What is on record has happened, whatever the clock says: one that was set back brings no licence back to life.
        let last = record.as_ref().filter(|_| inquiry.at == At::Now).and_then(|record| record.current());
        let mut horizon = Horizon::new(last.map_or(at, |(_, event)| at.max(event.effective_at)));
        let digest = report.document_sha256;
        let presented = match (verification.format, &verification.metadata) {
            (Some(Format::SdJwt), Some(metadata)) => Presented::Credential(metadata),
            _ => Presented::File(&digest),
        };
        self.add_record(&mut report, record.as_ref(), presented, &mut horizon);
        if let Some(record) = &record {
            self.add_disputes(&mut report, record.identifier())?;
        }
        // Before it came in the record proves nothing, from then on it may.
        let comes_in = record.filter(|record| at < record.received_at).map(|record| record.received_at);
        report.holds_until = report.holds_until.into_iter().chain(horizon.next()).chain(comes_in).min();
        let mut diagnostic = verification.diagnostic;
        diagnostic.times.extend(sealed.compared.iter().chain(horizon.compared()));
        Ok(Judged {
            report: Arc::new(report),
            diagnostic: Arc::new(diagnostic),
            made_at: inquiry.now,
            about: Some(Arc::new(about)),
            epochs: sealed.epochs.into_iter().chain([epoch]).collect(),
            drawn: Arc::default(),
        })
    }

    /// What a verification of this document is told beside it: since when it is on record, and what our own lists say of its status.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) fn told(&self, document: &[u8], inquiry: &Inquiry) -> Result<(Option<Timestamp>, Option<Known>), Problem> {
        let at = match inquiry.at {
            At::Now => inquiry.now,
            At::Moment(moment) => moment,
        };
        let known = self.known_since(self.store.licences().by_sha256(&inquiry.sha256)?.as_ref(), &inquiry.sha256, at);
        let own = match &self.status_lists {
            Some(lists) => lists.status_of(document, inquiry.at, &self.store, &self.epochs)?,
            None => None,
        };
        Ok((known, own.map(|own| own.known)))
    }

    fn record(&self, metadata: &Metadata) -> Result<Option<Record>, Problem> {
        Ok(self.store.licences().record(&metadata.identifier)?)
    }

    /// Since when this very file is known to exist at the moment in question: since it came in.
    fn known_since(&self, record: Option<&Record>, sha256: &Sha256, at: Timestamp) -> Option<Timestamp> {
        let record = record.filter(|record| self.record_is_proof && record.sha256 == *sha256)?;
        (record.received_at <= at).then_some(record.received_at)
    }

    /// What names no licence has no record that could change the verdict, and the question was about a licence.
    fn without_record(&self, verification: Verification, inquiry: &Inquiry, epoch: Option<Epoch>) -> Result<Judged, Problem> {
        let Verification { mut report, mut diagnostic, .. } = verification;
        let at = report.validation_time;
        let sealed = self.add_seals(&mut report, (at, inquiry.at == At::Now))?;
        diagnostic.times.extend(&sealed.compared);
        if self.unrecorded == Unrecorded::Indeterminate {
            for check in report.checks.iter_mut().filter(|check| check.id == LICENCE_METADATA.id && check.is_warning()) {
                check.effect = Some(Verdict::indeterminate(SubIndication::SignedDataNotFound));
            }
            report.conclude();
        }
        Ok(Judged {
            report: Arc::new(report),
            diagnostic: Arc::new(diagnostic),
            made_at: inquiry.now,
            about: None,
            epochs: sealed.epochs.into_iter().chain(epoch).collect(),
            drawn: Arc::default(),
        })
    }

    fn add_record(&self, report: &mut Report, record: Option<&Record>, presented: Presented<'_>, horizon: &mut Horizon) {
        let mut checks = licence::checks(record, horizon, presented);
        if self.unrecorded == Unrecorded::Accept {
            for check in checks.iter_mut().filter(|check| check.id == LICENCE_RECORD.id && check.outcome == Outcome::NotConcluded)
            {
                check.effect = None;
            }
        }
        report.checks.extend(checks);
        report.conclude();
    }
}
