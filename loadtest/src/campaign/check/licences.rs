//! Licences: what ended stays ended, what is in doubt is one or the other, and what is in force is in force.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::each;
use crate::asks::get;
use crate::campaign::callers::{Verdict, question};
use crate::campaign::ledger::State;
use crate::campaign::scene::{Came, Scene};
use crate::site::VERIFIER;

/// Of those that ended in earlier rounds, so many are asked about again; of those in force as well.
const SAMPLE: usize = 40;

/// Revocations and suspensions that were acknowledged, each asked about by identifier and by file.
pub(super) async fn ended(scene: &Arc<Scene>) -> Result<(), String> {
    let mut numbers: BTreeSet<u64> = std::mem::take(&mut scene.ledger().ended).into_iter().collect();
    let mut chance = scene.chance(900);
    for _ in 0..SAMPLE {
        let picked = scene.ledger().pick(&mut chance, 1, |_, state| matches!(state, State::Revoked | State::Suspended));
        numbers.extend(picked.map(|(number, ..)| number));
    }
    verify(scene, "verify what ended", numbers.into_iter().collect()).await
}

/// A sample of what is in force.
pub(super) async fn in_force(scene: &Arc<Scene>) -> Result<(), String> {
    let (mut chance, mut numbers) = (scene.chance(901), BTreeSet::new());
    for _ in 0..SAMPLE {
        let picked = scene.ledger().pick(&mut chance, 200, |_, state| state == State::Valid);
        numbers.extend(picked.map(|(number, ..)| number));
    }
    verify(scene, "verify what is in force", numbers.into_iter().collect()).await
}

async fn verify(scene: &Arc<Scene>, kind: &'static str, numbers: Vec<u64>) -> Result<(), String> {
    let mut questions = Vec::new();
    for number in numbers {
        let state = scene.ledger().licences.get(&number).and_then(|known| known.settled().copied());
        let Some(state) = state else { continue };
        for is_by_file in [false, true] {
            questions.push(((number, state, is_by_file), question(&scene.dataset, number, is_by_file)?));
        }
    }
    for ((number, state, is_by_file), came) in each(scene, (VERIFIER, kind), questions, &[]).await? {
        let Came::Done(report) = came else { continue };
        if Verdict::of(&report) != Some(Verdict::must(state)) {
            let how = if is_by_file { "file" } else { "identifier" };
            scene
                .ledger()
                .blame(format!("lost: licence {number} is {state:?}, and after the restart by {how} the answer is {report}"));
        }
    }
    Ok(())
}

/// Licences whose last change got no answer.
pub(super) async fn doubtful(scene: &Arc<Scene>) -> Result<(), String> {
    let doubtful: Vec<u64> = {
        let ledger = scene.ledger();
        ledger.licences.iter().filter(|(_, known)| known.settled().is_none()).map(|(number, _)| *number).collect()
    };
    let mut questions = Vec::new();
    for number in &doubtful {
        questions.push((*number, get(&format!("/v1/licences/{}", scene.dataset.identifier(*number)?))));
    }
    for (number, came) in each(scene, (VERIFIER, "read a licence"), questions, &[404]).await? {
        let state = match &came {
            Came::Refused(..) => Some(State::Absent),
            Came::Done(record) => state_of(record),
            Came::Unsure => continue,
        };
        let mut ledger = scene.ledger();
        let Some(known) = ledger.licences.get_mut(&number) else { continue };
        let before = known.clone();
        if !state.is_some_and(|state| known.settle(state)) {
            ledger.blame(format!("licence {number} was {before:?}, and after the restart the answer is {came:?}"));
        }
        if state == Some(State::Absent) {
            ledger.licences.remove(&number);
        }
    }
    // From now on they are what they were found to be.
    verify(scene, "verify what was in doubt", doubtful).await
}

fn state_of(record: &Value) -> Option<State> {
    match record.get("status")?.as_str()? {
        "valid" => Some(State::Valid),
        "suspended" => Some(State::Suspended),
        "revoked" => Some(State::Revoked),
        _ => None,
    }
}
