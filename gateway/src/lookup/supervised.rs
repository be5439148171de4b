//! What supervision learns of look-ups.

use std::time::Duration;

use hyper::StatusCode;
use tokio::time::Instant;

use super::order::Order;
use super::view::Completeness;
use crate::app::App;
use crate::broker::{Errand, LOCAL, Outcome, State};
use crate::clock;
use crate::http::{Problem, Request};
use crate::supervision::{Call, Ended};

/// Tells supervision of a question to a source. One that was answered without asking says nothing of it, nor does one that had to stay
/// behind because of how many asked at once; where the breaker is open the source is to blame that nobody asks.
pub fn call(app: &App, errand: &Errand, outcome: &Outcome) {
    let state = if outcome.state == State::Stale { outcome.instead_of.unwrap_or(State::Failed) } else { outcome.state };
    let resource = &outcome.resource;
    // The licences on record here have no department's interface to be watched, but the promise of each resource is the same.
    let source = resource.source.as_deref().unwrap_or(LOCAL);
    let stayed_behind = state == State::Overloaded && !outcome.was_asked;
    if !outcome.is_shared && !stayed_behind {
        app.supervision.call(&Call {
            source,
            resource: &resource.code,
            provider: &resource.provider,
            state,
            took: outcome.took,
            sla: &resource.sla,
            at: errand.now,
        });
    }
}

/// Counts a look-up of this kind that is on record and about to be answered: for the metrics, and for the budget of who asked.
pub fn answered(app: &App, kind: &str, status: Completeness, (order, arrived): (&Order, Instant)) {
    app.metrics.lookups.ended(kind, status, order, arrived);
    let took = clock::tokio_instant().saturating_duration_since(arrived);
    let ended = Ended::Answered { took, within: Duration::from_millis(order.deadline.ms.into()) };
    app.supervision.asked(&order.consumer.caller, &order.consumer.organisation, ended, order.now);
}

/// Counts a look-up that is not answered for this reason.
pub fn unanswered(app: &App, request: &Request, problem: &Problem) {
    let ended = match problem.code().status() {
        StatusCode::FORBIDDEN => Ended::Refused,
        status if status.is_client_error() => Ended::Wrong,
        _ => Ended::Failed,
    };
    app.supervision.asked(&request.caller.name, &request.caller.organisation, ended, request.now);
}
