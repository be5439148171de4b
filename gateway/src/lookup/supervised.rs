//! What supervision learns of look-ups.

use crate::app::App;
use crate::broker::{Errand, LOCAL, Outcome, State};
use crate::supervision::Call;

/// Tells supervision of a question to a source. One that did not reach the source says nothing of it.
pub fn call(app: &App, errand: &Errand, outcome: &Outcome) {
    let state = if outcome.state == State::Stale { outcome.instead_of.unwrap_or(State::Failed) } else { outcome.state };
    let resource = &outcome.resource;
    // The licences on record here have no department's interface to be watched, but the promise of each resource is the same.
    let source = resource.source.as_deref().unwrap_or(LOCAL);
    if !outcome.is_shared {
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
