//! A look-up about one subject while its sources are asked, and how it ends: on record first, then answered.

use std::sync::Arc;

use crypto::grants::Mode;
use storage::log::Draft;
use tokio::time::Instant;

use super::findings::Findings;
use super::licences::Licences;
use super::noted;
use super::plan::Plan;
use super::supervised;
use super::view::{Completeness, completeness, millis};
use crate::app::App;
use crate::broker::Gathering;
use crate::clock;
use crate::http::{Code, Problem, Request};
use crate::telemetry;

/// A look-up about one subject while its sources are asked.
#[derive(Debug)]
pub struct Underway {
    findings: Findings,
    /// The place among what was asked, for each question.
    places: Vec<usize>,
    gathering: Gathering,
    /// Until when all has to be there.
    until: Instant,
}

/// What a look-up came to.
#[derive(Debug)]
pub struct Ended {
    /// What came.
    pub findings: Findings,
    /// The licences among it.
    pub licences: Licences,
    /// Whether it is all that there could be.
    pub status: Completeness,
    /// How many milliseconds it took.
    pub took_ms: u64,
}

impl Underway {
    /// Asks the sources.
    #[must_use]
    pub fn begin(app: &App, plan: Plan, until: Instant) -> Self {
        let (places, questions) = plan.questions().unzip();
        Self { findings: Findings::new(plan), places, gathering: app.broker.scatter(questions, until), until }
    }

    /// Waits for the next that comes. Says at which place it is, and nothing when all has come, which is by the deadline.
    pub async fn next(&mut self, app: &App) -> Option<usize> {
        let outcome = self.gathering.next().await?;
        let place = self.places.get(outcome.place).copied()?;
        self.findings.take(app, (place, self.until), outcome).await;
        Some(place)
    }

    /// Reads what is disputed of what has come at a place, before it is told.
    ///
    /// # Errors
    /// When the store does not work.
    pub async fn read_disputes_at(&mut self, app: &Arc<App>, place: usize) -> Result<(), Problem> {
        if let Some(told) = self.findings.told_at(place) {
            let shared = Arc::clone(app);
            self.findings.dispute(app.reading.run(move || told.disputes(shared.store())).await??);
        }
        Ok(())
    }

    /// What has come so far.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Waits for everything, and for no longer than the deadline.
    pub async fn all(mut self, app: &App) -> Findings {
        while self.next(app).await.is_some() {}
        self.findings
    }
}

impl Ended {
    /// Completes what came: with what is disputed of it, and with codes for the licences in it where these are told.
    ///
    /// # Errors
    /// When the store does not work, or there is no randomness.
    pub async fn new(app: &Arc<App>, findings: Findings, arrived: Instant) -> Result<Self, Problem> {
        let [ended] = Self::each(app, vec![findings], arrived).await?.try_into().or(Err(Code::Internal))?;
        Ok(ended)
    }

    /// The same of several. Everything that is to be read for all of them is read in one go, on a thread that may wait for the store.
    ///
    /// # Errors
    /// The same.
    pub async fn each(app: &Arc<App>, mut all: Vec<Findings>, arrived: Instant) -> Result<Vec<Self>, Problem> {
        all.iter_mut().for_each(|findings| findings.hold_all(app));
        let has_rows = |findings: &Findings| findings.all().any(|finding| !finding.rows().is_empty());
        let read = if all.iter().any(has_rows) {
            let shared = Arc::clone(app);
            let work = move || all.into_iter().map(|findings| read(&shared, findings)).collect::<Result<Vec<_>, Problem>>();
            app.reading.run(work).await??
        } else {
            all.into_iter().map(|findings| (findings, Licences::default())).collect()
        };
        Ok(read.into_iter().map(|(findings, licences)| Self::of(findings, licences, arrived)).collect())
    }

    fn of(findings: Findings, licences: Licences, arrived: Instant) -> Self {
        let status = completeness(&findings);
        let took_ms = millis(clock::tokio_instant().saturating_duration_since(arrived));
        Self { findings, licences, status, took_ms }
    }

    /// Puts it on record, with the codes in one batch. Only then may any of it be told.
    ///
    /// # Errors
    /// [`Code::Unavailable`] when it cannot be made durable.
    pub async fn record(&mut self, app: &Arc<App>, request: &Request) -> Result<(), Problem> {
        request.trail.note(|draft| noted::ended(draft, self));
        file(app, request, std::mem::take(&mut self.licences.codes), Vec::new()).await
    }
}

/// Reads what is on record of what came: what is disputed of it, and the licences in it.
fn read(app: &App, mut findings: Findings) -> Result<(Findings, Licences), Problem> {
    let disputes = findings.told().map(|told| told.disputes(app.store())).transpose()?;
    // An objection may have been answered since the first of it was told.
    findings.disputes.clear();
    findings.dispute(disputes.unwrap_or_default());
    let licences = match findings.plan.mode {
        Mode::Tell => Licences::read(app, &findings)?,
        // A comparison tells of no licence.
        Mode::Compare => Licences::default(),
    };
    Ok((findings, licences))
}

/// Puts the request on record with further records behind it, and use codes on file in the same batch.
///
/// # Errors
/// [`Code::Unavailable`] when that cannot be made durable.
pub async fn file(
    app: &Arc<App>,
    request: &Request,
    codes: Vec<storage::use_codes::UseCode>,
    further: Vec<Draft>,
) -> Result<(), Problem> {
    if codes.is_empty() {
        return request.trail.record_with(further).await.map(drop);
    }
    let (app, carried) = (Arc::clone(app), request.trail.carried_with(further));
    // Not on the pool: its workers are as many as there are processors, and this one waits for the disk and shares its turn with
    // whoever waits beside it. How many wait is bounded by the places of look-ups.
    let work = move || app.store().use_codes().recording(&carried).issue(&codes);
    let issued = tokio::task::spawn_blocking(work).await.map_err(|_panicked| Problem::new(Code::Internal))?;
    issued.map(drop).map_err(Into::into)
}

/// Runs a look-up in a task of its own: what began comes on record although nobody waits for it any more. Supervision learns of one that
/// is not answered; of one that is, from whoever answers.
///
/// # Errors
/// Those of the work; [`Code::Internal`] when it panicked.
pub async fn apart<T: Send + 'static>(
    app: &Arc<App>,
    request: &Request,
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let result = tokio::spawn(telemetry::carried(work)).await.unwrap_or_else(|_panicked| {
        app.metrics.panics.inc();
        Err(Code::Internal.into())
    });
    if let Err(problem) = &result {
        supervised::unanswered(app, request, problem);
    }
    result
}
