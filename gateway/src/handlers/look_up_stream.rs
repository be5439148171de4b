//! A look-up whose results are told as they come, as server-sent events.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crypto::record::Ending;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde::Serialize;
use serde_json::json;
use storage::log::{Draft, Pending, Recorded};
use tokio::sync::mpsc;

use super::look_ups::view;
use crate::app::App;
use crate::clock;
use crate::http::{Answer, Code, Cut, EVENTS, Outgoing, Problem, Request};
use crate::lookup::licences::Licences;
use crate::lookup::noted;
use crate::lookup::order::Order;
use crate::lookup::places::Held;
use crate::lookup::plan::Plan;
use crate::lookup::supervised;
use crate::lookup::underway::{Ended, Underway};
use crate::lookup::view::SourceView;
use crate::telemetry;

/// Events that wait for the connection.
const WAITING_MAX: usize = 16;

/// How long the end of a look-up waits for its record, at most.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Answers with events. That the look-up begins is on record before the first of them leaves.
pub(super) async fn answer(
    app: &Arc<App>,
    request: &Request,
    (order, plan): (Order, Plan),
    held: Held,
) -> Result<Answer, Problem> {
    request.trail.note(|draft| {
        noted::planned(draft, &plan);
        noted::asked(draft, &plan);
        draft.facts.details.insert("step".to_owned(), json!("begin"));
    });
    let begin = request.trail.record().await?;
    let (out, pieces) = mpsc::channel(WAITING_MAX);
    let underway = Underway::begin(app, plan, order.deadline.until);
    let until = order.deadline.until;
    let work = Work { app: Arc::clone(app), request: request.clone(), order, begin, out };
    tokio::spawn(telemetry::carried(async move {
        let mut work = pin!(work.run(underway));
        tokio::select! {
            () = &mut work => return,
            () = tokio::time::sleep_until(until) => {}
        }
        // No source is asked any more. Whoever reads slowly keeps nobody else from asking.
        drop(held);
        work.await;
    }));
    Ok(Answer::bytes(StatusCode::OK, EVENTS, Outgoing::Stream(pieces)))
}

/// A look-up that is told as it comes.
struct Work {
    app: Arc<App>,
    request: Request,
    order: Order,
    begin: Recorded,
    out: mpsc::Sender<Result<Bytes, Cut>>,
}

/// Whoever listened is gone, or can be told no more.
struct Gone;

impl Work {
    async fn run(self, mut underway: Underway) {
        let told = self.tell(&mut underway).await;
        let is_there = told.is_ok();
        if !is_there {
            // What was told so far is on record; what is still under way, nobody will be told.
            let draft = self.draft(Ending::Failed, |draft| noted::came(draft, underway.findings()));
            self.app.recorder.append_unattended(draft);
            return;
        }
        let findings = underway.all(&self.app).await;
        let last = match self.end(findings).await {
            Ok(ended) => {
                supervised::answered(&self.app, "look-up", ended.status, (&self.order, self.request.arrived));
                event("result", &view(&ended, &self.order))
            }
            Err(problem) => {
                supervised::unanswered(&self.app, &self.request, &problem);
                tracing::error!(code = problem.code().code(), "a look-up that was told as it came could not be ended");
                Err(Cut)
            }
        };
        // If the listener is gone there is nobody to tell.
        drop(self.out.send_timeout(last, self.app.limits.idle_timeout()).await);
    }

    /// Tells of each resource as soon as it is known what came of it.
    async fn tell(&self, underway: &mut Underway) -> Result<(), Gone> {
        let unasked: Vec<_> = underway.findings().all().filter(|finding| finding.asked.leave.permit().is_none()).collect();
        for finding in unasked {
            self.send(&SourceView::new(&finding, underway.findings(), &Licences::default())).await?;
        }
        loop {
            let place = tokio::select! {
                () = self.out.closed() => return Err(Gone),
                place = underway.next(&self.app) => place,
            };
            let Some(place) = place else { return Ok(()) };
            if let Err(problem) = underway.read_disputes_at(&self.app, place).await {
                tracing::error!(code = problem.code().code(), "whether what came is disputed could not be read");
                drop(self.out.send_timeout(Err(Cut), self.app.limits.idle_timeout()).await);
                return Err(Gone);
            }
            let Some(finding) = underway.findings().at(place) else { return Ok(()) };
            self.send(&SourceView::new(&finding, underway.findings(), &Licences::default())).await?;
        }
    }

    async fn send(&self, view: &SourceView) -> Result<(), Gone> {
        let stall = self.app.limits.idle_timeout();
        self.out.send_timeout(event("source", view), stall).await.map_err(|_gone| Gone)
    }

    /// Puts the end on record, with the codes in one batch, before the result is told.
    async fn end(&self, findings: crate::lookup::findings::Findings) -> Result<Ended, Problem> {
        let mut ended = Ended::new(&self.app, findings, self.request.arrived).await?;
        let draft = self.draft(Ending::Done, |draft| noted::ended(draft, &ended));
        let codes = std::mem::take(&mut ended.licences.codes);
        if codes.is_empty() {
            self.app.recorder.append(vec![draft], WAIT_MAX).await.map_err(Problem::from)?;
            return Ok(ended);
        }
        let (app, pending) = (Arc::clone(&self.app), Pending::new(vec![draft]));
        let work = move || {
            let issued = app.store().use_codes().recording(&pending).issue(&codes);
            if let Some(recorded) = pending.recorded() {
                app.recorder.came_along(pending.drafts(), recorded);
            }
            issued
        };
        tokio::task::spawn_blocking(work).await.map_err(|_panicked| Problem::new(Code::Internal))??;
        Ok(ended)
    }

    /// The record of the end.
    fn draft(&self, outcome: Ending, add: impl FnOnce(&mut Draft)) -> Draft {
        let mut draft = self.request.trail.draft();
        draft.at = clock::now();
        draft.facts.outcome = outcome;
        add(&mut draft);
        draft.facts.details.insert("step".to_owned(), json!("end"));
        draft.facts.details.insert("begin".to_owned(), json!(self.begin.number));
        draft
    }
}

/// An event. JSON has no line breaks, so it is one line of data.
fn event<T: Serialize>(name: &str, body: &T) -> Result<Bytes, Cut> {
    let body = serde_json::to_string(body).map_err(|_fault| Cut)?;
    Ok(format!("event: {name}\ndata: {body}\n\n").into())
}
