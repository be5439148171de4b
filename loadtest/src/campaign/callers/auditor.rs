//! Who reads the logs: what is on record of licences, and the checkpoints that are signed.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::asks::{get, post};
use crate::campaign::ledger::State;
use crate::campaign::scene::{Came, Line, Scene};
use crate::site::AUDITOR;
use crate::trees::Shard;

pub(super) async fn run(scene: Arc<Scene>, which: u64) -> Result<(), String> {
    let (mut chance, mut line) = (scene.chance(which), scene.line(AUDITOR)?);
    let mut shards = Vec::new();
    while !scene.is_over() {
        if shards.is_empty() {
            shards = shards_of(&scene, &mut line).await;
        }
        for shard in &shards {
            see(&scene, &mut line, shard).await;
        }
        let picked = scene.ledger().pick(&mut chance, 100, |_, state| state != State::Absent);
        let Some((number, state, _)) = picked else { continue };
        let filter = json!({ "filter": { "licence": scene.dataset.identifier(number)? }, "limit": 100 });
        let request = post("/v1/logs/seal/search", "application/json", filter.to_string().as_bytes());
        if let Came::Done(page) = line.ask("ask the log", &request, &[]).await {
            let told = |event: &str| {
                let rows = page.get("rows").and_then(Value::as_array);
                rows.is_some_and(|rows| rows.iter().any(|row| row.pointer("/facts/event").and_then(Value::as_str) == Some(event)))
            };
            let has_next = page.get("next").is_some();
            if !has_next && (!told("licence.issue") || (state != State::Valid && !told("licence.status"))) {
                scene.ledger().blame(format!("the log does not tell what became of licence {number}, {state:?}: {page}"));
            }
        }
        line.ask("ask the access log", &post("/v1/logs/access/search", "application/json", b"{\"limit\":20}"), &[]).await;
    }
    Ok(())
}

async fn shards_of(scene: &Scene, line: &mut Line) -> Vec<Shard> {
    let Came::Done(logs) = line.ask("read the logs", &get("/v1/logs"), &[]).await else { return Vec::new() };
    match Shard::all(&logs) {
        Ok((shards, _)) => shards,
        Err(fault) => {
            scene.ledger().blame(fault);
            Vec::new()
        }
    }
}

/// Keeps what is signed of a shard.
async fn see(scene: &Scene, line: &mut Line, shard: &Shard) {
    if let Came::Done(Value::String(note)) = line.ask("read a checkpoint", &get(&shard.checkpoint()), &[]).await {
        let mut ledger = scene.ledger();
        let seen = shard.tree(note.as_bytes()).and_then(|tree| ledger.trees.add(shard, tree));
        ledger.hold(seen);
    }
}
