//! Windows that look up by number, use codes up, and ask for many, for materials and for comparisons.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::asks::post;
use crate::campaign::known::Known;
use crate::campaign::ledger::{Code, State};
use crate::campaign::scene::{Came, Line, Scene};
use crate::departments::Chance;
use crate::site::{CONSUMER, ITEM, RESOURCE};

/// So many codes are kept that nobody has used yet: those are used up after the restart.
const KEPT: usize = 40;
/// Codes live for ten minutes: those of rounds before these are let go.
const ROUNDS: u64 = 20;

/// One of them.
pub(super) async fn run(scene: Arc<Scene>, which: u64) -> Result<(), String> {
    let (mut chance, mut line) = (scene.chance(which), scene.line(CONSUMER)?);
    while !scene.is_over() {
        match chance.next() % 10 {
            0..=4 => look_up(&scene, &mut line, &mut chance).await,
            5..=7 => redeem(&scene, &mut line, &mut chance).await,
            8 => others(&scene, &mut line, &mut chance).await,
            _ => batch(&scene, &mut line, &mut chance).await,
        }
    }
    Ok(())
}

fn subject(scene: &Scene, number: u64) -> Value {
    json!({ "code_type": "111", "code": scene.dataset.holder(number) })
}

async fn look_up(scene: &Arc<Scene>, line: &mut Line, chance: &mut Chance) {
    let picked = scene.ledger().pick(chance, 200, |_, state| state != State::Absent);
    let Some((number, state, turn)) = picked else { return tokio::task::yield_now().await };
    let body = json!({ "subject": subject(scene, number), "item": ITEM, "resources": [RESOURCE] });
    let request = post("/v1/lookups", "application/json", body.to_string().as_bytes());
    let Came::Done(answer) = line.ask("look up", &request, &[]).await else { return };
    let mut ledger = scene.ledger();
    if answer.get("status").and_then(Value::as_str) != Some("complete") {
        // The store is the only source, and it is asked with a deadline: on a busy machine it may come too late, and says so.
        return;
    }
    let licence = answer.pointer("/sources/0/rows/0/licence");
    let status = licence.and_then(|licence| licence.get("status")).and_then(Value::as_str);
    let code = licence.and_then(|licence| licence.get("use_code")).and_then(Value::as_str);
    let is_certain = state == State::Revoked || ledger.licences.get(&number).is_some_and(|known| known.turn() == turn);
    // Of what is not in force nothing is told, and no code is given.
    let is_told = status == Some("valid") && code.is_some();
    if is_certain && (is_told != (state == State::Valid) || status.is_some() != is_told) {
        ledger.blame(format!("stale: licence {number} was {state:?} before it was looked up, and the answer is {answer}"));
    }
    if let Some(code) = code {
        let (code, spent, round) = (code.to_owned(), Known::new(false), scene.round);
        ledger.codes.push(Code { code, licence: number, spent, round });
        ledger.codes.retain(|code| code.round + ROUNDS > scene.round);
    }
}

/// The request that uses a code up.
pub(in crate::campaign) fn redemption(code: &str) -> hyper::body::Bytes {
    let body = json!({ "code": code, "item": ITEM, "want": "data" });
    post("/v1/use-codes/redemptions", "application/json", body.to_string().as_bytes())
}

/// Uses up a code that nobody else uses at the same time, and that is of a licence in force.
async fn redeem(scene: &Arc<Scene>, line: &mut Line, chance: &mut Chance) {
    let Some((code, licence, turn)) = take(scene, chance) else { return look_up(scene, line, chance).await };
    let came = line.ask("use a code up", &redemption(&code), &[409]).await;
    let mut ledger = scene.ledger();
    let is_same = ledger.licences.get(&licence).is_some_and(|known| known.turn() == turn);
    if let (Came::Refused(409, said), true) = (&came, is_same) {
        ledger.blame(format!("a code of licence {licence}, which is in force, is refused: {said}"));
    }
    let Some(kept) = ledger.codes.iter_mut().find(|kept| kept.code == code) else { return };
    match came {
        Came::Done(_) => kept.spent.done(),
        Came::Refused(..) => kept.spent.refused(),
        Came::Unsure => {}
    }
}

fn take(scene: &Scene, chance: &mut Chance) -> Option<(String, u64, u64)> {
    let mut ledger = scene.ledger();
    let is_fresh = |code: &Code| code.round == scene.round && code.spent.settled() == Some(&false);
    let fresh: Vec<usize> = (0..).zip(&ledger.codes).filter(|(_, code)| is_fresh(code)).map(|(place, _)| place).collect();
    let spare = fresh.len().checked_sub(KEPT / 4).filter(|spare| *spare > 0)?;
    let place = *fresh.get(usize::try_from(chance.next()).unwrap_or(0) % spare)?;
    let (code, licence) = ledger.codes.get(place).map(|code| (code.code.clone(), code.licence))?;
    let known = ledger.licences.get(&licence).filter(|known| known.settled() == Some(&State::Valid))?;
    let turn = known.turn();
    ledger.codes.get_mut(place)?.spent.begin(true);
    Some((code, licence, turn))
}

/// Materials and comparisons in turn.
async fn others(scene: &Arc<Scene>, line: &mut Line, chance: &mut Chance) {
    let picked = scene.ledger().pick(chance, 200, |_, state| state == State::Valid);
    let Some((number, ..)) = picked else { return tokio::task::yield_now().await };
    let mut body = json!({ "subject": subject(scene, number), "item": ITEM });
    let (kind, path) = if chance.happens(500) { ("materials", "/v1/materials") } else { ("compare", "/v1/comparisons") };
    if let (Some(body), true) = (body.as_object_mut(), kind == "compare") {
        let fact = json!({ "resource": RESOURCE, "field": "holder_name", "value": format!("示例{number}") });
        body.insert("facts".to_owned(), json!([fact]));
    }
    line.ask(kind, &post(path, "application/json", body.to_string().as_bytes()), &[]).await;
}

async fn batch(scene: &Arc<Scene>, line: &mut Line, chance: &mut Chance) {
    let mut lookups = Vec::new();
    for place in 0..3 {
        let picked = scene.ledger().pick(chance, 200, |_, state| state != State::Absent);
        let Some((number, ..)) = picked else { return tokio::task::yield_now().await };
        lookups.push(json!({ "ref": place.to_string(), "subject": subject(scene, number), "case": format!("C-{number}") }));
    }
    let body = json!({ "item": ITEM, "resources": [RESOURCE], "use_codes": false, "lookups": lookups });
    line.ask("look up many", &post("/v1/lookups/batch", "application/json", body.to_string().as_bytes()), &[]).await;
}
