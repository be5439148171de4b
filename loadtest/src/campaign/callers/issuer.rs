//! Offices that hand in, suspend, restore and revoke.

use std::sync::Arc;

use super::ISSUERS;
use crate::asks::post;
use crate::campaign::known::Known;
use crate::campaign::ledger::State;
use crate::campaign::scene::{Came, Scene};
use crate::departments::Chance;

/// One of them. Each has licences of its own, so that nobody else changes them at the same time.
pub(super) async fn run(scene: Arc<Scene>, which: u64) -> Result<(), String> {
    let mut chance = scene.chance(which);
    while !scene.is_over() {
        let changed = if chance.happens(450) { change(&scene, which, &mut chance).await? } else { false };
        if !changed {
            hand_in(&scene, which).await?;
        }
    }
    Ok(())
}

async fn hand_in(scene: &Arc<Scene>, which: u64) -> Result<(), String> {
    // So that whoever handed it in is known by the number.
    let number = scene.fresh() * ISSUERS + which;
    let (paper, mut office) = (scene.dataset.paper(number)?, scene.office(number)?);
    let mut known = Known::new(State::Absent);
    known.begin(State::Valid);
    scene.ledger().licences.insert(number, known);
    let came = office.ask("hand in", &post("/v1/licences", paper.media_type, &paper.bytes), &[]).await;
    close(scene, number, &came);
    Ok(())
}

/// Changes the state of one; whether there was one to change.
async fn change(scene: &Arc<Scene>, which: u64, chance: &mut Chance) -> Result<bool, String> {
    let is_ours = |number: u64, state: State| number % ISSUERS == which && matches!(state, State::Valid | State::Suspended);
    let is_end = chance.happens(500);
    let next = |state: State| match state {
        _ if is_end => State::Revoked,
        State::Valid => State::Suspended,
        _ => State::Valid,
    };
    let taken = scene.ledger().take(chance, is_ours, next);
    let Some((number, _, next)) = taken else { return Ok(false) };
    let operation = match next {
        State::Revoked => "revoke",
        State::Suspended => "suspend",
        _ => "restore",
    };
    let path = format!("/v1/licences/{}/status", scene.dataset.identifier(number)?);
    let body = format!("{{\"operation\":\"{operation}\",\"reason\":\"campaign\"}}");
    let came = scene.office(number)?.ask(operation, &post(&path, "application/json", body.as_bytes()), &[]).await;
    close(scene, number, &came);
    Ok(true)
}

fn close(scene: &Scene, number: u64, came: &Came) {
    let mut ledger = scene.ledger();
    let Some(known) = ledger.licences.get_mut(&number) else { return };
    match came {
        Came::Done(_) => known.done(),
        Came::Refused(..) => known.refused(),
        Came::Unsure => {}
    }
    if matches!(known.settled(), Some(State::Revoked | State::Suspended)) {
        ledger.ended.push(number);
    }
}
