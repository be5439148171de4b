//! Approval systems that ask whether licences hold, by identifier and by file in turn. A verdict that was asked for after a change was
//! acknowledged must know of it.

use std::sync::Arc;

use hyper::body::Bytes;
use serde_json::Value;

use crate::asks::{by_file, by_identifier};
use crate::campaign::ledger::State;
use crate::campaign::scene::{Came, Scene};
use crate::dataset::Dataset;
use crate::site::VERIFIER;

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::campaign) enum Verdict {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It cannot be told, as of a licence that is suspended or not on record.
    Undecided,
}

impl Verdict {
    /// Reads a report.
    pub(in crate::campaign) fn of(report: &Value) -> Option<Self> {
        match report.get("indication")?.as_str()? {
            "TOTAL-PASSED" => Some(Self::Passed),
            "TOTAL-FAILED" => Some(Self::Failed),
            "INDETERMINATE" => Some(Self::Undecided),
            _ => None,
        }
    }

    /// What it must be of a licence in this state.
    pub(in crate::campaign) const fn must(state: State) -> Self {
        match state {
            State::Valid => Self::Passed,
            State::Revoked => Self::Failed,
            State::Suspended | State::Absent => Self::Undecided,
        }
    }
}

/// The question about a licence, by file or by identifier.
pub(in crate::campaign) fn question(dataset: &Dataset, number: u64, is_by_file: bool) -> Result<Bytes, String> {
    Ok(if is_by_file { by_file(&dataset.paper(number)?) } else { by_identifier(&dataset.identifier(number)?) })
}

/// One of them.
pub(super) async fn run(scene: Arc<Scene>, which: u64) -> Result<(), String> {
    let (mut chance, mut line) = (scene.chance(which), scene.line(VERIFIER)?);
    while !scene.is_over() {
        let picked = scene.ledger().pick(&mut chance, 300, |_, state| state != State::Absent);
        let Some((number, state, turn)) = picked else {
            tokio::task::yield_now().await;
            continue;
        };
        let is_by_file = chance.happens(500);
        let kind = if is_by_file { "verify by file" } else { "verify by identifier" };
        let Came::Done(report) = line.ask(kind, &question(&scene.dataset, number, is_by_file)?, &[]).await else { continue };
        let mut ledger = scene.ledger();
        // Nothing brings a revoked licence back; of others it is certain only where nothing was changed meanwhile.
        let is_certain = state == State::Revoked || ledger.licences.get(&number).is_some_and(|known| known.turn() == turn);
        if is_certain && Verdict::of(&report) != Some(Verdict::must(state)) {
            ledger.blame(format!(
                "stale: licence {number} was {state:?} before it was asked for ({kind}), and the answer is {report}"
            ));
        }
    }
    Ok(())
}
